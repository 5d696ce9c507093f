package registry

import (
	"encoding/binary"
	"slices"

	"tongzheng/registry/sm"
)

// Batch is what one transaction carries: entries of one namespace and the
// organizations' signatures over theirs.
type Batch struct {
	Namespace string       `cbor:"1,keyasint"`
	Rules     int          `cbor:"2,keyasint"` // rules version it was made for
	Time      int64        `cbor:"3,keyasint"` // the client's, Unix seconds: the entries' recorded time
	Entries   []*Entry     `cbor:"4,keyasint"`
	Authors   []Authorship `cbor:"5,keyasint"`
}

// Authorship is an organization's act-key signature over the tree root of its
// entries' digests in one batch, in order.
type Authorship struct {
	Organization string   `cbor:"1,keyasint" json:"organization"`
	Key          sm.KeyID `cbor:"2,keyasint" json:"key"`
	Signature    []byte   `cbor:"3,keyasint" json:"signature"` // r ‖ s
}

// AuthorshipMessage is what an act key signs: tag, namespace, number of
// entries and the root over their digests. Digests are hashed as leaves.
func AuthorshipMessage(namespace string, digests []sm.Digest) []byte {
	return authorshipMessage(namespace, len(digests), EntriesRoot(digests))
}

func authorshipMessage(namespace string, count int, root sm.Digest) []byte {
	msg := append([]byte("tongzheng authorship v1\x00"), namespace...)
	msg = append(msg, 0)
	msg = binary.BigEndian.AppendUint32(msg, uint32(count))
	return append(msg, root[:]...)
}

// EntriesRoot is the RFC 6962 root over entry digests, in order.
func EntriesRoot(digests []sm.Digest) sm.Digest { return sm.Root(entryLeaves(digests)) }

// EntryPath is the inclusion path of one entry under EntriesRoot.
func EntryPath(digests []sm.Digest, index int) ([]sm.Digest, error) {
	return sm.Path(entryLeaves(digests), index)
}

// VerifyEntryPath tells whether the entry stands at index under root.
func VerifyEntryPath(root, entry sm.Digest, index, size int, path []sm.Digest) bool {
	return sm.VerifyPath(root, sm.Leaf(entry[:]), index, size, path)
}

func entryLeaves(digests []sm.Digest) []sm.Digest {
	leaves := make([]sm.Digest, len(digests))
	for i := range digests {
		leaves[i] = sm.Leaf(digests[i][:])
	}
	return leaves
}

// Freeze computes every entry's digest once and for all: the contract asks for
// each several times. Only for a batch whose entries nobody changes any more,
// such as one that was just decoded.
func (b *Batch) Freeze() {
	for _, e := range b.Entries {
		if e != nil && e.known.IsZero() {
			e.known = e.Digest()
		}
	}
}

// DigestsOf lists the digests of one organization's entries, in order.
func (b *Batch) DigestsOf(organization string) []sm.Digest {
	var digests []sm.Digest
	for _, e := range b.Entries {
		if e.Author() == organization {
			digests = append(digests, e.Digest())
		}
	}
	return digests
}

// AuthorsOf lists the organizations whose entries the batch carries, in order
// of first appearance.
func (b *Batch) AuthorsOf() []string {
	var authors []string
	seen := map[string]bool{}
	for _, e := range b.Entries {
		if a := e.Author(); !seen[a] {
			seen[a] = true
			authors = append(authors, a)
		}
	}
	return authors
}

// EntryResult says what became of one entry. Code is empty for an accepted
// entry; Repeat marks the head handed in again: already there, harmless.
type EntryResult struct {
	Code   Code   `cbor:"1,keyasint,omitempty" json:"code,omitempty"`
	Field  string `cbor:"2,keyasint,omitempty" json:"field,omitempty"`
	Repeat bool   `cbor:"3,keyasint,omitempty" json:"repeat,omitempty"`
}

// Accepted tells whether the entry is on the ledger, newly or before.
func (r EntryResult) Accepted() bool { return r.Code == "" }

// Outcome is the contract's answer: a result per entry and the root over the
// newly accepted ones.
type Outcome struct {
	Results []EntryResult `cbor:"1,keyasint" json:"results"`
	Root    sm.Digest     `cbor:"2,keyasint,omitzero" json:"root"`
	Count   int           `cbor:"3,keyasint" json:"count"` // leaves under Root
}

// Transaction is a batch with its transaction id, fixed before it is
// submitted. Payload is the ledger client's own (a signed Fabric transaction);
// empty for the embedded ledger.
type Transaction struct {
	ID      string
	Batch   Batch
	Payload []byte
}

// Commit is one committed transaction.
type Commit struct {
	Height      uint64  // of its block; namespaces share one chain of blocks
	Transaction string  // id
	Batch       Batch   //
	Outcome     Outcome //
}

// Accepted lists the digests under the commit's root, in order, with their
// index among the batch's entries.
func (c *Commit) Accepted() (digests []sm.Digest, indexes []int) {
	for i, r := range c.Outcome.Results {
		if r.Accepted() && !r.Repeat {
			digests = append(digests, c.Batch.Entries[i].Digest())
			indexes = append(indexes, i)
		}
	}
	return digests, indexes
}

// Receipt proves that an entry was anchored; it does not tell the license's
// present status. Evidence is the ledger's own: endorsed reads of a Fabric
// network, or the checkpoint of a single node.
type Receipt struct {
	Ledger      string      `json:"ledger"` // "single-node" or the network's name
	Namespace   string      `json:"namespace"`
	Transaction string      `json:"transaction"`
	Height      uint64      `json:"height"`
	Recorded    int64       `json:"recorded"`
	Entry       []byte      `json:"entry"` // canonical bytes
	Index       int         `json:"index"`
	Size        int         `json:"size"`
	Path        []sm.Digest `json:"path"`
	Root        sm.Digest   `json:"root"`
	Author      Authorship  `json:"author"`
	AuthorIndex int         `json:"author_index"`
	AuthorSize  int         `json:"author_size"`
	AuthorPath  []sm.Digest `json:"author_path"`
	Evidence    []byte      `json:"evidence"`             // canonical bytes, by ledger
	TimeStamp   []byte      `json:"time_stamp,omitempty"` // RFC 3161 over Evidence
}

// NewReceipt lays out the receipt of the batch's i-th entry without evidence.
// It fails for an entry that this commit did not newly accept.
func NewReceipt(c *Commit, i int) (*Receipt, error) { return NewReceipts(c).Of(i) }

// Receipts makes the receipts of one commit. Each needs the digests of all entries,
// and two trees over them: they are made once. It is not safe for concurrent use.
type Receipts struct {
	commit *Commit
	all    []sm.Digest // of the batch
	size   int         // newly accepted
	places map[int]int // of entries among these
	tree   *sm.Tree    // over these
	own    map[string][]sm.Digest
	trees  map[string]*sm.Tree // over own, by author
}

// NewReceipts prepares for the receipts of a commit.
func NewReceipts(c *Commit) *Receipts {
	r := &Receipts{commit: c, places: map[int]int{}, own: map[string][]sm.Digest{}, trees: map[string]*sm.Tree{}}
	var accepted []sm.Digest
	for i, e := range c.Batch.Entries {
		digest, author := e.Digest(), e.Author()
		r.all, r.own[author] = append(r.all, digest), append(r.own[author], digest)
		if i < len(c.Outcome.Results) && c.Outcome.Results[i].Accepted() && !c.Outcome.Results[i].Repeat {
			r.places[i] = len(accepted)
			accepted = append(accepted, digest)
		}
	}
	r.size, r.tree = len(accepted), sm.NewTree(entryLeaves(accepted))
	for author, own := range r.own {
		r.trees[author] = sm.NewTree(entryLeaves(own))
	}
	return r
}

// Of makes the receipt of entry i.
func (r *Receipts) Of(i int) (*Receipt, error) {
	at, ok := r.places[i]
	if !ok {
		return nil, Errorf(CodeNotFound, "", "entry %d was not newly accepted by this transaction", i)
	}
	path, err := r.tree.Path(at)
	if err != nil {
		return nil, err
	}
	c, e := r.commit, r.commit.Batch.Entries[i]
	made := &Receipt{Namespace: c.Batch.Namespace, Transaction: c.Transaction, Height: c.Height, Recorded: c.Batch.Time,
		Entry: e.Bytes(), Index: at, Size: r.size, Path: path, Root: c.Outcome.Root}
	for _, a := range c.Batch.Authors {
		if a.Organization == e.Author() {
			made.Author = a
			break // the contract checks the first one of an organization
		}
	}
	own := r.own[e.Author()]
	made.AuthorIndex, made.AuthorSize = slices.Index(own, r.all[i]), len(own)
	made.AuthorPath, err = r.trees[e.Author()].Path(made.AuthorIndex)
	return made, err
}
