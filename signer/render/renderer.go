package render

import (
	"sync"

	"tongzheng/registry"
)

// Renderer draws licenses with one set of fonts. It keeps what it has drawn that
// never changes, and is safe for concurrent use.
type Renderer struct {
	fonts   *FontSet
	borders sync.Map // Page → *border
}

// New returns a renderer that draws with fonts.
func New(fonts *FontSet) *Renderer { return &Renderer{fonts: fonts} }

// Fonts is the set the renderer draws with.
func (r *Renderer) Fonts() *FontSet { return r.fonts }

// Document is what the unsealed electronic license is drawn from.
type Document struct {
	Content       registry.Content
	IssuerName    string            // 证照颁发机构; empty takes it from Content
	IssuedDate    registry.Date     // also the file's creation date; zero takes it from Content
	QRText        string            // the token-only address; empty for no code
	Copy          registry.CopyKind // zero is Electronic
	Page          Page              // zero is A4Landscape
	Demonstration bool              // marks the page 演示数据 demonstration
}

// PrintedSheet is what one printed sheet is drawn from.
type PrintedSheet struct {
	Content       registry.Content
	IssuerName    string            // as in Document
	IssuedDate    registry.Date     // as in Document
	QRText        string            // address with the signed payload in its fragment
	Copy          registry.CopyKind // Original, Duplicate or Annex
	Page          Page              // see PageFor
	Blank         string            // number of the stock the sheet is printed on; empty for plain paper
	Printing      string            // number of this sheet among the license's printings
	Seal          *Impression       // printed seal; nil leaves the place for a wet one
	Demonstration bool
	Overprint     *Overprint // nil prints the whole form on plain paper
}

// Impression is the picture of a seal and its true size.
type Impression struct {
	PNG           []byte  // transparent background
	Width, Height float64 // mm
}

// Overprint prints values only, on stock that already carries border, title,
// labels and its number.
type Overprint struct {
	DX, DY float64 // this printer's offset in mm, right and down; see Calibration
	// Places says where the stock's layout wants each value, by metadata tag, and
	// "qr", "printing", "seal", "ZZYXQJZRQ" (the whole period of validity) among
	// them. A value without a place is not printed. Nil means that the stock is
	// printed with this package's own layout.
	Places map[string]Place
}

// Place is where a value stands on pre-printed stock.
type Place struct {
	X, Y  float64 // left end of the first baseline; for qr and seal the upper left corner, mm
	Width float64 // of the lines, or of the picture, mm
	Size  float64 // of the type, mm
	Lines int     // at most; zero is one
}

func (d Document) draft() draft {
	out := draft{
		content: d.Content, issuer: d.IssuerName, issued: d.IssuedDate, qrText: d.QRText,
		copy: d.Copy, page: d.Page, demonstration: d.Demonstration,
	}
	if out.copy == 0 {
		out.copy = registry.Electronic
	}
	return out
}

func (s PrintedSheet) draft() draft {
	return draft{
		content: s.Content, issuer: s.IssuerName, issued: s.IssuedDate, qrText: s.QRText,
		copy: s.Copy, page: s.Page, blank: s.Blank, printing: s.Printing, demonstration: s.Demonstration,
	}
}
