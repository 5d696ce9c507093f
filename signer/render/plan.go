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

// box is what the strokes take.
func (p pathItem) box() Box {
	low, high := p.lines[0][0], p.lines[0][0]
	for _, line := range p.lines {
		for _, pt := range line {
			low, high = point{min(low.x, pt.x), min(low.y, pt.y)}, point{max(high.x, pt.x), max(high.y, pt.y)}
		}
	}
	// Mitered corners reach further than half a stroke.
	return Box{low.x - p.width, low.y - p.width, high.x - low.x + 2*p.width, high.y - low.y + 2*p.width}
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
	across := int(math.Round(middle.Width / (cell * 1.32)))
	down := int(math.Round(middle.Height / (cell * 1.32)))
	for _, y := range []float64{middle.Y, middle.Y + middle.Height} {
		p.band(across+1, func(i int) ([]point, bool) {
			mirrored := 2*i > across
			return spiral(middle.X+float64(i)*middle.Width/float64(across), y, cell, mirrored), mirrored
		}, scale)
	}
	for side, x := range []float64{middle.X, middle.X + middle.Width} {
		p.band(down-1, func(i int) ([]point, bool) {
			return spiral(x, middle.Y+float64(i+1)*middle.Height/float64(down), cell, side == 1), side == 1
		}, scale)
	}
}

// bandRun is how many spirals make one path. All runs of a side are the same but
// for their place, so that what compresses a page finds them again.
const bandRun = 8

// band draws n spirals in runs of one direction.
func (p *plan) band(n int, at func(i int) (line []point, mirrored bool), scale float64) {
	var run [][]point
	var direction bool
	for i := range n {
		line, mirrored := at(i)
		if len(run) == bandRun || len(run) > 0 && mirrored != direction {
			p.paths, run = append(p.paths, pathItem{lines: run, width: 0.28 * scale, ink: gold}), nil
		}
		run, direction = append(run, line), mirrored
	}
	p.paths = append(p.paths, pathItem{lines: run, width: 0.28 * scale, ink: gold})
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
