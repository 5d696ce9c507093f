// Package statusview is the registry's own copy of what the ledger says: one
// bbolt file, outside PostgreSQL, written by one process from ledger events
// alone and by the ledger's own pure functions. Verdicts are read from it.
//
// It must not take a word from anywhere but the ledger, must not decide what
// the ledger accepts, and must say when its knowledge is old. The file can be
// deleted at any time: it is built again from the first block.
package statusview

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"tongzheng/registry"
)

// DefaultStaleAfter is how old knowledge may be before a verdict becomes
// "unknown".
const DefaultStaleAfter = 30 * time.Second

// lockWait is how long Open waits for a process that is just ending.
const lockWait = time.Second

// Follower is the part of a ledger that the view is built from
// (office.Ledger.Follow).
type Follower interface {
	Name() string
	Follow(ctx context.Context, from uint64, fn func(*registry.Commit) error) error
}

// Config says where the view stands and what it follows.
type Config struct {
	Path       string           // of the file, made when absent
	Ledger     Follower         // nil for OpenReadOnly and OpenFed
	Name       string           // of the ledger, for OpenFed
	Lists      bool             // keep the codes of status lists: for whoever publishes them
	StaleAfter time.Duration    // DefaultStaleAfter when zero
	Clock      func() time.Time // time.Now when nil
	Log        *slog.Logger     // slog.Default when nil
	// Taken hears of commits once they are in the view. It must not wait. nil: nobody.
	Taken func(commits []*registry.Commit)
}

// View is an open status view. Its methods are safe for concurrent use, never
// wait for the ledger, and return values that callers must not change.
type View struct {
	config Config
	db     *bolt.DB
	cache  cache
	lists  lists

	mu     sync.Mutex
	asOf   time.Time      // everything the ledger had then is in the view
	block  registry.Block // the last one seen
	reason string         // why nothing newer is known, empty while following
	wake   chan struct{}  // closed and replaced when height or asOf moves
}

// Open opens or makes the view's file for its one owner. CodeUnavailable when
// another process owns it; CodeLedgerDamaged when the file is no view (delete
// it, and it is built again) or was built from another ledger, as the records
// beside it were.
func Open(config Config) (*View, error) {
	if config.Ledger == nil {
		return nil, registry.Errorf(registry.CodeInternal, "", "a status view is built from a ledger: name one")
	}
	return open(config, false)
}

// OpenReadOnly opens a file that no process owns, for the command line. Its
// knowledge is as old as the last run of its owner.
func OpenReadOnly(config Config) (*View, error) {
	return open(config, true)
}

// OpenFed opens or makes the file of a view that is handed its commits by whoever
// vouches for them (Take), and follows nothing.
func OpenFed(config Config) (*View, error) {
	if config.Ledger != nil || config.Name == "" {
		return nil, registry.Errorf(registry.CodeInternal, "", "a view that is handed its commits follows no ledger: say the ledger's name")
	}
	return open(config, false)
}

func open(config Config, readOnly bool) (*View, error) {
	if config.Ledger != nil {
		config.Name = config.Ledger.Name()
	}
	if config.StaleAfter == 0 {
		config.StaleAfter = DefaultStaleAfter
	}
	if config.Clock == nil {
		config.Clock = time.Now
	}
	if config.Log == nil {
		config.Log = slog.Default()
	}
	db, err := bolt.Open(config.Path, 0o600, &bolt.Options{Timeout: lockWait, ReadOnly: readOnly, FreelistType: bolt.FreelistMapType})
	switch {
	case errors.Is(err, berrors.ErrTimeout):
		return nil, registry.Errorf(registry.CodeUnavailable, "", "status view %s is in use by another process: ask the running server", config.Path)
	case err != nil:
		return nil, registry.Errorf(registry.CodeUnavailable, "", "opening status view %s", config.Path).WithCause(err)
	}
	v := &View{config: config, db: db, wake: make(chan struct{})}
	if err := v.begin(readOnly); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if !readOnly {
		if err := v.loadLists(); err != nil {
			return nil, errors.Join(v.damaged("its status lists cannot be read").WithCause(err), db.Close())
		}
	}
	return v, nil
}

// begin makes a new file's buckets, or finds where an old one stands.
func (v *View) begin(readOnly bool) error {
	if !readOnly {
		if err := v.db.Update(func(tx *bolt.Tx) error { return makeBuckets(tx, v.config.Name) }); err != nil {
			return registry.Errorf(registry.CodeUnavailable, "", "preparing status view %s", v.config.Path).WithCause(err)
		}
	}
	return v.db.View(func(tx *bolt.Tx) error {
		at, err := readCheckpoint(tx)
		if err != nil {
			return v.damaged("not a status view of this format")
		}
		if name := v.config.Name; name != "" && at.Ledger != name {
			return v.damaged("built from ledger %s, not %s: the records beside it are of that ledger, too; use another data folder", at.Ledger, name)
		}
		v.block = at.block()
		if at.AsOf != 0 {
			v.asOf = time.Unix(at.AsOf, 0)
		}
		return nil
	})
}

func (v *View) damaged(format string, args ...any) *registry.Error {
	e := registry.Errorf(registry.CodeLedgerDamaged, "", format, args...)
	e.Detail = "status view " + v.config.Path + ": " + e.Detail
	return e
}

// Close keeps how fresh the view is and releases the file. End Run before.
func (v *View) Close() error {
	var err error
	if !v.db.IsReadOnly() {
		err = v.db.Update(func(tx *bolt.Tx) error {
			at, err := readCheckpoint(tx)
			if err != nil {
				return err
			}
			v.mu.Lock()
			defer v.mu.Unlock()
			if !v.asOf.IsZero() {
				at.AsOf = max(at.AsOf, v.asOf.Unix())
			}
			return put(tx, bucketMeta, keyCheckpoint, at)
		})
	}
	return errors.Join(err, v.db.Close())
}

// Height is the height of the last block seen, 0 before the first.
func (v *View) Height() uint64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.block.Height
}

// Newest is the newest block in the view, whenever it was heard of.
func (v *View) Newest() registry.Block {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.block
}

// Take takes in commits that the caller vouches for, in order: in place of Run, of
// a view that is handed them (OpenFed). What is in the view already is skipped.
func (v *View) Take(commits ...*registry.Commit) error { return v.apply(commits) }

// Knowledge says how fresh the view is at an instant: when everything that the
// ledger had was last in it, and whether this is longer ago than StaleAfter,
// and why.
func (v *View) Knowledge(now time.Time) registry.Knowledge {
	v.mu.Lock()
	defer v.mu.Unlock()
	k := registry.Knowledge{AsOf: v.asOf, Height: v.block.Height}
	switch {
	case v.asOf.IsZero():
		k.Stale, k.Reason = true, "the ledger has not been heard of yet"
	case now.Sub(v.asOf) > v.config.StaleAfter:
		k.Stale, k.Reason = true, "the ledger was last heard of at "+v.asOf.In(registry.China).Format("2006-01-02 15:04:05")
	}
	if k.Stale && v.reason != "" {
		k.Reason += "; " + v.reason
	}
	return k
}

// Await waits until the view has seen a height, or ctx ends.
func (v *View) Await(ctx context.Context, height uint64) error {
	for {
		v.mu.Lock()
		reached, wake := v.block.Height >= height, v.wake
		v.mu.Unlock()
		if reached {
			return nil
		}
		select {
		case <-wake:
		case <-ctx.Done():
			return registry.Errorf(registry.CodeTimeout, "", "waiting for the status view to see height %d", height).WithCause(ctx.Err())
		}
	}
}

// heard moves what is known and wakes those who wait.
func (v *View) heard(block registry.Block, asOf time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.block = registry.Block{Height: max(v.block.Height, block.Height), Time: max(v.block.Time, block.Time)}
	if asOf.Unix() > 0 && asOf.After(v.asOf) {
		v.asOf = asOf
	}
	v.reason = ""
	close(v.wake)
	v.wake = make(chan struct{})
}

func (v *View) silent(reason string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.reason = reason
}

// Behind tells why what the view has may not be all that the ledger has:
// CodeUnavailable. A view that is handed its commits cannot know; whoever hands
// them answers for it.
func (v *View) Behind() error {
	if v.config.Ledger == nil {
		return nil
	}
	if k := v.Knowledge(v.config.Clock()); k.Stale {
		return registry.Errorf(registry.CodeUnavailable, "", "this copy of the ledger is behind: %s", k.Reason)
	}
	return nil
}
