package draw_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	drawing "image/draw"
	"image/png"
	"math"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/chromedp/chromedp"

	"tongzheng/api/browsertest"
	"tongzheng/registry"
	"tongzheng/signer/check"
	"tongzheng/signer/draw"
	"tongzheng/signer/render"
)

const (
	dpi = 150
	// apart is how far a pixel may lie, in one color of 255, from all that the
	// other picture has within one pixel around: edges are smoothed differently.
	apart = 64
	// most is the share of a page's pixels that may lie further: one in ten
	// thousand.
	most = 1e-4
	// mostHere is how many of them may lie in one square of 6 mm, the size of a
	// character: what is missing or another one stands out there.
	mostHere = 16
	square   = 36 // pixels
)

// TestBesidePaper compares the two renderers that a registry serves: the sealed
// electronic original in our SVG, as Chromium shows it, and the printed original
// with its seal in PDF, as poppler shows it, both A3 at 150 dpi, with a seal and
// a holder whose name has U+20BB7. Both are drawn from one plan: an original
// with the same code, no stock number and no printing number. They differ by
// design in one thing: on paper the ink of the text lies over the red of the
// seal, in a file the seal lies above all. Other papers must not pass: without
// the seal, with U+5409 for U+20BB7, or with one digit changed.
func TestBesidePaper(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	page := render.A3Landscape
	file := sealed(t, unsealed(t, page, registry.Original), page, check.Picture{Type: "png", Data: impression(t)})
	drawing, err := draw.Document(file, draw.Limits{})
	must(t, err)
	must(t, drawing.Own())
	if missing := drawing.Missing(license(t)); missing != nil {
		t.Errorf("the drawing misses %v", missing)
	}
	keep(t, "original.svg", drawing.Pages[0].SVG)
	shot := inChromium(t, &drawing.Pages[0])
	look(t, "chromium.png", shot)
	at := render.SealBoundary(page, 42, 42)
	for name, c := range map[string]struct {
		alter func(*render.PrintedSheet)
		same  bool
	}{
		"original":  {func(*render.PrintedSheet) {}, true},
		"unsealed":  {func(s *render.PrintedSheet) { s.Seal = nil }, false},
		"character": {func(s *render.PrintedSheet) { replace(&s.Content, "𠮷", "吉") }, false},
		"digit":     {func(s *render.PrintedSheet) { replace(&s.Content, "102室", "182室") }, false},
	} {
		sheet := render.PrintedSheet{Content: license(t), QRText: address, Page: page, Copy: registry.Original,
			Seal: &render.Impression{PNG: impression(t), Width: 42, Height: 42}, Demonstration: true}
		c.alter(&sheet)
		paper, err := renderer(t).Paper(sheet)
		must(t, err)
		path := keep(t, name+".pdf", paper)
		if a, b := letters(drawing.Text()), letters(copied(t, path)); c.same && a != b {
			t.Errorf("the characters of the drawing and of the paper differ:\n%s\n%s", a, b)
		}
		all, here, marked := difference(shot, inPoppler(t, path), at)
		look(t, name+"-difference.png", marked)
		share := float64(all) / float64(shot.Rect.Dx()*shot.Rect.Dy())
		t.Logf("%s: %v pixels, %d differ (%.6f), at most %d in one place", name, shot.Rect.Max, all, share, here)
		if (share < most && here < mostHere) != c.same {
			t.Errorf("%s: %.6f of the pixels differ, %d in one place", name, share, here)
		}
	}
}

func replace(c *registry.Content, old, new string) {
	for i := range c.Fields {
		c.Fields[i].Value = strings.ReplaceAll(c.Fields[i].Value, old, new)
	}
}

// letters are the characters of a text, sorted: pages are copied in different
// orders.
func letters(text string) string {
	list := []rune(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.IsControl(r) {
			return -1
		}
		return r
	}, text))
	slices.Sort(list)
	return string(list)
}

func copied(t *testing.T, path string) string {
	t.Helper()
	out, err := exec.Command("pdftotext", path, "-").Output()
	must(t, err)
	return string(out)
}

// inChromium shows a page's SVG as a picture in a page, as the site does.
func inChromium(t *testing.T, page *registry.DrawnPage) *image.NRGBA {
	t.Helper()
	tab := browsertest.Open(t)
	w, h := pixels(page.Width), pixels(page.Height)
	html := fmt.Sprintf(`<!doctype html><meta charset="utf-8"><style>body{margin:0}img{display:block}</style><img style="width:%.4fpx;height:%.4fpx" src="data:image/svg+xml;base64,%s">`,
		page.Width/25.4*dpi, page.Height/25.4*dpi, base64.StdEncoding.EncodeToString(page.SVG))
	path := keep(t, "shown.html", []byte(html))
	tab.Do(chromedp.EmulateViewport(int64(w), int64(h)))
	tab.Go("file://" + path)
	if got := tab.Value(`document.images[0].decode().then(() => String(document.images[0].naturalWidth))`); got == "0" {
		t.Fatal("Chromium shows nothing")
	}
	raw, err := chromedp.Run(tab.Ctx, chromedp.FullScreenshot(100))
	must(t, err)
	return decoded(t, raw)
}

func pixels(mm float64) int { return int(math.Ceil(mm / 25.4 * dpi)) }

func inPoppler(t *testing.T, path string) *image.NRGBA {
	t.Helper()
	out := strings.TrimSuffix(path, ".pdf")
	if said, err := exec.Command("pdftoppm", "-r", fmt.Sprint(dpi), "-png", "-singlefile", path, out).CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, said)
	}
	raw, err := os.ReadFile(out + ".png")
	must(t, err)
	return decoded(t, raw)
}

func decoded(t *testing.T, raw []byte) *image.NRGBA {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(raw))
	must(t, err)
	out := image.NewNRGBA(image.Rect(0, 0, img.Bounds().Dx(), img.Bounds().Dy()))
	drawing.Draw(out, out.Rect, img, img.Bounds().Min, drawing.Src)
	return out
}

// look keeps a picture for a person, when asked to.
func look(t *testing.T, name string, img image.Image) {
	t.Helper()
	if os.Getenv("DRAW_KEEP") == "" {
		return
	}
	var b bytes.Buffer
	must(t, png.Encode(&b, img))
	keep(t, name, b.Bytes())
}

// difference counts the pixels of either picture that the other does not have
// within one pixel around: in all, and most of them in one square. Where the
// seal stands (at), red says nothing: text over the seal and the seal over text
// are the same.
func difference(a, b *image.NRGBA, at render.Box) (all, here int, marked *image.NRGBA) {
	w, h := min(a.Rect.Dx(), b.Rect.Dx()), min(a.Rect.Dy(), b.Rect.Dy())
	marked = image.NewNRGBA(image.Rect(0, 0, w, h))
	seal := image.Rect(pixels(at.X), pixels(at.Y), pixels(at.X+at.Width), pixels(at.Y+at.Height))
	squares := map[image.Point]int{}
	for y := range h {
		for x := range w {
			if i := a.PixOffset(x, y); [3]byte(a.Pix[i:i+3]) == [3]byte(b.Pix[b.PixOffset(x, y):][:3]) {
				marked.SetNRGBA(x, y, color.NRGBA{255, 255, 255, 255})
				continue
			}
			under := image.Pt(x, y).In(seal)
			if found(a, b, x, y, under) && found(b, a, x, y, under) {
				marked.SetNRGBA(x, y, color.NRGBA{255, 255, 255, 255})
				continue
			}
			marked.SetNRGBA(x, y, color.NRGBA{0, 0, 0, 255})
			all++
			for _, shift := range []image.Point{{0, 0}, {square / 2, 0}, {0, square / 2}, {square / 2, square / 2}} {
				p := image.Pt((x+shift.X)/square*2-shift.X*2/square, (y+shift.Y)/square*2-shift.Y*2/square)
				squares[p]++
				here = max(here, squares[p])
			}
		}
	}
	return all, here, marked
}

// found tells whether a pixel of one picture lies between what the other has
// within one pixel around, some ink aside.
func found(in, of *image.NRGBA, x, y int, under bool) bool {
	want := of.Pix[of.PixOffset(x, y):][:3]
	low, high := [3]int{255, 255, 255}, [3]int{}
	for at := max(0, y-1); at <= min(y+1, in.Rect.Max.Y-1); at++ {
		from, to := in.PixOffset(max(0, x-1), at), in.PixOffset(min(x+1, in.Rect.Max.X-1), at)
		for ; from <= to; from += 4 {
			for i, v := range in.Pix[from : from+3] {
				low[i], high[i] = min(low[i], int(v)), max(high[i], int(v))
			}
		}
	}
	for i, v := range want {
		// Under the seal red says nothing: green and blue say where ink is.
		if (i > 0 || !under) && (int(v) < low[i]-apart || int(v) > high[i]+apart) {
			return false
		}
	}
	return true
}
