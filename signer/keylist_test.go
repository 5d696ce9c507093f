package signer

import (
	"encoding/json"
	"testing"
	"time"

	"tongzheng/registry"
	"tongzheng/signer/check"
)

func TestKeyList(t *testing.T) {
	f := newFixture(t)
	dir := t.TempDir()
	register, err := OpenKeyRegister(f.keys, dir)
	must(t, err)
	anchor, err := f.auth.Anchor()
	must(t, err)
	old, _ := f.keys.Current(LabelQR)
	fresh, err := f.auth.Rotate(LabelQR)
	must(t, err)
	must(t, register.Retire(old, f.now, "rotated"))
	first, err := register.Publish(anchor, f.now)
	must(t, err)
	must(t, register.Compromise(old, f.now.Add(-30*time.Minute), f.now, "stolen"))
	if err := register.Compromise(old, f.now, f.now, "later"); registry.CodeOf(err) != registry.CodeStale {
		t.Errorf("a theft moved to a later time: %v", err)
	}
	register, err = OpenKeyRegister(f.keys, dir) // a restart
	must(t, err)
	text, err := register.Publish(anchor, f.now.Add(time.Minute))
	must(t, err)
	list, err := check.ParseKeyList(text, f.roots, f.now.Add(time.Hour), 0)
	must(t, err)
	stolen := list.Find(old)
	if stolen.GoodAt(f.now.Add(-30*time.Minute).Unix()) || !stolen.GoodAt(f.now.Add(-31*time.Minute).Unix()) || !list.Find(fresh).GoodAt(f.now.Unix()) {
		t.Errorf("%+v", stolen)
	}
	keys, err := list.QRKeys()
	must(t, err)
	if len(keys) != 1 {
		t.Errorf("%d QR keys trusted, want the new one only", len(keys))
	}
	// An older list, one past its time, another's signature, changed bytes.
	if _, err := check.ParseKeyList(first, f.roots, f.now, list.Number); registry.CodeOf(err) != registry.CodeStale {
		t.Errorf("an older list: %v", err)
	}
	if got, err := check.ParseKeyList(text, f.roots, f.now.AddDate(1, 0, 0), 0); got == nil || registry.CodeOf(err) != registry.CodeUnavailable {
		t.Errorf("past its time: %v", err)
	}
	status, _ := f.keys.Current(LabelStatus)
	forged, err := register.Publish(status, f.now)
	must(t, err)
	if _, err := check.ParseKeyList(forged, f.roots, f.now, 0); err == nil {
		t.Error("a list signed by a listed key is accepted")
	}
	var signed check.SignedKeyList
	must(t, json.Unmarshal(text, &signed))
	signed.List[len(signed.List)-3] ^= 1
	changed, err := json.Marshal(signed)
	must(t, err)
	if _, err := check.ParseKeyList(changed, f.roots, f.now, 0); err == nil {
		t.Error("changed bytes are accepted")
	}
}
