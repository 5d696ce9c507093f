package registry

import (
	"bytes"

	"tongzheng/registry/sm"
)

// SingleNode is the name of a ledger that one machine keeps alone.
const SingleNode = "single-node"

// Checkpoint is the evidence of a single-node ledger for one transaction: what
// the node says stands in its chain of blocks, under the node's one key. It is
// weaker than a network's endorsed reads and says so by its ledger name.
type Checkpoint struct {
	Ledger      string    `cbor:"1,keyasint" json:"ledger"`      // "single-node"
	Height      uint64    `cbor:"2,keyasint" json:"height"`      // of the block, from 1
	Block       sm.Digest `cbor:"3,keyasint" json:"block"`       // digest of the block, which holds the one before
	Time        int64     `cbor:"4,keyasint" json:"time"`        // of the block by the node's clock, Unix seconds
	Namespace   string    `cbor:"5,keyasint" json:"namespace"`   //
	Transaction string    `cbor:"6,keyasint" json:"transaction"` //
	Recorded    int64     `cbor:"7,keyasint" json:"recorded"`    // the batch's time, Unix seconds
	Root        sm.Digest `cbor:"8,keyasint,omitzero" json:"root"`
	Count       int       `cbor:"9,keyasint" json:"count"` // leaves under Root
}

// SignedCheckpoint is what Receipt.Evidence holds, in canonical bytes, for a
// receipt of a single-node ledger.
type SignedCheckpoint struct {
	Checkpoint Checkpoint `cbor:"1,keyasint" json:"checkpoint"`
	Key        sm.KeyID   `cbor:"2,keyasint" json:"key"`
	Signature  []byte     `cbor:"3,keyasint" json:"signature"` // SM2 over Message, r ‖ s
}

// Message is what the checkpoint key signs: a tag, then the canonical bytes.
func (c *Checkpoint) Message() []byte {
	return append([]byte(checkpointTag), mustEncode(c)...)
}

const checkpointTag = "tongzheng checkpoint v1\x00"

// ParseCheckpointMessage reads a checkpoint's message, and nothing else.
func ParseCheckpointMessage(message []byte) (*Checkpoint, error) {
	raw, ok := bytes.CutPrefix(message, []byte(checkpointTag))
	c := new(Checkpoint)
	if !ok || Decode(raw, c) != nil {
		return nil, Errorf(CodeMalformed, "message", "this key signs checkpoints only")
	}
	return c, nil
}

// DecodeCheckpoint reads the evidence of a single-node ledger.
func DecodeCheckpoint(evidence []byte) (*SignedCheckpoint, error) {
	s := new(SignedCheckpoint)
	if err := Decode(evidence, s); err != nil {
		return nil, Errorf(CodeReceipt, "evidence", "not a checkpoint").WithCause(err)
	}
	return s, nil
}

// VerifyCheckpoint tells whether the receipt of a single-node ledger holds:
// entry digest, path to the batch's root, and the checkpoint over this root
// signed by the key whose SubjectPublicKeyInfo is public. It returns the entry
// that the receipt proves. CodeReceipt with the field at fault otherwise. The
// author's signature is VerifyAuthor's.
func VerifyCheckpoint(r *Receipt, public []byte) (*Entry, error) {
	e, err := r.VerifyEntry()
	if err != nil {
		return nil, err
	}
	s, err := DecodeCheckpoint(r.Evidence)
	if err != nil {
		return nil, err
	}
	pub, err := sm.ParsePublicKey(public)
	if err != nil {
		return nil, Errorf(CodeReceipt, "evidence", "the checkpoint key").WithCause(err)
	}
	c := s.Checkpoint
	said := Checkpoint{Ledger: r.Ledger, Height: r.Height, Block: c.Block, Time: c.Time, Namespace: r.Namespace,
		Transaction: r.Transaction, Recorded: r.Recorded, Root: r.Root, Count: r.Size}
	switch {
	case s.Key != sm.KeyIDOf(public):
		return nil, Errorf(CodeReceipt, "evidence", "the checkpoint is signed by key %s", s.Key)
	case !sm.VerifyRaw(pub, c.Message(), s.Signature):
		return nil, Errorf(CodeReceipt, "evidence", "the checkpoint's signature does not hold")
	case c != said:
		return nil, Errorf(CodeReceipt, "evidence", "the checkpoint is for another transaction")
	}
	return e, nil
}

// VerifyEntry tells whether the receipt's entry is well formed and stands at
// its index under the batch's root. It says nothing of who vouches for the
// root. CodeReceipt otherwise.
func (r *Receipt) VerifyEntry() (*Entry, error) {
	e, err := DecodeEntry(r.Entry)
	if err != nil {
		return nil, Errorf(CodeReceipt, "entry", "not an entry").WithCause(err)
	}
	if !VerifyEntryPath(r.Root, e.Digest(), r.Index, r.Size, r.Path) {
		return nil, Errorf(CodeReceipt, "path", "the entry does not stand under the batch's root")
	}
	return e, nil
}

// VerifyAuthor tells whether the entry's organization signed for it with the
// act key whose SubjectPublicKeyInfo is actKey: author path to the root of the
// organization's entries of that batch, and the signature over this root. That
// the key was the organization's then is for the governance records to say.
// CodeReceipt otherwise.
func (r *Receipt) VerifyAuthor(actKey []byte) error {
	e, err := DecodeEntry(r.Entry)
	if err != nil {
		return Errorf(CodeReceipt, "entry", "not an entry").WithCause(err)
	}
	digest := e.Digest()
	root, err := sm.PathRoot(sm.Leaf(digest[:]), r.AuthorIndex, r.AuthorSize, r.AuthorPath)
	if err != nil {
		return Errorf(CodeReceipt, "author_path", "not a path").WithCause(err)
	}
	pub, err := sm.ParsePublicKey(actKey)
	switch {
	case err != nil:
		return Errorf(CodeReceipt, "author", "the act key").WithCause(err)
	case r.Author.Organization != e.Author():
		return Errorf(CodeReceipt, "author", "signed for by another organization")
	case r.Author.Key != sm.KeyIDOf(actKey):
		return Errorf(CodeReceipt, "author", "signed by key %s", r.Author.Key)
	case !sm.VerifyRaw(pub, authorshipMessage(r.Namespace, r.AuthorSize, root), r.Author.Signature):
		return Errorf(CodeReceipt, "author", "the act-key signature does not hold")
	}
	return nil
}
