package web

import (
	"net/http"
	"strings"

	"tongzheng/api/httpx"
	"tongzheng/api/problem"
	"tongzheng/registry"
)

// Show answers with a page; a template that fails is our fault.
func (p *Pages) Show(w http.ResponseWriter, r *http.Request, status int, name string, frame Frame) {
	if err := p.Draw(w, status, name, frame); err != nil {
		httpx.Log(r).Error("page", "request", httpx.RequestID(r), "route", httpx.Route(r), "error", err)
		if w.Header().Get("Content-Type") == "" {
			httpx.Fail(w, r, registry.Errorf(registry.CodeInternal, "", ""))
		}
	}
}

// Fail says an error as a page for everyone.
func (p *Pages) Fail(w http.ResponseWriter, r *http.Request, err error) {
	said := httpx.Report(w, r, err)
	icon := "unknown"
	if said.Status == http.StatusNotFound {
		icon = "not-found"
	}
	p.Show(w, r, said.Status, "message", Frame{Title: said.Title, TitleEnglish: said.TitleEnglish, Data: Message{Icon: icon, Problem: *ProblemOf(said)}})
}

// NotFound answers an address that nothing is at, as a page where a browser
// asks for one.
func (p *Pages) NotFound(w http.ResponseWriter, r *http.Request) {
	err := registry.Errorf(registry.CodeNotFound, "", "no such address")
	if !strings.HasPrefix(r.URL.Path, "/api/") && strings.Contains(r.Header.Get("Accept"), "text/html") {
		p.Fail(w, r, err)
		return
	}
	httpx.Fail(w, r, err)
}

// ProblemOf is a problem as pages show it.
func ProblemOf(p problem.Problem) *Problem {
	return &Problem{Title: p.Title, TitleEnglish: p.TitleEnglish, Detail: p.Detail, Field: p.Field, Instance: p.Instance}
}
