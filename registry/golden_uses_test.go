package registry_test

import (
	"fmt"
	"strings"
	"testing"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// TestGoldenUses freezes what is used once under rules version 2: the number's
// tag, number blocks, uses and their keys.
func TestGoldenUses(t *testing.T) {
	in := fullIntent()
	in.Origin = &registry.Origin{Matter: "000131008000", Place: "360732"}
	in.Recording, in.Number = registry.Timely, registry.NumberTag(goldenID.Type, "JY13607320000019")
	raw, err := registry.Encode(&in)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "intent-number", raw, in.Digest())
	goldenRecord(t, "record-instance-numbers", &registry.Instance{Issuer: "i", Prefix: "XG", Lists: []uint32{1}, Numbers: []registry.NumberBlock{{Type: goldenID.Type, From: 1, To: 70000}}})
	goldenRecord(t, "record-instance-registry", &registry.Instance{Issuer: "i", Prefix: "XG", Lists: []uint32{1}, Registry: "https://zz.example.cn/xg"})
	if raw, err = registry.Encode(registry.UseOf(goldenID.Base())); err != nil {
		t.Fatal(err)
	}
	golden(t, "use-of-number", raw, sm.Digest{})
	issue := in
	issue.Act, issue.Case = registry.Issue, ""
	cased := issue
	cased.Case = "受〔2026〕1号"
	keys := []string{registry.NumberKey(in.Number)}
	for _, act := range []*registry.Intent{&in, &issue, &cased} {
		for _, once := range registry.UsesOf(act, &registry.Grant{Matter: "000131008000"}) {
			if raw, err = registry.Encode(once.Takes); err != nil {
				t.Fatal(err)
			}
			keys = append(keys, fmt.Sprintf("%s=%x", once.Key, raw))
		}
	}
	golden(t, "keys-used", []byte(strings.Join(keys, " ")), in.Number)
}
