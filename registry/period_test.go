package registry_test

import (
	"strconv"
	"testing"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

func date(t *testing.T, text string) registry.Date {
	t.Helper()
	d, err := registry.ParseDate(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// A period ends on the corresponding day, or at the month's end where there is
// none (民法典 202).
func TestPeriodsEndAtMonthsEnd(t *testing.T) {
	for _, test := range []struct {
		from   string
		months int
		day    string // the first day does not count
		last   string // it does
	}{
		{"2026-08-31", 6, "2027-02-28", "2027-02-28"},
		{"2027-08-31", 6, "2028-02-29", "2028-02-29"},
		{"2024-02-29", 12, "2025-02-28", "2025-02-28"},
		{"2024-02-29", 48, "2028-02-29", "2028-02-28"},
		{"2026-01-31", 1, "2026-02-28", "2026-02-28"},
		{"2026-09-01", 60, "2031-09-01", "2031-08-31"},
		{"2023-03-01", 12, "2024-03-01", "2024-02-29"},
		{"2026-12-31", 2, "2027-02-28", "2027-02-28"},
	} {
		from := date(t, test.from)
		if got := from.AddMonths(test.months); got != date(t, test.day) {
			t.Errorf("%d months after %s: %s, want %s", test.months, test.from, got, test.day)
		}
		if got := from.LastOf(test.months); got != date(t, test.last) {
			t.Errorf("%d months from %s end on %s, want %s", test.months, test.from, got, test.last)
		}
		kind := registry.LicenseType{Validity: strconv.Itoa(test.months) + "个月"}
		if kind.CheckTerm(from, date(t, test.last)) != nil || kind.CheckTerm(from, date(t, test.last)+1) == nil {
			t.Errorf("a term of %d months from %s does not end on %s", test.months, test.from, test.last)
		}
	}
}

// Bars are counted by the rules of the ledger: those that it began with keep
// what they said.
func TestBarsFromALeapDay(t *testing.T) {
	leap := date(t, "2024-02-29")
	in := &registry.Intent{Act: registry.Revoke, Ground: "fraud", Holder: sm.Sum([]byte("holder")), Decided: leap.Start().Unix() + 3600}
	for version, want := range map[int]string{registry.RulesOfBeginning: "2025-03-01", registry.RulesOfRelations: "2025-02-28"} {
		p := &registry.Powers{Rules: &registry.Rules{Version: version}, Type: &registry.TypeRecord{Bars: map[string]int{"revoke/fraud": 1}}}
		bar, ok := p.Bar(in)
		if version >= registry.RulesOfRelations {
			bar, ok = p.BarAfter(nil, nil, in)
		}
		if !ok || bar.Until != date(t, want) {
			t.Errorf("rules %d: %+v, want %s", version, bar, want)
		}
	}
	food := registry.LicenseType{Acts: map[string][]registry.Ground{"revoke": {{Code: "fraud", Bar: 1}}}}
	if got := food.BarUntil(registry.Cause{Act: registry.Revoke, Ground: "fraud", Day: leap}); got != date(t, "2025-02-28") {
		t.Errorf("barred until %s", got)
	}
}
