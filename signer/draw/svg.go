package draw

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// units of the SVG are micrometers: whole numbers, the same on every machine.
const unit = 1000

// sheet is a piece of SVG and what it reaches over, in millimeters of the page.
type sheet struct {
	strings.Builder
	reach bounds
}

// micro is a measure in units.
func micro(mm float64) int64 { return int64(math.Round(mm * unit)) }

// path is the d attribute of an outline in page millimeters: absolute moves,
// then steps relative to rounded places, so that nothing drifts.
func (o outline) path() (string, error) {
	var b strings.Builder
	var at, start [2]int64
	for _, s := range o {
		n := uses(s.op)
		var to [3][2]int64
		for j := range n {
			if math.Abs(s.p[j].x) > mostNumber || math.Abs(s.p[j].y) > mostNumber || s.p[j].x != s.p[j].x || s.p[j].y != s.p[j].y {
				return "", malformed("a shape reaches out of all bounds")
			}
			to[j] = [2]int64{micro(s.p[j].x), micro(s.p[j].y)}
		}
		switch s.op {
		case 'M':
			b.WriteByte('M')
			b.WriteString(strconv.FormatInt(to[0][0], 10))
			relative(&b, to[0][1])
			start = to[0]
		case 'Z':
			b.WriteByte('z')
			at = start
			continue
		default:
			b.WriteByte(s.op + 'a' - 'A')
			for j := range n {
				if x := to[j][0] - at[0]; j == 0 {
					b.WriteString(strconv.FormatInt(x, 10))
				} else {
					relative(&b, x)
				}
				relative(&b, to[j][1]-at[1])
			}
		}
		at = to[n-1]
	}
	return b.String(), nil
}

// relative writes a number behind another; a sign parts them as well as a blank.
func relative(b *strings.Builder, v int64) {
	if v >= 0 {
		b.WriteByte(' ')
	}
	b.WriteString(strconv.FormatInt(v, 10))
}

// transform is a mapping as an attribute's value: from units to units.
func (m matrix) transform() string {
	n := func(v float64) string { return strconv.FormatFloat(math.Round(v*1e9)/1e9+0, 'f', -1, 64) }
	return fmt.Sprintf("matrix(%s %s %s %s %d %d)", n(m.a), n(m.b), n(m.c), n(m.d), micro(m.e), micro(m.f))
}

// escape is text as XML has it; what XML cannot have becomes U+FFFD.
func escape(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s)) // a buffer does not fail
	return b.String()
}

// clipPart is one area that a clip lets through, and by which rule.
type clipPart struct {
	shape outline
	rule  string // attribute
}

// clipped puts what is drawn behind one clip and writes it to the sheet; all
// parts together let through.
func (s *sheet) clipped(spent *budget, content string, parts ...clipPart) error {
	id := fmt.Sprintf("c%s-%d", spent.mark, spent.clips)
	spent.clips++
	fmt.Fprintf(s, `<clipPath id="%s">`, id)
	for _, part := range parts {
		d, err := part.shape.path()
		if err != nil {
			return err
		}
		fmt.Fprintf(s, `<path%s d="%s"/>`, part.rule, d)
	}
	fmt.Fprintf(s, `</clipPath><g clip-path="url(#%s)">`, id)
	s.WriteString(content)
	s.WriteString(`</g>`)
	return nil
}
