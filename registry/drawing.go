package registry

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"unicode"
)

// Drawing is a document as it is seen: a picture of each page and the text on
// it, both read from the document's own bytes (signer/draw).
type Drawing struct {
	Pages []DrawnPage `cbor:"1,keyasint"`
}

// DrawnPage is one page.
type DrawnPage struct {
	Width  float64 `cbor:"1,keyasint"` // mm
	Height float64 `cbor:"2,keyasint"` // mm
	// SVG is the picture, a file of its own: no script, no reference outside,
	// characters as outlines.
	SVG   []byte      `cbor:"3,keyasint"`
	Texts []DrawnText `cbor:"4,keyasint"` // in the order in which they are drawn
}

// DrawnText is the text of one text object: the characters that the file
// writes, and the glyphs that it draws for them.
type DrawnText struct {
	Text   string   `cbor:"1,keyasint"`
	Glyphs []uint16 `cbor:"2,keyasint"` // of the embedded font, one a character that draws something
	Font   string   `cbor:"3,keyasint"` // ID in the document
	X      float64  `cbor:"4,keyasint"` // of the first character's origin on the page, mm
	Y      float64  `cbor:"5,keyasint"`
	// Mapping says how glyphs and characters hang together.
	Mapping GlyphMapping `cbor:"6,keyasint"`
}

// GlyphMapping says whether the glyphs drawn for a text are those of its
// characters. Another glyph for a character lets a page show one thing and its
// text say another.
type GlyphMapping string

// Glyph mappings.
const (
	MappingOwn   GlyphMapping = "own"   // every glyph is the one that the font's cmap has for its character
	MappingOther GlyphMapping = "other" // the file names another glyph for a character
	MappingNone  GlyphMapping = "none"  // the font has no cmap that says
)

// Own tells whether every glyph of the drawing is that of its character: the
// error, CodeGlyphOther, names the first text where it is not. Documents drawn
// here are such.
func (d *Drawing) Own() error {
	for i := range d.Pages {
		for j, text := range d.Pages[i].Texts {
			if text.Mapping != MappingOwn {
				return Errorf(CodeGlyphOther, "file", "page %d, text %d: %s", i+1, j+1, text.Mapping)
			}
		}
	}
	return nil
}

// Text is all text of the drawing in the order in which it is drawn, without
// white space: a value that was wrapped, or whose rare characters come from
// another font, stands in it in one piece.
func (d *Drawing) Text() string {
	var b strings.Builder
	for i := range d.Pages {
		for _, text := range d.Pages[i].Texts {
			b.WriteString(unspaced(text.Text))
		}
	}
	return b.String()
}

// Says tells whether the drawing shows a value.
func (d *Drawing) Says(value string) bool { return strings.Contains(d.Text(), unspaced(value)) }

// pageGap is what lies between two pages of one picture, in mm.
const pageGap = 6

// Whole is the drawing as one SVG: its pages below one another.
func (d *Drawing) Whole() []byte {
	if len(d.Pages) == 1 {
		return d.Pages[0].SVG
	}
	var pages bytes.Buffer
	var width, height int64
	for i := range d.Pages {
		p := &d.Pages[i]
		w, h := int64(math.Round(p.Width*1000)), int64(math.Round(p.Height*1000))
		if i > 0 {
			height += pageGap * 1000
		}
		_, inner, _ := bytes.Cut(p.SVG, []byte(">"))
		fmt.Fprintf(&pages, `<svg y="%d" width="%d" height="%d" viewBox="0 0 %d %d" role="img">`, height, w, h, w, h)
		pages.Write(bytes.TrimSuffix(inner, []byte("\n")))
		width, height = max(width, w), height+h
	}
	return fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg" width="%gmm" height="%gmm" viewBox="0 0 %d %d" role="img"><title>文件共 %d 页 · %d pages</title>%s</svg>`+"\n",
		float64(width)/1000, float64(height)/1000, width, height, len(d.Pages), len(d.Pages), pages.Bytes())
}

// Missing names the fields of a content whose values the drawing does not show as
// licenses print them. It does not tell what a drawing shows besides.
func (d *Drawing) Missing(c Content) []string {
	text := d.Text()
	var missing []string
	for _, f := range c.Fields {
		value := f.Value
		switch f.Name {
		case "ZZYXQQSRQ", "ZZYXQJZRQ":
			value = c.Validity()
		case "ZZBFRQ":
			day, _ := ParseDate(value)
			value = day.Chinese()
		}
		if !f.Hidden && f.Value != "" && !strings.Contains(text, unspaced(value)) {
			missing = append(missing, f.Name)
		}
	}
	if !strings.Contains(text, unspaced(c.Title)) {
		missing = append(missing, "ZZMC")
	}
	return missing
}

func unspaced(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.IsControl(r) {
			return -1
		}
		return r
	}, s)
}
