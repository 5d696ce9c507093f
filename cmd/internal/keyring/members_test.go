package keyring_test

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"tongzheng/cmd/internal/keyring"
	"tongzheng/registry"
	"tongzheng/registry/sm"
	"tongzheng/signer"
	"tongzheng/signer/check"
)

func must[T any](t *testing.T) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// TestClaimedKey: a member that lists its neighbor's keys among its own, as they are or
// as stolen, takes nothing from the neighbor's statements and lists, and gains nothing.
func TestClaimedKey(t *testing.T) {
	t.Parallel()
	open := func() *keyring.Keys { return must[*keyring.Keys](t)(keyring.Open(t.TempDir(), time.Now)) }
	city, liar := open(), open()
	cityList := must[[]byte](t)(city.KeyList(t.Context()))
	liarList := must[[]byte](t)(liar.KeyList(t.Context()))
	now := time.Now()
	status, _ := city.Store.Current(signer.LabelStatus)
	checkpoint, _ := city.Store.Current(signer.LabelCheckpoint)
	const cityAt, liarAt = "https://city.example", "https://liar.example"
	statement := func(by string) []byte {
		said := registry.NewStatement(by, "ledger", registry.Verdict{Word: registry.Valid, At: now}, 0)
		s := registry.SignedStatement{Statement: said, Key: status}
		s.Signature = must[[]byte](t)(signer.SignRaw(city.Store, status, check.StatusMessage(said.Message())))
		return []byte(s.Armor())
	}
	var none bytes.Buffer
	deflate := must[*flate.Writer](t)(flate.NewWriter(&none, flate.BestSpeed))
	if err := deflate.Close(); err != nil {
		t.Fatal(err)
	}
	of := registry.StatusList{Head: registry.StatusHead{Ledger: "ledger", List: 1, Height: 1, Time: now.Unix(), Next: now.Unix() + 60, Digest: sm.Sum(nil)}, Key: status, Codes: none.Bytes()}
	of.Signature = must[[]byte](t)(signer.SignRaw(city.Store, status, check.StatusMessage(of.Head.Message())))
	published := of.Bytes()
	for name, stolenAt := range map[string]int64{"as its own": 0, "as stolen": 1} {
		list := must[*check.KeyList](t)(check.ParseKeyList(liarList, liar.Roots(), now, 0))
		for _, id := range []sm.KeyID{status, checkpoint} {
			claimed := *must[*check.KeyList](t)(check.ParseKeyList(cityList, city.Roots(), now, 0)).Find(id)
			claimed.CompromisedAt = stolenAt
			list.Keys = append(list.Keys, claimed)
		}
		raw := must[[]byte](t)(registry.Encode(list))
		anchor := must[sm.KeyID](t)(liar.Authority.Anchor())
		signed := check.SignedKeyList{List: raw, Key: anchor}
		signed.Signature = must[[]byte](t)(signer.SignRaw(liar.Store, anchor, check.KeyListMessage(raw)))
		text := must[[]byte](t)(json.Marshal(signed))
		var file []byte
		for _, m := range []check.PublishedMember{ // the liar's name comes first
			{Member: "a", Public: liarAt, Keys: registry.MemberKeys{Anchors: liar.Roots().Authorities().PEM(), List: text}},
			{Member: "city", Public: cityAt, Keys: registry.MemberKeys{Anchors: city.Roots().Authorities().PEM(), List: cityList}},
		} {
			file = append(file, must[[]byte](t)(m.PEM())...)
		}
		roots := must[*check.Roots](t)(check.ParseRoots(file))
		if v, err := check.Statement(statement(cityAt), roots, now); err != nil || v.Word != registry.Valid {
			t.Errorf("%s: the neighbor's statement: %s %v %+v", name, v.Word, err, v.Checks)
		}
		known := must[*check.KnownList](t)(check.VerifyStatusList(published, nil, roots))
		if !slices.Contains(known.Members, "city") || slices.Contains(known.Members, "a") != (stolenAt == 0) {
			t.Errorf("%s: the neighbor's list is taken for that of %v", name, known.Members)
		}
		if v, err := check.Statement(statement("https://third.example"), roots, now); err != nil || v.Word != registry.Untrusted {
			t.Errorf("%s: in a third one's name: %s %v %+v", name, v.Word, err, v.Checks)
		}
	}
}
