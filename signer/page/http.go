package page

import (
	"embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"html/template"
	"io"
	"net/http"
	"strconv"
	"strings"

	"tongzheng/registry"
)

//go:embed files
var files embed.FS

var drawn = template.Must(template.New("page.html").Funcs(template.FuncMap{
	"indent": func(n int) string { return strings.Repeat("　", n) },
}).ParseFS(files, "files/*.html"))

// policy lets the page run its own script and nothing else, in no frame, and send its
// answer to its own origin alone.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"

// mostAnswer bounds what a browser sends back.
const mostAnswer = 64 << 10

// Handler serves the page at its own origin, and nothing at any other name: not at an
// address that another name was made to point to.
func (p *Page) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /s/{ticket}", p.enter)
	mux.HandleFunc("POST /p/{secret}/sign", p.sign)
	mux.HandleFunc("POST /p/{secret}/decline", p.decline)
	mux.HandleFunc("GET /p/{secret}/doc/{n}", p.document)
	mux.HandleFunc("GET /page.js", asset("files/page.js", "text/javascript; charset=utf-8"))
	mux.HandleFunc("GET /page.css", asset("files/page.css", "text/css; charset=utf-8"))
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		p.message(w, http.StatusOK, pair{"此处供经办人员签署，请从业务系统进入", "People sign here. Come from the console."})
	})
	_, host, _ := strings.Cut(p.config.Origin, "://")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Frame-Options", "DENY")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		h.Set("Permissions-Policy", "publickey-credentials-get=(self), publickey-credentials-create=(self)")
		if strings.HasPrefix(p.config.Origin, "https://") {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		if r.Host != host {
			http.Error(w, "misdirected", http.StatusMisdirectedRequest)
			return
		}
		if r.Method == http.MethodPost && r.Header.Get("Origin") != p.config.Origin {
			http.Error(w, "cross-origin", http.StatusForbidden)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, mostAnswer)
		mux.ServeHTTP(w, r)
	})
}

func asset(name, kind string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		raw, err := files.ReadFile(name)
		if err != nil {
			http.Error(w, "not found", http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", kind)
		_, _ = w.Write(raw)
	}
}

// shownPage is what the template draws.
type shownPage struct {
	*view
	Demo                      bool
	Origin, Person            string
	Post, Back                string
	Challenge, RP             string
	Credentials               string
	Creation                  string // JSON of a new passkey's options
	Count                     int
	Organization, Destination string
}

// enter opens the page of a ticket, once.
func (p *Page) enter(w http.ResponseWriter, r *http.Request) {
	s := p.entered(r.PathValue("ticket"))
	if s == nil {
		p.message(w, http.StatusGone, pair{"此签署页已打开过或已过期，请回到业务系统重新进入", "This page was opened before, or has run out: begin again in the console."})
		return
	}
	page := &shownPage{view: s.shown, Demo: p.config.Demo, Origin: p.config.Origin, Person: s.ask.Person.Name, Post: "/p/" + s.secret, RP: s.site.RelyingParty,
		Count: len(s.shown.Cards), Organization: p.words(r.Context()).Organization(s.ask.Person.Organization), Destination: s.back}
	if s.ask.Enroll {
		options, err := s.begin()
		if err != nil {
			p.config.Log.Error("beginning an enrolment", "error", err)
			p.message(w, http.StatusInternalServerError, pair{"暂时无法登记通行密钥", "A passkey cannot be added now."})
			return
		}
		page.Creation = options
	} else {
		digest := s.challenge()
		page.Challenge = base64.RawURLEncoding.EncodeToString(digest[:])
		var ids []string
		for _, k := range s.ask.Person.Keys {
			ids = append(ids, base64.RawURLEncoding.EncodeToString(k.Credential))
		}
		page.Credentials = strings.Join(ids, " ")
	}
	p.draw(w, http.StatusOK, "page.html", page)
}

func (p *Page) message(w http.ResponseWriter, status int, says pair) {
	p.draw(w, status, "message.html", says)
}

func (p *Page) draw(w http.ResponseWriter, status int, name string, data any) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if err := drawn.ExecuteTemplate(w, name, data); err != nil {
		p.config.Log.Error("drawing the signing page", "error", err)
	}
}

// document is the picture of an act's document. As a picture it runs nothing and loads
// nothing.
func (p *Page) document(w http.ResponseWriter, r *http.Request) {
	s := p.opened(r.PathValue("secret"))
	n, err := strconv.Atoi(r.PathValue("n"))
	if s == nil || err != nil || n < 0 || n >= len(s.ask.Acts) || s.ask.Acts[n].Version == nil || p.config.Draw == nil {
		http.Error(w, "not found", http.StatusNotFound)
		return
	}
	drawing := s.drawings[n]
	if drawing == nil {
		if drawing, err = p.config.Draw(r.Context(), s.ask.Acts[n].Version.Unsealed); err == nil {
			err = drawing.Own()
		}
	}
	if err != nil {
		p.config.Log.Warn("drawing a document", "error", err)
		http.Error(w, "not drawn", http.StatusUnprocessableEntity)
		return
	}
	w.Header().Set("Content-Type", "image/svg+xml")
	w.Header().Set("Content-Security-Policy", "sandbox; default-src 'none'; style-src 'none'")
	_, _ = w.Write(drawing.Whole())
}

// sign takes what the authenticator made.
func (p *Page) sign(w http.ResponseWriter, r *http.Request) {
	s := p.opened(r.PathValue("secret"))
	if s == nil {
		p.refuse(w, registry.Errorf(registry.CodeNotFound, "", "begin again in the console"))
		return
	}
	raw, err := io.ReadAll(r.Body)
	if err == nil {
		if s.ask.Enroll {
			err = s.enrolled(raw)
		} else {
			err = p.signed(r.Context(), s, raw)
		}
	}
	if err != nil {
		p.refuse(w, err)
		return
	}
	p.answer(w, http.StatusOK, map[string]string{"back": s.back})
}

// decline ends a signing without a signature.
func (p *Page) decline(w http.ResponseWriter, r *http.Request) {
	s := p.opened(r.PathValue("secret"))
	if s == nil {
		p.refuse(w, registry.Errorf(registry.CodeNotFound, "", "begin again in the console"))
		return
	}
	s.finish(&registry.SigningResult{Outcome: registry.SigningDeclined})
	p.answer(w, http.StatusOK, map[string]string{"back": s.back})
}

// refuse says a refusal in both languages.
func (p *Page) refuse(w http.ResponseWriter, err error) {
	code := registry.CodeOf(err)
	says := map[string]string{"code": string(code), "title": code.Chinese(), "title_en": code.English()}
	var coded *registry.Error
	if errors.As(err, &coded) && code != registry.CodeInternal {
		says["detail"] = coded.Detail
	} else {
		p.config.Log.Error("signing page", "error", err)
	}
	p.answer(w, code.Kind().HTTPStatus(), says)
}

func (p *Page) answer(w http.ResponseWriter, status int, value map[string]string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value)
}
