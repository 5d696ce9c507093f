package embedded

import (
	"encoding/binary"
	"slices"

	bolt "go.etcd.io/bbolt"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// The file's buckets. Heights are 8 bytes, big-endian.
var (
	bucketMeta         = []byte("meta")         // "format", "head"
	bucketBlocks       = []byte("blocks")       // height → canonical bytes of block
	bucketState        = []byte("state")        // namespace 0x00 key → height that wrote it ‖ value
	bucketTransactions = []byte("transactions") // id → height

	keyFormat = []byte("format")
	keyHead   = []byte("head")
)

const (
	fileFormat = "tongzheng single-node ledger 1"
	blockTag   = "tongzheng block v1"
)

// block is one committed transaction. Its digest stands in the next block.
type block struct {
	Height      uint64           `cbor:"1,keyasint"` // from 1, without a gap
	Previous    sm.Digest        `cbor:"2,keyasint,omitzero"`
	Time        int64            `cbor:"3,keyasint"` // of the node's clock, Unix seconds
	Transaction string           `cbor:"4,keyasint"`
	Batch       []byte           `cbor:"5,keyasint"` // canonical bytes
	Outcome     registry.Outcome `cbor:"6,keyasint"`
	Writes      []write          `cbor:"7,keyasint"` // in the batch's namespace, in the contract's order
}

type write struct {
	_     struct{} `cbor:",toarray"`
	Key   string
	Value []byte
}

// head is the chain's end.
type head struct {
	Height uint64    `cbor:"1,keyasint"`
	Digest sm.Digest `cbor:"2,keyasint,omitzero"` // of the block at Height
}

func blockDigest(raw []byte) sm.Digest { return sm.Tagged(blockTag, raw) }

// damaged says what is wrong with the file; where names block, key or index.
func (l *Ledger) damaged(where, format string, args ...any) *registry.Error {
	e := registry.Errorf(registry.CodeLedgerDamaged, where, format, args...)
	e.Detail = "ledger file " + l.config.Path + ", " + where + ": " + e.Detail
	return e
}

// prepareFile makes the buckets of a new file, and looks whether an old one is
// ours and ends as its head says.
func (l *Ledger) prepareFile() error {
	if !l.config.ReadOnly {
		if err := l.db.Update(makeBuckets); err != nil {
			return registry.Errorf(registry.CodeUnavailable, "", "preparing ledger file %s", l.config.Path).WithCause(err)
		}
	}
	return l.db.View(func(tx *bolt.Tx) error {
		meta := tx.Bucket(bucketMeta)
		if meta == nil || string(meta.Get(keyFormat)) != fileFormat {
			return l.damaged("meta", "not a ledger of this format")
		}
		at, err := readHead(tx)
		if err != nil || at.Height == 0 {
			return err
		}
		if raw := tx.Bucket(bucketBlocks).Get(heightKey(at.Height)); blockDigest(raw) != at.Digest {
			return l.damaged("head", "the last block is not the one that the head names")
		}
		return nil
	})
}

func makeBuckets(tx *bolt.Tx) error {
	if tx.Bucket(bucketMeta) != nil {
		return nil
	}
	for _, name := range [][]byte{bucketMeta, bucketBlocks, bucketState, bucketTransactions} {
		if _, err := tx.CreateBucket(name); err != nil {
			return err
		}
	}
	return tx.Bucket(bucketMeta).Put(keyFormat, []byte(fileFormat))
}

func readHead(tx *bolt.Tx) (head, error) {
	var at head
	raw := tx.Bucket(bucketMeta).Get(keyHead)
	if raw == nil {
		return at, nil
	}
	return at, registry.Decode(raw, &at)
}

// readBlock returns a block with its digest, nil when there is none.
func (l *Ledger) readBlock(tx *bolt.Tx, height uint64) (*block, sm.Digest, error) {
	raw := tx.Bucket(bucketBlocks).Get(heightKey(height))
	if raw == nil {
		return nil, sm.Digest{}, nil
	}
	b := new(block)
	if err := registry.Decode(slices.Clone(raw), b); err != nil {
		return nil, sm.Digest{}, l.damaged(blockName(height), "cannot be read").WithCause(err)
	}
	return b, blockDigest(raw), nil
}

// commit returns the block as the port's type.
func (l *Ledger) commit(b *block) (*registry.Commit, error) {
	c := &registry.Commit{Height: b.Height, Transaction: b.Transaction, Outcome: b.Outcome}
	if err := registry.Decode(b.Batch, &c.Batch); err != nil {
		return nil, l.damaged(blockName(b.Height), "its batch cannot be read").WithCause(err)
	}
	return c, nil
}

func heightKey(height uint64) []byte { return binary.BigEndian.AppendUint64(nil, height) }

func stateKey(namespace, key string) []byte { return []byte(namespace + "\x00" + key) }

// versioned splits a stored value into the height that wrote it and the value;
// zero and nil for an absent key.
func versioned(raw []byte) (uint64, []byte) {
	if len(raw) < 8 {
		return 0, nil
	}
	return binary.BigEndian.Uint64(raw), raw[8:]
}
