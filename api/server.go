package api

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"

	"tongzheng/api/codes"
	"tongzheng/api/console"
	"tongzheng/api/desk"
	"tongzheng/api/httpx"
	"tongzheng/api/operate"
	"tongzheng/api/problem"
	"tongzheng/api/public"
	"tongzheng/api/signin"
	"tongzheng/api/web"
	"tongzheng/registry"
	"tongzheng/registry/office"
)

// Config is what the surface is told at start.
type Config struct {
	Office   *office.Office
	Accounts signin.Accounts
	Log      *slog.Logger // nothing is logged when nil
	// PublicURL is scheme://host[:port][/path] as browsers see it. Its path is
	// where the site is mounted; https makes cookies Secure.
	PublicURL string
	// Signing is the signer's page where people sign with passkeys; nil: they sign
	// with key files alone.
	Signing console.Signing
	// Enroll sets the ledger's approver record for a new passkey (by
	// Office.Govern); nil when passkeys cannot be enrolled here.
	Enroll func(ctx context.Context, account signin.Account, spki []byte) error
	// Ready tells what the server needs and cannot reach, by name; an empty
	// map is ready.
	Ready func(ctx context.Context) map[string]error
	// Warn tells, by name, what is amiss and keeps nobody from working here.
	Warn func(ctx context.Context) map[string]string
	// Keys publishes public keys; without it /api/v1/keys does not exist.
	Keys public.Keys
	// KeyList returns the signed key list (signer/check); without it
	// /api/v1/keys/list does not exist.
	KeyList func(ctx context.Context) ([]byte, error)
	// Directory tells of the other registries on the ledger; nil: of none.
	Directory public.Directory
	// Lists publishes status lists, made every ListsEvery; without it
	// /api/v1/status-list does not exist.
	Lists      public.StatusLists
	ListsEvery time.Duration
	// OtherLists are those of other members; nil: none is given out.
	OtherLists public.OtherLists
	// Statements signs verifications; without it none can be kept.
	Statements public.Statements
	// Drawer shows uploaded files beside their verdict.
	Drawer office.Drawer
	// Operator is what the operator's routes work on; without it they do not
	// exist. They answer what operate.AtTheMachine passed on, nobody else.
	Operator *operate.Ports
	// OfflineFolder holds the verifier that make builds for the offline page;
	// without it /offline/ does not exist.
	OfflineFolder string
	// TrustedProxies may say the caller's address in X-Forwarded-For.
	TrustedProxies httpx.Proxies
	// OpenMetrics serves /metrics to everyone who reaches the listener; else
	// only to callers on the loopback interface that no proxy stands before.
	OpenMetrics bool
	// PublicPerMinute and PublicBurst bound public look-ups per address:
	// 60 and 60 when zero.
	PublicPerMinute, PublicBurst float64
	// Pictures bound what reading codes from pictures and PDF may cost; a
	// server's bounds when zero.
	Pictures codes.Limits
	// Demo says on every page that the data is for demonstration.
	Demo bool
}

// Server is the HTTP surface over one Office: its faces behind one handler.
type Server struct {
	config  Config
	routes  chi.Router
	handler http.Handler
	acts    *actMeter
	meters  *httpx.Meters
}

// New composes the faces.
func New(config Config) *Server {
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	if config.PublicPerMinute == 0 {
		config.PublicPerMinute = 60
	}
	if config.PublicBurst == 0 {
		config.PublicBurst = 60
	}
	meters := httpx.NewMeters()
	s := &Server{config: config, acts: newActMeter(meters), meters: meters}
	site := httpx.ParseSite(config.PublicURL)
	s.routes = s.compose(site, meters)
	s.handler = site.Unmount(s.routes)
	return s
}

// Config is what the server was told.
func (s *Server) Config() Config { return s.config }

// Routes returns the router; tests compare it with openapi.yaml.
func (s *Server) Routes() chi.Router { return s.routes }

// Meters are the metrics, for others who count beside the server.
func (s *Server) Meters() *httpx.Meters { return s.meters }

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Published is office.Office.Published: it measures from decision to public.
func (s *Server) Published(p *office.Proceeding, at time.Time) { s.acts.published(p, at) }

func (s *Server) compose(site httpx.Site, meters *httpx.Meters) chi.Router {
	c := s.config
	trail, uploads := signin.Trail{Office: c.Office}, &httpx.Budget{}
	sessions := signin.NewSessions(c.Accounts, site, func() time.Time { return c.Office.Reading.Now() })
	door := signin.NewDoor(sessions, trail, c.TrustedProxies)
	passkeys := signin.NewPasskeys(signin.PasskeysConfig{Sessions: sessions, Enroll: c.Enroll})
	pages := web.New(web.Site{Base: site.Base, Host: site.Host, Demo: c.Demo, Offline: c.OfflineFolder != ""})
	everyone := public.New(public.Config{Office: c.Office, Trail: trail, Site: site, Pages: pages, Demo: c.Demo, Proxies: c.TrustedProxies, Uploads: uploads,
		PerMinute: c.PublicPerMinute, Burst: c.PublicBurst, Pictures: c.Pictures, Meters: meters,
		Keys: c.Keys, KeyList: c.KeyList, Directory: c.Directory, Lists: c.Lists, ListsEvery: c.ListsEvery, OtherLists: c.OtherLists, Statements: c.Statements, Drawer: c.Drawer, OfflineFolder: c.OfflineFolder})
	staff := console.New(console.Config{Office: c.Office, Door: door, Sessions: sessions, Passkeys: passkeys, Trail: trail, Pages: pages, Base: site.Base,
		Cases: c.Office.Cases != nil, Orders: c.Office.Governing.Keeps(), Reviews: c.Office.Reviews != nil, Library: c.Office.Library.Kept(), Signing: c.Signing})
	units := &unit{config: c, base: site.Base, trail: trail, uploads: uploads, names: desk.Names{Office: c.Office}}

	r := chi.NewRouter()
	r.Use(httpx.Observer{Log: c.Log, Meters: meters}.Observe, site.Secure, site.SameOrigin)
	r.NotFound(pages.NotFound)
	r.MethodNotAllowed(methodNotAllowed)
	r.Route("/api/v1", func(r chi.Router) {
		r.Get("/openapi.yaml", spec)
		everyone.API(r)
		r.Group(func(r chi.Router) {
			r.Use(door.Authenticate)
			units.routes(r)
		})
		if c.Operator != nil {
			r.Route("/operator", operate.Routes(operate.Config{Office: c.Office, Trail: trail, Ports: *c.Operator}))
		}
	})
	everyone.Pages(r)
	r.Route("/console", staff.Routes)
	probes := &probes{ready: c.Ready, warn: c.Warn, open: c.OpenMetrics, meters: meters, pages: pages}
	r.Get("/healthz", probes.health)
	r.Get("/readyz", probes.readiness)
	r.Get("/metrics", probes.metrics)
	return r
}

func methodNotAllowed(w http.ResponseWriter, r *http.Request) {
	httpx.Fail(w, r, registry.Errorf(problem.MethodNotAllowed, "", "this address does not answer %s", httpx.KnownMethod(r.Method)))
}
