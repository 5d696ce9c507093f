package registry_test

import (
	"testing"

	"tongzheng/registry"
)

func TestRulesAreDeclaredOnce(t *testing.T) {
	city := "113607000000000000"
	before := &registry.Rules{Version: 1, City: city, GenesisUntil: 1000, Simulated: true}
	for name, test := range map[string]struct {
		change func(r *registry.Rules)
		by     string
		want   registry.Code
	}{
		"as they are":         {func(*registry.Rules) {}, city, ""},
		"a newer version":     {func(r *registry.Rules) { r.Version = 2 }, city, ""},
		"genesis ends sooner": {func(r *registry.Rules) { r.GenesisUntil = 5 }, city, ""},
		"an older version":    {func(r *registry.Rules) { r.Version = 0 }, city, registry.CodeOrderNotAllowed},
		"genesis again":       {func(r *registry.Rules) { r.GenesisUntil = 1001 }, city, registry.CodeOrderNotAllowed},
		"another clock":       {func(r *registry.Rules) { r.Simulated = false }, city, registry.CodeOrderNotAllowed},
		"another city":        {func(r *registry.Rules) { r.City = "x" }, "x", registry.CodeOrderNotAllowed},
		"by another":          {func(*registry.Rules) {}, "x", registry.CodeOrderNotAllowed},
	} {
		now := *before
		test.change(&now)
		if got := registry.CodeOf(registry.CheckOrder(before, before, &now, test.by, 1)); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
	if err := registry.CheckOrder(nil, nil, before, city, 1); err != nil {
		t.Error("first rules:", err)
	}
}

func TestOversightAllows(t *testing.T) {
	var none *registry.Oversight
	first, now := func(act registry.Act) *registry.Intent { return &registry.Intent{Act: act} }, func(act registry.Act) *registry.Intent {
		return &registry.Intent{Act: act, Origin: &registry.Origin{}}
	}
	over, suspended := &registry.Oversight{State: registry.Revoked}, &registry.Oversight{State: registry.Suspended}
	for act, want := range map[registry.Act]registry.Code{registry.Change: registry.CodeActState, registry.Print: registry.CodeActState,
		registry.Annotate: registry.CodeActState, registry.Cancel: "", registry.Recover: ""} {
		for _, of := range []func(registry.Act) *registry.Intent{first, now} {
			if got := registry.CodeOf(over.Allows(nil, of(act))); got != want {
				t.Errorf("%s under a revocation: %q, want %q", act, got, want)
			}
			if err := none.Allows(nil, of(act)); err != nil {
				t.Errorf("%s without oversight: %v", act, err)
			}
		}
	}
	for _, rule := range registry.Acts() { // as under a suspension of the issuer's own
		_, err := registry.Suspended.Next(rule.Act)
		if got := suspended.Allows(nil, now(rule.Act)); (got == nil) != (err == nil) {
			t.Errorf("%s under a suspension: %v, want %v", rule.Name, got, err)
		}
		if got := suspended.Allows(nil, first(rule.Act)); (got == nil) != (err == nil && (rule.Act == registry.Cancel || rule.Class == registry.ClassPaper)) {
			t.Errorf("%s under a suspension, by the first rules: %v", rule.Name, got)
		}
	}
	for act, want := range map[registry.Act]registry.Code{registry.Reinstate: "", registry.Stay: ""} {
		if got := registry.CodeOf(over.Allows(nil, now(act))); got != want {
			t.Errorf("%s under a revocation: %q, want %q", act, got, want)
		}
	}
}

func TestGrantTerritory(t *testing.T) {
	org := func(code, region string) *registry.Organization {
		return &registry.Organization{Code: code, Region: region}
	}
	city, county := org("113607000000000001", "360700"), org("113607320000000001", "360732")
	for _, test := range []struct {
		issuer, decider *registry.Organization
		territory       string
		want            registry.Code
	}{
		{county, county, "360732", ""},
		{county, county, "360700", ""},
		{city, city, "360732", ""}, // the city decides for a county: review, window, entrust
		{city, county, "360732", registry.CodeGrantTerritory},
		{county, county, "360731", registry.CodeGrantTerritory},
	} {
		in := &registry.Intent{Act: registry.Annotate, Organization: test.decider.Code, Ground: "g", Decided: 10,
			Identifier: registry.Identifier{Issuer: test.issuer.Code}}
		p := &registry.Powers{Rules: &registry.Rules{MaxBackdate: 100}, Issuer: test.issuer, Actor: test.decider,
			Type:  &registry.TypeRecord{Matters: []string{"m"}, Grounds: map[string][]string{"annotate": {"g"}}},
			Grant: &registry.Grant{Matter: "m", Mode: registry.ModeDirect, Decider: test.decider.Code, Territory: test.territory, Effective: 1}}
		if got := registry.CodeOf(p.Check(&registry.Entry{Intent: in}, 20)); got != test.want {
			t.Errorf("%s on a license of %s in %s: %q, want %q", test.decider.Region, test.issuer.Region, test.territory, got, test.want)
		}
	}
}
