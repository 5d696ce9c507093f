package demo

import (
	"bytes"
	"context"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"tongzheng/cmd/internal/app"
)

// everything collects what a server says, from many goroutines.
type everything struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (e *everything) Write(line []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.all.Write(line)
}

func (e *everything) text() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.all.String()
}

// TestFullRunNamesNobody tells the whole story of the demonstration, signs in,
// searches, scans, fails in every way it knows, and then looks through all that
// was said at the most talkative level: the program's log with its line for
// each request, PostgreSQL's log as in production, the metrics. No name or code
// of a holder, no other personal field, no token, password or key is in it.
func TestFullRunNamesNobody(t *testing.T) {
	said := &everything{}
	data := t.TempDir()
	a, err := Open(t.Context(), app.Config{Data: data, Listen: "127.0.0.1:0",
		Log: slog.New(slog.NewJSONHandler(said, &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true}))})
	if err != nil {
		t.Fatal(err)
	}
	postgres := filepath.Join(data, "postgres")
	if moved, err := os.ReadFile(postgres + ".location"); err == nil {
		postgres = strings.TrimSpace(string(moved))
	}
	defer func() { a.Close(); os.RemoveAll(postgres) }() // it may stand elsewhere when the tests run as root
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- a.Serve(ctx) }()
	defer func() { stop(); <-served }()
	city, err := Read(data)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Begin(ctx, a, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []func() error{s.Issue, s.Print, s.scan, s.spoil, s.change, s.prove, s.cancel, s.forgeries, s.insider} {
		if err := step(); err != nil {
			t.Fatalf("step %d: %v", s.number, err)
		}
	}
	secrets := secretsOf(t, a, city)
	s.stumble(t, secrets)
	metrics := s.visit(t, "GET", "/metrics", "", "")
	logged, err := os.ReadFile(filepath.Join(postgres, "server.log"))
	if err != nil {
		t.Fatal(err)
	}
	sources := map[string]string{"log": said.text(), "metrics": metrics, "PostgreSQL's log": string(logged)}
	if n := strings.Count(sources["log"], `"msg":"request"`); n < 60 || !strings.Contains(sources["log"], "/v/{token}") {
		t.Fatalf("%d requests in the log: the test proves nothing", n)
	}
	if !strings.Contains(sources["PostgreSQL's log"], "STATEMENT") {
		t.Fatal("PostgreSQL logged no failing statement: the test proves nothing")
	}
	for name, text := range sources {
		text = strings.ToUpper(text)
		for secret, what := range secrets {
			if strings.Contains(text, strings.ToUpper(secret)) {
				t.Errorf("%s has a %s", name, what)
			}
		}
	}
}

// secretsOf lists what no log may hold: of every version and printing that the
// instance has, and of its accounts.
func secretsOf(t *testing.T, a *app.App, city *City) map[string]string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), a.Config.OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	secrets := map[string]string{}
	rows, err := conn.Query(t.Context(), `SELECT facts->'holder'->>'name', facts->'holder'->>'code', coalesce(facts->'fields'->>'KZ_FDDBR', '') FROM version`)
	if err != nil {
		t.Fatal(err)
	}
	var name, code, person string
	if _, err := pgx.ForEachRow(rows, []any{&name, &code, &person}, func() error {
		secrets[name], secrets[code] = "holder's name", "holder's code"
		if person != "" {
			secrets[person] = "person's name"
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	rows, err = conn.Query(t.Context(), `SELECT token FROM printing`)
	if err != nil {
		t.Fatal(err)
	}
	var token []byte
	if _, err := pgx.ForEachRow(rows, []any{&token}, func() error {
		secrets[base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(token)], secrets[hex.EncodeToString(token)] = "token", "token"
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for _, account := range city.Accounts {
		secrets[account.Password], secrets[account.APIKey] = "password", "API key"
	}
	delete(secrets, "")
	if len(secrets) < 60 {
		t.Fatalf("only %d secrets to look for", len(secrets))
	}
	return secrets
}

// stumble does what goes wrong in a day, with every secret in every place where
// a caller can put one.
func (s *Story) stumble(t *testing.T, secrets map[string]string) {
	t.Helper()
	account, err := s.city.Account("xg-acceptor")
	if err != nil {
		t.Fatal(err)
	}
	for secret := range secrets {
		in := url.QueryEscape(secret)
		s.visit(t, "GET", "/v/"+url.PathEscape(secret), "", "")
		s.visit(t, "GET", "/nothing/"+url.PathEscape(secret)+"?q="+in, "", "")
		s.visit(t, "POST", "/verify", "application/x-www-form-urlencoded", "number="+in+"&holder="+in)
		s.visit(t, "POST", "/api/v1/verify", "application/json", fmt.Sprintf(`{"number":%q,"holder":%q}`, secret, secret))
		s.visit(t, "POST", "/api/v1/verify", "application/json", fmt.Sprintf(`{"%s":1}`, strings.ReplaceAll(secret, `"`, "")))
		s.visit(t, "POST", "/console/sign-in", "application/x-www-form-urlencoded", "login="+in+"&password="+in)
		s.visit(t, "GET", "/api/v1/licenses?q="+in, "", "", account.APIKey)
		s.visit(t, "GET", "/api/v1/licenses/"+url.PathEscape(secret), "", "", account.APIKey)
		s.visit(t, "POST", "/api/v1/licenses", "application/json", fmt.Sprintf(`{"holder":{"name":%q,"code":%q},"number":%q}`, secret, secret, secret), account.APIKey, "Idempotency-Key: "+hex.EncodeToString([]byte(secret))[:8])
	}
	// A statement that PostgreSQL refuses, with a name and a token in it.
	conn, err := pgx.Connect(t.Context(), s.app.Config.OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	for secret := range secrets {
		if _, err := conn.Exec(t.Context(), `SELECT number / (length($1) - length($1)) FROM printing WHERE $1 <> ''`, secret); err == nil {
			t.Fatal("a division by zero passed")
		}
		break
	}
	if _, err := conn.Exec(t.Context(), `UPDATE printing SET token = (SELECT min(token::text)::bytea FROM printing) WHERE live`); err == nil {
		t.Fatal("doubled tokens passed")
	}
}

// visit sends one request and returns what came back. more is an API key, then
// headers.
func (s *Story) visit(t *testing.T, method, path, contentType, body string, more ...string) string {
	t.Helper()
	req, err := http.NewRequest(method, "http://"+s.app.Address+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	req.Header.Set("Accept", "text/html")
	for i, m := range more {
		if i == 0 {
			req.Header.Set("Authorization", "Bearer "+m)
		} else if name, value, ok := strings.Cut(m, ": "); ok {
			req.Header.Set(name, value)
		}
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil && !os.IsTimeout(err) {
		t.Fatal(err)
	}
	return string(raw)
}
