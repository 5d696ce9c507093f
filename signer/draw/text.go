package draw

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"tongzheng/registry"
	"tongzheng/signer/check"
)

// line is what one TextObject draws, gathered.
type line struct {
	face    *face
	size    float64
	stretch float64
	shape   outline // in the object's space
	out     registry.DrawnText
	x, y    float64 // where the last TextCode began
	first   bool
}

// text draws a text object (GB/T 33190 §11): each character as an outline of
// the embedded font.
func (s *scene) text(ink *sheet, g *graphic) error {
	t := g.tree
	for _, name := range []string{"ReadDirection", "CharDirection"} {
		if v := strings.TrimSpace(t.Attr(name)); v != "" && v != "0" {
			return notDrawn("text with a %s of %s", name, short(v))
		}
	}
	l := line{first: true, stretch: 1}
	var err error
	if l.face, err = s.face(t.Attr("Font")); err != nil {
		return err
	}
	if l.size, err = numberAttr(t, "Size", 0); err != nil || l.size <= 0 {
		return malformed("text without a size")
	}
	if l.stretch, err = numberAttr(t, "HScale", 1); err != nil {
		return err
	}
	l.out = registry.DrawnText{Font: t.Attr("Font"), Mapping: registry.MappingOwn}
	var transforms []*check.Tree
	for _, child := range t.Children() {
		switch child.Name() {
		case "CGTransform":
			transforms = append(transforms, child)
		case "TextCode":
			if err := s.code(&l, child, transforms, g); err != nil {
				return err
			}
			transforms = nil
		}
	}
	if len(transforms) > 0 {
		return malformed("glyphs for no text")
	}
	if !s.quiet && l.out.Text != "" {
		s.texts = append(s.texts, l.out)
	}
	return g.paths(ink, l.shape, boolAttr(t, "Fill", true), boolAttr(t, "Stroke", false), "")
}

// code draws one TextCode.
func (s *scene) code(l *line, t *check.Tree, transforms []*check.Tree, g *graphic) error {
	var err error
	if l.first && (t.Attr("X") == "" || t.Attr("Y") == "") {
		return malformed("text that begins nowhere")
	}
	if l.x, err = numberAttr(t, "X", l.x); err != nil {
		return err
	}
	if l.y, err = numberAttr(t, "Y", l.y); err != nil {
		return err
	}
	text := t.Text()
	if !utf8.ValidString(text) {
		return malformed("text that is no UTF-8")
	}
	chars := []rune(text)
	if err := s.spent.spend(&s.spent.glyphs, len(chars), s.spent.limits.Glyphs, "characters"); err != nil {
		return err
	}
	xs, err := places(t.Attr("DeltaX"), l.x, chars)
	if err != nil {
		return err
	}
	ys, err := places(t.Attr("DeltaY"), l.y, chars)
	if err != nil {
		return err
	}
	named, err := glyphsOf(transforms, chars)
	if err != nil {
		return err
	}
	if l.first {
		at := g.own.at(point{l.x, l.y})
		l.out.X, l.out.Y, l.first = thousandth(at.x), thousandth(at.y), false
	}
	l.out.Text += text
	for i, c := range chars {
		if err := s.char(l, c, named[i], moved(xs[i], ys[i])); err != nil {
			return err
		}
	}
	return nil
}

// char draws one character at its place. named is the glyph that the file gives
// it, below zero for none.
func (s *scene) char(l *line, c rune, named int, at matrix) error {
	own := l.face.glyph(c)
	glyph := own
	if named >= 0 {
		glyph = uint16(named)
		switch {
		case !l.face.mapped:
			l.out.Mapping = registry.MappingNone
		case glyph != own && l.out.Mapping == registry.MappingOwn:
			l.out.Mapping = registry.MappingOther
		}
	}
	if glyph == 0 {
		if blank(c) {
			return nil
		}
		return notDrawn("the embedded font has no glyph for U+%04X", c)
	}
	o, err := l.face.outline(glyph, s.spent)
	if err != nil {
		return err
	}
	if len(o) == 0 && !blank(c) {
		return notDrawn("the embedded font draws nothing for U+%04X", c)
	}
	if len(o) > 0 && blank(c) {
		// Ink under a character that is none: the text would not say it.
		l.out.Mapping = registry.MappingOther
	}
	l.out.Glyphs = append(l.out.Glyphs, glyph)
	l.shape = append(l.shape, o.onto(scaled(l.size*l.stretch, l.size).then(at))...)
	return nil
}

// places are where characters begin along one axis. A list of distances that is
// too short goes on with its last one, as readers in the field do; a list that
// fits UTF-16 units instead of characters is taken so.
func places(deltas string, start float64, chars []rune) ([]float64, error) {
	list, err := parseDeltas(deltas, 2*len(chars))
	if err != nil {
		return nil, err
	}
	units := 0
	for _, c := range chars {
		units += len16(c)
	}
	byUnits := units != len(chars) && len(list) == units-1
	out := make([]float64, len(chars))
	at, used := start, 0
	for i, c := range chars {
		out[i] = at
		steps := 1
		if byUnits {
			steps = len16(c)
		}
		for range steps {
			if len(list) > 0 {
				at += list[min(used, len(list)-1)]
			}
			used++
		}
	}
	return out, nil
}

func len16(c rune) int {
	if c > 0xffff {
		return 2
	}
	return 1
}

// parseDeltas reads distances; "g count value" repeats one (GB/T 33190 §11.3).
func parseDeltas(text string, most int) ([]float64, error) {
	var out []float64
	fields := strings.Fields(text)
	for i := 0; i < len(fields); i++ {
		count := 1
		if fields[i] == "g" {
			if i+2 >= len(fields) {
				return nil, malformed("distances that are cut off")
			}
			n, err := strconv.Atoi(fields[i+1])
			if err != nil || n < 0 {
				return nil, malformed("distances that are repeated %q times", short(fields[i+1]))
			}
			count, i = n, i+2
		}
		v, err := parseNumber(fields[i])
		if err != nil {
			return nil, err
		}
		for range min(count, most) {
			out = append(out, v)
		}
		if len(out) > most {
			out = out[:most]
		}
	}
	return out, nil
}

// glyphsOf are the glyphs that CGTransforms give characters (GB/T 33190
// §11.4.4), one for one; below zero for none.
func glyphsOf(transforms []*check.Tree, chars []rune) ([]int, error) {
	named := make([]int, len(chars))
	for i := range named {
		named[i] = -1
	}
	for _, t := range transforms {
		for _, c := range chars {
			if c > 0xffff {
				return nil, notDrawn("named glyphs beside characters beyond the basic plane")
			}
		}
		from, err := numberAttr(t, "CodePosition", 0)
		if err != nil {
			return nil, err
		}
		codes, err := numberAttr(t, "CodeCount", 1)
		if err != nil {
			return nil, err
		}
		glyphs, err := t.Value("Glyphs")
		if err != nil {
			return nil, malformed("glyphs named twice")
		}
		list := strings.Fields(glyphs)
		if float64(len(list)) != codes {
			return nil, notDrawn("%v characters that are drawn as %d glyphs", codes, len(list))
		}
		for i, field := range list {
			at := int(from) + i
			g, err := strconv.ParseUint(field, 10, 16)
			if err != nil || at < 0 || at >= len(named) || named[at] >= 0 {
				return nil, malformed("a glyph for no character")
			}
			named[at] = int(g)
		}
	}
	return named, nil
}

func thousandth(v float64) float64 { return float64(micro(v)) / unit }
