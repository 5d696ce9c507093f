package ledgertest

import (
	"testing"
	"time"

	"tongzheng/registry"
)

// timed is one order and what the ledger says to it.
type timed struct {
	name   string
	by     *Organization
	record registry.GovernanceRecord
	want   registry.Code
}

func (s *suite) wantTimed(t *testing.T, tests []timed) {
	t.Helper()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s.codes(t, registry.Governance, []*registry.Entry{s.Order(test.by, test.record)}, test.want)
		})
	}
}

// In2017 lies before anything that a ledger knows.
var In2017 = time.Date(2017, 6, 1, 9, 0, 0, 0, registry.China).Unix()

// skew is how far clocks may be apart, in seconds.
const skew = int64(registry.MaxSkew / time.Second)

// testOrderTimes: an order reaches into no past that the ledger has a record of.
func testOrderTimes(t *testing.T, s *suite) {
	s.Advance(24 * time.Hour)
	s.Now = registry.DateOf(s.Time()).Start().Unix() + 9*3600 // every order of the test on one day
	late := s.Order(s.Governing, &registry.Matter{Code: "late", FullName: "x"})
	late.Order.Decided = s.Now - s.Rules.MaxBackdate - 1
	s.codes(t, registry.Governance, []*registry.Entry{late}, registry.CodeBackdated)
	late.Order.Decided++
	s.codes(t, registry.Governance, []*registry.Entry{late}, "")
	t.Run("ends", func(t *testing.T) { testEnds(t, s) })
	t.Run("keys", func(t *testing.T) { testKeyEnds(t, s) })
	t.Run("seals", func(t *testing.T) { testSealEvents(t, s) })
	t.Run("calendars", func(t *testing.T) { testCalendars(t, s) })
	t.Run("superseded", func(t *testing.T) { testSuperseded(t, s) })
}

// testEnds: a power, an organization and an earlier authority's time end when it
// is recorded, or later.
func testEnds(t *testing.T, s *suite) {
	open := *grantOf(s.City, GrantDirect)
	open.ID = "g-timed"
	s.set(t, s.Governing, &open)
	ending := func(id string, at int64) *registry.Grant {
		g := open
		g.ID, g.End, g.EndBasis = id, at, "收回〔2026〕9号"
		return &g
	}
	dissolved := func(at int64) *registry.Organization {
		o := s.Yudu.Organization
		o.Dissolved = at
		return &o
	}
	h := &registry.Handover{ID: "h-timed", From: []string{s.Governing.Code}, To: s.Xingguo.Code, Document: "交接书〔2026〕9号", Begins: []string{GrantHandover},
		Archives: registry.ArchivesMove, Signed: s.Now - skew - 9, Succeeds: []string{registry.SuccessionName(s.Governing.Code, Matter, "360732")}}
	SignHandover(h, s.Governing.Code, registry.SideFrom, s.Decider)
	SignHandover(h, s.Xingguo.Code, registry.SideTo, s.Approver)
	SignHandover(h, s.County.Code, registry.SideWitness, nil)
	s.set(t, s.Xingguo, h)
	started := func(at int64) *registry.Handover { started := *h; started.Start = at; return &started }
	s.wantTimed(t, []timed{
		{"a power in 2017", s.Governing, ending("g-timed", max(In2017, open.Effective)), registry.CodePast},
		{"a power before it is recorded", s.Governing, ending("g-timed", s.Now-skew-1), registry.CodePast},
		{"a power that is over when it is granted", s.Governing, ending("g-timed-over", s.Now-skew-1), registry.CodePast},
		{"a power as clocks may differ", s.Governing, ending("g-timed", s.Now-skew), ""},
		{"a power with a term", s.Governing, ending("g-timed-term", s.Now+3600), ""},
		{"an organization in 2017", s.Governing, dissolved(In2017), registry.CodePast},
		{"an organization tomorrow", s.Governing, dissolved(s.Now + 24*3600), ""},
		{"and not after all", s.Governing, dissolved(0), ""},
		{"operation in the past", s.Xingguo, started(s.Now - skew - 1), registry.CodePast},
		{"operation tomorrow", s.Xingguo, started(s.Now + 24*3600), ""},
	})
}

// testKeyEnds: a key stays, and ends when it is recorded or later.
func testKeyEnds(t *testing.T, s *suite) {
	key, second := NewKey("timed"), NewKey("timed act")
	person := func(until int64) *registry.Approver {
		return &registry.Approver{KeyID: key.ID, Algorithm: registry.SM2SM3, Public: key.Public, Person: "p-timed", Organization: s.Xingguo.Code,
			Roles: []registry.Role{registry.RoleExaminer}, From: s.Now, Until: until}
	}
	own := s.Xingguo.Organization
	keys := func(until ...int64) *registry.Organization { // of the keys, the second one's first
		o := own
		o.ActKeys = []registry.ActKey{own.ActKeys[0], {ID: second.ID, Public: second.Public, From: s.Now}}
		for i, at := range until {
			o.ActKeys[1-i].Until = at
		}
		return &o
	}
	early := keys(0)
	early.ActKeys[1].From--
	s.wantTimed(t, []timed{
		{"over when it is enrolled", s.Governing, person(s.Now - skew - 1), registry.CodePast},
		{"enrolled", s.Governing, person(0), ""},
		{"ended in 2017", s.Governing, person(In2017), registry.CodePast},
		{"ended in an hour", s.Governing, person(s.Now + 3600), ""},
		{"a second act key", s.Xingguo, keys(0), ""},
		{"taken off the list", s.Xingguo, &own, registry.CodePast},
		{"valid since another time", s.Xingguo, early, registry.CodePast},
		{"an act key ended in 2017", s.Xingguo, keys(In2017), registry.CodePast},
		{"an act key that ends tomorrow", s.Xingguo, keys(s.Now + 24*3600), ""},
		{"put off", s.Xingguo, keys(s.Now + 48*3600), registry.CodePast},
		{"taken back", s.Xingguo, keys(0), registry.CodePast},
		{"put forward", s.Xingguo, keys(s.Now + 3600), ""},
	})
}

// testSealEvents: a seal's life goes forward, from what is recorded in time.
func testSealEvents(t *testing.T, s *suite) {
	filed := func(id string, events ...registry.SealEvent) *registry.SealRecord {
		r := *sealOf(s.City, SealXingguo)
		r.ID, r.History = id, events
		return &r
	}
	first := registry.SealEvent{State: registry.SealInUse, At: s.Now - s.Rules.MaxBackdate}
	lost := func(at int64) *registry.SealRecord {
		return filed("s-timed", first, registry.SealEvent{State: registry.SealLost, At: at})
	}
	old := sealOf(s.City, SealOfficial)
	old.History = append(old.History, registry.SealEvent{State: registry.SealSuspended, At: s.Now - s.Rules.MaxBackdate - 1})
	in2001 := time.Date(2001, 1, 1, 0, 0, 0, 0, registry.China).Unix()
	s.wantTimed(t, []timed{
		{"in use since 2001", s.Governing, filed("s-timed", registry.SealEvent{State: registry.SealInUse, At: in2001}), registry.CodeBackdated},
		{"in use for as long as may be", s.Governing, filed("s-timed", first), ""},
		{"lost in 2001", s.Xingguo, lost(in2001), registry.CodeEntryForm},
		{"lost before it was in use", s.Xingguo, lost(first.At - 1), registry.CodeEntryForm},
		{"suspended too long ago", s.Xingguo, old, registry.CodeBackdated},
		{"lost tomorrow", s.Xingguo, lost(s.Now + 1), registry.CodeFuture},
		{"lost yesterday", s.Xingguo, lost(s.Now - 24*3600), ""},
	})
}

// testCalendars: days that have come stay as they were counted.
func testCalendars(t *testing.T, s *suite) {
	for working := false; !working; working, _ = (registry.Calendars{}).Working(registry.DateOf(s.Time())) {
		s.Advance(24 * time.Hour)
	}
	today := registry.DateOf(s.Time())
	year := s.Time().Year()
	of := func(year int, off ...registry.Date) *registry.Calendar {
		return &registry.Calendar{Year: year, Off: off, Document: "放假安排（测试）"}
	}
	day := func(from registry.Date, step int) registry.Date { // the nearest day that is worked without a calendar
		for working := false; !working; {
			from += registry.Date(step)
			working, _ = registry.Calendars{}.Working(from)
		}
		return from
	}
	if day(today+30, 1).Start().Year() != year || day(today, -1).Start().Year() != year {
		t.Fatalf("the suite's clock says %s: too near to the year's end", today)
	}
	yesterday, tomorrow := day(today, -1), day(today, 1)
	s.wantTimed(t, []timed{
		{"a year that is over", s.Governing, of(year - 1), registry.CodePast},
		{"the first of this year", s.Governing, of(year, yesterday), ""},
		{"a holiday forgotten", s.Governing, of(year), registry.CodePast},
		{"a holiday made up", s.Governing, of(year, yesterday, day(yesterday, -1)), registry.CodePast},
		{"today", s.Governing, of(year, yesterday, today), registry.CodePast},
		{"a holiday to come", s.Governing, of(year, yesterday, tomorrow, day(today+7, 1)), ""},
		{"and worked after all", s.Governing, of(year, yesterday, day(today+7, 1)), ""},
		{"next year", s.Governing, of(year + 1), ""},
		{"next year again", s.Governing, of(year+1, registry.DateOf(time.Date(year+1, 1, 4, 9, 0, 0, 0, registry.China))), ""},
	})
}

// testSuperseded: from a stated time on, a type's version makes no new versions;
// what it made lives on.
func testSuperseded(t *testing.T, s *suite) {
	v1 := s.typeRecord(s.Governing.Code+"007", Matter)
	v1.Forms = map[registry.CopyKind]string{registry.Original: ""}
	s.set(t, s.Governing, v1)
	v2 := *v1
	v2.Version = 2
	s.set(t, s.Governing, &v2)
	license := func() *License {
		l := s.NewLicense()
		l.Identifier.Type, l.Numbered = v1.Code, false
		return l
	}
	until := func(at int64) *registry.TypeRecord { r := *v1; r.Superseded = at; return &r }
	end := s.Now + 3600
	other := until(end)
	other.Lead = 30
	s.wantTimed(t, []timed{
		{"in 2017", s.Governing, until(In2017), registry.CodePast},
		{"by a county", s.Xingguo, until(end), registry.CodeOrderNotAllowed},
		{"with another change", s.Governing, other, registry.CodeOrderNotAllowed},
		{"later", s.Governing, until(end + 3600), ""},
		{"sooner", s.Governing, until(end), ""},
	})
	l := license()
	waiting := license().Intent(registry.Issue)
	s.accept(t, MemberXingguo, l.Next(registry.Issue))
	waiting.Decided = end - 1
	s.Advance(time.Hour)
	fresh := license().Intent(registry.Issue)
	newer := license().Intent(registry.Issue)
	newer.TypeVersion = 2
	changed := l.Intent(registry.Change)
	s.codes(t, MemberXingguo, []*registry.Entry{s.Entry(waiting), s.Entry(fresh), s.Entry(newer), s.Entry(changed), l.Next(registry.Suspend), l.Next(registry.Return)},
		"", registry.CodeTypeSuperseded, "", registry.CodeTypeSuperseded, "", "")
	changed = l.Intent(registry.Change)
	changed.TypeVersion = 2
	s.accept(t, MemberXingguo, s.Entry(changed))
	s.wantTimed(t, []timed{
		{"put off when it has come", s.Governing, until(s.Now + 3600), registry.CodePast},
		{"taken back", s.Governing, until(0), registry.CodePast},
	})
}
