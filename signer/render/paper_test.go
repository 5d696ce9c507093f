package render

import (
	"bytes"
	"image/png"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"tongzheng/registry"
)

func copiedText(t *testing.T, path string, options ...string) string {
	t.Helper()
	out, err := exec.Command(tool(t, "pdftotext", "poppler-utils"), append(options, path, "-")...).Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// scan renders a page at 300 dpi and reads its QR code, as a phone would.
func scan(t *testing.T, path string) string {
	t.Helper()
	zbar := tool(t, "zbarimg", "zbar-tools")
	picture := strings.TrimSuffix(path, ".pdf")
	if out, err := exec.Command(tool(t, "pdftoppm", "poppler-utils"), "-r", "300", "-png", "-singlefile", path, picture).CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	out, err := exec.Command(zbar, "-q", "--raw", picture+".png").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// TestPaper reads printed sheets with the tools a stranger would use.
func TestPaper(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		page Page
		kind registry.CopyKind
		size string
	}{
		"a4":        {A4Landscape, registry.Original, "841.89 x 595.28"},
		"a3":        {A3Landscape, registry.Original, "1190.55 x 841.89"},
		"duplicate": {A4Portrait, registry.Duplicate, "595.28 x 841.89"},
	} {
		data, err := renderer(t).Paper(foodSheet(t, c.page, c.kind))
		if err != nil {
			t.Fatal(err)
		}
		path := keep(t, name+".pdf", data)
		text := copiedText(t, path)
		for _, want := range []string{
			"食品经营许可证", "（" + c.kind.Chinese() + "）", "兴国县𠮷祥饭店（演示）", "JY23607320000018", "住所", "有效期限",
			"2026年3月1日至2031年2月28日", "兴国县行政审批局", "No.00012345", "印制号 P000017", "演示数据 demonstration",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %q does not copy out of\n%s", name, want, text)
			}
		}
		info, err := exec.Command(tool(t, "pdfinfo", "poppler-utils"), path).CombinedOutput()
		if err != nil || bytes.Contains(info, []byte("Error")) || !strings.Contains(string(info), c.size) {
			t.Errorf("%s: %v\n%s", name, err, info)
		}
		if got := scan(t, path); got != paperURL {
			t.Errorf("%s: scanned %q", name, got)
		}
	}
}

func TestPaperIsDeterministic(t *testing.T) {
	t.Parallel()
	a, err := renderer(t).Paper(foodSheet(t, A4Landscape, registry.Original))
	if err != nil {
		t.Fatal(err)
	}
	b, err := renderer(t).Paper(foodSheet(t, A4Landscape, registry.Original))
	if err != nil || !bytes.Equal(a, b) {
		t.Fatal("two printings of one sheet differ")
	}
}

var word = regexp.MustCompile(`<word xMin="([\d.]+)" yMin="([\d.]+)"[^>]*>([^<]*)</word>`)

// placeOf is where a word stands on the page, in mm.
func placeOf(t *testing.T, path, text string) (x, y float64) {
	t.Helper()
	for _, m := range word.FindAllStringSubmatch(copiedText(t, path, "-bbox"), -1) {
		if m[3] == text {
			x, _ = strconv.ParseFloat(m[1], 64)
			y, _ = strconv.ParseFloat(m[2], 64)
			return x / pt, y / pt
		}
	}
	t.Fatalf("%q is not on the page", text)
	return 0, 0
}

// TestOverprint: values only, moved by the printer's offset to a tenth of a
// millimeter, and the code still scans.
func TestOverprint(t *testing.T) {
	t.Parallel()
	r := renderer(t)
	s := foodSheet(t, A4Landscape, registry.Original)
	full, err := r.Paper(s)
	if err != nil {
		t.Fatal(err)
	}
	s.Overprint = &Overprint{DX: 3.5, DY: -2.2}
	over, err := r.Paper(s)
	if err != nil {
		t.Fatal(err)
	}
	fullPath, path := keep(t, "full.pdf", full), keep(t, "overprint.pdf", over)
	text := copiedText(t, path)
	for _, label := range []string{"食品经营许可证", "经营者名称", "住所", "有效期限", "（正本）", "No.", "电子证照标识", "扫码"} {
		if strings.Contains(text, label) {
			t.Errorf("%q is on the stock already", label)
		}
	}
	for _, value := range []string{"兴国县𠮷祥饭店（演示）", "JY23607320000018", "张某某", "兴国县行政审批局", "2026年3月1日"} {
		x0, y0 := placeOf(t, fullPath, value)
		x1, y1 := placeOf(t, path, value)
		if dx, dy := x1-x0, y1-y0; dx < 3.4 || dx > 3.6 || dy < -2.3 || dy > -2.1 {
			t.Errorf("%s moved by %.2f, %.2f mm", value, dx, dy)
		}
	}
	if got := scan(t, path); got != paperURL {
		t.Errorf("scanned %q", got)
	}
}

func TestOverprintPlaces(t *testing.T) {
	t.Parallel()
	r := renderer(t)
	s := foodSheet(t, A4Landscape, registry.Original)
	s.Overprint = &Overprint{DX: 1, DY: 1, Places: map[string]Place{
		"CZZT": {X: 50, Y: 60, Width: 80, Size: 5}, "KZ_JYXM": {X: 50, Y: 100, Width: 120, Size: 4.5, Lines: 3},
		"qr": {X: 200, Y: 120, Width: 30}, "seal": {X: 150, Y: 140},
	}}
	data, err := r.Paper(s)
	if err != nil {
		t.Fatal(err)
	}
	path := keep(t, "places.pdf", data)
	text := copiedText(t, path)
	if !strings.Contains(text, "𠮷祥饭店") || !strings.Contains(text, "热食类食品制售") || strings.Contains(text, "张某某") {
		t.Errorf("wrong values:\n%s", text)
	}
	if x, _ := placeOf(t, path, "兴国县𠮷祥饭店（演示）"); x < 50.9 || x > 51.1 {
		t.Errorf("name at %.2f mm", x)
	}
	if got := scan(t, path); got != paperURL {
		t.Errorf("scanned %q", got)
	}
	s.Overprint.Places["KZ_JYXM"] = Place{X: 50, Y: 100, Width: 40, Size: 4.5, Lines: 2}
	if _, err := r.Paper(s); registry.CodeOf(err) != registry.CodeFieldForm || !strings.Contains(err.Error(), "KZ_JYXM") {
		t.Errorf("too long for its place: %v", err)
	}
	s.Overprint.Places = map[string]Place{"qr": {X: 10, Y: 10, Width: 20}}
	if _, err := r.Paper(s); registry.CodeOf(err) != registry.CodeFieldForm {
		t.Errorf("small code: %v", err)
	}
}

func TestCalibration(t *testing.T) {
	for _, page := range []Page{A4Landscape, A4Portrait, A3Landscape} {
		data, err := renderer(t).Calibration(page)
		if err != nil {
			t.Fatal(err)
		}
		path := keep(t, "calibration.pdf", data)
		if text := copiedText(t, path); !strings.Contains(text, "套打校准页") {
			t.Errorf("got %s", text)
		}
	}
}

// TestManyCharacters: more than 100 entries in a ToUnicode table, several of
// them beyond the basic plane.
func TestManyCharacters(t *testing.T) {
	t.Parallel()
	s := foodSheet(t, A4Landscape, registry.Original)
	var rare strings.Builder
	for r := rune(0x20000); r < 0x2a6df && rare.Len() < 40*4; r++ {
		if _, ok := renderer(t).Fonts().regular.glyph(r); ok {
			rare.WriteRune(r)
		}
	}
	s.Content.Fields[9].Value = rare.String()
	data, err := renderer(t).Paper(s)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(copiedText(t, keep(t, "rare.pdf", data)), "\n", "")
	for _, c := range rare.String() {
		if !strings.ContainsRune(text, c) {
			t.Errorf("%c (%U) does not copy out", c, c)
		}
	}
}

func TestQR(t *testing.T) {
	lower, err := NewQR(strings.ToLower(paperURL))
	if err != nil {
		t.Fatal(err)
	}
	mixed, err := NewQR(paperURL)
	if err != nil {
		t.Fatal(err)
	}
	if mixed.Modules() >= lower.Modules() || mixed.Modules() > 65 {
		t.Errorf("%d modules mixed, %d in bytes", mixed.Modules(), lower.Modules())
	}
	picture, err := QRPNG(paperURL, 4)
	if err != nil {
		t.Fatal(err)
	}
	config, err := png.DecodeConfig(bytes.NewReader(picture))
	if err != nil || config.Width != 4*(mixed.Modules()+2*QuietZone) {
		t.Errorf("%v %+v", err, config)
	}
	out, err := exec.Command(tool(t, "zbarimg", "zbar-tools"), "-q", "--raw", keep(t, "qr.png", picture)).Output()
	if err != nil || strings.TrimSpace(string(out)) != paperURL {
		t.Errorf("%v: scanned %q", err, out)
	}
}

func TestSealPicture(t *testing.T) {
	t.Parallel()
	r := renderer(t)
	for name, spec := range map[string]SealDrawing{
		"seal":     {Ring: "兴国县行政审批局", Bottom: "审批专用章"},
		"seallong": {Ring: "内蒙古自治区阿拉善左旗市场监督管理局", Bottom: "行政许可专用章", Diameter: 45, DPI: 300},
	} {
		picture, svg, err := r.SealPicture(spec)
		if err != nil {
			t.Fatal(err)
		}
		keep(t, name+".png", picture)
		keep(t, name+".svg", []byte(svg))
		img, err := png.Decode(bytes.NewReader(picture))
		if err != nil {
			t.Fatal(err)
		}
		side := img.Bounds().Dx()
		if want := int(max(spec.Diameter, 42) / 25.4 * float64(max(spec.DPI, 300))); side < want {
			t.Errorf("%s: %d pixels, want %d", name, side, want)
		}
		if _, _, _, a := img.At(2, 2).RGBA(); a != 0 {
			t.Error("the background is not transparent")
		}
		if r, g, _, a := img.At(side/2, side/2).RGBA(); a != 0xffff || r < 0xc000 || g > 0x2000 {
			t.Error("no red star in the middle")
		}
	}
	if _, _, err := r.SealPicture(SealDrawing{}); registry.CodeOf(err) != registry.CodeFieldForm {
		t.Errorf("no name: %v", err)
	}
	if _, _, err := r.SealPicture(SealDrawing{Ring: "\U000F0000"}); registry.CodeOf(err) != registry.CodeGlyph {
		t.Errorf("missing glyph: %v", err)
	}
}

func BenchmarkPaper(b *testing.B) {
	s := foodSheet(b, A4Landscape, registry.Original)
	for b.Loop() {
		if _, err := renderer(b).Paper(s); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOFD(b *testing.B) {
	d := Document{Content: foodLicense(b), QRText: tokenURL}
	for b.Loop() {
		if _, err := renderer(b).OFD(d); err != nil {
			b.Fatal(err)
		}
	}
}
