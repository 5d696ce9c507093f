// Package replica lets a signer that stands apart from the registry read the
// embedded ledger without believing the registry. The registry hands over every
// commit; the replica executes it again with the contract, which is pure, over
// a state of its own. So a record counts only when the organization it needs
// signed for it: what the registry invents, alters or reorders is refused.
//
// It must not take a value from anyone, only commits; it cannot notice that the
// newest commits are withheld from it (docs/threat-model.md says what follows).
// With a real network it is not used: there the signer asks its own member's
// peer.
package replica

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"go.etcd.io/bbolt"

	"tongzheng/chaincode"
	"tongzheng/registry"
	"tongzheng/registry/sm"
)

var (
	bucketState = []byte("state") // namespace, 0, key → value
	bucketChain = []byte("chain") // height → digest of everything up to it
	bucketFacts = []byte("facts") // height → canonical bytes of facts
)

// facts are what a checkpoint says of one transaction. Block and Time are the node's
// own: what was vouched for once stays.
type facts struct {
	Namespace   string    `cbor:"1,keyasint"`
	Transaction string    `cbor:"2,keyasint"`
	Recorded    int64     `cbor:"3,keyasint"`
	Root        sm.Digest `cbor:"4,keyasint,omitzero"`
	Count       int       `cbor:"5,keyasint"`
	Block       sm.Digest `cbor:"6,keyasint,omitzero"`
	Time        int64     `cbor:"7,keyasint,omitempty"`
}

// Replica is one open file. It is safe for concurrent use.
type Replica struct {
	db      *bbolt.DB
	founder func(registry.ActKey) bool
}

// Open opens or makes the file. founder says whether the key that signs the
// ledger's first transaction is the one expected: a signer knows it as one of
// its own keys or from its configuration. Without that, a registry could show
// a ledger of its own making.
func Open(path string, founder func(registry.ActKey) bool) (*Replica, error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: 2 * time.Second})
	if err != nil {
		return nil, fmt.Errorf("replica: opening its file (is another signer running?): %w", err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		for _, name := range [][]byte{bucketState, bucketChain, bucketFacts} {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("replica: %w", err)
	}
	return &Replica{db: db, founder: founder}, nil
}

// Close releases the file.
func (r *Replica) Close() error { return r.db.Close() }

// Height is that of the last commit executed, 0 before the first.
func (r *Replica) Height() (uint64, error) {
	var height uint64
	err := r.db.View(func(tx *bbolt.Tx) error {
		height, _ = last(tx)
		return nil
	})
	return height, err
}

func last(tx *bbolt.Tx) (height uint64, digest sm.Digest) {
	if key, value := tx.Bucket(bucketChain).Cursor().Last(); key != nil {
		return binary.BigEndian.Uint64(key), sm.Digest(value)
	}
	return 0, digest
}

func heightKey(height uint64) []byte { return binary.BigEndian.AppendUint64(nil, height) }

// Append executes a commit and keeps what it wrote, durably. The next height is
// wanted; one seen before must be the same commit. CodeLedgerDamaged when the
// contract judges the batch otherwise than the commit says, when it contradicts
// what was seen before, or when another founder opens the ledger;
// CodeSequenceGap when commits are missing in between.
func (r *Replica) Append(c *registry.Commit) error {
	claimed, err := registry.Encode(&c.Outcome)
	if err != nil {
		return err
	}
	batch, err := registry.Encode(&c.Batch)
	if err != nil {
		return err
	}
	return r.db.Update(func(tx *bbolt.Tx) error {
		height, previous := last(tx)
		if c.Height > height+1 || c.Height == 0 {
			return registry.Errorf(registry.CodeSequenceGap, "height", "commit %d came, %d is next", c.Height, height+1)
		}
		if c.Height <= height {
			previous = digestAt(tx, c.Height-1)
		}
		digest := sm.Tagged("tongzheng replica v1", bytes.Join([][]byte{previous[:], []byte(c.Transaction), {0}, batch, claimed}, nil))
		if c.Height <= height {
			if digestAt(tx, c.Height) != digest {
				return damaged(c.Height, "is not the commit that was shown before")
			}
			return keepFacts(tx, c) // a file of before kept none
		}
		if err := r.execute(tx, c, claimed); err != nil {
			return err
		}
		if err := keepFacts(tx, c); err != nil {
			return err
		}
		return tx.Bucket(bucketChain).Put(heightKey(c.Height), digest[:])
	})
}

func keepFacts(tx *bbolt.Tx, c *registry.Commit) error {
	if tx.Bucket(bucketFacts).Get(heightKey(c.Height)) != nil {
		return nil
	}
	return putFacts(tx, c.Height, facts{Namespace: c.Batch.Namespace, Transaction: c.Transaction, Recorded: c.Batch.Time,
		Root: c.Outcome.Root, Count: c.Outcome.Count})
}

func putFacts(tx *bbolt.Tx, height uint64, f facts) error {
	raw, err := registry.Encode(&f)
	if err != nil {
		return err
	}
	return tx.Bucket(bucketFacts).Put(heightKey(height), raw)
}

// Vouches tells whether this copy executed the transaction that a checkpoint names,
// with that outcome: CodeLedgerDamaged otherwise. The block's digest and the node's
// time, which it cannot execute, are kept the first time, durably, and no other is
// vouched for after that.
func (r *Replica) Vouches(c *registry.Checkpoint) error {
	return r.db.Update(func(tx *bbolt.Tx) error {
		raw := tx.Bucket(bucketFacts).Get(heightKey(c.Height))
		if raw == nil {
			return damaged(c.Height, "was not executed here")
		}
		var known facts
		if err := registry.Decode(bytes.Clone(raw), &known); err != nil {
			return err
		}
		said := facts{Namespace: c.Namespace, Transaction: c.Transaction, Recorded: c.Recorded, Root: c.Root, Count: c.Count, Block: c.Block, Time: c.Time}
		if known.Time == 0 {
			known.Block, known.Time = c.Block, c.Time
			if known == said && c.Time > 0 {
				return putFacts(tx, c.Height, known)
			}
		}
		if known != said {
			return damaged(c.Height, "says otherwise than the checkpoint")
		}
		return nil
	})
}

func digestAt(tx *bbolt.Tx, height uint64) (digest sm.Digest) {
	copy(digest[:], tx.Bucket(bucketChain).Get(heightKey(height)))
	return digest
}

func damaged(height uint64, why string) *registry.Error {
	return registry.Errorf(registry.CodeLedgerDamaged, "commit", "commit %d %s", height, why)
}

func (r *Replica) execute(tx *bbolt.Tx, c *registry.Commit, claimed []byte) error {
	state := &state{bucket: tx.Bucket(bucketState), namespace: c.Batch.Namespace}
	before := state.get(registry.Governance, chaincode.RulesKey())
	outcome, err := chaincode.Execute(state, &c.Batch)
	if err != nil {
		return damaged(c.Height, "is refused by the contract").WithCause(err)
	}
	if found, err := registry.Encode(outcome); err != nil || !bytes.Equal(found, claimed) {
		return damaged(c.Height, "is judged otherwise by the contract").WithCause(err)
	}
	after := state.get(registry.Governance, chaincode.RulesKey())
	if before != nil || after == nil {
		return nil
	}
	record, _, err := registry.DecodeStored(registry.KindRules, after)
	if err != nil {
		return err
	}
	if rules, ok := record.(*registry.Rules); !ok || !r.founder(rules.Founder) {
		return damaged(c.Height, "opens a ledger with a founder that this signer does not know")
	}
	return nil
}

// state is the contract's State within one transaction of the file.
type state struct {
	bucket    *bbolt.Bucket
	namespace string
}

func stateKey(namespace, key string) []byte { return []byte(namespace + "\x00" + key) }

func (s *state) get(namespace, key string) []byte {
	value := s.bucket.Get(stateKey(namespace, key))
	if value == nil {
		return nil
	}
	return append([]byte{}, value...)
}

func (s *state) Read(namespace string, keys []string) ([][]byte, error) {
	values := make([][]byte, len(keys))
	for i, key := range keys {
		values[i] = s.get(namespace, key)
	}
	return values, nil
}

func (s *state) Put(key string, value []byte) error {
	return s.bucket.Put(stateKey(s.namespace, key), value)
}

// Record implements signer.Records.
func (r *Replica) Record(_ context.Context, kind registry.RecordKind, name string) (registry.GovernanceRecord, *registry.Stored, error) {
	raw, err := r.read(registry.Governance, registry.RecordKey(kind, name))
	if err != nil || raw == nil {
		return nil, nil, err
	}
	return registry.DecodeStored(kind, raw)
}

// License implements signer.Records.
func (r *Replica) License(_ context.Context, namespace, base string) (*registry.License, error) {
	raw, err := r.read(namespace, registry.LicenseKey(base))
	if err != nil || raw == nil {
		return nil, err
	}
	return registry.DecodeLicense(raw)
}

func (r *Replica) read(namespace, key string) (raw []byte, err error) {
	err = r.db.View(func(tx *bbolt.Tx) error {
		raw = (&state{bucket: tx.Bucket(bucketState)}).get(namespace, key)
		return nil
	})
	return raw, err
}
