package registry

import (
	"encoding/xml"
	"strings"
	"testing"
)

// TestWholeDrawing: pages of different sizes become one picture, below one
// another; one page stays as it is.
func TestWholeDrawing(t *testing.T) {
	page := func(w, h float64, ink string) DrawnPage {
		return DrawnPage{Width: w, Height: h, SVG: []byte(`<svg xmlns="http://www.w3.org/2000/svg" width="1mm"><title>t</title>` + ink + "</svg>\n")}
	}
	one := Drawing{Pages: []DrawnPage{page(210, 297, "<path/>")}}
	if string(one.Whole()) != string(one.Pages[0].SVG) {
		t.Errorf("%s", one.Whole())
	}
	two := Drawing{Pages: []DrawnPage{page(210, 297, "<path/>"), page(297, 210, "<g/>")}}
	got := string(two.Whole())
	want := `<svg xmlns="http://www.w3.org/2000/svg" width="297mm" height="513mm" viewBox="0 0 297000 513000" role="img"><title>文件共 2 页 · 2 pages</title>` +
		`<svg y="0" width="210000" height="297000" viewBox="0 0 210000 297000" role="img"><title>t</title><path/></svg>` +
		`<svg y="303000" width="297000" height="210000" viewBox="0 0 297000 210000" role="img"><title>t</title><g/></svg></svg>` + "\n"
	if got != want {
		t.Errorf("%s", got)
	}
	if err := xml.Unmarshal([]byte(got), &struct{ XMLName xml.Name }{}); err != nil {
		t.Error(err)
	}
}

// TestDrawnText: what is wrapped or parted by fonts is found in one piece, and
// every glyph must be its character's.
func TestDrawnText(t *testing.T) {
	d := Drawing{Pages: []DrawnPage{{Texts: []DrawnText{{Text: "兴国县", Mapping: MappingOwn}, {Text: "𠮷", Mapping: MappingOwn}, {Text: "祥 饭\n店", Mapping: MappingOwn}}}}}
	if !d.Says("兴国县𠮷祥饭店") || !d.Says("祥饭 店") || d.Says("吉祥") || d.Own() != nil {
		t.Error(d.Text(), d.Own())
	}
	for _, other := range []GlyphMapping{MappingOther, MappingNone, ""} {
		d.Pages[0].Texts[1].Mapping = other
		if err := d.Own(); CodeOf(err) != CodeGlyphOther || !strings.Contains(err.Error(), "page 1, text 2") {
			t.Error(err)
		}
	}
}
