package draw

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"tongzheng/signer/check"
)

// look is how lines and areas are drawn (GB/T 33190 §8.2 and §8.3).
type look struct {
	fill, stroke paint
	width        float64 // of lines, mm
	join, cap    string
	miter        float64
	dash         []float64
	offset       float64 // of the dashes
}

// paint is a color and its opacity.
type paint struct {
	r, g, b uint8
	alpha   float64 // 0…1
}

func (p paint) String() string { return fmt.Sprintf("#%02x%02x%02x", p.r, p.g, p.b) }

func plainLook() look {
	black := paint{alpha: 1}
	return look{fill: black, stroke: black, width: 0.353, join: "Miter", cap: "Butt", miter: 3.528}
}

// mostParams is how far drawing parameters may build on one another.
const mostParams = 8

// looks applies what an element says of itself: its drawing parameters first,
// then its own attributes and colors.
func (s *scene) looks(t *check.Tree, l look, depth int) (look, error) {
	if id := t.Attr("DrawParam"); id != "" {
		var err error
		if l, err = s.param(id, l, depth); err != nil {
			return l, err
		}
	}
	return s.own(t, l)
}

func (s *scene) param(id string, l look, depth int) (look, error) {
	if depth >= mostParams {
		return l, malformed("drawing parameters build on one another without end")
	}
	found, ok := s.resources.get("DrawParam", id)
	if !ok {
		return l, malformed("there are no drawing parameters %q", short(id))
	}
	if below := found.tree.Attr("Relative"); below != "" {
		var err error
		if l, err = s.param(below, l, depth+1); err != nil {
			return l, err
		}
	}
	return s.own(found.tree, l)
}

// own applies an element's attributes and colors.
func (s *scene) own(t *check.Tree, l look) (look, error) {
	var err error
	for _, v := range []struct {
		name string
		of   *float64
	}{{"LineWidth", &l.width}, {"MiterLimit", &l.miter}, {"DashOffset", &l.offset}} {
		if *v.of, err = numberAttr(t, v.name, *v.of); err != nil {
			return l, err
		}
	}
	if l.width < 0 {
		return l, malformed("a line of negative width")
	}
	if text := t.Attr("DashPattern"); text != "" {
		if l.dash, err = numbers(text); err != nil {
			return l, err
		}
		for _, v := range l.dash {
			if v < 0 || len(l.dash) > 32 {
				return l, malformed("a pattern of dashes that is none")
			}
		}
	}
	if text := t.Attr("Join"); text != "" {
		l.join = text
	}
	if text := t.Attr("Cap"); text != "" {
		l.cap = text
	}
	if l.fill, err = s.color(t, "FillColor", l.fill); err != nil {
		return l, err
	}
	l.stroke, err = s.color(t, "StrokeColor", l.stroke)
	return l, err
}

// color reads a color (GB/T 33190 §8.3.2). Patterns and shadings are not drawn.
func (s *scene) color(of *check.Tree, name string, fallback paint) (paint, error) {
	t, err := of.One(name)
	if err != nil {
		return fallback, malformed("two %s in one place", name)
	}
	if t == nil {
		return fallback, nil
	}
	if len(t.Children()) > 0 {
		return fallback, notDrawn("colors that are %s", short(t.Children()[0].Name()))
	}
	if t.Attr("Index") != "" {
		return fallback, notDrawn("colors of a palette")
	}
	channels, err := colorValues(t.Attr("Value"))
	if err != nil {
		return fallback, err
	}
	if err := s.colorSpace(t.Attr("ColorSpace"), &channels); err != nil {
		return fallback, err
	}
	p := paint{}
	switch len(channels) {
	case 1:
		p.r, p.g, p.b = channels[0], channels[0], channels[0]
	case 3:
		p.r, p.g, p.b = channels[0], channels[1], channels[2]
	case 4:
		white := func(ink uint8) uint8 {
			return uint8(math.Round((255 - float64(ink)) * (255 - float64(channels[3])) / 255))
		}
		p.r, p.g, p.b = white(channels[0]), white(channels[1]), white(channels[2])
	default:
		return fallback, malformed("a color of %d channels", len(channels))
	}
	p.alpha, err = alphaAttr(t)
	return p, err
}

// colorSpace holds a color against the space that it names. A space that is not
// there says no more than the number of channels does.
func (s *scene) colorSpace(id string, channels *[]uint8) error {
	found, ok := s.resources.get("ColorSpace", id)
	want := map[string]int{"GRAY": 1, "RGB": 3, "CMYK": 4}[strings.ToUpper(found.kind())]
	switch {
	case !ok && len(*channels) == 0:
		*channels = []uint8{0, 0, 0}
	case !ok:
	case want == 0:
		return notDrawn("a color space of type %q", short(found.kind()))
	case found.tree.Attr("BitsPerComponent") != "" && found.tree.Attr("BitsPerComponent") != "8":
		return notDrawn("colors of other than 8 bits a channel")
	case len(*channels) == 0:
		*channels = make([]uint8, want)
	case want != len(*channels):
		return malformed("a color of %d channels in a space of %d", len(*channels), want)
	}
	return nil
}

func (t thing) kind() string {
	if t.tree == nil {
		return ""
	}
	return t.tree.Attr("Type")
}

// colorValues reads channels, decimal or as #hh.
func colorValues(text string) ([]uint8, error) {
	var out []uint8
	for _, field := range strings.Fields(text) {
		hex, isHex := strings.CutPrefix(field, "#")
		base := 10
		if isHex {
			field, base = hex, 16
		}
		v, err := strconv.ParseUint(field, base, 8)
		if err != nil {
			if whole, err := parseNumber(field); err != nil || isHex || whole < 0 || whole > 255 {
				return nil, malformed("%q is no color", short(field))
			} else {
				v = uint64(math.Round(whole))
			}
		}
		out = append(out, uint8(v))
	}
	return out, nil
}

// alphaAttr reads an opacity of 0…255 as 0…1.
func alphaAttr(t *check.Tree) (float64, error) {
	v, err := numberAttr(t, "Alpha", 255)
	if err != nil || v < 0 || v > 255 {
		return 1, malformed("an opacity outside 0 to 255")
	}
	return v / 255, nil
}

// opacity is an attribute; empty for what is wholly opaque.
func opacity(name string, alpha float64) string {
	if alpha >= 1 {
		return ""
	}
	return fmt.Sprintf(` %s="%s"`, name, strconv.FormatFloat(math.Round(alpha*1000)/1000, 'f', -1, 64))
}

// strokeAttrs are the attributes of a line; by is what its space makes of
// widths.
func (l look) strokeAttrs(by float64) (string, error) {
	join, ok := map[string]string{"Miter": "", "Round": ` stroke-linejoin="round"`, "Bevel": ` stroke-linejoin="bevel"`}[l.join]
	if !ok {
		return "", malformed("%q joins no lines", short(l.join))
	}
	ends, ok := map[string]string{"Butt": "", "Round": ` stroke-linecap="round"`, "Square": ` stroke-linecap="square"`}[l.cap]
	if !ok {
		return "", malformed("%q ends no line", short(l.cap))
	}
	out := fmt.Sprintf(` stroke="%s" stroke-width="%d"%s%s%s`, l.stroke, micro(l.width*by), opacity("stroke-opacity", l.stroke.alpha), join, ends)
	if l.join == "Miter" {
		out += ` stroke-miterlimit="` + strconv.FormatFloat(math.Max(1, math.Round(l.miter*1000)/1000), 'f', -1, 64) + `"`
	}
	if len(l.dash) > 0 {
		var dashes []string
		for _, v := range l.dash {
			dashes = append(dashes, strconv.FormatInt(micro(v*by), 10))
		}
		out += ` stroke-dasharray="` + strings.Join(dashes, " ") + `"`
		if l.offset != 0 {
			out += fmt.Sprintf(` stroke-dashoffset="%d"`, micro(l.offset*by))
		}
	}
	return out, nil
}
