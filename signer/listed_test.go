package signer

import (
	"testing"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
	"tongzheng/signer/check"
)

// learned are the fixture's roots once they have read a list on which the
// things that change has done are recorded.
func (f *fixture) learned(t *testing.T, change func(*KeyRegister)) *check.Roots {
	t.Helper()
	register, err := OpenKeyRegister(f.keys, t.TempDir())
	must(t, err)
	change(register)
	anchor, err := f.auth.Anchor()
	must(t, err)
	later := f.now.Add(48 * time.Hour)
	text, err := register.Publish(anchor, later)
	must(t, err)
	roots, err := f.auth.Roots()
	must(t, err)
	list, err := check.ParseKeyList(text, roots, later, 0)
	must(t, err)
	roots.Learn(list)
	return roots
}

// A sealed file read with the key list at hand: what a theft takes away and
// what it leaves.
func TestSealedFileAndKeyList(t *testing.T) {
	f := newFixture(t)
	stamper, _ := f.keys.Current(LabelTimeStamp)
	stamped := f.sealed(t)
	plain := f.job()
	plain.Stamper = nil
	unstamped, _, err := SealOFD(f.keys, unsealedOFD(), plain)
	must(t, err)
	theft := func(key sm.KeyID, after time.Duration) func(*KeyRegister) {
		return func(r *KeyRegister) { must(t, r.Compromise(key, f.now.Add(after), f.now.Add(24*time.Hour), "stolen")) }
	}
	both := func(r *KeyRegister) { theft(f.signer, time.Hour)(r); theft(stamper, time.Hour)(r) }
	for _, c := range []struct {
		name   string
		file   []byte
		change func(*KeyRegister)
		seen   time.Time
		word   registry.Word
		code   string // that some check carries
	}{
		{"nothing known against the key", stamped, func(*KeyRegister) {}, time.Time{}, registry.UnknownNow, ""},
		{"stolen after the time stamp", stamped, theft(f.signer, time.Hour), time.Time{}, registry.UnknownNow, "key-stolen-later"},
		{"stolen before", stamped, theft(f.signer, -time.Hour), time.Time{}, registry.Untrusted, "key-stolen"},
		{"stolen later, no time stamp", unstamped, theft(f.signer, time.Hour), time.Time{}, registry.Untrusted, "key-stolen"},
		{"stolen later, no time stamp, a ledger saw it", unstamped, theft(f.signer, time.Hour), f.now.Add(time.Minute), registry.UnknownNow, "key-stolen-later"},
		{"stolen later, the time stamp's key too", stamped, both, time.Time{}, registry.Untrusted, "key-stolen"},
		{"retired before it sealed", stamped, func(r *KeyRegister) { must(t, r.Retire(f.signer, f.now.Add(-time.Hour), "rotated")) }, time.Time{}, registry.Untrusted, "key-not-in-use"},
	} {
		report, err := check.OFD(c.file, f.learned(t, c.change), f.now.Add(48*time.Hour), check.Options{Seen: c.seen})
		must(t, err)
		v := registry.Judge(registry.Question{Checks: report.Checks, Knowledge: registry.Knowledge{Stale: true}})
		found := c.code == ""
		for _, x := range report.Checks {
			found = found || x.Code == c.code
		}
		if v.Word != c.word || !found {
			t.Errorf("%s: %s, %q found: %v\n%+v", c.name, v.Word, c.code, found, report.Checks)
		}
	}
}

// Codes, and what status keys sign, read with the key list at hand.
func TestCodesStatementsAndKeyList(t *testing.T) {
	f := newFixture(t)
	code := func() string {
		key, _ := f.keys.Current(LabelQR)
		text, err := SignQR(f.keys, key, "https://lic.example.gov.cn", registry.Token{1, 2, 3}, testPayload(t))
		must(t, err)
		return text
	}
	pinned := f.roots // before the rotation
	before := code()
	old, _ := f.keys.Current(LabelQR)
	_, err := f.auth.Rotate(LabelQR)
	must(t, err)
	after := code()
	look := func(roots *check.Roots, text string) registry.Check {
		t.Helper()
		q, _, err := (&check.Offline{Roots: roots}).Question(text, f.now.Add(time.Hour))
		must(t, err)
		return q.Checks[0]
	}
	if c := look(pinned, after); c.Code != "qr-key-unknown" {
		t.Errorf("a key that came after the roots, without a list: %+v", c)
	}
	list := f.learned(t, func(r *KeyRegister) { must(t, r.Compromise(old, f.now, f.now, "stolen")) })
	if c := look(list, after); c.Result != registry.Passed {
		t.Errorf("the new key: %+v", c)
	}
	if c := look(list, before); c.Code != "qr-key-stolen" || c.Result != registry.Unknown {
		t.Errorf("the stolen key: %+v", c)
	}

	status, _ := f.keys.Current(LabelStatus)
	signed := &registry.SignedStatement{Statement: registry.Statement{By: "https://lic.example.gov.cn", Word: registry.Valid, At: f.now.Unix(), AsOf: f.now.Unix()}, Key: status}
	signed.Signature, err = SignRaw(f.keys, status, check.StatusMessage(signed.Statement.Message()))
	must(t, err)
	for name, c := range map[string]struct {
		change func(*KeyRegister)
		want   registry.Word
	}{
		"listed": {func(*KeyRegister) {}, registry.Valid},
		"stolen": {func(r *KeyRegister) {
			must(t, r.Compromise(status, f.now.Add(time.Hour), f.now.Add(time.Hour), "stolen"))
		}, registry.Untrusted},
		"retired": {func(r *KeyRegister) { must(t, r.Retire(status, f.now.Add(-time.Hour), "rotated")) }, registry.Untrusted},
	} {
		v, err := check.Statement([]byte(signed.Armor()), f.learned(t, c.change), f.now.Add(2*time.Hour))
		must(t, err)
		if v.Word != c.want {
			t.Errorf("a statement, its key %s: %s, want %s", name, v.Word, c.want)
		}
	}
}
