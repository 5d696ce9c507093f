package registry_test

import (
	"fmt"
	"slices"
	"testing"

	"tongzheng/chaincode/ledgertest"
	"tongzheng/registry"
)

// cityRecords is the test city's governance as a gatherer reads it.
type cityRecords map[string]registry.GovernanceRecord

func (r cityRecords) Record(kind registry.RecordKind, name string) (registry.GovernanceRecord, error) {
	if found := r[registry.RecordKey(kind, name)]; found != nil {
		return found, nil
	}
	return nil, nil
}

func (r cityRecords) grants() (all []*registry.Grant) {
	for _, record := range r {
		if g, ok := record.(*registry.Grant); ok {
			all = append(all, g)
		}
	}
	slices.SortFunc(all, func(a, b *registry.Grant) int { return cmpText(a.ID, b.ID) })
	return all
}

func cmpText(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// offerCity is the test city with a regulator in the direct grant: the county's
// government, which is a superior too, stays out of it.
func offerCity(s *story) cityRecords {
	records := cityRecords{}
	for _, record := range s.City.Records() {
		if g, ok := record.(*registry.Grant); ok && g.ID == ledgertest.GrantDirect {
			g.Regulators = []string{s.City.Yudu.Code}
			g.Handling = s.City.County.Code
		}
		records[registry.RecordKey(record.Kind(), record.Name())] = record
	}
	for _, o := range s.City.Organizations() { // blanks are no difference between them here
		for _, form := range []string{ledgertest.FormOriginal, ledgertest.FormDuplicate} {
			stock := &registry.Stock{Type: s.City.Type, Form: form, Run: ledgertest.PrintRun, Organization: o.Code, Member: s.Namespace,
				Ranges: []registry.BlankRange{{From: "000001", To: "099999"}}}
			records[registry.RecordKey(stock.Kind(), stock.Name())] = stock
		}
	}
	return records
}

// offered lists what the office would show an organization, as act and grant.
func (s *story) offered(records cityRecords, organization string, roles ...registry.Role) (all []string) {
	s.Helper()
	by := registry.Actor{Account: "a", Organization: organization, Roles: roles}
	t := &registry.LicenseType{Code: s.City.Type, Version: 1}
	standing := s.standing
	standing.Oversight = s.Oversight
	offering, err := registry.Gatherer{Records: records}.Offering(by, s.Identifier, t, &standing, records.grants(), s.City.Time())
	if err != nil {
		s.Fatal(err)
	}
	for _, offer := range offering.Offers() {
		for _, grant := range offer.Grants {
			all = append(all, fmt.Sprintf("%s %s", offer.Act, grant))
		}
		if len(offer.Grants) == 0 {
			all = append(all, fmt.Sprintf("%s by rank", offer.Act))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// lawful lists what the contract would accept of an organization, form filled in.
func (s *story) lawful(records cityRecords, organization string) (all []string) {
	s.Helper()
	for _, rule := range registry.Acts() {
		for _, grant := range append(records.grants(), nil) {
			if rule.Act == registry.Issue {
				continue
			}
			if word := s.accepted(records, organization, rule.Act, grant); word != "" {
				all = append(all, word)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// accepted holds a whole intent against the contract's own questions; empty when
// it is refused in each form.
func (s *story) accepted(records cityRecords, organization string, act registry.Act, grant *registry.Grant) string {
	s.Helper()
	for _, governed := range []bool{false, true} {
		in := s.Intent(act)
		in.Organization, in.Grant, in.Under, in.Holder = organization, "", "", s.State.Holder
		in.Origin = &registry.Origin{}
		if grant != nil {
			in.Grant = grant.ID
			*in.Origin = registry.Origin{Matter: ledgertest.Matter, Place: s.Place}
			if s.State.Grant != grant.ID {
				in.Origin.Grant = s.State.Grant
			}
			if grant.Mode == registry.ModeEntrust {
				in.Under = grant.Rests
			}
			if in.Seal != "" {
				in.Seal = map[string]string{s.City.Xingguo.Code: ledgertest.SealXingguo, s.City.Governing.Code: ledgertest.SealCity, s.City.Yudu.Code: ledgertest.SealYudu}[grant.Decider]
			}
		}
		if governed {
			in.Origin.Member = s.Namespace
			in.Sequence, in.Previous = 1, [32]byte{}
			if o := s.Oversight; o != nil {
				in.Sequence, in.Previous = o.Sequence+1, o.Head
			}
		}
		if grant == nil && !governed {
			continue
		}
		accepted := s.judgedAny(records, in)
		for _, basis := range s.State.Bases { // what another did names the grant that it was done under
			if concerns := in.Act == registry.Return || in.Act.Rules(); concerns && !accepted && in.Under == "" {
				under := in
				under.Under = basis.Grant
				accepted = s.judgedAny(records, under)
			}
		}
		for _, sheet := range s.State.Printings { // each is of its own version
			if in.Refers != 0 && !accepted {
				in.Refers, in.Identifier.Version = sheet.Number, sheet.Version
				accepted = s.judgedAny(records, in)
			}
		}
		if accepted {
			if grant == nil {
				return fmt.Sprintf("%s by rank", act)
			}
			return fmt.Sprintf("%s %s", act, grant.ID)
		}
	}
	return ""
}

// judgedAny judges an intent, a ruling on each act that it may concern, a delivery on
// paper's ground and on the file's, a print of each kind of copy.
func (s *story) judgedAny(records cityRecords, in registry.Intent) bool {
	s.Helper()
	if !in.Act.Rules() {
		electronic, annex := in, in
		electronic.Ground = registry.GroundElectronic
		if in.Act == registry.Print { // the intent's is an original, else a duplicate
			annex.Printings = slices.Clone(in.Printings)
			annex.Printings[0].Copy, annex.Printings[0].Blank = registry.Annex, registry.Blank{}
		}
		return s.judged(records, in) == nil || in.Act == registry.Deliver && s.judged(records, electronic) == nil ||
			in.Act == registry.Print && s.judged(records, annex) == nil
	}
	for _, c := range slices.Concat(s.State.Undoable(), s.Oversight.Stands()) {
		for n := range 4 { // begins or ends; this chain's act or the member's
			r := registry.Ruling{By: registry.RulingCourt, Document: "判1", Body: "法院", From: registry.DateOf(s.City.Time()), Undoes: c.Sequence, Ends: n&1 != 0 && in.Act == registry.Stay}
			if n&2 != 0 {
				r.Undoes, r.MemberAct = 0, c.Sequence
			}
			if c.By != in.Organization {
				r.Author = c.By
			}
			in.Ruling = &r
			if in.Check() == nil && s.judged(records, in) == nil {
				return true
			}
		}
	}
	return false
}

func (s *story) judged(records cityRecords, in registry.Intent) error {
	s.Helper()
	p, err := registry.Gatherer{Records: records}.Powers(in.Named())
	if err != nil {
		return err
	}
	e := &registry.Entry{Intent: &in}
	if in.Governed() {
		if err := p.CheckGovernance(s.State, s.Oversight, e, s.City.Now); err != nil {
			return err
		}
		_, err = registry.ApplyOversight(s.Oversight, s.State, e)
		return err
	}
	if err := s.Oversight.Allows(s.State, &in); err != nil {
		return err
	}
	if err := p.CheckAct(s.State.Under(s.Oversight), e, s.City.Now); err != nil {
		return err
	}
	_, err = registry.Apply(s.State.Under(s.Oversight), e)
	return err
}

// TestOffersAreTheLaw: in every state of a license, each organization is offered
// exactly what the contract would accept of it, under each grant.
func TestOffersAreTheLaw(t *testing.T) {
	for _, path := range [][]registry.Act{nil, {registry.Suspend}, {registry.Withdraw}, {registry.Revoke}, {registry.Penalize}, {registry.Penalize, registry.Stay},
		{registry.Penalize, registry.Cancel}, {registry.AcceptRenewal}, {registry.Deliver}, {registry.Spoil}, {registry.Change}, {registry.Spoil, registry.Reprint},
		{registry.Print, registry.Print, registry.Print}} {
		s := newStory(t)
		s.City.Advance(1 << 40)
		for _, act := range path {
			s.do(s.Intent(act), registry.Timely, "")
		}
		records := offerCity(s)
		some := 0
		for _, o := range s.City.Organizations() {
			got, want := s.offered(records, o.Code, registry.RoleAcceptor), s.lawful(records, o.Code)
			if !slices.Equal(got, want) {
				t.Errorf("after %v, %s is offered\n%q\nand the law accepts\n%q", path, o.FullName, got, want)
			}
			some += len(want)
		}
		if some == 0 {
			t.Errorf("after %v the law accepts nothing of anybody", path)
		}
	}
}

// What a role does not do is not offered; who is nothing to a license is offered
// nothing.
func TestOffersByRole(t *testing.T) {
	s := newStory(t)
	records := offerCity(s)
	for _, offer := range s.offered(records, s.City.Xingguo.Code, registry.RolePrinter) {
		var word, grant string
		if _, err := fmt.Sscan(offer, &word, &grant); err != nil {
			t.Fatal(err)
		}
		if act, err := registry.ParseAct(word); err != nil || act.Class() != registry.ClassPaper {
			t.Errorf("a printer is offered %s", offer)
		}
	}
	for _, role := range []registry.Role{registry.RoleOperator, registry.RoleGovernor, registry.RoleWitness} {
		if got := s.offered(records, s.City.Xingguo.Code, role); len(got) != 0 {
			t.Errorf("%s is offered %q", role, got)
		}
	}
	if got := s.offered(records, "", registry.RoleAcceptor); len(got) != 0 {
		t.Errorf("nobody's organization is offered %q", got)
	}
}

// TestOffersOfAnothersSuspension: what a regulator suspended, the issuer is not
// offered to give back.
func TestOffersOfAnothersSuspension(t *testing.T) {
	s := newStory(t)
	s.City.Advance(1 << 40)
	records := offerCity(s)
	records[registry.RecordKey(registry.KindGrant, ledgertest.GrantDirect)].(*registry.Grant).Regulators = []string{s.City.County.Code}
	in := s.Intent(registry.Suspend)
	in.Organization = s.City.County.Code
	s.do(in, registry.Timely, "")
	for _, o := range s.City.Organizations() {
		got, want := s.offered(records, o.Code, registry.RoleAcceptor), s.lawful(records, o.Code)
		if !slices.Equal(got, want) {
			t.Errorf("%s is offered\n%q\nand the law accepts\n%q", o.FullName, got, want)
		}
	}
}

// TestOffersAfterTheRegulatorChanged: what a regulator suspended before its grant
// ended, the one whom the present grant lists is offered to give back, and nobody
// else; here of another member, so through governance, or of the license's own.
func TestOffersAfterTheRegulatorChanged(t *testing.T) {
	for _, own := range []bool{false, true} {
		s := newStory(t)
		s.City.Advance(1 << 40)
		records := offerCity(s)
		old := records[registry.RecordKey(registry.KindGrant, ledgertest.GrantDirect)].(*registry.Grant)
		old.Regulators, old.Handling = []string{s.City.County.Code}, ""
		in := s.Intent(registry.Suspend)
		in.Organization = s.City.County.Code
		s.do(in, registry.Timely, "")
		s.City.Advance(1 << 40)
		next := *old
		now := s.City.Yudu.Code
		if own {
			now = s.City.Xingguo.Code
		}
		next.ID, next.Effective, next.Regulators = "g-next", s.City.Now-60, []string{now}
		old.End, old.EndBasis = s.City.Now-60, "换发清单"
		records[registry.RecordKey(registry.KindGrant, next.ID)] = &next
		returns := 0
		for _, o := range s.City.Organizations() {
			got, want := s.offered(records, o.Code, registry.RoleAcceptor), s.lawful(records, o.Code)
			if !slices.Equal(got, want) {
				t.Errorf("%s is offered\n%q\nand the law accepts\n%q", o.FullName, got, want)
			}
			for _, offer := range got {
				if offer == "return g-next" {
					returns++
				}
			}
		}
		if returns != 1 {
			t.Errorf("%d give it back", returns)
		}
	}
}

// TestOffersWithoutCommitment: a license that was examined in full is not offered to
// be revoked for a false commitment.
func TestOffersWithoutCommitment(t *testing.T) {
	s := newStory(t)
	records := offerCity(s)
	r := records[registry.RecordKey(registry.KindType, registry.TypeName(s.City.Type, 1))].(*registry.TypeRecord)
	r.Grounds["revoke"] = append(r.Grounds["revoke"], registry.GroundCommitmentFalse)
	by := registry.Actor{Account: "a", Organization: s.City.Xingguo.Code, Roles: []registry.Role{registry.RoleAcceptor}}
	offering, err := registry.Gatherer{Records: records}.Offering(by, s.Identifier, &registry.LicenseType{Code: s.City.Type, Version: 1}, &s.standing, records.grants(), s.City.Time())
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range offering.Offers() {
		if o.Act == registry.Revoke && slices.Contains(o.Grounds, registry.GroundCommitmentFalse) {
			t.Errorf("offered: %+v", o)
		}
	}
}
