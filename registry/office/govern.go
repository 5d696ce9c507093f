package office

import (
	"context"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Ordinance is one governance record to set, by whom and on what basis.
type Ordinance struct {
	Organization string
	Record       registry.GovernanceRecord
	Basis        string
	Decided      time.Time // now when zero
	// Approvals are two governors' signatures over the order (DraftOrder): what
	// the signer asks for. Decided must then be what they signed.
	Approvals []registry.Approval
}

// DraftOrder is the order that an ordinance will become, for governors to sign
// (registry.Order.Digest). It holds until another order changes the record.
func (o *Office) DraftOrder(ord Ordinance) (*registry.Order, error) { return o.order(ord, o.now()) }

// Govern sets governance records on the ledger, in order, in one transaction,
// and returns when the view has seen them. A refused one is returned as its
// coded error; the others stand.
func (o *Office) Govern(ctx context.Context, ordinances []Ordinance) error {
	now := o.now()
	batch := registry.Batch{Namespace: registry.Governance, Rules: 1, Time: now.Unix()}
	if rules, err := recordOf[*registry.Rules](o, registry.KindRules, "current"); err != nil {
		return err
	} else if rules != nil {
		batch.Rules = rules.Version
	}
	// 1. Each order follows the last one for its record.
	for _, ord := range ordinances {
		order, err := o.order(ord, now)
		if err != nil {
			return err
		}
		// 2. The organization's signer keeps it, so that the act key will sign.
		entry, err := o.Sealer.RegisterOrder(ctx, *order, ord.Approvals)
		if err != nil {
			return err
		}
		batch.Entries = append(batch.Entries, entry)
	}
	if err := o.sign(ctx, &batch); err != nil {
		return err
	}
	// 3. To the ledger, and wait for the view.
	tx, err := o.Ledger.Prepare(ctx, batch)
	if err != nil {
		return err
	}
	commit, err := o.Ledger.Submit(ctx, tx)
	if err != nil {
		return err
	}
	for i, r := range commit.Outcome.Results {
		if !r.Accepted() {
			return registry.Errorf(r.Code, r.Field, "order %d (%s %s) was refused", i+1, ordinances[i].Record.Kind(), ordinances[i].Record.Name())
		}
	}
	return o.View.Await(ctx, commit.Height)
}

func (o *Office) order(ord Ordinance, now time.Time) (*registry.Order, error) {
	_, stored, err := o.View.Record(ord.Record.Kind(), ord.Record.Name())
	if err != nil {
		return nil, err
	}
	sequence, previous := uint64(1), sm.Digest{}
	if stored != nil {
		sequence, previous = stored.Sequence+1, stored.Head
	}
	decided := ord.Decided
	if decided.IsZero() {
		decided = now
	}
	return registry.NewOrder(ord.Organization, ord.Record, ord.Basis, decided.Unix(), sequence, previous)
}
