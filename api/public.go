package api

import (
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-chi/chi/v5"

	"tongzheng/api/web"
	"tongzheng/registry"
	"tongzheng/registry/office"
)

// publicRoutes are the pages for everyone. They need no script and no account.
func (s *Server) publicRoutes(r chi.Router) {
	r.Get("/", s.landing)
	r.With(s.slowPage).Get("/v/{token}", s.scan)
	r.With(s.slowPage, s.limitUpload).Post("/verify", s.verifyPage)
	r.Get("/static/{file}", s.static)
}

func (s *Server) landing(w http.ResponseWriter, r *http.Request) {
	s.draw(w, r, http.StatusOK, "landing", web.Frame{Title: "证照核验", TitleEnglish: "Check a license", Data: web.Landing{}})
}

// scan is where a code on paper leads.
func (s *Server) scan(w http.ResponseWriter, r *http.Request) {
	if s.Config.Statements != nil && r.URL.Query().Has("statement") {
		s.statementPage(w, r)
		return
	}
	token, now := chi.URLParam(r, "token"), s.Office.Clock()
	knowledge := s.Office.View.Knowledge(now) // before judging: what is drawn is at least as new
	if word, ok := s.hot.serve(w, token, knowledge, now); ok {
		s.metrics.verdicts.WithLabelValues(string(word)).Inc()
		return
	}
	v, err := s.judge(r, office.Asked{Token: token})
	if e := coded(err); err != nil && e.Code == registry.CodeMalformed {
		// No token of ours: to whoever scanned it, the same as no such license.
		v, err = &office.Verification{Verdict: registry.Verdict{Word: registry.NotFound, At: s.Office.Clock(),
			Knowledge: s.Office.View.Knowledge(s.Office.Clock())}}, nil
	}
	if err != nil {
		s.failPage(w, r, err)
		return
	}
	if v.Public == nil || !s.hot.due(token, now) {
		s.drawVerdict(w, r, v, true)
		return
	}
	answer := &recorded{ResponseWriter: w}
	s.drawVerdict(answer, r, v, true)
	s.hot.keep(token, knowledge, now, v.Word, answer)
}

// verifyPage answers the forms of the landing page.
func (s *Server) verifyPage(w http.ResponseWriter, r *http.Request) {
	form, ask, err := readPageQuestion(w, r)
	var v *office.Verification
	if err == nil {
		v, err = s.judge(r, ask)
	}
	if err != nil {
		s.auditUpload(r, err)
		p := problemOf(err, requestID(r.Context()))
		s.logFailure(r, p, err)
		if p.Status >= http.StatusInternalServerError {
			s.failPage(w, r, err)
			return
		}
		form.Problem, form.Field = pageProblem(p), p.Field
		problemHeaders(w, p)
		s.draw(w, r, p.Status, "landing", web.Frame{Title: "证照核验", TitleEnglish: "Check a license", Data: form})
		return
	}
	s.drawVerdict(w, r, v, false)
}

// readPageQuestion reads one of the two forms. What is typed into the number
// box may be a license number or an identifier.
func readPageQuestion(w http.ResponseWriter, r *http.Request) (web.Landing, office.Asked, error) {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err == nil && kind == "multipart/form-data" {
		ask, err := readForm(r, params["boundary"])
		return web.Landing{}, ask, err
	}
	values, err := readValues(w, r)
	if err != nil {
		return web.Landing{}, office.Asked{}, err
	}
	form := web.Landing{Number: strings.TrimSpace(values.Get("number")), Holder: strings.TrimSpace(values.Get("holder"))}
	body := verifyBody{Number: form.Number, Holder: form.Holder}
	if strings.HasPrefix(form.Number, registry.IdentifierRoot+".") {
		body.Number = ""
		if body.Identifier, err = registry.ParseIdentifier(form.Number); err != nil {
			return form, office.Asked{}, registry.Errorf(registry.CodeOf(err), "number", "")
		}
	}
	ask, err := body.asked()
	return form, ask, err
}

// readValues reads a plain form body strictly: size, type, UTF-8 and no value
// given twice.
func readValues(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	if err := wantType(r, "application/x-www-form-urlencoded"); err != nil {
		return nil, err
	}
	r.Body = http.MaxBytesReader(w, r.Body, MaxBody)
	if err := r.ParseForm(); err != nil {
		return nil, readError(err)
	}
	for name, values := range r.PostForm {
		if len(values) > 1 || len(name) > 100 {
			return nil, registry.Errorf(registry.CodeMalformed, "", "a value was sent twice")
		}
	}
	return r.PostForm, nil
}

// verdictStatus keeps robots and monitors from taking "no such license" or
// "cannot be known" for a page like any other.
func verdictStatus(word registry.Word) int {
	switch word {
	case registry.NotFound:
		return http.StatusNotFound
	case registry.UnknownNow:
		return http.StatusServiceUnavailable
	}
	return http.StatusOK
}

func (s *Server) drawVerdict(w http.ResponseWriter, r *http.Request, v *office.Verification, scanned bool) {
	status := verdictStatus(v.Word)
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "30")
	}
	info := v.Word.Info()
	s.draw(w, r, status, "verdict", web.Frame{Title: info.Chinese, TitleEnglish: info.English, Data: web.NewVerdict(v, scanned)})
}

// draw writes a page; a template that fails is our fault.
func (s *Server) draw(w http.ResponseWriter, r *http.Request, status int, name string, frame web.Frame) {
	if err := s.pages.Draw(w, status, name, frame); err != nil {
		s.Log.Error("page", "request", requestID(r.Context()), "route", route(r), "error", err)
		if w.Header().Get("Content-Type") == "" {
			s.fail(w, r, registry.Errorf(registry.CodeInternal, "", ""))
		}
	}
}

// failPage says an error as a page.
func (s *Server) failPage(w http.ResponseWriter, r *http.Request, err error) {
	p := problemOf(err, requestID(r.Context()))
	s.logFailure(r, p, err)
	problemHeaders(w, p)
	icon := "unknown"
	if p.Status == http.StatusNotFound {
		icon = "not-found"
	}
	s.draw(w, r, p.Status, "message", web.Frame{Title: p.Title, TitleEnglish: p.TitleEnglish, Data: web.Message{Icon: icon, Problem: *pageProblem(p)}})
}

func pageProblem(p Problem) *web.Problem {
	return &web.Problem{Title: p.Title, TitleEnglish: p.TitleEnglish, Detail: p.Detail, Field: p.Field, Instance: p.Instance}
}

// static serves style and icon. Their address changes with their content.
func (s *Server) static(w http.ResponseWriter, r *http.Request) {
	raw, contentType, ok := web.Static(chi.URLParam(r, "file"))
	if !ok {
		s.notFound(w, r)
		return
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	_, _ = w.Write(raw)
}
