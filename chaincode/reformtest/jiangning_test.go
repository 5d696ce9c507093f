package reformtest

import (
	"slices"
	"testing"

	"tongzheng/registry"
)

// jiangning is the plan on its day.
func jiangning(t *testing.T) *world { return open(t, "jiangning", "2020-07-13") }

// Jiangning 四(一)3, 五(五): the signed handover and the recorded start of
// operation, not the signing alone, begin the street's power and seal; the
// department's seal is then good for these matters no more.
func TestPlanJiangningFourOneHandoverAndStart(t *testing.T) {
	t.Parallel()
	w := jiangning(t)
	h := w.Handovers[0]
	l, in := w.issue("jn-ds-001")
	w.do(l, in, registry.CodeGrantPeriod)
	g := stored[*registry.Grant](w, registry.KindGrant, "jn-ds-001")
	g.Operating = h.Start.Start().Unix()
	w.refusedOrder("jn-ds", g, registry.CodeHandover)
	w.set("jn-ds", w.sign(h, nil))
	w.refusedOrder("jn-ds", g, registry.CodeHandover) // signed, operation not started
	w.clock("2020-07-30")
	old, in := w.issue("jn-own-ds-001")
	w.do(old, in, "") // until then the department decides
	fresh := jiangning(t)
	fresh.takeover(h, nil)
	for _, g := range fresh.GrantsOf("jn-own-ds") {
		l, in := fresh.issue(g.ID)
		fresh.do(l, in, registry.CodeGrantPeriod)
	}
	for _, g := range fresh.GrantsOf("jn-ds") {
		l, in := fresh.issue(g.ID)
		department := in
		department.Seal = g.From + "-seal"
		fresh.do(l, department, registry.CodeSealScope)
		department = in
		department.Organization = fresh.code(g.From)
		fresh.do(l, department, registry.CodeGrantMode)
		fresh.do(l, in, "")
	}
}

// Jiangning 三(一): every street takes over for itself; until then the
// department decides there, and no street decides for another.
func TestPlanJiangningThreeOneStreets(t *testing.T) {
	t.Parallel()
	w := jiangning(t)
	if len(w.Handovers) < 2 {
		t.Fatalf("%d streets", len(w.Handovers))
	}
	for i, h := range w.Handovers {
		w.takeover(h, nil)
		for k, other := range w.Handovers {
			l, in := w.issue(other.To + "-001")
			elsewhere := in
			elsewhere.Organization = w.code(h.To)
			switch {
			case k > i:
				w.do(l, in, registry.CodeGrantPeriod)
				own, in := w.issue(other.Ends[0] + "-001")
				w.do(own, in, "")
			case k < i:
				w.do(l, elsewhere, registry.CodeGrantMode)
				w.do(l, in, "")
			default:
				w.do(l, in, "")
			}
		}
	}
}

// Jiangning 三(一): what is no license may stay with its department, whose
// counter is in the center.
func TestPlanJiangningThreeOneCounters(t *testing.T) {
	t.Parallel()
	w := jiangning(t)
	w.takeover(w.Handovers[1], nil)
	w.handsOver("jn-ml-resident-001", "jn-ml-center", "jn-ml")
}

// Jiangning 三(二), 三(四): the street office decides under its seal; its center
// accepts, prints and delivers for it, and never decides.
func TestPlanJiangningThreeTwoCenterHandles(t *testing.T) {
	t.Parallel()
	w := jiangning(t)
	w.takeover(w.Handovers[0], nil)
	w.handsOver("jn-ds-010", "jn-ds-center", "jn-ml")
}

// Jiangning 五(五): every kind of item is handed over and listed.
func TestPlanJiangningFiveFiveItems(t *testing.T) {
	t.Parallel()
	w := jiangning(t)
	for _, h := range w.Handovers {
		record := w.takeover(h, nil)
		for _, kind := range []registry.ItemKind{registry.ItemOperatingRules, registry.ItemLegalBasis, registry.ItemInternalRules, registry.ItemForms,
			registry.ItemWorkflow, registry.ItemBlanks, registry.ItemPlatform, registry.ItemTraining} {
			if !slices.ContainsFunc(record.Items, func(i registry.HandoverItem) bool { return i.Kind == kind && i.What != "" }) {
				t.Errorf("%s: %s is not in the list", h.ID, kind)
			}
		}
	}
}

// Jiangning 五(五): staffing office, justice bureau and approval bureau form the
// handover group: without each of them nothing is handed over.
func TestPlanJiangningFiveFiveGroupSigns(t *testing.T) {
	t.Parallel()
	w := jiangning(t)
	h := w.sign(w.Handovers[0], nil)
	if len(h.Group) != 3 {
		t.Fatalf("%+v", h.Group)
	}
	for _, member := range h.Group {
		without := *h
		without.Signatures = slices.DeleteFunc(slices.Clone(h.Signatures), func(s registry.HandoverSignature) bool { return s.Organization == member.Organization })
		w.refusedOrder("jn-ds", &without, registry.CodeEntryForm)
	}
	dropped := *h // and nobody is dropped from the group once the others have signed
	dropped.Group = h.Group[:2]
	w.refusedOrder("jn-ds", &dropped, registry.CodeApprovalSignature)
	w.set("jn-ds", h)
}

// Jiangning 五(六): for a month the departments guide and train; they decide
// nothing in it.
func TestPlanJiangningFiveSixTransition(t *testing.T) {
	t.Parallel()
	w := jiangning(t)
	h := w.takeover(w.Handovers[0], nil)
	department := w.code("jn-health")
	for on, want := range map[string]bool{"2020-07-30": false, "2020-08-01": true, "2020-08-31": true, "2020-09-01": false} {
		w.clock(on)
		if h.Advises(department, w.now) != want || h.Advises(w.code("jn-ds"), w.now) {
			t.Errorf("on %s: advises %t", on, !want)
		}
	}
	w.clock("2020-08-03")
	l, in := w.issue("jn-own-ds-001")
	w.do(l, in, registry.CodeGrantPeriod)
	l, in = w.issue("jn-ds-001")
	in.Organization = department
	w.do(l, in, registry.CodeGrantMode)
}

// Jiangning 四(一)3, 4: earlier files stay with the department, and who is sued
// follows the day of the decision; for supervision it is the department.
func TestPlanJiangningFourOneFilesStayAndWhoIsSued(t *testing.T) {
	t.Parallel()
	w := jiangning(t)
	before, in := w.issue("jn-own-ds-001")
	w.do(before, in, "")
	w.takeover(w.Handovers[0], nil)
	w.clock("2020-08-03")
	after, in := w.issue("jn-ds-001")
	w.do(after, in, "")
	a, b := w.answers(before, "2020-09-01"), w.answers(after, "2020-09-01")
	if a.File.Code != w.code("jn-health") || a.Defendant.Code != w.code("jn-health") || a.Handover == "" {
		t.Errorf("decided before: %+v", a)
	}
	if b.File.Code != w.code("jn-ds") || b.Defendant.Code != w.code("jn-ds") || b.Review.Code != w.code("jn-gov") {
		t.Errorf("decided after: %+v", b)
	}
	if len(b.Regulators) != 1 || b.Regulators[0].Code != w.code("jn-health") {
		t.Errorf("for supervision: %+v", b.Regulators)
	}
}

// Jiangning 五(五): unused blanks are counted over; what was counted is the
// street's.
func TestPlanJiangningFiveFiveBlanksCountedOver(t *testing.T) {
	t.Parallel()
	w := jiangning(t)
	with := func(grant, number string, want registry.Code) {
		t.Helper()
		l, in := w.issue(grant)
		in.Expires = registry.DateOfUnix(w.now) + 1000
		in.Printings = append(in.Printings, w.printing(l, 2, registry.Original, registry.Blank{Form: "WSXK-ZB", Run: "2017-01", Number: number}))
		w.do(l, in, want)
	}
	with("jn-own-ds-001", "0320001", "")
	h := w.takeover(w.Handovers[0], nil)
	counted := h.Blanks[0]
	stock := registry.Stock{Type: counted.Type, Form: counted.Form, Run: counted.Run, Organization: w.code("jn-ds"), Ranges: []registry.BlankRange{counted.Of}}
	w.refusedOrder("nj-gov", &stock, registry.CodeBlankStock) // still in the department's
	left := stock
	left.Organization, left.Ranges = counted.From, []registry.BlankRange{{From: "0320001", To: "0320300"}, {From: "0320501", To: "0321000"}}
	w.set("nj-gov", &left, &stock)
	with("jn-ds-001", "0320300", registry.CodeBlankStock)
	with("jn-ds-001", "0320001", registry.CodeBlankStock)
	with("jn-ds-001", "0320501", registry.CodeBlankStock) // another street's, not counted over yet
	with("jn-ds-001", "0320301", "")
	with("jn-ds-001", "0320301", registry.CodeBlankUsed)
}

// Jiangning 四(一)3 says "in principle": a logged exception lets one department
// go on under its own seal for a while, and nobody else.
func TestPlanJiangningFourOneLoggedException(t *testing.T) {
	t.Parallel()
	w := jiangning(t)
	const grant, seal = "jn-own-ds-013", "jn-water-seal"
	w.takeover(w.Handovers[0], nil)
	l, in := w.issue(grant)
	w.do(l, in, registry.CodeGrantPeriod)
	g := stored[*registry.Grant](w, registry.KindGrant, grant)
	g.Exceptions = []registry.Exception{{Seal: seal, From: w.now, Until: w.now + 31*24*3600, Basis: "例外备案（演示）"}}
	w.refusedOrder("jn-water", g, registry.CodeOrderNotAllowed)
	w.set("jn-gov", g)
	w.do(l, in, "")
	w.clock("2020-09-15")
	l, in = w.issue(grant)
	w.do(l, in, registry.CodeGrantPeriod)
	alxa := open(t, "alxa", "2021-07-19") // whose plan knows no exception
	alxa.takeover(alxa.Handovers[0], nil)
	none := stored[*registry.Grant](alxa, registry.KindGrant, "al-own-001")
	none.Exceptions = []registry.Exception{{Seal: "al-housing-seal", From: alxa.now, Until: alxa.now + 1, Basis: "例外"}}
	alxa.refusedOrder("al-gov", none, registry.CodeOrderNotAllowed)
}
