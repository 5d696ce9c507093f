package exchange

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"maps"
	"mime"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/go-chi/chi/v5"

	"tongzheng/api/httpx"
	"tongzheng/api/problem"
	"tongzheng/registry"
	"tongzheng/registry/exchange"
	"tongzheng/registry/sm"
)

// Giving hands out packages (exchange.Giving).
type Giving interface {
	Package(ctx context.Context, members []string, ask exchange.Ask) ([]byte, error)
}

// Hinted hears of hints (exchange.Library, exchange.Following).
type Hinted interface {
	Hinted(ctx context.Context, members []string) error
}

// Feed tells what has changed, hands out items and takes what is handed in (exchange.Feed).
type Feed interface {
	Changes(ctx context.Context, members []string, s exchange.Since) (*exchange.Changes, error)
	Item(ctx context.Context, members []string, ask exchange.ItemAsk) ([]byte, error)
	Submit(ctx context.Context, members []string, s exchange.Submission) ([]byte, error)
}

// ServerConfig is what the server works with.
type ServerConfig struct {
	Directory *exchange.Directory
	Identity  Identity
	Giving    Giving
	Feed      Feed
	Hinted    []Hinted
	Log       *slog.Logger
	Meters    *httpx.Meters
	Speaks    Speaks // Spoken when zero

	PerMinute float64 // packages a member may ask for; 6000 when 0, with as many at once as a tenth
	Refusals  float64 // refusals a member may have a minute before it is slowed down; 60 when 0
	AtOnce    int     // requests of a member at the same time; 4 when 0
}

// connectionsMost bounds open connections, handshakes included.
const connectionsMost = 128

// connectionsOfOne bounds those that one key has spoken on: one member leaves room for the
// others.
const connectionsOfOne = 16

// Server answers other members' registries, at a listener of its own.
type Server struct {
	config   ServerConfig
	handler  http.Handler
	asked    *httpx.Limiter
	hints    *httpx.Limiter
	refusals *httpx.Limiter

	mu   sync.Mutex
	busy map[sm.Digest]int
	open map[net.Conn]sm.Digest // connections, by the key that has asked something on them; zero: none yet
}

// NewServer makes the server.
func NewServer(c ServerConfig) *Server {
	if c.Speaks == (Speaks{}) {
		c.Speaks = Spoken
	}
	if c.PerMinute == 0 {
		c.PerMinute = 6000
	}
	if c.Refusals == 0 {
		c.Refusals = 60
	}
	if c.AtOnce == 0 {
		c.AtOnce = 4
	}
	s := &Server{config: c, asked: httpx.NewLimiter(c.PerMinute, c.PerMinute/10), hints: httpx.NewLimiter(600, 60), refusals: httpx.NewLimiter(c.Refusals, c.Refusals),
		busy: map[sm.Digest]int{}, open: map[net.Conn]sm.Digest{}}
	r := chi.NewRouter()
	r.Use(httpx.Observer{Log: c.Log, Meters: c.Meters}.Observe, s.admit)
	r.With(httpx.LimitBody(requestMost)).Post(pathPackage, s.give)
	r.With(httpx.LimitBody(requestMost)).Post(pathHint, s.hint)
	r.With(httpx.LimitBody(requestMost)).Post(pathChanges, s.changes)
	r.With(httpx.LimitBody(requestMost)).Post(pathItem, s.item)
	r.With(httpx.LimitBody(submitMost)).Post(pathSubmit, s.submit)
	r.NotFound(func(w http.ResponseWriter, r *http.Request) {
		httpx.Fail(w, r, registry.Errorf(registry.CodeNotFound, "", "no such address"))
	})
	r.MethodNotAllowed(func(w http.ResponseWriter, r *http.Request) {
		httpx.Fail(w, r, registry.Errorf(problem.MethodNotAllowed, "", "ask with POST"))
	})
	s.handler = r
	return s
}

// Serve answers until ctx ends, then finishes what was begun.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{Handler: s.handler, ReadHeaderTimeout: headerTimeout, ReadTimeout: 15 * time.Second, WriteTimeout: time.Minute, IdleTimeout: 90 * time.Second,
		MaxHeaderBytes: 8 << 10, ConnState: s.track, ErrorLog: slog.NewLogLogger(s.config.Log.Handler(), slog.LevelInfo)}
	sweeping, stop := context.WithCancel(ctx)
	defer stop()
	go s.sweep(sweeping)
	ending := context.AfterFunc(ctx, func() {
		finish, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if server.Shutdown(finish) != nil {
			_ = server.Close() // whoever is still connected has had the time
		}
	})
	defer ending()
	err := server.Serve(tls.NewListener(&bounded{Listener: listener, room: make(chan struct{}, connectionsMost)}, serverTLS(s.config.Directory, s.config.Identity)))
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// bounded accepts so many connections and lets others wait outside.
type bounded struct {
	net.Listener
	room chan struct{}
}

// Accept implements net.Listener.
func (b *bounded) Accept() (net.Conn, error) {
	b.room <- struct{}{}
	conn, err := b.Listener.Accept()
	if err != nil {
		<-b.room
		return nil, err
	}
	return &counted{Conn: conn, leave: sync.OnceFunc(func() { <-b.room })}, nil
}

type counted struct {
	net.Conn
	leave func()
}

// Close implements net.Conn.
func (c *counted) Close() error {
	c.leave()
	return c.Conn.Close()
}

// track knows the open connections.
func (s *Server) track(conn net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch state {
	case http.StateNew: // without a request it ends by its deadline
		s.open[conn] = sm.Digest{}
	case http.StateActive:
		if !s.open[conn].IsZero() {
			return
		}
		state := conn.(*tls.Conn).ConnectionState() // listeners of ours give no other
		key, others := peerKey(&state), 0
		for _, of := range s.open {
			if of == key {
				others++
			}
		}
		if others >= connectionsOfOne {
			go conn.Close() // it says so to the other end, which may not listen
			return
		}
		s.open[conn] = key
	case http.StateClosed, http.StateHijacked:
		delete(s.open, conn)
	}
}

// sweepEvery is how soon an open connection ends whose key the ledger does not name any
// more. A request on it is refused at once.
const sweepEvery = 500 * time.Millisecond

func (s *Server) sweep(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		s.mu.Lock()
		open := maps.Clone(s.open)
		s.mu.Unlock()
		for conn, key := range open {
			if key.IsZero() {
				continue
			}
			if members, err := s.config.Directory.MembersOf(key); err == nil && len(members) == 0 {
				_ = conn.Close() // a stranger from now on
			}
		}
	}
}

type memberKey struct{}

// caller is who is asking: the members of the connection's key.
type caller struct {
	key     sm.Digest
	members []string
}

func callerOf(r *http.Request) caller {
	c, _ := r.Context().Value(memberKey{}).(caller)
	return c
}

// admit asks the ledger for every request again who is asking, and bounds how much of one
// member is answered at a time.
func (s *Server) admit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		say(w.Header(), s.config.Speaks)
		c := caller{key: peerKey(r.TLS)}
		var err error
		if c.members, err = s.config.Directory.MembersOf(c.key); err == nil && len(c.members) == 0 {
			err = stranger()
		}
		if err != nil {
			w.Header().Set("Connection", "close")
			httpx.Fail(w, r, err)
			return
		}
		httpx.SetAccount(r, "member "+c.members[0])
		if !s.enter(c.key) {
			httpx.Fail(w, r, registry.Errorf(registry.CodeRateLimited, "", "at most %d requests of a member at a time", s.config.AtOnce))
			return
		}
		defer s.leave(c.key)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), memberKey{}, c)))
	})
}

func (s *Server) enter(key sm.Digest) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.busy[key] >= s.config.AtOnce {
		return false
	}
	s.busy[key]++
	return true
}

func (s *Server) leave(key sm.Digest) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.busy[key]--; s.busy[key] <= 0 {
		delete(s.busy, key)
	}
}

// receive reads a message strictly.
func (s *Server) receive(r *http.Request, into any) (version uint8, err error) {
	if got, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || got != mediaType {
		return 0, registry.Errorf(problem.MediaType, "", "want Content-Type: %s", mediaType)
	}
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return 0, httpx.ReadError(err)
	}
	version, body, err := s.config.Speaks.unframe(raw)
	if err != nil {
		return 0, err
	}
	if registry.Decode(body, into) != nil {
		return 0, registry.Errorf(registry.CodeMalformed, "", "not a message of this kind")
	}
	return version, nil
}

// ask receives a message of a member that is asked for within the bounds of one.
func (s *Server) ask(r *http.Request, into any) (version uint8, err error) {
	if !s.asked.Allow(callerOf(r).key.String()) {
		return 0, registry.Errorf(registry.CodeRateLimited, "", "")
	}
	return s.receive(r, into)
}

// answerRare answers what is mostly not refused: who is told often that there is nothing of
// that name is slowed down.
func (s *Server) answerRare(w http.ResponseWriter, r *http.Request, version uint8, do func(members []string) ([]byte, error)) {
	c := callerOf(r)
	key := c.key.String()
	if !s.refusals.Allow(key) {
		httpx.Fail(w, r, registry.Errorf(registry.CodeRateLimited, "", "too many questions for what there is not"))
		return
	}
	raw, err := do(c.members)
	if registry.CodeOf(err) != registry.CodeNotFound {
		s.refusals.Return(key)
	}
	if err != nil {
		httpx.Fail(w, r, err)
		return
	}
	answer(w, version, raw)
}

func answer(w http.ResponseWriter, version uint8, raw []byte) {
	w.Header().Set("Content-Type", mediaType)
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(frame(version, raw)) // the caller may be gone: it asks again
}

// give hands out one version.
func (s *Server) give(w http.ResponseWriter, r *http.Request) {
	var ask exchange.Ask
	version, err := s.ask(r, &ask)
	if err == nil {
		err = ask.Identifier.Validate()
	}
	if err != nil {
		httpx.Fail(w, r, err)
		return
	}
	s.answerRare(w, r, version, func(members []string) ([]byte, error) { return s.config.Giving.Package(r.Context(), members, ask) })
}

// changes tells what has changed for a member.
func (s *Server) changes(w http.ResponseWriter, r *http.Request) {
	var since exchange.Since
	version, err := s.ask(r, &since)
	if err != nil {
		httpx.Fail(w, r, err)
		return
	}
	s.answerRare(w, r, version, func(members []string) ([]byte, error) {
		changes, err := s.config.Feed.Changes(r.Context(), members, since)
		if err != nil {
			return nil, err
		}
		return registry.Encode(changes)
	})
}

// item hands out one item.
func (s *Server) item(w http.ResponseWriter, r *http.Request) {
	var ask exchange.ItemAsk
	version, err := s.ask(r, &ask)
	if err != nil {
		httpx.Fail(w, r, err)
		return
	}
	s.answerRare(w, r, version, func(members []string) ([]byte, error) { return s.config.Feed.Item(r.Context(), members, ask) })
}

// submit has this registry act on what a member hands in.
func (s *Server) submit(w http.ResponseWriter, r *http.Request) {
	var handed exchange.Submission
	version, err := s.ask(r, &handed)
	if err != nil {
		httpx.Fail(w, r, err)
		return
	}
	s.answerRare(w, r, version, func(members []string) ([]byte, error) { return s.config.Feed.Submit(r.Context(), members, handed) })
}

// hint hears that a member has something new.
func (s *Server) hint(w http.ResponseWriter, r *http.Request) {
	c := callerOf(r)
	if !s.hints.Allow(c.key.String()) {
		httpx.Fail(w, r, registry.Errorf(registry.CodeRateLimited, "", ""))
		return
	}
	var hint exchange.Hint
	if _, err := s.receive(r, &hint); err != nil {
		httpx.Fail(w, r, err)
		return
	}
	for _, hinted := range s.config.Hinted {
		if err := hinted.Hinted(r.Context(), c.members); err != nil {
			httpx.Fail(w, r, err)
			return
		}
	}
	w.WriteHeader(http.StatusNoContent)
}
