package registry_test

import (
	"strings"
	"testing"
	"time"

	"tongzheng/chaincode/ledgertest"
	"tongzheng/registry"
)

// story is one license with everything the ledger recorded of it.
type story struct {
	*testing.T
	*ledgertest.License
	standing registry.Standing
}

func newStory(t *testing.T) *story {
	s := &story{T: t, License: ledgertest.NewCity().NewLicense()}
	s.do(s.Intent(registry.Issue), registry.Timely, "")
	return s
}

func (s *story) do(in registry.Intent, how registry.Recording, want registry.Code) {
	s.Helper()
	e := s.City.Entry(in)
	ledgertest.Recorded(e, how)
	err := s.Accept(e)
	if registry.CodeOf(err) != want {
		s.Fatalf("%s on %s: %v, want %q", in.Act, registry.DateOf(s.City.Time()), err, want)
	}
	if err == nil {
		s.standing.License = s.State
		s.standing.Entries = append(s.standing.Entries, registry.Anchored{Entry: e, Namespace: s.Namespace, Recorded: s.City.Now})
	}
}

func (s *story) ground(act registry.Act, ground string) registry.Intent {
	in := s.Intent(act)
	in.Ground = ground
	return in
}

func (s *story) word() registry.Word {
	return registry.Judge(registry.Question{Identifier: s.Identifier, Standing: &s.standing, Now: s.City.Time()}).Word
}

// A renewal applied for in time and undecided at expiry is granted; a refusal,
// or a cancellation for expiry, comes too late then. In time it is possible.
func TestDeemedRenewalCannotBeUndone(t *testing.T) {
	s := newStory(t)
	days := func(n int) { s.City.Advance(time.Duration(n) * 24 * time.Hour) }
	s.do(s.ground(registry.Annotate, registry.GroundRenewalRefused), registry.Timely, registry.CodeActState)
	days(365*5 - 40)
	s.do(s.Intent(registry.AcceptRenewal), registry.Timely, "")
	days(60)
	if s.word() != registry.Valid {
		t.Fatalf("undecided at expiry: %s", s.word())
	}
	s.do(s.ground(registry.Annotate, registry.GroundRenewalRefused), registry.Timely, registry.CodeActState)
	s.do(s.ground(registry.Cancel, registry.GroundExpired), registry.Timely, registry.CodeActState)
	s.do(s.Intent(registry.Renew), registry.Timely, "")

	s = newStory(t)
	days(365*5 - 40)
	s.do(s.Intent(registry.AcceptRenewal), registry.Timely, "")
	s.do(s.ground(registry.Cancel, registry.GroundExpired), registry.Timely, registry.CodeActState) // not over yet
	s.do(s.ground(registry.Annotate, registry.GroundRenewalRefused), registry.Timely, "")
	days(60)
	if s.word() != registry.Expired || s.standing.National(registry.DateOf(s.City.Time())).State != "05" {
		t.Errorf("refused in time: %s", s.word())
	}
	s.do(s.ground(registry.Cancel, registry.GroundExpired), registry.Timely, "")
	if row := s.standing.National(registry.DateOf(s.City.Time())); row.State != "04" || row.Operation != "04" {
		t.Errorf("%+v", row)
	}
}

// 撤销 reaches back to the start whoever did it and whatever ended the license;
// the cause stays visible through the cancellation.
func TestRevocationReachesBack(t *testing.T) {
	s := newStory(t)
	start := s.State.Effective
	s.City.Advance(100 * 24 * time.Hour)
	s.do(s.Intent(registry.Penalize), registry.Timely, "")
	s.do(s.Intent(registry.Cancel), registry.Timely, "")
	if from, _ := s.standing.VoidFrom(); from != 0 {
		t.Fatal("a penalty does not reach back")
	}
	if row := s.standing.National(start); row.State != "04" || !strings.Contains(row.Description, "吊销") {
		t.Errorf("%+v", row)
	}
	e := s.NextOversight(s.City.County, registry.Revoke)
	s.standing.Oversight = s.Oversight
	s.standing.Entries = append(s.standing.Entries, registry.Anchored{Entry: e, Namespace: registry.Governance, Recorded: s.City.Now})
	from, cause := s.standing.VoidFrom()
	v := registry.Judge(registry.Question{Identifier: s.Identifier, Standing: &s.standing, Now: s.City.Time()})
	if from != start || cause.Act != registry.Revoke || v.Word != registry.IsCancelled || v.Before == nil || v.Before.Act != registry.Revoke {
		t.Errorf("void from %s, verdict %s before %+v", from, v.Word, v.Before)
	}
}

// What came to the ledger later says so.
func TestRegisteredLaterIsSaid(t *testing.T) {
	s := &story{T: t, License: ledgertest.NewCity().NewLicense()}
	in := s.Intent(registry.Issue)
	in.Decided -= 90 * 24 * 3600
	s.do(in, registry.Register, "")
	v := registry.Judge(registry.Question{Identifier: s.Identifier, Standing: &s.standing, Now: s.City.Time()})
	for _, c := range v.Checks {
		if c.Code == "registered-later" && strings.Contains(c.English, registry.DateOf(in.DecidedAt()).String()) {
			return
		}
	}
	t.Errorf("%+v", v.Checks)
}

func TestWorkingDays(t *testing.T) {
	day := func(s string) registry.Date { d, _ := registry.ParseDate(s); return d }
	year := registry.Calendars{{Year: 2026, Document: "国务院办公厅通知（演示）",
		Off: []registry.Date{day("2026-10-01"), day("2026-10-02"), day("2026-10-05"), day("2026-10-06"), day("2026-10-07")}, On: []registry.Date{day("2026-10-10")}}}
	for _, test := range []struct {
		from  string
		n     int
		want  string
		known bool
	}{{"2026-09-30", 1, "2026-10-08", true}, {"2026-09-30", 3, "2026-10-10", true}, {"2026-10-12", -3, "2026-10-08", true}, {"2026-12-31", 1, "2027-01-01", false}} {
		if got, known := year.Add(day(test.from), test.n); got != day(test.want) || known != test.known {
			t.Errorf("%d working days from %s: %s %t", test.n, test.from, got, known)
		}
	}
	food := registry.LicenseType{LeadDays: 3, LeadUnit: registry.WorkingDays, Acts: map[string][]registry.Ground{"revoke": {{Code: "fraud", Bar: 3}}}}
	if got, known := food.RenewBy(day("2026-10-12"), year); got != day("2026-10-08") || !known {
		t.Errorf("renewal by %s", got)
	}
	if got := food.BarUntil(registry.Cause{Act: registry.Revoke, Ground: "fraud", Day: day("2026-01-05")}); got != day("2029-01-05") {
		t.Errorf("barred until %s", got)
	}
}

func TestTerms(t *testing.T) {
	day := func(s string) registry.Date { d, _ := registry.ParseDate(s); return d }
	for _, test := range []struct {
		validity, from, last string
		fits                 bool
	}{
		{"5年", "2026-01-01", "2030-12-31", true}, {"5年", "2026-01-01", "2031-01-01", false}, {"5年", "2026-01-01", "2026-06-30", true},
		{"5年", "2026-01-01", "9999-12-30", false}, {"5年^长期", "2026-01-01", "9999-12-30", true}, {"3年^5年", "2026-01-01", "2030-12-31", true},
		{"长期", "2026-01-01", "2030-12-31", false}, {"6个月", "2026-01-01", "2026-06-30", true}, {"6个月", "2026-01-01", "2026-07-01", false},
		{"长期^批文载明期限", "2026-01-01", "2040-01-01", true}, {"5年", "2024-02-29", "2029-02-28", true},
	} {
		kind := registry.LicenseType{Validity: test.validity}
		if err := kind.CheckTerm(day(test.from), day(test.last)); (err == nil) != test.fits {
			t.Errorf("%s from %s to %s: %v", test.validity, test.from, test.last, err)
		}
	}
}
