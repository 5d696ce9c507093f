package chaincode_test

import (
	"fmt"
	"testing"

	"tongzheng/chaincode/ledgertest"
	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// The issuer undoes its own acts, and a successor its predecessor's: not a
// regulator's, nor a superior's.
func TestRulingOnSomebodyElsesAct(t *testing.T) {
	s := newStage(t)
	bureau := s.newcomer("360732", ledgertest.MemberXingguo, s.County)
	s.grant("g-seen", s.Xingguo, "360732", func(g *registry.Grant) { g.Regulators = []string{bureau.Code} })
	l := s.NewLicense()
	l.Grant = "g-seen"
	s.wants("issue", "", ledgertest.MemberXingguo, l.Next(registry.Issue))
	penalty := s.Entry(by(l, bureau, "g-seen", registry.Penalize))
	s.wants("penalty", "", ledgertest.MemberXingguo, penalty)
	if err := l.Accept(penalty); err != nil {
		t.Fatal(err)
	}
	undo := l.Intent(registry.Reinstate)
	undo.Ruling.Author = bureau.Code
	s.wants("the issuer undoes the regulator's penalty", registry.CodeActNotAllowed, ledgertest.MemberXingguo, s.Entry(undo))

	l = s.issued("360732")
	s.grant("g-yudu-too", s.Yudu, "360732", func(g *registry.Grant) { g.Source = s.Xingguo.Code })
	s.wants2("to Yudu", "", s.takes(s.Governing, s.handover("h1", s.Xingguo, s.Yudu, "g-yudu-too"), s.Now, name(s.Xingguo, "360732")))
	s.wants("revocation", "", registry.Governance, l.NextOversight(s.County, registry.Revoke))
	revive := l.GovernedIntent(s.Yudu, "g-yudu-too", registry.Reinstate)
	revive.Ruling.Author = s.County.Code
	s.wants("the successor undoes the superior's revocation", registry.CodeActNotAllowed, registry.Governance, s.Entry(revive))
}

// What a superior lifts is the one act that it names: neither an earlier one of the
// same author nor another author's goes with it.
func TestLiftsOneAct(t *testing.T) {
	s := newStage(t)
	bureau := s.newcomer("360732", ledgertest.MemberXingguo)
	s.grant("g-seen", s.Xingguo, "360732", func(g *registry.Grant) { g.Regulators = []string{bureau.Code} })
	l := s.NewLicense()
	l.Grant = "g-seen"
	s.wants("issue", "", ledgertest.MemberXingguo, l.Next(registry.Issue))
	s.wants("suspension", "", ledgertest.MemberXingguo, l.Next(registry.Suspend))
	penalty := s.Entry(by(l, bureau, "g-seen", registry.Penalize))
	s.wants("penalty", "", ledgertest.MemberXingguo, penalty)
	if err := l.Accept(penalty); err != nil {
		t.Fatal(err)
	}
	lifts := l.OversightIntent(s.County, registry.Reinstate)
	lifts.Ruling.MemberAct = 3
	s.wants("the regulator's penalty as the issuer's act", registry.CodeStale, registry.Governance, s.Entry(lifts))
	s.wants("cancellation", "", ledgertest.MemberXingguo, l.Next(registry.Cancel))
	old := lifts
	ruling := *lifts.Ruling
	ruling.MemberAct, ruling.UpTo = 0, 2
	old.Ruling = &ruling
	s.wants("acts up to a sequence", registry.CodeEntryForm, registry.Governance, s.Entry(old))
	lifts.Ruling.MemberAct = 2
	e := s.Entry(lifts)
	s.wants("the suspension alone", "", registry.Governance, e)
	after, err := registry.ApplyOversight(l.Oversight, l.State, e)
	if err != nil || l.State.Under(after).State != registry.Cancelled || len(l.State.Under(after).Causes) != 2 {
		t.Errorf("%+v, %v", after, err)
	}
}

// Stays of a member's acts: an earlier act that is undone leaves the stay of a
// later one, and a stay ends by the act that it names.
func TestStayOfAnotherAct(t *testing.T) {
	s := newStage(t)
	l := s.issued("360732")
	s.wants("suspension", "", ledgertest.MemberXingguo, l.Next(registry.Suspend))
	s.wants("penalty", "", ledgertest.MemberXingguo, l.Next(registry.Penalize))
	s.wants("stay of the suspension", "", registry.Governance, l.NextOversight(s.County, registry.Stay))
	ends := l.OversightIntent(s.County, registry.Stay)
	ends.Ruling.Ends, ends.Ruling.MemberAct = true, 3
	s.wants("the end of another stay", registry.CodeActState, registry.Governance, s.Entry(ends))
	later := l.OversightIntent(s.County, registry.Stay)
	later.Ruling.MemberAct = 3
	e := s.Entry(later)
	s.wants("stay of the penalty", "", registry.Governance, e)
	stayed, err := registry.ApplyOversight(l.Oversight, l.State, e)
	if err != nil || l.State.Under(stayed).State != registry.Effective {
		t.Fatalf("%+v, %v", stayed, err)
	}
	l.Oversight = stayed
	first := l.OversightIntent(s.County, registry.Reinstate)
	first.Ruling.MemberAct = 2
	e = s.Entry(first)
	s.wants("the suspension undone", "", registry.Governance, e)
	after, err := registry.ApplyOversight(l.Oversight, l.State, e)
	if err != nil || len(after.Stays) != 1 || l.State.Under(after).State != registry.Effective {
		t.Errorf("%+v, %v", after, err)
	}
}

// A dissolution moves the licenses of 2,500 predecessors in three orders, each a
// small transaction; what is not moved yet is nobody else's.
func TestDissolutionOfManyPredecessors(t *testing.T) {
	s := newStage(t)
	gone, heir := s.newcomer("360732", ledgertest.MemberXingguo), s.newcomer("360732", ledgertest.MemberXingguo)
	var names []string
	keep := func(record *registry.Succession) {
		raw, err := registry.Encode(record)
		if err != nil {
			t.Fatal(err)
		}
		if raw, err = registry.Encode(registry.Stored{Sequence: 1, Head: sm.Sum(nil), Record: raw}); err != nil {
			t.Fatal(err)
		}
		s.memory.values[registry.Governance+"/"+registry.RecordKey(record.Kind(), record.Name())] = raw
	}
	for i := range 2500 {
		record := &registry.Succession{Issuer: fmt.Sprintf("11360732%010d", i), Matter: ledgertest.Matter, Region: "360732", Successor: gone.Code, Since: s.Now - 3600, By: "h"}
		keep(record)
		names = append(names, record.Name())
	}
	keep(&registry.Succession{Issuer: gone.Code, Matter: registry.Any, Region: registry.Any, Predecessors: names})
	successor := func(i int) string {
		_, stored, err := registry.DecodeStored(registry.KindSuccession, s.memory.values[registry.Governance+"/"+registry.RecordKey(registry.KindSuccession, names[i])])
		if err != nil {
			t.Fatal(err)
		}
		var record registry.Succession
		if err := registry.Decode(stored.Record, &record); err != nil {
			t.Fatal(err)
		}
		return record.Successor
	}
	order := gone.Organization
	order.Dissolved, order.Successor = s.Now, heir.Code
	order.Succeeds = names[:999]
	s.wants("one left out", registry.CodeHandover, registry.Governance, s.Order(s.Governing, &order))
	order.Succeeds = names[1:1001]
	s.wants("out of turn", registry.CodeHandover, registry.Governance, s.Order(s.Governing, &order))
	for from := 0; from < len(names); from += 1000 {
		order.Succeeds = names[from:min(from+1000, len(names))]
		s.wants("moving", "", registry.Governance, s.Order(s.Governing, &order))
		if last := from + len(order.Succeeds) - 1; successor(last) != heir.Code || last < 2499 && successor(last+1) != gone.Code {
			t.Errorf("after %d: %s, %s", last+1, successor(last), gone.Code)
		}
	}
	_, stored, err := registry.DecodeStored(registry.KindSuccession, s.memory.values[registry.Governance+"/"+registry.RecordKey(registry.KindSuccession, registry.SuccessionName(heir.Code, registry.Any, registry.Any))])
	if err != nil {
		t.Fatal(err)
	}
	var index registry.Succession
	if err := registry.Decode(stored.Record, &index); err != nil || len(index.Predecessors) != 2501 {
		t.Errorf("%d predecessors of the heir, want all and the dissolved one itself: %v", len(index.Predecessors), err)
	}
	order.Succeeds = nil
	s.wants("nothing left", "", registry.Governance, s.Order(s.Governing, &order))
}
