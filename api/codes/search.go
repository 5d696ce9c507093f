package codes

import (
	"cmp"
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
	x, y     float64 // scale of width and height
	inverted bool
	even     bool // one threshold for the whole picture, not one for each part
}

// always finds what is printed and lit well; hard is tried when that finds
// nothing, or when marks of a code are seen that belong to none that was read.
// A code seen from the side, or squeezed by who laid it out, is stretched back.
var (
	always = []pass{{x: 1, y: 1}, {x: 0.5, y: 0.5}, {x: 1, y: 1, inverted: true}}
	hard   = []pass{{x: 1.5, y: 1.5}, {x: 0.75, y: 0.75}, {x: 2, y: 2}, {x: 1, y: 1, even: true}, {x: 0.33, y: 0.33}, {x: 3, y: 3},
		{x: 0.8, y: 1}, {x: 1, y: 0.8}, {x: 0.65, y: 1}, {x: 1, y: 0.65}, {x: 0.5, y: 1}, {x: 1, y: 0.5},
		{x: 0.5, y: 0.5, inverted: true}, {x: 2, y: 2, inverted: true}, {x: 0.25, y: 0.25}, {x: 0.66, y: 0.66, even: true}, {x: 1, y: 1, even: true, inverted: true}}
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
		more = append([]pass{{x: 1 / size, y: 1 / size}}, hard...) // as it was taken
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
	page  int
	found []Code
	marks []Place // what the first look took for the corners of codes
}

// left tells whether the marks of a code remain that belong to none that was
// read.
func (s *searcher) left() bool {
	n := 0
	for _, mark := range s.marks {
		if !slices.ContainsFunc(s.found, func(c Code) bool { return c.Place.overlaps(mark) }) {
			n++
		}
	}
	return n >= 3
}

// look takes one pass; size is that of the working picture.
func (s *searcher) look(g *gray, size float64, p pass) {
	w, h := int(float64(g.w)*size*p.x), int(float64(g.h)*size*p.y)
	if w < leastSide || h < leastSide || p.x > 1 && size == 1 && w*h > workingPixels {
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
	finder := multi.NewMultiFinderPatternFinder(matrix, bounded())
	triples, err := finder.FindMulti(hints)
	if s.marks == nil {
		s.marks = marksOf(finder.GetPossibleCenters(), view, s.page)
	}
	if err != nil {
		return
	}
	// Marks of one code stand nearest to one another.
	slices.SortStableFunc(triples, func(a, b *detector.FinderPatternInfo) int { return cmp.Compare(width(a), width(b)) })
	for _, triple := range triples[:min(len(triples), mostTriples)] {
		code, err := detector.NewDetector(matrix).ProcessFinderPatternInfo(triple)
		if err != nil {
			continue
		}
		read, err := decoder.NewDecoder().Decode(code.GetBits(), hints)
		if err != nil || read.GetText() == "" {
			continue
		}
		s.add(Code{Text: read.GetText(), Place: placeOf(triple, view, s.page)})
	}
}

func width(t *detector.FinderPatternInfo) float64 {
	return gozxing.ResultPoint_Distance(t.GetTopLeft(), t.GetTopRight())
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

// marksOf are the places of marks that were seen in more than one row.
func marksOf(centers []*detector.FinderPattern, view *gray, page int) []Place {
	marks := []Place{}
	for _, mark := range centers {
		if mark.GetCount() >= detector.FinderPatternFinder_CENTER_QUORUM {
			marks = append(marks, Place{Page: page, Left: percent(mark.GetX(), view.w), Top: percent(mark.GetY(), view.h)})
		}
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
