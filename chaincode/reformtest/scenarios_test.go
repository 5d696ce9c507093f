package reformtest

import (
	"context"
	"errors"
	"slices"
	"testing"

	"tongzheng/registry"
	"tongzheng/registry/plan"
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
}

// Haitou: 96 matters of 16 departments go to the town government from 1 June 2024.
func TestPlanHaitouTownDecides(t *testing.T) {
	t.Parallel()
	w := open(t, "haitou", "2024-05-01")
	w.clock("2024-05-20")
	l, in := w.issue("ht-own-001")
	w.do(l, in, "")
	early, in := w.issue("ht-direct-001")
	w.do(early, in, registry.CodeGrantPeriod)
	w.takeover(w.Handovers[0], nil)
	grants, departments := w.GrantsOf("ht-direct"), map[string]bool{}
	for _, g := range grants {
		l, in := w.issue(g.ID)
		department := in
		department.Organization = w.code(g.From)
		departments[g.From] = true
		w.do(l, department, registry.CodeGrantMode)
		w.do(l, in, "")
	}
	if len(grants) != 96 || len(departments) != 16 {
		t.Errorf("%d matters of %d departments", len(grants), len(departments))
	}
	for _, g := range w.GrantsOf("ht-own") {
		l, in := w.issue(g.ID)
		w.do(l, in, registry.CodeGrantPeriod)
	}
	if a := w.answers(l, "2024-06-02"); a.Defendant.Code != w.code("gy-development") || a.File.Code != w.code("gy-development") {
		t.Errorf("decided before, kept by the department: %+v", a)
	}
}

// Haitou: the town government is the legal issuer and decides under its seal;
// the convenience service center handles, prints and delivers for it, and never
// decides.
func TestPlanHaitouCenterHandles(t *testing.T) {
	t.Parallel()
	w := open(t, "haitou", "2024-05-01")
	w.takeover(w.Handovers[0], nil)
	g, _ := w.Grant("ht-direct-001")
	l, in := w.issue(g.ID)
	in.Printings = append(in.Printings, w.printing(l, 2, registry.Original, registry.Blank{}))
	center := in
	center.Organization = w.code(g.Handling)
	w.do(l, center, registry.CodeGrantMode)
	w.do(l, in, "")
	by := func(id string, act registry.Act) registry.Intent {
		in := w.intent(l, g.ID, act)
		in.Organization = w.code(id)
		return in
	}
	w.do(l, by(g.Handling, registry.Cancel), registry.CodeGrantMode)
	deliver := by(g.Handling, registry.Deliver)
	deliver.Refers = 2
	elsewhere := deliver
	elsewhere.Organization = w.code("gy-market")
	w.do(l, elsewhere, registry.CodeGrantMode)
	w.do(l, deliver, "")
	if a := w.answers(l, "2024-06-02"); a.Decider.Code != w.code("ht-gov") || a.Defendant.Code != w.code("ht-gov") {
		t.Errorf("the center is not who answers: %+v", a)
	}
}

// Haitou: no department can take back or adjust; the district government can.
func TestPlanHaitouOnlyDistrictRecalls(t *testing.T) {
	t.Parallel()
	w := open(t, "haitou", "2024-05-01")
	w.takeover(w.Handovers[0], nil)
	w.clock("2025-01-02")
	g := stored[*registry.Grant](w, registry.KindGrant, "ht-direct-001")
	ended, wider := *g, *g
	ended.End, ended.EndBasis = w.now, "收回"
	wider.Territory = "320707"
	for _, o := range w.Organizations {
		if o.Kind == plan.Department {
			w.refusedOrder(o.ID, &ended, registry.CodeOrderNotAllowed)
			w.refusedOrder(o.ID, &wider, registry.CodeOrderNotAllowed)
		}
	}
	w.refusedOrder("ht-gov", &ended, registry.CodeOrderNotAllowed)
	w.refusedOrder("lyg-gov", &ended, registry.CodeOrderNotAllowed)
	by := *g
	by.ID, by.RecallBy = "ht-by-department", w.code("gy-market")
	w.refusedOrder("lyg-gov", &by, registry.CodeOrderNotAllowed) // nor be given the right to
	w.set("gy-gov", &ended)
	l, in := w.issue("ht-direct-001")
	w.do(l, in, registry.CodeGrantPeriod)
}

// Haitou: the town's power ends at the town's border.
func TestPlanHaitouTerritory(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		region, territory string
		want              bool
	}{{"320707106", "320707106", true}, {"320707106", "320707", true}, {"320707", "320707106", false}, {"320707107", "320707106", false}} {
		if got := registry.Within(test.region, test.territory); got != test.want {
			t.Errorf("%s within %s: %t", test.region, test.territory, got)
		}
	}
}

// Jiangning: the signed handover and the recorded start of operation, not the
// signing alone, end the department's seal and begin the bureau's.
func TestPlanJiangningHandoverAndStart(t *testing.T) {
	t.Parallel()
	w := open(t, "jiangning", "2018-06-01")
	h := w.Handovers[0]
	if n := len(w.GrantsOf("jn-direct")); n != 34 {
		t.Fatalf("%d matters", n)
	}
	l, in := w.issue("jn-direct-001")
	w.do(l, in, registry.CodeGrantPeriod)
	g := stored[*registry.Grant](w, registry.KindGrant, "jn-direct-001")
	g.Operating = h.Start.Start().Unix()
	w.refusedOrder("jn-approval", g, registry.CodeHandover)
	w.set("jn-approval", w.sign(h, nil))
	w.refusedOrder("jn-approval", g, registry.CodeHandover) // signed, operation not started
	w.clock("2018-07-01")
	old, in := w.issue("jn-own-001")
	w.do(old, in, "") // until then the department decides
	fresh := open(t, "jiangning", "2018-06-01")
	fresh.takeover(h, nil)
	for _, g := range fresh.GrantsOf("jn-own") {
		l, in := fresh.issue(g.ID)
		fresh.do(l, in, registry.CodeGrantPeriod)
	}
	for _, g := range fresh.GrantsOf("jn-direct") {
		l, in := fresh.issue(g.ID)
		department := in
		department.Seal = "jn-health-seal"
		fresh.do(l, department, registry.CodeSealScope)
		fresh.do(l, in, "")
	}
}

// Jiangning: earlier files stay with the department, and who is sued follows
// the day of the decision.
func TestPlanJiangningFilesStayAndWhoIsSued(t *testing.T) {
	t.Parallel()
	w := open(t, "jiangning", "2018-06-01")
	before, in := w.issue("jn-own-001")
	w.do(before, in, "")
	w.takeover(w.Handovers[0], nil)
	w.clock("2018-08-01")
	after, in := w.issue("jn-direct-001")
	w.do(after, in, "")
	a, b := w.answers(before, "2018-09-01"), w.answers(after, "2018-09-01")
	if a.File.Code != w.code("jn-health") || a.Defendant.Code != w.code("jn-health") || a.Handover == "" {
		t.Errorf("decided before: %+v", a)
	}
	if b.File.Code != w.code("jn-approval") || b.Defendant.Code != w.code("jn-approval") || b.Review.Code != w.code("jn-gov") {
		t.Errorf("decided after: %+v", b)
	}
	now := slices.IndexFunc(a.MayAct, func(p registry.PowerHeld) bool { return p.Organization.Code == w.code("jn-approval") })
	if now < 0 || len(a.MayAct) != 1 {
		t.Errorf("who may act on the earlier license now: %+v", a.MayAct)
	}
	if then := w.answers(before, "2018-06-15"); len(then.MayAct) != 1 || then.MayAct[0].Organization.Code != w.code("jn-health") {
		t.Errorf("and then: %+v", then.MayAct)
	}
}

// Jiangning: unused blanks are counted over; what was counted is the bureau's.
func TestPlanJiangningBlanksCountedOver(t *testing.T) {
	t.Parallel()
	w := open(t, "jiangning", "2018-06-01")
	with := func(grant, number string, want registry.Code) {
		t.Helper()
		l, in := w.issue(grant)
		in.Expires = registry.DateOfUnix(w.now) + 1000
		in.Printings = append(in.Printings, w.printing(l, 2, registry.Original, registry.Blank{Form: "WSXK-ZB", Run: "2017-01", Number: number}))
		w.do(l, in, want)
	}
	with("jn-own-001", "0320001", "")
	h := w.takeover(w.Handovers[0], nil)
	counted := h.Blanks[0]
	stock := registry.Stock{Type: counted.Type, Form: counted.Form, Run: counted.Run, Organization: w.code("jn-approval"), Ranges: []registry.BlankRange{counted.Of}}
	w.refusedOrder("nj-gov", &stock, registry.CodeBlankStock) // still in the department's
	left := stock
	left.Organization, left.Ranges = counted.From, []registry.BlankRange{{From: "0320001", To: "0320300"}}
	w.set("nj-gov", &left, &stock)
	with("jn-direct-001", "0320300", registry.CodeBlankStock)
	with("jn-direct-001", "0320001", registry.CodeBlankStock)
	with("jn-direct-001", "0320301", "")
	with("jn-direct-001", "0320301", registry.CodeBlankUsed)
}

// Jiangning says "in principle": a logged exception lets one department go on
// under its own seal for a while, and nobody else.
func TestPlanJiangningLoggedException(t *testing.T) {
	t.Parallel()
	w := open(t, "jiangning", "2018-06-01")
	h := w.Handovers[0]
	var grant, seal string
	for _, g := range w.GrantsOf("jn-own") {
		if g.From == "jn-water" {
			grant, seal = g.ID, "jn-water-seal"
		}
	}
	w.takeover(h, func(r *registry.Handover) {
		r.SealsEnded = slices.DeleteFunc(slices.Clone(r.SealsEnded), func(id string) bool { return id == seal })
	})
	l, in := w.issue(grant)
	w.do(l, in, registry.CodeGrantPeriod)
	g := stored[*registry.Grant](w, registry.KindGrant, grant)
	g.Exceptions = []registry.Exception{{Seal: seal, From: w.now, Until: w.now + 31*24*3600, Basis: "例外备案（演示）"}}
	w.refusedOrder("jn-water", g, registry.CodeOrderNotAllowed)
	w.set("jn-gov", g)
	w.do(l, in, "")
	w.clock("2018-08-15")
	l, in = w.issue(grant)
	w.do(l, in, registry.CodeGrantPeriod)
	alxa := open(t, "alxa", "2021-07-19") // whose plan knows no exception
	alxa.takeover(alxa.Handovers[0], nil)
	none := stored[*registry.Grant](alxa, registry.KindGrant, "al-own-001")
	none.Exceptions = []registry.Exception{{Seal: "al-housing-seal", From: alxa.now, Until: alxa.now + 1, Basis: "例外"}}
	alxa.refusedOrder("al-gov", none, registry.CodeOrderNotAllowed)
}

// Xinhua: a department that needs another's approval document checks it by its
// number instead of asking the applicant for a copy.
func TestPlanXinhuaDocumentByNumber(t *testing.T) {
	t.Parallel()
	w := open(t, "xinhua", "2019-12-01")
	w.takeover(w.Handovers[0], nil)
	w.clock("2020-03-02")
	l, in := w.issue("xh-direct-001")
	in.Decision = "新审准〔2020〕1号"
	w.do(l, in, "")
	if found := w.byNumber(l.id.Type, in.Decision); !slices.Equal(found, []string{l.id.Base()}) {
		t.Fatalf("found %v", found)
	}
	if found := w.byNumber(l.id.Type, "新审准〔2020〕999号"); found != nil {
		t.Errorf("found %v", found)
	}
	if got := w.word(l, 1, 0, "2020-03-03"); got != registry.Valid {
		t.Errorf("checked by number: %s", got)
	}
	w.clock("2020-04-01")
	w.do(l, w.intent(l, "xh-direct-001", registry.Revoke), "")
	if got := w.word(l, 1, 0, "2020-04-02"); got != registry.IsRevoked {
		t.Errorf("after the revocation: %s", got)
	}
	a := w.answers(l, "2020-03-15")
	if a.State != registry.Effective || a.VoidFrom != day("2020-03-02") {
		t.Errorf("as of a day before the revocation it stood, and is void from the start all the same: %+v", a)
	}
}

// byNumber finds licenses on the ledger by type and document number.
func (w *world) byNumber(typeCode, number string) (bases []string) {
	err := w.ledger.Follow(context.Background(), 0, func(c *registry.Commit) error {
		if c == nil {
			return errEnough
		}
		_, indexes := c.Accepted()
		for _, i := range indexes {
			if in := c.Batch.Entries[i].Intent; in != nil && in.Act == registry.Issue && in.Identifier.Type == typeCode && in.Decision == number {
				bases = append(bases, in.Identifier.Base())
			}
		}
		return nil
	})
	if !errors.Is(err, errEnough) {
		w.Fatal(err)
	}
	return bases
}
