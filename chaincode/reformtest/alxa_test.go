package reformtest

import (
	"slices"
	"testing"

	"tongzheng/registry"
)

// Alxa: one seal governs approvals. After the takeover a department that adds
// its own is refused, under the new power and under its old one.
func TestPlanAlxaOneSeal(t *testing.T) {
	t.Parallel()
	w := open(t, "alxa", "2021-07-19")
	before, in := w.issue("al-own-001")
	w.do(before, in, "")
	h := w.Handovers[0]
	w.clock("2021-10-07")
	inFlight, waiting := w.issue("al-own-002")
	waiting.Case = "AL2021-在办"
	sealedBefore := w.entry(waiting)
	other, decided := w.issue("al-own-003")
	decided.Case = waiting.Case
	w.takeover(h, func(r *registry.Handover) { r.Cases = []string{waiting.Case} })
	w.clock("2021-11-01")
	w.entryWants(inFlight, sealedBefore, registry.CodeSealState) // its seal had ended, whatever the list says
	w.do(other, decided, registry.CodeSealState)                 // sealed after the takeover
	for _, seal := range h.SealsEnded {
		l, in := w.issue("al-direct-001")
		in.Seal = seal
		w.do(l, in, registry.CodeSealScope)
		l, in = w.issue("al-own-001")
		in.Seal = seal
		w.do(l, in, registry.CodeGrantPeriod)
	}
	revived := stored[*registry.SealRecord](w, registry.KindSeal, "al-housing-seal")
	revived.History = append(revived.History, registry.SealEvent{State: registry.SealInUse, At: w.now})
	w.refusedOrder("al-housing", revived, registry.CodeEntryForm) // retired is the end
	second := *revived
	second.ID, second.History = "al-housing-second", []registry.SealEvent{{State: registry.SealInUse, At: w.now}}
	w.set("al-housing", &second) // it may file one; it governs nothing
	l, in := w.issue("al-direct-001")
	own := in
	own.Seal = second.ID
	w.do(l, own, registry.CodeSealScope)
	w.do(l, in, "")
	if a := w.answers(l, "2021-11-01"); a.Decider.Code != w.code("al-approval") || a.SealDay != registry.SealInUse {
		t.Errorf("%+v", a)
	}
}

// Alxa: an entrustment lapses with the transfer until it is done again.
func TestPlanAlxaEntrustmentLapses(t *testing.T) {
	t.Parallel()
	w := open(t, "alxa", "2021-07-19")
	asBanner := func(grant string) (*license, registry.Intent) {
		l, in := w.issue(grant)
		in.Organization = w.code("zq-forestry") // in the entruster's name
		return l, in
	}
	l, in := asBanner("al-entrust-001")
	w.do(l, in, "")
	if l.id.Issuer != w.code("al-forestry") {
		t.Error("the entruster is the issuer")
	}
	w.takeover(w.Handovers[0], func(r *registry.Handover) { r.Ends, r.Lapses = append(r.Ends, r.Lapses...), nil })
	l, in = asBanner("al-entrust-001")
	w.do(l, in, registry.CodeGrantPeriod)
	l, in = asBanner("al-entrust-again-001")
	w.do(l, in, registry.CodeGrantPeriod)
	w.clock("2021-11-25")
	for _, g := range w.GrantsOf("al-entrust-again") {
		again := stored[*registry.Grant](w, registry.KindGrant, g.ID)
		again.Publication, again.Published = g.Publication.Title, w.now
		w.set("al-approval", again)
	}
	l, in = asBanner("al-entrust-again-001")
	w.do(l, in, registry.CodeGrantPeriod) // published, not yet begun
	w.clock("2021-12-01")
	l, in = asBanner("al-entrust-again-001")
	w.do(l, in, "")
	on := stored[*registry.Grant](w, registry.KindGrant, "al-entrust-again-001")
	on.ID, on.Rests = "al-entrust-on", on.ID
	w.refusedOrder("al-gov", on, registry.CodeOrderNotAllowed) // not entrusted on
}

// Alxa: even before anybody writes down the end of an entrustment it is gone,
// because what it rests on is.
func TestPlanAlxaEntrustmentLapsesByItself(t *testing.T) {
	t.Parallel()
	w := open(t, "alxa", "2021-07-19")
	w.takeover(w.Handovers[0], func(r *registry.Handover) { r.Lapses = nil })
	if g := stored[*registry.Grant](w, registry.KindGrant, "al-entrust-001"); g.End != 0 {
		t.Fatal("nobody ended it")
	}
	l, in := w.issue("al-entrust-001")
	in.Organization = w.code("zq-forestry")
	w.do(l, in, registry.CodeGrantPeriod)
}

// Alxa: archives move with the matters; who answers follows the decision.
func TestPlanAlxaArchivesMove(t *testing.T) {
	t.Parallel()
	w := open(t, "alxa", "2021-07-19")
	l, in := w.issue("al-own-001")
	w.do(l, in, "")
	h := w.takeover(w.Handovers[0], nil)
	before, after := w.answers(l, "2021-10-07"), w.answers(l, "2021-10-09")
	if before.File.Code != w.code("al-housing") || after.File.Code != w.code("al-approval") || after.Handover != h.ID {
		t.Errorf("file: before %+v, after %+v", before.File, after.File)
	}
	if after.Defendant.Code != w.code("al-housing") || after.Review.Code != w.code("al-gov") || before.SealDay != registry.SealInUse || after.SealDay != registry.SealRetired {
		t.Errorf("%+v", after)
	}
	for _, a := range []*registry.Accountability{before, after} {
		if len(a.MayAct) != 1 || a.MayAct[0].Organization != a.File {
			t.Errorf("%s: may act %+v", a.Day, a.MayAct)
		}
	}
}

// Alxa 三(二): documents, certificate forms and archives are handed over with
// the matters, and it is written down.
func TestPlanAlxaThreeTwoItems(t *testing.T) {
	t.Parallel()
	w := open(t, "alxa", "2021-07-19")
	h := w.takeover(w.Handovers[0], nil)
	for _, kind := range []registry.ItemKind{registry.ItemDocuments, registry.ItemCertificates, registry.ItemArchives} {
		if !slices.ContainsFunc(h.Items, func(i registry.HandoverItem) bool { return i.Kind == kind }) {
			t.Errorf("%s is not in the list", kind)
		}
	}
}

// Alxa: the region's government approved the plan, so that the concentrated
// power rests on more than the league's own document (许可法25).
func TestPlanAlxaApprovedByTheRegion(t *testing.T) {
	t.Parallel()
	w := open(t, "alxa", "2021-07-19")
	for _, g := range w.GrantsOf("al-direct") {
		if record := stored[*registry.Grant](w, registry.KindGrant, g.ID); record.Legal != registry.LegalConcentrated || !record.Founded() {
			t.Errorf("%s: %s, %s", g.ID, record.Legal, record.LegalBasis)
		}
	}
}
