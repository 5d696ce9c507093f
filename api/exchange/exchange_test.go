package exchange_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	faces "tongzheng/api/exchange"
	"tongzheng/api/httpx"
	"tongzheng/registry"
	"tongzheng/registry/exchange"
	"tongzheng/registry/sm"
)

// said is what the ledger says: rules and services, to be changed.
type said struct {
	mu       sync.Mutex
	services map[string]registry.Service
}

func (s *said) set(change func(map[string]registry.Service)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s.services)
}

func (s *said) Standing(string) (*registry.Standing, error) { return &registry.Standing{}, nil }

func (s *said) Record(kind registry.RecordKind, _ string) (registry.GovernanceRecord, *registry.Stored, error) {
	if kind == registry.KindRules {
		return &registry.Rules{Version: registry.NewestRules, Members: []string{"city", "county"}}, nil, nil
	}
	return nil, nil, nil
}

func (s *said) Records(registry.RecordKind) (all []registry.GovernanceRecord, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, service := range s.services {
		all = append(all, &service)
	}
	return all, nil
}

func (s *said) Knowledge(time.Time) registry.Knowledge { return registry.Knowledge{} }

func (s *said) Licenses(context.Context, func(string, *registry.License) error) error { return nil }

// identity is one exchange key.
type identity struct {
	certificate *tls.Certificate
	digest      sm.Digest
}

func newIdentity(t *testing.T) *identity {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	// Long over: no decision rests on its dates.
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &identity{&tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, faces.KeyDigest(leaf)}
}

func (i *identity) Certificate(sm.Digest) (*tls.Certificate, error) { return i.certificate, nil }

func (i *identity) keys() []sm.Digest { return []sm.Digest{i.digest} }

// gives answers packages, and hears hints.
type gives struct {
	mu     sync.Mutex
	answer func(members []string, ask exchange.Ask) ([]byte, error)
	hints  int
}

func (g *gives) Package(_ context.Context, members []string, ask exchange.Ask) ([]byte, error) {
	return g.answer(members, ask)
}

func (g *gives) Hinted(context.Context, []string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.hints++
	return nil
}

// pair are a city's client and a county's server.
type pair struct {
	said         *said
	city, county *identity
	gives        *gives
	address      string
}

func newPair(t *testing.T, adjust func(*faces.ServerConfig)) *pair {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &pair{city: newIdentity(t), county: newIdentity(t), address: listener.Addr().String(),
		gives: &gives{answer: func([]string, exchange.Ask) ([]byte, error) { return []byte("package"), nil }}}
	p.said = &said{services: map[string]registry.Service{"city": {Member: "city", Exchange: "https://localhost:1", ExchangeKey: p.city.digest},
		"county": {Member: "county", Exchange: "https://" + p.address, ExchangeKey: p.county.digest}}}
	config := faces.ServerConfig{Directory: &exchange.Directory{View: p.said, Keys: p.county.keys}, Identity: p.county, Giving: p.gives, Feed: p.gives, Hinted: []faces.Hinted{p.gives},
		Log: slog.New(slog.DiscardHandler), Meters: httpx.NewMeters()}
	if adjust != nil {
		adjust(&config)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- faces.NewServer(config).Serve(ctx, listener) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return p
}

func (p *pair) client(t *testing.T, id *identity, adjust func(*faces.ClientConfig)) *faces.Client {
	t.Helper()
	config := faces.ClientConfig{Directory: &exchange.Directory{View: p.said, Keys: p.city.keys}, Identity: id, Call: 10 * time.Second}
	if adjust != nil {
		adjust(&config)
	}
	c := faces.NewClient(config)
	t.Cleanup(func() { c.Close() })
	return c
}

var ask = exchange.Ask{Identifier: registry.Identifier{Type: "11100000000013338W011", Issuer: "11430000006122244L", Serial: "20230000403", Version: 1}, Organization: "11430000006122244L"}

func asks(t *testing.T, c *faces.Client, code registry.Code) {
	t.Helper()
	raw, _, err := c.Package(t.Context(), "county", ask)
	if registry.CodeOf(err) != code || err == nil && string(raw) != "package" {
		t.Errorf("answered %q, %v; want %q", raw, err, code)
	}
}

// TestKeys: both ends are known by the keys that the ledger names, and by nothing else.
func TestKeys(t *testing.T) {
	t.Parallel()
	p := newPair(t, nil)
	c := p.client(t, p.city, nil)
	asks(t, c, "")
	asks(t, p.client(t, newIdentity(t), nil), registry.CodeUnavailable) // a stranger's key
	if err := c.Hint(t.Context(), "county", exchange.Hint{Height: 7}); err != nil || p.gives.hints != 1 {
		t.Errorf("the hint: %d, %v", p.gives.hints, err)
	}
	// Somebody else at the county's address.
	imposter := newIdentity(t)
	p.said.set(func(all map[string]registry.Service) {
		s := all["county"]
		s.ExchangeKey = imposter.digest
		all["county"] = s
	})
	asks(t, c, registry.CodeUnavailable)
	p.said.set(func(all map[string]registry.Service) {
		s := all["county"]
		s.ExchangeKey = p.county.digest
		all["county"] = s
	})
	asks(t, c, "")
	// TLS 1.2 and a connection without a certificate.
	for _, config := range []*tls.Config{{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12, Certificates: []tls.Certificate{*p.city.certificate}}, {InsecureSkipVerify: true}} {
		conn, err := tls.Dial("tcp", p.address, config)
		if err == nil {
			_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
			if _, err = io.WriteString(conn, "POST /exchange/package HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"); err == nil {
				_, err = conn.Read(make([]byte, 1))
			}
			conn.Close()
		}
		if err == nil {
			t.Errorf("let in with %+v", config)
		}
	}
}

// TestTakenOff: a member that the ledger names no more is a stranger on connections that are
// open, and they end.
func TestTakenOff(t *testing.T) {
	t.Parallel()
	p := newPair(t, nil)
	conn, err := tls.Dial("tcp", p.address, &tls.Config{InsecureSkipVerify: true, Certificates: []tls.Certificate{*p.city.certificate}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	canonical, err := registry.Encode(&ask)
	if err != nil {
		t.Fatal(err)
	}
	body := append([]byte{1}, canonical...)
	request := func() (int, error) {
		r, err := http.NewRequest(http.MethodPost, "https://county/exchange/package", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/vnd.tongzheng.exchange")
		if err := r.Write(conn); err != nil {
			return 0, err
		}
		return status(conn)
	}
	if got, err := request(); got != http.StatusOK || err != nil {
		t.Fatalf("%d, %v", got, err)
	}
	p.said.set(func(all map[string]registry.Service) { delete(all, "city") })
	if got, err := request(); err == nil && got != http.StatusForbidden {
		t.Errorf("answered %d", got)
	}
	_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
	if _, err := io.Copy(io.Discard, conn); err != nil && strings.Contains(err.Error(), "timeout") {
		t.Error("the connection stays open")
	}
}

// status reads one small answer.
func status(conn net.Conn) (int, error) {
	raw := make([]byte, 4096)
	n, err := conn.Read(raw)
	if err != nil || n < 12 {
		return 0, err
	}
	switch string(raw[9:12]) {
	case "200":
		return http.StatusOK, nil
	case "403":
		return http.StatusForbidden, nil
	}
	return 1, nil
}

// TestVersions: the newest version that both speak is spoken, a side that was updated is
// found out, and without a common one both say so.
func TestVersions(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		client, server faces.Speaks
		version        int
		code           registry.Code
	}{
		{faces.Speaks{Oldest: 1, Newest: 1}, faces.Speaks{Oldest: 1, Newest: 1}, 1, ""},
		{faces.Speaks{Oldest: 1, Newest: 2}, faces.Speaks{Oldest: 1, Newest: 1}, 1, ""},
		{faces.Speaks{Oldest: 1, Newest: 1}, faces.Speaks{Oldest: 1, Newest: 2}, 1, ""},
		{faces.Speaks{Oldest: 2, Newest: 3}, faces.Speaks{Oldest: 1, Newest: 2}, 2, ""},
		{faces.Speaks{Oldest: 2, Newest: 3}, faces.Speaks{Oldest: 1, Newest: 1}, 0, registry.CodeProtocol},
		{faces.Speaks{Oldest: 1, Newest: 1}, faces.Speaks{Oldest: 2, Newest: 3}, 0, registry.CodeProtocol},
	} {
		p := newPair(t, func(c *faces.ServerConfig) { c.Speaks = x.server })
		c := p.client(t, p.city, func(c *faces.ClientConfig) { c.Speaks = x.client })
		for range 2 {
			if _, version, err := c.Package(t.Context(), "county", ask); version != x.version || registry.CodeOf(err) != x.code {
				t.Errorf("%s asks %s: version %d, %v", x.client, x.server, version, err)
			}
		}
	}
}

// TestRefusals: what the other side says against a request concerns the version asked for, or
// the whole member.
func TestRefusals(t *testing.T) {
	t.Parallel()
	p := newPair(t, nil)
	c := p.client(t, p.city, nil)
	for given, want := range map[registry.Code]registry.Code{registry.CodeNotFound: registry.CodeNotFound, registry.CodeNotYet: registry.CodeNotYet, registry.CodeUnavailable: registry.CodeUnavailable,
		registry.CodeContent: registry.CodeNotYet, registry.CodeInternal: registry.CodeNotYet, registry.CodeForbidden: registry.CodeUnavailable} {
		p.gives.answer = func([]string, exchange.Ask) ([]byte, error) { return nil, registry.Errorf(given, "", "test") }
		asks(t, c, want)
	}
}

// TestFlood: a member that asks too much, too often, or again and again for what there is
// not, is slowed down, and others are not.
func TestFlood(t *testing.T) {
	t.Parallel()
	p := newPair(t, func(c *faces.ServerConfig) { c.PerMinute, c.Refusals, c.AtOnce = 60, 5, 2 })
	c := p.client(t, p.city, nil)
	slow := 0
	for range 30 {
		if _, _, err := c.Package(t.Context(), "county", ask); registry.CodeOf(err) == registry.CodeRateLimited {
			slow++
		}
	}
	if slow < 20 {
		t.Errorf("30 questions at once, %d slowed down", slow)
	}
	p = newPair(t, func(c *faces.ServerConfig) { c.Refusals = 5 })
	asked := 0
	p.gives.answer = func([]string, exchange.Ask) ([]byte, error) {
		asked++
		return nil, registry.Errorf(registry.CodeNotFound, "", "")
	}
	c = p.client(t, p.city, nil)
	for range 30 {
		c.Package(t.Context(), "county", ask) //nolint:errcheck // counted where it is asked
	}
	if asked > 7 {
		t.Errorf("%d questions for what there is not came through", asked)
	}
	// At the same time.
	p = newPair(t, func(c *faces.ServerConfig) { c.AtOnce = 2 })
	hold, in := make(chan struct{}), make(chan struct{}, 8)
	p.gives.answer = func([]string, exchange.Ask) ([]byte, error) { in <- struct{}{}; <-hold; return []byte("package"), nil }
	c = p.client(t, p.city, nil)
	for range 2 {
		go c.Package(t.Context(), "county", ask) //nolint:errcheck // it only takes its place
	}
	<-in
	<-in
	asks(t, c, registry.CodeRateLimited)
	close(hold)
}

// TestConnectionsOfOne: a member that opens all the connections that it can leaves room for
// others.
func TestConnectionsOfOne(t *testing.T) {
	t.Parallel()
	p := newPair(t, nil)
	var conns []net.Conn
	for range 40 {
		conn, err := tls.Dial("tcp", p.address, &tls.Config{InsecureSkipVerify: true, Certificates: []tls.Certificate{*p.city.certificate}})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conns = append(conns, conn)
	}
	open := 0
	for range 2 { // the second time those that were ended are known
		open = 0
		for _, conn := range conns {
			_, _ = io.WriteString(conn, "GET /exchange/package HTTP/1.1\r\nHost: county\r\n\r\n")
			if _, err := status(conn); err == nil {
				open++
			}
		}
	}
	if open == 0 || open > 20 {
		t.Errorf("%d connections of one member are kept open", open)
	}
}

// hostile is a server with the county's key that answers as it pleases.
func (p *pair) hostile(t *testing.T, answer func(w http.ResponseWriter, r *http.Request)) {
	t.Helper()
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{*p.county.certificate}, ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS13})
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(answer), ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)}
	go server.Serve(listener) //nolint:errcheck // ends with Close
	t.Cleanup(func() { server.Close() })
	p.said.set(func(all map[string]registry.Service) {
		s := all["county"]
		s.Exchange = "https://" + listener.Addr().String()
		all["county"] = s
	})
}

// TestHostileAnswers: an answer without end, one that breaks off, one in another version or
// of another kind, a redirect, a silence: each ends, and is named.
func TestHostileAnswers(t *testing.T) {
	t.Parallel()
	const media = "application/vnd.tongzheng.exchange"
	begin := func(w http.ResponseWriter, raw ...byte) {
		w.Header().Set("Content-Type", media)
		_, _ = w.Write(raw)
	}
	for what, x := range map[string]struct {
		answer http.HandlerFunc
		code   registry.Code
	}{
		"without end": {func(w http.ResponseWriter, r *http.Request) {
			begin(w, 1)
			for block := make([]byte, 1<<20); r.Context().Err() == nil; {
				if _, err := w.Write(block); err != nil {
					return
				}
			}
		}, registry.CodeTooLarge},
		"broken off": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			begin(w, 1, 2, 3)
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}, registry.CodeNotYet},
		"another version": {func(w http.ResponseWriter, _ *http.Request) { begin(w, 9, 1, 1) }, registry.CodeMalformed},
		"nothing":         {func(w http.ResponseWriter, _ *http.Request) { begin(w) }, registry.CodeMalformed},
		"a page":          {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") }, registry.CodeMalformed},
		"a redirect": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "https://example.org/")
			w.WriteHeader(307)
		}, registry.CodeNotYet},
		"a long problem": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500); _, _ = w.Write(make([]byte, 1<<20)) }, registry.CodeNotYet},
		"silence":        {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, registry.CodeUnavailable},
		"drop by drop": {func(w http.ResponseWriter, r *http.Request) {
			begin(w, 1)
			for r.Context().Err() == nil {
				_, _ = w.Write([]byte{0})
				_ = http.NewResponseController(w).Flush()
				select {
				case <-r.Context().Done():
				case <-time.After(10 * time.Millisecond):
				}
			}
		}, registry.CodeNotYet},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			p := newPair(t, nil)
			p.hostile(t, x.answer)
			asks(t, p.client(t, p.city, func(c *faces.ClientConfig) {
				if x.code != registry.CodeTooLarge {
					c.Call = time.Second
				}
			}), x.code)
		})
	}
}

// FuzzUnpack: whatever a member hands over ends in a package or a coded error.
func FuzzUnpack(f *testing.F) {
	h := &exchange.Held{Opened: registry.Opened{Type: &registry.LicenseType{Code: "c"}, Facts: registry.Facts{Identifier: ask.Identifier, Fields: map[string]string{"KZ_A": "b"}}, Secret: []byte("s"), Unsealed: []byte("u")},
		Parts: &registry.SealParts{Form: 1, Root: "r", Signature: []byte("g"), Value: []byte("v")}, Receipt: &registry.Receipt{Ledger: "l"}}
	raw, err := exchange.Pack(h)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add([]byte("rubbish"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		h, err := exchange.Unpack(raw)
		if err != nil {
			if code := registry.CodeOf(err); code != registry.CodeMalformed && code != registry.CodeTooLarge {
				t.Errorf("%v", err)
			}
			return
		}
		if _, err := exchange.Pack(h); err != nil {
			t.Errorf("what was read is not written: %v", err)
		}
	})
}
