package statusview

import (
	"encoding/binary"
	"slices"

	bolt "go.etcd.io/bbolt"

	"tongzheng/registry"
)

// The file's buckets. Values are the ledger's own canonical bytes where the
// ledger has the same value.
var (
	bucketMeta      = []byte("meta")      // "checkpoint"
	bucketRecords   = []byte("records")   // registry.RecordKey → registry.Stored
	bucketOrders    = []byte("orders")    // registry.RecordKey 0x00 sequence → stored entry
	bucketLicenses  = []byte("licenses")  // base → registry.License
	bucketOversight = []byte("oversight") // base → registry.Oversight
	bucketEntries   = []byte("entries")   // base 0x00 ordinal → stored entry
	bucketBlanks    = []byte("blanks")    // namespace 0x00 registry.BlankKey → printing number
	bucketLists     = []byte("lists")     // list, index → registry.Placed
	bucketReplacing = []byte("replacing") // base → identifier of the license whose issue names it
	bucketCodes     = []byte("codes")     // list, part → codes of a chunk; only where they are kept
	bucketCounts    = []byte("counts")    // issuer 0x00 type 0x00 word 0x00 span, number → by how many the licenses change
	bucketSerials   = []byte("serials")   // registry.Instance.Name → highest counter of its serials
	bucketUses      = []byte("uses")      // stock 0x00 length, rest, beginning → registry.Uses: used blanks whose numbers begin so
	bucketSheets    = []byte("sheets")    // base 0x00 printing number → stock 0x00 blank number
	bucketTokens    = []byte("tokens")    // registry.TokenDigest → registry.Placed
	bucketDecisions = []byte("decisions") // folded case number 0x00 grant 0x00 ordinal → decision

	keyCheckpoint = []byte("checkpoint")
	keyCounted    = []byte("counted") // height that the counts are of
)

const fileFormat = "tongzheng status view 1"

// checkpoint is how far the file is built. It is written in the transaction
// that writes what it stands for.
type checkpoint struct {
	Format  string   `cbor:"1,keyasint"`
	Ledger  string   `cbor:"2,keyasint"`
	Height  uint64   `cbor:"3,keyasint"`
	Seen    []string `cbor:"4,keyasint,omitempty"` // transactions of the block at Height: a network's block has several
	Ordinal uint64   `cbor:"5,keyasint"`           // entries taken in, over all licenses
	AsOf    int64    `cbor:"6,keyasint,omitempty"` // Unix seconds
	Block   int64    `cbor:"7,keyasint,omitempty"` // time of the newest transaction, Unix seconds
}

// anchored is registry.Anchored in the file.
type anchored struct {
	_           struct{} `cbor:",toarray"`
	Entry       []byte
	Namespace   string
	Transaction string
	Height      uint64
	Recorded    int64
}

func makeBuckets(tx *bolt.Tx, ledger string) error {
	if tx.Bucket(bucketMeta) != nil {
		for _, name := range [][]byte{bucketReplacing, bucketTokens} { // a file from before there were any
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		return countAgain(tx)
	}
	for _, name := range [][]byte{bucketMeta, bucketRecords, bucketOrders, bucketLicenses, bucketOversight, bucketEntries, bucketBlanks, bucketLists, bucketReplacing, bucketCounts, bucketSerials, bucketUses, bucketSheets, bucketTokens, bucketDecisions} {
		if _, err := tx.CreateBucket(name); err != nil {
			return err
		}
	}
	return put(tx, bucketMeta, keyCheckpoint, checkpoint{Format: fileFormat, Ledger: ledger})
}

// countAgain counts a file whose counts are not of its checkpoint: from before there
// were any, or taken on since by a program of before.
func countAgain(tx *bolt.Tx) error {
	at, err := readCheckpoint(tx)
	if err != nil {
		return err
	}
	counted, err := get[uint64](tx, bucketMeta, keyCounted)
	if err != nil {
		return err
	}
	counts := [][]byte{bucketCounts, bucketSerials, bucketUses, bucketSheets, bucketDecisions}
	if counted != nil && *counted == at.Height && !slices.ContainsFunc(counts, func(name []byte) bool { return tx.Bucket(name) == nil }) {
		return nil
	}
	for _, name := range counts {
		if tx.Bucket(name) != nil {
			if err := tx.DeleteBucket(name); err != nil {
				return err
			}
		}
		if _, err := tx.CreateBucket(name); err != nil {
			return err
		}
	}
	if err := makeCounts(tx); err != nil {
		return err
	}
	if err := makeUses(tx); err != nil {
		return err
	}
	if err := makeDecisions(tx); err != nil {
		return err
	}
	return put(tx, bucketMeta, keyCounted, at.Height)
}

// block is the newest one in the file. A file from before it kept the time of
// blocks has when the ledger was heard of.
func (c checkpoint) block() registry.Block {
	if c.Block == 0 {
		return registry.Block{Height: c.Height, Time: c.AsOf}
	}
	return registry.Block{Height: c.Height, Time: c.Block}
}

func readCheckpoint(tx *bolt.Tx) (checkpoint, error) {
	var at checkpoint
	meta := tx.Bucket(bucketMeta)
	if meta == nil {
		return at, registry.Errorf(registry.CodeLedgerDamaged, "", "no checkpoint")
	}
	if err := registry.Decode(meta.Get(keyCheckpoint), &at); err != nil {
		return at, err
	}
	if at.Format != fileFormat {
		return at, registry.Errorf(registry.CodeLedgerDamaged, "", "format %q", at.Format)
	}
	return at, nil
}

func put(tx *bolt.Tx, bucket, key []byte, value any) error {
	raw, err := registry.Encode(value)
	if err != nil {
		return err
	}
	return tx.Bucket(bucket).Put(key, raw)
}

// get reads a value; nil when absent.
func get[T any](tx *bolt.Tx, bucket, key []byte) (*T, error) {
	raw := tx.Bucket(bucket).Get(key)
	if raw == nil {
		return nil, nil
	}
	value := new(T)
	return value, registry.Decode(append([]byte(nil), raw...), value)
}

// chainKey orders the entries of one name by a number.
func chainKey(name string, number uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte(name+"\x00"), number)
}

// ordinalOf is the number at the end of such a key.
func ordinalOf(key []byte) uint64 { return binary.BigEndian.Uint64(key[len(key)-8:]) }

func listKey(list, index uint32) []byte {
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, list), index)
}
