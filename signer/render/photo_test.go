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
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/skip2/go-qrcode"

	"tongzheng/registry"
	"tongzheng/registry/sm"
	"tongzheng/signer/check"
	"tongzheng/soaktest"
)

// mostModules may stand on a side of a code.
const mostModules = 65

// TestPhotographedCodes prints sixty varied codes, a thousand with
// TONGZHENG_EXHAUSTIVE, at 30 mm and 300 dpi and photographs them badly: 9
// px/mm, blur, perspective up to 15°, a third of the light gone on one side,
// noise, JPEG 60. Seeds are fixed. zbarimg must read 95 in a hundred.
func TestPhotographedCodes(t *testing.T) {
	t.Parallel()
	zbar, err := exec.LookPath("zbarimg")
	if err != nil {
		t.Fatal("install the Debian package zbar-tools: ", err)
	}
	dir, codes := t.TempDir(), soaktest.Count(60, 1000)
	var read atomic.Int64
	next := make(chan uint64)
	var photographers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		photographers.Go(func() {
			for seed := range next {
				ok, err := photographed(zbar, filepath.Join(dir, fmt.Sprintf("%03d.jpg", seed)), seed)
				if err != nil {
					t.Errorf("code %d: %v", seed, err)
				} else if ok {
					read.Add(1)
				}
			}
		})
	}
	for seed := range codes {
		next <- uint64(seed)
	}
	close(next)
	photographers.Wait()
	t.Logf("%d of %d codes read", read.Load(), codes)
	if read.Load()*100 < int64(codes)*95 {
		t.Errorf("%d of %d codes read: want 95 %%", read.Load(), codes)
	}
}

// photographed tells whether a photograph of a code, kept under a name, is read.
func photographed(zbar, name string, seed uint64) (bool, error) {
	random := rand.New(rand.NewPCG(20260101, seed))
	text, err := variedCode(random)
	if err != nil {
		return false, err
	}
	code, err := qrcode.New(text, qrcode.Medium)
	if err != nil {
		return false, err
	}
	code.DisableBorder = true
	bitmap := code.Bitmap()
	if len(bitmap) > mostModules {
		return false, fmt.Errorf("%d modules: a code grew beyond %d", len(bitmap), mostModules)
	}
	photo, err := photograph(printed(bitmap), random)
	if err != nil {
		return false, err
	}
	if err := os.WriteFile(name, photo, 0o600); err != nil {
		return false, err
	}
	out, _ := exec.Command(zbar, "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", name).Output() // not found is counted
	return strings.TrimSpace(string(out)) == text, nil
}

// variedCode is a code as the signer writes it, with random content. The
// signature is random bytes: reading is what is tested.
func variedCode(random *rand.Rand) (string, error) {
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
		return "", err
	}
	signature := make([]byte, sm.RawSignatureSize)
	var token registry.Token
	for i := range signature {
		signature[i] = byte(random.Uint32())
	}
	for i := range token {
		token[i] = byte(random.Uint32())
	}
	return check.QRText("https://lic.example.gov.cn", token, body, signature)
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
	if x0 < -1 || y0 < -1 || x0 >= g.w || y0 >= g.h {
		return 1
	}
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
func photograph(paper *shade, random *rand.Rand) ([]byte, error) {
	side := int((codeMM + 2*marginMM) * photoPPM)
	photo := newShade(side, side)
	tilt := func() float64 { return (random.Float64()*2 - 1) * 15 * math.Pi / 180 }
	ax, ay, turn := tilt(), tilt(), (random.Float64()*2-1)*10*math.Pi/180
	lit := random.Float64() * 2 * math.Pi
	dots := printDPI / 25.4
	const distance = 150.0 // mm from the lens to the paper
	tanX, tanY, cosX, cosY := math.Tan(ax), math.Tan(ay), math.Cos(ax), math.Cos(ay)
	cosTurn, sinTurn, cosLit, sinLit := math.Cos(turn), math.Sin(turn), math.Cos(lit), math.Sin(lit)
	for y := range side {
		for x := range side {
			// The ray through this pixel meets the tilted paper.
			px, py := float64(x)/photoPPM-codeMM/2-marginMM, float64(y)/photoPPM-codeMM/2-marginMM
			depth := 1 / (1 - (px*tanX+py*tanY)/distance)
			qx, qy := px*depth/cosX, py*depth/cosY
			u, v := qx*cosTurn-qy*sinTurn, qx*sinTurn+qy*cosTurn
			light := 1 - 0.3*(0.5+(px*cosLit+py*sinLit)/(codeMM+2*marginMM))
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
	err := jpeg.Encode(&out, picture, &jpeg.Options{Quality: 60})
	return out.Bytes(), err
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
				light := 0.0
				for i, w := range weights[:] {
					xx := min(max(x+dx*(i-reach), 0), in.w-1)
					yy := min(max(y+dy*(i-reach), 0), in.h-1)
					light += in.v[yy*in.w+xx] * w / sum
				}
				out.v[y*in.w+x] = light
			}
		}
		return out
	}
	return pass(pass(g, 1, 0), 0, 1)
}
