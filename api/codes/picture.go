package codes

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	_ "image/gif" // decoders that image.Decode finds
	_ "image/jpeg"
	_ "image/png"

	_ "golang.org/x/image/bmp"
	_ "golang.org/x/image/webp"

	"tongzheng/registry"
)

// gray is a picture in 256 shades.
type gray struct {
	w, h int
	v    []byte
}

// decode reads a picture whose head says that it fits the limits.
func decode(file []byte, limits Limits) (*gray, error) {
	head, kind, err := image.DecodeConfig(bytes.NewReader(file))
	if err != nil {
		return nil, registry.Errorf(registry.CodeMalformed, "file", "a damaged picture").WithCause(err)
	}
	if head.Width < 1 || head.Height < 1 || head.Width > limits.Pixels/head.Height ||
		head.Width*head.Height > limits.Memory/bytesPerPixel(head.ColorModel, kind == "jpeg" && progressive(file)) {
		return nil, registry.Errorf(registry.CodeTooLarge, "file", "%d × %d pixels: send a smaller picture", head.Width, head.Height)
	}
	picture, _, err := image.Decode(bytes.NewReader(file))
	if err != nil {
		return nil, registry.Errorf(registry.CodeMalformed, "file", "a damaged picture").WithCause(err)
	}
	return toGray(picture), nil
}

// bytesPerPixel is what decoding takes, coefficients of progressive JPEG
// included.
func bytesPerPixel(model color.Model, progressive bool) int {
	n := 8
	switch model {
	case color.GrayModel:
		n = 1
	case color.Gray16Model:
		n = 2
	case color.YCbCrModel:
		n = 3
	case color.RGBAModel, color.NRGBAModel, color.CMYKModel, color.NYCbCrAModel:
		n = 4
	default:
		if _, ok := model.(color.Palette); ok {
			n = 2
		}
	}
	if progressive {
		n *= 5 // a coefficient of four bytes for each sample
	}
	return n
}

// progressive looks for the frame header of a progressive JPEG.
func progressive(file []byte) bool {
	for at := 2; at+4 <= len(file) && file[at] == 0xff; {
		switch marker := file[at+1]; {
		case marker == 0xff: // fill
			at++
			continue
		case marker == 0xc2:
			return true
		case marker == 0xda || marker == 0xc0 || marker == 0xc1:
			return false
		}
		at += 2 + int(binary.BigEndian.Uint16(file[at+2:]))
	}
	return true // not understood: the dearer is assumed
}

// toGray takes a picture's light; what is transparent is white paper.
func toGray(picture image.Image) *gray {
	b := picture.Bounds()
	g := &gray{b.Dx(), b.Dy(), make([]byte, b.Dx()*b.Dy())}
	row := func(y int) []byte { return g.v[y*g.w : (y+1)*g.w] }
	switch p := picture.(type) {
	case *image.Gray:
		for y := range g.h {
			copy(row(y), p.Pix[y*p.Stride:])
		}
	case *image.YCbCr:
		for y := range g.h {
			copy(row(y), p.Y[p.YOffset(b.Min.X, b.Min.Y+y):])
		}
	case *image.Paletted:
		var shades [256]byte
		for i, c := range p.Palette {
			shades[i] = shade(c)
		}
		for y := range g.h {
			for x, out := 0, row(y); x < g.w; x++ {
				out[x] = shades[p.Pix[y*p.Stride+x]]
			}
		}
	case *image.NRGBA:
		for y := range g.h {
			for x, out := 0, row(y); x < g.w; x++ {
				c := p.Pix[y*p.Stride+4*x:][:4]
				out[x] = byte((light(uint32(c[0]), uint32(c[1]), uint32(c[2]))*uint32(c[3]) + 255*(255-uint32(c[3]))) / 255)
			}
		}
	case *image.RGBA:
		for y := range g.h {
			for x, out := 0, row(y); x < g.w; x++ {
				c := p.Pix[y*p.Stride+4*x:][:4]
				out[x] = byte(min(255, light(uint32(c[0]), uint32(c[1]), uint32(c[2]))+255-uint32(c[3])))
			}
		}
	default:
		for y := range g.h {
			for x, out := 0, row(y); x < g.w; x++ {
				out[x] = shade(picture.At(b.Min.X+x, b.Min.Y+y))
			}
		}
	}
	return g
}

// light weighs colors as the eye does (ITU-R BT.601).
func light(r, g, b uint32) uint32 { return (299*r + 587*g + 114*b) / 1000 }

func shade(c color.Color) byte {
	r, g, b, a := c.RGBA()
	return byte(min(0xffff, light(r, g, b)+0xffff-a) >> 8)
}

// scaled draws a picture at another size: the mean of what falls into a
// smaller pixel, a straight line between larger ones.
func (g *gray) scaled(w, h int) *gray {
	if w == g.w && h == g.h {
		return g
	}
	out := &gray{w, h, make([]byte, w*h)}
	if w > g.w {
		out.enlarge(g)
		return out
	}
	for y := range h {
		y0, y1 := y*g.h/h, max((y+1)*g.h/h, y*g.h/h+1)
		for x := range w {
			x0, x1 := x*g.w/w, max((x+1)*g.w/w, x*g.w/w+1)
			sum := 0
			for yy := y0; yy < y1; yy++ {
				for _, v := range g.v[yy*g.w+x0 : yy*g.w+x1] {
					sum += int(v)
				}
			}
			out.v[y*w+x] = byte(sum / ((y1 - y0) * (x1 - x0)))
		}
	}
	return out
}

func (out *gray) enlarge(g *gray) {
	for y := range out.h {
		sy := y * (g.h - 1) * 256 / max(1, out.h-1)
		y0, fy := sy>>8, sy&255
		y1 := min(y0+1, g.h-1)
		for x := range out.w {
			sx := x * (g.w - 1) * 256 / max(1, out.w-1)
			x0, fx := sx>>8, sx&255
			x1 := min(x0+1, g.w-1)
			top := int(g.v[y0*g.w+x0])*(256-fx) + int(g.v[y0*g.w+x1])*fx
			bottom := int(g.v[y1*g.w+x0])*(256-fx) + int(g.v[y1*g.w+x1])*fx
			out.v[y*out.w+x] = byte((top*(256-fy) + bottom*fy) >> 16)
		}
	}
}

// inverted swaps light and dark.
func (g *gray) inverted() *gray {
	out := &gray{g.w, g.h, make([]byte, len(g.v))}
	for i, v := range g.v {
		out.v[i] = 255 - v
	}
	return out
}
