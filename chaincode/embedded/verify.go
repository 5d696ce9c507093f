package embedded

import (
	"bytes"
	"context"
	"encoding/binary"
	"runtime/debug"
	"slices"
	"strings"

	bolt "go.etcd.io/bbolt"

	"tongzheng/chaincode"
	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Report is what Verify found in an intact file.
type Report struct {
	Height   uint64    // of the last block
	Digest   sm.Digest // of the last block; compare it with a checkpoint kept elsewhere
	Accepted int       // entries anchored
	Refused  int       // entries refused
}

// Verify walks the chain from the first block: it recomputes every digest,
// executes every batch again from an empty state, and compares outcomes,
// writes, the transaction index and the present state. CodeLedgerDamaged names
// the file and the first thing that does not fit. A chain rewritten from the
// start holds in itself: compare the report's digest with a checkpoint kept
// elsewhere. The state is held in memory meanwhile.
func (l *Ledger) Verify(ctx context.Context) (report *Report, err error) {
	// A file whose pages are broken makes bbolt panic or touch memory that is
	// not there.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if fault := recover(); fault != nil {
			report, err = nil, l.damaged("pages", "cannot be walked: %v", fault)
		}
	}()
	w := &walk{ledger: l, state: map[string][]byte{}, report: &Report{}}
	err = l.view(func(tx *bolt.Tx) error {
		if err := w.blocks(ctx, tx); err != nil {
			return err
		}
		return w.present(tx)
	})
	if err != nil {
		return nil, err
	}
	return w.report, nil
}

// walk is the ledger executed again. It is the contract's State of the batch
// at hand.
type walk struct {
	ledger *Ledger
	state  map[string][]byte // stateKey → height ‖ value
	report *Report
	writes []write
}

func (w *walk) Read(namespace string, keys []string) ([][]byte, error) {
	values := make([][]byte, len(keys))
	for i, key := range keys {
		_, values[i] = versioned(w.state[string(stateKey(namespace, key))])
	}
	return values, nil
}

func (w *walk) Put(key string, value []byte) error {
	w.writes = append(w.writes, write{Key: key, Value: value})
	return nil
}

func (w *walk) blocks(ctx context.Context, tx *bolt.Tx) error {
	cursor := tx.Bucket(bucketBlocks).Cursor()
	for key, raw := cursor.First(); key != nil; key, raw = cursor.Next() {
		if err := ctx.Err(); err != nil {
			return err
		}
		height := w.report.Height + 1
		if !bytes.Equal(key, heightKey(height)) {
			return w.ledger.damaged(blockName(height), "is missing")
		}
		b := new(block)
		if err := registry.Decode(slices.Clone(raw), b); err != nil {
			return w.ledger.damaged(blockName(height), "cannot be read").WithCause(err)
		}
		if b.Height != height || b.Previous != w.report.Digest {
			return w.ledger.damaged(blockName(height), "does not follow the block before it")
		}
		if err := w.again(b); err != nil {
			return err
		}
		if at := tx.Bucket(bucketTransactions).Get([]byte(b.Transaction)); !bytes.Equal(at, key) {
			return w.ledger.damaged(blockName(height), "transaction %s stands elsewhere in the index", b.Transaction)
		}
		w.report.Height, w.report.Digest = height, blockDigest(raw)
	}
	return nil
}

// again executes one block's batch and compares what the contract says now
// with what the block says.
func (w *walk) again(b *block) error {
	name := blockName(b.Height)
	c, err := w.ledger.commit(b)
	if err != nil {
		return err
	}
	w.writes = nil
	outcome, err := chaincode.Execute(w, &c.Batch)
	if err != nil {
		return w.ledger.damaged(name, "the contract refuses its batch").WithCause(err)
	}
	if !sameBytes(*outcome, b.Outcome) {
		return w.ledger.damaged(name, "the contract judges its entries otherwise")
	}
	if !sameBytes(w.writes, b.Writes) {
		return w.ledger.damaged(name, "the contract writes something else")
	}
	height := heightKey(b.Height)
	for _, put := range w.writes {
		w.state[string(stateKey(c.Batch.Namespace, put.Key))] = append(slices.Clone(height), put.Value...)
	}
	for _, r := range outcome.Results {
		switch {
		case !r.Accepted():
			w.report.Refused++
		case !r.Repeat:
			w.report.Accepted++
		}
	}
	return nil
}

// present compares head, index and state with what the walk led to.
func (w *walk) present(tx *bolt.Tx) error {
	at, err := readHead(tx)
	if err != nil || at.Height != w.report.Height || at.Digest != w.report.Digest {
		return w.ledger.damaged("head", "is not the last block, which is %d", w.report.Height)
	}
	if n := countKeys(tx.Bucket(bucketTransactions)); n != w.report.Height {
		return w.ledger.damaged("transactions", "%d in the index, %d blocks", n, w.report.Height)
	}
	cursor, seen := tx.Bucket(bucketState).Cursor(), 0
	for key, raw := cursor.First(); key != nil; key, raw = cursor.Next() {
		name := "state " + strings.ReplaceAll(string(key), "\x00", "/")
		want, ok := w.state[string(key)]
		switch {
		case !ok:
			return w.ledger.damaged(name, "no block wrote it")
		case !bytes.Equal(raw, want):
			written, _ := versioned(raw)
			return w.ledger.damaged(name, "is not what block %d wrote (it says %d)", binary.BigEndian.Uint64(want), written)
		}
		seen++
	}
	if seen != len(w.state) {
		return w.ledger.damaged("state", "%d keys are missing", len(w.state)-seen)
	}
	return nil
}

func countKeys(b *bolt.Bucket) (n uint64) {
	cursor := b.Cursor()
	for key, _ := cursor.First(); key != nil; key, _ = cursor.Next() {
		n++
	}
	return n
}

func sameBytes(a, b any) bool {
	left, errLeft := registry.Encode(a)
	right, errRight := registry.Encode(b)
	return errLeft == nil && errRight == nil && bytes.Equal(left, right)
}
