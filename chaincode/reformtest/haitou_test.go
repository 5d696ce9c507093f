package reformtest

import (
	"slices"
	"testing"

	"tongzheng/registry"
	"tongzheng/registry/plan"
)

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
	// 四(三): whoever disagrees with the town applies to the district government.
	if a := w.answers(l, "2024-06-02"); a.Decider.Code != w.code("ht-gov") || a.Defendant.Code != w.code("ht-gov") || a.Review.Code != w.code("gy-gov") || a.ReviewAlso != nil {
		t.Errorf("the center is not who answers: %+v", a)
	}
}

// Haitou 四(一): the center serves the neighbouring towns too. It takes in for them
// and forwards; the department goes on deciding there, and the town does not.
func TestPlanHaitouCenterTakesInForNeighbours(t *testing.T) {
	t.Parallel()
	w := open(t, "haitou", "2024-05-01")
	w.takeover(w.Handovers[0], nil)
	for i, near := range w.GrantsOf("ht-near") {
		town := stored[*registry.Grant](w, registry.KindGrant, w.GrantsOf("ht-direct")[i].ID)
		there := stored[*registry.Grant](w, registry.KindGrant, near.ID)
		if !town.TakesIn(w.code("ht-center"), there, w.now) || there.TakesIn(w.code("ht-center"), town, w.now) || town.TakesIn(w.code(near.Decider), there, w.now) {
			t.Errorf("%s: the center takes in for %s, and nobody else does", town.ID, near.Territory)
		}
		if i > 0 {
			continue
		}
		l, in := w.issue(town.ID)
		in.Origin.Place = near.Territory
		w.do(l, in, registry.CodeGrantTerritory)
		l, in = w.issue(near.ID)
		w.do(l, in, "")
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

// Haitou 四(二): the matter's own department supervises and answers for that; the
// town's enforcement bureau is told, and that gives it nothing to decide.
func TestPlanHaitouFourTwoSupervision(t *testing.T) {
	t.Parallel()
	w := open(t, "haitou", "2024-05-01")
	w.takeover(w.Handovers[0], nil)
	g, _ := w.Grant("ht-direct-091")
	l, in := w.issue(g.ID)
	enforcement := in
	enforcement.Organization = w.code("ht-enforcement")
	w.do(l, enforcement, registry.CodeGrantMode)
	w.do(l, in, "")
	if a := w.answers(l, "2024-06-02"); len(a.Regulators) != 1 || a.Regulators[0].Code != w.code("gy-market") {
		t.Errorf("supervised by %+v", a.Regulators)
	}
	for _, g := range w.GrantsOf("ht-direct") {
		record := stored[*registry.Grant](w, registry.KindGrant, g.ID)
		if !slices.Equal(record.Regulators, []string{w.code(g.From)}) || !slices.Equal(record.Informed, []string{w.code("ht-enforcement")}) {
			t.Errorf("%s: supervised by %v, told %v", g.ID, record.Regulators, record.Informed)
		}
	}
}

// Haitou 二(二): what cannot move yet has its department's counter in the center:
// the counter moved, the power did not.
func TestPlanHaitouTwoTwoCounters(t *testing.T) {
	t.Parallel()
	w := open(t, "haitou", "2024-05-01")
	w.clock("2024-06-03")
	w.handsOver("ht-resident-001", "ht-center", "ht-gov")
}

// Haitou 五(一): one list, one scheme, one course, one liaison, one form: each is
// recorded once it is there, by the town or the city, and stays.
func TestPlanHaitouFiveOnePreparations(t *testing.T) {
	t.Parallel()
	w := open(t, "haitou", "2024-05-01")
	g := stored[*registry.Grant](w, registry.KindGrant, "ht-direct-001")
	if len(g.Preparations) != 5 {
		t.Fatalf("%+v", g.Preparations)
	}
	for i := range g.Preparations {
		there := *g
		there.Preparations = slices.Clone(g.Preparations)
		there.Preparations[i].Document = "海政〔2024〕1号（演示）"
		w.refusedOrder("gy-development", &there, registry.CodeOrderNotAllowed)
		w.set("ht-gov", &there)
		g = &there
	}
	gone := *g
	gone.Preparations = g.Preparations[:4]
	w.refusedOrder("ht-gov", &gone, registry.CodeOrderNotAllowed)
	other := *g
	other.Preparations = slices.Clone(g.Preparations)
	other.Preparations[0].Document = "另一清单"
	w.refusedOrder("lyg-gov", &other, registry.CodeOrderNotAllowed)
}
