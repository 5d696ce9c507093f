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
func (o *Office) CompromiseDrill(ctx context.Context, seals []string, since time.Time) (*Drill, error) {
	d := &Drill{Seals: seals, Since: since}
	err := o.Ledger.Follow(ctx, 1, func(c *registry.Commit) error {
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
			if err := d.add(o, e.Intent, time.Unix(e.Sealed, 0), recorded); err != nil {
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

func (d *Drill) add(o *Office, in *registry.Intent, sealed, recorded time.Time) error {
	standing, err := o.View.Standing(in.Identifier.Base())
	if err != nil {
		return err
	}
	item := Doubtful{Identifier: in.Identifier, Act: in.Act, Seal: in.Seal, Decision: in.Decision, Intent: in.Digest(),
		Sealed: sealed.In(registry.China), Recorded: recorded.In(registry.China)}
	if standing.License != nil {
		item.State = standing.License.State
	}
	d.Doubtful = append(d.Doubtful, item)
	return nil
}

// SetSealState gives a seal a new state on the ledger: suspended, lost, in use
// again, retired. What was sealed before stays as it is.
func (o *Office) SetSealState(ctx context.Context, id string, state registry.SealState, basis string) error {
	filed, err := recordOf[*registry.SealRecord](o, registry.KindSeal, id)
	switch {
	case err != nil:
		return err
	case filed == nil:
		return registry.Errorf(registry.CodeSealUnknown, "seal", "seal %s is not on file", id)
	case basis == "":
		return registry.Errorf(registry.CodeMissing, "basis", "a seal's state changes on a basis: report, decision, notice")
	}
	now := o.now().Unix()
	switch was := filed.StateAt(now); {
	case was == state:
		return nil
	case was == registry.SealRetired:
		return registry.Errorf(registry.CodeSealState, "seal", "seal %s is retired for good", id)
	}
	changed := *filed
	changed.History = append(slices.Clone(filed.History), registry.SealEvent{State: state, At: now, Basis: basis})
	return o.Govern(ctx, []Ordinance{{Organization: filed.Owner, Record: &changed, Basis: basis}})
}

// FileSeal puts a seal on the ledger that the signer has checked and kept.
func (o *Office) FileSeal(ctx context.Context, record *registry.SealRecord, basis string) error {
	if before, err := recordOf[*registry.SealRecord](o, registry.KindSeal, record.ID); err != nil {
		return err
	} else if before != nil {
		if before.Digest == record.Digest {
			return nil
		}
		return registry.Errorf(registry.CodeStale, "seal", "seal %s is on file with another impression or certificate: file the new one under its new id and retire this", record.ID)
	}
	rules, err := o.rules()
	if err != nil {
		return err
	}
	return o.Govern(ctx, []Ordinance{{Organization: rules.City, Record: record, Basis: basis}})
}
