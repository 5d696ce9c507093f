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
	const liars = "11360732MB0X12345Y"
	statement := func(by string) []byte {
		said := registry.NewStatement(by, "ledger", registry.Verdict{Word: registry.Valid, At: now, Identifier: registry.Identifier{Type: "11100000000013338W011", Issuer: liars, Serial: "XG000000000000000000000000000001", Version: 1}}, 0)
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
			{Member: "a", Public: liarAt, Organizations: []string{liars}, Keys: registry.MemberKeys{Anchors: liar.Roots().Authorities().PEM(), List: text}},
			{Member: "city", Public: cityAt, Keys: registry.MemberKeys{Anchors: city.Roots().Authorities().PEM(), List: cityList}},
		} {
			file = append(file, must[[]byte](t)(m.PEM())...)
		}
		roots := must[*check.Roots](t)(check.ParseRoots(file))
		if v, err := check.Statement(statement(cityAt), roots, now); err != nil || v.Word != registry.Valid {
			t.Errorf("%s: the neighbor's statement: %s %v %+v", name, v.Word, err, v.Checks)
		} else if on := slices.ContainsFunc(v.Checks, func(c registry.Check) bool { return c.Code == "statement-on-other-member" }); on != (stolenAt != 0) {
			t.Errorf("%s: whose license the statement is on: %+v", name, v.Checks)
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

// TestLackingKeys: what a member says whose keys the roots' author had not is unknown, by
// whomever it is signed, and never the roots' own to judge.
func TestLackingKeys(t *testing.T) {
	t.Parallel()
	const issuer, at = "11360732MB0X12345Y", "https://xg.example"
	own, lacking := must[*keyring.Keys](t)(keyring.Open(t.TempDir(), time.Now)), must[*keyring.Keys](t)(keyring.Open(t.TempDir(), time.Now))
	m := check.PublishedMember{Member: "xg", Public: at, Organizations: []string{issuer}, Why: registry.KeysOlder}
	roots := must[*check.Roots](t)(check.ParseRoots(append(own.RootsPEM(), must[[]byte](t)(m.PEM())...)))
	now := time.Now()
	id := registry.Identifier{Type: "11100000000013338W011", Issuer: issuer, Serial: "XG000000000000000000000000000001", Version: 1}
	for name, keys := range map[string]*keyring.Keys{"its own key": lacking, "the roots' own key": own} {
		key, _ := keys.Store.Current(signer.LabelQR)
		text, err := signer.SignQR(keys.Store, key, at, registry.Token{1}, check.QRPayload{Identifier: id, Printing: 1, Holder: "某某", Effective: registry.DateOf(now), Expires: registry.DateOf(now)})
		if err != nil {
			t.Fatal(err)
		}
		q, _, err := (&check.Offline{Roots: roots}).Question(text, now)
		if err != nil {
			t.Fatal(err)
		}
		if v := registry.Judge(*q); v.Word != registry.UnknownNow || v.Checks[0].Code != registry.KeysOlder {
			t.Errorf("a code by %s: %s %+v", name, v.Word, v.Checks)
		}
		report, err := (&check.Checker{Roots: roots, Keys: func() (check.QRKeys, error) { return roots.QRKeys(now) }}).QR(text)
		if err != nil || report.Checks[0].Code != registry.KeysOlder {
			t.Errorf("a code by %s: %+v %v", name, report, err)
		}
	}
	key, _ := lacking.Store.Current(signer.LabelStatus)
	said := registry.NewStatement(at, "ledger", registry.Verdict{Word: registry.Valid, At: now}, 0)
	s := registry.SignedStatement{Statement: said, Key: key}
	s.Signature = must[[]byte](t)(signer.SignRaw(lacking.Store, key, check.StatusMessage(said.Message())))
	if v, err := check.Statement([]byte(s.Armor()), roots, now); err != nil || v.Word != registry.UnknownNow {
		t.Errorf("a statement: %s %v %+v", v.Word, err, v.Checks)
	}
}
