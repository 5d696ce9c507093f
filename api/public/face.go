package public

import (
	"context"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/prometheus/client_golang/prometheus"

	"tongzheng/api/codes"
	"tongzheng/api/httpx"
	"tongzheng/api/signin"
	"tongzheng/api/web"
	"tongzheng/registry/office"
)

// Config is what the public face shows and how.
type Config struct {
	Office  *office.Office
	Trail   signin.Trail
	Site    httpx.Site
	Pages   *web.Pages
	Demo    bool // the site's data is for demonstration
	Proxies httpx.Proxies
	Uploads *httpx.Budget // shared by all faces that receive files
	// Pictures bound what reading codes from pictures and PDF may cost.
	Pictures codes.Limits
	// PerMinute and Burst bound look-ups per address.
	PerMinute, Burst float64
	Meters           prometheus.Registerer
	// What is given out besides verdicts: what is nil has no address.
	Keys Keys
	// KeyList returns the signed key list (signer/check).
	KeyList func(ctx context.Context) ([]byte, error)
	// Directory tells of the other registries on the ledger.
	Directory Directory
	// Lists are made every ListsEvery, 30 s when 0.
	Lists      StatusLists
	ListsEvery time.Duration
	OtherLists OtherLists
	Statements Statements
	// Drawer shows uploaded files beside their verdict; nil shows none.
	Drawer office.Drawer
	// OfflineFolder holds the verifier that make builds for the offline page.
	OfflineFolder string
}

// Face is the public face.
type Face struct {
	config  Config
	lookups *httpx.Limiter // per address
	judge   *judge
	hot     *hotPages
	offline *offlineFiles
}

// New makes the face and registers its metrics.
func New(config Config) *Face {
	if config.ListsEvery <= 0 {
		config.ListsEvery = 30 * time.Second
	}
	config.Meters.MustRegister(listMeters(config)...)
	if config.Directory != nil {
		config.Meters.MustRegister(memberMeters{config.Directory})
	}
	return &Face{config: config, lookups: httpx.NewLimiter(config.PerMinute, config.Burst), judge: newJudge(config), hot: &hotPages{},
		offline: &offlineFiles{folder: config.OfflineFolder, demo: config.Demo, kept: map[string]*offlineFile{}}}
}

// Pages adds the pages. They need no script and no account.
func (f *Face) Pages(r chi.Router) {
	slow := httpx.Slow(f.lookups, f.config.Proxies, f.config.Pages.Fail)
	p := &pages{config: f.config, judge: f.judge, hot: f.hot}
	r.Get("/", p.landing)
	r.With(slow).Get("/v/{token}", p.scan)
	r.With(slow).Get("/v/{token}/*", p.scan)          // whatever was glued behind it
	r.With(slow).Get("/{member}/v/{token}", p.scan)   // a member's code at the city's address
	r.With(slow).Get("/{member}/v/{token}/*", p.scan) //
	r.With(slow, f.config.Uploads.Limit).Post("/verify", p.verify)
	if f.config.Lists != nil { // a member's lists at the address that its codes carry
		r.With(slow).Get("/{member}/api/v1/status-list", statusLists{f.config}.heads)
		r.With(slow).Get("/{member}/api/v1/status-list/{list}", statusLists{f.config}.list)
	}
	r.Get("/static/{file}", p.static)
	if f.config.OfflineFolder != "" {
		f.offline.routes(r, f.config.Site.Base)
	}
}

// API adds the JSON routes below /api/v1.
func (f *Face) API(r chi.Router) {
	slow := httpx.Slow(f.lookups, f.config.Proxies, httpx.Fail)
	r.With(slow, f.config.Uploads.Limit).Post("/verify", f.judge.verify)
	if f.config.Keys != nil {
		r.With(slow).Get("/keys", keyring{f.config}.keys)
	}
	if f.config.Directory != nil {
		r.With(slow).Get("/keys/directory", members{f.config}.list)
		r.With(slow).Get("/keys/roots", members{f.config}.roots)
	}
	if f.config.KeyList != nil {
		r.With(slow).Get("/keys/list", keyring{f.config}.list)
	}
	if f.config.Statements != nil {
		r.With(slow, f.config.Uploads.Limit).Post("/statements", f.judge.statement)
	}
	if f.config.Lists != nil {
		r.With(slow).Get("/status-list", statusLists{f.config}.heads)
		r.With(slow).Get("/status-list/{list}", statusLists{f.config}.list)
	}
}
