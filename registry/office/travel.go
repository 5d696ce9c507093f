package office

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// An order sheet whose orders are several members' travels: each act key is in its own
// member's signer. The registry that drafted it (its home) gives it to the others
// (ItemSheet); there governors sign it, the signer asks its own questions, and signs for
// its organizations' entries in the very transactions that the sheet makes; signatures
// come back (ItemSheetSigned). The home alone submits, all orders together. What each
// organization signs is over its own entries: it holds however often they are submitted.

// Kinds of items between members' registries, by the sheet's digest.
const (
	ItemSheet       = "sheet"        // a sheet, of its home
	ItemSheetSigned = "sheet-signed" // what was signed of it elsewhere, for its home
)

const (
	travelEvery = 5 * time.Second
	travelMost  = 200 // open sheets of other homes
)

// Traveling brings order sheets of several members from registry to registry and, at
// their home, to the ledger. It works for nobody in particular, so it takes no Actor.
type Traveling struct {
	*common
	governing *Governing
}

// sheetItem is a sheet as its home has it.
type sheetItem struct {
	Orders    []*registry.Order   `cbor:"1,keyasint"`
	Approvals []registry.Approval `cbor:"2,keyasint,omitempty"`
	Step      SheetStep           `cbor:"3,keyasint"`
	Refusal   registry.Code       `cbor:"4,keyasint,omitempty"`
	Detail    string              `cbor:"5,keyasint,omitempty"`
}

// signedItem is what another member's registry has to say of a sheet.
type signedItem struct {
	Approvals []registry.Approval `cbor:"1,keyasint,omitempty"`
	Part      []byte              `cbor:"2,keyasint,omitempty"` // canonical bytes of a signedPart
	Dropped   bool                `cbor:"3,keyasint,omitempty"`
}

// signedPart is what a member's signer signed of a sheet, or why it does not.
type signedPart struct {
	Entries [][]byte              `cbor:"1,keyasint,omitempty"` // canonical bytes, in the sheet's order
	Authors []registry.Authorship `cbor:"2,keyasint,omitempty"` // by transaction, then in order of first appearance
	Refusal registry.Code         `cbor:"3,keyasint,omitempty"`
	Detail  string                `cbor:"4,keyasint,omitempty"`
}

// keeper is the member whose registry has an organization's act key: its own, or the
// city's for a member without a registry.
func (o *Governing) keeper(organization string) (string, error) {
	owner, err := recordOf[*registry.Organization](o.common, registry.KindOrganization, organization)
	if err != nil || owner == nil {
		return "", orMissing(err, registry.CodeOrganization, "orders", organization)
	}
	service, err := recordOf[*registry.Service](o.common, registry.KindService, owner.Member)
	if err != nil || service != nil {
		return owner.Member, err
	}
	rules, err := o.rules()
	if err != nil || rules.City == organization {
		return owner.Member, err
	}
	return o.keeper(rules.City)
}

// travels tells whether another member's signer has to sign for any of the orders: the
// ledger's word, so that a signer out of reach makes no organization one's own. CodeActKey
// where none can be reached: its member does not exchange with this one, or the key of an
// organization of this registry's own is missing.
func (o *Governing) travels(ctx context.Context, orders []*registry.Order) (bool, error) {
	rules, err := recordOf[*registry.Rules](o.common, registry.KindRules, registry.CurrentRules)
	if err != nil || rules == nil {
		return false, err
	}
	away, kept := false, "" // an organization of a member that does not exchange, whose key is here
	for _, organization := range (&OrderSheet{Orders: orders}).Organizations() {
		elsewhere, reached, err := o.reached(organization)
		if err != nil {
			return false, err
		}
		if reached {
			away = true
			continue
		}
		if err := o.actsFor(ctx, o.sealer, "organization", organization); err != nil {
			return false, err
		}
		if elsewhere {
			kept = organization
		}
	}
	if away && kept != "" {
		return false, o.lacks("organization", kept)
	}
	return away, nil
}

// reached tells whether an organization's registry is another one, and whether sheets
// travel there.
func (o *Governing) reached(organization string) (elsewhere, reached bool, err error) {
	if elsewhere, err = o.elsewhere(organization); err != nil || !elsewhere || o.sheets == nil || o.tell == nil {
		return elsewhere, false, err
	}
	member, err := o.keeper(organization)
	if err != nil {
		return true, false, err
	}
	service, err := recordOf[*registry.Service](o.common, registry.KindService, member)
	return true, service.Exchanges(), err
}

// address says who is to be told of a change of a sheet that travels.
func (o *Governing) address(s *OrderSheet) (err error) {
	switch {
	case s.Home != "":
		s.Tell = []string{s.Home}
	case s.Travels:
		s.Tell, err = o.others(s)
	}
	return err
}

// others are the members whose signers have to sign for a sheet beside this one's.
func (o *Governing) others(s *OrderSheet) (members []string, err error) {
	for _, organization := range s.Organizations() {
		there, err := o.elsewhere(organization)
		if err != nil {
			return nil, err
		}
		if !there {
			continue
		}
		member, err := o.keeper(organization)
		if err != nil {
			return nil, err
		}
		members = append(members, member)
	}
	slices.Sort(members)
	return slices.Compact(members), nil
}

// changed lets other members and the worker look at a sheet that travels.
func (o *Governing) changed(s *OrderSheet) {
	if !s.Travels {
		return
	}
	if o.tell != nil {
		o.tell()
	}
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// Work brings traveling sheets forward until ctx ends: what stands in the store is
// enough, so that a restart goes on where it was.
func (o *Traveling) Work(ctx context.Context) {
	if o.governing.sheets == nil || o.governing.tell == nil {
		return
	}
	again := ordersAgain
	for ctx.Err() == nil {
		wait, err := travelEvery, o.travel(ctx)
		switch {
		case err == nil:
			again = ordersAgain
		case ctx.Err() == nil:
			if again == ordersAgain {
				o.log.Warn("traveling order sheets", "error", err)
			}
			wait, again = again, min(2*again, travelEvery)
		}
		select {
		case <-ctx.Done():
		case <-o.governing.wake:
		case <-time.After(wait):
		}
	}
}

// travel takes every open sheet one step further; one that waits holds no other up.
func (o *Traveling) travel(ctx context.Context) error {
	if rules, err := recordOf[*registry.Rules](o.common, registry.KindRules, registry.CurrentRules); err != nil || rules == nil {
		return err
	}
	sheets, err := o.governing.sheets.Traveling(ctx)
	if err != nil {
		return err
	}
	var failed error
	for _, s := range sheets {
		step := o.settle
		if s.Home != "" {
			step = o.cosign
		}
		if err := step(ctx, s); err != nil {
			failed = errors.Join(failed, fmt.Errorf("sheet %s waits: %w", s.Digest, err))
		}
	}
	return failed
}

// settle brings a sheet of this home to the ledger once every signer has signed.
func (o *Traveling) settle(ctx context.Context, s *OrderSheet) error {
	if err := o.governing.address(s); err != nil {
		return err
	}
	if set, err := o.setAlready(ctx, s); err != nil || set {
		if err == nil {
			o.governing.changed(s)
		}
		return err
	}
	parts, err := o.governing.sheets.Parts(ctx, s.Digest)
	if err != nil {
		return err
	}
	known := map[sm.Digest]*registry.Entry{}
	by := &together{author: o.governing.sealer, given: map[sm.Digest]registry.Authorship{}}
	for _, member := range s.Tell {
		if parts[member] == nil {
			return nil // waits for that member
		}
		err := o.checkPart(s, member, parts[member], known, by.given)
		if registry.CodeOf(err) == registry.CodeAuthorship { // it held when it came: that member signs again
			s.Tell = []string{member}
			if err = o.governing.sheets.DropPart(ctx, s, member); err == nil {
				o.governing.changed(s)
			}
			return err
		}
		if err != nil {
			return err
		}
	}
	entries := make([]*registry.Entry, len(s.Orders))
	warrant := o.governing.warrants(s)
	for i, order := range s.Orders {
		if entries[i] = known[order.Digest()]; entries[i] != nil {
			continue
		}
		own, err := o.governing.register(ctx, []*registry.Order{order}, warrant)
		if registry.CodeOf(err) == registry.CodeApprovalMissing {
			return nil // waits for governors here
		}
		if err != nil {
			return o.tried(ctx, s, err)
		}
		entries[i] = own[0]
	}
	err = o.governing.submitting(ctx, s, func() error {
		return o.tried(ctx, s, o.governing.setOrders(ctx, by, entries))
	})
	if registry.CodeOf(err) == registry.CodeActState { // given up meanwhile
		return nil
	}
	return err
}

// tried ends a sheet by what became of it; what is out of reach leaves it open.
func (o *Traveling) tried(ctx context.Context, s *OrderSheet, err error) error {
	if o.waits(s, err) {
		return err
	}
	_, ended := o.governing.ended(ctx, s, err)
	o.governing.changed(s)
	if err != nil { // told on the sheet
		return nil
	}
	return ended
}

// waits are failures that say nothing against a sheet: what is out of reach, and what a
// signer that follows the ledger by itself may not have seen yet.
func (o *Traveling) waits(s *OrderSheet, err error) bool {
	code := registry.CodeOf(err)
	return err != nil && (code.Kind() == registry.KindUnavailable || code.Kind() == registry.KindInternal || code == registry.CodeTimeout || code == registry.CodeLedgerConflict ||
		slices.Contains(notSeenYet, code) && o.now().Sub(s.Updated) < signerBehind)
}

// together are the authors of a transaction: other members' organizations signed before,
// for just these entries of theirs; this registry's signer signs for its own.
type together struct {
	author
	given map[sm.Digest]registry.Authorship // by what was signed
}

// Authorship implements author.
func (t *together) Authorship(ctx context.Context, organization, namespace string, entries []*registry.Entry) (registry.Authorship, error) {
	if a, ok := t.given[sm.Sum(messageOf(namespace, entries))]; ok && a.Organization == organization {
		return a, nil
	}
	return t.author.Authorship(ctx, organization, namespace, entries)
}

func messageOf(namespace string, entries []*registry.Entry) []byte {
	digests := make([]sm.Digest, len(entries))
	for i, e := range entries {
		digests[i] = e.Digest()
	}
	return registry.AuthorshipMessage(namespace, digests)
}

// cosign has this registry's signer sign its organizations' orders of another home's
// sheet, once governors' signatures are enough for it, and ends the sheet when the ledger
// has it.
func (o *Traveling) cosign(ctx context.Context, s *OrderSheet) error {
	if set, err := o.setAlready(ctx, s); err != nil || set {
		return err
	}
	parts, err := o.governing.sheets.Parts(ctx, s.Digest)
	if err != nil {
		return err
	}
	if parts[""] != nil {
		if holds, err := o.partHolds(parts[""]); err != nil || holds {
			return err
		}
	}
	part, err := o.sign(ctx, s)
	switch code := registry.CodeOf(err); {
	case code == registry.CodeApprovalMissing:
		return nil
	case o.waits(s, err):
		return err
	case err != nil:
		part = &signedPart{Refusal: code, Detail: err.Error()}
	}
	raw, err := registry.Encode(part)
	if err != nil {
		return err
	}
	s.Tell = []string{s.Home}
	if err := o.governing.sheets.KeepPart(ctx, s, "", raw); err != nil {
		return err
	}
	o.governing.changed(s)
	return nil
}

// partHolds tells whether the keys that a part was signed with are still act keys.
func (o *Traveling) partHolds(raw []byte) (bool, error) {
	var part signedPart
	if err := registry.Decode(raw, &part); err != nil {
		return false, err
	}
	for _, a := range part.Authors {
		owner, err := recordOf[*registry.Organization](o.common, registry.KindOrganization, a.Organization)
		if err != nil || owner == nil {
			return false, err
		}
		if _, ok := owner.Key(a.Key, o.now().Unix()); !ok {
			return false, nil
		}
	}
	return true, nil
}

// setAlready ends a sheet that the ledger has.
func (o *Traveling) setAlready(ctx context.Context, s *OrderSheet) (bool, error) {
	set, err := o.governing.onLedger(s)
	if err != nil || !set {
		return false, err
	}
	return true, o.governing.sheets.EndSheet(ctx, s, SheetSet, "", "")
}

// sign has the signer keep this registry's orders of a sheet and sign for them, as they
// stand in the transactions that the sheet makes.
func (o *Traveling) sign(ctx context.Context, s *OrderSheet) (*signedPart, error) {
	part, warrant := &signedPart{}, o.governing.warrants(s)
	for orders := range slices.Chunk(s.Orders, ordersMost) {
		for _, organization := range (&OrderSheet{Orders: orders}).Organizations() {
			if there, err := o.elsewhere(organization); err != nil || there {
				if err != nil {
					return nil, err
				}
				continue
			}
			own := slices.DeleteFunc(slices.Clone(orders), func(order *registry.Order) bool { return order.Organization != organization })
			entries, err := o.governing.register(ctx, own, warrant)
			if err != nil {
				return nil, err
			}
			signed, err := o.governing.sealer.Authorship(ctx, organization, registry.Governance, entries)
			if err != nil {
				return nil, err
			}
			for _, e := range entries {
				part.Entries = append(part.Entries, e.Bytes())
			}
			part.Authors = append(part.Authors, signed)
		}
	}
	return part, nil
}

// onLedger tells whether every order of a sheet is on the ledger.
func (o *Governing) onLedger(s *OrderSheet) (bool, error) {
	for _, order := range s.Orders {
		record, err := order.Decode()
		if err != nil {
			return false, err
		}
		anchored, err := o.view.Orders(order.Kind, record.Name())
		if err != nil {
			return false, err
		}
		if !slices.ContainsFunc(anchored, func(a registry.Anchored) bool {
			return a.Entry.Order != nil && a.Entry.Order.Digest() == order.Digest()
		}) {
			return false, nil
		}
	}
	return true, nil
}

// Awaited are the members whose signers have not signed a traveling sheet yet.
func (o *Governing) Awaited(ctx context.Context, by registry.Actor, s *OrderSheet) (members []string, err error) {
	if err := by.MayGovern(); err != nil || !s.Travels || s.Step != SheetOpen || s.Home != "" {
		return nil, err
	}
	parts, err := o.sheets.Parts(ctx, s.Digest)
	if err != nil {
		return nil, err
	}
	all, err := o.others(s)
	return slices.DeleteFunc(all, func(member string) bool { return parts[member] != nil }), err
}
