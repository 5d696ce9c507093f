package office

import (
	"context"
	"slices"
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

// Sheet (治理令) is a set of governance orders that governors sign together:
// who may act, under which seal, with which keys. Digest names it and is what
// they sign (registry.SheetDigest).
type Sheet struct {
	Digest    sm.Digest
	Orders    []*registry.Order
	Approvals []registry.Approval
	Step      SheetStep
	Refusal   registry.Code // of step refused
	Detail    string
	Drafter   string // account
	Created   time.Time
}

// Organizations are those in whose names the orders are.
func (s *Sheet) Organizations() []string {
	var codes []string
	for _, o := range s.Orders {
		if !slices.Contains(codes, o.Organization) {
			codes = append(codes, o.Organization)
		}
	}
	return codes
}

func (s *Sheet) digests() []sm.Digest {
	var all []sm.Digest
	for _, o := range s.Orders {
		all = append(all, o.Digest())
	}
	return all
}

func (s *Sheet) warrant(int) registry.Warrant {
	return registry.Warrant{Sheet: s.digests(), Approvals: s.Approvals}
}

// SheetStore keeps order sheets. Every method is durable when it returns.
type SheetStore interface {
	// AddSheet keeps a sheet; the same one again is harmless.
	AddSheet(ctx context.Context, s *Sheet) error
	// Sheet returns one by its digest. CodeNotFound.
	Sheet(ctx context.Context, digest sm.Digest) (*Sheet, error)
	// Sheets lists the newest sheets, open ones first, at most limit.
	Sheets(ctx context.Context, limit int) ([]*Sheet, error)
	// ApproveSheet adds a signature to an open sheet. CodeStale when another
	// came in between (have is the number the caller saw).
	ApproveSheet(ctx context.Context, digest sm.Digest, have int, a registry.Approval) error
	// EndSheet moves an open sheet to another step. CodeActState when it is not
	// open.
	EndSheet(ctx context.Context, digest sm.Digest, step SheetStep, code registry.Code, detail string) error
}

// DraftSheet puts ordinances on a sheet for governors to sign. Before the
// ledger has rules the first ordinance is theirs: the genesis, which a keeper
// of the signer signs.
func (o *Office) DraftSheet(ctx context.Context, by registry.Actor, ordinances []Ordinance) (*Sheet, error) {
	if err := mayGovern(by); err != nil {
		return nil, err
	}
	if len(ordinances) == 0 || len(ordinances) > sheetMost {
		return nil, registry.Errorf(registry.CodeMissing, "orders", "1 to %d orders", sheetMost)
	}
	orders, err := o.draftOrders(ordinances)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, ord := range ordinances {
		key := registry.RecordKey(ord.Record.Kind(), ord.Record.Name())
		if seen[key] {
			return nil, registry.Errorf(registry.CodeMalformed, "orders", "two orders for one record: %s", key)
		}
		seen[key] = true
	}
	return o.addSheet(ctx, by, orders)
}

// sheetMost bounds a sheet: people are to read it.
const sheetMost = 2000

func mayGovern(by registry.Actor) error {
	if by.Admin || slices.Contains(by.Roles, registry.RoleGovernor) {
		return nil
	}
	return registry.Errorf(registry.CodeForbidden, "", "order sheets are for governors and operators")
}

func (o *Office) addSheet(ctx context.Context, by registry.Actor, orders []*registry.Order) (*Sheet, error) {
	s := &Sheet{Orders: orders, Step: SheetOpen, Drafter: by.Account, Created: o.now()}
	s.Digest = registry.SheetDigest(s.digests())
	if err := o.Sheets.AddSheet(ctx, s); err != nil {
		return nil, err
	}
	return o.Sheets.Sheet(ctx, s.Digest)
}

// await puts orders that lack governors' signatures on a sheet.
func (o *Office) await(ctx context.Context, by registry.Actor, orders []*registry.Order) error {
	s, err := o.addSheet(ctx, by, orders)
	if err != nil {
		return err
	}
	return &Awaiting{s.Digest}
}

// ApproveSheet adds a governor's signature; the last one has the orders set.
// Signing again a sheet whose signatures are complete tries the ledger again.
func (o *Office) ApproveSheet(ctx context.Context, by registry.Actor, digest sm.Digest, approval registry.Approval) (*Sheet, error) {
	s, err := o.OpenSheet(ctx, by, digest)
	if err != nil {
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
	if !again {
		if err := o.Sheets.ApproveSheet(ctx, digest, have, approval); err != nil {
			return nil, err
		}
	}
	if missing {
		return s, nil
	}
	// 3. Complete: to the ledger.
	return o.setSheet(ctx, s)
}

// OpenSheet reads a sheet that can still be signed.
func (o *Office) OpenSheet(ctx context.Context, by registry.Actor, digest sm.Digest) (*Sheet, error) {
	if err := mayGovern(by); err != nil {
		return nil, err
	}
	s, err := o.Sheets.Sheet(ctx, digest)
	if err == nil && s.Step != SheetOpen {
		err = registry.Errorf(registry.CodeActState, "sheet", "the sheet is %s", s.Step)
	}
	return s, err
}

// checkSheet: governors' signatures for every organization in whose name the
// sheet orders. Before the ledger has rules only the signer knows its keepers.
func (o *Office) checkSheet(ctx context.Context, s *Sheet) error {
	rules, err := recordOf[*registry.Rules](o, registry.KindRules, "current")
	if err != nil {
		return err
	}
	if rules == nil {
		_, err := o.register(ctx, s.Orders, s.warrant)
		return err
	}
	control, err := o.control(s.Approvals)
	if err != nil {
		return err
	}
	for _, organization := range s.Organizations() {
		if err := control.Govern(organization, rules.City, o.now().Unix(), s.Digest, s.Approvals); err != nil {
			return err
		}
	}
	return nil
}

// setSheet brings a signed sheet to the ledger. What is out of reach leaves it
// open; a refusal ends it, and what came before the refused order stands.
func (o *Office) setSheet(ctx context.Context, s *Sheet) (*Sheet, error) {
	entries, err := o.register(ctx, s.Orders, s.warrant)
	if err == nil {
		err = o.setOrders(ctx, entries)
	}
	code := registry.CodeOf(err)
	switch {
	case err == nil:
		err = o.Sheets.EndSheet(ctx, s.Digest, SheetSet, "", "")
	case code.Kind() == registry.KindUnavailable || code.Kind() == registry.KindInternal || code == registry.CodeTimeout:
		return nil, err
	default:
		if ended := o.Sheets.EndSheet(ctx, s.Digest, SheetRefused, code, err.Error()); ended != nil {
			return nil, ended
		}
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	return o.Sheets.Sheet(ctx, s.Digest)
}

// DropSheet gives an open sheet up.
func (o *Office) DropSheet(ctx context.Context, by registry.Actor, digest sm.Digest) error {
	if _, err := o.OpenSheet(ctx, by, digest); err != nil {
		return err
	}
	return o.Sheets.EndSheet(ctx, digest, SheetDropped, "", "")
}
