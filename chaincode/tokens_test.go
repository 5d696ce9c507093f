package chaincode_test

import (
	"testing"

	"tongzheng/chaincode/ledgertest"
	"tongzheng/registry"
)

// TestTokens: an entry names the tokens of all its sheets, or of none, and orders name
// none; under the first rules nobody does.
func TestTokens(t *testing.T) {
	for _, version := range []int{registry.RulesOfBeginning, registry.RulesOfRelations} {
		m := &memory{values: map[string][]byte{}}
		city := ledgertest.NewCity()
		city.Rules.Version = version
		city.Note(&registry.Commit{Batch: city.Genesis(), Outcome: *m.execute(t, city.Genesis())})
		l := city.NewLicense()
		whole := registry.TokenDigestSize * len(l.Next(registry.Issue).Intent.Printings)
		for _, c := range []struct {
			bytes int
			want  registry.Code
		}{{whole - 1, registry.CodeEntryForm}, {whole + registry.TokenDigestSize, registry.CodeEntryForm}, {1, registry.CodeEntryForm}, {whole, ""}, {0, ""}} {
			if c.want == "" && c.bytes > 0 && version < registry.RulesOfRelations {
				c.want = registry.CodeEntryForm
			}
			e := city.NewLicense().Next(registry.Issue)
			e.Tokens = make([]byte, c.bytes)
			if got := m.execute(t, city.Batch(ledgertest.MemberXingguo, e)).Results[0]; got.Code != c.want || c.want != "" && got.Field != "tokens" {
				t.Errorf("rules %d, %d bytes: %q %q, want %q", version, c.bytes, got.Code, got.Field, c.want)
			}
		}
		order := city.Order(city.Governing, &registry.Matter{Code: "000131008001", FullName: "m"})
		order.Tokens = make([]byte, registry.TokenDigestSize)
		if got := m.execute(t, city.Batch(registry.Governance, order)).Results[0].Code; got != registry.CodeEntryForm {
			t.Errorf("rules %d, an order: %q", version, got)
		}
	}
}
