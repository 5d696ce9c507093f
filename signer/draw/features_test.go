package draw_test

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"strings"
	"sync"
	"testing"

	"tongzheng/registry"
	"tongzheng/signer/check"
	"tongzheng/signer/draw"
	"tongzheng/signer/render"
)

const (
	ns   = `xmlns:ofd="http://www.ofdspec.org/2016"`
	head = `<?xml version="1.0" encoding="UTF-8"?>`
)

// made is a package of one page: what stands in CommonData, in the resources,
// on the page beside its content, and in the content; and more files.
type made struct {
	common, resources, page, content string
	more                             []part
}

// largest is the font with most characters of a rendered license.
var largest struct {
	sync.Once
	font string
}

// of packs it with the font of a rendered license as font 8.
func (m made) of(t testing.TB) []byte {
	t.Helper()
	largest.Do(func() {
		for _, p := range unpack(t, unsealed(t, render.A4Landscape, registry.Electronic)) {
			if strings.HasSuffix(p.name, ".ttf") && len(p.data) > len(largest.font) {
				largest.font = p.data
			}
		}
	})
	return m.with(t, largest.font)
}

func (m made) with(t testing.TB, font string) []byte {
	t.Helper()
	parts := []part{
		{"OFD.xml", head + `<ofd:OFD ` + ns + ` Version="1.0" DocType="OFD"><ofd:DocBody><ofd:DocInfo><ofd:DocID>0123456789abcdef0123456789abcdef</ofd:DocID></ofd:DocInfo><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>`},
		{"Doc_0/Document.xml", head + `<ofd:Document ` + ns + `><ofd:CommonData><ofd:MaxUnitID>90</ofd:MaxUnitID><ofd:PageArea><ofd:PhysicalBox>0 0 100 50</ofd:PhysicalBox></ofd:PageArea><ofd:PublicRes>PublicRes.xml</ofd:PublicRes>` + m.common +
			`</ofd:CommonData><ofd:Pages><ofd:Page ID="1" BaseLoc="Pages/Page_0/Content.xml"/></ofd:Pages></ofd:Document>`},
		{"Doc_0/PublicRes.xml", head + `<ofd:Res ` + ns + ` BaseLoc="Res"><ofd:Fonts><ofd:Font ID="8" FontName="T"><ofd:FontFile>font.ttf</ofd:FontFile></ofd:Font><ofd:Font ID="9" FontName="宋体"/></ofd:Fonts>` + m.resources + `</ofd:Res>`},
		{"Doc_0/Pages/Page_0/Content.xml", head + `<ofd:Page ` + ns + `>` + m.page + `<ofd:Content><ofd:Layer ID="2">` + m.content + `</ofd:Layer></ofd:Content></ofd:Page>`},
		{"Doc_0/Res/font.ttf", font},
	}
	return pack(t, append(parts, m.more...)...)
}

// drawn draws it and returns what stands on the white page.
func (m made) drawn(t testing.TB) (*registry.DrawnPage, string) {
	t.Helper()
	drawing, err := draw.Document(m.of(t), draw.Limits{})
	must(t, err)
	inert(t, drawing.Pages[0].SVG)
	_, ink, ok := strings.Cut(string(drawing.Pages[0].SVG), `z"/>`)
	if !ok {
		t.Fatal("no page")
	}
	return &drawing.Pages[0], strings.TrimSuffix(ink, "</svg>\n")
}

func path(more, data string) string {
	return `<ofd:PathObject Boundary="0 0 100 50" ` + more + `><ofd:AbbreviatedData>` + data + `</ofd:AbbreviatedData></ofd:PathObject>`
}

func text(more, code string) string {
	return `<ofd:TextObject Boundary="10 10 80 10" Font="8" Size="5" ` + more + `>` + code + `</ofd:TextObject>`
}

// TestPaths: every step, mapping, color and clip of the standard that is drawn.
func TestPaths(t *testing.T) {
	for name, c := range map[string]struct {
		m    made
		want string
	}{
		"line": {made{content: path(`LineWidth="0.5"`, "M 1 2 L 3 4")},
			`<path fill="none" stroke="#000000" stroke-width="500" stroke-miterlimit="3.528" d="M1000 2000l2000 2000"/>`},
		"filled": {made{content: path(`Stroke="false" Fill="true" Rule="Even-Odd"`, "M 1 1 B 2 2 3 3 4 4 Q 5 5 6 6 C")},
			`<path fill="#000000" fill-rule="evenodd" d="M1000 1000c1000 1000 2000 2000 3000 3000q1000 1000 2000 2000z"/>`},
		"arc": {made{content: path(`Stroke="false" Fill="true"`, "M 10 10 A 5 5 0 0 1 15 15 L 10 15 C")},
			`<path fill="#000000" d="M10000 10000c2761 0 5000 2239 5000 5000l-5000 0z"/>`},
		"moved and scaled": {made{content: `<ofd:PathObject Boundary="10 20 30 20" CTM="2 0 0 2 1 1" LineWidth="1" Cap="Round" Join="Bevel" DashPattern="1 2"><ofd:StrokeColor Value="#FF 0 128" Alpha="51"/><ofd:AbbreviatedData>M 1 1 L 2 1</ofd:AbbreviatedData></ofd:PathObject>`},
			`<path fill="none" stroke="#ff0080" stroke-width="2000" stroke-opacity="0.2" stroke-linejoin="bevel" stroke-linecap="round" stroke-dasharray="2000 4000" d="M13000 23000l2000 0"/>`},
		"uneven": {made{content: path(`CTM="3 0 0 1 0 0" LineWidth="1"`, "M 1 5 L 2 5")},
			`<path fill="none" stroke="#000000" stroke-width="1000" stroke-miterlimit="3.528" transform="matrix(3 0 0 1 0 0)" d="M1000 5000l1000 0"/>`},
		"boundary": {made{content: `<ofd:PathObject Boundary="10 10 5 5" Stroke="false" Fill="true"><ofd:AbbreviatedData>M 0 0 L 9 0 L 9 9 C</ofd:AbbreviatedData></ofd:PathObject>`},
			`<clipPath id="cMARK-0"><path d="M10000 10000l5000 0l0 5000l-5000 0z"/></clipPath><g clip-path="url(#cMARK-0)"><path fill="#000000" d="M10000 10000l9000 0l0 9000z"/></g>`},
		"clip": {made{content: `<ofd:PathObject Boundary="10 10 20 20" CTM="2 0 0 2 0 0" Stroke="false" Fill="true"><ofd:Clips><ofd:Clip><ofd:Area><ofd:Path Boundary="1 1 3 3"><ofd:AbbreviatedData>M 0 0 L 3 0 L 0 3 C</ofd:AbbreviatedData></ofd:Path></ofd:Area></ofd:Clip></ofd:Clips><ofd:AbbreviatedData>M 0 0 L 9 0 L 9 9 C</ofd:AbbreviatedData></ofd:PathObject>`},
			`<clipPath id="cMARK-0"><path d="M12000 12000l6000 0l-6000 6000z"/></clipPath><g clip-path="url(#cMARK-0)"><path fill="#000000" d="M10000 10000l18000 0l0 18000z"/></g>`},
		"parameters": {made{resources: `<ofd:DrawParams><ofd:DrawParam ID="20" LineWidth="1"><ofd:StrokeColor Value="1 2 3"/></ofd:DrawParam><ofd:DrawParam ID="21" Relative="20" Cap="Square"/></ofd:DrawParams>`, content: path(`DrawParam="21"`, "M 1 2 L 3 4")},
			`<path fill="none" stroke="#010203" stroke-width="1000" stroke-linecap="square" stroke-miterlimit="3.528" d="M1000 2000l2000 2000"/>`},
		"gray and CMYK": {made{resources: `<ofd:ColorSpaces><ofd:ColorSpace ID="30" Type="GRAY"/><ofd:ColorSpace ID="31" Type="CMYK"/></ofd:ColorSpaces>`,
			content: `<ofd:PathObject Boundary="0 0 9 9" Fill="true" LineWidth="0.1"><ofd:FillColor Value="128" ColorSpace="30"/><ofd:StrokeColor Value="255 0 0 0" ColorSpace="31"/><ofd:AbbreviatedData>M 1 1 L 2 1 L 2 2 C</ofd:AbbreviatedData></ofd:PathObject>`},
			`<path fill="#808080" stroke="#00ffff" stroke-width="100" stroke-miterlimit="3.528" d="M1000 1000l1000 0l0 1000z"/>`},
		"unseen": {made{content: path(`Visible="false"`, "M 1 2 L 3 4")}, ``},
		"block and composite": {made{resources: `<ofd:CompositeGraphicUnits><ofd:CompositeGraphicUnit ID="40" Width="10" Height="10"><ofd:Content ID="41">` + path(`LineWidth="1"`, "M 1 1 L 2 2") + `</ofd:Content></ofd:CompositeGraphicUnit></ofd:CompositeGraphicUnits>`,
			content: `<ofd:PageBlock ID="3"><ofd:CompositeObject ResourceID="40" Boundary="20 20 20 20" CTM="2 0 0 2 0 0" Alpha="128"/></ofd:PageBlock>`},
			`<g opacity="0.502"><path fill="none" stroke="#000000" stroke-width="2000" stroke-miterlimit="3.528" d="M22000 22000l2000 2000"/></g>`},
	} {
		page, ink := c.m.drawn(t)
		mark, _, _ := strings.Cut(string(page.SVG[max(0, bytes.Index(page.SVG, []byte(`id="c`))+5):]), "-")
		if got := strings.ReplaceAll(ink, mark, "MARK"); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, c.want)
		}
	}
}

// TestLayers: templates and layers lie as their order says, what comes first
// lowest.
func TestLayers(t *testing.T) {
	layer := func(kind, value string) string {
		return `<ofd:Layer ID="5" Type="` + kind + `"><ofd:PathObject Boundary="0 0 9 9" Stroke="false" Fill="true"><ofd:FillColor Value="` + value + `"/><ofd:AbbreviatedData>M 0 0 L 1 0 L 1 1 C</ofd:AbbreviatedData></ofd:PathObject></ofd:Layer>`
	}
	template := func(inner string) string {
		return head + `<ofd:Page ` + ns + `><ofd:Content>` + inner + `</ofd:Content></ofd:Page>`
	}
	m := made{
		common: `<ofd:TemplatePage ID="60" BaseLoc="Tpls/a.xml" ZOrder="Foreground"/><ofd:TemplatePage ID="61" BaseLoc="Tpls/b.xml"/><ofd:TemplatePage ID="62" BaseLoc="Tpls/c.xml" ZOrder="Foreground"/>`,
		page:   `<ofd:Template TemplateID="60"/><ofd:Template TemplateID="61"/><ofd:Template TemplateID="62" ZOrder="Background"/>`,
		content: path(`Stroke="false" Fill="true"`, "M 0 0 L 1 0 L 1 1 C") + `</ofd:Layer>` + layer("Foreground", "5 5 5") + layer("Background", "3 3 3") +
			`<ofd:Layer ID="6" Type="Body">`,
		more: []part{{"Doc_0/Tpls/a.xml", template(layer("Background", "4 4 4"))}, {"Doc_0/Tpls/b.xml", template(layer("Foreground", "1 1 1"))},
			{"Doc_0/Tpls/c.xml", template(layer("Body", "2 2 2"))}},
	}
	_, ink := m.drawn(t)
	var order []string
	for _, piece := range strings.Split(ink, `fill="#`)[1:] {
		order = append(order, piece[:2])
	}
	if got := strings.Join(order, " "); got != "01 02 03 00 04 05" {
		t.Errorf("%s\n%s", got, ink)
	}
}

// TestTexts: text is placed as the file says, and what it draws is held against
// what it says.
func TestTexts(t *testing.T) {
	page, ink := made{content: text("", `<ofd:TextCode X="1" Y="5" DeltaX="g 2 6 7">许可证食</ofd:TextCode><ofd:TextCode X="2" Y="9">品</ofd:TextCode>`)}.drawn(t)
	got := page.Texts[0]
	if len(page.Texts) != 1 || got.Text != "许可证食品" || got.X != 11 || got.Y != 15 || got.Font != "8" || len(got.Glyphs) != 5 || got.Mapping != registry.MappingOwn {
		t.Errorf("%+v", page.Texts)
	}
	if strings.Count(ink, "<path") != 1 || !strings.Contains(string(page.SVG), "<desc>许可证食品</desc>") {
		t.Errorf("%.200s", ink)
	}
	// Units of UTF-16 and characters are told apart by the number of distances.
	for units, characters := range map[string]string{"5 5 5": "5 10", "g 3 5": "5 10", "g 2 5": "5 5", "5": "5 5"} {
		_, a := made{content: text("", `<ofd:TextCode X="0" Y="5" DeltaX="`+units+`">县𠮷祥</ofd:TextCode>`)}.drawn(t)
		_, b := made{content: text("", `<ofd:TextCode X="0" Y="5" DeltaX="`+characters+`">县𠮷祥</ofd:TextCode>`)}.drawn(t)
		if a != b {
			t.Errorf("%q is not %q", units, characters)
		}
	}
	// Another glyph under a character is drawn, and told.
	own, _ := made{content: text("", `<ofd:TextCode X="1" Y="5">食</ofd:TextCode>`)}.drawn(t)
	other, _ := made{content: text("", `<ofd:CGTransform CodePosition="0" CodeCount="1" GlyphCount="1"><ofd:Glyphs>2</ofd:Glyphs></ofd:CGTransform><ofd:TextCode X="1" Y="5">食</ofd:TextCode>`)}.drawn(t)
	if bytes.Equal(own.SVG, other.SVG) || other.Texts[0].Mapping != registry.MappingOther || other.Texts[0].Glyphs[0] != 2 {
		t.Errorf("%+v", other.Texts)
	}
	if err := (&registry.Drawing{Pages: []registry.DrawnPage{*other}}).Own(); registry.CodeOf(err) != registry.CodeGlyphOther {
		t.Error(err)
	}
	blank, _ := made{content: text("", `<ofd:CGTransform CodePosition="0" CodeCount="1"><ofd:Glyphs>2</ofd:Glyphs></ofd:CGTransform><ofd:TextCode X="1" Y="5"> </ofd:TextCode>`)}.drawn(t)
	if blank.Texts[0].Mapping != registry.MappingOther {
		t.Errorf("ink under a blank: %+v", blank.Texts)
	}
}

// TestFontWithoutNames: a font in a document may lack its cmap and post tables;
// its glyphs are then drawn by number, and no character vouches for them.
func TestFontWithoutNames(t *testing.T) {
	parts := unpack(t, made{content: text("", `<ofd:CGTransform CodePosition="0" CodeCount="2"><ofd:Glyphs>2 3</ofd:Glyphs></ofd:CGTransform><ofd:TextCode X="1" Y="5" DeltaX="5">食品</ofd:TextCode>`)}.of(t))
	for i := range parts {
		if strings.HasSuffix(parts[i].name, ".ttf") {
			parts[i].data = without(parts[i].data, "cmap", "post", "OS/2", "name")
		}
	}
	drawing, err := draw.Document(pack(t, parts...), draw.Limits{})
	must(t, err)
	if got := drawing.Pages[0].Texts[0]; got.Mapping != registry.MappingNone || len(got.Glyphs) != 2 {
		t.Errorf("%+v", got)
	}
	if drawing.Own() == nil {
		t.Error("nothing vouches for these glyphs")
	}
}

// without is a font without some of its tables; their bytes stay.
func without(font string, tables ...string) string {
	count := int(font[4])<<8 | int(font[5])
	directory := ""
	for i := range count {
		if entry := font[12+16*i:][:16]; !strings.Contains(strings.Join(tables, " "), entry[:4]) {
			directory += entry
		}
	}
	left := len(directory) / 16
	return font[:4] + string([]byte{byte(left >> 8), byte(left)}) + font[6:12] + directory + font[12+len(directory):]
}

func gradient() image.Image {
	img := image.NewNRGBA(image.Rect(0, 0, 12, 10))
	for i := range img.Pix {
		img.Pix[i] = uint8(i * 7)
	}
	img.Set(3, 3, color.NRGBA{200, 0, 0, 255})
	return img
}

// TestPictures: pictures keep their pixels and lose what stands beside them;
// damaged ones are refused.
func TestPictures(t *testing.T) {
	var still, photo bytes.Buffer
	must(t, png.Encode(&still, gradient()))
	must(t, jpeg.Encode(&photo, gradient(), nil))
	exif := append([]byte{0xff, 0xd8, 0xff, 0xe1, 0, 12}, "Exif\x00\x00turn"...)
	of := func(data []byte) made {
		return made{resources: `<ofd:MultiMedias><ofd:MultiMedia ID="50" Type="Image"><ofd:MediaFile>p</ofd:MediaFile></ofd:MultiMedia></ofd:MultiMedias>`,
			content: `<ofd:ImageObject Boundary="10 10 24 20" CTM="24 0 0 20 0 0" ResourceID="50"/>`, more: []part{{"Doc_0/Res/p", string(data)}}}
	}
	for kind, data := range map[string][]byte{"png": still.Bytes(), "jpeg": photo.Bytes()} {
		_, ink := of(data).drawn(t)
		want := `<image width="1000" height="1000" preserveAspectRatio="none" transform="matrix(24 0 0 20 10000 10000)" href="data:image/` + kind + `;base64,` + base64.StdEncoding.EncodeToString(data) + `"/>`
		if ink != want {
			t.Errorf("%s: %.300s", kind, ink)
		}
		if _, err := draw.Document(of(data[:len(data)-20]).of(t), draw.Limits{}); err == nil {
			t.Errorf("a %s that is cut off was drawn", kind)
		}
	}
	if _, ink := of(append(exif, photo.Bytes()[2:]...)).drawn(t); strings.Contains(ink, base64.StdEncoding.EncodeToString(exif)[:20]) {
		t.Error("EXIF stayed")
	}
	if _, err := draw.Document(of(still.Bytes()).of(t), draw.Limits{Pixels: 100}); registry.CodeOf(err) != registry.CodeTooLarge {
		t.Error(err)
	}
	for i := range still.Len() { // no byte of a picture may be another one unnoticed
		damaged := append([]byte(nil), still.Bytes()...)
		damaged[i] ^= 0x40
		if _, err := draw.Document(of(damaged).with(t, "no font"), draw.Limits{}); err == nil {
			t.Fatalf("byte %d", i)
		}
	}
}

// TestSeals: a seal's picture may be any of the forms of GB/T 38540 that are
// drawn, an OFD page of lines among them.
func TestSeals(t *testing.T) {
	var photo bytes.Buffer
	must(t, jpeg.Encode(&photo, gradient(), nil))
	vector := made{content: path(`LineWidth="1"`, "M 0 0 L 100 50") + text("", `<ofd:TextCode X="1" Y="5">许可证</ofd:TextCode>`)}.of(t)
	base := unsealed(t, render.A4Landscape, registry.Electronic)
	plain, err := draw.Document(base, draw.Limits{})
	must(t, err)
	for kind, c := range map[string]struct {
		data []byte
		want string
	}{"jpg": {photo.Bytes(), `href="data:image/jpeg;base64,`}, "OFD": {vector, `transform="matrix(0.42 0 0 0.84 200000 142000)" d="M0 0l100000 50000"/>`}, "PNG": {impression(t), `href="data:image/png;base64,`}} {
		file := sealed(t, base, render.A4Landscape, check.Picture{Type: kind, Data: c.data})
		drawing, err := draw.Document(file, draw.Limits{})
		must(t, err)
		if drawing.Text() != plain.Text() || !bytes.Contains(drawing.Pages[0].SVG, []byte(c.want)) {
			t.Errorf("%s: %.2000s", kind, drawing.Pages[0].SVG[max(0, len(drawing.Pages[0].SVG)-2000):])
		}
	}
	for kind, data := range map[string]string{"svg": `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`, "OFD": "no package", "png": "no picture"} {
		file := sealed(t, base, render.A4Landscape, check.Picture{Type: kind, Data: []byte(data)})
		if _, err := draw.Document(file, draw.Limits{}); registry.CodeOf(err) != registry.CodeNotDrawn {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// TestRefused: what is not drawn in full is not drawn at all, and says why.
func TestRefused(t *testing.T) {
	line := path("", "M 1 2 L 3 4")
	for name, c := range map[string]struct {
		m    made
		want registry.Code
	}{
		"font by name":   {made{content: `<ofd:TextObject Boundary="0 0 9 9" Font="9" Size="5"><ofd:TextCode X="0" Y="5">食</ofd:TextCode></ofd:TextObject>`}, registry.CodeNotDrawn},
		"no glyph":       {made{content: text("", `<ofd:TextCode X="0" Y="5">魑</ofd:TextCode>`)}, registry.CodeNotDrawn},
		"turned text":    {made{content: text(`ReadDirection="90"`, `<ofd:TextCode X="0" Y="5">食</ofd:TextCode>`)}, registry.CodeNotDrawn},
		"shading":        {made{content: `<ofd:PathObject Boundary="0 0 9 9" Fill="true"><ofd:FillColor><ofd:AxialShd/></ofd:FillColor><ofd:AbbreviatedData>M 0 0 L 1 1</ofd:AbbreviatedData></ofd:PathObject>`}, registry.CodeNotDrawn},
		"unknown object": {made{content: `<ofd:Video/>`}, registry.CodeNotDrawn},
		"unknown step":   {made{content: path("", "M 1 1 X 2 2")}, registry.CodeMalformed},
		"cut step":       {made{content: path("", "M 1 1 L 2")}, registry.CodeMalformed},
		"not a number":   {made{content: path("", "M 1 1 L 2 NaN")}, registry.CodeMalformed},
		"far out":        {made{content: path(`CTM="999999 0 0 999999 0 0"`, "M 1 1 L 999999 2")}, registry.CodeMalformed},
		"two meanings": {made{resources: `<ofd:DrawParams><ofd:DrawParam ID="20" LineWidth="1"/><ofd:DrawParam ID="20" LineWidth="2"/></ofd:DrawParams>`,
			content: line}, registry.CodeMalformed},
		"endless parameters": {made{resources: `<ofd:DrawParams><ofd:DrawParam ID="20" Relative="20"/></ofd:DrawParams>`, content: path(`DrawParam="20"`, "M 1 1 L 2 2")}, registry.CodeMalformed},
		"endless composite": {made{resources: `<ofd:CompositeGraphicUnits><ofd:CompositeGraphicUnit ID="40" Width="9" Height="9"><ofd:Content><ofd:CompositeObject ResourceID="40" Boundary="0 0 9 9"/><ofd:CompositeObject ResourceID="40" Boundary="0 0 9 9"/></ofd:Content></ofd:CompositeGraphicUnit></ofd:CompositeGraphicUnits>`,
			content: `<ofd:CompositeObject ResourceID="40" Boundary="0 0 9 9"/>`}, registry.CodeNotDrawn},
		"wide page":   {made{page: `<ofd:Area><ofd:PhysicalBox>0 0 900 100</ofd:PhysicalBox></ofd:Area>`, content: line}, registry.CodeTooLarge},
		"no template": {made{page: `<ofd:Template TemplateID="77"/>`, content: line}, registry.CodeMalformed},
		"other kind":  {made{common: `<ofd:DocumentRes>Pages/Page_0/Content.xml</ofd:DocumentRes>`, content: line}, registry.CodeMalformed},
		"outside":     {made{common: `<ofd:DocumentRes>../../x.xml</ofd:DocumentRes>`, content: line}, registry.CodeMalformed},
	} {
		drawing, err := draw.Document(c.m.of(t), draw.Limits{})
		if registry.CodeOf(err) != c.want || drawing != nil {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	many := made{content: strings.Repeat(line, 50)}.of(t)
	if _, err := draw.Document(many, draw.Limits{Objects: 49}); registry.CodeOf(err) != registry.CodeTooLarge {
		t.Error(err)
	}
	if _, err := draw.Document(many, draw.Limits{Bytes: 2000}); registry.CodeOf(err) != registry.CodeTooLarge {
		t.Error(err)
	}
	if _, err := draw.Document(made{content: text("", `<ofd:TextCode X="0" Y="5">食品</ofd:TextCode>`)}.of(t), draw.Limits{Glyphs: 1}); registry.CodeOf(err) != registry.CodeTooLarge {
		t.Error(err)
	}
	if _, err := draw.Document([]byte("no package"), draw.Limits{}); registry.CodeOf(err) != registry.CodeMalformed {
		t.Error(err)
	}
}

// TestWords: text that a stranger chose stays text in the picture.
func TestWords(t *testing.T) {
	const glyphs = `<ofd:CGTransform CodePosition="0" CodeCount="9"><ofd:Glyphs>2 2 2 2 2 2 2 2 2</ofd:Glyphs></ofd:CGTransform>`
	page, _ := made{content: text("", glyphs+`<ofd:TextCode X="1" Y="5">&lt;script&gt;&amp;</ofd:TextCode>`)}.drawn(t)
	if page.Texts[0].Text != "<script>&" || !bytes.Contains(page.SVG, []byte("<desc>&lt;script&gt;&amp;</desc>")) {
		t.Errorf("%q", page.Texts[0].Text)
	}
}
