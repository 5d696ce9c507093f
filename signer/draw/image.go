package draw

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	_ "image/gif"  // decoded and written anew as PNG
	_ "image/jpeg" // only measured
	"image/png"
	"strings"

	_ "golang.org/x/image/bmp" // the same
)

// picture is a raster picture as a data address.
type picture struct{ href string }

// image draws a picture onto the unit square under the object's CTM (GB/T 33190
// §10).
func (s *scene) image(ink *sheet, g *graphic) error {
	if g.tree.Attr("ImageMask") != "" {
		return notDrawn("pictures under a mask")
	}
	if border, err := g.tree.One("Border"); err != nil || border != nil {
		return notDrawn("pictures with a border")
	}
	found, ok := s.resources.get("MultiMedia", g.tree.Attr("ResourceID"))
	if !ok || found.tree.Attr("Type") != "Image" {
		return malformed("there is no picture %q", short(g.tree.Attr("ResourceID")))
	}
	where, raw, err := s.data(found, "MediaFile")
	if err != nil {
		return err
	}
	if where == "" {
		return malformed("a picture without a file")
	}
	p, known := s.images[where]
	if !known {
		if p, err = s.raster(raw); err != nil {
			return err
		}
		s.images[where] = p
	}
	return s.place(ink, p, g.own, g.alpha)
}

// place writes a picture onto the unit square under a mapping.
func (s *scene) place(ink *sheet, p *picture, m matrix, alpha float64) error {
	if ink.Len()+len(p.href) > s.spent.limits.Bytes {
		return s.spent.byte(ink.Len() + len(p.href))
	}
	var corners bounds
	corners.cover(rectangle(box{0, 0, 1, 1}).onto(m))
	ink.reach.join(corners)
	fmt.Fprintf(ink, `<image width="%d" height="%d" preserveAspectRatio="none"%s transform="%s" href="%s"/>`,
		unit, unit, opacity("opacity", alpha), m.transform(), p.href)
	return nil
}

// raster reads a picture. PNG and JPEG keep their pixels as they are and lose
// all else: what turns, animates or recolors a picture in one reader only. What
// browsers may not know is written anew.
func (s *scene) raster(raw []byte) (*picture, error) {
	config, kind, err := image.DecodeConfig(bytes.NewReader(raw))
	if err != nil {
		return nil, notDrawn("a picture that is no PNG, JPEG, BMP or GIF")
	}
	if config.Width < 1 || config.Height < 1 || config.Width > 1<<15 || config.Height > 1<<15 {
		return nil, malformed("a picture of %d by %d pixels", config.Width, config.Height)
	}
	if err := s.spent.pixel(config.Width * config.Height); err != nil {
		return nil, err
	}
	media := "image/png"
	switch kind {
	case "png":
		raw, err = plainPNG(raw, config.Width, config.Height)
	case "jpeg":
		media = "image/jpeg"
		raw, err = plainJPEG(raw)
	case "bmp", "gif":
		if err = s.spent.pixel(3 * config.Width * config.Height); err == nil { // it is held in memory
			raw, err = rewritten(raw)
		}
	default:
		err = notDrawn("pictures of kind %s", kind)
	}
	if err != nil {
		return nil, err
	}
	if base64.StdEncoding.EncodedLen(len(raw)) > s.spent.limits.Bytes {
		return nil, s.spent.byte(base64.StdEncoding.EncodedLen(len(raw)))
	}
	var href strings.Builder
	href.WriteString("data:" + media + ";base64,")
	href.WriteString(base64.StdEncoding.EncodeToString(raw))
	return &picture{href.String()}, nil
}

func rewritten(raw []byte) ([]byte, error) {
	img, _, err := image.Decode(bytes.NewReader(raw))
	if err != nil {
		return nil, malformed("a picture is damaged")
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		return nil, malformed("a picture cannot be drawn")
	}
	return out.Bytes(), nil
}
