package registry_test

import (
	"slices"
	"testing"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

const (
	caseCity   = "11360700DEM100001A"
	caseCounty = "11360732DEM200027X"
	caseCenter = "12360732DEM200099X"
	caseOther  = "11360731DEM300011B"
)

// caseTale is a case file as people write it, day by day.
type caseTale struct {
	*testing.T
	judge     registry.CaseJudge
	calendars registry.Calendars
	steps     []registry.CaseStep
}

func newTale(t *testing.T, mode registry.Mode) *caseTale {
	return &caseTale{T: t, judge: registry.CaseJudge{Grant: &registry.Grant{ID: "g", Matter: "m", Mode: mode, Decider: caseCity, Acceptor: caseCounty, Examiner: caseCounty, Handling: caseCenter, Agreement: "协〔2026〕1号"},
		Matter: &registry.Matter{Code: "m", FullName: "事项", Defers: true}},
		calendars: registry.Calendars{
			{Year: 2026, Off: []registry.Date{day("2026-10-01"), day("2026-10-02"), day("2026-10-05"), day("2026-10-06"), day("2026-10-07")}, On: []registry.Date{day("2026-10-10")}, Document: "2026"},
			{Year: 2027, Off: []registry.Date{day("2027-01-01")}, On: []registry.Date{day("2027-01-03")}, Document: "2027"}}}
}

func day(text string) registry.Date {
	d, err := registry.ParseDate(text)
	if err != nil {
		panic(err)
	}
	return d
}

func at(text string) int64 { return day(text).Start().Add(9 * time.Hour).Unix() }

// file is the file as of its last step, or as of a later day.
func (c *caseTale) file(on string) *registry.CaseFile {
	c.Helper()
	f, err := registry.ReadCase(c.judge.Grant.Mode, c.steps, c.calendars)
	if err != nil {
		c.Fatal(err)
	}
	if on != "" {
		f.Elapse(day(on))
	}
	return f
}

// step judges a step on a day, and takes it when it is wanted to be lawful.
func (c *caseTale) step(on string, kind registry.CaseKind, by string, want registry.Code, change ...func(*registry.CaseStatement)) {
	c.Helper()
	f := c.file("")
	s := registry.CaseStatement{Grant: "g", Case: "1", Number: len(c.steps) + 1, Previous: f.Digest, Kind: kind, Organization: by, At: at(on)}
	for _, fn := range change {
		fn(&s)
	}
	err := c.judge.Follows(f, &s)
	if registry.CodeOf(err) != want {
		c.Errorf("%s on %s by %s: %v, want %q", kind, on, by, err, want)
	}
	if err == nil {
		c.steps = append(c.steps, registry.CaseStep{Statement: s})
	}
}

func received(on string) func(*registry.CaseStatement) {
	return func(s *registry.CaseStatement) {
		s.Received, s.Channel, s.Items = at(on), registry.ChannelCounter, []registry.CaseItem{{Name: "申请书"}}
	}
}

func days(n int) func(*registry.CaseStatement) {
	return func(s *registry.CaseStatement) { s.Days, s.Unit = n, registry.WorkingDays }
}

func said(s *registry.CaseStatement) { s.Content = sm.Sum([]byte("x")) }

func written(s *registry.CaseStatement) { s.Document = "告〔2026〕1号" }

func items(due string, names ...string) func(*registry.CaseStatement) {
	return func(s *registry.CaseStatement) {
		s.Items = nil
		for _, name := range names {
			item := registry.CaseItem{Name: name}
			if due != "" {
				item.Due = day(due)
			}
			s.Items = append(s.Items, item)
		}
	}
}

func result(r registry.ExaminationResult) func(*registry.CaseStatement) {
	return func(s *registry.CaseStatement) { s.Result = r }
}

func procedure(p registry.CaseProcedure) func(*registry.CaseStatement) {
	return func(s *registry.CaseStatement) { s.Procedure = p }
}

// Five working days of silence make an application accepted, from the day on
// which it came in: over a holiday, and over the end of a year.
func TestSilenceAccepts(t *testing.T) {
	for _, test := range []struct{ received, last, silent, decide string }{
		{"2026-09-28", "2026-10-10", "2026-10-11", "2026-10-30"}, // a holiday between, and the Saturday that is worked for it
		{"2026-12-28", "2027-01-04", "2027-01-05", "2027-01-25"}, // 1 January off, the Sunday of 3 January worked
	} {
		c := newTale(t, registry.ModeDirect)
		c.step(test.received, registry.CaseReceive, caseCounty, "", received(test.received))
		if respond := c.file("").Clock.RespondBy; respond != day(test.last) {
			t.Errorf("received on %s: to be answered by %s, want %s", test.received, respond, test.last)
		}
		if f := c.file(test.last); f.Stage != registry.CaseReceive || f.Due != 0 {
			t.Errorf("on the last day: %s, due %s", f.Stage, f.Due)
		}
		f := c.file(test.silent)
		if f.Stage != registry.StageSilence || f.Clock.Began != day(test.received) || f.Clock.DecideBy != day(test.decide) || f.Due != f.Clock.DecideBy {
			t.Errorf("after it: %s from %s, to be decided by %s", f.Stage, f.Clock.Began, f.Clock.DecideBy)
		}
		// What silence made is not undone by a late notice, refusal or acceptance.
		c.step(test.silent, registry.CaseNotify, caseCounty, registry.CodeActState, items("", "平面图"), written)
		c.step(test.silent, registry.CaseDecline, caseCounty, registry.CodeActState, written, said)
		c.step(test.silent, registry.CaseAccept, caseCounty, registry.CodeActState, days(20))
		c.step(test.silent, registry.CaseExamine, caseCounty, "", result(registry.SendBack))
		if f := c.file(""); f.Stage != registry.StageSilence || f.Late {
			t.Errorf("sent back: %s, late %t", f.Stage, f.Late)
		}
		if x := c.file("").Examination(c.judge.Grant); x.Accepted != at(test.received) || x.Due != day(test.decide) {
			t.Errorf("on the ledger: %+v", x)
		}
	}
}

// A notice begins the five working days anew: once all that it told to be missing
// came, silence accepts from the day of the last item.
func TestSilenceAfterSupply(t *testing.T) {
	c := newTale(t, registry.ModeReview)
	c.step("2026-03-02", registry.CaseReceive, caseCounty, "", received("2026-03-02"))
	c.step("2026-03-03", registry.CaseNotify, caseCounty, "", items("", "平面图", "健康证明"), written)
	c.step("2026-03-04", registry.CaseSupply, caseCounty, "", items("", "健康证明"))
	if f := c.file("2026-06-30"); f.Stage != registry.CaseNotify || f.Clock.RespondBy != 0 {
		t.Errorf("with an item open: %s, to be answered by %s", f.Stage, f.Clock.RespondBy)
	}
	c.step("2026-03-05", registry.CaseSupply, caseCounty, "", items("", "平面图"))
	if f := c.file("2026-03-12"); f.Stage != registry.CaseNotify || f.Clock.RespondBy != day("2026-03-12") || f.Receipt.RespondBy != day("2026-03-09") {
		t.Errorf("on the last day: %s, to be answered by %s, on the receipt by %s", f.Stage, f.Clock.RespondBy, f.Receipt.RespondBy)
	}
	f := c.file("2026-03-13")
	if f.Stage != registry.StageSilence || f.Clock.Began != day("2026-03-05") || f.Clock.DecideBy != day("2026-04-02") || f.Decidable() != nil {
		t.Errorf("after it: %s from %s, to be decided by %s: %v", f.Stage, f.Clock.Began, f.Clock.DecideBy, f.Decidable())
	}
	c.step("2026-03-13", registry.CaseDecline, caseCounty, registry.CodeActState, written, said)
	c.step("2026-03-13", registry.CaseAccept, caseCounty, registry.CodeActState, days(20))
	c.step("2026-03-13", registry.CaseExamine, caseCounty, "", result(registry.Forward))
	if x := c.file("").Examination(c.judge.Grant); x.Accepted != at("2026-03-05") || x.Due != day("2026-04-02") {
		t.Errorf("on the ledger: %+v", x)
	}
}

// A decided case is closed: nothing follows, not even from who had been invited.
func TestDecidedCase(t *testing.T) {
	c := newTale(t, registry.ModeReview)
	c.step("2026-11-02", registry.CaseAccept, caseCounty, "", days(10))
	c.step("2026-11-03", registry.CaseInvite, caseCounty, "", func(s *registry.CaseStatement) {
		s.Invited, s.Purpose, s.Due = caseOther, registry.InviteVisit, day("2026-11-05")
	})
	c.step("2026-11-04", registry.CaseExamine, caseCounty, "", result(registry.Forward))
	f := c.file("")
	f.Close(registry.CaseDecision{Act: registry.Issue, Document: "决1", At: at("2026-11-05")})
	f.Elapse(day("2026-12-30"))
	if f.Stage != registry.StageDecided || f.Decision.Act != registry.Issue || f.Decidable() != nil {
		t.Errorf("%s: %v", f.Stage, f.Decidable())
	}
	for _, kind := range registry.CaseKinds() {
		s := registry.CaseStatement{Grant: "g", Case: "1", Number: 4, Previous: f.Digest, Kind: kind, Organization: caseCounty, At: at("2026-11-06")}
		if err := c.judge.Follows(f, &s); registry.CodeOf(err) != registry.CodeActState || f.Expects(kind) {
			t.Errorf("%s after the decision: %v, expected %t", kind, err, f.Expects(kind))
		}
	}
}

// An opinion that comes after its last day is in the file and says that it is late.
func TestLateOpinion(t *testing.T) {
	for on, late := range map[string]bool{"2026-11-05": false, "2026-11-06": true} {
		c := newTale(t, registry.ModeDirect)
		c.step("2026-11-02", registry.CaseAccept, caseCounty, "", days(10))
		c.step("2026-11-03", registry.CaseInvite, caseCounty, "", func(s *registry.CaseStatement) {
			s.Invited, s.Purpose, s.Due = caseOther, registry.InviteConsult, day("2026-11-05")
		})
		c.step(on, registry.CaseOpinion, caseOther, "", said)
		if in := c.file("").Invitations[0]; in.Answered != at(on) || in.Late != late {
			t.Errorf("answered on %s: %+v", on, in)
		}
	}
}

// Files of before are asked for with a number and a reason, as often as they are needed, and
// not twice at a time.
func TestRequestForFiles(t *testing.T) {
	c := newTale(t, registry.ModeDirect)
	request := func(document, due string) func(*registry.CaseStatement) {
		return func(s *registry.CaseStatement) {
			s.Invited, s.Purpose, s.Due, s.Document = caseOther, registry.InviteArchive, day(due), document
		}
	}
	c.step("2026-11-02", registry.CaseAccept, caseCounty, "", days(10))
	c.step("2026-11-03", registry.CaseInvite, caseCounty, registry.CodeMissing, request("", "2026-11-05"), said)
	c.step("2026-11-03", registry.CaseInvite, caseCounty, registry.CodeMissing, request("调档〔2026〕1号", "2026-11-05"))
	c.step("2026-11-03", registry.CaseInvite, caseCounty, registry.CodeUnknownField, request("调档〔2026〕1号", "2026-11-05"), said, func(s *registry.CaseStatement) { s.Purpose = registry.InviteVisit })
	c.step("2026-11-03", registry.CaseInvite, caseCounty, "", request("调档〔2026〕1号", "2026-11-05"), said)
	c.step("2026-11-03", registry.CaseInvite, caseCounty, registry.CodeActState, request("调档〔2026〕2号", "2026-11-05"), said)
	c.step("2026-11-04", registry.CaseOpinion, caseOther, "", said)
	c.step("2026-11-05", registry.CaseInvite, caseCounty, "", request("调档〔2026〕2号", "2026-11-06"), said)
	c.step("2026-11-07", registry.CaseOpinion, caseOther, "", said)
	all := c.file("").Invitations
	if len(all) != 2 || all[0].Document != "调档〔2026〕1号" || all[0].Answered != at("2026-11-04") || all[0].Late || all[1].Answered != at("2026-11-07") || !all[1].Late {
		t.Errorf("%+v", all)
	}
}

// Nothing is granted while the clock stands still, nor what the examination refused
// or sent back, until it is examined again.
func TestExaminationDecides(t *testing.T) {
	c := newTale(t, registry.ModeDirect)
	decidable := func(what string, want bool) {
		t.Helper()
		if err := c.file("").Decidable(); (err == nil) != want || err != nil && registry.CodeOf(err) != registry.CodeActState {
			t.Errorf("%s: %v", what, err)
		}
	}
	c.step("2026-03-03", registry.CaseAccept, caseCounty, "", days(10))
	decidable("accepted", true)
	c.step("2026-03-04", registry.CaseSuspend, caseCounty, "", procedure(registry.ProcedureHearing), written)
	decidable("the clock stands still", false)
	c.step("2026-03-05", registry.CaseResume, caseCounty, "")
	decidable("it runs again", true)
	c.step("2026-03-05", registry.CaseExamine, caseCounty, "", result(registry.SendBack))
	decidable("sent back", false)
	c.step("2026-03-06", registry.CaseExamine, caseCounty, "", result(registry.Forward))
	decidable("forwarded", true)
	c.steps = c.steps[:len(c.steps)-1]
	c.step("2026-03-06", registry.CaseExamine, caseCounty, "", result(registry.Refuse))
	decidable("refused", false)
}

// Under a grant that has not begun or has ended nobody takes anything in. What was
// in flight goes on where the handover lists it, or an exception lets the seal.
func TestCaseOutsideItsGrant(t *testing.T) {
	c := newTale(t, registry.ModeDirect)
	c.judge.Grant.Effective, c.judge.Grant.End = at("2026-03-01"), at("2026-03-10")
	for _, on := range []string{"2026-02-27", "2026-03-10"} {
		c.step(on, registry.CaseReceive, caseCounty, registry.CodeGrantPeriod, received(on))
		c.step(on, registry.CaseAccept, caseCounty, registry.CodeGrantPeriod, days(10))
	}
	c.step("2026-03-02", registry.CaseReceive, caseCounty, "", received("2026-03-02"))
	c.step("2026-03-10", registry.CaseExamine, caseCounty, registry.CodeGrantPeriod, result(registry.Forward))
	for name, let := range map[string]func(*registry.Grant){
		"listed": func(g *registry.Grant) { g.Cases = []string{"2", "1"} },
		"exception": func(g *registry.Grant) {
			g.Exceptions = []registry.Exception{{Seal: "s", From: g.End, Until: at("2026-03-12")}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := *c
			d.T, d.steps = t, slices.Clone(c.steps)
			grant := *c.judge.Grant
			let(&grant)
			d.judge.Grant = &grant
			d.step("2026-03-10", registry.CaseExamine, caseCounty, "", result(registry.Forward))
		})
	}
	if c.judge.Grant.Mode = registry.ModeReview; c.judge.Grant.InForce(at("2026-03-02")) != nil {
		t.Fatal("not in force")
	}
	c.judge.Grant.Agreement, c.steps = "", nil
	c.step("2026-03-02", registry.CaseAccept, caseCounty, registry.CodeAgreement, days(10))
}

// Which grants of a decider a case could be decided under, too.
func TestBeside(t *testing.T) {
	g := registry.Grant{Matter: "m", Decider: caseCity, Acceptor: caseCounty, Territory: "360732"}
	for name, test := range map[string]struct {
		change func(*registry.Grant)
		want   bool
	}{
		"same counter":                {func(o *registry.Grant) { o.Territory = "360731" }, true},
		"wider territory":             {func(o *registry.Grant) { o.Acceptor, o.Territory = "", "360700" }, true},
		"narrower territory":          {func(o *registry.Grant) { o.Acceptor, o.Territory = caseOther, "360732002" }, true},
		"another county's":            {func(o *registry.Grant) { o.Acceptor, o.Territory = caseOther, "360731" }, false},
		"another decider's":           {func(o *registry.Grant) { o.Decider = caseOther }, false},
		"for a matter that is not it": {func(o *registry.Grant) { o.Matter = "n" }, false},
	} {
		other := g
		test.change(&other)
		if g.Beside(&other) != test.want || other.Beside(&g) != test.want {
			t.Errorf("%s: %t", name, !test.want)
		}
	}
}

// A receipt is not dated ahead, nor far back; it comes first, from who takes in.
func TestReceipt(t *testing.T) {
	c := newTale(t, registry.ModeDirect)
	c.step("2026-11-02", registry.CaseReceive, caseCounty, registry.CodeDateOrder, received("2026-11-03"))
	c.step("2026-11-20", registry.CaseReceive, caseCounty, registry.CodeDateOrder, received("2026-11-04"))
	c.step("2026-11-20", registry.CaseReceive, caseOther, registry.CodeForbidden, received("2026-11-20"))
	c.step("2026-11-20", registry.CaseReceive, caseCounty, registry.CodeMalformed, received("2026-11-20"), func(s *registry.CaseStatement) { s.Channel = "pigeon" })
	c.step("2026-11-20", registry.CaseReceive, caseCounty, registry.CodeMissing, received("2026-11-20"), items(""))
	c.step("2026-11-20", registry.CaseReceive, caseCounty, registry.CodeMalformed, received("2026-11-20"), items("", "申请书", "申请书"))
	c.step("2026-11-20", registry.CaseReceive, caseCounty, registry.CodeUnknownField, received("2026-11-20"), days(20))
	c.step("2026-11-20", registry.CaseReceive, caseCounty, "", received("2026-11-19"))
	c.step("2026-11-20", registry.CaseReceive, caseCounty, registry.CodeActState, received("2026-11-20"))
	if f := c.file(""); f.Receipt == nil || f.Receipt.Received != at("2026-11-19") || !slices.Equal(f.Receipt.Items, []string{"申请书"}) {
		t.Errorf("%+v", f.Receipt)
	}
	if err := c.file("").Decidable(); registry.CodeOf(err) != registry.CodeActState {
		t.Errorf("decided before it is accepted: %v", err)
	}
}

// What is missing is told once. Only what was told may come after the
// acceptance, and nothing is decided before it has come.
func TestMissingItems(t *testing.T) {
	c := newTale(t, registry.ModeDirect)
	c.step("2026-11-02", registry.CaseReceive, caseCounty, "", received("2026-11-02"))
	c.step("2026-11-03", registry.CaseNotify, caseCounty, registry.CodeMissing, items("", "平面图"))
	c.step("2026-11-03", registry.CaseNotify, caseCounty, "", items("", "平面图", "健康证明", "授权书"), written)
	c.step("2026-11-04", registry.CaseNotify, caseCounty, registry.CodeActState, items("", "身份证明"), written)
	if f := c.file("2026-12-30"); f.Stage != registry.CaseNotify || f.Clock.RespondBy != 0 {
		t.Errorf("told in time, it is %s", f.Stage)
	}
	c.step("2026-11-05", registry.CaseSupply, caseCounty, registry.CodeActState, items("", "身份证明"))
	c.step("2026-11-05", registry.CaseSupply, caseCounty, "", items("", "授权书"))
	c.step("2026-11-06", registry.CaseAccept, caseCounty, registry.CodeActState, days(20))
	c.step("2026-11-06", registry.CaseAccept, caseCounty, registry.CodeActState, days(20), items("2026-11-20", "平面图"), written, said)
	c.step("2026-11-06", registry.CaseAccept, caseCounty, registry.CodeActState, days(20), items("2026-11-20", "平面图", "健康证明", "新要求"), written, said)
	deferred := items("2026-11-20", "平面图", "健康证明")
	c.step("2026-11-06", registry.CaseAccept, caseCounty, registry.CodeMissing, days(20), deferred, said)
	c.step("2026-11-06", registry.CaseAccept, caseCounty, registry.CodeMissing, days(20), deferred, written)
	c.step("2026-11-06", registry.CaseAccept, caseCounty, registry.CodeMissing, days(20), items("", "平面图", "健康证明"), written, said)
	c.step("2026-11-06", registry.CaseAccept, caseCounty, registry.CodeDateOrder, days(20), items("2026-11-05", "平面图", "健康证明"), written, said)
	c.judge.Matter.Defers = false
	c.step("2026-11-06", registry.CaseAccept, caseCounty, registry.CodeActNotAllowed, days(20), deferred, written, said)
	c.judge.Matter = nil
	c.step("2026-11-06", registry.CaseAccept, caseCounty, registry.CodeActNotAllowed, days(20), deferred, written, said)
	c.judge.Matter = &registry.Matter{Code: "m", Defers: true}
	c.step("2026-11-06", registry.CaseAccept, caseCounty, "", days(20), deferred, written, said)
	c.step("2026-11-10", registry.CaseSupply, caseCounty, "", items("", "平面图"))
	c.step("2026-11-10", registry.CaseSupply, caseCounty, registry.CodeActState, items("", "平面图"))
	f := c.file("")
	if registry.CodeOf(f.Decidable()) != registry.CodeActState || !slices.Equal(f.OpenItems(), []string{"健康证明"}) {
		t.Errorf("with an item open: %v", f.Decidable())
	}
	for _, item := range f.Items {
		if item.Overdue(day("2026-11-20")) || item.Overdue(day("2026-11-21")) != (item.Name == "健康证明") {
			t.Errorf("%+v", item)
		}
	}
	c.step("2026-11-23", registry.CaseSupply, caseCounty, "", items("", "健康证明"))
	if err := c.file("").Decidable(); err != nil {
		t.Error(err)
	}
}

// 不予受理 ends a file: nothing follows and nothing is decided.
func TestDeclinedCase(t *testing.T) {
	c := newTale(t, registry.ModeDirect)
	c.step("2026-11-02", registry.CaseReceive, caseCounty, "", received("2026-11-02"))
	c.step("2026-11-03", registry.CaseDecline, caseCounty, registry.CodeMissing, written)
	c.step("2026-11-03", registry.CaseDecline, caseCounty, "", written, said)
	for _, kind := range registry.CaseKinds() {
		c.step("2026-11-04", kind, caseCounty, registry.CodeActState)
		if c.file("").Expects(kind) {
			t.Errorf("%s is expected", kind)
		}
	}
	if f := c.file("2026-12-30"); f.Stage != registry.CaseDecline || registry.CodeOf(f.Decidable()) != registry.CodeActState {
		t.Errorf("%s: %v", f.Stage, f.Decidable())
	}
}

// Under a review agreement the county's days run inside the city's twenty. Both
// stand still for a procedure of article 45 alone; the city extends once.
func TestReviewClocks(t *testing.T) {
	c := newTale(t, registry.ModeReview)
	c.step("2026-12-07", registry.CaseAccept, caseCounty, registry.CodeMalformed, days(21))
	c.step("2026-12-07", registry.CaseAccept, caseCounty, registry.CodeMalformed, days(10), func(s *registry.CaseStatement) { s.Unit = registry.CalendarDays })
	c.step("2026-12-07", registry.CaseAccept, caseCounty, "", days(10))
	clock := func(on, county, city string) {
		t.Helper()
		f := c.file(on)
		if f.Due.String() != county || f.Clock.DecideBy.String() != city {
			t.Errorf("on %s: county by %s, city by %s; want %s, %s", on, f.Due, f.Clock.DecideBy, county, city)
		}
	}
	clock("2026-12-07", "2026-12-21", "2027-01-04") // the Sunday before it is worked
	c.step("2026-12-09", registry.CaseSuspend, caseCounty, registry.CodeMissing, procedure(registry.ProcedureExpertReview))
	c.step("2026-12-09", registry.CaseSuspend, caseCounty, registry.CodeMalformed, procedure("lunch"), written)
	c.step("2026-12-09", registry.CaseSuspend, caseCenter, registry.CodeForbidden, procedure(registry.ProcedureTest), written)
	c.step("2026-12-09", registry.CaseResume, caseCounty, registry.CodeActState)
	c.step("2026-12-09", registry.CaseSuspend, caseCounty, "", procedure(registry.ProcedureExpertReview), written)
	clock("2026-12-10", "", "")
	c.step("2026-12-10", registry.CaseSuspend, caseCounty, registry.CodeActState, procedure(registry.ProcedureTest), written)
	c.step("2026-12-10", registry.CaseExamine, caseCounty, registry.CodeActState, result(registry.Forward))
	c.step("2026-12-14", registry.CaseResume, caseCounty, "") // 10, 11 and 14 December do not count
	clock("2026-12-14", "2026-12-24", "2027-01-07")
	c.step("2026-12-15", registry.CaseExtend, caseCounty, registry.CodeForbidden, days(10), written, said)
	c.step("2026-12-15", registry.CaseExtend, caseCity, registry.CodeMalformed, days(11), written, said)
	c.step("2026-12-15", registry.CaseExtend, caseCity, registry.CodeMissing, days(10), said)
	c.step("2026-12-15", registry.CaseExtend, caseCity, registry.CodeMissing, days(10), written)
	c.step("2026-12-15", registry.CaseExtend, caseCity, "", days(10), written, said)
	clock("2026-12-15", "2026-12-24", "2027-01-21") // more time for the city, none for the county
	c.step("2026-12-16", registry.CaseExtend, caseCity, registry.CodeActState, days(1), written, said)
	c.step("2026-12-25", registry.CaseExamine, caseCounty, "", result(registry.Forward))
	if !c.file("").Late {
		t.Error("a day late")
	}
	// What the city does afterwards moves no day of the county's.
	c.step("2026-12-28", registry.CaseSuspend, caseCity, "", procedure(registry.ProcedureHearing), written)
	if x := c.file("").Examination(c.judge.Grant); x.Due != day("2026-12-24") {
		t.Errorf("told to the ledger: %s", x.Due)
	}
	c.step("2027-01-05", registry.CaseResume, caseCity, "")
	c.step("2027-03-01", registry.CaseSuspend, caseCity, registry.CodeActState, procedure(registry.ProcedureHearing), written)
}

// A clock that an acceptance before this form gave is counted in working days,
// longer than the city's too: it ends with the city's.
func TestOldClocks(t *testing.T) {
	c := newTale(t, registry.ModeReview)
	c.steps = []registry.CaseStep{{Statement: registry.CaseStatement{Grant: "g", Case: "1", Number: 1, Kind: registry.CaseAccept, Organization: caseCounty, At: at("2026-11-02"), Days: 60}}}
	if f := c.file(""); f.Due != day("2026-11-30") || f.Due != f.Clock.DecideBy {
		t.Errorf("county by %s, city by %s", f.Due, f.Clock.DecideBy)
	}
	c.judge.Grant.Mode = registry.ModeWindow
	if f := c.file(""); f.Due != day("2027-01-25") {
		t.Errorf("60 working days of the decider: %s", f.Due)
	}
}

// Nobody speaks in a file but its parties and whom one of them invited.
func TestInvitations(t *testing.T) {
	c := newTale(t, registry.ModeReview)
	invite := func(whom, due string) func(*registry.CaseStatement) {
		return func(s *registry.CaseStatement) { s.Invited, s.Purpose, s.Due = whom, registry.InviteVisit, day(due) }
	}
	valid := goldenID.Issuer
	c.step("2026-11-02", registry.CaseAccept, caseCounty, "", days(10))
	c.step("2026-11-03", registry.CaseOpinion, valid, registry.CodeForbidden, said)
	c.step("2026-11-03", registry.CaseInvite, valid, registry.CodeForbidden, invite(valid, "2026-11-10"))
	c.step("2026-11-03", registry.CaseInvite, caseCounty, registry.CodeUSCCForm, invite("nobody", "2026-11-10"))
	c.step("2026-11-03", registry.CaseInvite, caseCounty, registry.CodeDateOrder, invite(valid, "2026-11-02"))
	c.step("2026-11-03", registry.CaseInvite, caseCounty, registry.CodeMalformed, invite(valid, "2026-11-10"), func(s *registry.CaseStatement) { s.Purpose = "tea" })
	before := c.file("")
	if a := (registry.Actor{Account: "a", Roles: []registry.Role{registry.RoleExaminer}, Organization: valid}); a.MaySeeCase(c.judge.Grant, before) {
		t.Error("sight before the invitation")
	}
	c.step("2026-11-03", registry.CaseInvite, caseCounty, "", invite(valid, "2026-11-10"))
	c.step("2026-11-03", registry.CaseInvite, caseCity, registry.CodeActState, invite(valid, "2026-11-10"))
	c.step("2026-11-04", registry.CaseInvite, valid, registry.CodeForbidden, invite(caseOther, "2026-11-10")) // who is invited invites nobody
	c.step("2026-11-04", registry.CaseOpinion, caseOther, registry.CodeForbidden, said)
	c.step("2026-11-04", registry.CaseOpinion, valid, "", said)
	c.step("2026-11-04", registry.CaseOpinion, caseCenter, "", said)
	f := c.file("")
	if len(f.Invitations) != 1 || f.Invitations[0].Answered != at("2026-11-04") {
		t.Errorf("%+v", f.Invitations)
	}
	for organization, want := range map[string]bool{caseCity: true, caseCounty: true, caseCenter: true, valid: true, caseOther: false, "": false} {
		if got := (registry.Actor{Account: "a", Roles: []registry.Role{registry.RoleExaminer}, Organization: organization}).MaySeeCase(c.judge.Grant, f); got != want {
			t.Errorf("%q sees the file: %t, want %t", organization, got, want)
		}
	}
	if registry.Operator("o").MaySeeCase(c.judge.Grant, f) {
		t.Error("an operator reads a case file")
	}
	// Whoever signed a step keeps its sight when the grant no longer names it.
	if !(registry.Actor{Account: "a", Roles: []registry.Role{registry.RoleExaminer}, Organization: caseCounty}).MaySeeCase(&registry.Grant{Decider: caseCity}, f) {
		t.Error("who signed a step does not see the file any more")
	}
}

// A center takes in for its neighbor under its own grant, which lists the region,
// and nothing else of the file is its own.
func TestForwardedReceipt(t *testing.T) {
	c := newTale(t, registry.ModeDirect)
	c.judge.Grant.Territory = "360732002"
	near := &registry.Grant{ID: "near", Matter: c.judge.Grant.Matter, Decider: caseOther, Acceptor: caseOther, Territory: "360732001",
		Accepts: []string{c.judge.Grant.Territory}, Effective: 1}
	through := func(s *registry.CaseStatement) { s.Through = near.ID }
	c.step("2026-11-02", registry.CaseReceive, caseOther, registry.CodeForbidden, received("2026-11-02"), through) // not on the ledger
	c.judge.Through, c.judge.Days = near, c.calendars
	c.step("2026-11-02", registry.CaseReceive, caseOther, registry.CodeForbidden, received("2026-11-02"))
	c.step("2026-11-02", registry.CaseReceive, caseCounty, registry.CodeForbidden, received("2026-11-02"), through) // in its own name
	c.step("2026-11-02", registry.CaseAccept, caseOther, registry.CodeForbidden, through)
	near.Accepts = []string{"360732009"}
	c.step("2026-11-02", registry.CaseReceive, caseOther, registry.CodeForbidden, received("2026-11-02"), through)
	near.Accepts = []string{c.judge.Grant.Territory}
	// Recorded at once: the days to answer are the neighbor's.
	c.step("2026-11-02", registry.CaseReceive, caseOther, registry.CodeBackdated, received("2026-10-29"), through)
	c.step("2026-11-02", registry.CaseReceive, caseOther, "", received("2026-11-01"), through)
	c.step("2026-11-03", registry.CaseNotify, caseOther, registry.CodeForbidden)
}

// A center that works for the legal issuer takes in under the issuer's own grant, and
// accepts nothing.
func TestHandlingCenterReceives(t *testing.T) {
	c := newTale(t, registry.ModeDirect)
	c.judge.Grant.Handling = caseOther
	c.step("2026-11-02", registry.CaseReceive, caseOther, "", received("2026-11-02"))
	c.step("2026-11-03", registry.CaseAccept, caseOther, registry.CodeForbidden, days(10))
	c.step("2026-11-03", registry.CaseAccept, caseCounty, "", days(10))
}

// One commitment a file, of who takes in; its step's digest is what the decision
// names.
func TestCommitmentStep(t *testing.T) {
	c := newTale(t, registry.ModeDirect)
	c.step("2026-11-02", registry.CaseReceive, caseCounty, "", received("2026-11-02"))
	c.step("2026-11-02", registry.CaseCommit, caseCounty, registry.CodeMissing)
	c.step("2026-11-02", registry.CaseCommit, caseCity, registry.CodeForbidden, said)
	c.step("2026-11-02", registry.CaseCommit, caseCounty, "", said)
	c.step("2026-11-02", registry.CaseCommit, caseCounty, registry.CodeActState, said)
	digest, err := c.steps[1].Statement.Digest()
	if f := c.file(""); err != nil || f.Commitment != digest {
		t.Errorf("%s, want %s (%v)", f.Commitment, digest, err)
	}
}

// The first kinds are encoded as they were before there were others.
func TestGoldenCaseStatement(t *testing.T) {
	first := registry.CaseStatement{Grant: "g", Case: "受〔2026〕𠮷号", Number: 2, Previous: fill32(1), Kind: registry.CaseAccept, Organization: goldenID.Issuer, At: goldenTime,
		Result: registry.Forward, Days: 20, Content: fill32(2)}
	all := first
	all.Unit, all.Received, all.Channel, all.Items = registry.WorkingDays, goldenTime, registry.ChannelPost, []registry.CaseItem{{Name: "平面图", Due: 20458}}
	all.Invited, all.Purpose, all.Due, all.Procedure, all.Document = goldenID.Issuer, registry.InviteConsult, 20459, registry.ProcedureHearing, "告〔2026〕1号"
	forwarded := all
	forwarded.Through = "g-near"
	everyFieldSet(t, forwarded)
	for name, s := range map[string]registry.CaseStatement{"case-statement": first, "case-statement-parties": all, "case-statement-through": forwarded} {
		raw, err := registry.Encode(&s)
		if err != nil {
			t.Fatal(err)
		}
		digest, err := s.Digest()
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name, raw, digest)
	}
}
