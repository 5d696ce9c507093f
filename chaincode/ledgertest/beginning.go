package ledgertest

import (
	"testing"

	"tongzheng/registry"
)

func testBeforeGenesis(t *testing.T, s *suite) {
	s.refusedWhole(t, s.Batch(MemberXingguo, s.Entry(s.NewLicense().Intent(registry.Issue))), registry.CodeRules)
	s.refusedWhole(t, s.Batch(registry.Governance, s.Order(s.Governing, &registry.Matter{Code: "1", FullName: "x"})), registry.CodeRules)
	unknown := s.Rules
	unknown.Version = 7
	b := s.Batch(registry.Governance, s.Order(s.Governing, &unknown))
	b.Rules = 7
	s.refusedWhole(t, b, registry.CodeRules)

	// Rules that this contract cannot apply would close the ledger for ever.
	s.codes(t, registry.Governance, []*registry.Entry{s.Order(s.Governing, &unknown)}, registry.CodeRules)

	// Only the founder that the rules name may sign them.
	rules := s.Rules
	stranger := s.Batch(registry.Governance, s.Order(s.Xingguo, &rules))
	wantCodes(t, s.submit(t, stranger), registry.CodeAuthorship)
	forged := s.Batch(registry.Governance, s.Order(s.Governing, &rules))
	forged.Authors[0] = Authorship(forged.Namespace, s.Governing.Code, s.Xingguo.Act, forged.DigestsOf(s.Governing.Code))
	wantCodes(t, s.submit(t, forged), registry.CodeAuthorship)
	s.holdsValue(t, registry.Governance, registry.RecordKey(registry.KindRules, "current"), false, nil)
}

func testGenesis(t *testing.T, s *suite) {
	b := s.Genesis()
	c := s.submit(t, b)
	wantCodes(t, c, make([]registry.Code, len(b.Entries))...)
	if c.Outcome.Count != len(b.Entries) {
		t.Fatalf("root over %d entries, want %d", c.Outcome.Count, len(b.Entries))
	}
	for _, e := range b.Entries {
		record, _ := e.Order.Decode()
		stored := registry.Stored{Sequence: 1, Head: e.Digest(), Record: e.Order.Record}
		s.holdsValue(t, registry.Governance, registry.RecordKey(record.Kind(), record.Name()), true, stored)
	}
	// A license that was there before the ledger, as long as genesis lasts.
	old := s.NewLicense()
	in := old.Intent(registry.Issue)
	in.Decided = s.Now - 100*24*3600
	e := s.Entry(in)
	e.Sealed = in.Decided
	Recorded(e, registry.Genesis)
	s.accept(t, MemberXingguo, e)

	s.Now = s.Rules.GenesisUntil + 60
	late := s.Entry(s.NewLicense().Intent(registry.Issue))
	Recorded(late, registry.Genesis)
	s.codes(t, MemberXingguo, []*registry.Entry{late}, registry.CodeGenesis)
}

func testLife(t *testing.T, s *suite) {
	l := s.NewLicense()
	for _, act := range []registry.Act{registry.Issue, registry.Deliver, registry.Change, registry.Annotate, registry.Print, registry.Suspend,
		registry.Return, registry.AcceptRenewal, registry.Renew, registry.Reissue, registry.Correct, registry.Downgrade, registry.Cancel} {
		s.accept(t, MemberXingguo, l.Next(act))
		s.holds(t, l)
	}
	if l.State.State != registry.Cancelled || l.State.Version != 6 || l.State.Cause.Act != registry.Cancel {
		t.Errorf("at the end: %+v", l.State)
	}
	other := s.NewLicense()
	entries := append(other.Reach(registry.Revoked), other.Next(registry.Cancel), other.Next(registry.Spoil))
	s.accept(t, MemberXingguo, entries...)
	s.holds(t, other)
	if b := other.State.Before; b == nil || b.Act != registry.Revoke {
		t.Errorf("a cancelled license keeps its cause: %+v", other.State)
	}
}

// testOrders: who may set which record.
func testOrders(t *testing.T, s *suite) {
	newer := s.Rules
	newer.Version = 99
	back := s.Rules
	back.Version = 0
	taken := s.Rules
	taken.City = s.Xingguo.Code
	timed := s.Rules
	timed.Simulated = false
	reopened := s.Rules
	reopened.GenesisUntil = s.Now + 3600
	renamed := s.Xingguo.Organization
	renamed.Member = MemberYudu
	grant := grantOf(s.City, GrantDirect)
	grant.Territory = "360700"
	seal := sealOf(s.City, SealXingguo)
	seal.History[0].At++
	sealed := sealOf(s.City, SealYudu)
	sealed.History = append(sealed.History, registry.SealEvent{State: registry.SealLost, At: s.Now})
	person := s.people()[0].(*registry.Approver)
	person.Roles = []registry.Role{registry.RoleApprover}
	own := s.people()[1].(*registry.Approver)
	own.Until = s.Now + 3600*24*365*9
	for _, test := range []struct {
		name   string
		by     *Organization
		record registry.GovernanceRecord
		want   registry.Code
	}{
		{"rules by a county", s.Xingguo, &s.Rules, registry.CodeOrderNotAllowed},
		{"rules this contract does not know", s.Governing, &newer, registry.CodeRules},
		{"rules without version", s.Governing, &back, registry.CodeEntryForm},
		{"rules that name another city", s.Xingguo, &taken, registry.CodeOrderNotAllowed},
		{"rules with another clock", s.Governing, &timed, registry.CodeOrderNotAllowed},
		{"rules that open genesis again", s.Governing, &reopened, registry.CodeOrderNotAllowed},
		{"another member by oneself", s.Xingguo, &renamed, registry.CodeOrderNotAllowed},
		{"a type changed", s.Governing, s.typeRecord(s.Type, OtherMatter), registry.CodeOrderNotAllowed},
		{"a grant by a county", s.Xingguo, &registry.Grant{ID: "g-new", Matter: Matter, Mode: registry.ModeDirect, Decider: s.Xingguo.Code,
			Territory: "360732", Document: "d", Effective: s.Now, RecallBy: s.Xingguo.Code}, registry.CodeOrderNotAllowed},
		{"a grant's territory", s.Governing, grant, registry.CodeOrderNotAllowed},
		{"a seal's past", s.Xingguo, seal, registry.CodeOrderNotAllowed},
		{"another's seal", s.Xingguo, sealed, registry.CodeOrderNotAllowed},
		{"a person's roles", s.Xingguo, person, registry.CodeOrderNotAllowed},
		{"another's person", s.Yudu, own, registry.CodeOrderNotAllowed},
		{"a matter by a county", s.Yudu, &registry.Matter{Code: "000", FullName: "x"}, registry.CodeOrderNotAllowed},
		{"stock by a county", s.Xingguo, &registry.Stock{Type: s.Type, Form: "F", Run: "R", Organization: s.Xingguo.Code,
			Ranges: []registry.BlankRange{{From: "1", To: "9"}}}, registry.CodeOrderNotAllowed},
		{"one's own person ends", s.Xingguo, own, ""},
		{"one's own act keys", s.Yudu, &s.Yudu.Organization, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			s.codes(t, registry.Governance, []*registry.Entry{s.Order(test.by, test.record)}, test.want)
		})
	}
	future := s.Order(s.Governing, &registry.Matter{Code: "f", FullName: "x"})
	future.Order.Decided = s.Now + 1
	gap := s.Order(s.Governing, &registry.Matter{Code: "g", FullName: "x"})
	gap.Order.Sequence, gap.Order.Previous = 3, gap.Digest()
	s.codes(t, registry.Governance, []*registry.Entry{future, gap}, registry.CodeFuture, registry.CodeSequenceGap)
}
