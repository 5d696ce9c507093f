package codes_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/skip2/go-qrcode"
	"golang.org/x/image/bmp"
	xdraw "golang.org/x/image/draw"
	"golang.org/x/image/math/f64"

	"tongzheng/api/codes"
	"tongzheng/registry"
	"tongzheng/soaktest"
)

// found is a code as the table expects it: the beginning of its token, and its
// place, give or take a few hundredths.
type found struct {
	token           string
	page, left, top int
}

// TestReported: files that people handed in, with every code in its place.
func TestReported(t *testing.T) {
	t.Parallel()
	reader := codes.NewReader(codes.Limits{Time: codes.Machine.Time})
	for name, want := range map[string][]found{
		"q-two.png":    {{"K7IHJQIP", 1, 6, 78}, {"64GAWYFL", 1, 71, 78}},
		"q-both.pdf":   {{"K7IHJQIP", 1, 10, 78}, {"64GAWYFL", 2, 14, 78}},
		"q-cover2.pdf": {{"K7IHJQIP", 2, 10, 78}},
	} {
		raw, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		got, err := reader.Read(t.Context(), raw)
		if err != nil || len(got) != len(want) {
			t.Errorf("%s: %d codes, want %d (%v)", name, len(got), len(want), err)
			continue
		}
		for i, c := range got {
			w := want[i]
			if !strings.Contains(c.Text, "/v/"+w.token) || !c.Ours() || c.Place.Page != w.page || !near(c.Place.Left, w.left) || !near(c.Place.Top, w.top) {
				t.Errorf("%s: %+v, want %+v", name, c, w)
			}
		}
	}
}

func near(a, b int) bool { return a-b <= 3 && b-a <= 3 }

const prefix = "https://lic.example.gov.cn/v/"

// ours is the text of a code as long as those on sheets.
func ours(n int) string {
	token := registry.Token{byte(n), 7}
	return prefix + token.String() + "#" + strings.Repeat("VIAQCASYEAAACOPX36VBB7RWUQ3FRDDA", 8)
}

// codeOf draws a code, so many pixels to the module, on white paper.
func codeOf(t *testing.T, text string, pixels int) image.Image {
	t.Helper()
	code, err := qrcode.New(text, qrcode.Medium)
	if err != nil {
		t.Fatal(err)
	}
	return code.Image(-pixels)
}

// sheet lays pictures on a page, each with its upper left corner at a place.
func sheet(w, h int, at map[image.Point]image.Image) *image.Gray {
	page := image.NewGray(image.Rect(0, 0, w, h))
	draw.Draw(page, page.Bounds(), image.White, image.Point{}, draw.Src)
	for p, picture := range at {
		draw.Draw(page, picture.Bounds().Add(p), picture, image.Point{}, draw.Src)
	}
	return page
}

// turned looks at a picture turned by degrees, on a page of gray.
func turned(picture image.Image, degrees float64) *image.Gray {
	side := float64(max(picture.Bounds().Dx(), picture.Bounds().Dy()))
	page := image.NewGray(image.Rect(0, 0, int(side*1.6), int(side*1.6)))
	draw.Draw(page, page.Bounds(), image.NewUniform(color.Gray{Y: 200}), image.Point{}, draw.Src)
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	x, y := float64(picture.Bounds().Dx())/2, float64(picture.Bounds().Dy())/2
	middle := side * 0.8
	xdraw.BiLinear.Transform(page, f64.Aff3{cos, -sin, middle - cos*x + sin*y, sin, cos, middle - sin*x - cos*y}, picture, picture.Bounds(), draw.Over, nil)
	return page
}

func inverted(g *image.Gray) *image.Gray {
	out := image.NewGray(g.Bounds())
	for i, v := range g.Pix {
		out.Pix[i] = 255 - v
	}
	return out
}

func scaled(picture image.Image, factor float64) image.Image {
	b := picture.Bounds()
	out := image.NewGray(image.Rect(0, 0, int(float64(b.Dx())*factor), int(float64(b.Dy())*factor)))
	xdraw.BiLinear.Scale(out, out.Bounds(), picture, b, draw.Src, nil)
	return out
}

// narrowed keeps the height.
func narrowed(picture image.Image, factor float64) image.Image {
	b := picture.Bounds()
	out := image.NewGray(image.Rect(0, 0, int(float64(b.Dx())*factor), b.Dy()))
	xdraw.BiLinear.Scale(out, out.Bounds(), picture, b, draw.Src, nil)
	return out
}

func pngOf(t *testing.T, picture image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, picture); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestHowCodesLie: turned, inverted, small, large and several in one picture.
func TestHowCodesLie(t *testing.T) {
	t.Parallel()
	one := sheet(900, 900, map[image.Point]image.Image{{X: 300, Y: 300}: codeOf(t, ours(1), 4)})
	pictures := map[string]image.Image{
		"as it is": one, "inverted": inverted(one), "in one corner of a large photograph": sheet(4200, 3200, map[image.Point]image.Image{{X: 3700, Y: 2800}: codeOf(t, ours(1), 4)}),
		"two pixels to the module": codeOf(t, ours(1), 2), "one pixel to the module": codeOf(t, ours(1), 1), "thirty pixels to the module": codeOf(t, ours(1), 30),
		"1.4 pixels to the module": scaled(codeOf(t, ours(1), 8), 1.4/8), "inverted, small": scaled(inverted(one), 0.5), "turned and inverted": inverted(turned(one, 30)),
		"squeezed by two thirds": narrowed(one, 0.65), "squeezed by half": narrowed(one, 0.5), "a little from the side": narrowed(one, 0.85),
	}
	turns := soaktest.Count(5, 72)
	for i := range turns {
		degrees := 15 + 360*i/turns
		pictures[fmt.Sprintf("turned by %d°", degrees)] = turned(one, float64(degrees))
	}
	reader := codes.NewReader(codes.Limits{Time: codes.Machine.Time})
	for name, picture := range pictures {
		got, err := reader.Read(t.Context(), pngOf(t, picture))
		if err != nil || len(got) != 1 || got[0].Text != ours(1) {
			t.Errorf("%s: %v %v", name, got, err)
		}
	}
}

// TestSeveral: every code of a picture is found once, with its place, foreign
// ones too, whichever way each lies.
func TestSeveral(t *testing.T) {
	t.Parallel()
	reader := codes.NewReader(codes.Limits{Time: codes.Machine.Time})
	at := map[image.Point]image.Image{}
	for i := range 4 {
		at[image.Pt(100+1300*(i%2), 100+1300*(i/2))] = codeOf(t, ours(i), 4)
	}
	at[image.Pt(750, 750)] = inverted(sheet(300, 300, map[image.Point]image.Image{{X: 30, Y: 30}: codeOf(t, "HTTPS://PAY.EXAMPLE/secret?holder=1", 6)}))
	got, err := reader.Read(t.Context(), pngOf(t, sheet(1800, 1800, at)))
	if err != nil || len(got) != 5 {
		t.Fatalf("%d codes (%v): %+v", len(got), err, got)
	}
	for i, want := range []struct{ text, place string }{{ours(0), "左上"}, {ours(1), "右上"}, {"HTTPS", "中部"}, {ours(2), "左下"}, {ours(3), "右下"}} {
		if !strings.HasPrefix(got[i].Text, want.text) || got[i].Place.Chinese() != want.place || got[i].Place.Page != 1 || got[i].Ours() != (i != 2) {
			t.Errorf("%d: %+v %s, want %+v", i, got[i], got[i].Place.Chinese(), want)
		}
	}
	if host := got[2].Host(); !strings.EqualFold(host, "pay.example") {
		t.Errorf("the foreign code leads to %q", host)
	}
	mixed := sheet(1800, 900, map[image.Point]image.Image{{X: 100, Y: 100}: codeOf(t, ours(0), 4), {X: 1000, Y: 100}: narrowed(codeOf(t, ours(1), 5), 0.75)})
	if got, err = reader.Read(t.Context(), pngOf(t, mixed)); err != nil || len(got) != 2 {
		t.Errorf("one straight, one squeezed: %+v %v", got, err)
	}
	twice := codeOf(t, ours(1), 4)
	if got, err = reader.Read(t.Context(), pngOf(t, sheet(1800, 900, map[image.Point]image.Image{{X: 100, Y: 100}: twice, {X: 1000, Y: 100}: twice}))); err != nil || len(got) != 2 {
		t.Errorf("one code in two places: %+v %v", got, err)
	}
	clear(at)
	for i := range 30 {
		at[image.Pt(20+300*(i%6), 20+300*(i/6))] = codeOf(t, prefix+registry.Token{byte(i)}.String(), 6)
	}
	if got, err = codes.NewReader(codes.Limits{Codes: 30, Time: codes.Machine.Time}).Read(t.Context(), pngOf(t, sheet(1800, 1800, at))); err != nil || len(got) != 30 {
		t.Errorf("%d of 30 codes: %v", len(got), err)
	}
	if _, err := codes.NewReader(codes.Limits{Codes: 4, Time: codes.Machine.Time}).Read(t.Context(), pngOf(t, sheet(1800, 1800, at))); registry.CodeOf(err) != registry.CodeTooLarge {
		t.Errorf("more codes than the limit: %v", err)
	}
}

// TestFormats: the forms in which phones, screens and offices keep pictures.
func TestFormats(t *testing.T) {
	t.Parallel()
	page := sheet(700, 700, map[image.Point]image.Image{{X: 60, Y: 60}: codeOf(t, ours(1), 5)})
	clear := image.NewNRGBA(page.Bounds()) // black modules on nothing
	paletted := image.NewPaletted(page.Bounds(), color.Palette{color.Black, color.White})
	deep := image.NewRGBA64(page.Bounds())
	for i, v := range page.Pix {
		x, y := i%page.Stride, i/page.Stride
		if v == 0 {
			clear.SetNRGBA(x, y, color.NRGBA{A: 255})
		}
		paletted.Set(x, y, page.GrayAt(x, y))
		deep.Set(x, y, page.GrayAt(x, y))
	}
	files := map[string][]byte{"transparent": pngOf(t, clear), "paletted": pngOf(t, paletted), "16 bits": pngOf(t, deep), "gray": pngOf(t, page)}
	for name, encode := range map[string]func(*bytes.Buffer) error{
		"JPEG of 30":   func(w *bytes.Buffer) error { return jpeg.Encode(w, page, &jpeg.Options{Quality: 30}) },
		"colored JPEG": func(w *bytes.Buffer) error { return jpeg.Encode(w, deep, nil) },
		"GIF":          func(w *bytes.Buffer) error { return gif.Encode(w, page, nil) },
		"BMP":          func(w *bytes.Buffer) error { return bmp.Encode(w, page) },
	} {
		var out bytes.Buffer
		if err := encode(&out); err != nil {
			t.Fatal(err)
		}
		files[name] = out.Bytes()
	}
	reader := codes.NewReader(codes.Limits{Time: codes.Machine.Time})
	for name, file := range files {
		if got, err := reader.Read(t.Context(), file); err != nil || len(got) != 1 || got[0].Text != ours(1) {
			t.Errorf("%s: %v %v", name, got, err)
		}
	}
}
