// Package operate is the face for whoever runs the machine: accounts, seals,
// stock, lists and handovers as JSON under /api/v1/operator. It answers only
// requests that AtTheMachine passed on, whatever account a caller has, and
// decides nothing: the rules stand in registry/office, and what is not the
// office's behind Ports.
package operate

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"

	"github.com/go-chi/chi/v5"

	"tongzheng/api/httpx"
	"tongzheng/api/resource"
	"tongzheng/api/signin"
	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
)

// maxFile is the most bytes of a list or document that an operator hands in.
const maxFile = 16 << 20

// Config is what the face works with.
type Config struct {
	Office *office.Office // nil: only the ports' own routes exist
	Trail  signin.Trail
	Ports  Ports
}

type contextKey struct{}

// AtTheMachine marks requests as the operator's. It stands only before handlers
// that nobody but the operator reaches: a socket that only the data folder's
// owner can open, or a command's own process. No header says the same.
func AtTheMachine(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), contextKey{}, true)))
	})
}

// login names the operator in the audit trail.
const login = "operator"

// guard lets the operator in, and nobody else.
func guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if here, _ := r.Context().Value(contextKey{}).(bool); !here {
			httpx.Fail(w, r, registry.Errorf(registry.CodeForbidden, "", "answered on the operator's socket only"))
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		by := registry.Operator(login)
		next.ServeHTTP(w, signin.SignedIn(r, &signin.Account{Login: by.Account, Roles: by.Roles, Admin: by.Admin, Face: signin.FaceOperator}))
	})
}

// by is the operator.
func by(r *http.Request) registry.Actor { return signin.AccountOf(r).Actor() }

// Routes adds the routes of openapi.yaml that are tagged operator.
func Routes(config Config) func(chi.Router) {
	f := &face{trail: config.Trail, audits: config.Office != nil}
	return func(r chi.Router) {
		r.Use(guard)
		if config.Ports.UseLog != nil {
			u := &useLog{config.Ports.UseLog}
			r.Get("/use-log", u.read)
		}
		if config.Ports.Holders != nil {
			h := &holders{tables: config.Ports.Tables, holders: config.Ports.Holders}
			r.With(httpx.LimitBody(maxFile)).Put("/holders", f.command("replace holders", h.replace))
		}
		if config.Office == nil {
			return
		}
		f.people(r, config)
		f.things(r, config)
		f.powers(r, config)
	}
}

// people adds the routes for accounts.
func (f *face) people(r chi.Router, config Config) {
	a := &accounts{config.Ports.Accounts}
	r.Group(func(r chi.Router) {
		r.Use(httpx.LimitBody(httpx.MaxBody))
		r.Get("/accounts", query(a.list))
		r.Post("/accounts", f.command("create account", a.create))
		r.Post("/accounts/{login}/password", f.command("set password", a.password))
		r.Post("/accounts/{login}/api-keys", f.command("create api key", a.key))
		r.Post("/accounts/{login}/disable", f.command("disable account", a.lock(true)))
		r.Post("/accounts/{login}/enable", f.command("enable account", a.lock(false)))
	})
}

// things adds the routes for seals and blanks.
func (f *face) things(r chi.Router, config Config) {
	s := &seals{office: config.Office, port: config.Ports.Seals}
	b := &stock{config.Office}
	r.Group(func(r chi.Router) {
		r.Use(httpx.LimitBody(httpx.MaxBody))
		r.Get("/seals", query(s.list))
		r.Post("/seals", f.command("import seal", s.file))
		r.Post("/seals/{seal}/state", f.command("set seal state", s.state))
		r.Post("/seals/{seal}/renewal", f.command("renew seal", s.renew))
		r.Get("/stock", query(b.report))
		r.Get("/certificates", query(func(r *http.Request) (*resource.CertificateList, error) {
			return config.Ports.Certificates.Certificates(r.Context())
		}))
		r.Get("/library", query((&library{config.Office}).account))
		r.Post("/stock/allocations", f.command("allocate blanks", b.allocate))
		r.Post("/stock/transfers", f.command("transfer blanks", b.transfer))
		r.Post("/stock/spent", f.command("spend blanks", b.spend))
	})
}

// powers adds the routes for grants, license types and handovers.
func (f *face) powers(r chi.Router, config Config) {
	g := &grants{office: config.Office, tables: config.Ports.Tables}
	t := &types{config.Ports.Types}
	h := &handovers{config.Office}
	r.Group(func(r chi.Router) {
		r.Use(httpx.LimitBody(maxFile))
		r.Post("/grants/plan", query(g.plan))
		r.Post("/grants", f.command("apply grant list", g.apply))
		r.Get("/grants/readiness", g.readiness)
		r.Post("/grants/readiness", g.readiness)
		r.Post("/types", f.command("import types", t.set))
		r.Post("/handovers", f.command("record handover", h.record))
		r.Post("/handovers/draft", query(h.draw))
		r.Post("/handovers/page", h.page)
		r.Post("/handovers/{id}/start", f.command("start operation", h.start))
	})
}

// Alone serves the routes of ports that work without an office and a database.
func Alone(ports Ports, log *slog.Logger) http.Handler {
	r := chi.NewRouter()
	r.Use(httpx.Observer{Log: log, Meters: httpx.NewMeters()}.Observe)
	r.Route("/api/v1/operator", Routes(Config{Ports: Ports{UseLog: ports.UseLog, Holders: ports.Holders, Tables: ports.Tables}}))
	return r
}

// face is what the handlers share.
type face struct {
	trail  signin.Trail
	audits bool // there is an office that keeps the trail
}

// reply is what a command answers.
type reply struct {
	subject string // of the line in the audit trail
	status  int
	body    any // nil for none
}

// command answers one that changes something, and notes it in the audit trail.
func (f *face) command(operation string, do func(r *http.Request) (reply, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		out, err := do(r)
		if err != nil {
			if f.audits {
				f.trail.Refused(r, operation, out.subject, err)
			}
			httpx.Fail(w, r, err)
			return
		}
		if f.audits {
			f.trail.Note(r, by(r), operation, out.subject, "")
		}
		if out.body == nil {
			w.WriteHeader(out.status)
			return
		}
		httpx.JSON(w, r, out.status, out.body)
	}
}

// query answers one that changes nothing.
func query[T any](do func(r *http.Request) (T, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		out, err := do(r)
		if err != nil {
			httpx.Fail(w, r, err)
			return
		}
		httpx.JSON(w, r, http.StatusOK, out)
	}
}

// ordered tells orders that wait on a sheet, which is no error here, and their
// status, from those that the ledger has: done is the status of these.
func ordered(err error, done int) (sheet sm.Digest, status int, rest error) {
	var awaiting *office.Awaiting
	if errors.As(err, &awaiting) {
		return awaiting.Sheet, http.StatusAccepted, nil
	}
	return sm.Digest{}, done, err
}

// named is a name in the address.
func named(r *http.Request, parameter string) (string, error) {
	name, err := url.PathUnescape(chi.URLParam(r, parameter))
	if err != nil {
		return "", registry.Errorf(registry.CodeMalformed, parameter, "not an address")
	}
	return name, nil
}

// noBody wants a request without a body.
func noBody(r *http.Request) error {
	if n, _ := io.ReadFull(r.Body, make([]byte, 1)); n > 0 {
		return registry.Errorf(registry.CodeMalformed, "", "no body here")
	}
	return nil
}
