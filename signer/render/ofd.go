package render

import (
	"encoding/hex"
	"sort"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"tongzheng/registry"
	"tongzheng/registry/pack"
	"tongzheng/registry/sm"
)

// ofdNamespace is the namespace of GB/T 33190-2016.
const ofdNamespace = "http://www.ofdspec.org/2016"

// Files of the package.
const (
	rootFile      = "OFD.xml"
	documentFile  = "Doc_0/Document.xml"
	resourcesFile = "Doc_0/PublicRes.xml"
	templateFile  = "Doc_0/Tpls/Tpl_0/Content.xml"
	pageFile      = "Doc_0/Pages/Page_0/Content.xml"
	fontFolder    = "Doc_0/Res/"
)

// OFD draws the unsealed electronic license as a GB/T 33190-2016 package: one
// page over a template page with the border, its fonts embedded as subsets, the
// content's fields under their tags of GB/T 36903 in CustomDatas. The same
// Document gives the same bytes. The place of the seal is SealBoundary(d.Page, …).
// Sealing copies the entries as they stand, but for OFD.xml, which it adds to.
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
	border := r.border(in.page)
	w := &ofdWriter{fonts: r.fonts, plan: p, maxID: border.maxID, ids: map[*font]int{}, chars: map[*font][]rune{}}
	page, err := w.page()
	if err != nil {
		return nil, err
	}
	resources, files, err := w.resources()
	if err != nil {
		return nil, err
	}
	entries := append([]pack.Entry{
		pack.Deflate(rootFile, ofdRoot(in), pack.Fast),
		pack.Deflate(documentFile, w.document(), pack.Fast),
		pack.Deflate(resourcesFile, resources, pack.Fast),
		border.entry,
		pack.Deflate(pageFile, page, pack.Fast),
	}, files...)
	return pack.Write(entries, zipDay(in.issued.Start())), nil
}

// zipDay is a day as a ZIP writes it; it knows none before 1980.
func zipDay(at time.Time) uint16 {
	if at.Year() < 1980 {
		return pack.FirstDay
	}
	return uint16((at.Year()-1980)<<9 | int(at.Month())<<5 | at.Day())
}

// border is the template page of a paper size, drawn and compressed once.
type border struct {
	entry pack.Entry
	maxID int
}

func (r *Renderer) border(page Page) *border {
	if known, ok := r.borders.Load(page); ok {
		return known.(*border)
	}
	f := formOf(page)
	p := &plan{width: f.width, height: f.height}
	p.frame(f.margin, f.scale)
	w := &ofdWriter{plan: p, maxID: templateLayerID}
	made := &border{entry: pack.Deflate(templateFile, w.template(), pack.Once), maxID: w.maxID}
	r.borders.Store(page, made)
	return made
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
	pageID          = 1
	layerID         = 2
	templateID      = 3
	templateLayerID = 4 // the template's paths have the ids that follow
)

func (w *ofdWriter) next() int {
	w.maxID++
	return w.maxID
}

func (w *ofdWriter) document() []byte {
	var x xmlWriter
	x.start("Document", "xmlns:ofd", ofdNamespace)
	x.start("CommonData")
	x.leaf("MaxUnitID", strconv.Itoa(w.maxID))
	x.start("PageArea")
	x.leaf("PhysicalBox", boxText(Box{0, 0, w.plan.width, w.plan.height}))
	x.end("PageArea")
	x.leaf("PublicRes", "PublicRes.xml")
	x.leaf("TemplatePage", "", "ID", strconv.Itoa(templateID), "BaseLoc", strings.TrimPrefix(templateFile, "Doc_0/"))
	x.end("CommonData")
	x.start("Pages")
	x.leaf("Page", "", "ID", strconv.Itoa(pageID), "BaseLoc", strings.TrimPrefix(pageFile, "Doc_0/"))
	x.end("Pages")
	x.end("Document")
	return x.bytes()
}

// begin writes a page's beginning up to its layer.
func (w *ofdWriter) begin(x *xmlWriter, layer int, kind string, template bool) {
	x.start("Page", "xmlns:ofd", ofdNamespace)
	x.start("Area")
	x.leaf("PhysicalBox", boxText(Box{0, 0, w.plan.width, w.plan.height}))
	x.end("Area")
	if template {
		x.leaf("Template", "", "TemplateID", strconv.Itoa(templateID), "ZOrder", "Background")
	}
	x.start("Content")
	x.start("Layer", "ID", strconv.Itoa(layer), "Type", kind)
}

func (w *ofdWriter) finish(x *xmlWriter) []byte {
	x.end("Layer")
	x.end("Content")
	x.end("Page")
	return x.bytes()
}

// template is the page behind the page (GB/T 33190 clause 7.6): the border.
func (w *ofdWriter) template() []byte {
	var x xmlWriter
	w.begin(&x, templateLayerID, "Background", false)
	for _, path := range w.plan.paths {
		w.path(&x, path)
	}
	return w.finish(&x)
}

// page is the page's content: code, then text. Its border is the template's.
func (w *ofdWriter) page() ([]byte, error) {
	var x xmlWriter
	w.begin(&x, layerID, "Body", true)
	if w.plan.qr != nil {
		w.code(&x, w.plan.qr)
	}
	for _, t := range w.plan.texts {
		if err := w.text(&x, t); err != nil {
			return nil, err
		}
	}
	return w.finish(&x), nil
}

// path writes polylines in the box that their strokes take.
func (w *ofdWriter) path(x *xmlWriter, path pathItem) {
	box := path.box()
	x.start("PathObject", "ID", strconv.Itoa(w.next()), "Boundary", boxText(box), "LineWidth", number(path.width))
	x.leaf("StrokeColor", "", "Value", colorText(path.ink))
	var data []string
	for _, line := range path.lines {
		for i, pt := range line {
			op := "L"
			if i == 0 {
				op = "M"
			}
			data = append(data, op, number(pt.x-box.X), number(pt.y-box.Y))
		}
		if path.closed {
			data = append(data, "C")
		}
	}
	x.leaf("AbbreviatedData", strings.Join(data, " "))
	x.end("PathObject")
}

// code writes a QR code as one filled path in modules, a rectangle per dark
// stretch; the CTM makes them millimeters. Each is a hair taller than its row:
// readers that smooth edges would show seams.
func (w *ofdWriter) code(x *xmlWriter, q *qrItem) {
	module := strconv.FormatFloat(q.box.Width/float64(q.qr.Modules()), 'f', 5, 64)
	x.start("PathObject", "ID", strconv.Itoa(w.next()), "Boundary", boxText(q.box), "CTM", module+" 0 0 "+module+" 0 0", "Stroke", "false", "Fill", "true")
	x.leaf("FillColor", "", "Value", colorText(black))
	var data strings.Builder
	for _, s := range q.qr.rows() {
		left, right, top := strconv.Itoa(s.column), strconv.Itoa(s.column+s.length), strconv.Itoa(s.row)
		bottom := number(min(float64(s.row)+1.02, float64(q.qr.Modules())))
		for _, word := range []string{"M ", left, " ", top, " L ", right, " ", top, " L ", right, " ", bottom, " L ", left, " ", bottom, " C "} {
			data.WriteString(word)
		}
	}
	x.leaf("AbbreviatedData", strings.TrimSuffix(data.String(), " "))
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
		x.start("TextObject", "ID", strconv.Itoa(w.next()), "Boundary", boxText(Box{at, t.y - ascent, width, height}),
			"Font", strconv.Itoa(w.font(run)), "Size", number(t.size))
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
			out = append(out, "g", strconv.Itoa(j-i), number(advances[i]))
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

// resources writes PublicRes.xml and the font files. The font of texts is rounded;
// titles are large and few.
func (w *ofdWriter) resources() ([]byte, []pack.Entry, error) {
	sort.Slice(w.used, func(i, j int) bool { return w.ids[w.used[i]] < w.ids[w.used[j]] })
	var x xmlWriter
	var files []pack.Entry
	x.start("Res", "xmlns:ofd", ofdNamespace, "BaseLoc", "Res")
	x.start("Fonts")
	for _, f := range w.used {
		data, err := f.subset(w.chars[f], 0, f != w.fonts.bold)
		if err != nil {
			return nil, nil, err
		}
		id := strconv.Itoa(w.ids[f])
		file := "font_" + id + ".ttf"
		x.start("Font", "ID", id, "FontName", "Tongzheng"+f.name, "FamilyName", "Tongzheng"+f.name, "Charset", "unicode")
		x.leaf("FontFile", file)
		x.end("Font")
		files = append(files, pack.Deflate(fontFolder+file, data, pack.Fast))
	}
	x.end("Fonts")
	x.end("Res")
	return x.bytes(), files, nil
}
