package directory_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tongzheng/cmd/internal/directory"
	"tongzheng/cmd/internal/keyring"
	"tongzheng/registry"
	"tongzheng/registry/sm"
	"tongzheng/signer"
)

// said is a status view that says these records of members.
type said struct {
	services map[string]*registry.Service
	stale    bool
	lists    map[string][]uint32 // by issuer
	height   uint64
}

const (
	operator = "11360732MB0X12345Y"
	city     = "11360700MB0X12345X"
	served   = "11360731MB0X12345Z" // of a member without a registry
)

func (s *said) Record(kind registry.RecordKind, name string) (registry.GovernanceRecord, *registry.Stored, error) {
	switch {
	case kind == registry.KindOrganization && name == operator:
		return &registry.Organization{Code: operator, FullName: "兴国县行政审批局", Member: "xg"}, nil, nil
	case kind == registry.KindOrganization && name == city:
		return &registry.Organization{Code: city, Member: "city"}, nil, nil
	case kind == registry.KindOrganization && name == served:
		return &registry.Organization{Code: served, Member: "yd"}, nil, nil
	case kind == registry.KindRules:
		return &registry.Rules{City: city}, nil, nil
	case kind == registry.KindService && s.services[name] != nil:
		return s.services[name], nil, nil
	}
	return nil, nil, nil
}

func (s *said) Records(kind registry.RecordKind) (all []registry.GovernanceRecord, err error) {
	if kind == registry.KindInstance {
		for issuer, lists := range s.lists {
			all = append(all, &registry.Instance{Issuer: issuer, Lists: lists})
		}
		return all, nil
	}
	for _, service := range s.services {
		all = append(all, service)
	}
	return all, nil
}

func (s *said) Knowledge(time.Time) registry.Knowledge {
	return registry.Knowledge{Stale: s.stale, Height: s.height}
}

// member is a registry that publishes its keys.
type member struct {
	t      *testing.T
	keys   *keyring.Keys
	server *httptest.Server
	asked  int
	list   []byte // instead of the present one
	answer http.HandlerFunc
	lists  http.HandlerFunc // answers for status lists
}

func serving(t *testing.T) *member {
	t.Helper()
	keys, err := keyring.Open(t.TempDir(), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	m := &member{t: t, keys: keys}
	m.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.asked++
		switch {
		case m.answer != nil:
			m.answer(w, r)
		case m.lists != nil && strings.HasPrefix(r.URL.Path, "/api/v1/status-list"):
			m.lists(w, r)
		case r.URL.Path == "/api/v1/keys":
			_ = json.NewEncoder(w).Encode(map[string]string{"roots": string(keys.RootsPEM())})
		case m.list != nil:
			_, _ = w.Write(m.list)
		default:
			_, _ = w.Write(m.published())
		}
	}))
	t.Cleanup(m.server.Close)
	return m
}

func (m *member) published() []byte {
	list, err := m.keys.KeyList(m.t.Context())
	if err != nil {
		m.t.Fatal(err)
	}
	return list
}

// record is what the ledger would say of it now.
func (m *member) record() *registry.Service {
	m.t.Helper()
	s := &registry.Service{Member: "xg", Operator: operator, Public: m.server.URL}
	var err error
	if s.Anchors, s.KeyList, s.KeyNumber, err = m.keys.Lasting(); err != nil {
		m.t.Fatal(err)
	}
	return s
}

func open(t *testing.T, folder string, view *said) *directory.Directory {
	t.Helper()
	d, err := directory.Open(directory.Config{Folder: folder, View: view, Public: "https://city.example", Anchors: sm.Sum([]byte("city")), Clock: time.Now,
		Log: slog.New(slog.DiscardHandler), Every: time.Nanosecond, Again: time.Nanosecond, ListsEvery: time.Nanosecond})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestWhatFitsIsKept: keys that the ledger names are taken and outlive their server and
// a restart; what it does not name is not, in whatever form it comes.
func TestWhatFitsIsKept(t *testing.T) {
	xg, folder := serving(t), t.TempDir()
	view := &said{services: map[string]*registry.Service{"xg": {Member: "xg", Operator: operator, Public: xg.server.URL}}}
	d := open(t, folder, view)
	why := func(want string) {
		t.Helper()
		d.Round(t.Context())
		if m := d.Of(operator); m == nil || m.Why != want || (m.Roots != nil) != (want == "") || m.Name == "" {
			t.Fatalf("%+v, want %q", m, want)
		}
	}
	why(registry.KeysElsewhere) // the ledger names none
	if xg.asked != 0 {
		t.Error("asked for keys that the ledger does not name")
	}
	view.services["xg"], view.stale = xg.record(), true
	why(registry.KeysElsewhere)
	if xg.asked != 0 {
		t.Error("asked while the view is stale")
	}
	view.stale = false
	other := serving(t)
	for name, answer := range map[string]http.HandlerFunc{
		"elsewhere": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.server.URL+r.URL.Path, http.StatusFound)
		},
		"without end": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(strings.Repeat(" ", 2<<20))) },
		"no":          func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
		"another's": func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/api/v1/keys" {
				_ = json.NewEncoder(w).Encode(map[string]string{"roots": string(other.keys.RootsPEM())})
				return
			}
			_, _ = w.Write(other.published())
		},
	} {
		xg.answer = answer
		d.Round(t.Context())
		if m := d.Of(operator); m.Roots != nil {
			t.Error("taken from a server that answers", name)
		}
	}
	if other.asked != 0 {
		t.Error("a redirect is followed")
	}
	xg.answer = nil
	why("")
	first := xg.published()
	xg.server.Close()
	d = open(t, folder, view)
	why("") // kept over the restart, the server down

	// A new key: what is held is older than what the ledger names, until it is fetched.
	if _, err := xg.keys.Rotate(signer.LabelQR, "测试"); err != nil {
		t.Fatal(err)
	}
	view.services["xg"] = xg.record()
	why(registry.KeysOlder)
	if err := d.Take(view.services["xg"], registry.MemberKeys{Anchors: xg.keys.RootsPEM(), List: first}); registry.CodeOf(err) != registry.CodeStale {
		t.Error("an older list:", err)
	}
	if err := d.Take(view.services["xg"], registry.MemberKeys{Anchors: xg.keys.RootsPEM(), List: xg.published()}); err != nil {
		t.Error(err)
	}
	why("")
	// Published anew, unchanged: the record stays, the newer publication is kept.
	before := xg.published()
	if _, err := xg.keys.Publish(); err != nil {
		t.Fatal(err)
	}
	if again := xg.record(); again.KeyList != view.services["xg"].KeyList {
		t.Error("a list that is published anew is another list")
	}
	if err := d.Take(view.services["xg"], registry.MemberKeys{Anchors: xg.keys.RootsPEM(), List: xg.published()}); err != nil {
		t.Error(err)
	}
	if err := d.Take(view.services["xg"], registry.MemberKeys{Anchors: xg.keys.RootsPEM(), List: before}); registry.CodeOf(err) != registry.CodeStale {
		t.Error("an older publication takes the place of a newer one:", err)
	}
	// A theft is another list, and taking it back is none that fits.
	if err := xg.keys.Stolen(mustCurrent(t, xg.keys, signer.LabelStatus), time.Now(), "测试"); err != nil {
		t.Fatal(err)
	}
	if again := xg.record(); again.KeyList == view.services["xg"].KeyList {
		t.Error("a theft changes nothing")
	}
}

func mustCurrent(t *testing.T, keys *keyring.Keys, label string) sm.KeyID {
	t.Helper()
	id, ok := keys.Store.Current(label)
	if !ok {
		t.Fatal("no key", label)
	}
	return id
}

// TestWhoseItIs: an address in a configuration makes nobody a member whose keys the
// ledger names; anchors do, also those of before.
func TestWhoseItIs(t *testing.T) {
	folder := t.TempDir()
	own := &registry.Service{Member: "city", Operator: city, Public: "https://city.example"}
	view := &said{services: map[string]*registry.Service{"city": own}}
	d := open(t, folder, view)
	if d.Of(city) != nil || d.Of(served) != nil {
		t.Error("the own record is another's")
	}
	own.Anchors, own.KeyList, own.KeyNumber = sm.Sum([]byte("else")), sm.Sum([]byte("list")), 1
	if m := d.Of(served); m == nil || m.Member != "city" {
		t.Error("a member without a registry is not the city's to serve")
	}
	if d.Of(city) == nil {
		t.Error("by its address alone the registry is a member whose anchors it never had")
	}
	own.Anchors, own.Public = sm.Sum([]byte("city")), "https://moved.example"
	if d.Of(city) != nil {
		t.Error("moved, it is not itself any more")
	}
	later, err := directory.Open(directory.Config{Folder: folder, View: view, Public: "https://moved.example", Anchors: sm.Sum([]byte("city, next")), Clock: time.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil || later.Of(city) != nil {
		t.Error("with new anchors, before the ledger names them:", err)
	}
	if d.Of("91360700MA0000000X") != nil || d.At("https://city.example") != nil || d.Path("xg") != nil || len(d.Others()) != 0 {
		t.Error("members that nobody knows")
	}
}
