package reformtest

import (
	"slices"
	"testing"

	"tongzheng/chaincode/ledgertest"
	"tongzheng/registry"
	"tongzheng/registry/plan"
)

// xingguo is the plan on the eve of its effective day.
func xingguo(t *testing.T) *world { return open(t, "ganzhou", "2022-05-20") }

func (w *world) handover(id string) *registry.Handover {
	for _, h := range w.Handovers {
		if h.ID == id {
			return w.takeover(h, nil)
		}
	}
	w.Fatalf("no handover %s", id)
	return nil
}

// Twenty matters taken over directly: the county's from 1 June 2022, and not a
// day earlier.
func TestPlanXingguoDirect(t *testing.T) {
	t.Parallel()
	w := xingguo(t)
	early, in := w.issue("xg-direct-001")
	w.do(early, in, registry.CodeGrantPeriod)
	w.handover("xg-takeover")
	grants := w.GrantsOf("xg-direct")
	if len(grants) != 20 {
		t.Fatalf("%d direct matters", len(grants))
	}
	for _, g := range grants {
		l, in := w.issue(g.ID)
		city := in
		city.Organization = w.code(g.From) // the city's bureau, which had the power
		if w.member(g.From) == l.space {
			t.Fatal("the city's bureau is not in the county's namespace")
		}
		w.do(l, city, registry.CodeGrantMode)
		w.do(l, in, "")
	}
}

// Forty-five matters examined in the county: inactive until agreed; then the
// county examines and asks for the seal, the city decides and confirms.
func TestPlanXingguoReviewInactiveUntilAgreed(t *testing.T) {
	t.Parallel()
	w := xingguo(t)
	w.clock("2022-06-01")
	grants := w.GrantsOf("xg-review")
	if len(grants) != 45 {
		t.Fatalf("%d review matters", len(grants))
	}
	for _, g := range grants {
		l, in := w.issue(g.ID)
		w.do(l, in, registry.CodeAgreement)
	}
	const id = "xg-review-003"
	agreed := stored[*registry.Grant](w, registry.KindGrant, id)
	agreed.Agreement, agreed.Agreed = "承接协议（演示）", w.now
	w.set("gz-gov", agreed)
	l, in := w.issue(id)
	w.do(l, in, registry.CodeExamination)
	g, _ := w.Grant(id)
	x := registry.Examination{Grant: id, Case: in.Case, Organization: w.code("xg-approval"), Accepted: w.now, Due: day("2022-06-30"), Result: registry.Forward,
		Examined: w.now, Key: ledgertest.NewKey("person " + w.code("xg-approval")).ID, SealAsked: w.now}
	w.set("xg-approval", &x)
	w.do(l, in, registry.CodeExamination) // asked for, not confirmed
	x.Confirmed, x.ConfirmedBy = w.now, ledgertest.NewKey("person "+w.code(g.Decider)).ID
	w.refusedOrder("xg-approval", &x, registry.CodeOrderNotAllowed)
	w.set(g.Decider, &x)
	county := in
	county.Organization = w.code("xg-approval")
	w.do(l, county, registry.CodeGrantMode)
	w.do(l, in, "")
	a := w.answers(l, "2022-06-01")
	if a.Decider.Code != w.code(g.Decider) || a.Examiner.Code != w.code("xg-approval") || a.Mode != registry.ModeReview {
		t.Errorf("examination answers to the county, the result to the city: %+v", a)
	}
}

// Fifty-three matters with the window moved: the county accepts, the city decides.
func TestPlanXingguoWindow(t *testing.T) {
	t.Parallel()
	w := xingguo(t)
	w.clock("2022-06-01")
	grants := w.GrantsOf("xg-window")
	if len(grants) != 53 {
		t.Fatalf("%d window matters", len(grants))
	}
	for _, g := range grants {
		l, in := w.issue(g.ID)
		county := in
		county.Organization = w.code("xg-approval")
		w.do(l, county, registry.CodeGrantMode)
		w.do(l, in, "")
	}
}

// The city recalls a power that is exercised badly; the county cannot keep it
// by ending it itself on other terms, nor act on it afterwards.
func TestPlanXingguoCityRecalls(t *testing.T) {
	t.Parallel()
	w := xingguo(t)
	w.handover("xg-takeover")
	l, in := w.issue("xg-direct-001")
	w.do(l, in, "")
	w.clock("2023-03-01")
	g := stored[*registry.Grant](w, registry.KindGrant, "xg-direct-001")
	g.End, g.EndBasis = w.now, "收回决定（演示）"
	for _, by := range []string{"xg-approval", "xg-gov", "xg-market", "gz-market"} {
		w.refusedOrder(by, g, registry.CodeOrderNotAllowed)
	}
	w.set("gz-gov", g)
	w.do(l, w.intent(l, "xg-direct-001", registry.Cancel), registry.CodeGrantPeriod)
	late, in := w.issue("xg-direct-001")
	w.do(late, in, registry.CodeGrantPeriod)
	in.Decided = w.now - 24*3600 // decided the day before, it says
	e := w.entry(in)
	e.Sealed = in.Decided
	w.entryWants(late, e, registry.CodeGrantPeriod)
	a := w.answers(l, "2022-07-01")
	b := w.answers(l, "2023-03-02")
	if len(a.MayAct) == 0 || len(b.MayAct) != 0 || b.Defendant.Code != w.code("xg-approval") {
		t.Errorf("before %+v, after %+v", a, b)
	}
}

// Copies are made, changed and cancelled together with the license.
func TestPlanXingguoCopiesTogether(t *testing.T) {
	t.Parallel()
	w := xingguo(t)
	w.handover("xg-takeover")
	w.clock("2024-02-01")
	blank := func(form, number string) registry.Blank {
		return registry.Blank{Form: form, Run: "2024-01", Number: number}
	}
	l, in := w.issue("xg-direct-001")
	in.Expires = day("2029-01-31")
	in.Printings = append(in.Printings, w.printing(l, 2, registry.Original, blank("SPJY-ZB", "JX00000001")), w.printing(l, 3, registry.Duplicate, blank("SPJY-FB", "JXF0000001")))
	w.do(l, in, "")
	change := w.intent(l, "xg-direct-001", registry.Change)
	change.Seal, change.Expires, change.Holder = in.Seal, in.Expires, in.Holder
	reused := change
	reused.Printings = append(reused.Printings[:1:1], w.printing(l, 5, registry.Original, blank("SPJY-ZB", "JX00000001")))
	w.do(l, reused, registry.CodeBlankUsed)
	foreign := change
	foreign.Printings = append(foreign.Printings[:1:1], w.printing(l, 5, registry.Original, blank("SPJY-ZB", "JX00002001"))) // Yudu's
	w.do(l, foreign, registry.CodeBlankStock)
	change.Printings = append(change.Printings, w.printing(l, 5, registry.Original, blank("SPJY-ZB", "JX00000002")), w.printing(l, 6, registry.Duplicate, blank("SPJY-FB", "JXF0000002")))
	w.do(l, change, "")
	for sheet := uint32(1); sheet <= 6; sheet++ {
		version, want := 1, registry.Superseded
		if sheet > 3 {
			version, want = 2, registry.Valid
		}
		if got := w.word(l, version, sheet, "2024-02-02"); got != want {
			t.Errorf("after the change, sheet %d: %s", sheet, got)
		}
	}
	w.do(l, w.intent(l, "xg-direct-001", registry.Cancel), "")
	for sheet := uint32(1); sheet <= 6; sheet++ {
		if got := w.word(l, map[bool]int{true: 1, false: 2}[sheet <= 3], sheet, "2024-02-03"); got != registry.IsCancelled {
			t.Errorf("after the cancellation, sheet %d: %s", sheet, got)
		}
	}
}

// Collected types are anchored as they came: no seal, no sheet of ours.
func TestPlanXingguoCollectedAsItCame(t *testing.T) {
	t.Parallel()
	w := xingguo(t)
	w.clock("2022-06-01")
	l, in := w.issue("xg-window-001") // road transport: the ministry's
	if in.Collected == nil {
		t.Fatal("road transport is collected")
	}
	sealed := in
	sealed.Collected, sealed.Seal = nil, "gz-transport-seal"
	sealed.Printings = []registry.Printing{w.printing(l, 1, registry.Electronic, registry.Blank{})}
	w.do(l, sealed, registry.CodeTypeSource)
	w.do(l, in, "")
	s, _ := w.standing(l)
	v := registry.Judge(registry.Question{Identifier: l.id, Standing: s, Now: day("2022-06-02").Start()})
	noted := false
	for _, c := range v.Checks {
		noted = noted || c.Code == "collected"
	}
	if v.Word != registry.Valid || !noted {
		t.Errorf("%+v", v)
	}
}

// Xingguo 三(三), 四2: under window the city decides and the county's window
// hands over: it delivers the city's paper, and decides nothing.
func TestPlanXingguoWindowHandsOver(t *testing.T) {
	t.Parallel()
	w := xingguo(t)
	w.clock("2022-06-01")
	w.handsOver("xg-window-003", "xg-approval", "xg-transport")
	w.handsOver("xg-window-004", "xg-center", "xg-justice") // where the window stands
}

// Xingguo 四5: under review and window the city's department supervises; the
// county's is told, and that gives it no power.
func TestPlanXingguoMeasure5CitySupervises(t *testing.T) {
	t.Parallel()
	w := xingguo(t)
	w.clock("2022-06-01")
	const grant, county, city = "xg-window-002", "xg-ecology", "gz-ecology"
	l, in := w.issue(grant)
	w.do(l, in, "")
	penalize := w.intent(l, grant, registry.Penalize)
	penalize.Organization = w.code(county)
	w.do(l, penalize, registry.CodeGrantMode)
	penalize.Organization = w.code(city)
	w.do(l, penalize, "")
	if a := w.answers(l, "2022-06-02"); len(a.Regulators) != 1 || a.Regulators[0].Code != w.code(city) {
		t.Errorf("supervised by %+v", a.Regulators)
	}
	for _, list := range []string{"xg-review", "xg-window"} {
		for _, g := range w.GrantsOf(list) {
			record := stored[*registry.Grant](w, registry.KindGrant, g.ID)
			if len(record.Regulators) != 1 || record.Regulators[0] != record.Decider || len(record.Informed) != 1 {
				t.Errorf("%s: supervised by %v, told %v", g.ID, record.Regulators, record.Informed)
			}
		}
	}
}

// Xingguo's direct powers rest on documents of city and county alone: nothing
// in the plan is a decision of the province (许可法25) or a law.
func TestPlanXingguoDirectNamesNoProvincialDecision(t *testing.T) {
	t.Parallel()
	w := xingguo(t)
	if g := stored[*registry.Grant](w, registry.KindGrant, "xg-direct-001"); g.Legal != "" || g.Founded() {
		t.Errorf("%s, %s", g.Legal, g.LegalBasis)
	}
}

// Where one applies for review (复议法24, 27): of the county's own bureau to the
// county, of the city's decision to the city, of the city bureau's branch to the
// city or as well to the county where it sits, of a vertically led bureau to
// the bureau above it.
func TestPlanXingguoReviewByStatute(t *testing.T) {
	t.Parallel()
	w := xingguo(t)
	branch := plan.Grant{ID: "xg-branch", Matter: "DEM360700302", Mode: registry.ModeOwn, From: "xg-ecology", Acceptor: "xg-ecology", Examiner: "xg-ecology",
		Decider: "xg-ecology", Territory: "360732", Basis: plan.Document{Title: "委托分局以本名义决定的规章（演示）"}, Effective: day("2018-01-01"), RecallBy: "gz-gov"}
	w.Grants = append(w.Grants, branch)
	w.set(w.City, w.GrantRecord(branch))
	w.handover("xg-takeover")
	for grant, want := range map[string][]string{"xg-direct-001": {"xg-gov"}, "xg-window-003": {"gz-gov"}, "xg-own-001": {"xg-gov"},
		"xg-branch": {"gz-gov", "xg-gov"}, "xg-resident-002": {"gz-tobacco"}, "xg-town-001": {"xg-gov"}} {
		l, in := w.issue(grant)
		w.do(l, in, "")
		a := w.answers(l, registry.DateOfUnix(w.now).String())
		var got []string
		for _, body := range append([]registry.Party{a.Review}, a.ReviewAlso...) {
			got = append(got, w.id(body.Code))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: review by %v, want %v", grant, got, want)
		}
	}
}
