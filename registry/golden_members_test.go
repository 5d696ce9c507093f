package registry_test

import (
	"testing"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// TestGoldenMembers freezes what two registries on one ledger need of each other: what
// an entry says of its sheets' tokens.
func TestGoldenMembers(t *testing.T) {
	goldenRecord(t, "record-service-keys", &registry.Service{Member: "xingguo", Operator: goldenID.Issuer, Public: "https://lic.example.gov.cn:8443",
		Home: "https://lic.example.gov.cn/xg", Anchors: fill32(1), KeyList: fill32(2), KeyNumber: 7})
	goldenRecord(t, "record-service-deputy", &registry.Service{Member: "xingguo", Operator: goldenID.Issuer, Public: "https://lic.example.gov.cn:8443",
		Deputy: registry.Deputy{Member: "city", Key: "0123456789abcdef0123456789abcdef", From: goldenTime, Until: goldenTime + 86400}})
	goldenRecord(t, "record-seal-by", &registry.SealRecord{ID: "s-1", Owner: goldenID.Issuer, Digest: fill32(3),
		History: []registry.SealEvent{{State: registry.SealInUse, At: goldenTime}, {State: registry.SealSuspended, At: goldenTime + 1, Basis: "停用〔2026〕1号", By: goldenID.Issuer}}})
	in := fullIntent()
	token := registry.NewToken([]byte("key"), goldenID, registry.Printing{Number: 10, List: 3, Index: 77})
	digest := token.Digest()
	golden(t, "token-digest", digest[:], sm.Digest{})
	var tokens []registry.Token
	for range in.Printings {
		tokens = append(tokens, token)
	}
	e := &registry.Entry{Intent: &in, Approvals: fill32(4), Sealed: goldenTime + 60, Seal: fill32(5), Recording: registry.Register, Tokens: registry.TokenDigests(tokens)}
	golden(t, "entry-tokens", e.Bytes(), e.Digest())
	back := new(registry.Entry)
	if err := registry.Decode(e.Bytes(), back); err != nil || back.Digest() != e.Digest() || !back.NamesTokens(tokens) || back.NamesTokens(tokens[1:]) {
		t.Error("does not read back:", err)
	}
}
