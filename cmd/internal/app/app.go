// Package app composes the program: it opens what a configuration names,
// connects ports to adapters, serves and closes. It decides nothing, and knows
// neither the operator's commands nor the demonstration. Programs and their
// tests start the same composition.
package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tongzheng/api"
	"tongzheng/api/codes"
	"tongzheng/api/operate"
	"tongzheng/cmd/internal/directory"
	"tongzheng/cmd/internal/operating"
	"tongzheng/cmd/internal/tables"
	"tongzheng/registry"
	"tongzheng/registry/exchange"
	"tongzheng/registry/office"
	"tongzheng/registry/postgres"
	"tongzheng/registry/postgres/cluster"
	"tongzheng/registry/statusview"
	"tongzheng/signer/check"
	"tongzheng/signer/draw"
	"tongzheng/signer/remote"
	"tongzheng/signer/render"
)

// Config says what to open. The zero value of a field takes its default.
type Config struct {
	Data        string          // folder of everything that this process owns
	Listen      string          // host:port; port 0 takes a free one
	DatabaseURL string          // empty: a private cluster under Data
	OwnerURL    string          // role that migrates; DatabaseURL when empty
	Ledger      string          // embedded, or the folder of a Fabric profile
	Signer      string          // unix:///path or https://host:port of a signer process; empty: in this process
	SignerTLS   remote.TLSFiles // for https
	TagsPerHour int             // tags that an organization may ask of a signer in this process; signer.DefaultTagsPerHour when 0
	Keepers     []string        // files with the public keys of those who may open the ledger, for a signer in this process
	SignListen  string          // host:port of the signing page of a signer in this process; empty: none
	SignURL     string          // its origin; http://localhost:port when empty
	PublicURL   string          // what QR codes lead to; http://Listen when empty

	ExchangeListen string        // host:port for other members' registries; empty: nothing is exchanged
	LibraryEvery   time.Duration // how often the copies of other members' licenses are all looked at; 1 h when 0

	DemoCity    bool          // a demonstration: orders need no governors, pages say what it is
	ProposalFor time.Duration // how long a proposal waits for its next signature; 30 days when 0
	ListsEvery  time.Duration // how often status lists are published; 30 s when 0
	ListsValid  time.Duration // from a list's time to its nextUpdate; 24 h when 0
	Offline     string        // folder of the verifier for browsers; empty: no offline page
	TLS         string        // TLSDev, or empty for plain HTTP
	// PublicPerMinute bounds public look-ups per address; 60 when 0.
	PublicPerMinute float64
	Pictures        codes.Limits     // what reading one picture may cost; a server's when zero
	Proxies         []netip.Prefix   // reverse proxies in front, whose X-Forwarded-For names the caller
	KeysEvery       time.Duration    // between two looks at another member's keys; 10 minutes when 0
	KeysAgain       time.Duration    // between two tries while they are lacking; 10 seconds when 0
	Throwaway       bool             // tests and demos: speed before durability of PostgreSQL
	Clock           func() time.Time // time.Now when nil
	Log             *slog.Logger
	// Wrap lets tests put faults between office and its ports.
	Wrap func(*office.Ports, *office.Config)
	// Beside lets tests run the registries of two members in one process: this
	// one takes the other's embedded ledger, and opens none. The other one is
	// closed after it.
	Beside *App
}

// App is the running composition.
type App struct {
	Config   Config
	Office   *office.Office
	Store    *postgres.Store
	View     *statusview.View
	Keys     Keyring
	Signer   remote.Sealer
	Attester remote.Attester
	Exchange *Exchange     // with other members' registries; nil: none
	Page     remote.Page   // where people sign; nil: nowhere
	Ports    office.Ports  // what Office works over
	Told     office.Config // what it was told
	API      *api.Server
	Desk     operate.Ports // what the operator's routes work on
	Handler  http.Handler  // API and what stands beside it
	Address  string        // where it listens

	Directory *directory.Directory             // of the other registries on the ledger
	library   atomic.Pointer[exchange.Library] // once it is open
	rendering *render.Renderer
	network   []byte        // trust anchors of the ledger network, PEM; empty for the embedded ledger
	ledger    office.Ledger // as it was opened

	certificates *certificates

	closers  []io.Closer
	listener net.Listener

	signListener net.Listener // of the signing page, for a signer in this process
	signing      *http.Server
	live         context.Context // ends with Close
	stop         context.CancelFunc
	running      sync.WaitGroup
}

// workers bring proceedings forward side by side: leases keep them apart, a
// lone license goes at once, a flood fills batches.
const workers = 4

// uploadLimits bound what strangers can make the server unpack.
var uploadLimits = check.Limits{PackageBytes: 10 << 20, FileBytes: 12 << 20, TotalBytes: 24 << 20}

// SerialPrefix names this process in serials; each instance of an issuer has
// its own, assigned on the ledger.
const SerialPrefix = "A1"

// MembersFolder has what was fetched of other members' keys.
const MembersFolder = "members"

// DemoFile says in a data folder that it is a demonstration's.
const DemoFile = "demo.json"

// Open opens everything and starts the work.
func Open(ctx context.Context, config Config) (*App, error) {
	a, err := Compose(ctx, config)
	if err != nil {
		return nil, err
	}
	a.Start()
	return a, nil
}

// Compose opens everything, in the order in which parts need one another. The
// status view follows the ledger; nothing is worked off yet.
func Compose(ctx context.Context, config Config) (app *App, err error) {
	a := &App{Config: config}
	if a.Config.Clock == nil {
		a.Config.Clock = time.Now
	}
	if a.Config.Log == nil {
		a.Config.Log = slog.New(slog.DiscardHandler)
	}
	defer func() {
		if err != nil {
			a.Close()
		}
	}()
	if err := os.MkdirAll(a.path(""), 0o700); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	if err := a.listen(); err != nil {
		return nil, err
	}
	if err := a.openStore(ctx); err != nil {
		return nil, err
	}
	if err := a.openKeys(ctx); err != nil {
		return nil, err
	}
	if a.ledger, err = a.openLedger(ctx); err != nil {
		return nil, err
	}
	if err := a.compose(a.ledger); err != nil {
		return nil, err
	}
	a.live, a.stop = context.WithCancel(context.WithoutCancel(ctx))
	a.start(func() { a.follow(a.live) })
	if a.signing != nil {
		a.start(func() {
			if err := serveSigning(a.live, a.signing, a.signListener); err != nil {
				a.Config.Log.Error("signing page", "error", err)
			}
		})
	}
	if err := a.countOn(); err != nil {
		return nil, err
	}
	return a, nil
}

// Start brings proceedings forward and publishes status lists from now on.
func (a *App) Start() {
	for range workers {
		a.start(func() { a.Office.Anchoring.Work(a.live, 100*time.Millisecond) })
	}
	a.start(func() { a.Office.Noticing.Work(a.live) })
	a.start(func() { a.Office.Traveling.Work(a.live) })
	a.start(func() { a.Office.Publishing.Run(a.live) })
	a.start(func() { a.Office.Cases.Run(a.live) })
	a.start(func() { a.Directory.Run(a.live) })
	a.start(func() { a.certificates.run(a.live) })
	a.start(func() { a.Directory.RunLists(a.live) })
	a.startExchange()
}

func (a *App) start(run func()) {
	a.running.Add(1)
	go func() {
		defer a.running.Done()
		run()
	}()
}

// follow keeps the status view with the ledger; a broken ledger connection is
// taken up again.
func (a *App) follow(ctx context.Context) {
	for ctx.Err() == nil {
		if err := a.View.Run(ctx); err != nil && ctx.Err() == nil {
			a.Config.Log.Error("status view", "error", err)
			select {
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
		}
	}
}

func (a *App) path(name string) string { return filepath.Join(a.Config.Data, name) }

func (a *App) listen() error {
	listener, err := net.Listen("tcp", a.Config.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w (set TONGZHENG_LISTEN to another host:port)", a.Config.Listen, err)
	}
	a.Address = listener.Addr().String()
	if a.listener, err = a.secured(listener); err != nil {
		return errors.Join(err, listener.Close())
	}
	if a.Config.PublicURL == "" {
		a.Config.PublicURL = publicURL(listener.Addr())
		if a.Config.TLS != "" {
			a.Config.PublicURL = strings.Replace(a.Config.PublicURL, "http:", "https:", 1)
		}
	}
	if _, err := url.Parse(a.Config.PublicURL); err != nil {
		return fmt.Errorf("TONGZHENG_PUBLIC_URL: %w", err)
	}
	return nil
}

// publicURL names loopback as localhost: browsers allow passkeys there.
func publicURL(addr net.Addr) string {
	host, port, _ := net.SplitHostPort(addr.String())
	if ip := net.ParseIP(host); ip == nil || ip.IsLoopback() || ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}

func (a *App) openStore(ctx context.Context) error {
	dsn, owner := a.Config.DatabaseURL, a.Config.OwnerURL
	role, err := "", error(nil)
	if dsn == "" {
		private, err := cluster.Start(ctx, cluster.Config{Dir: a.path("postgres"), Throwaway: a.Config.Throwaway,
			Logf: func(format string, args ...any) { a.Config.Log.Info(fmt.Sprintf(format, args...)) }})
		if err != nil {
			return err
		}
		a.closers = append(a.closers, closer(private.Stop))
		dsn, owner, role = private.DSN(), private.OwnerDSN(), cluster.AppRole
	} else if owner == "" {
		owner = dsn
	} else if role, err = postgres.RoleBeside(dsn, owner); err != nil {
		return err
	}
	a.Config.DatabaseURL, a.Config.OwnerURL = dsn, owner
	if err := postgres.Migrate(ctx, owner, role); err != nil {
		return err
	}
	store, err := postgres.Open(ctx, postgres.Config{URL: dsn, Clock: a.Config.Clock})
	if err != nil {
		return err
	}
	a.Store = store
	a.closers = append(a.closers, closer(func() error { store.Close(); return nil }))
	return nil
}

// compose connects ports to adapters.
func (a *App) compose(ledger office.Ledger) error {
	view, err := statusview.Open(statusview.Config{Path: a.path("statusview.db"), Ledger: ledger, Clock: a.Config.Clock, Log: a.Config.Log,
		Lists: a.Config.Signer == "", // for the signer in this process; another one has a view of its own
		Taken: a.taken})
	if err != nil {
		return err
	}
	a.View = view
	a.closers = append(a.closers, view)
	if err := a.openSigner(ledger); err != nil {
		return err
	}
	own, err := a.secret(context.Background())
	if err != nil {
		return err
	}
	if a.Directory, err = directory.Open(directory.Config{Folder: a.path(MembersFolder), View: view, Public: a.Config.PublicURL, Anchors: a.Keys.Roots().Digest(),
		Clock: a.Config.Clock, Log: a.Config.Log, Every: a.Config.KeysEvery, Again: a.Config.KeysAgain, ListsEvery: a.Config.ListsEvery,
		Published: func() []registry.StatusHead { return a.Office.Publishing.Heads() }}); err != nil {
		return err
	}
	if err := a.openExchange(); err != nil {
		return err
	}
	a.Ports = office.Ports{Acts: a.Store, Queue: a.Store, Licenses: a.Store, Catalog: a.Store, Trail: a.Store, Cases: a.Store.Cases, Sheets: a.Store.Sheets, Reviews: a.Store.Reviews,
		Overdue: a.Store.Overdue, OtherActs: a.Store.OtherActs,
		Lists: &tables.WatchList{Path: a.path(tables.WatchListFile), Clock: a.Config.Clock}, Ledger: ledger, View: view, Sealer: a.Signer, Attester: a.Attester,
		Renderer: drawing(a.rendering, view, a.Signer),
		Checker:  a.checker(),
		Members:  a.Directory,
		Drawer:   draw.NewDrawer(draw.Limits{Package: uploadLimits, Pages: 12}, runtime.GOMAXPROCS(0)),
		Chains:   a.RootsPEM, Keys: a.keyList, Log: a.Config.Log, Clock: a.Config.Clock,
		Published: a.published}
	if a.Exchange != nil {
		a.Ports.Tell = a.Exchange.Herald.Tell
		a.Ports.Copies, a.Ports.CopyLists = a.Exchange.Library, a.Store.Exchange
		a.Ports.CaseExchange = &caseExchange{a.View, a.Exchange}
	}
	a.Told = office.Config{Secret: own, PublicURL: a.Config.PublicURL, Instance: SerialPrefix, Demo: a.Config.DemoCity,
		ProposalFor: a.Config.ProposalFor, Publication: office.Publication{Every: a.Config.ListsEvery, Valid: a.Config.ListsValid}}
	if a.Config.Wrap != nil {
		a.Config.Wrap(&a.Ports, &a.Told)
	}
	if a.Office, err = office.New(a.Ports, a.Told); err != nil {
		return err
	}
	a.Desk = operating.Ports(operating.Config{Data: a.Config.Data, Accounts: a.Store.Accounts, Catalog: a.Store, Records: view, Governing: a.Office.Governing,
		Signer: a.Signer, Maker: a.Keys, Clock: a.Config.Clock})
	a.certificates = &certificates{app: a}
	a.Desk.Certificates = a.certificates
	a.API = api.New(api.Config{Operator: &a.Desk, Office: a.Office, Accounts: Accounts{a.Store.Accounts}, Log: a.Config.Log,
		PublicURL: a.Config.PublicURL, Enroll: a.enroll, Signing: a.signingPage(), Ready: a.ready, Warn: a.warn, Keys: publicKeys{a.Keys, a}, KeyList: a.Keys.KeyList, Directory: members{a}, Demo: a.Config.DemoCity,
		Lists: a.Office.Publishing, ListsEvery: a.Config.ListsEvery, OtherLists: a.Directory, Statements: a.Office.Scan, Drawer: a.Ports.Drawer, OfflineFolder: a.Config.Offline,
		TrustedProxies: a.Config.Proxies, PublicPerMinute: a.Config.PublicPerMinute, PublicBurst: a.Config.PublicPerMinute, Pictures: a.Config.Pictures})
	a.API.Meters().MustRegister(a.certificates)
	a.Handler = a.API
	return nil
}

// checker verifies files with the keys that this registry trusts.
func (a *App) checker() *check.Checker {
	return &check.Checker{Roots: a.Keys.Roots(), Keys: a.Keys.QRKeys, Options: check.Options{Limits: uploadLimits},
		Members: a.Directory.Of, Clock: a.Config.Clock}
}

// published hears of every act that has become public.
func (a *App) published(p *office.Proceeding, at time.Time) {
	a.API.Published(p, at)
	if a.Exchange != nil {
		a.Exchange.Herald.Tell()
	}
}

// taken hears of every commit that the status view has taken in.
func (a *App) taken(commits []*registry.Commit) {
	if library := a.library.Load(); library != nil {
		library.Seen(commits)
	}
}

// keyList is the signed key list for bundles; nil when it is out of reach: a
// bundle holds without it.
func (a *App) keyList() []byte {
	list, err := a.Keys.KeyList(context.Background())
	if err != nil {
		a.Config.Log.Warn("bundle without key list", "error", err)
		return nil
	}
	return list
}

// Serve answers HTTP until ctx ends, then finishes what was begun.
func (a *App) Serve(ctx context.Context) error {
	server := &http.Server{Handler: a.Handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute,
		WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10}
	done := make(chan error, 1)
	go func() { done <- server.Serve(a.listener) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	finish, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return server.Shutdown(finish)
}

// Close stops the workers and closes every part, the last opened first.
func (a *App) Close() error {
	if a.stop != nil {
		a.stop()
		a.running.Wait()
	}
	var errs []error
	for i := len(a.closers) - 1; i >= 0; i-- {
		errs = append(errs, a.closers[i].Close())
	}
	a.closers = nil
	for _, l := range []net.Listener{a.listener, a.signListener} {
		if l != nil {
			l.Close()
		}
	}
	return errors.Join(errs...)
}

type closer func() error

func (c closer) Close() error { return c() }
