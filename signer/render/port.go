package render

import (
	"strconv"

	"tongzheng/registry"
)

// Port is the renderer as the office's use cases see it.
type Port struct {
	Renderer *Renderer
	// Impression returns the picture of a seal on file, for printed sheets;
	// nil leaves the place for a wet seal.
	Impression func(seal string) (*Impression, error)
}

// Unsealed implements the office's Renderer: A4 landscape, token-only code.
func (p *Port) Unsealed(d registry.ElectronicDocument) ([]byte, error) {
	return p.Renderer.OFD(Document{Content: d.Content, IssuerName: d.IssuerName, IssuedDate: d.Issued,
		QRText: d.QRText, Copy: registry.Electronic, Page: A4Landscape, Demonstration: d.Demo})
}

// Paper implements the office's Renderer.
func (p *Port) Paper(s registry.PaperSheet) ([]byte, error) {
	sheet := PrintedSheet{Content: s.Document.Content, IssuerName: s.Document.IssuerName, IssuedDate: s.Document.Issued, QRText: s.QRText,
		Copy: s.Copy, Page: PageFor(registry.CopyRule{Kind: s.Copy, Page: s.Page}), Blank: s.Blank.Number,
		Printing: strconv.Itoa(int(s.Printing)), Demonstration: s.Document.Demo}
	if s.Overprint != nil {
		sheet.Overprint = &Overprint{DX: s.Overprint.X, DY: s.Overprint.Y}
	}
	if p.Impression != nil {
		var err error
		if sheet.Seal, err = p.Impression(s.Seal); err != nil {
			return nil, err
		}
	}
	return p.Renderer.Paper(sheet)
}
