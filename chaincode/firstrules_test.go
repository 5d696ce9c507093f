package chaincode_test

import (
	"testing"

	"tongzheng/chaincode/ledgertest"
	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// TestFirstRules: a ledger that began under the first rules keeps its answers
// until an order puts newer ones in force: no origin is named or kept, a superior
// does what the act table gives it, rulings are unknown.
func TestFirstRules(t *testing.T) {
	m := &memory{values: map[string][]byte{}}
	city := ledgertest.NewCity()
	city.Rules.Version = registry.RulesOfBeginning
	wants := func(namespace string, want registry.Code, e *registry.Entry) {
		t.Helper()
		if got := m.execute(t, city.Batch(namespace, e)).Results[0].Code; got != want {
			t.Errorf("%s: %q, want %q", e.Intent.Act, got, want)
		}
	}
	city.Note(&registry.Commit{Batch: city.Genesis(), Outcome: *m.execute(t, city.Genesis())})
	l, other := city.NewLicense(), city.NewYuduLicense()
	other.Identifier.Type = city.OtherType
	wants(ledgertest.MemberXingguo, "", l.Next(registry.Issue))
	if l.State.Grant != "" || l.State.Place != "" {
		t.Errorf("a license of the first rules keeps %q at %q", l.State.Grant, l.State.Place)
	}
	unknown := registry.TypeRecord{Code: city.Governing.Code + "009", Version: 1, Digest: sm.Sum(nil), Source: registry.MadeHere, Matters: []string{ledgertest.Matter},
		Grounds: map[string][]string{registry.Stay.String(): {ledgertest.Ground}}}
	if got := m.execute(t, city.Batch(registry.Governance, city.Order(city.Governing, &unknown))).Results[0].Code; got != registry.CodeEntryForm {
		t.Errorf("a type with an act that the first rules do not know: %q", got)
	}
	gone := city.Yudu.Organization
	gone.Dissolved, gone.Successor, gone.Succeeds = city.Now, city.Governing.Code, []string{registry.SuccessionName(city.County.Code, ledgertest.Matter, "360732")}
	if got := m.execute(t, city.Batch(registry.Governance, city.Order(city.Governing, &gone))).Results[0].Code; got != registry.CodeEntryForm {
		t.Errorf("a dissolution that names successions: %q", got)
	}
	named := l.Intent(registry.Annotate)
	named.Origin = &registry.Origin{Matter: ledgertest.Matter, Place: "360732"}
	wants(ledgertest.MemberXingguo, registry.CodeEntryForm, city.Entry(named))
	ruling := l.Intent(registry.Reinstate)
	wants(ledgertest.MemberXingguo, registry.CodeActUnknown, city.Entry(ruling))
	// The issuer's region has to do with the grant's territory.
	wide := l.Intent(registry.Annotate)
	wide.Grant, wide.Organization = ledgertest.GrantYudu, city.Yudu.Code
	wants(ledgertest.MemberXingguo, registry.CodeGrantTerritory, city.Entry(wide))
	wants(registry.Governance, "", l.NextOversight(city.County, registry.Suspend))
	if l.Oversight.State != registry.Suspended || len(l.Oversight.Causes) != 0 {
		t.Errorf("oversight %+v", l.Oversight)
	}
	wants(ledgertest.MemberXingguo, registry.CodeActState, city.Entry(l.Intent(registry.Annotate)))
	granted := l.OversightIntent(city.County, registry.Return)
	granted.Grant = ledgertest.GrantDirect
	wants(registry.Governance, registry.CodeEntryForm, city.Entry(granted))

	// The newer rules, in force for all at once: what was issued before is its
	// issuer's, and takes its origin with the next version.
	rules := city.Rules
	rules.Version = registry.NewestRules
	order := city.Batch(registry.Governance, city.Order(city.Governing, &rules))
	if got := m.execute(t, order).Results[0].Code; got != "" {
		t.Fatal(got)
	}
	city.Rules.Version = registry.NewestRules
	wants(registry.Governance, "", l.NextOversight(city.County, registry.Return))
	wants(ledgertest.MemberXingguo, "", l.Next(registry.Suspend))
	wants(ledgertest.MemberXingguo, "", l.Next(registry.Return))
	wants(ledgertest.MemberXingguo, "", l.Next(registry.Change))
	if l.State.Grant != ledgertest.GrantDirect || l.State.Place != "360732" {
		t.Errorf("after the change it rests on %q at %q", l.State.Grant, l.State.Place)
	}
}
