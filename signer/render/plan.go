package render

import "math"

// Box is a rectangle on the page: upper left corner, width and height in
// millimeters.
type Box struct {
	X, Y, Width, Height float64
}

// ink is an RGB color.
type ink struct{ R, G, B uint8 }

var (
	black  = ink{0, 0, 0}
	brown  = ink{0x6b, 0x3f, 0x12} // labels
	gold   = ink{0xa8, 0x7b, 0x32} // border
	red    = ink{0xc8, 0x10, 0x10} // stock number, demonstration mark
	gray   = ink{0x55, 0x55, 0x55}
	titles = ink{0x2a, 0x12, 0x06}
)

// plan is a page before it becomes OFD or PDF: both back ends draw the same
// plan, so that the electronic file and the paper look alike.
type plan struct {
	width, height float64
	paths         []pathItem
	texts         []textItem
	qr            *qrItem
	image         *imageItem
}

// textItem is one line of text. field is the metadata tag whose value it
// shows; stock marks what pre-printed stock already carries.
type textItem struct {
	x, y    float64 // left end of the baseline
	size    float64 // em, mm
	spacing float64 // added after every character, mm
	style   style
	ink     ink
	text    string
	field   string
	stock   bool
}

type point struct{ x, y float64 }

// pathItem is polylines in one color, stroked. All paths belong to the form
// and are left out on pre-printed stock.
type pathItem struct {
	lines  [][]point
	closed bool
	width  float64 // of the stroke, mm
	ink    ink
}

// qrItem is a QR code; box is its dark-to-dark extent, the quiet zone outside.
type qrItem struct {
	box Box
	qr  *QR
}

// imageItem is the picture of a seal, a PNG with transparency.
type imageItem struct {
	box Box
	png []byte
}

func (p *plan) text(t textItem) { p.texts = append(p.texts, t) }

// centered adds text whose middle is at x.
func (p *plan) centered(fonts *FontSet, x float64, t textItem) {
	n := float64(len([]rune(t.text)) - 1)
	t.x = x - (fonts.measure(t.style, t.text)*t.size+n*t.spacing)/2
	p.text(t)
}

// rightAligned adds text that ends at x.
func (p *plan) rightAligned(fonts *FontSet, x float64, t textItem) {
	t.x = x - fonts.measure(t.style, t.text)*t.size
	p.text(t)
}

// overprint keeps the values and moves them: what a printer adds to stock that
// already carries border, title and labels.
func (p *plan) overprint(dx, dy float64) *plan {
	out := &plan{width: p.width, height: p.height}
	for _, t := range p.texts {
		if !t.stock {
			t.x, t.y = t.x+dx, t.y+dy
			out.texts = append(out.texts, t)
		}
	}
	if p.qr != nil {
		q := *p.qr
		q.box.X, q.box.Y = q.box.X+dx, q.box.Y+dy
		out.qr = &q
	}
	if p.image != nil {
		i := *p.image
		i.box.X, i.box.Y = i.box.X+dx, i.box.Y+dy
		out.image = &i
	}
	return out
}

// frame draws the border: a heavy and a light line with a band of square
// spirals (回纹) between them.
func (p *plan) frame(margin, scale float64) {
	band := 6.2 * scale
	outer, inner := Box{margin, margin, p.width - 2*margin, p.height - 2*margin}, Box{}
	inner = Box{outer.X + band, outer.Y + band, outer.Width - 2*band, outer.Height - 2*band}
	p.paths = append(p.paths,
		pathItem{lines: [][]point{corners(outer)}, closed: true, width: 0.9 * scale, ink: gold},
		pathItem{lines: [][]point{corners(inner)}, closed: true, width: 0.35 * scale, ink: gold},
	)
	cell := 3.4 * scale
	middle := Box{outer.X + band/2, outer.Y + band/2, outer.Width - band, outer.Height - band}
	across := math.Round(middle.Width / (cell * 1.32))
	down := math.Round(middle.Height / (cell * 1.32))
	var spirals [][]point
	for i := 0.0; i <= across; i++ {
		x := middle.X + i*middle.Width/across
		spirals = append(spirals, spiral(x, middle.Y, cell, i > across/2), spiral(x, middle.Y+middle.Height, cell, i > across/2))
	}
	for i := 1.0; i < down; i++ {
		y := middle.Y + i*middle.Height/down
		spirals = append(spirals, spiral(middle.X, y, cell, false), spiral(middle.X+middle.Width, y, cell, true))
	}
	p.paths = append(p.paths, pathItem{lines: spirals, width: 0.28 * scale, ink: gold})
}

func corners(b Box) []point {
	return []point{{b.X, b.Y}, {b.X + b.Width, b.Y}, {b.X + b.Width, b.Y + b.Height}, {b.X, b.Y + b.Height}}
}

// spiral is one square spiral centered at x, y.
func spiral(x, y, cell float64, mirrored bool) []point {
	shape := []point{{-.5, .5}, {-.5, -.5}, {.5, -.5}, {.5, .5}, {-.22, .5}, {-.22, -.22}, {.22, -.22}, {.22, .2}, {.02, .2}}
	out := make([]point, len(shape))
	for i, s := range shape {
		if mirrored {
			s.x = -s.x
		}
		out[i] = point{x + s.x*cell, y + s.y*cell}
	}
	return out
}
