package render

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"strings"

	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"

	"tongzheng/registry"
)

// SealDrawing is what a development seal impression is drawn from. Impressions of
// production seals come with the filed seal and are never drawn here.
type SealDrawing struct {
	Ring     string  // the organization's name, along the upper arc
	Bottom   string  // the seal's name, e.g. 审批专用章; empty for none
	Diameter float64 // mm; zero is 42
	DPI      int     // of the PNG; zero is 600
}

// sealRed is the ink of the impression.
var sealRed = color.NRGBA{0xc8, 0x0c, 0x14, 0xff}

// sealMark tells that the impression was drawn for development.
const sealMark = "开发演示"

// SealPicture draws a round seal: outer ring, star, the organization's name
// along the arc, the seal's name below, and a small 开发演示 that says it is no
// filed seal. The PNG has a transparent background; the SVG is the same
// outlines in millimeters.
//
// Errors: CodeGlyph, CodeFieldForm (no name, or one too long for the ring).
func (r *Renderer) SealPicture(spec SealDrawing) (picture []byte, svg string, err error) {
	if spec.Diameter == 0 {
		spec.Diameter = 42
	}
	if spec.DPI == 0 {
		spec.DPI = 600
	}
	if err := r.fonts.check("ring", spec.Ring+spec.Bottom); err != nil {
		return nil, "", err
	}
	n := len([]rune(spec.Ring))
	if n == 0 || n > 30 || len([]rune(spec.Bottom)) > 12 {
		return nil, "", registry.Errorf(registry.CodeFieldForm, "ring", "a seal carries 1 to 30 characters on its ring and at most 12 below")
	}
	var shape outline
	radius := spec.Diameter / 2
	shape.ring(radius, radius*0.055)
	shape.star(radius * 0.285)
	arc := 4.4 // radians of the ring's text
	if spec.Bottom != "" {
		arc = 3.9
	}
	if err := r.ringText(&shape, spec.Ring, radius, arc); err != nil {
		return nil, "", err
	}
	if err := r.straightText(&shape, spec.Bottom, radius*0.50, radius*0.185, radius); err != nil {
		return nil, "", err
	}
	if err := r.straightText(&shape, sealMark, radius*0.76, radius*0.095, radius); err != nil {
		return nil, "", err
	}
	picture, err = shape.png(spec.Diameter, spec.DPI)
	return picture, shape.svg(spec.Diameter), err
}

// ringText sets characters along the upper arc, tall and narrow, their heads
// outward, within arc radians; a long name gets narrower type.
func (r *Renderer) ringText(shape *outline, text string, radius, arc float64) error {
	chars := []rune(text)
	height := radius * 0.31
	base := radius*0.915 - height // radius of the characters' feet
	step := math.Min(0.42, arc/float64(len(chars)))
	width := math.Min(height*0.74, step*base*1.06)
	for i, c := range chars {
		angle := (float64(i) - float64(len(chars)-1)/2) * step
		sin, cos := math.Sincos(angle)
		place := func(x, y float64) (float64, float64) { // em box centered on x, feet at y = 0
			x, y = (x-0.5)*width, base+y*height
			return x*cos + y*sin, x*sin - y*cos
		}
		if err := r.glyphOutline(shape, c, place); err != nil {
			return err
		}
	}
	return nil
}

// straightText sets a line centered below the middle; y is the line's center,
// room its greatest width.
func (r *Renderer) straightText(shape *outline, text string, y, size, room float64) error {
	width := r.fonts.measure(bold, text) * size
	squeeze := math.Min(1, room/math.Max(width, 1e-9))
	x := -width * squeeze / 2
	for _, c := range text {
		place := func(gx, gy float64) (float64, float64) { return x + gx*size*squeeze, y - (gy-0.5)*size }
		if err := r.glyphOutline(shape, c, place); err != nil {
			return err
		}
		x += r.fonts.measure(bold, string(c)) * size * squeeze
	}
	return nil
}

// glyphOutline adds a character. place maps its em box (0…1 to the right, 0…1
// up from the box's foot) to the seal.
func (r *Renderer) glyphOutline(shape *outline, c rune, place func(x, y float64) (float64, float64)) error {
	f := r.fonts.pick(bold, c)
	if f == nil {
		return registry.Errorf(registry.CodeGlyph, "ring", "no font draws U+%04X", c)
	}
	parsed, err := sfnt.Parse(f.raw)
	if err != nil {
		return fmt.Errorf("font %s: %w", f.name, err)
	}
	var buffer sfnt.Buffer
	index, err := parsed.GlyphIndex(&buffer, c)
	if err != nil {
		return fmt.Errorf("font %s: %w", f.name, err)
	}
	const em = 1024
	segments, err := parsed.LoadGlyph(&buffer, index, fixed.I(em), &sfnt.LoadGlyphOptions{})
	if err != nil {
		return fmt.Errorf("font %s, U+%04X: %w", f.name, c, err)
	}
	// Chinese glyphs reach from about 0.12 em below the baseline to 0.88 above.
	at := func(p fixed.Point26_6) point {
		x, y := place(float64(p.X)/64/em, 0.12-float64(p.Y)/64/em)
		return point{x, y}
	}
	for _, s := range segments {
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			shape.move(at(s.Args[0]))
		case sfnt.SegmentOpLineTo:
			shape.line(at(s.Args[0]))
		case sfnt.SegmentOpQuadTo:
			shape.quad(at(s.Args[0]), at(s.Args[1]))
		case sfnt.SegmentOpCubeTo:
			shape.cube(at(s.Args[0]), at(s.Args[1]), at(s.Args[2]))
		}
	}
	return nil
}

// outline is filled shapes in mm around the seal's middle, y down.
type outline struct {
	ops []segment
}

// segment is one path operation: M, L, Q or C.
type segment struct {
	op     byte
	points []point
}

func (o *outline) move(p point)       { o.ops = append(o.ops, segment{'M', []point{p}}) }
func (o *outline) line(p point)       { o.ops = append(o.ops, segment{'L', []point{p}}) }
func (o *outline) quad(a, p point)    { o.ops = append(o.ops, segment{'Q', []point{a, p}}) }
func (o *outline) cube(a, b, p point) { o.ops = append(o.ops, segment{'C', []point{a, b, p}}) }

// ring adds a circle line: the outer edge one way, the inner edge the other, so
// that filling leaves the middle free.
func (o *outline) ring(radius, width float64) {
	o.circle(radius, 1)
	o.circle(radius-width, -1)
}

func (o *outline) circle(radius, direction float64) {
	const k = 0.5522847498 // of a quarter circle as a cubic
	o.move(point{radius, 0})
	for i := range 4 {
		sin, cos := math.Sincos(direction * float64(i) * math.Pi / 2)
		turn := func(x, y float64) point {
			return point{(x*cos - direction*y*sin) * radius, (x*sin + direction*y*cos) * radius}
		}
		o.cube(turn(1, k), turn(k, 1), turn(0, 1))
	}
}

// star adds the five-pointed star in the middle.
func (o *outline) star(radius float64) {
	inner := radius * math.Sin(math.Pi/10) / math.Sin(7*math.Pi/10)
	for i := range 10 {
		length := radius
		if i%2 == 1 {
			length = inner
		}
		sin, cos := math.Sincos(float64(i)*math.Pi/5 - math.Pi/2)
		p := point{length * cos, length*sin - radius*0.12}
		if i == 0 {
			o.move(p)
		} else {
			o.line(p)
		}
	}
}

func (o *outline) svg(diameter float64) string {
	var b strings.Builder
	half := diameter / 2
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%smm" height="%smm" viewBox="%s %s %s %s"><path fill="#%02x%02x%02x" d="`,
		number(diameter), number(diameter), number(-half), number(-half), number(diameter), number(diameter), sealRed.R, sealRed.G, sealRed.B)
	for i, s := range o.ops {
		if s.op == 'M' && i > 0 {
			b.WriteByte('Z')
		}
		b.WriteByte(s.op)
		for j, p := range s.points {
			if j > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(number(p.x) + " " + number(p.y))
		}
	}
	b.WriteString(`Z"/></svg>`)
	return b.String()
}

// SealDPI is what a development seal is drawn with for electronic files, all of
// which carry it: ten dots to the millimeter.
const SealDPI = 254

// inkSteps are the steps of opacity, the paper and the full ink among them. At the
// edge, where alone they show, four a tenth of a millimeter wide look like sixteen,
// and two bits a dot compress to two thirds.
const inkSteps = 4

// inks is the seal's color in steps of opacity: enough for smooth edges, and
// a palette keeps the picture small, which every sealed file carries.
func inks() color.Palette {
	out := make(color.Palette, inkSteps)
	for i := range out {
		c := sealRed
		c.A = uint8(255 / (inkSteps - 1) * i)
		out[i] = c
	}
	return out
}

// png rasterizes the outlines.
func (o *outline) png(diameter float64, dpi int) ([]byte, error) {
	side := int(math.Ceil(diameter / 25.4 * float64(dpi)))
	scale := float64(side) / diameter
	raster := vector.NewRasterizer(side, side)
	at := func(p point) (float32, float32) {
		return float32((p.x + diameter/2) * scale), float32((p.y + diameter/2) * scale)
	}
	for i, s := range o.ops {
		x, y := at(s.points[len(s.points)-1])
		switch s.op {
		case 'M':
			if i > 0 {
				raster.ClosePath()
			}
			raster.MoveTo(x, y)
		case 'L':
			raster.LineTo(x, y)
		case 'Q':
			ax, ay := at(s.points[0])
			raster.QuadTo(ax, ay, x, y)
		case 'C':
			ax, ay := at(s.points[0])
			bx, by := at(s.points[1])
			raster.CubeTo(ax, ay, bx, by, x, y)
		}
	}
	raster.ClosePath()
	mask := image.NewAlpha(image.Rect(0, 0, side, side))
	raster.Draw(mask, mask.Bounds(), image.Opaque, image.Point{})
	img := image.NewPaletted(mask.Bounds(), inks())
	for i, alpha := range mask.Pix {
		img.Pix[i] = uint8((int(alpha)*(inkSteps-1) + 127) / 255)
	}
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression} // once for all licenses of the seal
	if err := encoder.Encode(&out, img); err != nil {
		return nil, fmt.Errorf("writing the seal picture: %w", err)
	}
	return out.Bytes(), nil
}
