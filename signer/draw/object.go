package draw

import (
	"fmt"

	"tongzheng/signer/check"
)

// block draws the objects of a layer, a block or a composite unit, in their
// order.
func (s *scene) block(ink *sheet, t *check.Tree, m matrix, l look, depth int) error {
	if depth > s.spent.limits.Depth {
		return notDrawn("blocks nested deeper than %d", s.spent.limits.Depth)
	}
	for _, one := range t.Children() {
		var err error
		switch one.Name() {
		case "TextObject", "PathObject", "ImageObject", "CompositeObject":
			err = s.object(ink, one, m, l, depth)
		case "PageBlock":
			if err = s.spent.object(); err == nil {
				err = s.block(ink, one, m, l, depth+1)
			}
		case "Actions", "FillColor", "StrokeColor": // the last two: of drawing parameters
		default:
			err = notDrawn("objects of kind %s", short(one.Name()))
		}
		if err == nil && ink.Len() > s.spent.limits.Bytes {
			err = s.spent.byte(ink.Len())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// graphic is what all objects have (GB/T 33190 §8.5).
type graphic struct {
	tree  *check.Tree
	at    box    // Boundary, in the space around the object
	space matrix // of the space around to the page
	own   matrix // of the object's space to the page
	ctm   matrix
	look  look
	alpha float64
	depth int
}

// object draws one object within its boundary and its clips.
func (s *scene) object(ink *sheet, t *check.Tree, m matrix, l look, depth int) error {
	if err := s.spent.object(); err != nil {
		return err
	}
	if !boolAttr(t, "Visible", true) {
		return nil
	}
	g := graphic{tree: t, space: m, depth: depth}
	var err error
	if g.at, err = parseBox(t.Attr("Boundary")); err != nil {
		return err
	}
	if g.ctm, err = matrixAttr(t); err != nil {
		return err
	}
	g.own = g.ctm.then(moved(g.at.x, g.at.y)).then(m)
	if g.alpha, err = alphaAttr(t); err != nil {
		return err
	}
	if g.look, err = s.looks(t, l, 0); err != nil {
		return err
	}
	var inner sheet
	switch t.Name() {
	case "TextObject":
		err = s.text(&inner, &g)
	case "PathObject":
		err = s.path(&inner, &g)
	case "ImageObject":
		err = s.image(&inner, &g)
	case "CompositeObject":
		err = s.composite(&inner, &g)
	}
	if err != nil {
		return err
	}
	cut, err := s.clips(&inner, &g)
	if err != nil {
		return err
	}
	return s.bounded(ink, cut, g.at, m)
}

// paths writes an outline in the object's space: filled, lined, or both.
func (g *graphic) paths(ink *sheet, o outline, fill, stroke bool, rule string) error {
	if len(o) == 0 || !fill && !stroke {
		return nil
	}
	by, even := g.own.scale()
	space, transform := g.own, ""
	if stroke && !even {
		// A line that is thicker one way than the other is drawn in its own space.
		space, by = identity, 1
		transform = ` transform="` + g.own.transform() + `"`
	}
	onPage := o.onto(g.own)
	drawn := onPage
	if transform != "" {
		drawn = o.onto(space)
	}
	d, err := drawn.path()
	if err != nil {
		return err
	}
	attrs := ` fill="none"`
	if fill {
		attrs = fmt.Sprintf(` fill="%s"%s%s`, g.look.fill, opacity("fill-opacity", g.look.fill.alpha), rule)
	}
	reach := bounds{}
	reach.cover(onPage)
	if stroke {
		lines, err := g.look.strokeAttrs(by)
		if err != nil {
			return err
		}
		attrs += lines
		width := g.look.width * (abs(g.own.a) + abs(g.own.b) + abs(g.own.c) + abs(g.own.d)) / 2
		reach = reach.grown(width / 2 * max(1, g.spread()))
	}
	ink.reach.join(reach)
	fmt.Fprintf(ink, `<path%s%s%s d="%s"/>`, attrs, opacity("opacity", g.alpha), transform, d)
	return nil
}

// spread is how far over half its width a line reaches at corners and ends.
func (g *graphic) spread() float64 {
	most := 1.0
	if g.look.cap == "Square" {
		most = 1.5
	}
	return most
}

func abs(v float64) float64 {
	if v < 0 {
		return -v
	}
	return v
}

// path draws a path object (GB/T 33190 §9).
func (s *scene) path(ink *sheet, g *graphic) error {
	o, err := s.parsePath(g.tree)
	if err != nil {
		return err
	}
	rule, err := ruleAttr(g.tree, "fill-rule")
	if err != nil {
		return err
	}
	return g.paths(ink, o, boolAttr(g.tree, "Fill", false), boolAttr(g.tree, "Stroke", true), rule)
}

// ruleAttr is the rule by which areas are inside; empty for SVG's default.
func ruleAttr(t *check.Tree, name string) (string, error) {
	switch t.Attr("Rule") {
	case "", "NonZero":
		return "", nil
	case "Even-Odd":
		return ` ` + name + `="evenodd"`, nil
	}
	return "", malformed("%q is no rule of filling", short(t.Attr("Rule")))
}

// composite draws a unit that other objects make up (GB/T 33190 §13).
func (s *scene) composite(ink *sheet, g *graphic) error {
	found, ok := s.resources.get("CompositeGraphicUnit", g.tree.Attr("ResourceID"))
	if !ok {
		return malformed("there is no composite %q", short(g.tree.Attr("ResourceID")))
	}
	w, err := numberAttr(found.tree, "Width", 0)
	if err != nil {
		return err
	}
	h, err := numberAttr(found.tree, "Height", 0)
	if err != nil {
		return err
	}
	content, err := found.tree.One("Content")
	if err != nil || content == nil {
		return malformed("a composite without one content")
	}
	var inner, cut sheet
	if err := s.block(&inner, content, g.own, g.look, g.depth+1); err != nil {
		return err
	}
	if err := s.bounded(&cut, &inner, box{0, 0, w, h}, g.own); err != nil || cut.Len() == 0 {
		return err
	}
	ink.reach.join(cut.reach)
	if faint := opacity("opacity", g.alpha); faint != "" {
		fmt.Fprintf(ink, `<g%s>%s</g>`, faint, cut.String())
		return nil
	}
	ink.WriteString(cut.String())
	return nil
}

// clips cuts an object off at its clips: within each of them, and within one
// area of each (GB/T 33190 §8.4).
func (s *scene) clips(inner *sheet, g *graphic) (*sheet, error) {
	list, err := g.tree.One("Clips")
	if err != nil {
		return nil, malformed("an object has two lists of clips")
	}
	if list == nil || inner.Len() == 0 {
		return inner, nil
	}
	space := moved(g.at.x, g.at.y).then(g.space)
	if boolAttr(list, "TransFlag", true) {
		space = g.own
	}
	for _, clip := range list.All("Clip") {
		var parts []clipPart
		for _, area := range clip.All("Area") {
			part, err := s.clipArea(area, space)
			if err != nil {
				return nil, err
			}
			parts = append(parts, part)
		}
		out := &sheet{reach: inner.reach}
		if err := out.clipped(s.spent, inner.String(), parts...); err != nil {
			return nil, err
		}
		inner = out
	}
	return inner, nil
}

func (s *scene) clipArea(area *check.Tree, space matrix) (part clipPart, err error) {
	t, err := area.One("Path")
	if err != nil || t == nil {
		return part, notDrawn("clips that are no path")
	}
	ctm, err := matrixAttr(area)
	if err != nil {
		return part, err
	}
	own, err := matrixAttr(t)
	if err != nil {
		return part, err
	}
	at, err := parseBox(t.Attr("Boundary"))
	if err != nil {
		return part, err
	}
	rule, err := ruleAttr(t, "clip-rule")
	if err != nil {
		return part, err
	}
	o, err := s.parsePath(t)
	if err != nil {
		return part, err
	}
	return clipPart{o.onto(own.then(moved(at.x, at.y)).then(ctm).then(space)), rule}, nil
}
