package render

import (
	"archive/zip"
	"bytes"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io/fs"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"tongzheng/registry"
	"tongzheng/registry/pack"
)

// ofdElements are the elements the package may have; readOFD refuses others.
var ofdElements = strings.Fields("OFD DocBody DocInfo DocID Title Author CreationDate Creator CustomDatas CustomData DocRoot " +
	"Document CommonData MaxUnitID PageArea PhysicalBox PublicRes TemplatePage Template Pages Page Res Fonts Font FontFile " +
	"Area Content Layer PathObject StrokeColor FillColor AbbreviatedData TextObject TextCode")

type (
	ofdXML struct {
		Version string `xml:"Version,attr"`
		DocType string `xml:"DocType,attr"`
		DocBody []struct {
			DocInfo struct {
				DocID, Title, Author, CreationDate, Creator string
				CustomDatas                                 struct {
					CustomData []struct {
						Name  string `xml:"Name,attr"`
						Value string `xml:",chardata"`
					}
				}
			}
			DocRoot string
		}
	}
	documentXML struct {
		CommonData struct {
			MaxUnitID int
			PageArea  struct{ PhysicalBox string }
			PublicRes string

			TemplatePage []struct {
				ID      int    `xml:"ID,attr"`
				BaseLoc string `xml:"BaseLoc,attr"`
			}
		}
		Pages struct {
			Page []struct {
				ID      int    `xml:"ID,attr"`
				BaseLoc string `xml:"BaseLoc,attr"`
			}
		}
	}
	resXML struct {
		BaseLoc string `xml:"BaseLoc,attr"`
		Fonts   struct {
			Font []struct {
				ID       int    `xml:"ID,attr"`
				FontName string `xml:"FontName,attr"`
				FontFile string
			}
		}
	}
	pageXML struct {
		Area     struct{ PhysicalBox string }
		Template []struct {
			TemplateID int `xml:"TemplateID,attr"`
		}
		Content struct {
			Layer []struct {
				ID         int `xml:"ID,attr"`
				PathObject []struct {
					ID              int    `xml:"ID,attr"`
					Boundary        string `xml:"Boundary,attr"`
					Fill            bool   `xml:"Fill,attr"`
					AbbreviatedData string
				}
				TextObject []textXML
			}
		}
	}
	textXML struct {
		ID       int     `xml:"ID,attr"`
		Boundary string  `xml:"Boundary,attr"`
		Font     int     `xml:"Font,attr"`
		Size     float64 `xml:"Size,attr"`
		TextCode []struct {
			X      float64 `xml:"X,attr"`
			Y      float64 `xml:"Y,attr"`
			DeltaX string  `xml:"DeltaX,attr"`
			Text   string  `xml:",chardata"`
		}
	}
)

// fileOf reads one file of a package.
func fileOf(pkg []byte, name string) ([]byte, error) {
	z, err := zip.NewReader(bytes.NewReader(pkg), int64(len(pkg)))
	if err != nil {
		return nil, err
	}
	return fs.ReadFile(z, name)
}

func readOFD(t *testing.T, pkg []byte) (root ofdXML, doc documentXML, res resXML, page pageXML) {
	t.Helper()
	for name, into := range map[string]any{
		"OFD.xml": &root, "Doc_0/Document.xml": &doc, "Doc_0/PublicRes.xml": &res, "Doc_0/Pages/Page_0/Content.xml": &page,
	} {
		data, err := fileOf(pkg, name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(data, []byte(`xmlns:ofd="`+ofdNamespace+`"`)) {
			t.Fatalf("%s: no namespace", name)
		}
		if err := xml.Unmarshal(data, into); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for tokens := xml.NewDecoder(bytes.NewReader(data)); ; {
			token, err := tokens.Token()
			if err != nil {
				break
			}
			if e, ok := token.(xml.StartElement); ok && (e.Name.Space != ofdNamespace || !slices.Contains(ofdElements, e.Name.Local)) {
				t.Fatalf("%s: element %v", name, e.Name)
			}
		}
	}
	return root, doc, res, page
}

func boxOf(t *testing.T, s string) Box {
	t.Helper()
	var v [4]float64
	for i, part := range strings.Fields(s) {
		n, err := strconv.ParseFloat(part, 64)
		if err != nil || i > 3 {
			t.Fatalf("box %q", s)
		}
		v[i] = n
	}
	return Box{v[0], v[1], v[2], v[3]}
}

func TestOFDStructure(t *testing.T) {
	content := foodLicense(t)
	pkg, err := renderer(t).OFD(Document{Content: content, QRText: tokenURL, Demonstration: true})
	if err != nil {
		t.Fatal(err)
	}
	keep(t, "license.ofd", pkg)
	root, doc, res, page := readOFD(t, pkg)
	body := root.DocBody[0]
	if root.Version != "1.0" || root.DocType != "OFD" || len(root.DocBody) != 1 || body.DocRoot != "Doc_0/Document.xml" {
		t.Fatalf("OFD.xml: %+v", root)
	}
	if id, err := hex.DecodeString(body.DocInfo.DocID); err != nil || len(id) != 16 || body.DocInfo.CreationDate != "2026-03-01" {
		t.Fatalf("DocInfo: %+v", body.DocInfo)
	}
	for i, f := range content.Fields {
		if d := body.DocInfo.CustomDatas.CustomData[i]; d.Name != f.Name || d.Value != f.Value {
			t.Fatalf("CustomData %d: %+v, want %s", i, d, f.Name)
		}
	}
	if doc.CommonData.PageArea.PhysicalBox != "0 0 297 210" || doc.Pages.Page[0].BaseLoc != "Pages/Page_0/Content.xml" {
		t.Fatalf("Document.xml: %+v", doc)
	}
	if res.BaseLoc != "Res" || len(res.Fonts.Font) != 2 {
		t.Fatalf("PublicRes.xml: %+v", res)
	}
	layer := page.Content.Layer[0]
	seen := map[int]bool{doc.Pages.Page[0].ID: true}
	border := templateOf(t, pkg, doc, page)
	ids := []int{layer.ID, border.ID, doc.CommonData.TemplatePage[0].ID}
	for _, o := range append(layer.PathObject, border.PathObject...) {
		ids = append(ids, o.ID)
	}
	for _, o := range layer.TextObject {
		ids = append(ids, o.ID)
	}
	for _, f := range res.Fonts.Font {
		ids = append(ids, f.ID)
	}
	for _, id := range ids {
		if seen[id] || id > doc.CommonData.MaxUnitID {
			t.Fatalf("id %d is used twice or above MaxUnitID", id)
		}
		seen[id] = true
	}
}

// templateOf is the layer of the template that the page stands on.
func templateOf(t *testing.T, pkg []byte, doc documentXML, page pageXML) (layer struct {
	ID         int `xml:"ID,attr"`
	PathObject []struct {
		ID              int    `xml:"ID,attr"`
		Boundary        string `xml:"Boundary,attr"`
		Fill            bool   `xml:"Fill,attr"`
		AbbreviatedData string
	}
	TextObject []textXML
}) {
	t.Helper()
	templates := doc.CommonData.TemplatePage
	if len(templates) != 1 || len(page.Template) != 1 || page.Template[0].TemplateID != templates[0].ID {
		t.Fatalf("templates %+v, page %+v", templates, page.Template)
	}
	data, err := fileOf(pkg, "Doc_0/"+templates[0].BaseLoc)
	if err != nil {
		t.Fatal(err)
	}
	var border pageXML
	if err := xml.Unmarshal(data, &border); err != nil {
		t.Fatal(err)
	}
	return border.Content.Layer[0]
}

// TestBorder: the template's paths are the frame that the paper has, within the
// page, and all documents have the same bytes of it.
func TestBorder(t *testing.T) {
	t.Parallel()
	for _, kind := range []Page{A4Landscape, A4Portrait, A3Landscape} {
		var entries [2][]byte
		for i, name := range []string{"兴国县祥和餐饮店（演示）", "于都县福满楼（演示）"} {
			content := foodLicense(t)
			content.Fields[3].Value = name
			pkg, err := renderer(t).OFD(Document{Content: content, QRText: tokenURL, Page: kind})
			if err != nil {
				t.Fatal(err)
			}
			all, err := pack.Read(pkg)
			if err != nil {
				t.Fatal(err)
			}
			at := slices.IndexFunc(all, func(e pack.Entry) bool { return e.Name == templateFile })
			entries[i] = all[at].Packed
			_, doc, _, page := readOFD(t, pkg)
			var got, want []point
			for _, o := range templateOf(t, pkg, doc, page).PathObject {
				got = append(got, pointsIn(t, o.AbbreviatedData, boxOf(t, o.Boundary))...)
			}
			f, p := formOf(kind), &plan{}
			p.width, p.height = f.width, f.height
			p.frame(f.margin, f.scale)
			for _, path := range p.paths {
				want = append(want, slices.Concat(path.lines...)...)
			}
			if len(got) != len(want) || len(got) < 1000 {
				t.Fatalf("page %d: %d points of %d", kind, len(got), len(want))
			}
			for i := range got {
				if math.Abs(got[i].x-want[i].x) > 0.0021 || math.Abs(got[i].y-want[i].y) > 0.0021 {
					t.Fatalf("page %d, point %d: %v, want %v", kind, i, got[i], want[i])
				}
			}
		}
		if !bytes.Equal(entries[0], entries[1]) || len(entries[0]) > 4<<10 {
			t.Errorf("page %d: borders differ, or are large: %d bytes", kind, len(entries[0]))
		}
	}
}

func pointsIn(t *testing.T, data string, box Box) (points []point) {
	t.Helper()
	words := strings.Fields(data)
	for i := 0; i < len(words); i++ {
		if words[i] == "C" {
			continue
		}
		x, err := strconv.ParseFloat(words[i+1], 64)
		y, err2 := strconv.ParseFloat(words[i+2], 64)
		if err != nil || err2 != nil || x < 0 || y < 0 || x > box.Width || y > box.Height {
			t.Fatalf("%v in %v", words[i:i+3], box)
		}
		points, i = append(points, point{box.X + x, box.Y + y}), i+2
	}
	return points
}

// TestOFDText checks that all values copy out as text, that every character has
// its glyph in the font named and its place, and that nothing overlaps.
func TestOFDText(t *testing.T) {
	t.Parallel()
	for _, kind := range []Page{A4Landscape, A4Portrait, A3Landscape} {
		pkg, err := renderer(t).OFD(Document{Content: foodLicense(t), QRText: tokenURL, Page: kind, Demonstration: true})
		if err != nil {
			t.Fatal(err)
		}
		_, _, res, page := readOFD(t, pkg)
		fonts := map[int]*font{}
		for _, f := range res.Fonts.Font {
			data, err := fileOf(pkg, "Doc_0/Res/"+f.FontFile)
			if err != nil {
				t.Fatal(err)
			}
			if fonts[f.ID], err = parseFont(f.FontName, data); err != nil {
				t.Fatal(err)
			}
		}
		width, height := kind.Size()
		var all strings.Builder
		var boxes []Box
		for _, o := range page.Content.Layer[0].TextObject {
			box := boxOf(t, o.Boundary)
			if box.X < 8 || box.Y < 8 || box.X+box.Width > width-8 || box.Y+box.Height > height-8 {
				t.Errorf("page %d: text outside the border: %v", kind, box)
			}
			boxes = append(boxes, box)
			checkText(t, o, fonts[o.Font], box, &all)
		}
		for i := range boxes {
			for j := range i {
				if overlap(boxes[i], boxes[j]) {
					t.Errorf("page %d: text %d and %d overlap: %v %v", kind, i, j, boxes[i], boxes[j])
				}
			}
		}
		for _, want := range []string{"食品经营许可证", "兴国县𠮷祥饭店（演示）", "JY23607320000018", "2026年3月1日至2031年2月28日", "兴国县行政审批局"} {
			if !strings.Contains(all.String(), want) {
				t.Errorf("page %d: %q does not copy out", kind, want)
			}
		}
	}
}

func checkText(t *testing.T, o textXML, f *font, box Box, all *strings.Builder) {
	t.Helper()
	for _, code := range o.TextCode {
		all.WriteString(code.Text)
		n := utf8.RuneCountInString(code.Text)
		for _, c := range code.Text {
			if _, ok := f.glyph(c); !ok {
				t.Errorf("no glyph for %c in the embedded font", c)
			}
			if c > 0xffff && n != 1 {
				t.Errorf("%c does not stand alone in its TextCode", c)
			}
		}
		count, sum := 0, code.X
		parts := strings.Fields(code.DeltaX)
		for i := 0; i < len(parts); i++ {
			repeat := 1
			if parts[i] == "g" {
				repeat, _ = strconv.Atoi(parts[i+1])
				i += 2
			}
			v, err := strconv.ParseFloat(parts[i], 64)
			if err != nil {
				t.Fatal(err)
			}
			count, sum = count+repeat, sum+float64(repeat)*v
		}
		if count != n-1 || sum > box.Width+0.1 {
			t.Errorf("%q: %d deltas for %d characters, %v of %v wide", code.Text, count, n, sum, box.Width)
		}
	}
}

// overlap ignores the ascent and descent that lines of text share: half an em
// in the middle is what ink occupies for certain.
func overlap(a, b Box) bool {
	a.Y, a.Height, b.Y, b.Height = a.Y+a.Height*0.2, a.Height*0.6, b.Y+b.Height*0.2, b.Height*0.6
	return a.X < b.X+b.Width-0.01 && b.X < a.X+a.Width-0.01 && a.Y < b.Y+b.Height && b.Y < a.Y+a.Height
}

// TestOFDSize: the fonts a document embeds stay below 60 KB, the package too.
func TestOFDSize(t *testing.T) {
	pkg, err := renderer(t).OFD(Document{Content: foodLicense(t), QRText: tokenURL, Demonstration: true})
	if err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(pkg), int64(len(pkg)))
	if err != nil {
		t.Fatal(err)
	}
	fonts := uint64(0)
	names := map[string]bool{}
	for _, f := range z.File {
		if names[f.Name] {
			t.Errorf("%s twice", f.Name)
		}
		names[f.Name] = true
		if strings.HasSuffix(f.Name, ".ttf") {
			fonts += f.UncompressedSize64
		}
	}
	t.Logf("fonts %d bytes unpacked, package %d bytes", fonts, len(pkg))
	if fonts > 60<<10 || len(pkg) > 60<<10 {
		t.Errorf("fonts %d bytes, package %d bytes", fonts, len(pkg))
	}
}

func TestOFDIsDeterministic(t *testing.T) {
	d := Document{Content: foodLicense(t), QRText: tokenURL}
	a, err := renderer(t).OFD(d)
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := LoadFonts(DefaultFonts())
	if err != nil {
		t.Fatal(err)
	}
	b, err := New(fresh).OFD(d)
	if err != nil || !bytes.Equal(a, b) {
		t.Fatal("two renderings differ")
	}
}

func TestLongValues(t *testing.T) {
	t.Parallel()
	r := renderer(t)
	smallest := 100.0
	for n := 1; n < 40; n += 3 {
		c := foodLicense(t)
		c.Fields[9].Value = strings.Repeat("热食类食品制售（不含裱花蛋糕）；", n)
		pkg, err := r.OFD(Document{Content: c, QRText: tokenURL})
		if err != nil {
			if code := registry.CodeOf(err); code != registry.CodeFieldForm || !strings.Contains(err.Error(), "fields.KZ_JYXM") || n < 10 {
				t.Fatalf("%d repeats: %v", n, err)
			}
			return // refused with the field's name, as it should be
		}
		_, _, _, page := readOFD(t, pkg)
		limit := SealBoundary(A4Landscape, 45, 45).Y + 3
		for _, o := range page.Content.Layer[0].TextObject {
			box := boxOf(t, o.Boundary)
			if strings.Contains(o.TextCode[0].Text, "热食类") {
				smallest = min(smallest, o.Size)
				if box.Y+box.Height > limit {
					t.Fatalf("%d repeats: fields reach into the seal: %v", n, box)
				}
			}
		}
	}
	t.Fatalf("never refused; smallest type %v", smallest)
}

func TestRefusals(t *testing.T) {
	r := renderer(t)
	c := foodLicense(t)
	c.Fields[3].Value = "示范\U000F0000店"
	if _, err := r.OFD(Document{Content: c}); registry.CodeOf(err) != registry.CodeGlyph {
		t.Errorf("missing glyph: %v", err)
	}
	if _, err := r.Paper(PrintedSheet{Content: c, Copy: registry.Original}); registry.CodeOf(err) != registry.CodeGlyph {
		t.Errorf("missing glyph on paper: %v", err)
	}
	if _, err := r.OFD(Document{Content: foodLicense(t), IssuerName: strings.Repeat("局", 90)}); registry.CodeOf(err) != registry.CodeFieldForm {
		t.Errorf("long issuer: %v", err)
	}
	if _, err := r.OFD(Document{Content: foodLicense(t), QRText: strings.Repeat("x", 4000)}); registry.CodeOf(err) != registry.CodeTooLarge {
		t.Errorf("long QR: %v", err)
	}
}

func TestDocumentID(t *testing.T) {
	id := foodLicense(t).Identifier
	again := foodLicense(t).Identifier
	if DocumentID(id) != DocumentID(again) || DocumentID(id) == DocumentID(id.WithVersion(2)) || len(DocumentID(id)) != 32 {
		t.Fatal(fmt.Sprint(DocumentID(id), DocumentID(id.WithVersion(2))))
	}
}
