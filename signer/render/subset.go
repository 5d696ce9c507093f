package render

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"sort"
)

// subset writes a TrueType font that holds only the given characters (and the
// glyphs that their composites are made of), with a cmap of its own, so that a
// reader finds every glyph by its character and text copies out. Hinting
// programs are dropped: they are large and belong to small screens. extra is
// added to every advance width, in font units (see pdfFaces).
//
// The result depends on the font and the set of characters alone. Tables follow
// ISO/IEC 14496-22.
//
// With lean, outlines are rounded (leanSteps).
func (f *font) subset(chars []rune, extra int, lean bool) ([]byte, error) {
	chars = sortedRunes(chars)
	old := []int{0} // new glyph number -> old
	renumber := map[int]int{0: 0}
	add := func(glyph int) int {
		if n, ok := renumber[glyph]; ok {
			return n
		}
		renumber[glyph] = len(old)
		old = append(old, glyph)
		return renumber[glyph]
	}
	mapping := make([]cmapGroup, 0, len(chars))
	for _, r := range chars {
		glyph, ok := f.glyph(r)
		if !ok {
			return nil, fmt.Errorf("font %s has no glyph for U+%04X", f.name, r)
		}
		mapping = append(mapping, cmapGroup{first: r, last: r, glyph: uint32(add(glyph))})
	}
	var glyf []byte
	var offsets []int
	for i := 0; i < len(old); i++ { // grows while composites add their parts
		outline, err := f.packed(old[i], lean, add)
		if err != nil {
			return nil, fmt.Errorf("font %s, glyph %d: %w", f.name, old[i], err)
		}
		offsets = append(offsets, len(glyf))
		glyf = append(glyf, outline...)
		if len(glyf)%2 != 0 {
			glyf = append(glyf, 0)
		}
	}
	loca, long := packLoca(append(offsets, len(glyf)))
	hmtx, metrics := f.subsetHmtx(old, extra, lean)
	return assemble(map[string][]byte{
		"head": f.subsetHead(long), "hhea": f.subsetHhea(metrics), "maxp": f.subsetMaxp(len(old)),
		"hmtx": hmtx, "loca": loca, "glyf": glyf, "cmap": packCmap(mapping),
		"name": packName("Tongzheng" + f.name), "OS/2": f.subsetOS2(chars), "post": packPost(),
	}), nil
}

func sortedRunes(chars []rune) []rune {
	out := append([]rune(nil), chars...)
	sort.Slice(out, func(i, j int) bool { return out[i] < out[j] })
	n := 0
	for i, r := range out {
		if i == 0 || r != out[n-1] {
			out[n] = r
			n++
		}
	}
	return out[:n]
}

// Flags of a component in a composite glyph.
const (
	argsAreWords   = 0x0001
	haveScale      = 0x0008
	moreComponents = 0x0020
	haveXYScale    = 0x0040
	haveTwoByTwo   = 0x0080
	haveProgram    = 0x0100
)

// packGlyph returns an outline without its hinting program, components
// renumbered by add.
func packGlyph(outline []byte, add func(int) int) ([]byte, error) {
	if len(outline) == 0 {
		return nil, nil
	}
	if len(outline) < 10 {
		return nil, errFont
	}
	contours := int(int16(binary.BigEndian.Uint16(outline)))
	if contours < 0 {
		return packComposite(outline, add)
	}
	at := 10 + 2*contours
	if len(outline) < at+2 {
		return nil, errFont
	}
	program := int(binary.BigEndian.Uint16(outline[at:]))
	if len(outline) < at+2+program {
		return nil, errFont
	}
	out := append([]byte(nil), outline[:at]...)
	out = append(out, 0, 0)
	return append(out, outline[at+2+program:]...), nil
}

func packComposite(outline []byte, add func(int) int) ([]byte, error) {
	out := append([]byte(nil), outline...)
	for at := 10; ; {
		if at+4 > len(out) {
			return nil, errFont
		}
		flags := binary.BigEndian.Uint16(out[at:])
		part := int(binary.BigEndian.Uint16(out[at+2:]))
		binary.BigEndian.PutUint16(out[at:], flags&^haveProgram)
		binary.BigEndian.PutUint16(out[at+2:], uint16(add(part)))
		at += 6
		if flags&argsAreWords != 0 {
			at += 2
		}
		switch {
		case flags&haveScale != 0:
			at += 2
		case flags&haveXYScale != 0:
			at += 4
		case flags&haveTwoByTwo != 0:
			at += 8
		}
		if at > len(out) {
			return nil, errFont
		}
		if flags&moreComponents == 0 {
			return out[:at], nil // what follows is the program
		}
	}
}

// packLoca writes where glyphs begin, which is at even bytes: in words, unless the
// outlines are too large for them.
func packLoca(offsets []int) (loca []byte, long uint16) {
	if offsets[len(offsets)-1] < 1<<17 {
		for _, at := range offsets {
			loca = binary.BigEndian.AppendUint16(loca, uint16(at/2))
		}
		return loca, 0
	}
	for _, at := range offsets {
		loca = binary.BigEndian.AppendUint32(loca, uint32(at))
	}
	return loca, 1
}

func (f *font) subsetHead(longLoca uint16) []byte {
	t := append([]byte(nil), f.head[:54]...)
	binary.BigEndian.PutUint32(t[8:], 0) // checkSumAdjustment, set by assemble
	binary.BigEndian.PutUint16(t[50:], longLoca)
	return t
}

// subsetHmtx writes widths and bearings. Glyphs stand in the order of their
// characters, so that the Chinese ones, all of one width, come last and need
// only their bearing; metrics is how many have a width of their own.
func (f *font) subsetHmtx(old []int, extra int, lean bool) (hmtx []byte, metrics int) {
	last, _ := f.metric(old[len(old)-1])
	for metrics = len(old); metrics > 1; metrics-- {
		if before, _ := f.metric(old[metrics-2]); before != last {
			break
		}
	}
	for i, glyph := range old {
		advance, bearing := f.metric(glyph)
		if i < metrics {
			hmtx = binary.BigEndian.AppendUint16(hmtx, uint16(int(advance)+extra))
		}
		if lean {
			bearing += f.lean(glyph).shift
		}
		hmtx = binary.BigEndian.AppendUint16(hmtx, uint16(bearing))
	}
	return hmtx, metrics
}

func (f *font) subsetHhea(metrics int) []byte {
	t := append([]byte(nil), f.hhea[:36]...)
	binary.BigEndian.PutUint16(t[34:], uint16(metrics))
	return t
}

// subsetMaxp keeps the outline maxima and zeroes those of programs.
func (f *font) subsetMaxp(glyphs int) []byte {
	t := make([]byte, 32)
	copy(t, f.maxp)
	binary.BigEndian.PutUint32(t, 0x00010000)
	binary.BigEndian.PutUint16(t[4:], uint16(glyphs))
	binary.BigEndian.PutUint16(t[14:], 1) // maxZones
	for i := 16; i < 28; i++ {
		t[i] = 0
	}
	return t
}

func (f *font) subsetOS2(chars []rune) []byte {
	t := append([]byte(nil), f.os2...)
	first, last := rune(0xffff), rune(0)
	for _, r := range chars {
		first, last = min(first, r, 0xffff), min(max(last, r), 0xffff)
	}
	binary.BigEndian.PutUint16(t[64:], uint16(first))
	binary.BigEndian.PutUint16(t[66:], uint16(last))
	return t
}

// packCmap writes a format 4 table for the basic plane and, when a character
// lies beyond it, a format 12 table for all.
func packCmap(mapping []cmapGroup) []byte {
	basic := cmapFormat4(mapping)
	tables, encodings := [][]byte{basic}, []uint16{1}
	if n := len(mapping); n > 0 && mapping[n-1].first > 0xffff {
		tables, encodings = append(tables, cmapFormat12(mapping)), append(encodings, 10)
	}
	out := binary.BigEndian.AppendUint16(nil, 0)
	out = binary.BigEndian.AppendUint16(out, uint16(len(tables)))
	offset := 4 + 8*len(tables)
	for i, t := range tables {
		out = binary.BigEndian.AppendUint16(out, 3) // Windows
		out = binary.BigEndian.AppendUint16(out, encodings[i])
		out = binary.BigEndian.AppendUint32(out, uint32(offset))
		offset += len(t)
	}
	return append(out, bytes.Join(tables, nil)...)
}

func cmapFormat4(mapping []cmapGroup) []byte {
	type segment struct{ first, last, delta uint16 }
	var segments []segment
	for _, m := range mapping {
		if m.first >= 0xffff {
			break
		}
		c, delta := uint16(m.first), uint16(m.glyph)-uint16(m.first)
		if n := len(segments); n > 0 && segments[n-1].last+1 == c && segments[n-1].delta == delta {
			segments[n-1].last = c
		} else {
			segments = append(segments, segment{c, c, delta})
		}
	}
	segments = append(segments, segment{0xffff, 0xffff, 1})
	n := len(segments)
	power, selector := 1, 0
	for power*2 <= n {
		power, selector = power*2, selector+1
	}
	t := words(4, 16+8*n, 0, 2*n, 2*power, selector, 2*(n-power))
	for _, s := range segments {
		t = append(t, words(int(s.last))...)
	}
	t = append(t, 0, 0)
	for _, s := range segments {
		t = append(t, words(int(s.first))...)
	}
	for _, s := range segments {
		t = append(t, words(int(s.delta))...)
	}
	return append(t, make([]byte, 2*n)...)
}

func cmapFormat12(mapping []cmapGroup) []byte {
	t := words(12, 0)
	t = binary.BigEndian.AppendUint32(t, uint32(16+12*len(mapping)))
	t = binary.BigEndian.AppendUint32(t, 0)
	t = binary.BigEndian.AppendUint32(t, uint32(len(mapping)))
	for _, m := range mapping {
		t = binary.BigEndian.AppendUint32(t, uint32(m.first))
		t = binary.BigEndian.AppendUint32(t, uint32(m.last))
		t = binary.BigEndian.AppendUint32(t, m.glyph)
	}
	return t
}

func words(values ...int) []byte {
	var out []byte
	for _, v := range values {
		out = binary.BigEndian.AppendUint16(out, uint16(v))
	}
	return out
}

// packName writes family, style, full and PostScript name; three of them are
// one text.
func packName(name string) []byte {
	const style = "Regular"
	ids := []int{1, 2, 4, 6}
	records := words(0, len(ids), 6+12*len(ids))
	for _, id := range ids {
		if id == 2 {
			records = append(records, words(3, 1, 0x409, id, 2*len(style), 2*len(name))...)
		} else {
			records = append(records, words(3, 1, 0x409, id, 2*len(name), 0)...)
		}
	}
	for _, c := range []byte(name + style) {
		records = append(records, 0, c)
	}
	return records
}

// packPost writes a version 3 table: no glyph names.
func packPost() []byte {
	t := make([]byte, 32)
	binary.BigEndian.PutUint32(t, 0x00030000)
	binary.BigEndian.PutUint16(t[8:], 0xff9c) // underline 100 units below
	binary.BigEndian.PutUint16(t[10:], 50)
	return t
}

// assemble joins tables into a font file with its checksums.
func assemble(tables map[string][]byte) []byte {
	tags := make([]string, 0, len(tables))
	for tag := range tables {
		tags = append(tags, tag)
	}
	sort.Strings(tags)
	n, power, selector := len(tags), 1, 0
	for power*2 <= n {
		power, selector = power*2, selector+1
	}
	out := append([]byte{0, 1, 0, 0}, words(n, 16*power, selector, 16*(n-power))...)
	offset, headAt := 12+16*n, 0
	var body []byte
	for _, tag := range tags {
		t := tables[tag]
		if tag == "head" {
			headAt = offset
		}
		out = append(out, tag...)
		out = binary.BigEndian.AppendUint32(out, tableSum(t))
		out = binary.BigEndian.AppendUint32(out, uint32(offset))
		out = binary.BigEndian.AppendUint32(out, uint32(len(t)))
		body = append(body, t...)
		for len(body)%4 != 0 {
			body = append(body, 0)
		}
		offset = 12 + 16*n + len(body)
	}
	out = append(out, body...)
	binary.BigEndian.PutUint32(out[headAt+8:], 0xb1b0afba-tableSum(out))
	return out
}

func tableSum(t []byte) uint32 {
	var sum uint32
	for i := 0; i < len(t); i += 4 {
		var word [4]byte
		copy(word[:], t[i:])
		sum += binary.BigEndian.Uint32(word[:])
	}
	return sum
}
