package office

import (
	"context"
	"slices"
	"sync"
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
		// Lookup tells what became of a transaction. CodeNotFound: it is not on
		// the ledger and never will be.
		Lookup(ctx context.Context, namespace, id string) (*registry.Commit, error)
		// Follow is for the drill, which believes no table.
		Follow(ctx context.Context, from uint64, fn func(*registry.Commit) error) error
	}
	sealer interface {
		RegisterOrder(ctx context.Context, order registry.Order, warrant registry.Warrant) (*registry.Entry, error)
		author
		ActsFor(ctx context.Context, organization string) error
	}
	sheets OrderSheetStore // nil: orders are signed elsewhere
	tell   func()          // other members, that something changed; nil: nothing is exchanged
	wake   chan struct{}   // Work

	mu     sync.Mutex
	inHand map[sm.Digest]int // sheets that are being submitted
}

// Govern sets governance records on the ledger, in order, and returns when the
// view has seen them. Where the signer asks for governors they are put on a
// sheet and the error is *Awaiting. A refused one is returned as its coded
// error; the others stand.
func (o *Governing) Govern(ctx context.Context, by registry.Actor, drafts []OrderDraft) error {
	if err := by.MayOperate(); err != nil {
		return err
	}
	return o.govern(ctx, by, drafts)
}

// govern is Govern for the office's own orders: those that another use case has
// found allowed. by is whose doing they are, the zero Actor for the registry's
// own: a sheet that they wait on names it as its drafter.
func (o *Governing) govern(ctx context.Context, by registry.Actor, drafts []OrderDraft) error {
	// 1. Each order follows the last one for its record.
	orders, err := o.draftOrders(drafts)
	if err != nil {
		return err
	}
	// 2. What another member's signer has to sign as well travels there on a sheet.
	travels, err := o.travels(ctx, orders)
	if err != nil {
		return err
	}
	if travels && slices.ContainsFunc(drafts, func(d OrderDraft) bool { return len(d.Warrant.Case) > 0 }) {
		return registry.Errorf(registry.CodeActKey, "organization", "what follows from a case file is for the registry of the organization that orders it")
	}
	if travels {
		return o.await(ctx, by, orders)
	}
	// 3. The organization's signer keeps it, so that the act key will sign.
	warrants := map[*registry.Order]registry.Warrant{}
	for i, order := range orders {
		warrants[order] = drafts[i].Warrant
	}
	entries, err := o.register(ctx, orders, func(order *registry.Order) registry.Warrant { return warrants[order] })
	if registry.CodeOf(err) == registry.CodeApprovalMissing && o.sheets != nil && len(entries) == 0 {
		return o.await(ctx, by, orders)
	}
	if err != nil {
		return err
	}
	// 4. To the ledger, and wait for the view.
	return o.setOrders(ctx, o.sealer, entries)
}

// orderer is in whose name this registry orders what an organization or the city may
// order: the city's at the city's registry, and at another member's the organization's
// own. No signer but the city's has the city's act key.
func (o *Governing) orderer(organization string) (string, error) {
	rules, err := o.rules()
	if err != nil {
		return "", err
	}
	if here, err := o.serves(rules.City); err != nil || here {
		return rules.City, err
	}
	return organization, nil
}

// inNameOf is in whose name this registry orders what is an organization's own to order:
// the organization's, unless only the city can order it from here.
func (o *Governing) inNameOf(organization string) (string, error) {
	if here, err := o.serves(organization); err != nil || here {
		return organization, err
	}
	return o.orderer(organization)
}

// Enroll orders the approver record of a person's new key (orderer), for the person
// whose account it is (Actor.MayEnroll). CodeForbidden.
func (o *Governing) Enroll(ctx context.Context, by registry.Actor, key *registry.Approver) error {
	if err := by.MayEnroll(key); err != nil {
		return err
	}
	organization, err := o.orderer(key.Organization)
	if err != nil {
		return err
	}
	return o.govern(ctx, by, []OrderDraft{{Organization: organization, Basis: "通行密钥登记", Record: key}})
}

// draftOrders are what drafts become: each after the last one for its record.
// They hold until another order changes one of the records. What reaches into
// the past is refused here already (registry.CheckOrderTime): the contract
// would, after everybody has signed.
func (o *Governing) draftOrders(drafts []OrderDraft) ([]*registry.Order, error) {
	now := o.now()
	rules, err := recordOf[*registry.Rules](o.common, registry.KindRules, registry.CurrentRules)
	if err != nil {
		return nil, err
	}
	var orders []*registry.Order
	for _, ord := range drafts {
		order, err := o.order(ord, now)
		if err != nil {
			return nil, err
		}
		before, _, err := o.view.Record(ord.Record.Kind(), ord.Record.Name())
		if err != nil {
			return nil, err
		}
		if err := registry.CheckOrderTime(rules, before, ord.Record, order.Decided, now.Unix()); err != nil {
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
	order, err := registry.NewOrder(ord.Organization, ord.Record, ord.Basis, decided.Unix(), sequence, previous)
	if err != nil {
		return nil, err
	}
	return order, order.CheckTexts()
}

// register has the signer keep orders; it returns those that it kept before it
// refused one.
func (o *Governing) register(ctx context.Context, orders []*registry.Order, warrant func(*registry.Order) registry.Warrant) ([]*registry.Entry, error) {
	var entries []*registry.Entry
	for _, order := range orders {
		entry, err := o.sealer.RegisterOrder(ctx, *order, warrant(order))
		if err != nil {
			return entries, err
		}
		entries = append(entries, entry)
	}
	return entries, nil
}

// setOrders submits registered orders, under the authors' signatures, and waits for the view. Orders that are
// on the ledger already are harmless.
func (o *Governing) setOrders(ctx context.Context, by author, entries []*registry.Entry) error {
	for part := range slices.Chunk(entries, ordersMost) {
		commit, err := o.commitOrders(ctx, by, part)
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

// commitOrders brings orders to the ledger in one transaction. Another registry's
// transaction may come in between what they were judged on and their commit: then
// they are not on the ledger, and the same orders go into a new transaction.
func (o *Governing) commitOrders(ctx context.Context, by author, entries []*registry.Entry) (*registry.Commit, error) {
	for tried := time.Now(); ; {
		version, err := o.rulesOf(entries)
		if err != nil {
			return nil, err
		}
		batch := registry.Batch{Namespace: registry.Governance, Rules: version, Time: o.now().Unix(), Entries: entries}
		if err := signBatch(ctx, by, &batch); err != nil {
			return nil, err
		}
		commit, err := o.submit(ctx, batch)
		if registry.CodeOf(err) != registry.CodeLedgerConflict || time.Since(tried) > ordersPatience {
			return commit, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(ordersAgain):
		}
	}
}

// rulesOf is the version that a batch of orders is made for: that of the rules
// in force, or, before there are any, of the rules that it opens the ledger with.
func (o *Governing) rulesOf(entries []*registry.Entry) (int, error) {
	rules, err := recordOf[*registry.Rules](o.common, registry.KindRules, registry.CurrentRules)
	if err != nil {
		return 0, err
	}
	if rules == nil {
		first, err := entries[0].Order.Decode()
		if err != nil {
			return 0, err
		}
		opening, ok := first.(*registry.Rules)
		if !ok {
			return 0, registry.Errorf(registry.CodeRules, "", "the ledger begins with its rules")
		}
		rules = opening
	}
	return rules.Version, nil
}

// How long and how often the ledger is asked for orders whose outcome is not
// clear, and asked again for those that met another registry's.
const (
	ordersPatience = time.Minute
	ordersAgain    = 500 * time.Millisecond
)

// submit hands orders to the ledger. An unclear answer says nothing of them, so
// the ledger is asked by the transaction's id until it says yes or never.
// CodeUnavailable when it said never, or nothing: the same orders may be handed
// in again either way.
func (o *Governing) submit(ctx context.Context, batch registry.Batch) (*registry.Commit, error) {
	tx, err := o.ledger.Prepare(ctx, batch)
	if err != nil {
		return nil, err
	}
	commit, unclear := o.ledger.Submit(ctx, tx)
	if registry.CodeOf(unclear) != registry.CodeUnavailable {
		return commit, unclear
	}
	ctx, cancel := context.WithTimeout(ctx, ordersPatience)
	defer cancel()
	for {
		commit, err := o.ledger.Lookup(ctx, batch.Namespace, tx.ID)
		switch registry.CodeOf(err) {
		case "":
			return commit, nil
		case registry.CodeNotFound:
			return nil, unclear
		}
		select {
		case <-ctx.Done():
			return nil, unclear
		case <-time.After(ordersAgain):
		}
	}
}

func nameOf(order *registry.Order) string {
	record, err := order.Decode()
	if err != nil {
		return ""
	}
	return record.Name()
}
