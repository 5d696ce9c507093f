package draw

import (
	"strings"

	"tongzheng/signer/check"
)

// seals draws the impressions that stand on a page, above all else: each is the
// picture in the value that was signed, at the place that Signature.xml gives it
// (GB/T 33190 §18.2.3, GB/T 38540 §6).
func (s *scene) seals(ink *sheet, ref pageRef, m matrix) error {
	for _, stamp := range s.stamps {
		if stamp.Page != ref.id {
			continue
		}
		if err := s.spent.object(); err != nil {
			return err
		}
		at, err := parseBox(stamp.Boundary)
		if err != nil {
			return err
		}
		if stamp.Picture == nil {
			return notDrawn("a seal whose signed value has no picture to be read")
		}
		var inner sheet
		if err := s.impression(&inner, stamp.Picture, at, m); err != nil {
			return err
		}
		room := at
		if stamp.Clip != "" {
			clip, err := parseBox(stamp.Clip)
			if err != nil {
				return err
			}
			room = box{at.x + clip.x, at.y + clip.y, clip.w, clip.h}
		}
		if err := s.bounded(ink, &inner, room, m); err != nil {
			return err
		}
	}
	return nil
}

// impression draws the picture of a seal over a place.
func (s *scene) impression(ink *sheet, p *check.Picture, at box, m matrix) error {
	over := scaled(at.w, at.h).then(moved(at.x, at.y)).then(m)
	switch kind := strings.ToLower(strings.TrimSpace(p.Type)); kind {
	case "ofd":
		return s.vector(ink, p.Data, at, m)
	case "png", "jpg", "jpeg", "bmp", "gif":
		drawn, err := s.raster(p.Data)
		if err != nil {
			return err
		}
		return s.place(ink, drawn, over, 1)
	default:
		return notDrawn("seals whose picture is %q", short(kind))
	}
}

// vector draws a seal's picture that is an OFD package itself: its first page,
// on nothing.
func (s *scene) vector(ink *sheet, data []byte, at box, m matrix) error {
	if s.quiet {
		return notDrawn("a seal within the picture of a seal")
	}
	pkg, err := check.ReadPackage(data, s.spent.limits.Package)
	if err != nil {
		return notDrawn("a seal whose picture cannot be read")
	}
	f, err := open(pkg, s.spent)
	if err != nil {
		return err
	}
	area, err := f.pageArea(f.pages[0])
	if err != nil {
		return err
	}
	inner := &scene{file: f, quiet: true}
	fit := moved(-area.x, -area.y).then(scaled(at.w/area.w, at.h/area.h)).then(moved(at.x, at.y)).then(m)
	if err := inner.content(ink, f.pages[0], fit); err != nil {
		return err
	}
	return inner.annotations(ink, f.pages[0], fit)
}
