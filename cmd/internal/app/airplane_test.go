package app_test

import (
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/skip2/go-qrcode"

	"tongzheng/api"
	"tongzheng/api/browsertest"
	"tongzheng/cmd/citytest"
	"tongzheng/cmd/internal/app"
	"tongzheng/registry"
	"tongzheng/registry/office"
)

// flight is the offline page in a browser whose server can be taken away.
type flight struct {
	*browsertest.Tab
	site string
}

// open loads the page and waits until it can answer.
func (f *flight) open() {
	f.T.Helper()
	f.Go(f.site + "/offline/")
	f.Until(`document.documentElement.dataset.ready === "yes" && document.documentElement.dataset.kept === "yes"`)
}

// scan gives the page a photograph of a code and returns verdict and words.
func (f *flight) scan(text string) (verdict, words string) {
	f.T.Helper()
	png, err := qrcode.Encode(text, qrcode.Medium, 700)
	if err != nil {
		f.T.Fatal(err)
	}
	f.Value(fmt.Sprintf(`(() => { const box = document.getElementById("result"); delete box.dataset.verdict;
		const bytes = Uint8Array.from(atob(%q), (c) => c.charCodeAt(0)), files = new DataTransfer();
		files.items.add(new File([bytes], "photo.png", { type: "image/png" }));
		const input = document.getElementById("picture"); input.files = files.files; input.dispatchEvent(new Event("change")); return ""; })()`,
		base64.StdEncoding.EncodeToString(png)))
	f.Until(`document.getElementById("result").dataset.verdict`)
	return f.Value(`document.getElementById("result").dataset.verdict`), f.Value(`document.getElementById("result").innerText`)
}

// TestAirplaneMode: the page is loaded once, then its server is gone. A code
// read from a picture is judged on the device, with the age of what it knows;
// a license revoked since shows that age, and past nextUpdate nothing is said.
// The site is mounted under a path.
func TestAirplaneMode(t *testing.T) {
	c := inCity(t)
	p, _ := c.issued(t)
	text, spoiledText := c.qr(t, p, p.Intent.Printings[1].Number), ""
	spoiled, _ := c.issued(t)
	at := spoiled.Intent.Printings[1].Number
	spoiledText = c.qr(t, spoiled, at)
	spoil := then(spoiled, registry.Spoil, "misprint")
	spoil.Printing = at
	s := c.propose(t, "/licenses/"+spoiled.Intent.Identifier.String()+"/acts", "flight-"+spoiled.Digest.String(), spoil)
	c.sign(t, s, "xg-printer")
	c.end(t, s)
	lists := c.publishing(t, office.Publication{Anchor: -1})
	if err := lists.Publish(t.Context()); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	site := "http://localhost:" + port + "/province/check"
	server := &http.Server{Handler: api.New(api.Config{Office: c.Office, Accounts: app.Accounts{c.Store.Accounts}, Log: c.Config.Log,
		PublicURL: site, Keys: c.Keys, KeyList: c.Keys.KeyList, Lists: lists, OfflineFolder: citytest.Verifier(t)})}
	go server.Serve(listener)
	f := &flight{browsertest.Open(t), site}
	f.Phone()
	f.open()
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := http.Get(site + "/healthz"); err == nil {
		t.Fatal("the network is still there")
	}
	f.open() // from the device alone
	if verdict, words := f.scan(text); verdict != "valid" || !strings.Contains(words, "秒前") && !strings.Contains(words, "分钟前") {
		t.Errorf("offline: %s\n%s", verdict, words)
	}
	f.Glance("offline-valid")
	f.Accessible("offline-valid")
	f.Fits("offline-valid", 320)
	f.Large("offline-valid")
	f.Phone()
	if verdict, _ := f.scan(spoiledText); verdict != "void" {
		t.Errorf("spoiled sheet: %s", verdict)
	}
	f.Glance("offline-void")
	f.Accessible("offline-void")
	if verdict, words := f.scan(text[:len(text)-9] + "A" + text[len(text)-8:]); verdict != "altered" {
		t.Errorf("altered code: %s\n%s", verdict, words)
	}
	if verdict, _ := f.scan("https://example.com/"); verdict != "unreadable" {
		t.Errorf("not ours: %s", verdict)
	}
	revoke := then(p, registry.Revoke, "fraud")
	revoke.Decision, revoke.Case = "兴审撤〔2026〕88号", "XG2026-0088"
	r := c.propose(t, "/licenses/"+p.Intent.Identifier.String()+"/acts", "flight-revoke-"+p.Digest.String(), revoke)
	c.sign(t, r, "xg-acceptor", "xg-approver")
	c.end(t, r)
	f.Value(`(() => { const now = Date.now; Date.now = () => now() + 20 * 3600e3; return ""; })()`)
	if verdict, words := f.scan(text); verdict != "valid" || !strings.Contains(words, "20 小时前") {
		t.Errorf("revoked since, 20 hours later: %s\n%s", verdict, words)
	}
	f.Value(`(() => { const now = Date.now; Date.now = () => now() + 5 * 3600e3; return ""; })()`)
	if verdict, words := f.scan(text); verdict != "unknown" || !strings.Contains(words, "25 小时前") {
		t.Errorf("past nextUpdate: %s\n%s", verdict, words)
	}
	f.Glance("offline-unknown")
	f.Accessible("offline-unknown")
}

// TestOfflinePageHeaders: scripts and WebAssembly on this page only, and only
// its own.
func TestOfflinePageHeaders(t *testing.T) {
	c := inCity(t)
	handler := api.New(api.Config{Office: c.Office, Accounts: app.Accounts{c.Store.Accounts}, Log: c.Config.Log, PublicURL: "https://a.test/x", OfflineFolder: t.TempDir()})
	get := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w
	}
	w := get("/x/offline/")
	if policy := w.Header().Get("Content-Security-Policy"); w.Code != 200 || !strings.Contains(policy, "'wasm-unsafe-eval'") || strings.Contains(policy, "unsafe-inline") {
		t.Error(w.Code, policy)
	}
	if policy := get("/x/").Header().Get("Content-Security-Policy"); strings.Contains(policy, "script-src") {
		t.Error("the public page runs scripts:", policy)
	}
	for _, path := range []string{"/x/offline/verifier.wasm", "/x/offline/doc.go", "/x/offline/..%2fserver.go", "/x/offline/nothing"} {
		if w := get(path); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

// TestPageUninformed: what the page lacks is never the code's fault. Without
// keys a genuine code is unknown; once informed, a server that is down behind
// its proxy takes nothing away, and a failed update neither.
func TestPageUninformed(t *testing.T) {
	c := inCity(t)
	p, _ := c.issued(t)
	text := c.qr(t, p, p.Intent.Printings[1].Number)
	lists := c.publishing(t, office.Publication{Anchor: -1})
	if err := lists.Publish(t.Context()); err != nil {
		t.Fatal(err)
	}
	config := api.Config{Office: c.Office, Accounts: app.Accounts{c.Store.Accounts}, PublicURL: "http://localhost", OfflineFolder: citytest.Verifier(t)}
	bare := api.New(config)
	config.Keys, config.KeyList, config.Lists = c.Keys, c.Keys.KeyList, lists
	whole := api.New(config)
	down := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "bad gateway", http.StatusBadGateway) })
	var now atomic.Pointer[http.Handler]
	set := func(h http.Handler) { now.Store(&h) }
	set(bare)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (*now.Load()).ServeHTTP(w, r) }))
	defer server.Close()
	f := &flight{browsertest.Open(t), strings.Replace(server.URL, "127.0.0.1", "localhost", 1)}
	f.Phone()
	f.open()
	if verdict, words := f.scan(text); verdict != "unknown" {
		t.Errorf("without keys: %s\n%s", verdict, words)
	}
	set(whole)
	f.open()
	if verdict, words := f.scan(text); verdict != "valid" {
		t.Errorf("informed: %s\n%s", verdict, words)
	}
	set(down)
	f.open()
	if verdict, words := f.scan(text); verdict != "valid" {
		t.Errorf("server down behind its proxy: %s\n%s", verdict, words)
	}
}
