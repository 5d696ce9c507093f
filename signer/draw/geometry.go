package draw

import (
	"math"

	"tongzheng/signer/check"
)

// matrix maps x to a·x + c·y + e and y to b·x + d·y + f: the CTM of GB/T 33190
// §8.5 and of SVG alike.
type matrix struct{ a, b, c, d, e, f float64 }

var identity = matrix{a: 1, d: 1}

// then is the mapping that first does m, then n.
func (m matrix) then(n matrix) matrix {
	return matrix{
		m.a*n.a + m.b*n.c, m.a*n.b + m.b*n.d,
		m.c*n.a + m.d*n.c, m.c*n.b + m.d*n.d,
		m.e*n.a + m.f*n.c + n.e, m.e*n.b + m.f*n.d + n.f,
	}
}

func (m matrix) at(p point) point { return point{m.a*p.x + m.c*p.y + m.e, m.b*p.x + m.d*p.y + m.f} }

func moved(x, y float64) matrix { return matrix{1, 0, 0, 1, x, y} }

func scaled(x, y float64) matrix { return matrix{a: x, d: y} }

// scale is by how much a mapping makes lines thicker; even tells whether it does
// so in all directions alike.
func (m matrix) scale() (by float64, even bool) {
	by = math.Sqrt(math.Abs(m.a*m.d - m.b*m.c))
	slack := 1e-6 * (math.Abs(m.a) + math.Abs(m.b) + math.Abs(m.c) + math.Abs(m.d))
	straight := math.Abs(m.a-m.d) <= slack && math.Abs(m.b+m.c) <= slack
	mirrored := math.Abs(m.a+m.d) <= slack && math.Abs(m.b-m.c) <= slack
	return by, straight || mirrored
}

// matrixAttr reads a CTM; none is identity.
func matrixAttr(t *check.Tree) (matrix, error) {
	v, err := numbers(t.Attr("CTM"))
	switch {
	case err != nil:
		return identity, err
	case len(v) == 0:
		return identity, nil
	case len(v) != 6:
		return identity, malformed("a CTM has %d numbers", len(v))
	}
	return matrix{v[0], v[1], v[2], v[3], v[4], v[5]}, nil
}

type point struct{ x, y float64 }

// outline is lines and curves in whatever measure its user has.
type outline []segment

// segment is one step: M, L, Q, C (cubic) or Z.
type segment struct {
	op byte
	p  [3]point // the last one used is where it ends
}

// uses is how many points a step has.
func uses(op byte) int {
	switch op {
	case 'M', 'L':
		return 1
	case 'Q':
		return 2
	case 'C':
		return 3
	}
	return 0
}

func (o *outline) add(op byte, points ...point) {
	s := segment{op: op}
	copy(s.p[:], points)
	*o = append(*o, s)
}

// onto returns the outline under a mapping.
func (o outline) onto(m matrix) outline {
	out := make(outline, len(o))
	for i, s := range o {
		for j := range uses(s.op) {
			s.p[j] = m.at(s.p[j])
		}
		out[i] = s
	}
	return out
}

func rectangle(b box) outline {
	var o outline
	o.add('M', point{b.x, b.y})
	o.add('L', point{b.x + b.w, b.y})
	o.add('L', point{b.x + b.w, b.y + b.h})
	o.add('L', point{b.x, b.y + b.h})
	o.add('Z')
	return o
}

// bounds is what an outline reaches over; its curves lie within their points.
type bounds struct {
	least, most point
	any         bool
}

func (b *bounds) reach(p point) {
	if !b.any {
		b.least, b.most, b.any = p, p, true
		return
	}
	b.least = point{math.Min(b.least.x, p.x), math.Min(b.least.y, p.y)}
	b.most = point{math.Max(b.most.x, p.x), math.Max(b.most.y, p.y)}
}

func (b *bounds) cover(o outline) {
	for _, s := range o {
		for j := range uses(s.op) {
			b.reach(s.p[j])
		}
	}
}

func (b *bounds) join(other bounds) {
	if other.any {
		b.reach(other.least)
		b.reach(other.most)
	}
}

// grown is the bounds with a line's width around them.
func (b bounds) grown(by float64) bounds {
	if b.any {
		b.least, b.most = point{b.least.x - by, b.least.y - by}, point{b.most.x + by, b.most.y + by}
	}
	return b
}

// within tells whether all of it lies in a rectangle, a hair aside.
func (b bounds) within(r box) bool {
	const hair = 0.05 // mm
	return !b.any || b.least.x >= r.x-hair && b.least.y >= r.y-hair && b.most.x <= r.x+r.w+hair && b.most.y <= r.y+r.h+hair
}

// arc adds an elliptical arc from the current point as cubic curves (SVG 1.1
// appendix F.6; GB/T 33190 §9.3.5 gives the same parameters).
func (o *outline) arc(from point, rx, ry, turn float64, large, sweep bool, to point) {
	rx, ry = math.Abs(rx), math.Abs(ry)
	if rx == 0 || ry == 0 || from == to {
		o.add('L', to)
		return
	}
	sin, cos := math.Sincos(turn * math.Pi / 180)
	dx, dy := (from.x-to.x)/2, (from.y-to.y)/2
	x, y := cos*dx+sin*dy, cos*dy-sin*dx
	if over := x*x/(rx*rx) + y*y/(ry*ry); over > 1 {
		rx, ry = rx*math.Sqrt(over), ry*math.Sqrt(over)
	}
	k := math.Sqrt(math.Max(0, (rx*rx*ry*ry-rx*rx*y*y-ry*ry*x*x)/(rx*rx*y*y+ry*ry*x*x)))
	if large == sweep {
		k = -k
	}
	cx, cy := k*rx*y/ry, -k*ry*x/rx
	middle := matrix{cos, sin, -sin, cos, (from.x + to.x) / 2, (from.y + to.y) / 2}
	first := math.Atan2((y-cy)/ry, (x-cx)/rx)
	angle := math.Atan2((-y-cy)/ry, (-x-cx)/rx) - first
	if sweep && angle < 0 {
		angle += 2 * math.Pi
	} else if !sweep && angle > 0 {
		angle -= 2 * math.Pi
	}
	parts := int(math.Ceil(math.Abs(angle)/(math.Pi/2) - 1e-9))
	if parts < 1 || parts > 4 {
		o.add('L', to)
		return
	}
	step := angle / float64(parts)
	reach := 4.0 / 3 * math.Tan(step/4)
	on := func(x, y float64) point { return middle.at(point{cx + rx*x, cy + ry*y}) }
	for i := range parts {
		s0, c0 := math.Sincos(first + float64(i)*step)
		s1, c1 := math.Sincos(first + float64(i+1)*step)
		end := on(c1, s1)
		if i == parts-1 {
			end = to
		}
		o.add('C', on(c0-reach*s0, s0+reach*c0), on(c1+reach*s1, s1-reach*c1), end)
	}
}
