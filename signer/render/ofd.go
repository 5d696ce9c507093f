package render

import (
	"archive/zip"
	"bytes"
	"encoding/hex"
	"fmt"
	"sort"
	"strings"
	"time"
	"unicode/utf8"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// ofdNamespace is the namespace of GB/T 33190-2016.
const ofdNamespace = "http://www.ofdspec.org/2016"

// OFD draws the unsealed electronic license as a GB/T 33190-2016 package: one
// page, its fonts embedded as subsets, the content's fields under their tags of
// GB/T 36903 in CustomDatas. The same Document gives the same bytes. The place
// of the seal is SealBoundary(d.Page, …).
//
// Errors: CodeGlyph, CodeFieldForm, CodeTooLarge (the QR text).
func (r *Renderer) OFD(d Document) ([]byte, error) {
	in := d.draft().normalize()
	if in.issued == 0 {
		return nil, registry.Errorf(registry.CodeMissing, "ZZBFRQ", "a license needs its date of issue")
	}
	p, err := r.compose(in)
	if err != nil {
		return nil, err
	}
	w := &ofdWriter{fonts: r.fonts, plan: p, ids: map[*font]int{}, chars: map[*font][]rune{}}
	page, err := w.page()
	if err != nil {
		return nil, err
	}
	resources, files, err := w.resources()
	if err != nil {
		return nil, err
	}
	parts := append([]ofdPart{
		{"OFD.xml", ofdRoot(in)},
		{"Doc_0/Document.xml", w.document()},
		{"Doc_0/PublicRes.xml", resources},
		{"Doc_0/Pages/Page_0/Content.xml", page},
	}, files...)
	return packOFD(parts, in.issued.Start())
}

// ofdPart is one file of the package.
type ofdPart struct {
	name string
	data []byte
}

// packOFD zips parts in the given order, all with one day (a ZIP knows none
// before 1980).
func packOFD(parts []ofdPart, at time.Time) ([]byte, error) {
	var out bytes.Buffer
	if at.Year() < 1980 {
		at = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	z := zip.NewWriter(&out)
	for _, part := range parts {
		h := &zip.FileHeader{Name: part.name, Method: zip.Deflate}
		//lint:ignore SA1019 Modified would add an extra field that some readers trip over
		h.ModifiedDate = uint16((at.Year()-1980)<<9 | int(at.Month())<<5 | at.Day()) // the plain field: no extra, no zone
		w, err := z.CreateHeader(h)
		if err != nil {
			return nil, fmt.Errorf("packing %s: %w", part.name, err)
		}
		if _, err := w.Write(part.data); err != nil {
			return nil, fmt.Errorf("packing %s: %w", part.name, err)
		}
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("packing the OFD: %w", err)
	}
	return out.Bytes(), nil
}

// DocumentID is the DocID of the electronic file: 32 hex digits derived from
// the license's identifier.
func DocumentID(id registry.Identifier) string {
	digest := sm.Tagged("tongzheng ofd document id v1", []byte(id.String()))
	return hex.EncodeToString(digest[:16])
}

// ofdRoot is OFD.xml, the entry of the package (GB/T 33190 clause 7.4).
func ofdRoot(d draft) []byte {
	var x xmlWriter
	x.start("OFD", "xmlns:ofd", ofdNamespace, "Version", "1.0", "DocType", "OFD")
	x.start("DocBody")
	x.start("DocInfo")
	x.leaf("DocID", DocumentID(d.content.Identifier))
	x.leaf("Title", d.content.Title)
	x.leaf("Author", d.issuer)
	x.leaf("CreationDate", d.issued.String())
	x.leaf("Creator", "Tongzheng")
	x.start("CustomDatas")
	for _, f := range d.content.Fields {
		if f.Value != "" {
			x.leaf("CustomData", f.Value, "Name", f.Name)
		}
	}
	x.end("CustomDatas")
	x.end("DocInfo")
	x.leaf("DocRoot", "Doc_0/Document.xml")
	x.end("DocBody")
	x.end("OFD")
	return x.bytes()
}

// ofdWriter turns a plan into the parts of Doc_0.
type ofdWriter struct {
	fonts *FontSet
	plan  *plan
	maxID int
	ids   map[*font]int
	chars map[*font][]rune
	used  []*font // in order of first use
}

const (
	pageID  = 1
	layerID = 2
)

func (w *ofdWriter) next() int {
	w.maxID = max(w.maxID, layerID) + 1
	return w.maxID
}

func (w *ofdWriter) document() []byte {
	var x xmlWriter
	x.start("Document", "xmlns:ofd", ofdNamespace)
	x.start("CommonData")
	x.leaf("MaxUnitID", fmt.Sprint(w.maxID))
	x.start("PageArea")
	x.leaf("PhysicalBox", boxText(Box{0, 0, w.plan.width, w.plan.height}))
	x.end("PageArea")
	x.leaf("PublicRes", "PublicRes.xml")
	x.end("CommonData")
	x.start("Pages")
	x.leaf("Page", "", "ID", fmt.Sprint(pageID), "BaseLoc", "Pages/Page_0/Content.xml")
	x.end("Pages")
	x.end("Document")
	return x.bytes()
}

// page is the page's content: border, code, then text.
func (w *ofdWriter) page() ([]byte, error) {
	var x xmlWriter
	x.start("Page", "xmlns:ofd", ofdNamespace)
	x.start("Area")
	x.leaf("PhysicalBox", boxText(Box{0, 0, w.plan.width, w.plan.height}))
	x.end("Area")
	x.start("Content")
	x.start("Layer", "ID", fmt.Sprint(layerID), "Type", "Body")
	for _, path := range w.plan.paths {
		w.path(&x, path)
	}
	if w.plan.qr != nil {
		w.code(&x, w.plan.qr)
	}
	for _, t := range w.plan.texts {
		if err := w.text(&x, t); err != nil {
			return nil, err
		}
	}
	x.end("Layer")
	x.end("Content")
	x.end("Page")
	return x.bytes(), nil
}

// path writes polylines. Boundary is the whole page, so that coordinates are
// the page's own.
func (w *ofdWriter) path(x *xmlWriter, path pathItem) {
	x.start("PathObject", "ID", fmt.Sprint(w.next()), "Boundary", boxText(Box{0, 0, w.plan.width, w.plan.height}),
		"LineWidth", number(path.width))
	x.leaf("StrokeColor", "", "Value", colorText(path.ink))
	var data []string
	for _, line := range path.lines {
		for i, pt := range line {
			op := "L"
			if i == 0 {
				op = "M"
			}
			data = append(data, op, number(pt.x), number(pt.y))
		}
		if path.closed {
			data = append(data, "C")
		}
	}
	x.leaf("AbbreviatedData", strings.Join(data, " "))
	x.end("PathObject")
}

// code writes a QR code as one filled path, a rectangle per dark stretch. Each
// is a hair taller than its row: readers that smooth edges would show seams.
func (w *ofdWriter) code(x *xmlWriter, q *qrItem) {
	module := q.box.Width / float64(q.qr.Modules())
	x.start("PathObject", "ID", fmt.Sprint(w.next()), "Boundary", boxText(q.box), "Stroke", "false", "Fill", "true")
	x.leaf("FillColor", "", "Value", colorText(black))
	var data []string
	for _, s := range q.qr.rows() {
		left, top := float64(s.column)*module, float64(s.row)*module
		right, bottom := left+float64(s.length)*module, min(top+module*1.02, q.box.Height)
		data = append(data, "M", number(left), number(top), "L", number(right), number(top),
			"L", number(right), number(bottom), "L", number(left), number(bottom), "C")
	}
	x.leaf("AbbreviatedData", strings.Join(data, " "))
	x.end("PathObject")
}

// text writes one line, an object per font. A character beyond the basic plane
// gets a TextCode of its own: readers that count UTF-16 units in DeltaX then
// still set its neighbors right.
func (w *ofdWriter) text(x *xmlWriter, t textItem) error {
	runs, err := w.fonts.runs(t.style, t.text)
	if err != nil {
		return err
	}
	at := t.x
	rest := utf8.RuneCountInString(t.text)
	for _, run := range runs {
		ascent := t.size * float64(run.font.ascent) / float64(run.font.unitsPerEm)
		height := t.size * float64(run.font.ascent-run.font.descent) / float64(run.font.unitsPerEm)
		var codes []textCode
		width := 0.0
		for _, c := range run.text {
			advance := run.font.width(c) * t.size
			if rest--; rest > 0 {
				advance += t.spacing
			}
			if n := len(codes); n == 0 || c > 0xffff || codes[n-1].alone {
				codes = append(codes, textCode{x: width, alone: c > 0xffff})
			}
			last := &codes[len(codes)-1]
			last.text, last.advances = last.text+string(c), append(last.advances, advance)
			width += advance
		}
		x.start("TextObject", "ID", fmt.Sprint(w.next()), "Boundary", boxText(Box{at, t.y - ascent, width, height}),
			"Font", fmt.Sprint(w.font(run)), "Size", number(t.size))
		x.leaf("FillColor", "", "Value", colorText(t.ink))
		for _, code := range codes {
			attributes := []string{"X", number(code.x), "Y", number(ascent)}
			if len(code.advances) > 1 {
				attributes = append(attributes, "DeltaX", deltas(code.advances[:len(code.advances)-1]))
			}
			x.leaf("TextCode", code.text, attributes...)
		}
		x.end("TextObject")
		at += width
	}
	return nil
}

type textCode struct {
	x        float64
	text     string
	advances []float64
	alone    bool
}

// deltas writes advances, a repeated one as "g count value".
func deltas(advances []float64) string {
	var out []string
	for i := 0; i < len(advances); {
		j := i
		for j < len(advances) && number(advances[j]) == number(advances[i]) {
			j++
		}
		if j-i > 2 {
			out = append(out, "g", fmt.Sprint(j-i), number(advances[i]))
		} else {
			for range j - i {
				out = append(out, number(advances[i]))
			}
		}
		i = j
	}
	return strings.Join(out, " ")
}

// font notes which characters a font must bring and returns its id.
func (w *ofdWriter) font(run run) int {
	if w.ids[run.font] == 0 {
		w.ids[run.font] = w.next()
		w.used = append(w.used, run.font)
	}
	w.chars[run.font] = append(w.chars[run.font], []rune(run.text)...)
	return w.ids[run.font]
}

// resources writes PublicRes.xml and the font files.
func (w *ofdWriter) resources() ([]byte, []ofdPart, error) {
	sort.Slice(w.used, func(i, j int) bool { return w.ids[w.used[i]] < w.ids[w.used[j]] })
	var x xmlWriter
	var files []ofdPart
	x.start("Res", "xmlns:ofd", ofdNamespace, "BaseLoc", "Res")
	x.start("Fonts")
	for _, f := range w.used {
		data, err := f.subset(w.chars[f], 0)
		if err != nil {
			return nil, nil, err
		}
		file := fmt.Sprintf("font_%d.ttf", w.ids[f])
		x.start("Font", "ID", fmt.Sprint(w.ids[f]), "FontName", "Tongzheng"+f.name, "FamilyName", "Tongzheng"+f.name, "Charset", "unicode")
		x.leaf("FontFile", file)
		x.end("Font")
		files = append(files, ofdPart{"Doc_0/Res/" + file, data})
	}
	x.end("Fonts")
	x.end("Res")
	return x.bytes(), files, nil
}
