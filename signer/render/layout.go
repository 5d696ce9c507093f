package render

import (
	"unicode/utf8"

	"tongzheng/registry"
)

// Page is a paper size with its orientation.
type Page uint8

const (
	A4Landscape Page = iota + 1 // 297 × 210 mm
	A4Portrait                  // 210 × 297 mm
	A3Landscape                 // 420 × 297 mm
)

// PageFor chooses the page of a copy: an original lies on its side at the
// rule's paper size, duplicates and annexes stand on A4.
func PageFor(rule registry.CopyRule) Page {
	switch {
	case rule.Page == "A3":
		return A3Landscape
	case rule.Kind == registry.Duplicate || rule.Kind == registry.Annex:
		return A4Portrait
	}
	return A4Landscape
}

// Size is the page's width and height in mm.
func (p Page) Size() (width, height float64) {
	switch p {
	case A4Portrait:
		return 210, 297
	case A3Landscape:
		return 420, 297
	}
	return 297, 210
}

// QRSide is the side of a printed QR code in mm, quiet zone left out: measured
// to survive print and photograph at up to 65 modules.
const QRSide = 30.0

// QRLeast is the smallest side a layout of pre-printed stock may ask for, mm.
const QRLeast = 25.0

// SealBoundary is where a seal of the given size in mm stands on a page: over
// the issuer's name and the date. The signer's StampAnnot takes it as it is.
func SealBoundary(p Page, width, height float64) Box {
	f := formOf(p)
	return Box{f.sealX - width/2, f.sealY - height/2, width, height}
}

// form is the measures of a page.
type form struct {
	width, height float64
	scale         float64 // of type and border against A4
	margin        float64 // paper edge to border
	left, right   float64 // the fields' edges
	top, bottom   float64 // the fields' zone
	columns       int
	title, body   float64 // type sizes
	titleY        float64 // baseline
	sealX, sealY  float64 // middle of the seal
	qr            Box
}

func formOf(p Page) form {
	w, h := p.Size()
	f := form{width: w, height: h, scale: 1, margin: 8, columns: 2, title: 14, body: 4.9}
	if p == A3Landscape {
		f.scale = 1.38
	}
	s := f.scale
	f.margin, f.title, f.body = f.margin*s, f.title*s, f.body*s
	f.left, f.right = 28*s, w-28*s
	f.titleY, f.top, f.bottom = 42*s, 61*s, h-72*s
	f.sealX, f.sealY = w-76*s, h-47*s
	f.qr = Box{f.left + 2, h - 26*s - QRSide, QRSide, QRSide}
	if p == A4Portrait {
		f.columns, f.title = 1, 13
		f.titleY, f.top, f.bottom = 52, 76, h-88
		f.sealX, f.sealY = w-66, h-59
		f.qr.Y = h - 36 - QRSide
	}
	return f
}

// draft is what the layout needs to know, for the electronic file and for paper.
type draft struct {
	content       registry.Content
	issuer        string
	issued        registry.Date
	qrText        string
	copy          registry.CopyKind
	page          Page
	blank         string // number of the stock, empty for none
	printing      string // number of the sheet, empty for none
	demonstration bool
}

// normalize fills what Content already says.
func (d draft) normalize() draft {
	if d.issuer == "" {
		d.issuer = d.content.Value("ZZBFJG")
	}
	if d.issued == 0 {
		d.issued, _ = registry.ParseDate(d.content.Value("ZZBFRQ"))
	}
	return d
}

// compose lays a license out.
func (r *Renderer) compose(d draft) (*plan, error) {
	d = d.normalize()
	if err := r.fonts.Check(d.content); err != nil {
		return nil, err
	}
	if err := r.fonts.check("ZZBFJG", d.issuer); err != nil {
		return nil, err
	}
	if err := r.fonts.check("printing", d.blank+d.printing); err != nil {
		return nil, err
	}
	f := formOf(d.page)
	p := &plan{width: f.width, height: f.height}
	p.frame(f.margin, f.scale)
	r.heading(p, f, d)
	if err := r.fields(p, f, d); err != nil {
		return nil, err
	}
	if err := r.issuer(p, f, d); err != nil {
		return nil, err
	}
	return p, r.footer(p, f, d)
}

// heading draws the title, the kind of copy and the marks in the upper corners.
func (r *Renderer) heading(p *plan, f form, d draft) {
	n := float64(utf8.RuneCountInString(d.content.Title))
	size := f.title
	if room := (f.right - f.left - 20*f.scale) / (n*1.32 - 0.32); size > room {
		size = room
	}
	middle := f.width / 2
	p.centered(r.fonts, middle, textItem{y: f.titleY, size: size, spacing: 0.32 * size, style: bold, ink: titles, text: d.content.Title, stock: true})
	if kind := d.copy.Chinese(); kind != "" && d.copy != registry.Electronic {
		p.centered(r.fonts, middle, textItem{y: f.titleY + 10.5*f.scale, size: 5.4 * f.scale, spacing: 1.2 * f.scale, ink: titles, text: "（" + kind + "）", stock: true})
	}
	edge := f.margin + 12*f.scale
	if d.copy == registry.Electronic {
		p.text(textItem{x: edge, y: edge + 4*f.scale, size: 4.2 * f.scale, spacing: 0.8, ink: gold, text: "电子证照", stock: true})
	}
	if d.demonstration {
		r.demonstration(p, f)
	}
}

// demonstration marks the page in its upper right corner, on stock too.
func (r *Renderer) demonstration(p *plan, f form) {
	edge := f.margin + 12*f.scale
	p.rightAligned(r.fonts, f.width-edge, textItem{y: edge + 3.6*f.scale, size: 3.4 * f.scale, ink: red, text: "演示数据 demonstration", field: "demonstration"})
}

// issuer draws the authority's name and the date, where the seal will stand.
func (r *Renderer) issuer(p *plan, f form, d draft) error {
	size, room := f.body*1.08, 2*(f.width-f.margin-12*f.scale-f.sealX)
	if width := r.fonts.measure(regular, d.issuer); width*size > room {
		if size = room / width; size < minimumSize {
			return registry.Errorf(registry.CodeFieldForm, "ZZBFJG", "too long for the page")
		}
	}
	p.centered(r.fonts, f.sealX, textItem{y: f.sealY - 1.5*f.scale, size: size, ink: black, text: d.issuer, field: "ZZBFJG"})
	p.centered(r.fonts, f.sealX, textItem{y: f.sealY + 6.9*f.scale, size: f.body, ink: black, text: d.issued.Chinese(), field: "ZZBFRQ"})
	return nil
}

// footer draws the QR code, what to do with it, and the sheet's numbers.
func (r *Renderer) footer(p *plan, f form, d draft) error {
	small := 2.7 * f.scale
	line := f.height - f.margin - 9.6*f.scale
	if d.qrText != "" {
		q, err := NewQR(d.qrText)
		if err != nil {
			return err
		}
		p.qr = &qrItem{box: f.qr, qr: q}
		x, y := f.qr.X+f.qr.Width+5*f.scale, f.qr.Y+f.qr.Height-9*f.scale
		p.text(textItem{x: x, y: y + 1.7*small, size: 1.2 * small, ink: brown, text: "扫码核验证照", stock: true})
	}
	p.text(textItem{x: f.left, y: line, size: small, ink: gray, text: "电子证照标识", stock: true})
	id := d.content.Identifier.String()
	size := min(small, (f.right-f.left-7*small)/r.fonts.measure(regular, id))
	p.text(textItem{x: f.left + 7*small, y: line, size: size, ink: gray, text: id, field: "ZZBS"})
	if d.blank != "" {
		if f.columns == 1 {
			line -= 7 // the identifier takes the whole width of an upright page
		}
		p.rightAligned(r.fonts, f.right, textItem{y: line, size: 4.4 * f.scale, ink: red, text: "No." + d.blank, field: "blank", stock: true})
	}
	if d.printing != "" {
		x := f.qr.X + f.qr.Width + 5*f.scale
		p.text(textItem{x: x, y: f.qr.Y + f.qr.Height - 0.4, size: small, ink: gray, text: "印制号 " + d.printing, field: "printing"})
	}
	return nil
}
