package office

import (
	"context"
	"slices"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// GiveSheet returns a sheet of this home as it is now, for a member whose signer has to
// sign for it. CodeNotFound for every other, as for one that does not exist.
func (o *Traveling) GiveSheet(ctx context.Context, to, key string) ([]byte, error) {
	s, err := o.sheetOf(ctx, key, "")
	if err != nil {
		return nil, err
	}
	others, err := o.governing.others(s)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(others, to) {
		return nil, noSheet()
	}
	return registry.Encode(sheetItem{Orders: s.Orders, Approvals: s.Approvals, Step: s.Step, Refusal: s.Refusal, Detail: s.Detail})
}

// GiveSigned returns what was signed here of another home's sheet, for that home.
func (o *Traveling) GiveSigned(ctx context.Context, to, key string) ([]byte, error) {
	s, err := o.sheetOf(ctx, key, to)
	if err != nil {
		return nil, err
	}
	parts, err := o.governing.sheets.Parts(ctx, s.Digest)
	if err != nil {
		return nil, err
	}
	return registry.Encode(signedItem{Approvals: s.Approvals, Part: parts[""], Dropped: s.Step == SheetDropped})
}

// sheetOf reads a traveling sheet of a home (empty: this one). CodeNotFound.
func (o *Traveling) sheetOf(ctx context.Context, key, home string) (*OrderSheet, error) {
	digest, err := sm.ParseDigest(key)
	if err != nil || o.governing.sheets == nil {
		return nil, noSheet()
	}
	s, err := o.governing.sheets.Sheet(ctx, digest)
	if err == nil && (!s.Travels || s.Home != home) {
		err = noSheet()
	}
	return s, err
}

func noSheet() error {
	return registry.Errorf(registry.CodeNotFound, "sheet", "no such order sheet for this member")
}

// TakeSheet takes over a sheet of another home. Its digest, its orders and its signatures
// are held against this registry's own copy of the ledger; that it was set is the
// ledger's word. CodeNotYet for what is not read there so far.
func (o *Traveling) TakeSheet(ctx context.Context, from, _, key string, body []byte) error {
	return o.raced(ctx, key, o.takeSheet(ctx, from, key, body))
}

// raced tells what came in between here from what another member hands over.
func (o *Traveling) raced(ctx context.Context, key string, err error) error {
	switch registry.CodeOf(err) {
	case registry.CodeStale, registry.CodeActInProgress:
	case registry.CodeActState:
		digest, bad := sm.ParseDigest(key)
		if bad != nil {
			return err
		}
		if now, failed := o.governing.sheets.Sheet(ctx, digest); failed != nil || now.Step != SheetOpen {
			return failed
		}
	default:
		return err
	}
	return registry.Errorf(registry.CodeNotYet, "sheet", "the sheet changed here meanwhile").WithCause(err)
}

func (o *Traveling) takeSheet(ctx context.Context, from, key string, body []byte) error {
	var item sheetItem
	if err := registry.Decode(body, &item); err != nil {
		return err
	}
	if !slices.Contains(SheetSteps(), item.Step) {
		return registry.Errorf(registry.CodeMalformed, "step", "no such step")
	}
	s := &OrderSheet{Orders: item.Orders, Step: SheetOpen, Created: o.now(), Home: from, Travels: true}
	if err := o.checkForeign(s, key); err != nil {
		return err
	}
	have, err := o.governing.sheets.Sheet(ctx, s.Digest)
	switch {
	case registry.CodeOf(err) == registry.CodeNotFound && item.Step != SheetOpen:
		return nil // over before it came
	case registry.CodeOf(err) == registry.CodeNotFound:
		if err := o.room(ctx, from); err != nil {
			return err
		}
		if err := o.governing.sheets.AddSheet(ctx, s); err != nil {
			return err
		}
		have = s
	case err != nil:
		return err
	case have.Home != from:
		return registry.Errorf(registry.CodeContent, "sheet", "the sheet has another home")
	}
	if err := o.merge(ctx, have, item.Approvals); err != nil {
		return err
	}
	o.governing.changed(have)
	if have.Step == SheetSet {
		return nil
	}
	if set, err := o.setAlready(ctx, have); err != nil || set { // whatever its home says
		return err
	}
	switch {
	case item.Step == SheetSet:
		return registry.Errorf(registry.CodeNotYet, "sheet", "the ledger is not read that far here")
	case item.Step == SheetOpen || have.Step != SheetOpen:
		return nil
	}
	return o.governing.sheets.EndSheet(ctx, have, item.Step, knownCode(item.Refusal), item.Detail)
}

// knownCode is another registry's code as far as it is one here: a newer one may have more.
func knownCode(code registry.Code) registry.Code {
	if code != "" && code.Chinese() == "" {
		return registry.CodeInternal
	}
	return code
}

// room bounds how many open sheets of a home wait here: what is more waits there.
func (o *Traveling) room(ctx context.Context, home string) error {
	open, err := o.governing.sheets.Traveling(ctx)
	if err != nil {
		return err
	}
	n := 0
	for _, s := range open {
		if s.Home == home {
			n++
		}
	}
	if n >= travelMost {
		return registry.Errorf(registry.CodeNotYet, "sheet", "%d sheets of member %s wait here", n, home)
	}
	return nil
}

// checkForeign holds what another home calls a sheet against its digest, and its orders
// against their form; one order at least is for an organization of this registry.
// CodeNotYet while the ledger does not know an organization here.
func (o *Traveling) checkForeign(s *OrderSheet, key string) error {
	if len(s.Orders) == 0 || len(s.Orders) > sheetMost || slices.Contains(s.Orders, nil) {
		return registry.Errorf(registry.CodeMalformed, "orders", "1 to %d orders", sheetMost)
	}
	if s.Digest = registry.SheetDigest(s.digests()); s.Digest.String() != key {
		return registry.Errorf(registry.CodeContent, "sheet", "these orders make another sheet: %s", s.Digest)
	}
	ours := false
	for _, order := range s.Orders {
		if err := (&registry.Entry{Order: order}).Check(); err != nil {
			return err
		}
		if err := order.CheckTexts(); err != nil {
			return err
		}
		owner, err := recordOf[*registry.Organization](o.common, registry.KindOrganization, order.Organization)
		if err != nil {
			return err
		}
		if owner == nil {
			return registry.Errorf(registry.CodeNotYet, "orders", "organization %s is not on the ledger as it is read here", order.Organization)
		}
		serves, err := o.serves(order.Organization)
		if err != nil {
			return err
		}
		ours = ours || serves
	}
	if !ours {
		return registry.Errorf(registry.CodeContent, "orders", "none is for an organization of this registry to sign")
	}
	return nil
}

// merge adds signatures that came from another registry, each held against the ledger. A
// second key of a person who has signed adds nothing: persons count.
func (o *Traveling) merge(ctx context.Context, s *OrderSheet, came []registry.Approval) error {
	if s.Step != SheetOpen {
		return nil
	}
	persons, keys := map[string]bool{}, map[sm.KeyID]bool{}
	for _, a := range s.Approvals {
		key, err := recordOf[*registry.Approver](o.common, registry.KindApprover, string(a.KeyID))
		if err != nil {
			return err
		}
		if keys[a.KeyID] = true; key != nil {
			persons[key.Person] = true
		}
	}
	have, fresh := len(s.Approvals), []registry.Approval(nil)
	for _, a := range came {
		if keys[a.KeyID] {
			continue
		}
		key, err := recordOf[*registry.Approver](o.common, registry.KindApprover, string(a.KeyID))
		if err != nil {
			return err
		}
		if key == nil {
			return registry.Errorf(registry.CodeNotYet, "approvals", "key %s is not on the ledger as it is read here", a.KeyID)
		}
		only := *s
		only.Approvals = []registry.Approval{a}
		if err := o.governing.checkSheet(ctx, &only); err != nil && registry.CodeOf(err) != registry.CodeApprovalMissing {
			return err
		}
		if persons[key.Person] {
			continue
		}
		persons[key.Person], keys[a.KeyID] = true, true
		fresh = append(fresh, a)
	}
	if len(fresh) == 0 {
		return nil
	}
	if err := o.governing.address(s); err != nil {
		return err
	}
	s.Approvals = append(s.Approvals, fresh...)
	return o.governing.sheets.ApproveSheet(ctx, s, have, fresh...)
}

// TakeSigned takes over what another member signed of a sheet of this home: governors'
// signatures, and its signer's over its own organizations' entries and over nothing else.
// CodeAuthorship for anything else; that it gives the sheet up ends it.
func (o *Traveling) TakeSigned(ctx context.Context, from, _, key string, body []byte) error {
	return o.raced(ctx, key, o.takeSigned(ctx, from, key, body))
}

func (o *Traveling) takeSigned(ctx context.Context, from, key string, body []byte) error {
	var item signedItem
	if err := registry.Decode(body, &item); err != nil {
		return err
	}
	s, err := o.sheetOf(ctx, key, "")
	if err != nil {
		return err
	}
	if err := o.governing.address(s); err != nil {
		return err
	}
	if !slices.Contains(s.Tell, from) {
		return noSheet()
	}
	if s.Step != SheetOpen {
		return nil
	}
	if err := o.merge(ctx, s, item.Approvals); err != nil {
		return err
	}
	defer o.governing.changed(s)
	if item.Dropped {
		return o.governing.giveUp(ctx, s, "member "+from+" gave it up")
	}
	if len(item.Part) == 0 {
		return nil
	}
	var part signedPart
	if err := registry.Decode(item.Part, &part); err != nil {
		return err
	}
	if part.Refusal != "" {
		return o.governing.sheets.EndSheet(ctx, s, SheetRefused, knownCode(part.Refusal), "the signer of member "+from+": "+part.Detail)
	}
	if err := o.checkPart(s, from, item.Part, map[sm.Digest]*registry.Entry{}, map[sm.Digest]registry.Authorship{}); err != nil {
		return err
	}
	if parts, err := o.governing.sheets.Parts(ctx, s.Digest); err != nil || parts[from] != nil && slices.Equal(parts[from], item.Part) {
		return err
	}
	return o.governing.sheets.KeepPart(ctx, s, from, item.Part)
}

// checkPart holds a member's part of a sheet against the sheet and the ledger: its entries
// are its organizations' orders, in their order, and each authorship is an act key's that
// the ledger has, over just those of one transaction. It adds them to entries, by order,
// and to given, by what was signed.
func (o *Traveling) checkPart(s *OrderSheet, member string, raw []byte, entries map[sm.Digest]*registry.Entry, given map[sm.Digest]registry.Authorship) error {
	var part signedPart
	if err := registry.Decode(raw, &part); err != nil {
		return err
	}
	refused := func(format string, args ...any) error {
		return registry.Errorf(registry.CodeAuthorship, "authors", "member "+member+": "+format, args...)
	}
	for orders := range slices.Chunk(s.Orders, ordersMost) {
		for _, organization := range (&OrderSheet{Orders: orders}).Organizations() {
			if keeper, err := o.governing.keeper(organization); err != nil || keeper != member {
				if err != nil {
					return err
				}
				continue
			}
			var own []*registry.Entry
			for _, order := range orders {
				if order.Organization != organization {
					continue
				}
				if len(part.Entries) == 0 {
					return refused("the entry of an order of %s is missing", organization)
				}
				e, err := registry.DecodeEntry(part.Entries[0])
				if err != nil || e.Check() != nil || e.Order == nil || e.Order.Digest() != order.Digest() {
					return refused("an entry is not of the order of %s that stands there", organization)
				}
				part.Entries, own, entries[order.Digest()] = part.Entries[1:], append(own, e), e
			}
			if len(part.Authors) == 0 {
				return refused("no signature of %s", organization)
			}
			a := part.Authors[0]
			part.Authors = part.Authors[1:]
			message := messageOf(registry.Governance, own)
			if err := o.checkAuthor(a, organization, message); err != nil {
				return refused("%s", err)
			}
			given[sm.Sum(message)] = a
		}
	}
	if len(part.Entries)+len(part.Authors) > 0 {
		return refused("more than its organizations order here")
	}
	return nil
}

func (o *Traveling) checkAuthor(a registry.Authorship, organization string, message []byte) error {
	owner, err := recordOf[*registry.Organization](o.common, registry.KindOrganization, organization)
	if err != nil || owner == nil {
		return orMissing(err, registry.CodeOrganization, "organization", organization)
	}
	key, ok := owner.Key(a.Key, o.now().Unix())
	if !ok || a.Organization != organization {
		return registry.Errorf(registry.CodeAuthorship, "authors", "no act key of %s", organization)
	}
	pub, err := sm.ParsePublicKey(key.Public)
	if err != nil || !sm.VerifyRaw(pub, message, a.Signature) {
		return registry.Errorf(registry.CodeAuthorship, "authors", "the act key of %s did not sign these entries", organization)
	}
	return nil
}
