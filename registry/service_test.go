package registry_test

import (
	"strings"
	"testing"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// TestWhoOrdersWhatOfAService: the city records a registry, its operator the keys that
// its papers are verified by, and nothing else; a key list is not followed by an older
// one, whoever orders it.
func TestWhoOrdersWhatOfAService(t *testing.T) {
	const city, operator, other = "113607000000000000", "11360732MB0X12345Y", "11360731MB0X12345X"
	rules := &registry.Rules{Version: registry.RulesOfRelations, City: city, Members: []string{"city", "xg"}}
	bare := registry.Service{Member: "xg", Operator: operator, Public: "https://xg.example", Home: "https://city.example/xg"}
	known := bare
	known.Anchors, known.KeyList, known.KeyNumber = sm.Sum([]byte("a")), sm.Sum([]byte("k")), 3
	deputy := registry.Deputy{Member: "city", Key: "0123456789abcdef0123456789abcdef", From: 10, Until: 20}
	named := known
	named.Deputy = deputy
	newer := func(s *registry.Service) { s.KeyList, s.KeyNumber = sm.Sum([]byte("k2")), 4 }
	for name, c := range map[string]struct {
		by     string
		before *registry.Service
		change func(s *registry.Service)
		want   registry.Code
	}{
		"the city records it":               {city, nil, func(*registry.Service) {}, ""},
		"its operator records it":           {operator, nil, func(*registry.Service) {}, registry.CodeOrderNotAllowed},
		"the operator's first keys":         {operator, &bare, newer, registry.CodeEntryForm},
		"the operator's first keys whole":   {operator, &bare, func(s *registry.Service) { *s = known }, ""},
		"a new list":                        {operator, &known, newer, ""},
		"new anchors":                       {operator, &known, func(s *registry.Service) { newer(s); s.Anchors = sm.Sum([]byte("a2")) }, ""},
		"nothing":                           {operator, &known, func(*registry.Service) {}, registry.CodeOrderNotAllowed},
		"by another operator":               {other, &known, newer, registry.CodeOrderNotAllowed},
		"an address with the keys":          {operator, &known, func(s *registry.Service) { newer(s); s.Public = "https://evil.example" }, registry.CodeOrderNotAllowed},
		"the address on paper":              {operator, &known, func(s *registry.Service) { s.Home = "https://evil.example/xg" }, registry.CodeOrderNotAllowed},
		"another operator with the keys":    {operator, &known, func(s *registry.Service) { newer(s); s.Operator = other }, registry.CodeOrderNotAllowed},
		"a signing page":                    {operator, &known, func(s *registry.Service) { s.Sign, s.RelyingParty = "https://evil.example", "evil.example" }, registry.CodeOrderNotAllowed},
		"the city moves it":                 {city, &known, func(s *registry.Service) { s.Public = "https://new.example" }, ""},
		"the city's new list":               {city, &known, newer, ""},
		"an older list":                     {operator, &known, func(s *registry.Service) { s.KeyNumber = 2 }, registry.CodeOrderNotAllowed},
		"an older list of the city's":       {city, &known, func(s *registry.Service) { s.KeyNumber = 2 }, registry.CodeOrderNotAllowed},
		"another list of that number":       {operator, &known, func(s *registry.Service) { s.KeyList = sm.Sum([]byte("k2")) }, registry.CodeOrderNotAllowed},
		"the same list under a number more": {operator, &known, func(s *registry.Service) { s.KeyNumber = 5 }, ""},
		"who publishes beside it":           {operator, &known, func(s *registry.Service) { s.Deputy = deputy }, ""},
		"with a new list":                   {operator, &known, func(s *registry.Service) { newer(s); s.Deputy = deputy }, ""},
		"nobody beside it any more":         {operator, &named, func(s *registry.Service) { s.Deputy = registry.Deputy{} }, ""},
		"a deputy that the city names":      {city, &known, func(s *registry.Service) { s.Deputy = deputy }, registry.CodeOrderNotAllowed},
		"a deputy from the start":           {city, nil, func(s *registry.Service) { s.Deputy = deputy }, registry.CodeOrderNotAllowed},
		"a deputy that the city takes away": {city, &named, func(s *registry.Service) { s.Deputy = registry.Deputy{} }, registry.CodeOrderNotAllowed},
		"a deputy with another operator":    {operator, &known, func(s *registry.Service) { s.Deputy, s.Operator = deputy, other }, registry.CodeOrderNotAllowed},
		"the city moves it, deputy and all": {city, &named, func(s *registry.Service) { s.Public = "https://new.example" }, ""},
		"its own deputy":                    {operator, &known, func(s *registry.Service) { s.Deputy = deputy; s.Deputy.Member = "xg" }, registry.CodeEntryForm},
		"a deputy without a key":            {operator, &known, func(s *registry.Service) { s.Deputy = deputy; s.Deputy.Key = "" }, registry.CodeEntryForm},
		"a deputy without an end":           {operator, &known, func(s *registry.Service) { s.Deputy = deputy; s.Deputy.Until = 0 }, registry.CodeEntryForm},
		"no keys any more":                  {operator, &known, func(s *registry.Service) { *s = bare }, registry.CodeOrderNotAllowed},
	} {
		now := bare
		if c.before != nil {
			now = *c.before
		}
		c.change(&now)
		var before registry.GovernanceRecord
		if c.before != nil {
			before = c.before
		}
		err := now.Check()
		if err == nil {
			err = registry.CheckOrder(rules, before, &now, c.by, 1)
		}
		if got := registry.CodeOf(err); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestHome: an address on paper has a path for the member, and nothing that a code
// could not carry.
func TestHome(t *testing.T) {
	for home, want := range map[string]bool{
		"": true, "https://city.example/xg": true, "http://city.example:8080/xg": true, "https://city.example/license/xg-1._~": true,
		"https://city.example": false, "https://city.example/": false, "https://city.example/XG": false, "https://city.example/xg/": false, "https://city.example//xg": false,
		"https://city.example/..": false, "https://city.example/兴国": false, "https://city.example/x%67": false, "city.example/xg": false,
		"https://city.example/" + strings.Repeat("x", 40): true, "https://city.example/" + strings.Repeat("x", 41): false,
	} {
		s := registry.Service{Member: "xg", Operator: "11360732MB0X12345Y", Public: "https://xg.example", Home: home}
		if got := s.Check() == nil; got != want {
			t.Errorf("%q: %v", home, got)
		}
		if want && s.OnPaper() != home && s.OnPaper() != s.Public {
			t.Errorf("%q leads to %q", home, s.OnPaper())
		}
	}
}

// TestDeputyCovers: a list of a deputy's counts while all of its time lies in the period.
func TestDeputyCovers(t *testing.T) {
	d := registry.Deputy{Member: "city", Key: "0123456789abcdef0123456789abcdef", From: 10, Until: 20}
	for _, c := range []struct {
		time, next int64
		want       bool
	}{{10, 20, true}, {12, 13, true}, {9, 20, false}, {10, 21, false}, {20, 21, false}} {
		if got := d.Covers(&registry.StatusHead{Time: c.time, Next: c.next}); got != c.want {
			t.Errorf("%d to %d: %v", c.time, c.next, got)
		}
	}
	if (registry.Deputy{}).Covers(&registry.StatusHead{}) {
		t.Error("nobody publishes")
	}
}

// TestNewerList: the greatest height counts while it serves; what serves no more counts
// after whatever does.
func TestNewerList(t *testing.T) {
	low, high, over := registry.StatusHead{Height: 5, Time: 90, Next: 200}, registry.StatusHead{Height: 6, Time: 80, Next: 150}, registry.StatusHead{Height: 9, Time: 60, Next: 99}
	for name, c := range map[string]struct {
		a, b *registry.StatusHead
		now  int64
	}{"height": {&high, &low, 100}, "what serves": {&low, &over, 100}, "of none that serves the height": {&over, &high, 300}, "the one left": {&low, &high, 170}} {
		if !c.a.Newer(c.b, c.now) || c.b.Newer(c.a, c.now) {
			t.Error(name)
		}
	}
}
