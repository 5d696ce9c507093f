package web

import (
	"bytes"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"strings"

	"tongzheng/registry/sm"
)

//go:embed templates static
var files embed.FS

// Content security policies. The public pages run no script at all.
const (
	PublicPolicy  = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
	ConsolePolicy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)

// Site is what every page says of where it stands.
type Site struct {
	Base    string // path it is mounted at, without a slash at the end
	Host    string // that people see in the address bar
	Demo    bool   // marks every page
	Offline bool   // there is an offline page beside
}

// Pages draws the pages of a site.
type Pages struct {
	site  Site
	drawn map[string]*template.Template
	stamp string // of the static files, so that caches never serve an old one
}

// New parses the templates.
func New(site Site) *Pages {
	p := &Pages{site: site, drawn: map[string]*template.Template{}, stamp: stamp()}
	names, err := fs.Glob(files, "templates/*.html")
	if err != nil {
		panic(err) // embedded: it cannot fail
	}
	for _, name := range names {
		short := strings.TrimSuffix(strings.TrimPrefix(name, "templates/"), ".html")
		layout := "templates/layout-public.html"
		if strings.HasPrefix(short, "console-") {
			layout = "templates/layout-console.html"
		}
		if strings.HasPrefix(short, "layout-") || strings.HasPrefix(short, "part-") {
			continue
		}
		t := template.New(short).Funcs(p.functions())
		p.drawn[short] = template.Must(t.ParseFS(files, layout, "templates/part-*.html", name))
	}
	return p
}

func stamp() string {
	var all []byte
	_ = fs.WalkDir(files, "static", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			raw, _ := files.ReadFile(path)
			all = append(all, raw...)
		}
		return err
	})
	digest := sm.Sum(all)
	return hex.EncodeToString(digest[:6])
}

// Frame is what every page needs besides its own data.
type Frame struct {
	Title        string
	TitleEnglish string
	Account      *Who   // signed in; nil on public pages
	Here         string // entry of the console's navigation
	Data         any
}

// Who is the signed-in account as the console shows it.
type Who struct {
	Login, Name, Organization string
	Admin                     bool
	Governs                   bool // signs order sheets, or may see them
	Applies                   bool // applies for new licenses
	Tasks                     bool // has tasks to attend to
	Delivers                  bool // has to do with results to hand over
	Cases                     bool // has to do with case files
	Reviews                   bool // has to do with review files
	Library                   bool // has to do with the copies of other members' licenses
}

// Draw writes a page; nothing is sent when a template fails.
func (p *Pages) Draw(w http.ResponseWriter, status int, name string, frame Frame) error {
	t, ok := p.drawn[name]
	if !ok {
		return fmt.Errorf("no page %q", name)
	}
	var out bytes.Buffer
	if err := t.ExecuteTemplate(&out, "layout", frame); err != nil {
		return fmt.Errorf("page %s: %w", name, err)
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	if strings.HasPrefix(name, "console-") {
		h.Set("Content-Security-Policy", ConsolePolicy)
	} else {
		h.Set("Content-Security-Policy", PublicPolicy)
	}
	w.WriteHeader(status)
	_, err := out.WriteTo(w)
	return err
}

// Static returns a static file by its plain name.
func Static(name string) (raw []byte, contentType string, ok bool) {
	if strings.ContainsAny(name, `/\`) {
		return nil, "", false
	}
	raw, err := files.ReadFile("static/" + name)
	if err != nil {
		return nil, "", false
	}
	switch {
	case strings.HasSuffix(name, ".css"):
		return raw, "text/css; charset=utf-8", true
	case strings.HasSuffix(name, ".js"):
		return raw, "text/javascript; charset=utf-8", true
	case strings.HasSuffix(name, ".svg"):
		return raw, "image/svg+xml", true
	}
	return nil, "", false
}
