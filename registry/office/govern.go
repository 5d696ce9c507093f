package office

import (
	"context"
	"slices"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// The path of an order: a draft says which record to set, by whom, on what
// basis; the order is the draft in the chain of its record; orders that
// governors sign together stand on an order sheet; what was signed, or the case
// file behind an examination, is the order's warrant, and the signer asks for it.

// OrderDraft is one governance record to set, by whom and on what basis.
type OrderDraft struct {
	Organization string
	Record       registry.GovernanceRecord
	Basis        string
	Decided      time.Time        // now when zero
	Warrant      registry.Warrant // an examination's case file; governors sign a sheet instead
}

// ordersMost is how many orders go to the ledger in one transaction.
const ordersMost = 200

// Awaiting is the error of orders that were put on a sheet and wait there for
// governors' signatures (Governing.Approve).
type Awaiting struct{ Sheet sm.Digest }

func (a *Awaiting) Error() string { return a.Unwrap().Error() }

// Unwrap gives it the code of what is missing.
func (a *Awaiting) Unwrap() error {
	return registry.Errorf(registry.CodeApprovalMissing, "approvals", "order sheet %s waits for the signatures of %d governors", a.Sheet, registry.GovernorsAsked)
}

// Governing sets the governance records: who may decide what, under which seal,
// with which keys.
type Governing struct {
	*common
	ledger interface {
		Prepare(ctx context.Context, batch registry.Batch) (registry.Transaction, error)
		Submit(ctx context.Context, tx registry.Transaction) (*registry.Commit, error)
		// Follow is for the drill, which believes no table.
		Follow(ctx context.Context, from uint64, fn func(*registry.Commit) error) error
	}
	sealer interface {
		RegisterOrder(ctx context.Context, order registry.Order, warrant registry.Warrant) (*registry.Entry, error)
		author
	}
	sheets OrderSheetStore // nil: orders are signed elsewhere
}

// Govern sets governance records on the ledger, in order, and returns when the
// view has seen them. Where the signer asks for governors they are put on a
// sheet and the error is *Awaiting. A refused one is returned as its coded
// error; the others stand.
func (o *Governing) Govern(ctx context.Context, by registry.Actor, drafts []OrderDraft) error {
	if err := by.MayOperate(); err != nil {
		return err
	}
	return o.govern(ctx, drafts)
}

// govern is Govern for the office's own orders: those that another use case has
// found allowed.
func (o *Governing) govern(ctx context.Context, drafts []OrderDraft) error {
	// 1. Each order follows the last one for its record.
	orders, err := o.draftOrders(drafts)
	if err != nil {
		return err
	}
	// 2. The organization's signer keeps it, so that the act key will sign.
	entries, err := o.register(ctx, orders, func(i int) registry.Warrant { return drafts[i].Warrant })
	if registry.CodeOf(err) == registry.CodeApprovalMissing && o.sheets != nil && len(entries) == 0 {
		return o.await(ctx, orders)
	}
	if err != nil {
		return err
	}
	// 3. To the ledger, and wait for the view.
	return o.setOrders(ctx, entries)
}

// Enroll orders the approver record of a person's new key, in the city's name,
// for the person whose account it is. CodeForbidden for another organization's.
func (o *Governing) Enroll(ctx context.Context, by registry.Actor, key *registry.Approver) error {
	if err := by.MayTakeStep(key.Organization); err != nil {
		return err
	}
	rules, err := o.rules()
	if err != nil {
		return err
	}
	return o.govern(ctx, []OrderDraft{{Organization: rules.City, Basis: "通行密钥登记", Record: key}})
}

// draftOrders are what drafts become: each after the last one for its record.
// They hold until another order changes one of the records.
func (o *Governing) draftOrders(drafts []OrderDraft) ([]*registry.Order, error) {
	now := o.now()
	var orders []*registry.Order
	for _, ord := range drafts {
		order, err := o.order(ord, now)
		if err != nil {
			return nil, err
		}
		orders = append(orders, order)
	}
	return orders, nil
}

func (o *Governing) order(ord OrderDraft, now time.Time) (*registry.Order, error) {
	_, stored, err := o.view.Record(ord.Record.Kind(), ord.Record.Name())
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

// register has the signer keep orders; it returns those that it kept before it
// refused one.
func (o *Governing) register(ctx context.Context, orders []*registry.Order, warrant func(i int) registry.Warrant) ([]*registry.Entry, error) {
	var entries []*registry.Entry
	for i, order := range orders {
		entry, err := o.sealer.RegisterOrder(ctx, *order, warrant(i))
		if err != nil {
			return entries, err
		}
		entries = append(entries, entry)
	}
	return entries, nil
}

// setOrders submits registered orders and waits for the view. Orders that are
// on the ledger already are harmless.
func (o *Governing) setOrders(ctx context.Context, entries []*registry.Entry) error {
	for part := range slices.Chunk(entries, ordersMost) {
		batch := registry.Batch{Namespace: registry.Governance, Rules: 1, Time: o.now().Unix(), Entries: part}
		rules, err := recordOf[*registry.Rules](o.common, registry.KindRules, "current")
		if err != nil {
			return err
		}
		if rules != nil {
			batch.Rules = rules.Version
		}
		if err := signBatch(ctx, o.sealer, &batch); err != nil {
			return err
		}
		tx, err := o.ledger.Prepare(ctx, batch)
		if err != nil {
			return err
		}
		commit, err := o.ledger.Submit(ctx, tx)
		if err != nil {
			return err
		}
		if err := o.view.Await(ctx, commit.Height); err != nil {
			return err
		}
		for i, r := range commit.Outcome.Results {
			if !r.Accepted() {
				return registry.Errorf(r.Code, r.Field, "the order for %s %s was refused", part[i].Order.Kind, nameOf(part[i].Order))
			}
		}
	}
	return nil
}

func nameOf(order *registry.Order) string {
	record, err := order.Decode()
	if err != nil {
		return ""
	}
	return record.Name()
}
