package render

import (
	"bytes"
	"image"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"

	"tongzheng/registry"
)

func TestAbsentFontNamesThePackage(t *testing.T) {
	_, err := LoadFonts(FontFiles{Regular: "/nonexistent.ttf"})
	if err == nil || !strings.Contains(err.Error(), "apt-get install "+FontPackage) {
		t.Fatalf("got %v", err)
	}
}

func TestMissing(t *testing.T) {
	fonts := renderer(t).Fonts()
	if m := fonts.Missing("兴国县𠮷祥饭店 ABC（演示）０１２·、"); len(m) != 0 {
		t.Fatalf("missing %q", m)
	}
	if m := fonts.Missing("a\u0378b\U000F0000\u0378"); len(m) != 2 || m[0] != 0x378 || m[1] != 0xF0000 {
		t.Fatalf("missing %U", m)
	}
	c := foodLicense(t)
	c.Fields[3].Value += "\U000F0000"
	err := fonts.Check(c)
	if registry.CodeOf(err) != registry.CodeGlyph || !strings.Contains(err.Error(), "U+F0000") || !strings.Contains(err.Error(), "CZZT") {
		t.Fatalf("got %v", err)
	}
}

// TestSubsetKeepsOutlines reads original and subset with another parser: every
// character must have the same outline and, but for the extra, the same width.
func TestSubsetKeepsOutlines(t *testing.T) {
	t.Parallel()
	fonts := renderer(t).Fonts()
	const extra = 120
	for _, f := range []*font{fonts.regular, fonts.bold} {
		chars := []rune("食品经营许可证兴国县𠮷祥饭店（演示）JY0123456789éÄǖ，。；No. ")
		chars = append(chars, composites(f, 20)...)
		data, err := f.subset(chars, extra, false)
		if err != nil {
			t.Fatal(err)
		}
		original, err := sfnt.Parse(f.raw)
		if err != nil {
			t.Fatal(err)
		}
		small, err := sfnt.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range chars {
			want, got := inkOf(t, original, c), inkOf(t, small, c)
			if worst := inkDifference(want, got); worst > 0 {
				t.Errorf("%c: a dot differs by %d of 255", c, worst)
			}
			if advanceOf(t, small, c, f.unitsPerEm)-advanceOf(t, original, c, f.unitsPerEm) != fixed.I(extra) {
				t.Fatalf("%c: wrong width", c)
			}
		}
		again, err := f.subset(chars, extra, false)
		if err != nil || !bytes.Equal(again, data) {
			t.Fatal("the subset is not deterministic")
		}
	}
}

// composites finds characters whose glyphs are made of others.
func composites(f *font, n int) []rune {
	var out []rune
	for _, g := range f.groups {
		for r := g.first; r <= g.last && len(out) < n; r++ {
			if glyph, ok := f.glyph(r); ok && len(f.outline(glyph)) > 2 && f.outline(glyph)[0] >= 0x80 {
				out = append(out, r)
			}
		}
	}
	return out
}

// inkOf draws a character 117 pixels high: 600 dpi in a license's type.
func inkOf(t *testing.T, f *sfnt.Font, c rune) *image.Alpha {
	t.Helper()
	var b sfnt.Buffer
	index, err := f.GlyphIndex(&b, c)
	if err != nil || index == 0 {
		t.Fatalf("%c: glyph %d, %v", c, index, err)
	}
	segments, err := f.LoadGlyph(&b, index, fixed.I(117), nil)
	if err != nil {
		t.Fatalf("%c: %v", c, err)
	}
	r := vector.NewRasterizer(160, 160)
	at := func(p fixed.Point26_6) (float32, float32) { return float32(p.X)/64 + 20, float32(p.Y)/64 + 120 }
	for _, s := range segments {
		x, y := at(s.Args[0])
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			r.ClosePath()
			r.MoveTo(x, y)
		case sfnt.SegmentOpLineTo:
			r.LineTo(x, y)
		case sfnt.SegmentOpQuadTo:
			ex, ey := at(s.Args[1])
			r.QuadTo(x, y, ex, ey)
		}
	}
	r.ClosePath()
	img := image.NewAlpha(image.Rect(0, 0, 160, 160))
	r.Draw(img, img.Bounds(), image.Opaque, image.Point{})
	return img
}

// inkDifference is the greatest difference of one dot.
func inkDifference(a, b *image.Alpha) int {
	worst := 0
	for i := range a.Pix {
		d := int(a.Pix[i]) - int(b.Pix[i])
		worst = max(worst, d, -d)
	}
	return worst
}

func advanceOf(t *testing.T, f *sfnt.Font, c rune, em int) fixed.Int26_6 {
	t.Helper()
	var b sfnt.Buffer
	index, _ := f.GlyphIndex(&b, c)
	advance, err := f.GlyphAdvance(&b, index, fixed.I(em), 0)
	if err != nil {
		t.Fatal(err)
	}
	return advance
}

// TestSubsetByFontTools has an independent reader decompile every table.
func TestSubsetByFontTools(t *testing.T) {
	python := "/usr/bin/python3" // Debian's, which sees python3-fonttools
	if err := exec.Command(python, "-c", "import fontTools").Run(); err != nil {
		t.Skip("fontTools is not installed (apt-get install python3-fonttools)")
	}
	fonts := renderer(t).Fonts()
	data, err := fonts.regular.subset(append([]rune("兴国县𠮷祥饭店AB"), composites(fonts.regular, 5)...), 0, false)
	if err != nil {
		t.Fatal(err)
	}
	script := `
import sys
from fontTools.ttLib import TTFont
f = TTFont(sys.argv[1], checkChecksums=2)
for tag in f.keys(): f[tag]
best = f.getBestCmap()
assert 0x20bb7 in best and ord('店') in best, best
assert all(f['glyf'][n].numberOfContours != 0 for n in best.values())
for n in f.getGlyphOrder(): f['glyf'][n].getCoordinates(f['glyf'])
`
	out, err := exec.Command(python, "-W", "error", "-c", script, keep(t, "subset.ttf", data)).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// TestFallback draws a character that only a fallback font has.
func TestFallback(t *testing.T) {
	files := DefaultFonts()
	if _, err := os.Stat(files.Fallbacks[0]); err != nil {
		t.Skipf("no fallback font is installed (apt-get install %s)", FallbackPackage)
	}
	fonts := renderer(t).Fonts()
	const rare = "\U0002A6D6" // last of extension B
	if f := fonts.pick(regular, []rune(rare)[0]); f == nil || f == fonts.regular {
		t.Fatal("expected a fallback font")
	}
	s := foodSheet(t, A4Landscape, registry.Original)
	s.Content.Fields[3].Value = "示范" + rare + "店"
	if _, err := renderer(t).Paper(s); err != nil {
		t.Fatal(err)
	}
	if _, err := renderer(t).OFD(Document{Content: s.Content}); err != nil {
		t.Fatal(err)
	}
}

func TestBrokenFonts(t *testing.T) {
	raw := renderer(t).Fonts().regular.raw
	for _, data := range [][]byte{nil, raw[:4], raw[:100], raw[:5000], []byte("OTTO1234567890")} {
		if _, err := parseFont("broken", data); err == nil {
			t.Errorf("%d bytes: accepted", len(data))
		}
	}
}
