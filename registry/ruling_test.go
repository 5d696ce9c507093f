package registry_test

import (
	"slices"
	"testing"
	"time"

	"tongzheng/registry"
)

// governs enters an act through governance.
func (s *story) governs(in registry.Intent) {
	s.Helper()
	e := s.City.Entry(in)
	after, err := registry.ApplyOversight(s.Oversight, s.State, e)
	if err != nil {
		s.Fatal(err)
	}
	s.Oversight, s.standing.Oversight = after, after
	s.standing.Entries = append(s.standing.Entries, registry.Anchored{Entry: e, Namespace: registry.Governance, Recorded: s.City.Now})
}

func (s *story) days(n int) { s.City.Advance(time.Duration(n) * 24 * time.Hour) }

// on asks for the state on a day, as known today and as the ledger said then.
func (s *story) on(day registry.Date, want, recorded registry.State) {
	s.Helper()
	c := registry.Chronicle{}
	for _, record := range s.City.Records() {
		c.Add(record, nil)
	}
	a, err := registry.AnswersFor(&s.standing, c, day)
	if err != nil {
		s.Fatal(err)
	}
	if a.State != want || a.Recorded != recorded {
		s.Errorf("on %s: %s, recorded %s; want %s, %s", day, a.State, a.Recorded, want, recorded)
	}
	if state, _ := s.replayed(day).State(); state != want {
		s.Errorf("replayed to %s: %s, want %s", day, state, want)
	}
}

func (s *story) today() registry.Date { return registry.DateOf(s.City.Time()) }

// 吊销 → stay → stay ends → 注销 → a review annuls it from the first day: the
// license is in force again, and was on every day, which the ledger did not say
// then.
func TestPenaltyStayedAndAnnulled(t *testing.T) {
	s := newStory(t)
	said := func(want registry.Word) {
		t.Helper()
		if got := s.word(); got != want {
			t.Fatalf("on %s: %s, want %s", s.today(), got, want)
		}
	}
	s.days(10)
	penalty := s.today()
	s.do(s.Intent(registry.Penalize), registry.Timely, "")
	said(registry.IsPenalized)
	s.days(10)
	stay := s.today()
	s.do(s.Intent(registry.Stay), registry.Timely, "")
	said(registry.Valid)
	s.days(10)
	ends := s.Intent(registry.Stay)
	ends.Ruling.Ends = true
	over := s.today()
	s.do(ends, registry.Timely, "")
	said(registry.IsPenalized)
	s.days(10)
	s.do(s.Intent(registry.Cancel), registry.Timely, "")
	said(registry.IsCancelled)
	s.on(penalty-1, registry.Effective, registry.Effective)
	s.on(penalty, registry.Penalized, registry.Penalized)
	s.on(stay, registry.Effective, registry.Effective)
	s.on(over, registry.Penalized, registry.Penalized)
	s.on(s.today(), registry.Cancelled, registry.Cancelled)
	s.days(10)
	annuls := s.Intent(registry.Reinstate)
	annuls.Ruling.By, annuls.Ruling.Body, annuls.Ruling.From = registry.RulingReview, "兴国县人民政府（测试）", penalty
	s.do(annuls, registry.Timely, "")
	said(registry.Valid)
	if len(s.State.Causes) != 0 || !s.State.Cause.IsZero() || s.State.Before != nil {
		t.Errorf("%+v", s.State)
	}
	s.on(penalty, registry.Effective, registry.Penalized)
	s.on(over, registry.Effective, registry.Penalized)
	s.on(s.today()-1, registry.Effective, registry.Cancelled)
	v := registry.Judge(registry.Question{Identifier: s.Identifier, Standing: &s.standing, Now: s.City.Time()})
	notes := 0
	for _, c := range v.Checks {
		if c.Code == "ruling" {
			notes++
		}
	}
	if notes != 3 {
		t.Errorf("%d rulings are told of, want the stay, its end and the annulment", notes)
	}
	s.do(s.Intent(registry.Change), registry.Timely, "") // worked on as before
}

// replayed is the standing at the end of a day, as a bundle replays it, with
// what rulings made of it later.
func (s *story) replayed(day registry.Date) *registry.Standing {
	s.Helper()
	out := &registry.Standing{}
	for _, a := range s.standing.Entries {
		if registry.DateOfUnix(a.Works()) > day {
			continue
		}
		out.Entries = append(out.Entries, a)
		var err error
		if a.Namespace == registry.Governance {
			out.Oversight, err = registry.ApplyOversight(out.Oversight, out.License, a.Entry)
		} else {
			out.License, err = registry.Apply(out.License.Under(out.Oversight), a.Entry)
		}
		if err != nil {
			s.Fatal(err)
		}
	}
	return s.standing.On(day, out)
}

// A ruling that works from a later day leaves the days before as they were.
func TestRulingFromItsDay(t *testing.T) {
	s := newStory(t)
	s.days(10)
	s.do(s.Intent(registry.Withdraw), registry.Timely, "")
	withdrawn := s.today()
	s.days(30)
	s.do(s.Intent(registry.Reinstate), registry.Timely, "") // from today
	s.on(withdrawn, registry.Withdrawn, registry.Withdrawn)
	s.on(s.today(), registry.Effective, registry.Effective)
}

// Only the act named is undone: what else stands, stands.
func TestRulingLeavesTheRest(t *testing.T) {
	s := newStory(t)
	for _, act := range []registry.Act{registry.Suspend, registry.Penalize, registry.Cancel} {
		s.days(1)
		s.do(s.Intent(act), registry.Timely, "")
	}
	undo := func(sequence uint64, want registry.State) {
		t.Helper()
		in := s.Intent(registry.Reinstate)
		in.Ruling.Undoes = sequence
		s.do(in, registry.Timely, "")
		if s.State.State != want {
			t.Fatalf("after %d was undone: %s, want %s", sequence, s.State.State, want)
		}
	}
	undo(2, registry.Cancelled) // the suspension
	undo(4, registry.Penalized) // the cancellation alone
	undo(3, registry.Effective)
}

// A superior lifts the issuer's act through governance, in nobody's way; what
// the issuer does afterwards counts again.
func TestSuperiorLiftsTheIssuersAct(t *testing.T) {
	s := newStory(t)
	s.days(1)
	s.do(s.Intent(registry.Penalize), registry.Timely, "")
	first := s.today()
	s.days(5)
	s.governs(s.OversightIntent(s.City.County, registry.Stay))
	if s.word() != registry.Valid {
		t.Fatalf("stayed: %s", s.word())
	}
	s.days(5)
	ends := s.OversightIntent(s.City.County, registry.Stay)
	ends.Ruling.Ends = true
	s.governs(ends)
	if s.word() != registry.IsPenalized {
		t.Fatalf("the stay ended: %s", s.word())
	}
	s.days(5)
	lifts := s.OversightIntent(s.City.County, registry.Reinstate)
	lifts.Ruling.From = first
	s.governs(lifts)
	if s.word() != registry.Valid {
		t.Fatalf("lifted: %s", s.word())
	}
	s.on(first+1, registry.Effective, registry.Penalized)
	s.days(5)
	s.do(s.Intent(registry.Suspend), registry.Timely, "") // from the lifted state
	if s.word() != registry.IsSuspended || len(s.State.Causes) != 1 {
		t.Errorf("suspended afterwards: %s, %+v", s.word(), s.State.Causes)
	}
}

// A ruling says who ruled, by which document, from which day, on which act.
func TestRulingForm(t *testing.T) {
	s := newStory(t)
	s.days(10)
	s.do(s.Intent(registry.Penalize), registry.Timely, "")
	for name, change := range map[string]func(in *registry.Intent){
		"none":                      func(in *registry.Intent) { in.Ruling = nil },
		"of nobody":                 func(in *registry.Intent) { in.Ruling.By = "king" },
		"without a document":        func(in *registry.Intent) { in.Ruling.Document = "" },
		"without a day":             func(in *registry.Intent) { in.Ruling.From = 0 },
		"from a day to come":        func(in *registry.Intent) { in.Ruling.From = s.today() + 1 },
		"without a body":            func(in *registry.Intent) { in.Ruling.Body = "" },
		"of its own, with a body":   func(in *registry.Intent) { in.Ruling.By = registry.RulingSelf },
		"on nothing":                func(in *registry.Intent) { in.Ruling.Undoes = 0 },
		"on two things":             func(in *registry.Intent) { in.Ruling.MemberAct = 2 },
		"on a member's from within": func(in *registry.Intent) { in.Ruling.Undoes, in.Ruling.MemberAct = 0, 2 },
		"on acts up to one":         func(in *registry.Intent) { in.Ruling.Undoes, in.Ruling.UpTo = 0, 2 },
		"of an author by no code":   func(in *registry.Intent) { in.Ruling.Author = "x" },
		"that names itself":         func(in *registry.Intent) { in.Ruling.Author = in.Organization },
		"that ends no stay":         func(in *registry.Intent) { in.Ruling.Ends = true },
		"with a ground":             func(in *registry.Intent) { in.Ground = "g1" },
		"with a break in its words": func(in *registry.Intent) { in.Ruling.Body = "a\nb" },
	} {
		in := s.Intent(registry.Reinstate)
		ruling := *in.Ruling
		in.Ruling = &ruling
		change(&in)
		if err := in.Check(); err == nil {
			t.Errorf("a ruling %s is well formed", name)
		}
	}
	stray := s.Intent(registry.Cancel)
	stray.Ruling = &registry.Ruling{By: registry.RulingSelf, Document: "d", From: s.today(), Undoes: 2}
	if stray.Check() == nil {
		t.Error("an act that is no ruling carries one")
	}
}

// An origin says what the act needs, and no more.
func TestOriginForm(t *testing.T) {
	s := newStory(t)
	issue, later, over := s.City.NewLicense().Intent(registry.Issue), s.Intent(registry.Annotate), s.OversightIntent(s.City.County, registry.Revoke)
	for i, change := range []struct {
		in registry.Intent
		do func(o *registry.Origin)
	}{
		{issue, func(o *registry.Origin) { o.Matter = "1" }}, {issue, func(o *registry.Origin) { o.Grant = "g" }}, {issue, func(o *registry.Origin) { o.Member = "m" }},
		{issue, func(o *registry.Origin) { o.Place = "" }}, {later, func(o *registry.Origin) { o.Matter = "" }}, {later, func(o *registry.Origin) { o.Place = "36073" }},
		{later, func(o *registry.Origin) { o.Grant = s.Grant }}, {later, func(o *registry.Origin) { o.Matter = "a\nb" }},
		{over, func(o *registry.Origin) { o.Matter = "1" }}, {over, func(o *registry.Origin) { o.Grant = "g" }}, {over, func(o *registry.Origin) { o.Place = "360732" }},
	} {
		origin := *change.in.Origin
		change.do(&origin)
		change.in.Origin = &origin
		if registry.CodeOf(change.in.Check()) == "" {
			t.Errorf("case %d: %+v is well formed", i, origin)
		}
	}
	for _, in := range []registry.Intent{issue, later, over} {
		if err := in.Check(); err != nil {
			t.Error(err)
		}
	}
	if !slices.Contains(registry.Codes(), registry.CodeNotResponsible) {
		t.Error("no words for it")
	}
}

// TestAnnulledRefusalAsOf: when the refusal of a renewal is annulled, the cancellation
// for expiry after it is gone from what the entries say of today, too; and a refusal
// that a renewal followed stands no more.
func TestAnnulledRefusalAsOf(t *testing.T) {
	s := newStory(t)
	s.do(s.Intent(registry.AcceptRenewal), registry.Timely, "")
	refused := s.State.Sequence + 1
	s.do(s.ground(registry.Annotate, registry.GroundRenewalRefused), registry.Timely, "")
	s.City.Advance(6 * 366 * 24 * time.Hour)
	s.do(s.ground(registry.Cancel, registry.GroundExpired), registry.Timely, "")
	s.City.Advance(5 * 24 * time.Hour)
	in := s.Intent(registry.Reinstate)
	in.Ruling = &registry.Ruling{By: registry.RulingCourt, Document: "判1", Body: "法院", From: s.today(), Undoes: refused}
	s.do(in, registry.Timely, "")
	if state, _ := s.standing.On(s.today(), &s.standing).State(); state != registry.Effective || s.State.State != registry.Effective {
		t.Errorf("%s on the ledger, %s by its entries", s.State.State, state)
	}

	s = newStory(t)
	s.do(s.Intent(registry.AcceptRenewal), registry.Timely, "")
	s.do(s.ground(registry.Annotate, registry.GroundRenewalRefused), registry.Timely, "")
	s.do(s.Intent(registry.Renew), registry.Timely, "")
	if s.State.Refused != nil {
		t.Errorf("renewed, and %+v", s.State.Refused)
	}
}
