package draw

import (
	"tongzheng/registry"
	"tongzheng/registry/sm"
	"tongzheng/signer/check"
)

// Document draws every page of a package.
func Document(data []byte, limits Limits) (*registry.Drawing, error) {
	limits = limits.filled()
	p, err := check.ReadPackage(data, limits.Package)
	if err != nil {
		return nil, err
	}
	digest := sm.Sum(data)
	spent := &budget{limits: limits, mark: digest.String()[:8]}
	f, err := open(p, spent)
	if err != nil {
		return nil, err
	}
	if f.stamps, err = check.Stamps(p, limits.Package); err != nil {
		return nil, err
	}
	if err := f.knowStamps(); err != nil {
		return nil, err
	}
	out := &registry.Drawing{}
	for i := range f.pages {
		page, err := f.page(i)
		if err != nil {
			return nil, err
		}
		out.Pages = append(out.Pages, *page)
	}
	return out, nil
}

// Limits bound what drawing may cost. Zero fields take the value of
// DefaultLimits.
type Limits struct {
	Package check.Limits
	Pages   int     // of the document
	Side    float64 // of a page, mm
	Objects int     // graphic objects drawn, those of templates each time
	Depth   int     // of blocks in blocks
	Glyphs  int     // characters drawn
	Points  int     // of all outlines drawn
	Pixels  int     // of all pictures
	Bytes   int     // of all SVG
}

// DefaultLimits fit licenses up to A3 with pictures on them.
var DefaultLimits = Limits{Pages: 24, Side: 430, Objects: 20000, Depth: 16, Glyphs: 50000, Points: 1000000, Pixels: 48 << 20, Bytes: 24 << 20}

func (l Limits) filled() Limits {
	d := DefaultLimits
	for _, f := range []struct{ value, fallback *int }{
		{&l.Pages, &d.Pages}, {&l.Objects, &d.Objects}, {&l.Depth, &d.Depth}, {&l.Glyphs, &d.Glyphs}, {&l.Points, &d.Points},
		{&l.Pixels, &d.Pixels}, {&l.Bytes, &d.Bytes},
	} {
		if *f.value == 0 {
			*f.value = *f.fallback
		}
	}
	if l.Side == 0 {
		l.Side = d.Side
	}
	return l
}

// budget is what one document has cost so far, the pictures of its seals
// included.
type budget struct {
	limits                                 Limits
	mark                                   string // of the document, in front of ids
	objects, glyphs, points, pixels, bytes int
	trees, xml, clips                      int
}

// What is read of XML for one document: files and their bytes. Trees are larger
// than the bytes that they come from.
const (
	mostTrees = 200
	mostXML   = 16 << 20
)

func (b *budget) spend(what *int, amount, most int, name string) error {
	if amount < 0 || amount > most-*what {
		return registry.Errorf(registry.CodeTooLarge, "file", "more %s than are drawn", name)
	}
	*what += amount
	return nil
}

func (b *budget) object() error { return b.spend(&b.objects, 1, b.limits.Objects, "objects") }
func (b *budget) tree(size int) error {
	if err := b.spend(&b.trees, 1, mostTrees, "XML files"); err != nil {
		return err
	}
	return b.spend(&b.xml, size, mostXML, "bytes of XML")
}
func (b *budget) point(n int) error {
	return b.spend(&b.points, n, b.limits.Points, "points of outlines")
}
func (b *budget) pixel(n int) error { return b.spend(&b.pixels, n, b.limits.Pixels, "pixels") }
func (b *budget) byte(n int) error {
	return b.spend(&b.bytes, n, b.limits.Bytes, "bytes of the picture")
}

func notDrawn(format string, args ...any) error {
	return registry.Errorf(registry.CodeNotDrawn, "file", format, args...)
}

func malformed(format string, args ...any) error {
	return registry.Errorf(registry.CodeMalformed, "file", format, args...)
}
