package render

import "encoding/binary"

// leanSteps are the steps of an em to which the outlines of the embedded text font
// are rounded: at the size of values no point moves by more than an eightieth of a
// millimeter, a third of a dot of a printer with 600 to the inch. The font, which is
// most of a document, becomes a quarter smaller.
const leanSteps = 200

// leanGlyph is a glyph as it is embedded. A font keeps those that it was asked for:
// 400 bytes each.
type leanGlyph struct {
	outline []byte
	shift   int16 // of its left edge
}

// packed is a glyph's outline without its program, rounded when lean; the parts of
// composites are renumbered by add.
func (f *font) packed(glyph int, lean bool, add func(int) int) ([]byte, error) {
	if lean {
		if one := f.lean(glyph); one.outline != nil {
			return one.outline, nil
		}
	}
	return packGlyph(f.outline(glyph), add)
}

// lean rounds a simple glyph; zero for one that stays as it is.
func (f *font) lean(glyph int) leanGlyph {
	outline, grid := f.outline(glyph), f.unitsPerEm/leanSteps
	if grid < 2 || len(outline) < 10 || int16(binary.BigEndian.Uint16(outline)) <= 0 {
		return leanGlyph{}
	}
	if known, ok := f.leans.Load(glyph); ok {
		return known.(leanGlyph)
	}
	var made leanGlyph
	if contours, err := readContours(outline); err == nil {
		for i := range contours {
			contours[i] = leanContour(contours[i], grid)
		}
		var left int
		made.outline, left = writeContours(contours)
		made.shift = int16(left) - int16(binary.BigEndian.Uint16(outline[2:]))
	}
	f.leans.Store(glyph, made)
	return made
}

// outlinePoint is a point of a TrueType contour in font units; off-curve points
// are controls of quadratic curves.
type outlinePoint struct {
	x, y int
	on   bool
}

// Flags of a point in a simple glyph (ISO/IEC 14496-22, glyf).
const (
	pointOnCurve = 0x01
	pointShortX  = 0x02
	pointShortY  = 0x04
	pointRepeat  = 0x08
	pointSameX   = 0x10 // or: the short x is positive
	pointSameY   = 0x20
)

// readContours reads a simple glyph.
func readContours(outline []byte) ([][]outlinePoint, error) {
	count := int(int16(binary.BigEndian.Uint16(outline)))
	at := 10 + 2*count
	if count <= 0 || len(outline) < at+2 {
		return nil, errFont
	}
	points := int(binary.BigEndian.Uint16(outline[at-2:])) + 1
	at += 2 + int(binary.BigEndian.Uint16(outline[at:]))
	if at > len(outline) {
		return nil, errFont
	}
	flags, rest, ok := readFlags(outline[at:], points)
	if !ok {
		return nil, errFont
	}
	all := make([]outlinePoint, points)
	xs, rest, ok := readDeltas(rest, flags, pointShortX, pointSameX)
	if !ok {
		return nil, errFont
	}
	ys, _, ok := readDeltas(rest, flags, pointShortY, pointSameY)
	if !ok {
		return nil, errFont
	}
	for i := range all {
		all[i] = outlinePoint{xs[i], ys[i], flags[i]&pointOnCurve != 0}
	}
	contours, from := make([][]outlinePoint, count), 0
	for i := range contours {
		end := int(binary.BigEndian.Uint16(outline[10+2*i:])) + 1
		if end < from || end > points {
			return nil, errFont
		}
		contours[i], from = all[from:end], end
	}
	return contours, nil
}

func readFlags(raw []byte, points int) (flags, rest []byte, ok bool) {
	for len(flags) < points {
		if len(raw) < 2 {
			return nil, nil, false
		}
		flag, times := raw[0], 1
		raw = raw[1:]
		if flag&pointRepeat != 0 {
			times, raw = times+int(raw[0]), raw[1:]
		}
		for range times {
			flags = append(flags, flag)
		}
	}
	return flags, raw, len(flags) == points
}

// readDeltas reads one coordinate of all points, absolute.
func readDeltas(raw, flags []byte, short, same byte) (out []int, rest []byte, ok bool) {
	out, at := make([]int, len(flags)), 0
	for i, flag := range flags {
		switch {
		case flag&short != 0:
			if len(raw) < 1 {
				return nil, nil, false
			}
			d := int(raw[0])
			if flag&same == 0 {
				d = -d
			}
			at, raw = at+d, raw[1:]
		case flag&same == 0:
			if len(raw) < 2 {
				return nil, nil, false
			}
			at, raw = at+int(int16(binary.BigEndian.Uint16(raw))), raw[2:]
		}
		out[i] = at
	}
	return out, raw, true
}

// leanContour rounds coordinates to multiples of grid and leaves out what the
// outline does not need: points that stand twice, points on the curve that
// readers put in the middle of two controls by themselves, and points on a
// straight line.
func leanContour(contour []outlinePoint, grid int) []outlinePoint {
	points := make([]outlinePoint, 0, len(contour))
	for _, p := range contour {
		p.x, p.y = rounded(p.x, grid), rounded(p.y, grid)
		if n := len(points); n > 0 && points[n-1] == p {
			continue
		}
		points = append(points, p)
	}
	for i := 0; i < len(points) && len(points) > 3; {
		before, p, after := points[(i+len(points)-1)%len(points)], points[i], points[(i+1)%len(points)]
		if p.on && needless(before, p, after, grid) {
			points = append(points[:i], points[i+1:]...)
			continue
		}
		i++
	}
	return points
}

// needless tells whether the outline is the same without the point p, to the
// width of the grid.
func needless(before, p, after outlinePoint, grid int) bool {
	switch {
	case !before.on && !after.on:
		return within(2*p.x-before.x-after.x, grid) && within(2*p.y-before.y-after.y, grid)
	case before.on && after.on:
		ax, ay, bx, by := p.x-before.x, p.y-before.y, after.x-p.x, after.y-p.y
		return ax*by == ay*bx && ax*bx+ay*by > 0
	}
	return false
}

func within(d, most int) bool { return -most <= d && d <= most }

func rounded(v, grid int) int {
	if v < 0 {
		return -((-v + grid/2) / grid * grid)
	}
	return (v + grid/2) / grid * grid
}

// writeContours writes a simple glyph without a program, and its left edge.
func writeContours(contours [][]outlinePoint) (outline []byte, left int) {
	var ends, flags, xs, ys []byte
	count, x, y := 0, 0, 0
	low, high := contours[0][0], contours[0][0]
	var last, repeated byte
	for _, contour := range contours {
		for _, p := range contour {
			flag := byte(0)
			if p.on {
				flag = pointOnCurve
			}
			var more byte
			xs, more = writeDelta(xs, p.x-x, pointShortX, pointSameX)
			flag |= more
			ys, more = writeDelta(ys, p.y-y, pointShortY, pointSameY)
			flag |= more
			x, y = p.x, p.y
			low, high = outlinePoint{x: min(low.x, x), y: min(low.y, y)}, outlinePoint{x: max(high.x, x), y: max(high.y, y)}
			switch n := len(flags); {
			case count > 0 && flag == last && repeated > 0 && repeated < 255:
				repeated++
				flags[n-1] = repeated
			case count > 0 && flag == last && repeated == 0 && n > 1 && flags[n-1] == last && flags[n-2] == last:
				flags, repeated = append(flags[:n-2], flag|pointRepeat, 2), 2
			default:
				flags, last, repeated = append(flags, flag), flag, 0
			}
			count++
		}
		ends = binary.BigEndian.AppendUint16(ends, uint16(count-1))
	}
	outline = words(len(contours), low.x, low.y, high.x, high.y)
	outline = append(append(outline, ends...), 0, 0)
	return append(append(append(outline, flags...), xs...), ys...), low.x
}

func writeDelta(out []byte, d int, short, same byte) ([]byte, byte) {
	switch {
	case d == 0:
		return out, same
	case d > 0 && d < 256:
		return append(out, byte(d)), short | same
	case d < 0 && d > -256:
		return append(out, byte(-d)), short
	}
	return binary.BigEndian.AppendUint16(out, uint16(int16(d))), 0
}
