package office

import (
	"context"
	"fmt"
	"time"

	"tongzheng/registry"
)

const (
	// TaskActed is the kind of a task: an organization of another registry acted on a
	// license of one's own.
	TaskActed = "acted"
	// ActedFor is how long it stands among the tasks: nothing is to be done but to know.
	ActedFor = 30 * 24 * time.Hour

	othersAgain = time.Second // after the ledger or the database was out of reach
	othersEvery = 1000        // blocks after which a place without such acts is kept
)

// OtherAct is an act that the ledger has, decided by an organization of another registry.
type OtherAct struct {
	Intent   registry.Intent
	Recorded time.Time
	Height   uint64
}

// Noticing reads from the ledger what organizations of other registries did to licenses
// whose rows are here. It works for nobody in particular, so it takes no Actor.
type Noticing struct {
	*common
	store  OtherActStore // nil: nobody is told
	ledger interface {
		Follow(ctx context.Context, from uint64, fn func(*registry.Commit) error) error
	}
}

// Work follows the ledger until ctx ends. What was read is kept with its place, so that
// a restart goes on from there: nothing is told twice, nothing left out.
func (o *Noticing) Work(ctx context.Context) {
	if o.store == nil {
		return
	}
	for ctx.Err() == nil {
		if err := o.follow(ctx); err != nil && ctx.Err() == nil {
			o.log.Warn("what others did is read again", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(othersAgain):
		}
	}
}

func (o *Noticing) follow(ctx context.Context) error {
	kept, err := o.store.OthersSeen(ctx)
	if err != nil {
		return err
	}
	// From the block itself: it may have had more transactions than were read.
	return o.ledger.Follow(ctx, kept, func(c *registry.Commit) error {
		if c == nil {
			return nil
		}
		wait, cancel := context.WithTimeout(ctx, viewPatience)
		defer cancel()
		if err := o.view.Await(wait, c.Height); err != nil {
			return err
		}
		acts, err := o.others(c)
		if err != nil || len(acts) == 0 && c.Height < kept+othersEvery {
			return err
		}
		if err := o.store.KeepOthers(ctx, acts, c.Height); err != nil {
			return fmt.Errorf("acts of block %d: %w", c.Height, err)
		}
		kept = c.Height
		return nil
	})
}

// others are the acts of a commit that organizations of other registries decided.
func (o *Noticing) others(c *registry.Commit) (acts []OtherAct, err error) {
	for i, e := range c.Batch.Entries {
		if r := c.Outcome.Results[i]; e.Intent == nil || !r.Accepted() || r.Repeat {
			continue
		}
		elsewhere, err := o.elsewhere(e.Intent.Organization)
		if err != nil {
			return nil, err
		}
		if elsewhere {
			acts = append(acts, OtherAct{Intent: *e.Intent, Recorded: time.Unix(c.Batch.Time, 0), Height: c.Height})
		}
	}
	return acts, nil
}
