package app_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"tongzheng/api"
	"tongzheng/api/httpx"
	"tongzheng/cmd/internal/app"
	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/soaktest"
)

// safeBuffer collects log lines of concurrent requests.
type safeBuffer struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (b *safeBuffer) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.Write(line)
}

// TestGuesses: thousands of guessed tokens from one address, in make soak
// 100,000, find nothing, and nearly all of them are not even looked up.
func TestGuesses(t *testing.T) {
	c := inCity(t)
	c.issued(t)
	server := api.New(api.Config{Office: c.Office, Accounts: app.Accounts{c.Store.Accounts}, PublicURL: "http://localhost"})
	found, slowed := 0, 0
	guesses := soaktest.Count(10_000, 100_000)
	for range guesses {
		var token registry.Token
		if _, err := rand.Read(token[:]); err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		server.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/v/"+token.String(), nil))
		switch w.Code {
		case http.StatusNotFound:
		case http.StatusTooManyRequests:
			slowed++
			if w.Header().Get("Retry-After") == "" {
				t.Fatal("slowed without saying for how long")
			}
		default:
			found++
		}
	}
	t.Logf("%d found, %d slowed", found, slowed)
	if found != 0 || slowed < guesses/100*99 {
		t.Errorf("%d found, %d of %d slowed", found, slowed, guesses)
	}
}

// TestLogsNameNobody: every way of asking, with all log levels on, leaves no
// holder name, code of a person or company, or token in the log.
func TestLogsNameNobody(t *testing.T) {
	c := inCity(t)
	p, asked := c.issued(t)
	at := p.Intent.Printings[1].Number
	token := c.token(t, p.Intent.Identifier, p.Intent.Printings[1])
	text := c.qr(t, p, at)
	var log safeBuffer
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	own := c.other(t, func(p *office.Ports, _ *office.Config) { p.Log = logger })
	server := api.New(api.Config{Office: own, Accounts: app.Accounts{c.Store.Accounts}, Log: logger, PublicURL: "http://localhost", Keys: c.Keys, Lists: own.Publishing,
		Statements: own.Scan})
	ask := func(path string, body map[string]string) {
		raw, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(raw))
		r.Header.Set("Content-Type", "application/json")
		server.ServeHTTP(httptest.NewRecorder(), r)
	}
	for _, path := range []string{"/api/v1/verify", "/api/v1/statements"} {
		ask(path, map[string]string{"token": token.String()})
		ask(path, map[string]string{"qr": text})
		ask(path, map[string]string{"qr": text + "A"})
		ask(path, map[string]string{"identifier": p.Intent.Identifier.String(), "holder": asked.Holder.Name})
		ask(path, map[string]string{"identifier": p.Intent.Identifier.String(), "holder": asked.Holder.Name + "x", "unknown": asked.Holder.Code})
	}
	for _, path := range []string{"/v/" + token.String(), "/v/" + token.String() + "?statement=1", "/v/" + token.String() + "x", "/nothing/" + token.String()} {
		server.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil))
	}
	lines := log.all.String()
	if !strings.Contains(lines, "/v/{token}") {
		t.Fatal("nothing was logged")
	}
	for name, secret := range map[string]string{"token": token.String(), "holder": asked.Holder.Name, "code": asked.Holder.Code, "payload": text[strings.Index(text, "#")+1:][:24]} {
		if strings.Contains(lines, secret) || strings.Contains(strings.ToUpper(lines), strings.ToUpper(secret)) {
			t.Errorf("the log has a %s", name)
		}
	}
}

// TestUploadsBounded: more than the limit is refused while it is read.
func TestUploadsBounded(t *testing.T) {
	c := inCity(t)
	server := api.New(api.Config{Office: c.Office, Accounts: app.Accounts{c.Store.Accounts}, PublicURL: "http://localhost"})
	r := httptest.NewRequest(http.MethodPost, "/api/v1/verify", bytes.NewReader(make([]byte, httpx.MaxUpload+httpx.MaxBody+1)))
	r.Header.Set("Content-Type", "application/ofd")
	w := httptest.NewRecorder()
	server.ServeHTTP(w, r)
	if w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
