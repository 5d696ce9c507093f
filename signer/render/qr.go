package render

import (
	"bytes"
	"image"
	"image/color"
	"image/png"

	qrcode "github.com/skip2/go-qrcode"

	"tongzheng/registry"
)

// QuietZone is the white margin a QR code needs on each side, in modules
// (ISO/IEC 18004).
const QuietZone = 4

// QR is a QR code at error correction level M. Its segments are mixed, so that
// an upper-case body after a lower-case address stays small.
type QR struct {
	modules [][]bool // rows from the top, true is dark, no quiet zone
}

// NewQR encodes text. Text too long for any version is CodeTooLarge.
func NewQR(text string) (*QR, error) {
	code, err := qrcode.New(text, qrcode.Medium)
	if err != nil {
		return nil, registry.Errorf(registry.CodeTooLarge, "qr", "%d bytes do not fit a QR code", len(text)).WithCause(err)
	}
	code.DisableBorder = true
	return &QR{modules: code.Bitmap()}, nil
}

// Modules is the number of modules on a side, quiet zone left out.
func (q *QR) Modules() int { return len(q.modules) }

// PNG draws the code in black on white with its quiet zone, moduleSize pixels
// to a module.
func (q *QR) PNG(moduleSize int) ([]byte, error) {
	if moduleSize < 1 {
		moduleSize = 1
	}
	side := (q.Modules() + 2*QuietZone) * moduleSize
	img := image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{color.White, color.Black})
	for y := range side {
		for x := range side {
			row, column := y/moduleSize-QuietZone, x/moduleSize-QuietZone
			if row >= 0 && column >= 0 && row < q.Modules() && column < q.Modules() && q.modules[row][column] {
				img.SetColorIndex(x, y, 1)
			}
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// QRPNG is NewQR followed by PNG.
func QRPNG(text string, moduleSize int) ([]byte, error) {
	q, err := NewQR(text)
	if err != nil {
		return nil, err
	}
	return q.PNG(moduleSize)
}

// span is a stretch of dark modules in one row or column.
type span struct{ row, column, length int }

// rows returns the dark stretches of every row.
func (q *QR) rows() []span {
	return spans(q.Modules(), func(row, column int) bool { return q.modules[row][column] })
}

// columns returns the dark stretches of every column, longer than one module.
func (q *QR) columns() []span {
	var out []span
	for _, s := range spans(q.Modules(), func(row, column int) bool { return q.modules[column][row] }) {
		if s.length > 1 {
			out = append(out, span{row: s.column, column: s.row, length: s.length})
		}
	}
	return out
}

func spans(n int, dark func(row, column int) bool) []span {
	var out []span
	for row := range n {
		for column := 0; column < n; column++ {
			start := column
			for column < n && dark(row, column) {
				column++
			}
			if column > start {
				out = append(out, span{row, start, column - start})
			}
		}
	}
	return out
}
