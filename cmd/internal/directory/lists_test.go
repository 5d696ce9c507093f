package directory_test

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tongzheng/cmd/internal/directory"
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

// gives answers with these lists, and with what is said of them.
func gives(t *testing.T, lists ...[]byte) http.HandlerFunc {
	t.Helper()
	by, heads := map[string][]byte{}, []registry.StatusHead{}
	for _, raw := range lists {
		list, err := registry.DecodeStatusList(raw)
		if err != nil {
			t.Fatal(err)
		}
		heads = append(heads, list.Head)
		by[fmt.Sprintf("/api/v1/status-list/%d", list.Head.List)] = raw
	}
	return func(w http.ResponseWriter, r *http.Request) {
		if raw, known := by[r.URL.Path]; known {
			_, _ = w.Write(raw)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"lists": heads})
	}
}

// TestOneListHoldsUpNoOther: a member that names a list a hundred times is asked for it
// once, and what cannot be taken leaves the rest to be taken.
func TestOneListHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	xg := serving(t)
	view := &said{services: map[string]*registry.Service{"xg": xg.record()}, lists: map[string][]uint32{operator: {7, 8}}, height: 10}
	d := open(t, t.TempDir(), view)
	d.Round(t.Context())
	seven, eight := xg.listed(7, 10, nil), xg.listed(8, 10, nil)
	all := gives(t, append(slices.Repeat([][]byte{seven}, 100), eight, xg.listed(9, 10, nil))...)
	asked := map[string]int{}
	xg.lists = func(w http.ResponseWriter, r *http.Request) {
		if asked[r.URL.Path]++; strings.HasSuffix(r.URL.Path, "/7") {
			_, _ = w.Write(eight) // in the place of list 7
			return
		}
		all(w, r)
	}
	d.ListsRound(t.Context())
	if d.StatusList(7) != nil || d.StatusList(8) == nil || d.StatusList(9) != nil {
		t.Error("taken:", d.StatusHeads())
	}
	if asked["/api/v1/status-list/7"] != 1 || asked["/api/v1/status-list/9"] != 0 {
		t.Error("asked for", asked)
	}
}

// TestMembersAtOnce: no member is waited for before another is asked. Each of the two
// answers only when the other has been asked.
func TestMembersAtOnce(t *testing.T) {
	t.Parallel()
	xg, yd := serving(t), serving(t)
	view := &said{services: map[string]*registry.Service{"xg": xg.record(), "yd": yd.record()}, lists: map[string][]uint32{operator: {7}, served: {8}}, height: 10}
	view.services["yd"].Member = "yd"
	d := open(t, t.TempDir(), view)
	d.Round(t.Context())
	after := func(mine, other chan struct{}, then http.HandlerFunc) http.HandlerFunc {
		var once sync.Once
		return func(w http.ResponseWriter, r *http.Request) {
			once.Do(func() { close(mine) })
			select {
			case <-other:
				then(w, r)
			case <-r.Context().Done():
			}
		}
	}
	first, second := make(chan struct{}), make(chan struct{})
	xg.lists = after(first, second, gives(t, xg.listed(7, 10, nil)))
	yd.lists = after(second, first, gives(t, yd.listed(8, 10, nil)))
	if d.ListsRound(t.Context()); d.StatusList(7) == nil || d.StatusList(8) == nil {
		t.Error("taken:", d.StatusHeads())
	}
}

// TestDeputyAsked: a member that answers, but with no list or an old one, has its deputy
// asked; one that answers well has not. This registry's own lists come from its deputy
// where its own signer gives none.
func TestDeputyAsked(t *testing.T) {
	t.Parallel()
	xg, deputy := serving(t), serving(t)
	view := &said{services: map[string]*registry.Service{"xg": xg.record(), "dep": deputy.record()}, lists: map[string][]uint32{operator: {7}}, height: 20}
	view.services["dep"].Member = "dep"
	now := time.Now().Unix()
	view.services["xg"].Deputy = registry.Deputy{Member: "dep", Key: mustCurrent(t, deputy.keys, signer.LabelStatus), From: now - 60, Until: now + 7200}
	old := xg.listed(7, 10, func(h *registry.StatusHead) { h.Time, h.Next = now-1200, now+2400 })
	fresh := xg.listed(7, 10, nil)
	asked := false
	beside := gives(t, deputy.listed(7, 20, nil))
	deputy.lists = func(w http.ResponseWriter, r *http.Request) {
		asked = true
		beside(w, r)
	}
	for name, c := range map[string]struct {
		own    http.HandlerFunc
		asked  bool
		height uint64
	}{
		"no list":    {gives(t), true, 20},
		"an old one": {gives(t, old), true, 20},
		"a good one": {gives(t, fresh), false, 10},
		"no answer":  {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }, true, 20},
	} {
		d := open(t, t.TempDir(), view)
		d.Round(t.Context())
		xg.lists, asked = c.own, false
		d.ListsRound(t.Context())
		if list := d.StatusList(7); asked != c.asked || list == nil || list.Head.Height != c.height {
			t.Errorf("%s: the deputy is asked %t, %+v", name, asked, d.StatusHeads())
		}
	}

	var published []registry.StatusHead
	anchors := view.services["xg"].Anchors
	home, err := directory.Open(directory.Config{Folder: t.TempDir(), View: view, Public: xg.server.URL, Anchors: anchors, Clock: time.Now, Log: slog.New(slog.DiscardHandler),
		ListsEvery: time.Nanosecond, Published: func() []registry.StatusHead { return published }})
	if err != nil {
		t.Fatal(err)
	}
	home.Round(t.Context())
	list, err := registry.DecodeStatusList(fresh)
	if err != nil {
		t.Fatal(err)
	}
	published = []registry.StatusHead{list.Head}
	if home.ListsRound(t.Context()); home.StatusList(7) != nil {
		t.Error("the deputy's is taken beside the own one")
	}
	published = nil
	if home.ListsRound(t.Context()); home.StatusList(7) == nil || home.StatusList(7).Head.Height != 20 {
		t.Error("the own lists do not come from the deputy:", home.StatusHeads())
	}
}

// TestListsAtAPath: behind a part of this registry's address stand the lists of the member
// whose codes lead there, and of none whose codes lead to the like of it elsewhere.
func TestListsAtAPath(t *testing.T) {
	t.Parallel()
	view := &said{services: map[string]*registry.Service{
		"xg": {Member: "xg", Operator: operator, Public: "https://xg.example", Home: "https://city.example/xg"},
		"yd": {Member: "yd", Operator: operator, Public: "https://yd.example", Home: "https://other.example/xg"},
	}, lists: map[string][]uint32{operator: {7, 9}, served: {8}}}
	d := open(t, t.TempDir(), view)
	if lists := d.ListsAt("xg"); !slices.Equal(lists, []uint32{7, 9}) {
		t.Error(lists)
	}
	if lists := append(d.ListsAt("g"), d.ListsAt("nobody")...); len(lists) != 0 {
		t.Error(lists)
	}
}
