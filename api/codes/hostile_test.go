package codes_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"runtime"
	"strings"
	"testing"
	"time"

	"tongzheng/api/codes"
	"tongzheng/registry"
)

// pngBomb is a PNG of a few kilobytes that says to have w × h pixels, and has.
func pngBomb(t *testing.T, w, h uint32) []byte {
	t.Helper()
	var out, data bytes.Buffer
	out.WriteString("\x89PNG\r\n\x1a\n")
	chunk := func(kind string, body []byte) {
		_ = binary.Write(&out, binary.BigEndian, uint32(len(body)))
		out.WriteString(kind)
		out.Write(body)
		_ = binary.Write(&out, binary.BigEndian, crc32.ChecksumIEEE(append([]byte(kind), body...)))
	}
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)
	chunk("IHDR", append(head, 16, 6, 0, 0, 0)) // 16 bits, with alpha: 8 bytes a pixel
	z := zlib.NewWriter(&data)
	_, _ = z.Write(make([]byte, 1<<20))
	_ = z.Close()
	chunk("IDAT", data.Bytes())
	chunk("IEND", nil)
	return out.Bytes()
}

// pdfOf writes a PDF of objects, the first the catalog.
func pdfOf(objects ...string) []byte {
	var out bytes.Buffer
	out.WriteString("%PDF-1.4\n")
	var at []int
	for i, o := range objects {
		at = append(at, out.Len())
		fmt.Fprintf(&out, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	start := out.Len()
	fmt.Fprintf(&out, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, o := range at {
		fmt.Fprintf(&out, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&out, "trailer <</Size %d /Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, start)
	return out.Bytes()
}

func stream(dictionary, content string) string {
	return fmt.Sprintf("<<%s /Length %d>>\nstream\n%s\nendstream", dictionary, len(content), content)
}

// pdfPages has so many empty pages of the size.
func pdfPages(n int, size string) []byte {
	objects := []string{"<</Type /Catalog /Pages 2 0 R>>", ""}
	var kids []string
	for i := range n {
		kids = append(kids, fmt.Sprintf("%d 0 R", i+3))
		objects = append(objects, "<</Type /Page /Parent 2 0 R /MediaBox "+size+">>")
	}
	objects[1] = fmt.Sprintf("<</Type /Pages /Count %d /Kids [%s]>>", n, strings.Join(kids, " "))
	return pdfOf(objects...)
}

// pdfLaughs draws a rectangle ten to the twelfth times.
func pdfLaughs() []byte {
	const levels = 12
	objects := []string{"<</Type /Catalog /Pages 2 0 R>>", "<</Type /Pages /Count 1 /Kids [3 0 R]>>",
		"<</Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources <</XObject <</X 5 0 R>>>>>>", stream("", "/X Do")}
	for i := range levels {
		objects = append(objects, stream(fmt.Sprintf("/Type /XObject /Subtype /Form /BBox [0 0 595 842] /Resources <</XObject <</X %d 0 R>>>>", i+6), strings.Repeat("/X Do ", 10)))
	}
	return pdfOf(append(objects, stream("/Type /XObject /Subtype /Form /BBox [0 0 595 842]", strings.Repeat("0 0 500 800 re f ", 50)))...)
}

// marks is a picture full of what the corners of codes look like.
func marks(t *testing.T) []byte {
	t.Helper()
	const cell, n = 9 * 4, 40
	img := image.NewGray(image.Rect(0, 0, cell*n, cell*n))
	for y := range cell * n {
		for x := range cell * n {
			r := max(abs(x%cell/4-4), abs(y%cell/4-4))
			if r != 2 && r < 4 {
				continue
			}
			img.SetGray(x, y, color.Gray{Y: 255})
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func abs(n int) int { return max(n, -n) }

// TestHostile: files made to cost much are refused with what to do, by what they
// say of themselves, or by the deadline.
func TestHostile(t *testing.T) {
	reader := codes.NewReader(codes.Limits{Time: codes.Machine.Time, Memory: 64 << 20})
	hasty := codes.NewReader(codes.Limits{Time: 2 * time.Second})
	if _, err := reader.Read(t.Context(), pdfPages(1, "[0 0 595 842]")); registry.CodeOf(err) != registry.CodeNoCode {
		t.Fatalf("an empty page: %v", err) // and PDFium is prepared
	}
	var photo bytes.Buffer
	if err := jpeg.Encode(&photo, image.NewGray(image.Rect(0, 0, 64, 64)), nil); err != nil {
		t.Fatal(err)
	}
	progressive := bytes.Replace(photo.Bytes(), []byte{0xff, 0xc0}, []byte{0xff, 0xc2}, 1)
	at := bytes.Index(progressive, []byte{0xff, 0xc2})
	binary.BigEndian.PutUint16(progressive[at+5:], 6000)
	binary.BigEndian.PutUint16(progressive[at+7:], 6000)
	const forEver = "PDF that draws for ever"
	for name, c := range map[string]struct {
		file []byte
		want registry.Code
	}{
		"PNG of 3600 megapixels":   {pngBomb(t, 60000, 60000), registry.CodeTooLarge},
		"PNG of 2^31 square":       {pngBomb(t, 1<<31-1, 1), registry.CodeTooLarge},
		"PNG that costs memory":    {pngBomb(t, 4000, 4000), registry.CodeTooLarge},
		"PNG without its pixels":   {pngBomb(t, 1000, 1000), registry.CodeMalformed},
		"progressive JPEG":         {progressive, registry.CodeTooLarge},
		"JPEG that ends":           {photo.Bytes()[:photo.Len()/2], registry.CodeMalformed},
		"marks and nothing else":   {marks(t), registry.CodeNoCode},
		"PDF of 2000 pages":        {pdfPages(2000, "[0 0 595 842]"), registry.CodeTooLarge},
		"PDF of a page of 1 km²":   {pdfPages(1, "[0 0 2834645 2834645]"), registry.CodeNoCode},
		"PDF of a page, 1 × 10⁹":   {pdfPages(1, "[0 0 1 1000000000]"), ""},
		"PDF of a page of no size": {pdfPages(1, "[0 0 0 0]"), ""},
		forEver:                    {pdfLaughs(), registry.CodeTooLarge},
		"PDF that is none":         {[]byte("%PDF-1.7\nhello"), registry.CodeMalformed},
		"PDF that ends":            {pdfOf("<</Type /Catalog /Pages 2 0 R>>")[:60], registry.CodeMalformed},
		"text":                     {[]byte("hello"), registry.CodeMalformed},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		began := time.Now()
		by := reader
		if name == forEver {
			by = hasty
		}
		found, err := by.Read(t.Context(), c.file)
		took := time.Since(began)
		runtime.ReadMemStats(&after)
		code := registry.CodeOf(err)
		if err == nil || c.want != "" && code != c.want || code.Kind() != registry.KindInvalid && code.Kind() != registry.KindTooLarge {
			t.Errorf("%s: %v %v", name, found, err)
		}
		t.Logf("%s: %s, %d MiB (%v)", name, took.Round(time.Millisecond), (after.TotalAlloc-before.TotalAlloc)>>20, err)
	}
}

// TestFewAtOnce: who comes while others are read waits, and is told when its
// turn did not come; afterwards it comes again.
func TestFewAtOnce(t *testing.T) {
	reader := codes.NewReader(codes.Limits{Time: codes.Machine.Time, AtOnce: 1})
	holding, release := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := reader.Read(holding, pdfLaughs())
		done <- err
	}()
	for { // until the other has its turn
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		_, err := reader.Read(ctx, marks(t))
		cancel()
		if registry.CodeOf(err) == registry.CodeUnavailable {
			break
		}
	}
	release()
	if err := <-done; registry.CodeOf(err) != registry.CodeTooLarge {
		t.Errorf("a file that is given up: %v", err)
	}
	if _, err := reader.Read(t.Context(), marks(t)); registry.CodeOf(err) != registry.CodeNoCode {
		t.Errorf("afterwards: %v", err)
	}
}
