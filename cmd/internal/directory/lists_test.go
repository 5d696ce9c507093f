package directory_test

import (
	"bytes"
	"compress/flate"
	"testing"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
	"tongzheng/signer"
	"tongzheng/signer/check"
)

// listed is a member's list without codes, as the member signs it for an hour.
func (m *member) listed(number uint32, height uint64, change func(*registry.StatusHead)) []byte {
	m.t.Helper()
	now := time.Now().Unix()
	head := registry.StatusHead{Ledger: "ledger", List: number, Height: height, Time: now, Next: now + 3600, Digest: sm.Sum(nil)}
	if change != nil {
		change(&head)
	}
	var none bytes.Buffer
	w, err := flate.NewWriter(&none, flate.BestSpeed)
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		m.t.Fatal(err)
	}
	key := mustCurrent(m.t, m.keys, signer.LabelStatus)
	list := registry.StatusList{Head: head, Key: key, Codes: none.Bytes()}
	if list.Signature, err = signer.SignRaw(m.keys.Store, key, check.StatusMessage(head.Message())); err != nil {
		m.t.Fatal(err)
	}
	return list.Bytes()
}

// TestInventedHeads: what a member signs of a height or a time that has not come, or for
// longer than any list serves, takes no list's place.
func TestInventedHeads(t *testing.T) {
	t.Parallel()
	xg := serving(t)
	view := &said{services: map[string]*registry.Service{"xg": xg.record()}, lists: map[string][]uint32{operator: {7}}, height: 10}
	d := open(t, t.TempDir(), view)
	d.Round(t.Context())
	take := func(raw []byte) registry.Code { return registry.CodeOf(d.TakeList(view.services["xg"], 7, raw)) }
	if code := take(xg.listed(7, 10, nil)); code != "" {
		t.Fatal(code)
	}
	higher := xg.listed(7, 11, nil)
	for name, c := range map[string]struct {
		raw  []byte
		want registry.Code
	}{
		"a height that has not come": {higher, registry.CodeNotYet},
		"a time that has not come":   {xg.listed(7, 10, func(h *registry.StatusHead) { h.Time += 600 }), registry.CodeForbidden},
		"for ever":                   {xg.listed(7, 10, func(h *registry.StatusHead) { h.Next = 1<<63 - 1 }), registry.CodeForbidden},
		"over every number":          {xg.listed(7, 10, func(h *registry.StatusHead) { h.Time, h.Next = -1<<63, 1<<63-1 }), registry.CodeForbidden},
	} {
		if code := take(c.raw); code != c.want || d.StatusList(7).Head.Height != 10 {
			t.Errorf("%s: %q, want %q", name, code, c.want)
		}
	}
	view.height = 11 // it has come
	if code := take(higher); code != "" || d.StatusList(7).Head.Height != 11 {
		t.Error("later:", code)
	}
}

// TestJudgedAgain: a list that was taken counts as long as whoever signed it may: until
// its deputy is named no more, its key is stolen, or its number is another's.
func TestJudgedAgain(t *testing.T) {
	t.Parallel()
	xg, deputy := serving(t), serving(t)
	view := &said{services: map[string]*registry.Service{"xg": xg.record(), "dep": deputy.record()}, lists: map[string][]uint32{operator: {7}}, height: 10}
	view.services["dep"].Member = "dep"
	d := open(t, t.TempDir(), view)
	now := time.Now().Unix()
	named := registry.Deputy{Member: "dep", Key: mustCurrent(t, deputy.keys, signer.LabelStatus), From: now - 60, Until: now + 7200}
	view.services["xg"].Deputy = named
	taken := func(raw []byte) {
		t.Helper()
		d.Round(t.Context())
		if err := d.TakeList(view.services["xg"], 7, raw); err != nil {
			t.Fatal(err)
		}
		if d.ListsRound(t.Context()); d.StatusList(7) == nil {
			t.Fatal("a good list is dropped")
		}
	}
	dropped := func(when string) {
		t.Helper()
		d.Round(t.Context())
		if d.ListsRound(t.Context()); d.StatusList(7) != nil {
			t.Error("held", when)
		}
	}
	taken(deputy.listed(7, 10, nil))
	view.services["xg"].Deputy = registry.Deputy{}
	dropped("after the deputy's end")
	view.services["xg"].Deputy = named
	taken(deputy.listed(7, 10, nil))
	view.services["xg"].Deputy.Until = now + 60
	dropped("over the end of the period")

	view.services["xg"].Deputy = registry.Deputy{}
	raw := xg.listed(7, 10, nil)
	taken(raw)
	view.lists[operator] = []uint32{8}
	dropped("with another's number")
	view.lists[operator] = []uint32{7}
	taken(raw)
	if err := xg.keys.Stolen(mustCurrent(t, xg.keys, signer.LabelStatus), time.Now(), "测试"); err != nil {
		t.Fatal(err)
	}
	view.services["xg"] = xg.record()
	dropped("though its key is stolen")
}
