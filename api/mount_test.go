package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"tongzheng/api"
	"tongzheng/registry"
	"tongzheng/registry/office"
)

// second is another server over the same office, with a configuration of its
// own.
func (s *site) second(t *testing.T, config api.Config, change func(*office.Ports)) (*httptest.Server, *safeBuffer) {
	t.Helper()
	log := &safeBuffer{}
	ports := s.Ports
	if change != nil {
		change(&ports)
	}
	o, err := office.New(ports, s.Told)
	if err != nil {
		t.Fatal(err)
	}
	config.Office, config.Accounts, config.Log = o, s.API.Config().Accounts, slog.New(slog.NewTextHandler(log, nil))
	server := httptest.NewServer(api.New(config))
	t.Cleanup(server.Close)
	return server, log
}

type safeBuffer struct {
	sync.Mutex
	bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.Lock()
	defer b.Unlock()
	return b.Buffer.Write(p)
}

func (b *safeBuffer) text() string {
	b.Lock()
	defer b.Unlock()
	return b.String()
}

func (s *site) get(t *testing.T, url string) answer {
	t.Helper()
	r, err := http.NewRequest("GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html")
	return s.send(t, r)
}

// Mounted under a path of somebody else's site, every address that a page
// names begins with that path, whether the proxy leaves the path on or not.
func TestUnderAPath(t *testing.T) {
	s := openSite(t)
	p := s.issued(t)
	server, log := s.second(t, api.Config{PublicURL: "https://www.example.gov.cn/zz"}, nil)
	token := p.Printings[1].URL[strings.LastIndex(p.Printings[1].URL, "/")+1:]
	for _, address := range []string{server.URL + "/zz/v/" + token, server.URL + "/v/" + token} {
		a := s.get(t, address).want(t, 200)
		if !strings.Contains(string(a.body), `href="/zz/static/site.css`) || strings.Contains(string(a.body), `href="/static`) || strings.Contains(string(a.body), `href="/"`) {
			t.Fatal("an address outside the path")
		}
		if a.Header.Get("Strict-Transport-Security") == "" {
			t.Fatal("https without HSTS")
		}
	}
	s.get(t, server.URL+"/zz/static/site.css").want(t, 200)
	// The log names routes, not tokens; the query is not there either.
	s.get(t, server.URL+"/zz/?name=secret")
	if text := log.text(); strings.Contains(text, token) || strings.Contains(text, "secret") || !strings.Contains(text, "route=/v/{token}") {
		t.Fatalf("log: %s", text)
	}
}

// stale is a view that has not heard of the ledger for an hour.
type stale struct{ office.StatusView }

func (v stale) Knowledge(now time.Time) registry.Knowledge {
	return registry.Knowledge{AsOf: now.Add(-time.Hour), Height: 7, Stale: true, Reason: "no news for an hour"}
}

// A ledger out of reach is no revocation, and no validity either.
func TestUnknownIsSaid(t *testing.T) {
	s := openSite(t)
	p := s.issued(t)
	server, _ := s.second(t, api.Config{PublicURL: "http://localhost"}, func(p *office.Ports) { p.View = stale{p.View} })
	a := s.get(t, server.URL+path(p.Printings[1].URL)).want(t, 503)
	if !strings.Contains(string(a.body), registry.UnknownNow.Info().Chinese) || !strings.Contains(string(a.body), "最后一次取得状态") || a.Header.Get("Retry-After") == "" {
		t.Fatalf("%s", a.body)
	}
}

// Guesses at tokens are slowed, per address.
func TestGuessingTokensIsSlowed(t *testing.T) {
	s := openSite(t)
	server, _ := s.second(t, api.Config{PublicURL: "http://localhost", PublicPerMinute: 1, PublicBurst: 5}, nil)
	for i := range 6 {
		a := s.get(t, server.URL+"/v/"+strings.Repeat("A", 26))
		if want := map[bool]int{true: 404, false: 429}[i < 5]; a.StatusCode != want {
			t.Fatalf("look-up %d: %d", i+1, a.StatusCode)
		}
	}
}

// Names guessed for one license are slowed wherever they come from; whoever
// knows the holder is answered, and takes nothing from the next.
func TestGuessingHoldersIsSlowed(t *testing.T) {
	s := openSite(t)
	server, _ := s.second(t, api.Config{PublicURL: "http://localhost", PublicPerMinute: 6000, PublicBurst: 6000}, nil)
	ask := func(number, holder string) int {
		body, err := json.Marshal(map[string]string{"number": number, "holder": holder})
		if err != nil {
			t.Fatal(err)
		}
		r, err := http.NewRequest("POST", server.URL+"/api/v1/verify", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		return s.send(t, r).StatusCode
	}
	known := s.demo.Licenses[0]
	for range 30 {
		if code := ask(known.Number, known.Holder); code != http.StatusOK {
			t.Fatalf("the holder's own name: %d", code)
		}
	}
	slowed := 0
	for i := range 30 {
		if ask(known.Number, fmt.Sprint("谁", i)) == http.StatusTooManyRequests {
			slowed++
		}
	}
	if slowed < 8 {
		t.Errorf("%d of 30 guesses at one license slowed", slowed)
	}
	if code := ask("another", "谁"); code != http.StatusOK {
		t.Errorf("another license: %d", code)
	}
}
