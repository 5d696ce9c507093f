package office

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// SheetStep is where an order sheet stands.
type SheetStep string

const (
	SheetOpen    SheetStep = "open"    // waits for signatures, or for the ledger
	SheetSet     SheetStep = "set"     // every order is on the ledger
	SheetRefused SheetStep = "refused" // one was refused; those before it stand
	SheetDropped SheetStep = "dropped" // given up
)

// SheetSteps lists the steps; SQL constraint and API enum are compared with it.
func SheetSteps() []SheetStep {
	return []SheetStep{SheetOpen, SheetSet, SheetRefused, SheetDropped}
}

// OrderSheet (治理令) is a set of governance orders that governors sign together:
// who may act, under which seal, with which keys. Digest names it and is what
// they sign (registry.SheetDigest).
type OrderSheet struct {
	Digest    sm.Digest
	Orders    []*registry.Order
	Approvals []registry.Approval
	Step      SheetStep
	Refusal   registry.Code // of step refused
	Detail    string
	Drafter   string // account
	Created   time.Time
	Updated   time.Time // when a signature was added, or its step changed
	Home      string    // member whose registry drafted it; empty: here
	Travels   bool      // it orders in the names of several members' organizations
	Tell      []string  // members who take part, to be told of a change; not kept
}

// Organizations are those in whose names the orders are.
func (s *OrderSheet) Organizations() []string {
	var codes []string
	for _, o := range s.Orders {
		if !slices.Contains(codes, o.Organization) {
			codes = append(codes, o.Organization)
		}
	}
	return codes
}

func (s *OrderSheet) digests() []sm.Digest {
	var all []sm.Digest
	for _, o := range s.Orders {
		all = append(all, o.Digest())
	}
	return all
}

// OrderSheetStore keeps order sheets. Every method is durable when it returns.
type OrderSheetStore interface {
	// AddSheet keeps a sheet; the same one again is harmless. This and every later
	// change tells the members named in Tell, in the same transaction.
	AddSheet(ctx context.Context, s *OrderSheet) error
	// Sheet returns one by its digest. CodeNotFound.
	Sheet(ctx context.Context, digest sm.Digest) (*OrderSheet, error)
	// Sheets lists the newest sheets that are wanted, open ones first, at most
	// limit.
	Sheets(ctx context.Context, limit int, wanted func(*OrderSheet) bool) ([]*OrderSheet, error)
	// ApproveSheet adds signatures to an open sheet. CodeStale when another
	// came in between (have is the number the caller saw).
	ApproveSheet(ctx context.Context, s *OrderSheet, have int, more ...registry.Approval) error
	// EndSheet moves an open sheet to another step, and to set, which is the ledger's
	// word, one of any. CodeActState when it is not open.
	EndSheet(ctx context.Context, s *OrderSheet, step SheetStep, code registry.Code, detail string) error
	// Traveling lists the open sheets that are several members', the oldest first.
	Traveling(ctx context.Context) ([]*OrderSheet, error)
	// Parts are what signers signed of a sheet, by member; this registry's own, of a
	// sheet of another home, under no name.
	Parts(ctx context.Context, digest sm.Digest) (map[string][]byte, error)
	// KeepPart keeps one of them; the last word counts.
	KeepPart(ctx context.Context, s *OrderSheet, member string, body []byte) error
	// DropPart removes one.
	DropPart(ctx context.Context, s *OrderSheet, member string) error
}

// Draft puts drafts on a sheet for governors to sign; who may draft what is
// Actor.MayDraft. Before the ledger has rules the first draft is theirs: the
// genesis, which a keeper of the signer signs. CodeForbidden.
func (o *Governing) Draft(ctx context.Context, by registry.Actor, drafts []OrderDraft) (*OrderSheet, error) {
	if err := by.MayGovern(); err != nil {
		return nil, err
	}
	if len(drafts) == 0 || len(drafts) > sheetMost {
		return nil, registry.Errorf(registry.CodeMissing, "orders", "1 to %d orders", sheetMost)
	}
	if err := o.mayDraft(by, drafts); err != nil {
		return nil, err
	}
	orders, err := o.draftOrders(drafts)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, ord := range drafts {
		key := registry.RecordKey(ord.Record.Kind(), ord.Record.Name())
		if seen[key] {
			return nil, registry.Errorf(registry.CodeMalformed, "orders", "two orders for one record: %s", key)
		}
		seen[key] = true
	}
	return o.addSheet(ctx, by.Account, orders)
}

// mayDraft lets pass whoever may draft every order.
func (o *Governing) mayDraft(by registry.Actor, drafts []OrderDraft) error {
	rules, err := recordOf[*registry.Rules](o.common, registry.KindRules, registry.CurrentRules)
	if err != nil {
		return err
	}
	for i, draft := range drafts {
		before, _, err := o.view.Record(draft.Record.Kind(), draft.Record.Name())
		if err != nil {
			return err
		}
		if !by.MayDraft(rules, draft.Organization, before, draft.Record, o.now().Unix()) {
			return registry.Errorf(registry.CodeForbidden, "orders."+strconv.Itoa(i)+".organization", "this account drafts for %s: its governors or the city's draft this", by.Organization)
		}
	}
	return nil
}

// sheetMost bounds a sheet: people are to read it.
const sheetMost = 2000

func (o *Governing) addSheet(ctx context.Context, drafter string, orders []*registry.Order) (*OrderSheet, error) {
	s := &OrderSheet{Orders: orders, Step: SheetOpen, Drafter: drafter, Created: o.now()}
	s.Digest = registry.SheetDigest(s.digests())
	var err error
	if s.Travels, err = o.travels(ctx, orders); err != nil {
		return nil, err
	}
	if err := o.address(s); err != nil {
		return nil, err
	}
	if err := o.sheets.AddSheet(ctx, s); err != nil {
		return nil, err
	}
	o.changed(s)
	return o.sheets.Sheet(ctx, s.Digest)
}

// await puts orders that lack governors' signatures on a sheet; by is whose
// doing asked for them.
func (o *Governing) await(ctx context.Context, by registry.Actor, orders []*registry.Order) error {
	s, err := o.addSheet(ctx, by.Account, orders)
	if err != nil {
		return err
	}
	return &Awaiting{s.Digest}
}

// Approve adds a governor's signature, handed in by the governor; the last one
// has the orders set. Signing again a sheet whose signatures are complete tries
// the ledger again. Before the ledger has rules it knows nobody's person: the
// genesis is signed by a keeper's key file, handed in by who drafted it.
func (o *Governing) Approve(ctx context.Context, by registry.Actor, digest sm.Digest, approval registry.Approval) (*OrderSheet, error) {
	s, err := o.Open(ctx, by, digest)
	if err != nil {
		return nil, err
	}
	if err := o.signs(by, approval.KeyID); err != nil {
		return nil, err
	}
	// 1. The signature holds and counts. (The signer asks again, from the ledger.)
	have := len(s.Approvals)
	again := slices.ContainsFunc(s.Approvals, func(a registry.Approval) bool { return a.KeyID == approval.KeyID })
	if !again {
		s.Approvals = append(s.Approvals, approval)
	}
	err = o.checkSheet(ctx, s)
	missing := registry.CodeOf(err) == registry.CodeApprovalMissing
	if err != nil && !missing {
		return nil, err
	}
	// 2. Keep it.
	if again && missing {
		return nil, registry.Errorf(registry.CodeApprovalTwice, "approvals", "key %s has already signed", approval.KeyID)
	}
	if err := o.address(s); err != nil {
		return nil, err
	}
	if !again {
		if err := o.sheets.ApproveSheet(ctx, s, have, approval); err != nil {
			return nil, err
		}
		o.changed(s)
	}
	if missing || s.Travels {
		return s, nil // what is several members' goes on by itself (Governing.Work)
	}
	// 3. Complete: to the ledger.
	return o.setSheet(ctx, s)
}

// Open reads a sheet that can still be signed. CodeNotFound, CodeActState.
func (o *Governing) Open(ctx context.Context, by registry.Actor, digest sm.Digest) (*OrderSheet, error) {
	s, err := o.Sheet(ctx, by, digest)
	if err == nil && s.Step != SheetOpen {
		err = registry.Errorf(registry.CodeActState, "sheet", "the sheet is %s", s.Step)
	}
	return s, err
}

// checkSheet: governors' signatures for every organization in whose name the
// sheet orders, each by those that count for it; one that counts for none is refused.
// Before the ledger has rules only the signer knows its keepers.
func (o *Governing) checkSheet(ctx context.Context, s *OrderSheet) error {
	rules, err := recordOf[*registry.Rules](o.common, registry.KindRules, "current")
	if err != nil {
		return err
	}
	if rules == nil {
		_, err := o.register(ctx, s.Orders, o.warrants(s))
		return err
	}
	count, missing := map[sm.KeyID]bool{}, error(nil)
	for _, organization := range s.Organizations() {
		own := o.approvalsFor(rules.City, organization, s.Approvals)
		for _, a := range own {
			count[a.KeyID] = true
		}
		err := o.law().CheckGoverned(organization, o.now().Unix(), s.Digest, own)
		if err != nil && registry.CodeOf(err) != registry.CodeApprovalMissing {
			return err
		}
		missing = cmp.Or(missing, err)
	}
	for _, a := range s.Approvals {
		if !count[a.KeyID] {
			return registry.Errorf(registry.CodeApprovalUnknown, "approvals", "key %s is no governor's of an organization that orders here, or of the city", a.KeyID)
		}
	}
	return missing
}

// approvalsFor are the signatures that count for one organization's orders: those of its
// own people and the city's, and those of keys that nobody knows, which are refused.
func (o *Governing) approvalsFor(city, organization string, all []registry.Approval) (own []registry.Approval) {
	for _, a := range all {
		key, err := recordOf[*registry.Approver](o.common, registry.KindApprover, string(a.KeyID))
		if err != nil || key == nil || key.Organization == organization || key.Organization == city {
			own = append(own, a)
		}
	}
	return own
}

// warrants are what the signer is shown for each order of a sheet.
func (o *Governing) warrants(s *OrderSheet) func(*registry.Order) registry.Warrant {
	return func(order *registry.Order) registry.Warrant {
		w := registry.Warrant{Sheet: s.digests(), Approvals: s.Approvals}
		if rules, err := o.rules(); err == nil {
			w.Approvals = o.approvalsFor(rules.City, order.Organization, s.Approvals)
		}
		return w
	}
}

// setSheet brings a signed sheet to the ledger. What is out of reach leaves it
// open; a refusal ends it, and what came before the refused order stands.
func (o *Governing) setSheet(ctx context.Context, s *OrderSheet) (set *OrderSheet, err error) {
	err = o.submitting(ctx, s, func() error {
		entries, err := o.register(ctx, s.Orders, o.warrants(s))
		if err == nil {
			err = o.setOrders(ctx, o.sealer, entries)
		}
		set, err = o.ended(ctx, s, err)
		return err
	})
	return set, err
}

// submitting does what brings an open sheet to the ledger; nobody gives it up meanwhile.
func (o *Governing) submitting(ctx context.Context, s *OrderSheet, do func() error) error {
	o.mu.Lock()
	if o.inHand == nil {
		o.inHand = map[sm.Digest]int{}
	}
	o.inHand[s.Digest]++
	o.mu.Unlock()
	defer func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		if o.inHand[s.Digest]--; o.inHand[s.Digest] == 0 {
			delete(o.inHand, s.Digest)
		}
	}()
	now, err := o.sheets.Sheet(ctx, s.Digest)
	if err == nil && now.Step != SheetOpen {
		err = registry.Errorf(registry.CodeActState, "sheet", "the sheet is %s", now.Step)
	}
	if err != nil {
		return err
	}
	return do()
}

// giveUp ends an open sheet that is not being submitted. CodeActInProgress, CodeActState.
func (o *Governing) giveUp(ctx context.Context, s *OrderSheet, detail string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.inHand[s.Digest] > 0 {
		return registry.Errorf(registry.CodeActInProgress, "sheet", "the sheet is being brought to the ledger: look again when that is over")
	}
	set, err := o.onLedger(s)
	if err != nil {
		return err
	}
	if set {
		if err := o.sheets.EndSheet(ctx, s, SheetSet, "", ""); err != nil {
			return err
		}
		return registry.Errorf(registry.CodeActState, "sheet", "the sheet is %s", SheetSet)
	}
	return o.sheets.EndSheet(ctx, s, SheetDropped, "", detail)
}

// ended ends a sheet by what became of its orders.
func (o *Governing) ended(ctx context.Context, s *OrderSheet, err error) (*OrderSheet, error) {
	code := registry.CodeOf(err)
	switch {
	case err == nil:
		err = o.sheets.EndSheet(ctx, s, SheetSet, "", "")
	case code.Kind() == registry.KindUnavailable || code.Kind() == registry.KindInternal || code == registry.CodeTimeout:
		return nil, err
	default:
		if ended := o.sheets.EndSheet(ctx, s, SheetRefused, code, err.Error()); ended != nil {
			return nil, ended
		}
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	return o.sheets.Sheet(ctx, s.Digest)
}

// Drop gives an open sheet up. CodeNotFound, CodeActState; CodeActInProgress while it is
// being submitted.
func (o *Governing) Drop(ctx context.Context, by registry.Actor, digest sm.Digest) error {
	s, err := o.Open(ctx, by, digest)
	if err != nil {
		return err
	}
	if err := o.address(s); err != nil {
		return err
	}
	err = o.giveUp(ctx, s, "")
	o.changed(s)
	return err
}

// Sheets lists the newest order sheets that are for the actor, open ones first,
// at most limit.
func (o *Governing) Sheets(ctx context.Context, by registry.Actor, limit int) ([]*OrderSheet, error) {
	sees, err := o.seesSheets(by)
	if err != nil {
		return nil, err
	}
	return o.sheets.Sheets(ctx, limit, sees)
}

// Sheet reads an order sheet in any step. CodeNotFound, also for one that is
// not for the actor.
func (o *Governing) Sheet(ctx context.Context, by registry.Actor, digest sm.Digest) (*OrderSheet, error) {
	sees, err := o.seesSheets(by)
	if err != nil {
		return nil, err
	}
	s, err := o.sheets.Sheet(ctx, digest)
	if err != nil {
		return nil, err
	}
	if !sees(s) {
		return nil, registry.Errorf(registry.CodeNotFound, "sheet", "no such order sheet for this account")
	}
	return s, nil
}

// seesSheets asks registry's rule with what it needs at hand
// (Actor.MaySeeSheet). CodeForbidden for who has to do with none.
func (o *Governing) seesSheets(by registry.Actor) (func(*OrderSheet) bool, error) {
	if err := by.MayGovern(); err != nil {
		return nil, err
	}
	rules, err := recordOf[*registry.Rules](o.common, registry.KindRules, registry.CurrentRules)
	if err != nil {
		return nil, err
	}
	var city string
	if rules != nil {
		city = rules.City
	}
	return func(s *OrderSheet) bool {
		return by.MaySeeSheet(registry.SheetParties{Drafter: s.Drafter, Organizations: s.Organizations(), City: city})
	}, nil
}

// Keeps tells whether order sheets are kept and signed here.
func (o *Governing) Keeps() bool { return o.sheets != nil }

// Records lists the governance records of a kind for those who order them, or
// the one of this name. CodeNotFound.
func (o *Governing) Records(_ context.Context, by registry.Actor, kind registry.RecordKind, name string) ([]registry.GovernanceRecord, error) {
	if err := by.MayGovern(); err != nil {
		return nil, err
	}
	if name == "" {
		records, err := o.view.Records(kind)
		return slices.DeleteFunc(records, func(r registry.GovernanceRecord) bool { return err != nil || !o.reads(by, r) }), err
	}
	record, _, err := o.view.Record(kind, name)
	if err == nil && (record == nil || !o.reads(by, record)) {
		return nil, registry.Errorf(registry.CodeNotFound, "name", "no such record")
	}
	return []registry.GovernanceRecord{record}, err
}

// reads tells whether the actor may read the record: of an examination only the
// parties of its case know.
func (o *Governing) reads(by registry.Actor, record registry.GovernanceRecord) bool {
	x, ok := record.(*registry.Examination)
	if !ok {
		return true
	}
	grant, err := recordOf[*registry.Grant](o.common, registry.KindGrant, x.Grant)
	return err == nil && grant != nil && by.MayHandle(grant)
}

// Asked is how many persons a sheet takes: two governors, and one keeper of the
// signer before the ledger has rules.
func (o *Governing) Asked(_ context.Context, by registry.Actor) (int, error) {
	if err := by.MayGovern(); err != nil {
		return 0, err
	}
	rules, err := recordOf[*registry.Rules](o.common, registry.KindRules, registry.CurrentRules)
	if rules == nil {
		return 1, err
	}
	return registry.GovernorsAsked, err
}
