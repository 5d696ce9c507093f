package office

import (
	"context"
	"errors"
	"slices"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Doubtful is one act that was sealed under a stolen key and has no anchor from
// before the theft: nothing but the key vouches for its time.
type Doubtful struct {
	Identifier registry.Identifier `json:"identifier"`
	Act        registry.Act        `json:"act"`
	Seal       string              `json:"seal"`
	Decision   string              `json:"decision"`
	Sealed     time.Time           `json:"sealed"`   // as the signer said
	Recorded   time.Time           `json:"recorded"` // by the ledger; zero: not anchored yet
	Intent     sm.Digest           `json:"intent"`
	State      registry.State      `json:"state"` // of the license now
}

// Drill is what follows from a theft.
type Drill struct {
	Seals    []string   `json:"seals"`    // to be suspended
	Since    time.Time  `json:"since"`    //
	Earlier  int        `json:"earlier"`  // anchored before the theft: they stay as they are
	Doubtful []Doubtful `json:"doubtful"` // to be looked at, and suspended
}

var errEnough = errors.New("the ledger's end")

// CompromiseDrill lists what was sealed with the seals and has no anchor from
// before since. It reads the ledger, not the registry's tables.
func (o *Governing) CompromiseDrill(ctx context.Context, by registry.Actor, seals []string, since time.Time) (*Drill, error) {
	if err := by.MayOperate(); err != nil {
		return nil, err
	}
	d := &Drill{Seals: seals, Since: since}
	err := o.ledger.Follow(ctx, 1, func(c *registry.Commit) error {
		if c == nil {
			return errEnough
		}
		for i, e := range c.Batch.Entries {
			if e.Intent == nil || !slices.Contains(seals, e.Intent.Seal) || e.Seal.IsZero() ||
				!c.Outcome.Results[i].Accepted() || c.Outcome.Results[i].Repeat {
				continue
			}
			recorded := time.Unix(c.Batch.Time, 0)
			if recorded.Before(since) {
				d.Earlier++
				continue
			}
			if err := d.add(o.view, e.Intent, time.Unix(e.Sealed, 0), recorded); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return nil, err
	}
	return d, nil
}

func (d *Drill) add(view StatusView, in *registry.Intent, sealed, recorded time.Time) error {
	standing, err := view.Standing(in.Identifier.Base())
	if err != nil {
		return err
	}
	item := Doubtful{Identifier: in.Identifier, Act: in.Act, Seal: in.Seal, Decision: in.Decision, Intent: in.Digest(),
		Sealed: sealed.In(registry.China), Recorded: recorded.In(registry.China)}
	if standing.License != nil {
		item.State, _ = standing.State()
	}
	d.Doubtful = append(d.Doubtful, item)
	return nil
}
