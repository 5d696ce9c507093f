package api_test

import (
	"bytes"
	"image"
	"image/draw"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/signintech/gopdf"
	"github.com/skip2/go-qrcode"

	"tongzheng/api/browsertest"
	"tongzheng/api/resource"
	"tongzheng/registry"
)

// pictureOf lays codes side by side on white paper.
func pictureOf(t testing.TB, texts ...string) *image.Gray {
	t.Helper()
	const room = 600
	page := image.NewGray(image.Rect(0, 0, room*len(texts), room))
	draw.Draw(page, page.Bounds(), image.White, image.Point{}, draw.Src)
	for i, text := range texts {
		code, err := qrcode.New(text, qrcode.Medium)
		if err != nil {
			t.Fatal(err)
		}
		picture := code.Image(-5)
		draw.Draw(page, picture.Bounds().Add(image.Pt(room*i+20, 20)), picture, image.Point{}, draw.Src)
	}
	return page
}

func pngOf(t testing.TB, picture image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, picture); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// pdfOf is a PDF with a picture on each page.
func pdfOf(t testing.TB, pictures ...image.Image) []byte {
	t.Helper()
	var pdf gopdf.GoPdf
	pdf.Start(gopdf.Config{PageSize: *gopdf.PageSizeA4})
	for _, picture := range pictures {
		pdf.AddPage()
		holder, err := gopdf.ImageHolderByBytes(pngOf(t, picture))
		if err != nil {
			t.Fatal(err)
		}
		if err := pdf.ImageByHolder(holder, 60, 500, &gopdf.Rect{W: 200 * float64(picture.Bounds().Dx()) / float64(picture.Bounds().Dy()), H: 200}); err != nil {
			t.Fatal(err)
		}
	}
	return pdf.GetBytesPdf()
}

// TestPicturesAndFiles: the API tells files by content, answers every code of
// a picture or PDF with its place, and the verdict is that of the worst.
func TestPicturesAndFiles(t *testing.T) {
	s := openSite(t)
	p := s.issued(t)
	good, spoiled := p.Printings[2].URL, p.Printings[1].URL
	s.done(t, p.Identifier, "spoil", map[string]any{"printing": 2, "ground": "misprint"})
	paper := s.do(t, request{method: "GET", path: "/api/v1/licenses/" + p.Identifier + "/printings/3/paper", as: "xg-printer"}).want(t, 200).body
	const foreign = "https://pay.example/secret?holder=1"
	var photo bytes.Buffer
	if err := jpeg.Encode(&photo, pictureOf(t, good), &jpeg.Options{Quality: 50}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		file  []byte
		kind  string
		word  registry.Word
		codes []registry.Word // "" for one that is foreign
		pages []int
	}{
		"printed sheet":       {paper, "application/pdf", registry.Valid, []registry.Word{registry.Valid}, []int{1}},
		"under another name":  {paper, "application/ofd", registry.Valid, []registry.Word{registry.Valid}, []int{1}},
		"photograph":          {photo.Bytes(), "image/jpeg", registry.Valid, []registry.Word{registry.Valid}, []int{1}},
		"two and a foreign":   {pngOf(t, pictureOf(t, good, foreign, spoiled)), "image/png", registry.Void, []registry.Word{registry.Valid, "", registry.Void}, []int{1, 1, 1}},
		"two pages":           {pdfOf(t, pictureOf(t, spoiled), pictureOf(t, good)), "application/pdf", registry.Void, []registry.Word{registry.Void, registry.Valid}, []int{1, 2}},
		"on the second page":  {pdfOf(t, image.NewGray(image.Rect(0, 0, 9, 9)), pictureOf(t, good)), "application/octet-stream", registry.Valid, []registry.Word{registry.Valid}, []int{2}},
		"a text file":         {[]byte("\ufeff" + good + "\r\n"), "application/octet-stream", registry.Valid, nil, nil},
		"a text file, louder": {[]byte(strings.ToUpper(good)), "application/octet-stream", registry.Valid, nil, nil},
	} {
		var v resource.Verification
		s.do(t, request{method: "POST", path: "/api/v1/verify", body: c.file, header: map[string]string{"Content-Type": c.kind}}).want(t, 200).decode(t, &v)
		if v.Word != c.word || len(v.Codes) != len(c.codes) {
			t.Errorf("%s: %s, %d codes: want %+v", name, v.Word, len(v.Codes), c.codes)
			continue
		}
		for i, code := range v.Codes {
			switch {
			case code.Place.Page != c.pages[i] || code.Place.Width == 0:
				t.Errorf("%s: code %d stands at %+v", name, i, code.Place)
			case (code.Verification == nil) != (c.codes[i] == ""):
				t.Errorf("%s: code %d: %+v", name, i, code.Verification)
			case code.Verification != nil && code.Verification.Word != c.codes[i]:
				t.Errorf("%s: code %d is %s, want %s", name, i, code.Verification.Word, c.codes[i])
			}
		}
	}
	send := func(path string, file []byte) answer {
		return s.do(t, request{method: "POST", path: path, body: file, header: map[string]string{"Content-Type": "image/png"}})
	}
	a := send("/api/v1/verify", pngOf(t, pictureOf(t, foreign)))
	if a.problem(t, 422, registry.CodeNoCode, "file"); !strings.Contains(string(a.body), "pay.example") || strings.Contains(string(a.body), "secret") {
		t.Errorf("a foreign code alone: %s", a.body)
	}
	send("/api/v1/verify", pngOf(t, image.NewGray(image.Rect(0, 0, 300, 300)))).problem(t, 422, registry.CodeNoCode, "file")
	send("/api/v1/verify", []byte("\x00\x00\x00\x18ftypheic....")).problem(t, 400, registry.CodeMalformed, "file")
	send("/api/v1/statements", pngOf(t, pictureOf(t, good, spoiled))).problem(t, 400, registry.CodeMalformed, "file")
	send("/api/v1/statements", pngOf(t, pictureOf(t, good, foreign))).want(t, 200)
}

// TestGluedToken: whatever scanners, messages and people put behind a token, it
// is found, and scanned texts are read in either case.
func TestGluedToken(t *testing.T) {
	s := openSite(t)
	p := s.issued(t)
	at := path(p.Printings[1].URL)[:len("/v/")+26]
	for _, behind := range []string{"", ".", "%20", "%23VIAQCASY", "%E3%80%82", "%EF%BC%89", ")", "]", "%EF%BB%BF", ",please", "/", "/and/more", "XYZ", "?from=chat"} {
		a := s.get(t, "http://"+s.Address+at+behind).want(t, 200)
		if !strings.Contains(string(a.body), registry.Valid.Info().Chinese) {
			t.Errorf("%s: %s", behind, a.body)
		}
	}
	s.get(t, "http://"+s.Address+at+".?statement=1").want(t, 200)
	s.get(t, "http://"+s.Address+at[:len(at)-1]+".").want(t, 404)
	for _, question := range []map[string]any{{"token": at[3:] + "。"}, {"token": strings.ToLower(at[3:])}, {"token": "\ufeff" + at[3:] + " "},
		{"qr": "\ufeff" + p.Printings[1].URL + "\n"}, {"qr": strings.ToUpper(p.Printings[1].URL)}, {"qr": p.Printings[1].URL + "）"}} {
		var v resource.Verification
		if s.do(t, request{method: "POST", path: "/api/v1/verify", body: question}).want(t, 200).decode(t, &v); v.Word != registry.Valid {
			t.Errorf("%v: %s", question, v.Word)
		}
	}
}

// TestUploadsOnAPhone: OFD, PDF with two codes, photograph and a wrong file, on
// a page as wide as a phone.
func TestUploadsOnAPhone(t *testing.T) {
	s := openSite(t)
	p := s.issued(t)
	s.done(t, p.Identifier, "spoil", map[string]any{"printing": 2, "ground": "misprint"})
	good, spoiled, dir := p.Printings[2].URL, p.Printings[1].URL, t.TempDir()
	document := s.do(t, request{method: "GET", path: "/api/v1/licenses/" + p.Identifier + "/document", as: "xg-system"}).want(t, 200).body
	var photo bytes.Buffer
	if err := jpeg.Encode(&photo, pictureOf(t, good), nil); err != nil {
		t.Fatal(err)
	}
	b := browsertest.Open(t)
	for _, x := range []struct {
		name, file string
		content    []byte
		says       []string
	}{
		{"public-upload-ofd", "license.ofd", document, []string{registry.Valid.Info().Chinese}},
		{"public-upload-codes", "sheets.pdf", pdfOf(t, pictureOf(t, good), pictureOf(t, spoiled, "https://pay.example/x")),
			[]string{"3 个二维码", registry.Valid.Info().Chinese, registry.Void.Info().Chinese, "第 2 页", "其他二维码", "pay.example"}},
		{"public-upload-photo", "photo.jpg", photo.Bytes(), []string{registry.Valid.Info().Chinese, "第 1 页"}},
		{"public-upload-wrong", "list.xlsx.jpg", []byte("a,b,c\n"), []string{"核验文件或照片", "neither a sealed OFD"}},
	} {
		file := filepath.Join(dir, x.file)
		if err := os.WriteFile(file, x.content, 0o600); err != nil {
			t.Fatal(err)
		}
		b.Phone()
		b.Go(s.Config.PublicURL + "/")
		b.Within(x.name, chromedp.SetUploadFiles(chromedp.CSS(`input[type=file]`), []string{file}),
			chromedp.Click(chromedp.CSS(`form[enctype] button`)), chromedp.WaitVisible(chromedp.CSS(`.verdict, .problem`)))
		b.Says(x.name, x.says...)
		b.Picture(x.name)
		b.Accessible(x.name)
		b.Fits(x.name, 320)
		b.Large(x.name)
	}
}
