package registry_test

import (
	"testing"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// TestGoldenSigner freezes what the signer recomputes by: the tag key on the
// ledger, the content digest of the version in force, and the tag of a draft in
// the use log.
func TestGoldenSigner(t *testing.T) {
	goldenRecord(t, "record-rules-tag-key", &registry.Rules{Version: registry.RulesOfRelations, City: goldenID.Issuer, Members: []string{"city"}, MaxBackdate: 3, TagKey: fill32(6)})
	raw, err := registry.Encode(registry.License{Sequence: 1, Head: fill32(1), State: registry.Effective, Version: 1, Effective: 3, Expires: 4, Content: fill32(2)})
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "license-content", raw, sm.Digest{})
	ask := registry.TagRequest{Organization: goldenID.Issuer, Type: goldenID.Type, Draft: "d"}
	golden(t, "tag-request", []byte(ask.Organization+ask.Type+ask.Draft), ask.Subject())
}
