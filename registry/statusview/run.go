package statusview

import (
	"context"
	"errors"
	"slices"
	"time"

	"tongzheng/registry"
)

// maxTaking bounds how many commits one write of the file takes in.
const maxTaking = 256

// retryAfter is the pause after the ledger went out of reach.
const retryAfter = time.Second

// Run follows the ledger until ctx ends. An outage is waited out, and the view
// grows stale meanwhile; CodeLedgerDamaged comes back at once when the ledger
// is not the one that the view was built from, or contradicts itself.
func (v *View) Run(ctx context.Context) error {
	if v.db.IsReadOnly() {
		return registry.Errorf(registry.CodeInternal, "", "a view opened for reading only does not follow the ledger")
	}
	for {
		err := v.follow(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case registry.CodeOf(err) == registry.CodeLedgerDamaged, registry.CodeOf(err) == registry.CodeNotFound:
			v.silent("the ledger and its copy disagree")
			return err
		}
		v.silent("the ledger is out of reach")
		v.config.Log.Warn("status view: following the ledger", "error", err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(retryAfter):
		}
	}
}

// follow receives in one goroutine and writes in another, so that a long
// catch-up shares disk writes and a lone commit waits for nothing.
func (v *View) follow(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	known, err := v.checkpoint()
	if err != nil {
		return err
	}
	events := make(chan *registry.Commit, maxTaking)
	written := make(chan struct{})
	go func() {
		defer close(written)
		if err := v.write(events); err != nil {
			cancel(err)
		}
	}()
	same := &continuity{height: known.Height, missing: slices.Clone(known.Seen)}
	err = v.config.Ledger.Follow(ctx, known.Height, func(c *registry.Commit) error {
		if !same.follows(c) {
			return v.damaged("the ledger has other transactions at height %d than this view was built from", known.Height)
		}
		select {
		case events <- c:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	})
	close(events)
	<-written
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	return err
}

func (v *View) checkpoint() (checkpoint, error) {
	tx, err := v.db.Begin(false)
	if err != nil {
		return checkpoint{}, err
	}
	defer tx.Rollback()
	return readCheckpoint(tx)
}

// continuity tells whether the ledger still has, at the checkpoint's height,
// the transactions that the view took in: a ledger set back and continued
// otherwise must not be taken for the same one.
type continuity struct {
	height  uint64
	missing []string
}

func (s *continuity) follows(c *registry.Commit) bool {
	if c != nil && c.Height == s.height {
		s.missing = slices.DeleteFunc(s.missing, func(id string) bool { return id == c.Transaction })
		return true
	}
	return len(s.missing) == 0
}

// write takes in what has come, as much as waits at once.
func (v *View) write(events <-chan *registry.Commit) error {
	for c := range events {
		commits, beat := gather(c, events)
		if len(commits) > 0 {
			if err := v.apply(commits); err != nil {
				return err
			}
		}
		if beat {
			v.heard(registry.Block{}, v.config.Clock())
		}
	}
	return nil
}

// gather collects waiting commits; beat tells that the last event was the
// ledger's word that nothing is newer.
func gather(first *registry.Commit, events <-chan *registry.Commit) (commits []*registry.Commit, beat bool) {
	for c := first; ; {
		if beat = c == nil; !beat {
			commits = append(commits, c)
		}
		if len(commits) >= maxTaking {
			return commits, beat
		}
		select {
		case next, ok := <-events:
			if !ok {
				return commits, beat
			}
			c = next
		default:
			return commits, beat
		}
	}
}
