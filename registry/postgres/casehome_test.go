package postgres_test

import (
	"slices"
	"testing"

	"tongzheng/registry"
	"tongzheng/registry/exchange"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
)

// TestCaseHome: copies are told from own files; own ones are in the feeds of the members
// that are told of them, by a key that leads back to them, and are offered once to others.
func TestCaseHome(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(w.Cases.AddCaseSteps(ctx(), office.CaseAddition{Steps: []registry.CaseStep{w.caseStep("受〔2026〕1号", 1)}, Members: []string{"city"}}))
	w.must(w.addStep(w.caseStep("受〔2026〕2号", 1)))
	w.must(w.Cases.AddCaseSteps(ctx(), office.CaseAddition{Steps: []registry.CaseStep{w.caseStep("受〔2026〕3号", 1), w.caseStep("受〔2026〕3号", 2)}, Home: "county"}))
	for number, home := range map[string]string{"受〔2026〕1号": "", "受(2026)3号": "county"} {
		kept, err := w.Cases.Case(ctx(), "g1", number)
		w.must(err)
		if kept.Home != home || len(kept.Steps) == 0 || kept.Held != nil {
			t.Errorf("%s: %+v", number, kept)
		}
	}
	told := func(member string, want ...string) {
		t.Helper()
		changes, err := w.Feeds.Changes(ctx(), member, exchange.KindCase, exchange.Place{}, 100)
		w.must(err)
		var got []string
		for _, c := range changes.All {
			ref, err := w.Cases.CaseOf(ctx(), c.Key)
			w.must(err)
			got = append(got, ref.Case)
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s is told of %v, want %v", member, got, want)
		}
	}
	told("city", "受〔2026〕1号")
	for _, want := range []int{1, 0} {
		n, err := w.Cases.OfferCases(ctx(), "city", []string{"g1"}, 10)
		w.must(err)
		if n != want {
			t.Errorf("%d files were offered, want %d", n, want)
		}
	}
	told("city", "受〔2026〕1号", "受〔2026〕2号")
	if n, err := w.Cases.OfferCases(ctx(), "yudu", []string{"g2"}, 10); n != 0 || err != nil {
		t.Errorf("%d files of another grant, %v", n, err)
	}
	_, err := w.Cases.CaseOf(ctx(), "nothing")
	w.wantCode(err, registry.CodeNotFound)
}

// TestHeldSteps: a file holds one step at a time, the next one, and takes no other
// meanwhile; one that is over gives way.
func TestHeldSteps(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const number = "受〔2026〕1号"
	w.must(w.addStep(w.caseStep(number, 1)))
	held := func(nth int, days int, state office.HeldState) office.HeldStep {
		step := w.caseStep(number, nth)
		step.Statement.Days = days
		return office.HeldStep{HeldStep: registry.HeldStep{Step: step}, State: state}
	}
	digest := func(h office.HeldStep) sm.Digest {
		d, err := h.Step.Statement.Digest()
		w.must(err)
		return d
	}
	first, other := held(2, 7, office.HeldAsked), held(2, 8, office.HeldAwaited)
	w.wantCode(w.Cases.HoldStep(ctx(), held(3, 7, office.HeldAsked), sm.Digest{}), registry.CodeStale)
	w.must(w.Cases.HoldStep(ctx(), first, sm.Digest{}))
	w.must(w.Cases.HoldStep(ctx(), first, sm.Digest{}))
	w.wantCode(w.Cases.HoldStep(ctx(), other, sm.Digest{}), registry.CodeActState)
	w.wantCode(w.addStep(other.Step), registry.CodeActState)
	if steps := w.caseSteps(number); len(steps) != 1 {
		t.Errorf("%d steps", len(steps))
	}
	w.must(w.Cases.HoldStep(ctx(), other, digest(first)))
	list, err := w.Cases.HeldSteps(ctx(), nil, 10)
	w.must(err)
	if len(list) != 1 || list[0].State != office.HeldAwaited || !list[0].Is(&other.Step.Statement) {
		t.Fatalf("%+v", list)
	}
	if more, err := w.Cases.HeldSteps(ctx(), list[0], 10); err != nil || len(more) != 0 {
		t.Errorf("after the last one: %+v, %v", more, err)
	}
	elsewhere := held(2, 7, office.HeldAwaited)
	elsewhere.Step.Statement.Case = "受〔2026〕2号"
	w.must(w.addStep(w.caseStep(elsewhere.Step.Statement.Case, 1)))
	w.must(w.Cases.HoldStep(ctx(), elsewhere, sm.Digest{}))
	var last *office.HeldStep
	for page := range 3 {
		list, err := w.Cases.HeldSteps(ctx(), last, 1)
		w.must(err)
		if want := min(1, 2-page); len(list) != want {
			t.Fatalf("page %d has %d steps, want %d", page, len(list), want)
		}
		if len(list) == 1 {
			last = list[0]
		}
	}
	w.must(w.Cases.MoveHeld(ctx(), digest(other), office.HeldRefused, registry.CodeOrderNotAllowed, "why"))
	refused, err := w.Cases.RefusedSteps(ctx(), bureau, 10)
	w.must(err)
	if len(refused) != 1 || refused[0].Refusal != registry.CodeOrderNotAllowed || refused[0].Detail != "why" {
		t.Errorf("%+v", refused)
	}
	w.must(w.Cases.HoldStep(ctx(), first, sm.Digest{}))
	w.must(w.addStep(first.Step))
	kept, err := w.Cases.Case(ctx(), "g1", number)
	w.must(err)
	if len(kept.Steps) != 2 || kept.Held != nil {
		t.Errorf("%+v", kept)
	}
}

// TestWaitingCases: a request for the seal and an invitation have a file wait, the
// confirmation and the opinion end it.
func TestWaitingCases(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const number = "受〔2026〕1号"
	waits := func(grants []string, organization string, want bool) {
		t.Helper()
		refs, err := w.Cases.WaitingCases(ctx(), grants, organization, 10)
		w.must(err)
		if slices.Contains(refs, office.CaseRef{Grant: "g1", Case: number}) != want {
			t.Errorf("%v, %s: %v", grants, organization, refs)
		}
	}
	step := func(nth int, kind registry.CaseKind, organization, invited string) {
		t.Helper()
		s := w.caseStep(number, nth)
		s.Statement.Kind, s.Statement.Organization, s.Statement.Invited = kind, organization, invited
		w.must(w.addStep(s))
	}
	step(1, registry.CaseAccept, bureau, "")
	step(2, registry.CaseInvite, bureau, city)
	waits(nil, city, true)
	step(3, registry.CaseOpinion, bureau, "")
	waits(nil, city, true)
	step(4, registry.CaseOpinion, city, "")
	waits(nil, city, false)
	step(5, registry.CaseSealRequest, bureau, "")
	waits([]string{"g1"}, city, true)
	waits([]string{"g2"}, city, false)
	step(6, registry.CaseSealConfirm, city, "")
	waits([]string{"g1"}, city, false)
	step(7, registry.CaseSealRequest, bureau, "")
	w.must(w.Cases.DoneWaiting(ctx(), office.CaseRef{Grant: "g1", Case: number}))
	waits([]string{"g1"}, city, false)
	step(8, registry.CaseInvite, bureau, city)
	back := w.caseStep(number, 9)
	back.Statement.Kind, back.Statement.Result = registry.CaseExamine, registry.SendBack
	w.must(w.addStep(back))
	waits(nil, city, true)
	step(10, registry.CaseExamine, bureau, "")
	waits(nil, city, false)
	// Of more than are asked for, the newest are listed.
	for nth, late := range []string{"受〔2026〕2号", "受〔2026〕3号"} {
		s := w.caseStep(late, 1)
		s.Statement.Kind, s.Statement.Invited, s.Statement.At = registry.CaseInvite, city, s.Statement.At+int64(nth)
		w.must(w.addStep(s))
	}
	refs, err := w.Cases.WaitingCases(ctx(), nil, city, 1)
	w.must(err)
	if len(refs) != 1 || refs[0].Case != "受〔2026〕3号" {
		t.Errorf("the newest is %v", refs)
	}
}
