package draw

import (
	"fmt"
	"slices"
	"strings"

	"tongzheng/registry"
	"tongzheng/signer/check"
)

// scene is one page on its way.
type scene struct {
	*file
	resources *resources
	texts     []registry.DrawnText
	quiet     bool // a picture of a seal: its text is not the document's
}

// Orders in which layers lie on one another (GB/T 33190 §7.7).
const (
	background = "Background"
	body       = "Body"
	foreground = "Foreground"
)

// stratum is one layer with where it lies.
type stratum struct {
	layer     *check.Tree
	order     int
	resources *resources
}

// page draws one page: templates and layers, annotations, seals.
func (f *file) page(i int) (*registry.DrawnPage, error) {
	ref := f.pages[i]
	area, err := f.pageArea(ref)
	if err != nil {
		return nil, err
	}
	s := &scene{file: f}
	var ink sheet
	if err := s.content(&ink, ref, moved(-area.x, -area.y)); err != nil {
		return nil, err
	}
	if err := s.annotations(&ink, ref, moved(-area.x, -area.y)); err != nil {
		return nil, err
	}
	if err := s.seals(&ink, ref, moved(-area.x, -area.y)); err != nil {
		return nil, err
	}
	svg := f.frame(area, i, s.texts, ink.String())
	if err := f.spent.byte(len(svg)); err != nil {
		return nil, err
	}
	return &registry.DrawnPage{Width: area.w, Height: area.h, SVG: []byte(svg), Texts: s.texts}, nil
}

// pageArea is the page's own box, else the document's.
func (f *file) pageArea(ref pageRef) (box, error) {
	t, err := f.tree(ref.path, "Page")
	if err != nil {
		return box{}, err
	}
	area, err := physicalBox(t, "Area")
	if err != nil {
		return area, err
	}
	if area.w == 0 || area.h == 0 {
		area = f.area
	}
	if area.w < 1 || area.h < 1 {
		return area, malformed("a page without a size")
	}
	if most := f.spent.limits.Side; area.w > most || area.h > most {
		return area, registry.Errorf(registry.CodeTooLarge, "file", "a page of %.0f by %.0f mm: pages up to A3 are drawn", area.w, area.h)
	}
	return area, nil
}

// mostSaid is how much of a page's text its picture says to who does not see it.
const mostSaid = 20000

// frame is the SVG around what stands on the page: white paper, and in words
// what it is.
func (f *file) frame(area box, i int, texts []registry.DrawnText, ink string) string {
	var b, said strings.Builder
	for _, t := range texts {
		if said.Len()+len(t.Text) > mostSaid {
			break
		}
		said.WriteString(t.Text + "\n")
	}
	w, h := micro(area.w), micro(area.h)
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%smm" height="%smm" viewBox="0 0 %d %d" role="img">`,
		millimeters(w), millimeters(h), w, h)
	fmt.Fprintf(&b, "<title>文件第 %d 页，共 %d 页 · page %d of %d</title>", i+1, len(f.pages), i+1, len(f.pages))
	if said.Len() > 0 {
		fmt.Fprintf(&b, "<desc>%s</desc>", escape(strings.TrimSuffix(said.String(), "\n")))
	}
	fmt.Fprintf(&b, `<path fill="#ffffff" d="M0 0h%dv%dh-%dz"/>`, w, h, w)
	b.WriteString(ink)
	b.WriteString("</svg>\n")
	return b.String()
}

// millimeters writes units as millimeters.
func millimeters(units int64) string {
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%d.%03d", units/unit, units%unit), "0"), ".")
}

// content draws what a page and its templates say.
func (s *scene) content(ink *sheet, ref pageRef, m matrix) error {
	strata, err := s.strata(ref)
	if err != nil {
		return err
	}
	for _, one := range strata {
		s.resources = one.resources
		l, err := s.looks(one.layer, plainLook(), 0)
		if err != nil {
			return err
		}
		if err := s.block(ink, one.layer, m, l, 0); err != nil {
			return err
		}
	}
	return nil
}

// strata are the layers of a page and of its templates, the lowest first: by
// order, templates in the order of their references in front of the page's own.
func (s *scene) strata(ref pageRef) ([]stratum, error) {
	page, err := s.tree(ref.path, "Page")
	if err != nil {
		return nil, err
	}
	var out []stratum
	for _, use := range page.All("Template") {
		template, ok := s.templates[use.Attr("TemplateID")]
		if !ok {
			return nil, malformed("there is no template %q", short(use.Attr("TemplateID")))
		}
		order := use.Attr("ZOrder")
		if order == "" {
			order = template.order
		}
		level, err := levelOf(order, background)
		if err != nil {
			return nil, err
		}
		layers, err := s.layers(template.path)
		if err != nil {
			return nil, err
		}
		for i := range layers {
			layers[i].order = level
		}
		out = append(out, layers...)
	}
	own, err := s.layers(ref.path)
	if err != nil {
		return nil, err
	}
	out = append(out, own...)
	slices.SortStableFunc(out, func(a, b stratum) int { return a.order - b.order })
	return out, nil
}

func levelOf(order, fallback string) (int, error) {
	if order == "" {
		order = fallback
	}
	level, ok := map[string]int{background: 0, body: 1, foreground: 2}[order]
	if !ok {
		return 0, malformed("%q is no order of layers", short(order))
	}
	return level, nil
}

// layers are those of one page file by their own order.
func (s *scene) layers(path string) ([]stratum, error) {
	page, err := s.tree(path, "Page")
	if err != nil {
		return nil, err
	}
	content, err := page.One("Content")
	if err != nil {
		return nil, malformed("%s has two contents", path)
	}
	resources, err := s.readResources(s.shared, path, page, "PageRes")
	if err != nil {
		return nil, err
	}
	var out []stratum
	for _, layer := range content.All("Layer") {
		level, err := levelOf(layer.Attr("Type"), body)
		if err != nil {
			return nil, err
		}
		out = append(out, stratum{layer, level, resources})
	}
	slices.SortStableFunc(out, func(a, b stratum) int { return a.order - b.order })
	return out, nil
}

// annotations draws what annotations show, above the content (GB/T 33190 §15.2).
func (s *scene) annotations(ink *sheet, ref pageRef, m matrix) error {
	s.resources = s.shared
	for _, path := range s.notes[ref.id] {
		list, err := s.tree(path, "PageAnnot")
		if err != nil {
			return err
		}
		for _, one := range list.All("Annot") {
			if !boolAttr(one, "Visible", true) {
				continue
			}
			shown, err := one.One("Appearance")
			if err != nil {
				return malformed("an annotation appears twice")
			}
			if shown == nil || len(shown.Children()) == 0 {
				continue
			}
			at, err := parseBox(shown.Attr("Boundary"))
			if err != nil {
				return err
			}
			var inner sheet
			if err := s.block(&inner, shown, moved(at.x, at.y).then(m), plainLook(), 0); err != nil {
				return err
			}
			if err := s.bounded(ink, &inner, at, m); err != nil {
				return err
			}
		}
	}
	return nil
}

// bounded writes what is drawn, cut off at the boundary that it says; most
// things keep within theirs and need no clip.
func (s *scene) bounded(ink, inner *sheet, at box, m matrix) error {
	if inner.Len() == 0 {
		return nil
	}
	edge := rectangle(at).onto(m)
	var room bounds
	room.cover(edge)
	if within := (box{room.least.x, room.least.y, room.most.x - room.least.x, room.most.y - room.least.y}); inner.reach.within(within) {
		ink.reach.join(inner.reach)
		ink.WriteString(inner.String())
		return nil
	}
	ink.reach.join(room)
	return ink.clipped(s.spent, inner.String(), clipPart{shape: edge})
}
