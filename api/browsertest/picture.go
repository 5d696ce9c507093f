package browsertest

import (
	"bytes"
	"cmp"
	"image"
	"image/color"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/chromedp/chromedp"
)

// Picture keeps a picture of the whole page, in few colors, where
// TONGZHENG_PICTURES says: for docs and eyes.
func (b *Tab) Picture(name string) { b.T.Helper(); b.keep(name, 1<<20) }

// Glance keeps a picture of the page's first 1,100 CSS pixels on a phone.
func (b *Tab) Glance(name string) { b.T.Helper(); b.keep(name, 2*1100) }

func (b *Tab) keep(name string, most int) {
	b.T.Helper()
	dir := os.Getenv("TONGZHENG_PICTURES")
	if dir == "" {
		return
	}
	raw, err := chromedp.Run(b.Ctx, chromedp.FullScreenshot(100))
	if err == nil {
		raw, err = compact(raw, most)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), raw, 0o644)
	}
	if err != nil {
		b.T.Error(name, err)
	}
}

// shades is how many colors a picture keeps.
const shades = 48

// compact writes a picture's upper part in the colors it uses most.
func compact(raw []byte, most int) ([]byte, error) {
	full, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	counts, at := map[color.RGBA]int{}, full.Bounds()
	at.Max.Y = min(at.Max.Y, at.Min.Y+most)
	for y := at.Min.Y; y < at.Max.Y; y++ {
		for x := at.Min.X; x < at.Max.X; x++ {
			counts[plain(full.At(x, y))]++
		}
	}
	frequent := slices.SortedFunc(maps.Keys(counts), func(a, b color.RGBA) int { return cmp.Compare(counts[b], counts[a]) })
	var used color.Palette
	for _, c := range frequent[:min(shades, len(frequent))] {
		used = append(used, c)
	}
	nearest := map[color.RGBA]uint8{}
	for c := range counts {
		nearest[c] = uint8(used.Index(c))
	}
	few := image.NewPaletted(at, used)
	for y := at.Min.Y; y < at.Max.Y; y++ {
		for x := at.Min.X; x < at.Max.X; x++ {
			few.SetColorIndex(x, y, nearest[plain(full.At(x, y))])
		}
	}
	var out bytes.Buffer
	err = (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, few)
	return out.Bytes(), err
}

func plain(c color.Color) color.RGBA { return color.RGBAModel.Convert(c).(color.RGBA) }
