package api

import (
	_ "embed"
	"net/http"

	"github.com/go-chi/chi/v5"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"tongzheng/registry"
)

//go:embed openapi.yaml
var openapi []byte

// OpenAPI returns the description of the API, as served.
func OpenAPI() []byte { return openapi }

func (s *Server) spec(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/yaml")
	w.Header().Set("Cache-Control", "public, max-age=300")
	_, _ = w.Write(openapi)
}

// tasks lists what the caller's organization has to attend to.
func (s *Server) tasks(w http.ResponseWriter, r *http.Request) {
	organization, err := ownOrganization(accountOf(r))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	list, err := s.Office.Store.Tasks(r.Context(), organization)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	out := []taskResource{}
	for _, t := range list {
		out = append(out, taskResource{t.Kind, t.Organization, t.Intent, t.Identifier, t.Act, t.Code, t.Detail, t.Created.In(registry.China)})
	}
	s.encode(w, r, http.StatusOK, map[string]any{"items": out})
}

// ownOrganization bounds a list: everything for an operator.
func ownOrganization(a *Account) (string, error) {
	if a.Admin {
		return "", nil
	}
	if a.Organization == "" {
		return "", registry.Errorf(registry.CodeForbidden, "", "this account works for no organization")
	}
	return a.Organization, nil
}

// types lists the catalog.
func (s *Server) types(w http.ResponseWriter, r *http.Request) {
	list, err := s.Office.Store.Types(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if list == nil {
		list = []*registry.LicenseType{}
	}
	out := map[string]any{"items": list}
	s.encodeTagged(w, r, out, out)
}

// licenseType shows the newest version of one catalog entry.
func (s *Server) licenseType(w http.ResponseWriter, r *http.Request) {
	code := chi.URLParam(r, "code")
	if len(code) != 21 || !plainName(code) {
		s.fail(w, r, registry.Errorf(registry.CodeNotFound, "code", "a type code has 21 characters"))
		return
	}
	t, err := s.Office.Store.Type(r.Context(), code, 0)
	if registry.CodeOf(err) == registry.CodeTypeUnknown {
		err = registry.Errorf(registry.CodeNotFound, "code", "not in the catalog")
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.encodeTagged(w, r, t, t)
}

// keys publishes what a verifier needs.
func (s *Server) keys(w http.ResponseWriter, r *http.Request) {
	list, err := s.Config.Keys.Published(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if list == nil {
		list = []PublishedKey{}
	}
	out := map[string]any{"keys": list, "roots": string(s.Config.Keys.RootsPEM())}
	s.encodeTagged(w, r, out, out)
}

// keyList publishes the signed list of keys, past and stolen ones included.
func (s *Server) keyList(w http.ResponseWriter, r *http.Request) {
	list, err := s.Config.KeyList(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "public, max-age=300")
	_, _ = w.Write(list)
}

// health tells that the process answers.
func (s *Server) health(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("ok\n"))
}

// ready tells whether everything the server needs is in reach. Which part is
// missing is said, why is for the log.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	state := map[string]string{}
	if s.Config.Ready != nil {
		for name, err := range s.Config.Ready(r.Context()) {
			if err != nil {
				state[name] = "out of reach"
				s.Log.Warn("not ready", "part", name, "error", err)
			}
		}
	}
	if len(state) > 0 {
		s.encode(w, r, http.StatusServiceUnavailable, map[string]any{"ready": false, "parts": state})
		return
	}
	s.encode(w, r, http.StatusOK, map[string]any{"ready": true})
}

// measure serves the metrics to whom Config.OpenMetrics says. A loopback peer
// with a forwarding header is a proxy: its caller is somebody else.
func (s *Server) measure(w http.ResponseWriter, r *http.Request) {
	local := peer(r).IsLoopback() && r.Header.Get("X-Forwarded-For") == "" && r.Header.Get("Forwarded") == ""
	if !s.Config.OpenMetrics && !local {
		s.notFound(w, r)
		return
	}
	promhttp.HandlerFor(s.metrics.registry, promhttp.HandlerOpts{}).ServeHTTP(w, r)
}
