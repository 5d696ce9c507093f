package statusview

import (
	"errors"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"

	"tongzheng/registry"
)

// taking is one write of the file: some commits, in order.
type taking struct {
	tx      *bolt.Tx
	at      checkpoint
	now     time.Time
	touched []string // cache keys to forget
	lists   bool     // codes are kept
	changes []change // of codes
}

// apply takes commits in, in one transaction with the checkpoint. Commits seen
// before are passed over, so that a block delivered again changes nothing.
func (v *View) apply(commits []*registry.Commit) error {
	t := &taking{now: v.config.Clock(), lists: v.config.Lists}
	err := v.db.Update(func(tx *bolt.Tx) error {
		var err error
		t.tx = tx
		if t.at, err = readCheckpoint(tx); err != nil {
			return err
		}
		for _, c := range commits {
			if err := t.commit(c); err != nil {
				return err
			}
		}
		if err := put(tx, bucketMeta, keyCounted, t.at.Height); err != nil {
			return err
		}
		return put(tx, bucketMeta, keyCheckpoint, t.at)
	})
	if err != nil {
		return err
	}
	v.cache.forget(t.touched)
	if v.config.Taken != nil {
		defer v.config.Taken(commits)
	}
	v.lists.mu.Lock() // codes and the block that they are of change together
	defer v.lists.mu.Unlock()
	v.lists.changed(t.changes)
	v.heard(t.at.block(), time.Unix(t.at.AsOf, 0))
	return nil
}

func (t *taking) commit(c *registry.Commit) error {
	switch {
	case c.Height < t.at.Height:
		return nil
	case c.Height > t.at.Height:
		t.at.Height, t.at.Seen = c.Height, nil
	case slices.Contains(t.at.Seen, c.Transaction):
		return nil
	}
	t.at.Seen = append(t.at.Seen, c.Transaction)
	t.at.Block = max(t.at.Block, c.Batch.Time)
	if asOf := min(c.Batch.Time, t.now.Unix()); asOf > t.at.AsOf {
		t.at.AsOf = asOf
	}
	_, indexes := c.Accepted()
	for _, i := range indexes {
		if err := t.entry(c, c.Batch.Entries[i]); err != nil {
			return registry.Errorf(registry.CodeLedgerDamaged, "", "height %d, entry %d does not follow from what the ledger said before", c.Height, i).WithCause(err)
		}
	}
	return nil
}

// entry does what the contract did when it accepted the entry.
func (t *taking) entry(c *registry.Commit, e *registry.Entry) error {
	t.at.Ordinal++
	kept := anchored{Entry: e.Bytes(), Namespace: c.Batch.Namespace, Transaction: c.Transaction, Height: c.Height, Recorded: c.Batch.Time}
	if e.Order != nil {
		return t.order(e, kept)
	}
	base := e.Intent.Identifier.Base()
	t.touched = append(t.touched, standingKey(base))
	if err := put(t.tx, bucketEntries, chainKey(base, t.at.Ordinal), kept); err != nil {
		return err
	}
	if err := t.takeDecision(e.Intent, t.at.Ordinal); err != nil {
		return err
	}
	course, err := t.course(base)
	if err != nil {
		return err
	}
	if err := t.act(c, e, base); err != nil {
		return err
	}
	if err := t.recount(base, course); err != nil {
		return err
	}
	return t.recode(base)
}

// act does with a license what the contract did.
func (t *taking) act(c *registry.Commit, e *registry.Entry, base string) error {
	before, err := get[registry.License](t.tx, bucketLicenses, []byte(base))
	if err != nil {
		return err
	}
	if c.Batch.Namespace == registry.Governance {
		return t.oversight(base, before, e)
	}
	over, err := get[registry.Oversight](t.tx, bucketOversight, []byte(base))
	if err != nil {
		return err
	}
	after, err := registry.Apply(before.Under(over), e)
	if err != nil {
		return err
	}
	if err := put(t.tx, bucketLicenses, []byte(base), after); err != nil {
		return err
	}
	if err := t.replacing(e.Intent); err != nil {
		return err
	}
	if err := t.useBlanks(e.Intent, before, after); err != nil {
		return err
	}
	if err := t.takeTokens(e); err != nil {
		return err
	}
	return t.printings(c.Batch.Namespace, e.Intent)
}

func (t *taking) order(e *registry.Entry, kept anchored) error {
	record, err := e.Order.Decode()
	if err != nil {
		return err
	}
	key := registry.RecordKey(record.Kind(), record.Name())
	t.touched = append(t.touched, recordKey(key), recordsKey(record.Kind()))
	if err := put(t.tx, bucketOrders, chainKey(key, e.Order.Sequence), kept); err != nil {
		return err
	}
	if err := t.writes(e, record); err != nil {
		return err
	}
	return put(t.tx, bucketRecords, []byte(key), registry.Stored{Sequence: e.Order.Sequence, Head: e.Digest(), Record: e.Order.Record})
}

// writes puts what the ledger wrote itself with the order.
func (t *taking) writes(e *registry.Entry, record registry.GovernanceRecord) error {
	var failed error
	written, err := registry.WrittenWith(e, record, func(kind registry.RecordKind, name string) (registry.GovernanceRecord, registry.Stored) {
		stored, err := get[registry.Stored](t.tx, bucketRecords, []byte(registry.RecordKey(kind, name)))
		if err != nil || stored == nil {
			failed = errors.Join(failed, err)
			return nil, registry.Stored{}
		}
		record := registry.NewRecord(kind)
		failed = errors.Join(failed, registry.Decode(stored.Record, record))
		return record, *stored
	})
	if err = errors.Join(failed, err); err != nil {
		return err
	}
	for _, w := range written {
		t.touched = append(t.touched, recordKey(w.Key()), recordsKey(w.Kind))
		if err := put(t.tx, bucketRecords, []byte(w.Key()), w.Stored); err != nil {
			return err
		}
	}
	return nil
}

func (t *taking) oversight(base string, license *registry.License, e *registry.Entry) error {
	if license == nil {
		return registry.Errorf(registry.CodeNotFound, "identifier", "no such license in the view")
	}
	before, err := get[registry.Oversight](t.tx, bucketOversight, []byte(base))
	if err != nil {
		return err
	}
	after, err := registry.ApplyOversight(before, license, e)
	if err != nil {
		return err
	}
	return put(t.tx, bucketOversight, []byte(base), after)
}

// replacing keeps with a license that an issue replaces which one that is.
func (t *taking) replacing(in *registry.Intent) error {
	if !in.Replaces() {
		return nil
	}
	old := in.Closes.Identifier.Base()
	t.touched = append(t.touched, standingKey(old))
	return put(t.tx, bucketReplacing, []byte(old), in.Identifier)
}

func (t *taking) printings(namespace string, in *registry.Intent) error {
	if err := t.takePlaces(in); err != nil {
		return err
	}
	for _, p := range in.Printings {
		if p.Blank.IsZero() {
			continue
		}
		if err := put(t.tx, bucketBlanks, []byte(namespace+"\x00"+registry.BlankKey(in.Identifier.Type, p.Blank)), p.Number); err != nil {
			return err
		}
	}
	return nil
}
