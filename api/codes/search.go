package codes

import (
	"context"
	"math"
	"slices"

	"github.com/makiuchi-d/gozxing"
	multi "github.com/makiuchi-d/gozxing/multi/qrcode/detector"
	"github.com/makiuchi-d/gozxing/qrcode/decoder"
	"github.com/makiuchi-d/gozxing/qrcode/detector"
)

const (
	workingPixels = 12 << 20 // a larger picture is looked at in this size first
	mostCorners   = 150      // the marks of fifty codes: more is a pattern made to cost time
	mostTriples   = 400      // of corners, each read as a code
	leastSide     = 21       // modules of the smallest code
)

// pass is one way of looking at a picture.
type pass struct {
	scale    float64
	inverted bool
	even     bool // one threshold for the whole picture, not one for each part
}

// always finds what is printed and lit well; hard is tried when that finds
// nothing, or when marks of a code are seen that nothing was read from.
var (
	always = []pass{{scale: 1}, {scale: 0.5}, {scale: 1, inverted: true}}
	hard   = []pass{{scale: 1.5}, {scale: 0.75}, {scale: 2}, {scale: 1, even: true}, {scale: 0.33}, {scale: 3},
		{scale: 0.5, inverted: true}, {scale: 2, inverted: true}, {scale: 0.25}, {scale: 0.66, even: true}, {scale: 1, even: true, inverted: true}}
)

// search finds the codes of one page.
func search(ctx context.Context, g *gray, page int) ([]Code, error) {
	s := &searcher{page: page}
	size := min(1, math.Sqrt(workingPixels/float64(g.w*g.h)))
	for _, p := range always {
		if ctx.Err() != nil {
			return nil, late()
		}
		s.look(g, size, p)
	}
	more := hard
	if size < 1 {
		more = append([]pass{{scale: 1 / size}}, hard...) // as it was taken
	}
	for _, p := range more {
		if len(s.found) > 0 && !s.left() {
			break
		}
		if ctx.Err() != nil {
			if len(s.found) == 0 {
				return nil, late()
			}
			break
		}
		s.look(g, size, p)
	}
	slices.SortStableFunc(s.found, func(a, b Code) int {
		if a.Place.Top != b.Place.Top {
			return a.Place.Top - b.Place.Top
		}
		return a.Place.Left - b.Place.Left
	})
	return s.found, nil
}

// searcher collects what several looks at one page find.
type searcher struct {
	page    int
	found   []Code
	suspect [][3]Place // where three marks stand as those of a code do, and nothing was read
}

// left tells whether three marks remain that belong to no code that was read.
func (s *searcher) left() bool {
	return slices.ContainsFunc(s.suspect, func(marks [3]Place) bool {
		return !slices.ContainsFunc(marks[:], func(mark Place) bool {
			return slices.ContainsFunc(s.found, func(c Code) bool { return c.Place.overlaps(mark) })
		})
	})
}

// look takes one pass; size is that of the working picture.
func (s *searcher) look(g *gray, size float64, p pass) {
	w, h := int(float64(g.w)*size*p.scale), int(float64(g.h)*size*p.scale)
	if w < leastSide || h < leastSide || p.scale > 1 && size == 1 && w*h > workingPixels {
		return
	}
	view := g.scaled(w, h)
	if p.inverted {
		view = view.inverted()
	}
	// The library reads past its arrays on some pictures made for that.
	defer func() { _ = recover() }()
	matrix, err := blacks(view, p.even)
	if err != nil {
		return
	}
	hints := map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true}
	triples, err := multi.NewMultiFinderPatternFinder(matrix, bounded()).FindMulti(hints)
	if err != nil {
		return
	}
	for _, triple := range triples[:min(len(triples), mostTriples)] {
		code, err := detector.NewDetector(matrix).ProcessFinderPatternInfo(triple)
		if err != nil {
			continue
		}
		read, err := decoder.NewDecoder().Decode(code.GetBits(), hints)
		if err != nil || read.GetText() == "" {
			if !p.inverted { // the spaces of any printed page, inverted, look like marks
				s.suspect = append(s.suspect, marksOf(triple, view, s.page))
			}
			continue
		}
		s.add(Code{Text: read.GetText(), Place: placeOf(triple, view, s.page)})
	}
}

// bounded ends a look that finds too many marks: combining them costs the third
// power of their number.
func bounded() gozxing.ResultPointCallback {
	marks := 0
	return func(gozxing.ResultPoint) {
		if marks++; marks > mostCorners {
			panic("too many marks")
		}
	}
}

// add keeps a code unless another look saw it in the same place.
func (s *searcher) add(c Code) {
	if !slices.ContainsFunc(s.found, func(f Code) bool { return f.Text == c.Text && f.Place.overlaps(c.Place) }) {
		s.found = append(s.found, c)
	}
}

func blacks(g *gray, even bool) (*gozxing.BitMatrix, error) {
	source, err := gozxing.NewPlanarYUVLuminanceSource(g.v, g.w, g.h, 0, 0, g.w, g.h, false)
	if err != nil {
		return nil, err
	}
	binarizer := gozxing.NewHybridBinarizer(source)
	if even {
		binarizer = gozxing.NewGlobalHistgramBinarizer(source)
	}
	return binarizer.GetBlackMatrix()
}

// placeOf is the box around a code. The middles of its three marks stand 3½
// modules inside.
func placeOf(t *detector.FinderPatternInfo, view *gray, page int) Place {
	tl, tr, bl := t.GetTopLeft(), t.GetTopRight(), t.GetBottomLeft()
	x := []float64{tl.GetX(), tr.GetX(), bl.GetX(), tr.GetX() + bl.GetX() - tl.GetX()}
	y := []float64{tl.GetY(), tr.GetY(), bl.GetY(), tr.GetY() + bl.GetY() - tl.GetY()}
	edge := 3.5 * (tl.GetEstimatedModuleSize() + tr.GetEstimatedModuleSize() + bl.GetEstimatedModuleSize()) / 3
	left, right := percent(slices.Min(x)-edge, view.w), percent(slices.Max(x)+edge, view.w)
	top, bottom := percent(slices.Min(y)-edge, view.h), percent(slices.Max(y)+edge, view.h)
	return Place{Page: page, Left: left, Top: top, Width: right - left, Height: bottom - top}
}

func marksOf(t *detector.FinderPatternInfo, view *gray, page int) (marks [3]Place) {
	for i, mark := range []*detector.FinderPattern{t.GetTopLeft(), t.GetTopRight(), t.GetBottomLeft()} {
		marks[i] = Place{Page: page, Left: percent(mark.GetX(), view.w), Top: percent(mark.GetY(), view.h)}
	}
	return marks
}

func percent(v float64, of int) int { return int(math.Round(100 * min(1, max(0, v/float64(of))))) }

// overlaps tells whether the middle of one box lies in the other.
func (p Place) overlaps(o Place) bool {
	within := func(p, o Place) bool {
		x, y := 2*o.Left+o.Width, 2*o.Top+o.Height
		return x >= 2*p.Left && x <= 2*(p.Left+p.Width) && y >= 2*p.Top && y <= 2*(p.Top+p.Height)
	}
	return p.Page == o.Page && (within(p, o) || within(o, p))
}
