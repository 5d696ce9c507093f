package draw_test

import (
	"errors"
	"strings"
	"testing"

	"tongzheng/registry"
	"tongzheng/signer/draw"
	"tongzheng/signer/render"
)

// tight are limits under which one input costs little.
var tight = draw.Limits{Objects: 300, Glyphs: 500, Points: 20000, Pixels: 1 << 20, Bytes: 1 << 20}

// hold draws what a stranger sent: it ends, it is coded when refused, and what
// comes out is well-formed and does nothing.
func hold(t *testing.T, pkg []byte) {
	t.Helper()
	drawing, err := draw.Document(pkg, tight)
	if err != nil {
		var coded *registry.Error
		if !errors.As(err, &coded) || coded.Code.Kind() == registry.KindInternal {
			t.Fatalf("no code: %v", err)
		}
		return
	}
	for _, page := range drawing.Pages {
		inert(t, page.SVG)
	}
}

// FuzzPackage changes bytes of whole packages.
func FuzzPackage(f *testing.F) {
	f.Add(made{content: path("", "M 1 2 L 3 4")}.of(f))
	for _, name := range []string{"v4signed.ofd", "SESV4SignDoc.ofd"} {
		f.Add(sample(f, name))
	}
	f.Fuzz(hold)
}

// FuzzParts changes what stands in a package: the XML of page and resources, the
// font, a picture.
func FuzzParts(f *testing.F) {
	parts := unpack(f, unsealed(f, render.A4Landscape, registry.Electronic))
	small := ""
	for _, p := range parts {
		if strings.HasSuffix(p.name, ".ttf") && (small == "" || len(p.data) < len(small)) {
			small = p.data
		}
	}
	object := `<ofd:ImageObject Boundary="0 0 9 9" CTM="9 0 0 9 0 0" ResourceID="50"/>`
	f.Add(`ID="50" Type="Image"`, object+path(`DrawParam="1"`, "M 1 1 A 2 3 4 0 1 5 6 B 1 2 3 4 5 6 Q 1 2 3 4 C"), []byte(small), impression(f))
	f.Add(`ID="50" Type="Image"`, text("", `<ofd:CGTransform CodePosition="0" CodeCount="2"><ofd:Glyphs>2 3</ofd:Glyphs></ofd:CGTransform><ofd:TextCode X="1" Y="5" DeltaX="g 3 5" DeltaY="1">食品经</ofd:TextCode>`), []byte(without(small, "cmap", "post")), []byte("GIF89a"))
	f.Add(`ID="50" Type="Image"`, `<ofd:PageBlock>`+object+`</ofd:PageBlock>`, []byte(small), []byte{0xff, 0xd8, 0xff, 0xda})
	f.Fuzz(func(t *testing.T, media, content string, font, picture []byte) {
		m := made{resources: `<ofd:MultiMedias><ofd:MultiMedia ` + media + `><ofd:MediaFile>p</ofd:MediaFile></ofd:MultiMedia></ofd:MultiMedias>`,
			content: content, more: []part{{"Doc_0/Res/p", string(picture)}}}
		hold(t, m.with(t, string(font)))
	})
}
