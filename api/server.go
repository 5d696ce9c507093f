package api

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/go-chi/chi/v5"

	"tongzheng/api/web"
	"tongzheng/registry"
	"tongzheng/registry/office"
)

// Server is the HTTP surface over one Office.
type Server struct {
	Office   *office.Office
	Accounts Accounts
	Config   Config
	Log      *slog.Logger

	once     sync.Once
	metering sync.Once
	handler  http.Handler
	metrics  *metrics
	public   *limiter      // public look-ups, per address
	guesses  *limiter      // holders named for one license, from all addresses
	logins   *limiter      // sign-in attempts, per login
	doors    *limiter      // sign-in attempts, per address: a whole office may share one
	failures *limiter      // wrong API keys, per address
	uploads  chan struct{} // how many files are unpacked at once
	received budget        // what uploads hold in memory
	pages    *web.Pages
	passkeys *passkeys
	hot      hotPages
}

// Config is what the surface is told at start.
type Config struct {
	// PublicURL is scheme://host[:port][/path] as browsers see it. Its path is
	// where the site is mounted; https makes cookies Secure.
	PublicURL string
	// RelyingParty is the WebAuthn relying party id, the host of PublicURL when
	// empty. The ledger's rules must name the same one and its origins.
	RelyingParty string
	// Enroll sets the ledger's approver record for a new passkey (by
	// Office.Govern); nil when passkeys cannot be enrolled here.
	Enroll func(ctx context.Context, account Account, spki []byte) error
	// Ready tells what the server needs and cannot reach, by name; an empty
	// map is ready.
	Ready func(ctx context.Context) map[string]error
	// Keys publishes public keys; without it /api/v1/keys does not exist.
	Keys Keys
	// Lists publishes status lists, made every ListsEvery; without it
	// /api/v1/status-list does not exist.
	Lists      StatusLists
	ListsEvery time.Duration
	// Bundles makes bundles; without it no license has one here.
	Bundles Bundles
	// Statements signs verifications; without it none can be kept.
	Statements Statements
	// OfflineFolder holds the verifier that make builds for the offline page;
	// without it /offline/ does not exist.
	OfflineFolder string
	// KeyList returns the signed key list (signer/check); without it
	// /api/v1/keys/list does not exist.
	KeyList func(ctx context.Context) ([]byte, error)
	// TrustedProxies may say the caller's address in X-Forwarded-For.
	TrustedProxies []netip.Prefix
	// OpenMetrics serves /metrics to everyone who reaches the listener; else
	// only to callers on the loopback interface that no proxy stands before.
	OpenMetrics bool
	// PublicPerMinute and PublicBurst bound public look-ups per address:
	// 60 and 60 when zero.
	PublicPerMinute, PublicBurst float64
	// Demo says on every page that the data is for demonstration.
	Demo bool
}

// uploadsWaiting files are checked beside those that keep the processors busy:
// they wait for the database.
const uploadsWaiting = 2

// limited keys per limiter: some 100 bytes each.
const limitedKeys = 100_000

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.once.Do(s.start)
	s.handler.ServeHTTP(w, r)
}

func (s *Server) start() {
	s.uploads = make(chan struct{}, runtime.GOMAXPROCS(0)+uploadsWaiting)
	if s.Log == nil {
		s.Log = slog.New(slog.DiscardHandler)
	}
	perMinute, burst := s.Config.PublicPerMinute, s.Config.PublicBurst
	if perMinute == 0 {
		perMinute = 60
	}
	if burst == 0 {
		burst = 60
	}
	s.meters()
	s.public = newLimiter(perMinute, burst, limitedKeys, time.Now)
	s.guesses = newLimiter(10, 20, limitedKeys, time.Now)
	s.logins = newLimiter(4, 8, limitedKeys, time.Now)
	s.doors = newLimiter(30, 60, limitedKeys, time.Now)
	s.failures = newLimiter(10, 20, limitedKeys, time.Now)
	s.pages = web.New(s.site())
	s.passkeys = s.newPasskeys()
	s.handler = s.unmount(s.Routes())
}

// base is the path the site is mounted at, without a slash at the end.
func (s *Server) base() string {
	u, err := url.Parse(s.Config.PublicURL)
	if err != nil {
		return ""
	}
	return strings.TrimRight(u.Path, "/")
}

func (s *Server) site() web.Site {
	site := web.Site{Base: s.base(), Demo: s.Config.Demo, Offline: s.Config.OfflineFolder != ""}
	if u, err := url.Parse(s.Config.PublicURL); err == nil {
		site.Host = u.Host
	}
	return site
}

func (s *Server) https() bool { return strings.HasPrefix(s.Config.PublicURL, "https://") }

// Routes returns the router; tests compare it with openapi.yaml.
func (s *Server) Routes() chi.Router {
	r := chi.NewRouter()
	r.Use(s.observe, s.secure, s.sameOrigin)
	r.NotFound(s.notFound)
	r.MethodNotAllowed(s.methodNotAllowed)
	r.Route("/api/v1", s.apiRoutes)
	s.publicRoutes(r)
	if s.Config.OfflineFolder != "" {
		s.offlineRoutes(r)
	}
	r.Route("/console", s.consoleRoutes)
	r.Get("/healthz", s.health)
	r.Get("/readyz", s.ready)
	r.Get("/metrics", s.measure)
	return r
}

// apiRoutes are those of openapi.yaml.
func (s *Server) apiRoutes(r chi.Router) {
	r.Get("/openapi.yaml", s.spec)
	r.With(s.slow, s.limitUpload).Post("/verify", s.verify)
	if s.Config.Keys != nil {
		r.With(s.slow).Get("/keys", s.keys)
	}
	if s.Config.KeyList != nil {
		r.With(s.slow).Get("/keys/list", s.keyList)
	}
	if s.Config.Statements != nil {
		r.With(s.slow, s.limitUpload).Post("/statements", s.statement)
	}
	if s.Config.Lists != nil {
		r.With(s.slow).Get("/status-list", s.statusLists)
		r.With(s.slow).Get("/status-list/{list}", s.statusList)
	}
	r.With(s.authenticate, s.limitUpload).Post("/collected", s.collect)
	r.Group(func(r chi.Router) {
		r.Use(s.authenticate, limitBody(MaxBody))
		r.Get("/licenses", s.search)
		r.Post("/licenses", s.issue)
		r.Get("/licenses/{identifier}", s.license)
		r.Post("/licenses/{identifier}/acts", s.act)
		r.Get("/licenses/{identifier}/document", s.document)
		if s.Config.Bundles != nil {
			r.Get("/licenses/{identifier}/bundle", s.bundle)
		}
		r.Get("/licenses/{identifier}/powers", s.powers)
		r.Post("/licenses/{identifier}/disclosure", s.disclose)
		r.Get("/licenses/{identifier}/printings/{number}/paper", s.paper)
		r.Get("/proceedings/{intent}", s.proceeding)
		r.Delete("/proceedings/{intent}", s.drop)
		r.Post("/proceedings/{intent}/approvals", s.approve)
		r.Post("/proceedings/{intent}/release", s.release)
		r.Get("/tasks", s.tasks)
		if s.Office.Cases != nil {
			r.Get("/cases", s.caseFile)
			r.Post("/cases/statements", s.caseStatement)
			r.Post("/cases/steps", s.recordCase)
		}
		if s.Office.Sheets != nil {
			r.Get("/orders", s.orderSheets)
			r.Post("/orders", s.draftSheet)
			r.Get("/orders/{sheet}", s.sheet)
			r.Delete("/orders/{sheet}", s.dropSheet)
			r.Post("/orders/{sheet}/approvals", s.approveSheet)
			r.Get("/records", s.records)
		}
		r.Get("/types", s.types)
		r.Get("/types/{code}", s.licenseType)
	})
}

// sameOrigin refuses unsafe requests that a browser sends for another site
// (Sec-Fetch-Site, Origin). Machine clients send neither header.
func (s *Server) sameOrigin(next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	if u, err := url.Parse(s.Config.PublicURL); err == nil && u.Host != "" {
		_ = protection.AddTrustedOrigin(u.Scheme + "://" + u.Host) // behind a proxy that changes Host
	}
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.fail(w, r, registry.Errorf(codeCrossOrigin, "", ""))
	}))
	return protection.Handler(next)
}

// slow bounds public requests per address.
func (s *Server) slow(next http.Handler) http.Handler { return s.slowed(next, s.fail) }

// slowPage does the same for pages.
func (s *Server) slowPage(next http.Handler) http.Handler { return s.slowed(next, s.failPage) }

func (s *Server) slowed(next http.Handler, fail func(http.ResponseWriter, *http.Request, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.public.allow(s.remote(r)) {
			fail(w, r, registry.Errorf(registry.CodeRateLimited, "", ""))
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Server) notFound(w http.ResponseWriter, r *http.Request) {
	err := registry.Errorf(registry.CodeNotFound, "", "no such address")
	if wantsPage(r) {
		s.failPage(w, r, err)
		return
	}
	s.fail(w, r, err)
}

func (s *Server) methodNotAllowed(w http.ResponseWriter, r *http.Request) {
	s.fail(w, r, registry.Errorf(codeMethod, "", "this address does not answer %s", knownMethod(r.Method)))
}

func wantsPage(r *http.Request) bool {
	return !strings.HasPrefix(r.URL.Path, "/api/") && strings.Contains(r.Header.Get("Accept"), "text/html")
}
