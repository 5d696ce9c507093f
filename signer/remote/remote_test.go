package remote

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/plan"
	"tongzheng/registry/sm"
)

// sealer answers QR requests and refuses to seal; the rest is not called.
type sealer struct {
	Sealer
	calls atomic.Int32
	job   registry.SealJob
	asked registry.TagRequest
}

func (s *sealer) SignQR(_ context.Context, ask registry.QRRequest) (string, error) {
	s.calls.Add(1)
	return "code of " + ask.HolderName, nil
}

func (s *sealer) Seal(context.Context, registry.SealJob) (*registry.SealResult, error) {
	return nil, registry.Errorf(registry.CodeApprovalMissing, "approvals", "one of two")
}

func (s *sealer) Register(_ context.Context, job registry.SealJob) (*registry.Entry, error) {
	s.job = job
	return &registry.Entry{}, nil
}

func (s *sealer) Tag(_ context.Context, ask registry.TagRequest) (sm.Digest, error) {
	s.asked = ask
	return sm.Sum([]byte(ask.Holder.Code)), nil
}

func serve(t *testing.T, wrap func(http.Handler) http.Handler) (*Client, *sealer, string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "tzr") // socket paths are short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	address := "unix://" + filepath.Join(dir, "d", "s.sock")
	listener, err := Listen(address, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	s := &sealer{}
	server := &http.Server{Handler: wrap((&Server{Sealer: s, Log: slog.New(slog.DiscardHandler)}).Handler())}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	client, err := Dial(Config{Address: address, Within: 300 * time.Millisecond, Pause: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return client, s, dir
}

func same(h http.Handler) http.Handler { return h }

// TestRefusalsAndAnswers travel as they are, with their codes.
func TestRefusalsAndAnswers(t *testing.T) {
	c, _, dir := serve(t, same)
	ctx := context.Background()
	if text, err := c.SignQR(ctx, registry.QRRequest{HolderName: "甲"}); err != nil || text != "code of 甲" {
		t.Errorf("%q %v", text, err)
	}
	if _, err := c.Seal(ctx, registry.SealJob{}); registry.CodeOf(err) != registry.CodeApprovalMissing {
		t.Errorf("a refusal: %v", err)
	}
	for _, path := range []string{filepath.Join(dir, "d"), filepath.Join(dir, "d", "s.sock")} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is open to others: %v %v", path, info.Mode(), err)
		}
	}
}

// TestJobsTravel whole: catalog entries of every shape, fields and secrets come
// out with the digests that they had.
func TestJobsTravel(t *testing.T) {
	c, s, _ := serve(t, same)
	shipped, err := plan.Load("ganzhou")
	if err != nil {
		t.Fatal(err)
	}
	facts := registry.Facts{Identifier: registry.Identifier{Type: "11100000000013338W011", Issuer: "11430000006122244L", Serial: "2026000001", Version: 2}, Number: "JY1", Effective: 20000, Expires: registry.LongTerm,
		Holder: registry.Holder{Name: "𠮷祥饭店", Code: "11430000006122244L", CodeType: "001"}, Fields: map[string]string{"KZ_ZS": "住所"}}
	for i := range shipped.Types {
		kind := &shipped.Types[i].Type
		version := &registry.Opened{Type: kind, Facts: facts, Secret: []byte{1, 2, 3}, Unsealed: []byte("document")}
		present := *version
		present.Unsealed, present.Document = nil, sm.Leaf([]byte("document"))
		if _, err := c.Register(context.Background(), registry.SealJob{Version: version, Present: &present}); err != nil {
			t.Fatal(err)
		}
		for _, got := range []*registry.Opened{s.job.Version, s.job.Present} {
			if got == nil || got.Digest() != version.Digest() || got.Type.Digest() != kind.Digest() {
				t.Errorf("%s came out as %+v", kind.Code, got)
			}
		}
	}
	if len(shipped.Types) < 10 {
		t.Errorf("only %d types", len(shipped.Types))
	}
	ask := registry.TagRequest{Organization: "o", Type: "t", TypeVersion: 3, Draft: "d", Holder: facts.Holder}
	if tag, err := c.Tag(context.Background(), ask); err != nil || tag != sm.Sum([]byte(facts.Holder.Code)) || s.asked != ask {
		t.Errorf("%s %v %+v", tag, err, s.asked)
	}
}

// TestNoAnswer: silence, half an answer and nonsense are asked again and then
// called unavailable, never a refusal.
func TestNoAnswer(t *testing.T) {
	for what, answer := range map[string]http.HandlerFunc{
		"silence":  func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"nonsense": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte{1, 2, 3}) },
		"a page":   func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "bad gateway", http.StatusBadGateway) },
	} {
		var calls atomic.Int32
		c, _, _ := serve(t, func(http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { calls.Add(1); answer(w, r) })
		})
		if _, err := c.TimeStamp(context.Background(), sm.Sum(nil)); registry.CodeOf(err) != registry.CodeUnavailable || calls.Load() != 3 {
			t.Errorf("%s: %d calls, %v", what, calls.Load(), err)
		}
	}
}

// TestLostAnswer: done, the answer lost, asked again.
func TestLostAnswer(t *testing.T) {
	var calls atomic.Int32
	c, s, _ := serve(t, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if calls.Add(1) == 1 {
				h.ServeHTTP(discard{http.Header{}}, r)
				panic(http.ErrAbortHandler)
			}
			h.ServeHTTP(w, r)
		})
	})
	if text, err := c.SignQR(context.Background(), registry.QRRequest{HolderName: "乙"}); err != nil || text != "code of 乙" || s.calls.Load() != 2 {
		t.Errorf("%q %v, %d calls", text, err, s.calls.Load())
	}
}

type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(b []byte) (int, error) { return len(b), nil }
func (d discard) WriteHeader(int)             {}

// TestAddresses: nothing but a socket or mutual TLS.
func TestAddresses(t *testing.T) {
	for _, address := range []string{"", "unix://", "http://localhost:1", "https://localhost:1", "localhost:1"} {
		if _, err := Dial(Config{Address: address}); registry.CodeOf(err) != registry.CodeMalformed {
			t.Errorf("%q: %v", address, err)
		}
		if address != "" && address != "unix://" {
			if l, err := Listen(address, "", nil); err == nil {
				_ = l.Close()
				t.Errorf("listens on %q without TLS", address)
			}
		}
	}
}

func TestTooLarge(t *testing.T) {
	if _, err := readMessage(bytes.NewReader(make([]byte, MaxMessage+1))); registry.CodeOf(err) != registry.CodeTooLarge {
		t.Errorf("%v", err)
	}
}
