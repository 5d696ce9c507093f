package render

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"
	"time"
	"unicode/utf8"

	"github.com/signintech/gopdf"

	"tongzheng/registry"
)

// points in a millimeter.
const pt = 72 / 25.4

// Paper draws one printed sheet as a PDF page in true size. The same PrintedSheet gives
// the same bytes.
//
// Errors: CodeGlyph, CodeFieldForm, CodeTooLarge (the QR text).
func (r *Renderer) Paper(s PrintedSheet) ([]byte, error) {
	in := s.draft().normalize()
	var p *plan
	var err error
	if s.Overprint != nil && s.Overprint.Places != nil {
		p, err = r.composePlaces(in, s)
	} else {
		p, err = r.compose(in)
		if err == nil && s.Seal != nil {
			p.image = &imageItem{box: SealBoundary(in.page, s.Seal.Width, s.Seal.Height), png: s.Seal.PNG}
		}
	}
	if err != nil {
		return nil, err
	}
	if s.Overprint != nil {
		p = p.overprint(s.Overprint.DX, s.Overprint.DY)
	}
	return r.pdf(p, s.Content.Title+" "+s.Copy.Chinese(), in.issued.Start())
}

// pdfFace is a font as one letter spacing needs it. The spacing is part of the
// embedded glyphs' widths: a reader that copies text then sees no gaps between
// the characters of a spaced title and inserts no blanks.
type pdfFace struct {
	font  *font
	extra int // font units
}

// pdfFaces collects what each face must draw.
type pdfFaces struct {
	names map[pdfFace]string
	chars map[pdfFace][]rune
	order []pdfFace
}

func (f *pdfFaces) add(face pdfFace, text string) {
	if f.names[face] == "" {
		f.names[face] = fmt.Sprintf("TZ%c%c%c%c+%s", letter(len(f.order)/676), letter(len(f.order)/26), letter(len(f.order)), 'A', face.font.name)
		f.order = append(f.order, face)
	}
	f.chars[face] = append(f.chars[face], []rune(text)...)
}

func letter(n int) byte { return byte('A' + n%26) }

// textRun is a piece of text in one face, placed.
type textRun struct {
	face    pdfFace
	x, y    float64
	size    float64
	ink     ink
	content string
}

func (r *Renderer) textRuns(p *plan) ([]textRun, *pdfFaces, error) {
	faces := &pdfFaces{names: map[pdfFace]string{}, chars: map[pdfFace][]rune{}}
	var out []textRun
	for _, t := range p.texts {
		runs, err := r.fonts.runs(t.style, t.text)
		if err != nil {
			return nil, nil, err
		}
		x := t.x
		for _, part := range spaced(runs, t.spacing) {
			face := pdfFace{part.font, int(math.Round(part.spacing / t.size * float64(part.font.unitsPerEm)))}
			faces.add(face, part.text)
			out = append(out, textRun{face, x, t.y, t.size, t.ink, part.text})
			for _, c := range part.text {
				x += part.font.width(c)*t.size + part.spacing
			}
		}
	}
	return out, faces, nil
}

type spacedRun struct {
	run
	spacing float64
}

// spaced sets the last character of spaced text apart: no spacing follows it,
// or it would reach into what stands beside it.
func spaced(runs []run, spacing float64) []spacedRun {
	var out []spacedRun
	for i, r := range runs {
		if _, last := utf8.DecodeLastRuneInString(r.text); spacing > 0 && i == len(runs)-1 {
			out = append(out, spacedRun{run{r.font, r.text[:len(r.text)-last]}, spacing})
			r.text, spacing = r.text[len(r.text)-last:], 0
		}
		if out = append(out, spacedRun{r, spacing}); len(out) > 1 && out[len(out)-2].text == "" {
			out = append(out[:len(out)-2], out[len(out)-1])
		}
	}
	return out
}

// pdf writes a plan as a one-page PDF.
func (r *Renderer) pdf(p *plan, title string, created time.Time) ([]byte, error) {
	runs, faces, err := r.textRuns(p)
	if err != nil {
		return nil, err
	}
	doc := &gopdf.GoPdf{}
	doc.Start(gopdf.Config{Unit: gopdf.UnitPT, PageSize: gopdf.Rect{W: p.width * pt, H: p.height * pt}})
	doc.SetInfo(gopdf.PdfInfo{Title: title, Creator: "Tongzheng", Producer: "Tongzheng", CreationDate: created.UTC()})
	missing := rune(-1)
	for _, face := range faces.order {
		data, err := face.font.subset(faces.chars[face], face.extra, false)
		if err != nil {
			return nil, err
		}
		option := gopdf.TtfOption{OnGlyphNotFound: func(c rune) { missing = c }}
		if err := doc.AddTTFFontDataWithOption(faces.names[face], data, option); err != nil {
			return nil, fmt.Errorf("embedding %s: %w", face.font.name, err)
		}
	}
	doc.AddPage()
	pdfPaths(doc, p)
	// The seal before the text: as on paper, black ink shows through the red.
	if p.image != nil {
		if err := pdfImage(doc, p.image); err != nil {
			return nil, err
		}
	}
	for _, run := range runs {
		if err := pdfText(doc, faces, run); err != nil {
			return nil, err
		}
	}
	if missing >= 0 {
		return nil, registry.Errorf(registry.CodeGlyph, "", "no font draws U+%04X", missing)
	}
	raw, err := doc.GetBytesPdfReturnErr()
	if err != nil {
		return nil, fmt.Errorf("writing the PDF: %w", err)
	}
	return repairUnicode(raw)
}

func pdfText(doc *gopdf.GoPdf, faces *pdfFaces, run textRun) error {
	if err := doc.SetFont(faces.names[run.face], "", run.size*pt); err != nil {
		return fmt.Errorf("choosing %s: %w", run.face.font.name, err)
	}
	doc.SetTextColor(run.ink.R, run.ink.G, run.ink.B)
	doc.SetXY(run.x*pt, run.y*pt)
	if err := doc.Text(run.content); err != nil {
		return fmt.Errorf("drawing text: %w", err)
	}
	return nil
}

func pdfImage(doc *gopdf.GoPdf, i *imageItem) error {
	data, err := fullColor(i.png)
	if err != nil {
		return registry.Errorf(registry.CodeMalformed, "seal", "the seal picture is not a PNG").WithCause(err)
	}
	holder, err := gopdf.ImageHolderByBytes(data)
	if err != nil {
		return fmt.Errorf("embedding the seal picture: %w", err)
	}
	if err := doc.ImageByHolder(holder, i.box.X*pt, i.box.Y*pt, &gopdf.Rect{W: i.box.Width * pt, H: i.box.Height * pt}); err != nil {
		return registry.Errorf(registry.CodeMalformed, "seal", "the seal picture cannot be drawn").WithCause(err)
	}
	return nil
}

// fullColor rewrites any PNG as red, green, blue and opacity: gopdf knows no
// palettes with half-transparent colors, nor interlaced files.
func fullColor(data []byte) ([]byte, error) {
	from, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	to := image.NewNRGBA(image.Rect(0, 0, from.Bounds().Dx(), from.Bounds().Dy()))
	draw.Draw(to, to.Bounds(), from, from.Bounds().Min, draw.Src)
	to.SetNRGBA(0, 0, color.NRGBA{}) // never wholly opaque: the encoder would drop the opacity
	var out bytes.Buffer
	err = png.Encode(&out, to)
	return out.Bytes(), err
}

// pdfPaths draws lines and the QR code.
func pdfPaths(doc *gopdf.GoPdf, p *plan) {
	for _, path := range p.paths {
		doc.SetStrokeColor(path.ink.R, path.ink.G, path.ink.B)
		doc.SetLineWidth(path.width * pt)
		for _, line := range path.lines {
			if path.closed {
				points := make([]gopdf.Point, len(line))
				for i, c := range line {
					points[i] = gopdf.Point{X: c.x * pt, Y: c.y * pt}
				}
				doc.Polygon(points, "D")
				continue
			}
			for i := 1; i < len(line); i++ {
				a, b := lengthen(line[i-1], line[i], path.width/2)
				doc.Line(a.x*pt, a.y*pt, b.x*pt, b.y*pt)
			}
		}
	}
	if p.qr == nil {
		return
	}
	doc.SetFillColor(black.R, black.G, black.B)
	module := p.qr.box.Width / float64(p.qr.qr.Modules()) * pt
	left, top := p.qr.box.X*pt, p.qr.box.Y*pt
	// Rows and columns both: where two rows of modules touch, the column covers
	// the seam that smoothing readers would show.
	for _, s := range p.qr.qr.rows() {
		doc.RectFromUpperLeftWithStyle(left+float64(s.column)*module, top+float64(s.row)*module, float64(s.length)*module, module, "F")
	}
	for _, s := range p.qr.qr.columns() {
		doc.RectFromUpperLeftWithStyle(left+float64(s.column)*module, top+float64(s.row)*module, module, float64(s.length)*module, "F")
	}
}

// lengthen extends a segment at both ends, so that the segments of a polyline
// meet in full corners.
func lengthen(a, b point, by float64) (point, point) {
	length := math.Hypot(b.x-a.x, b.y-a.y)
	if length == 0 {
		return a, b
	}
	dx, dy := (b.x-a.x)/length*by, (b.y-a.y)/length*by
	return point{a.x - dx, a.y - dy}, point{b.x + dx, b.y + dy}
}
