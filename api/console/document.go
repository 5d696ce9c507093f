package console

import (
	"net/http"

	"tongzheng/api/httpx"
	"tongzheng/api/signin"
	"tongzheng/registry"
)

// picturePolicy is for an SVG: as a picture in a page it runs nothing anyway, and
// opened by itself neither. Seals are data pictures in it.
const picturePolicy = "sandbox; default-src 'none'; img-src data:; style-src 'none'; frame-ancestors 'none'"

// document shows the sealed file of a license's version.
func (l *licenses) document(w http.ResponseWriter, r *http.Request) {
	id, err := l.desk.Identifier(r)
	var drawing *registry.Drawing
	if err == nil {
		drawing, err = l.office.Papers.Drawn(r.Context(), signin.AccountOf(r).Actor(), id)
	}
	l.picture(w, r, drawing, err)
}

// document shows what a proceeding will seal, or has sealed.
func (p *proceedings) document(w http.ResponseWriter, r *http.Request) {
	found, err := p.desk.Named(r)
	var drawing *registry.Drawing
	if err == nil {
		drawing, err = p.office.Papers.DrawnProposal(r.Context(), signin.AccountOf(r).Actor(), found.Digest)
	}
	p.picture(w, r, drawing, err)
}

func (f frame) picture(w http.ResponseWriter, r *http.Request, drawing *registry.Drawing, err error) {
	if err != nil {
		f.fail(w, r, err)
		return
	}
	svg, h := drawing.Whole(), w.Header()
	h.Set("Content-Type", "image/svg+xml")
	h.Set("Content-Security-Policy", picturePolicy)
	h.Set("Cache-Control", "private, no-cache")
	if !httpx.NotModified(w, r, httpx.ETag(svg)) {
		_, _ = w.Write(svg)
	}
}
