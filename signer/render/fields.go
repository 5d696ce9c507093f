package render

import (
	"math"
	"strings"
	"unicode/utf8"

	"tongzheng/registry"
)

// minimumSize is the smallest type for a value, in mm (about 9 points).
const minimumSize = 3.2

const (
	lineHeight = 1.42 // of a paragraph, ems
	rowGap     = 0.62 // between fields, ems
	labelGap   = 1.2  // between label and value, ems

	labelShrink = 0.78 // how far a long label may shrink before it takes two lines
)

// cell is one label with its value.
type cell struct {
	name, label, value string
	wide               bool
}

// cells turns a license's visible fields into what is printed: the two dates
// of validity become one phrase, issuer and date stand at the seal.
func cells(c registry.Content) []cell {
	var out []cell
	for _, f := range c.Fields {
		if f.Hidden || f.Value == "" {
			continue
		}
		switch f.Name {
		case "ZZBFJG", "ZZBFRQ", "ZZYXQQSRQ":
		case "ZZYXQJZRQ":
			out = append(out, cell{name: f.Name, label: "有效期限", value: c.Validity()})
		case "CZZT":
			out = append(out, cell{name: f.Name, label: f.Label, value: f.Value, wide: true})
		default:
			out = append(out, cell{name: f.Name, label: f.Label, value: f.Value, wide: f.Long})
		}
	}
	return out
}

// placed is a cell with its place in the grid.
type placed struct {
	cell
	x, label float64 // left edge and width of the label, mm
	lines    []string
	labels   []string
}

// fields draws the license's fields, in the largest type that fits the page.
func (r *Renderer) fields(p *plan, f form, d draft) error {
	all := cells(d.content)
	for size := f.body; size >= minimumSize; size *= 0.94 {
		rows := r.grid(f, all, size)
		height := 0.0
		for _, row := range rows {
			height += rowHeight(row, size)
		}
		if height -= rowGap * size; height <= f.bottom-f.top {
			spare := math.Min((f.bottom-f.top-height)/float64(len(rows)+1), 1.1*size)
			r.drawRows(p, f, rows, size, spare)
			return nil
		}
	}
	return registry.Errorf(registry.CodeFieldForm, fieldPath(longest(all)), "too long for the page, even in the smallest type of %.1f mm", minimumSize)
}

// longest names the cell with the most text: the one to shorten first.
func longest(all []cell) string {
	name, most := "", -1
	for _, c := range all {
		if n := utf8.RuneCountInString(c.value); n > most {
			name, most = c.name, n
		}
	}
	return name
}

func fieldPath(name string) string {
	if strings.HasPrefix(name, "KZ_") {
		return "fields." + name
	}
	return name
}

// grid arranges cells into rows: long ones across the page, others side by
// side where the form has two columns. A short cell may be drawn up to fill a
// row that a long one would leave half empty.
func (r *Renderer) grid(f form, all []cell, size float64) [][]placed {
	gap := 6 * f.scale
	column := f.right - f.left
	if f.columns == 2 {
		column = (column - gap) / 2
	}
	label := r.labelWidth(all, size)
	wide := func(c cell) bool {
		return f.columns == 1 || c.wide || len(r.fonts.wrap(regular, c.value, (column-label)/size)) > 2
	}
	place := func(c cell, x, width float64) placed {
		return placed{cell: c, x: x, label: label,
			lines:  r.fonts.wrap(regular, c.value, (width-label)/size),
			labels: r.fonts.wrap(regular, c.label, (label/size-labelGap)/labelShrink+0.01)}
	}
	var rows [][]placed
	used := make([]bool, len(all))
	for i, c := range all {
		switch {
		case used[i]:
		case wide(c):
			rows = append(rows, []placed{place(c, f.left, f.right-f.left)})
		default:
			row := []placed{place(c, f.left, column)}
			for j := i + 1; j < len(all); j++ {
				if !used[j] && !wide(all[j]) {
					used[j] = true
					row = append(row, place(all[j], f.left+column+gap, column))
					break
				}
			}
			rows = append(rows, row)
		}
	}
	return rows
}

// labelWidth is the width of the label column: the longest label, eight
// characters at most (longer ones shrink, then take two lines).
func (r *Renderer) labelWidth(all []cell, size float64) float64 {
	width := 0.0
	for _, c := range all {
		width = math.Max(width, r.fonts.measure(regular, c.label))
	}
	return (math.Min(width, 8.05) + labelGap) * size
}

func rowHeight(row []placed, size float64) float64 {
	lines := 1
	for _, c := range row {
		lines = max(lines, len(c.lines), len(c.labels))
	}
	return (float64(lines-1)*lineHeight + 1 + rowGap) * size
}

func (r *Renderer) drawRows(p *plan, f form, rows [][]placed, size, spare float64) {
	y := f.top + 0.88*size + spare/2
	for _, row := range rows {
		for _, c := range row {
			for i, line := range c.labels {
				room := c.label - labelGap*size
				t := textItem{x: c.x, y: y + float64(i)*lineHeight*size, size: size, ink: brown, text: line, stock: true}
				t.size = math.Min(size, room/r.fonts.measure(regular, line))
				if len(c.labels) == 1 {
					t.spacing = r.spread(line, room, t.size)
				}
				p.text(t)
			}
			for i, line := range c.lines {
				p.text(textItem{x: c.x + c.label, y: y + float64(i)*lineHeight*size, size: size, ink: black, text: line, field: c.name})
			}
		}
		y += rowHeight(row, size) + spare
	}
}

// spread is the letter spacing that makes a short label as wide as its column,
// the way Chinese forms set them.
func (r *Renderer) spread(label string, width, size float64) float64 {
	n := utf8.RuneCountInString(label)
	if n < 2 {
		return 0
	}
	return math.Max(0, (width-r.fonts.measure(regular, label)*size)/float64(n-1))
}
