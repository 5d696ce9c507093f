package draw_test

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tongzheng/registry"
	"tongzheng/signer/check"
	"tongzheng/signer/draw"
	"tongzheng/signer/render"
)

// TestLicense: what the office renders and the signer seals is drawn whole, its
// text is that of its fields, every glyph is that of its character, and the same
// bytes give the same picture.
func TestLicense(t *testing.T) {
	for _, page := range []render.Page{render.A4Landscape, render.A4Portrait, render.A3Landscape} {
		pkg := unsealed(t, page, registry.Electronic)
		before, err := draw.Document(pkg, draw.Limits{})
		must(t, err)
		file := sealed(t, pkg, page, check.Picture{Type: "png", Data: impression(t)})
		drawing, err := draw.Document(file, draw.Limits{})
		must(t, err)
		w, h := page.Size()
		if len(drawing.Pages) != 1 || drawing.Pages[0].Width != w || drawing.Pages[0].Height != h {
			t.Fatalf("%d pages, %+v", len(drawing.Pages), drawing.Pages[0].Width)
		}
		must(t, drawing.Own())
		for _, value := range shown {
			if !drawing.Says(value) {
				t.Errorf("the drawing does not say %s: %s", value, drawing.Text())
			}
		}
		if missing := drawing.Missing(license(t)); missing != nil {
			t.Errorf("the drawing misses %v", missing)
		}
		other := license(t)
		replace(&other, "𠮷", "吉")
		replace(&other, "2031-02-28", "2032-02-28")
		if missing := drawing.Missing(other); !slices.Equal(missing, []string{"CZZT", "ZZYXQQSRQ", "ZZYXQJZRQ"}) {
			t.Errorf("of other fields it misses %v", missing)
		}
		if drawing.Text() != before.Text() {
			t.Error("the seal changed the text")
		}
		svg := drawing.Pages[0].SVG
		if bytes.Count(svg, []byte("<image ")) != 1 || bytes.Contains(before.Pages[0].SVG, []byte("<image ")) {
			t.Error("the seal stands on the sealed page alone")
		}
		again, err := draw.Document(file, draw.Limits{})
		must(t, err)
		if !bytes.Equal(svg, again.Pages[0].SVG) {
			t.Error("the same file was drawn in two ways")
		}
		keep(t, "page.svg", svg)
		t.Logf("%d bytes", len(svg))
		inert(t, svg)
	}
}

// inert fails for anything that does something, or leads somewhere.
func inert(t testing.TB, svg []byte) {
	t.Helper()
	if err := draw.Inert(svg); err != nil {
		t.Error(err)
	}
	if !bytes.HasPrefix(svg, []byte(`<svg xmlns="http://www.w3.org/2000/svg" `)) || !bytes.Contains(svg, []byte(`role="img"><title>`)) {
		t.Errorf("the picture begins %.200s", svg)
	}
}

// TestInert: what acts, or leads somewhere, is no picture of ours.
func TestInert(t *testing.T) {
	for _, inside := range []string{`<script/>`, `<a href="https://x.example/"/>`, `<image href="https://x.example/a.png"/>`, `<image href="data:image/svg+xml;base64,AA"/>`,
		`<path onclick="x()"/>`, `<path style="fill:red"/>`, `<use href="#a"/>`, `<foreignObject/>`, `<path fill="url(https://x.example/#a)"/>`, `<g clip-path="url(https://x.example/#a)"/>`,
		`<svg/>`, `<!-- x -->`, `<?xml-stylesheet href="x"?>`, `<h:path xmlns:h="http://www.w3.org/1999/xhtml"/>`, `<path`, `<image xmlns:x="http://www.w3.org/1999/xlink" x:href="https://x.example/"/>`} {
		if draw.Inert([]byte(`<svg xmlns="http://www.w3.org/2000/svg">`+inside+`</svg>`)) == nil {
			t.Errorf("passes: %s", inside)
		}
	}
	must(t, draw.Inert([]byte(`<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0"/></svg>`)))
	if draw.Inert(nil) == nil {
		t.Error("nothing is no picture")
	}
}

// TestOthers: of files made by others each is drawn whole or refused with a
// reason. Only those of the reports bring all their fonts.
func TestOthers(t *testing.T) {
	for name, want := range map[string]registry.Code{
		"../reports/rezip.ofd": "", "../reports/strip.ofd": "", "../reports/added.ofd": "",
		"../reports/pre.ofd": registry.CodeMalformed, "../reports/bslash.ofd": registry.CodeMalformed, // more than one reading
		"SESV4SignDoc.ofd": registry.CodeNotDrawn, "hello.ofd": registry.CodeNotDrawn, "templates-uncovered.ofd": registry.CodeNotDrawn, // fonts by name
		"testPathClip.ofd":    registry.CodeNotDrawn,  // a shading
		"v4signed.ofd":        registry.CodeMalformed, // a path that exists in other case only
		"entry-uncovered.ofd": registry.CodeMalformed, // drawing parameters that are nowhere
		"20-v1.ofd":           registry.CodeMalformed, // PublicRes is not there
	} {
		if _, err := draw.Document(sample(t, name), draw.Limits{}); registry.CodeOf(err) != want {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
}

// TestBorderInTemplate: a license, whose border stands in a template page, is drawn
// to the byte as one whose border stands on the page.
func TestBorderInTemplate(t *testing.T) {
	const (
		name      = "Doc_0/Tpls/Tpl_0/Content.xml"
		reference = `<ofd:Template TemplateID="3" ZOrder="Background"/>`
		layer     = `Type="Body">`
	)
	pkg := unsealed(t, render.A4Landscape, registry.Electronic)
	got, err := draw.Document(pkg, draw.Limits{})
	must(t, err)
	parts := unpack(t, pkg)
	border := ""
	for _, p := range parts {
		if p.name == name {
			border = strings.Join(regexp.MustCompile(`(?s)<ofd:PathObject .*?</ofd:PathObject>`).FindAllString(p.data, -1), "")
		}
	}
	for i := range parts {
		if parts[i].name == "Doc_0/Pages/Page_0/Content.xml" {
			if !strings.Contains(parts[i].data, reference) || strings.Count(parts[i].data, layer) != 1 {
				t.Fatalf("the page begins %.300s", parts[i].data)
			}
			parts[i].data = strings.Replace(strings.Replace(parts[i].data, reference, "", 1), layer, layer+border, 1)
		}
	}
	want, err := draw.Document(pack(t, parts...), draw.Limits{})
	must(t, err)
	if strings.Count(border, "<ofd:PathObject ") < 3 || !bytes.Equal(got.Pages[0].SVG, want.Pages[0].SVG) {
		t.Error("the border is drawn otherwise from a template")
	}
}

func BenchmarkLicense(b *testing.B) {
	file := sealed(b, unsealed(b, render.A4Landscape, registry.Electronic), render.A4Landscape, check.Picture{Type: "png", Data: impression(b)})
	for b.Loop() {
		if _, err := draw.Document(file, draw.Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}
