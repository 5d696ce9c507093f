package api

import (
	"context"
	_ "embed"
	"net/http"

	"tongzheng/api/httpx"
	"tongzheng/api/resource"
	"tongzheng/api/web"
)

//go:embed openapi.yaml
var openapi []byte

// OpenAPI returns the description of the API, as served.
func OpenAPI() []byte { return openapi }

func spec(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/yaml")
	w.Header().Set("Cache-Control", "public, max-age=300")
	_, _ = w.Write(openapi)
}

// probes answer those who watch over the server.
type probes struct {
	ready  func(ctx context.Context) map[string]error
	warn   func(ctx context.Context) map[string]string
	open   bool // metrics for everyone
	meters *httpx.Meters
	pages  *web.Pages
}

// health tells that the process answers.
func (p *probes) health(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("ok\n"))
}

// readiness tells whether everything the server needs is in reach. Which part
// is missing is said, why is for the log.
func (p *probes) readiness(w http.ResponseWriter, r *http.Request) {
	out, status := resource.Readiness{Parts: map[string]string{}}, http.StatusOK
	if p.ready != nil {
		for name, err := range p.ready(r.Context()) {
			if err != nil {
				out.Parts[name] = "out of reach"
				httpx.Log(r).Warn("not ready", "part", name, "error", err)
			}
		}
	}
	if p.warn != nil {
		out.Warnings = p.warn(r.Context())
	}
	if out.Ready = len(out.Parts) == 0; !out.Ready {
		status = http.StatusServiceUnavailable
	}
	httpx.JSON(w, r, status, out)
}

// metrics serves the metrics to whom Config.OpenMetrics says.
func (p *probes) metrics(w http.ResponseWriter, r *http.Request) {
	if !p.open && !httpx.Local(r) {
		p.pages.NotFound(w, r)
		return
	}
	p.meters.ServeHTTP(w, r)
}
