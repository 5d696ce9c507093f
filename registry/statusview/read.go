package statusview

import (
	"bytes"
	"context"
	"encoding/binary"
	"slices"
	"sync"

	bolt "go.etcd.io/bbolt"

	"tongzheng/registry"
)

// Standing returns what the ledger says of a license, all entries included; a
// Standing without a License for one that was never anchored. base is
// Identifier.Base.
func (v *View) Standing(base string) (*registry.Standing, error) {
	return cached(v, standingKey(base), func(tx *bolt.Tx) (*registry.Standing, error) {
		s := &registry.Standing{}
		var err error
		if s.License, err = get[registry.License](tx, bucketLicenses, []byte(base)); err != nil {
			return nil, err
		}
		if s.Oversight, err = get[registry.Oversight](tx, bucketOversight, []byte(base)); err != nil {
			return nil, err
		}
		if tx.Bucket(bucketReplacing) != nil { // a file of before, opened for reading only, has none
			if s.Replacing, err = get[registry.Identifier](tx, bucketReplacing, []byte(base)); err != nil {
				return nil, err
			}
		}
		s.Entries, err = chain(tx, bucketEntries, base)
		return s, err
	})
}

// Record returns a governance record and its chain; nil, nil when absent.
func (v *View) Record(kind registry.RecordKind, name string) (registry.GovernanceRecord, *registry.Stored, error) {
	type both struct {
		record registry.GovernanceRecord
		stored *registry.Stored
	}
	key := registry.RecordKey(kind, name)
	found, err := cached(v, recordKey(key), func(tx *bolt.Tx) (both, error) {
		raw := tx.Bucket(bucketRecords).Get([]byte(key))
		if raw == nil {
			return both{}, nil
		}
		record, stored, err := registry.DecodeStored(kind, bytes.Clone(raw))
		return both{record, stored}, err
	})
	return found.record, found.stored, err
}

// Records lists the governance records of a kind, by name.
func (v *View) Records(kind registry.RecordKind) ([]registry.GovernanceRecord, error) {
	records, err := cached(v, recordsKey(kind), func(tx *bolt.Tx) ([]registry.GovernanceRecord, error) {
		var records []registry.GovernanceRecord
		prefix := []byte(registry.RecordKey(kind, ""))
		cursor := tx.Bucket(bucketRecords).Cursor()
		for key, raw := cursor.Seek(prefix); bytes.HasPrefix(key, prefix); key, raw = cursor.Next() {
			record, _, err := registry.DecodeStored(kind, bytes.Clone(raw))
			if err != nil {
				return nil, err
			}
			records = append(records, record)
		}
		return records, nil
	})
	return slices.Clone(records), err // the caller's own: what is kept is everybody's
}

// Orders lists the orders that made a governance record what it is, oldest
// first.
func (v *View) Orders(kind registry.RecordKind, name string) ([]registry.Anchored, error) {
	var orders []registry.Anchored
	err := v.db.View(func(tx *bolt.Tx) (err error) {
		orders, err = chain(tx, bucketOrders, registry.RecordKey(kind, name))
		return err
	})
	return orders, err
}

// BlankUsed returns the number of the printing that took a blank in a member's
// namespace, 0 while it is free.
func (v *View) BlankUsed(namespace, typeCode string, blank registry.Blank) (uint32, error) {
	var number uint32
	err := v.db.View(func(tx *bolt.Tx) error {
		got, err := get[uint32](tx, bucketBlanks, []byte(namespace+"\x00"+registry.BlankKey(typeCode, blank)))
		if got != nil {
			number = *got
		}
		return err
	})
	return number, err
}

// List calls fn for the printings of a status list in order of their index,
// over one consistent state at the height returned; the state of each sheet is
// in its license's Standing. fn's error ends it.
func (v *View) List(ctx context.Context, list uint32, fn func(index uint32, printing registry.Placed) error) (height uint64, err error) {
	err = v.db.View(func(tx *bolt.Tx) error {
		at, err := readCheckpoint(tx)
		if err != nil {
			return err
		}
		height = at.Height
		prefix := binary.BigEndian.AppendUint32(nil, list)
		cursor := tx.Bucket(bucketLists).Cursor()
		for key, raw := cursor.Seek(prefix); bytes.HasPrefix(key, prefix) && len(key) == 8; key, raw = cursor.Next() {
			if err := ctx.Err(); err != nil {
				return err
			}
			var printing registry.Placed
			if err := registry.Decode(bytes.Clone(raw), &printing); err != nil {
				return err
			}
			if err := fn(binary.BigEndian.Uint32(key[4:]), printing); err != nil {
				return err
			}
		}
		return nil
	})
	return height, err
}

// Licenses calls fn for every license in the view with its base, in order of
// the bases. fn's error ends it.
func (v *View) Licenses(ctx context.Context, fn func(base string, l *registry.License) error) error {
	return v.db.View(func(tx *bolt.Tx) error {
		return tx.Bucket(bucketLicenses).ForEach(func(base, _ []byte) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			l, err := get[registry.License](tx, bucketLicenses, base)
			if err != nil {
				return err
			}
			return fn(string(base), l)
		})
	})
}

// chain reads the entries kept under one name, oldest first.
func chain(tx *bolt.Tx, bucket []byte, name string) ([]registry.Anchored, error) {
	var entries []registry.Anchored
	prefix := []byte(name + "\x00")
	cursor := tx.Bucket(bucket).Cursor()
	for key, raw := cursor.Seek(prefix); bytes.HasPrefix(key, prefix); key, raw = cursor.Next() {
		var kept anchored
		if err := registry.Decode(bytes.Clone(raw), &kept); err != nil {
			return nil, err
		}
		e, err := registry.DecodeEntry(kept.Entry)
		if err != nil {
			return nil, err
		}
		entries = append(entries, registry.Anchored{Entry: e, Namespace: kept.Namespace, Transaction: kept.Transaction,
			Height: kept.Height, Recorded: kept.Recorded})
	}
	return entries, nil
}

// cacheSize bounds how many decoded values are kept.
const cacheSize = 4096

// cache keeps decoded values until the ledger changes them.
type cache struct {
	mu     sync.Mutex
	values map[string]any
	epoch  uint64 // rises with every forgetting: what was read before it is not kept
}

func standingKey(base string) string             { return "s" + base }
func recordKey(key string) string                { return "r" + key }
func recordsKey(kind registry.RecordKind) string { return "k" + string(kind) }

func (c *cache) get(key string) (value any, epoch uint64, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	value, ok = c.values[key]
	return value, c.epoch, ok
}

// keep stores a value read in an epoch; one value of a full cache gives way.
func (c *cache) keep(key string, value any, epoch uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if epoch != c.epoch {
		return
	}
	if c.values == nil {
		c.values = map[string]any{}
	}
	for old := range c.values {
		if len(c.values) < cacheSize {
			break
		}
		delete(c.values, old)
	}
	c.values[key] = value
}

func (c *cache) forget(keys []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.epoch++
	for _, key := range keys {
		delete(c.values, key)
	}
}

// cached answers from the cache or reads one consistent state.
func cached[T any](v *View, key string, read func(tx *bolt.Tx) (T, error)) (T, error) {
	kept, epoch, ok := v.cache.get(key)
	if ok {
		return kept.(T), nil
	}
	var value T
	err := v.db.View(func(tx *bolt.Tx) (err error) {
		value, err = read(tx)
		return err
	})
	if err != nil {
		var none T
		return none, registry.Errorf(registry.CodeUnavailable, "", "reading the status view").WithCause(err)
	}
	v.cache.keep(key, value, epoch)
	return value, nil
}
