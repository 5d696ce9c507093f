package render

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/skip2/go-qrcode"

	"tongzheng/registry"
	"tongzheng/registry/sm"
	"tongzheng/signer/check"
)

// photoCodes is how many codes are photographed; the acceptance is 95 %.
const photoCodes = 200

// TestPhotographedCodes prints varied codes at 30 mm and 300 dpi and
// photographs them badly: 9 px/mm, blur, perspective up to 15°, a third of the
// light gone on one side, noise, JPEG 60. Seeds are fixed. zbarimg must read
// what was printed.
func TestPhotographedCodes(t *testing.T) {
	zbar, err := exec.LookPath("zbarimg")
	if err != nil {
		t.Fatal("install the Debian package zbar-tools: ", err)
	}
	dir := t.TempDir()
	read, modules := 0, 0
	for i := range photoCodes {
		random := rand.New(rand.NewPCG(20260101, uint64(i)))
		text := variedCode(t, random)
		code, err := qrcode.New(text, qrcode.Medium)
		if err != nil {
			t.Fatal(err)
		}
		code.DisableBorder = true
		bitmap := code.Bitmap()
		modules = max(modules, len(bitmap))
		name := filepath.Join(dir, fmt.Sprintf("%03d.jpg", i))
		if err := os.WriteFile(name, photograph(printed(bitmap), random), 0o600); err != nil {
			t.Fatal(err)
		}
		out, _ := exec.Command(zbar, "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", name).Output() // not found is counted
		if strings.TrimSpace(string(out)) == text {
			read++
		}
	}
	t.Logf("%d of %d codes read, up to %d modules", read, photoCodes, modules)
	if read*100 < photoCodes*95 {
		t.Errorf("%d of %d codes read: want 95 %%", read, photoCodes)
	}
	if modules > 65 {
		t.Errorf("%d modules: a code grew beyond 65", modules)
	}
}

// variedCode is a code as the signer writes it, with random content. The
// signature is random bytes: reading is what is tested.
func variedCode(t *testing.T, random *rand.Rand) string {
	t.Helper()
	const names = "兴国县于都赣州江南春风和顺源泰祥鑫宏利餐饮商贸服务有限责任公司食品经营部水务运输"
	var holder strings.Builder
	for range 4 + random.IntN(24) {
		holder.WriteRune([]rune(names)[random.IntN(40)])
	}
	const digits = "0123456789ABCDEFGHJKLMNPQRTUWXY"
	text := func(n int) string {
		var out strings.Builder
		for range n {
			out.WriteByte(digits[random.IntN(len(digits))])
		}
		return out.String()
	}
	id := registry.Identifier{Type: "11100000MB0143028R003", Issuer: "11360732DEM20018XP", Serial: "A1" + text(5+random.IntN(8)), Version: 1 + random.IntN(30)}
	from := registry.Date(20000 + random.IntN(2000))
	payload := check.QRPayload{Identifier: id, Printing: uint32(random.IntN(9)), Holder: holder.String(), Effective: from, Expires: from.AddYears(5) - 1,
		Blank: "JX" + text(8), List: uint32(random.IntN(200)), Index: uint32(random.IntN(registry.StatusListSize))}
	body, err := check.EncodeQR(payload)
	if err != nil {
		t.Fatal(err)
	}
	signature := make([]byte, sm.RawSignatureSize)
	var token registry.Token
	for i := range signature {
		signature[i] = byte(random.Uint32())
	}
	for i := range token {
		token[i] = byte(random.Uint32())
	}
	code, err := check.QRText("https://lic.example.gov.cn", token, body, signature)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// shade is a picture in linear values 0 (black) to 1.
type shade struct {
	w, h int
	v    []float64
}

func newShade(w, h int) *shade { return &shade{w, h, make([]float64, w*h)} }

// at samples between pixels; outside is white paper.
func (g *shade) at(x, y float64) float64 {
	x0, y0 := int(math.Floor(x)), int(math.Floor(y))
	fx, fy := x-float64(x0), y-float64(y0)
	pixel := func(x, y int) float64 {
		if x < 0 || y < 0 || x >= g.w || y >= g.h {
			return 1
		}
		return g.v[y*g.w+x]
	}
	return (pixel(x0, y0)*(1-fx)+pixel(x0+1, y0)*fx)*(1-fy) + (pixel(x0, y0+1)*(1-fx)+pixel(x0+1, y0+1)*fx)*fy
}

const (
	printDPI = 300
	codeMM   = 30.0
	photoPPM = 9.0 // pixels to the millimeter
	marginMM = 8.0
)

// printed sets the code at 30 mm on white paper: printer dots of 300 dpi, each
// module black where its middle falls.
func printed(bitmap [][]bool) *shade {
	size := int(math.Round(codeMM / 25.4 * printDPI))
	g := newShade(size, size)
	for y := range size {
		for x := range size {
			if !bitmap[y*len(bitmap)/size][x*len(bitmap)/size] {
				g.v[y*size+x] = 1
			}
		}
	}
	return g
}

// photograph looks at the paper from an angle and spoils what it sees.
func photograph(paper *shade, random *rand.Rand) []byte {
	side := int((codeMM + 2*marginMM) * photoPPM)
	photo := newShade(side, side)
	tilt := func() float64 { return (random.Float64()*2 - 1) * 15 * math.Pi / 180 }
	ax, ay, turn := tilt(), tilt(), (random.Float64()*2-1)*10*math.Pi/180
	lit := random.Float64() * 2 * math.Pi
	dots := printDPI / 25.4
	const distance = 150.0 // mm from the lens to the paper
	for y := range side {
		for x := range side {
			// The ray through this pixel meets the tilted paper.
			px, py := float64(x)/photoPPM-codeMM/2-marginMM, float64(y)/photoPPM-codeMM/2-marginMM
			depth := 1 / (1 - (px*math.Tan(ax)+py*math.Tan(ay))/distance)
			qx, qy := px*depth/math.Cos(ax), py*depth/math.Cos(ay)
			u, v := qx*math.Cos(turn)-qy*math.Sin(turn), qx*math.Sin(turn)+qy*math.Cos(turn)
			light := 1 - 0.3*(0.5+(px*math.Cos(lit)+py*math.Sin(lit))/(codeMM+2*marginMM))
			ink := paper.at((u+codeMM/2)*dots-0.5, (v+codeMM/2)*dots-0.5)
			photo.v[y*side+x] = (0.12 + 0.8*ink) * light
		}
	}
	photo = blurred(photo, 1)
	picture := image.NewGray(image.Rect(0, 0, side, side))
	for i, v := range photo.v {
		picture.Pix[i] = color.Gray{Y: uint8(math.Max(0, math.Min(255, 255*v+random.NormFloat64()*6)))}.Y
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, picture, &jpeg.Options{Quality: 60}); err != nil {
		panic(err) // into memory
	}
	return out.Bytes()
}

// blurred convolves with a Gaussian of sigma pixels, rows then columns.
func blurred(g *shade, sigma float64) *shade {
	const reach = 3
	var weights [2*reach + 1]float64
	sum := 0.0
	for i := range weights {
		d := float64(i - reach)
		weights[i] = math.Exp(-d * d / (2 * sigma * sigma))
		sum += weights[i]
	}
	pass := func(in *shade, dx, dy int) *shade {
		out := newShade(in.w, in.h)
		for y := range in.h {
			for x := range in.w {
				for i, w := range weights {
					xx := min(max(x+dx*(i-reach), 0), in.w-1)
					yy := min(max(y+dy*(i-reach), 0), in.h-1)
					out.v[y*in.w+x] += in.v[yy*in.w+xx] * w / sum
				}
			}
		}
		return out
	}
	return pass(pass(g, 1, 0), 0, 1)
}
