package render

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sort"
	"sync"
	"unicode"
)

// font is one TrueType file, read for what drawing needs: which glyph a
// character has, how wide it is, and its outline bytes. The tables are slices
// of the file: a Chinese font is 15 MB and is held once.
type font struct {
	name       string
	head       []byte
	hhea       []byte
	maxp       []byte
	hmtx       []byte
	loca       []byte
	glyf       []byte
	os2        []byte
	unitsPerEm int
	ascent     int // font units above the baseline
	descent    int // font units below the baseline, negative
	glyphs     int
	metrics    int // glyphs with a width of their own
	longLoca   bool
	groups     []cmapGroup
	raw        []byte
	leans      sync.Map // glyph → leanGlyph
}

// cmapGroup maps consecutive characters to consecutive glyphs.
type cmapGroup struct {
	first, last rune
	glyph       uint32
}

var errFont = errors.New("not a usable TrueType font")

// parseFont reads a TrueType file with outlines in a glyf table. Collections
// (.ttc) and CFF outlines (.otf) are refused: neither the print PDF nor the
// subsetter can embed them.
func parseFont(name string, data []byte) (*font, error) {
	tables, err := fontTables(data)
	if err != nil {
		return nil, fmt.Errorf("font %s: %w", name, err)
	}
	f := &font{
		name: name, raw: data,
		head: tables["head"], hhea: tables["hhea"], maxp: tables["maxp"], hmtx: tables["hmtx"],
		loca: tables["loca"], glyf: tables["glyf"], os2: tables["OS/2"],
	}
	if len(f.head) < 54 || len(f.hhea) < 36 || len(f.maxp) < 6 || len(f.os2) < 78 || f.glyf == nil {
		return nil, fmt.Errorf("font %s: %w: a required table is missing or short", name, errFont)
	}
	f.unitsPerEm = int(binary.BigEndian.Uint16(f.head[18:]))
	f.longLoca = binary.BigEndian.Uint16(f.head[50:]) == 1
	f.ascent = int(int16(binary.BigEndian.Uint16(f.hhea[4:])))
	f.descent = int(int16(binary.BigEndian.Uint16(f.hhea[6:])))
	f.metrics = int(binary.BigEndian.Uint16(f.hhea[34:]))
	f.glyphs = int(binary.BigEndian.Uint16(f.maxp[4:]))
	width := 2
	if f.longLoca {
		width = 4
	}
	if f.unitsPerEm == 0 || f.metrics == 0 || len(f.hmtx) < f.metrics*4+(f.glyphs-f.metrics)*2 || len(f.loca) < (f.glyphs+1)*width {
		return nil, fmt.Errorf("font %s: %w: metrics or locations are short", name, errFont)
	}
	if f.groups, err = parseCmap(tables["cmap"]); err != nil {
		return nil, fmt.Errorf("font %s: %w", name, err)
	}
	return f, nil
}

func fontTables(data []byte) (map[string][]byte, error) {
	if len(data) < 12 || binary.BigEndian.Uint32(data) != 0x00010000 {
		return nil, fmt.Errorf("%w: want a single font with TrueType outlines", errFont)
	}
	count := int(binary.BigEndian.Uint16(data[4:]))
	if len(data) < 12+16*count {
		return nil, fmt.Errorf("%w: table directory is cut off", errFont)
	}
	tables := make(map[string][]byte, count)
	for i := range count {
		entry := data[12+16*i:]
		offset, length := uint64(binary.BigEndian.Uint32(entry[8:])), uint64(binary.BigEndian.Uint32(entry[12:]))
		if offset+length > uint64(len(data)) {
			return nil, fmt.Errorf("%w: table %q reaches past the end", errFont, entry[:4])
		}
		tables[string(entry[:4])] = data[offset : offset+length]
	}
	return tables, nil
}

// parseCmap prefers the full-repertoire table (format 12) to the one of the
// basic plane (format 4).
func parseCmap(cmap []byte) ([]cmapGroup, error) {
	if len(cmap) < 4 {
		return nil, fmt.Errorf("%w: no cmap", errFont)
	}
	var basic, full []byte
	for i := range int(binary.BigEndian.Uint16(cmap[2:])) {
		if len(cmap) < 12+8*i {
			break
		}
		record := cmap[4+8*i:]
		platform, offset := binary.BigEndian.Uint16(record), int(binary.BigEndian.Uint32(record[4:]))
		if platform != 0 && platform != 3 || offset < 0 || offset+16 > len(cmap) {
			continue
		}
		switch binary.BigEndian.Uint16(cmap[offset:]) {
		case 4:
			basic = cmap[offset:]
		case 12:
			full = cmap[offset:]
		}
	}
	var groups []cmapGroup
	switch {
	case full != nil:
		groups = cmapFull(full)
	case basic != nil:
		groups = cmapBasic(basic)
	default:
		return nil, fmt.Errorf("%w: no Unicode cmap of format 4 or 12", errFont)
	}
	sort.Slice(groups, func(i, j int) bool { return groups[i].first < groups[j].first })
	return groups, nil
}

func cmapFull(t []byte) []cmapGroup {
	n := int(binary.BigEndian.Uint32(t[12:]))
	var groups []cmapGroup
	for i := 0; i < n && len(t) >= 28+12*i; i++ {
		g := t[16+12*i:]
		groups = append(groups, cmapGroup{
			first: rune(binary.BigEndian.Uint32(g)), last: rune(binary.BigEndian.Uint32(g[4:])), glyph: binary.BigEndian.Uint32(g[8:]),
		})
	}
	return groups
}

func cmapBasic(t []byte) []cmapGroup {
	word := func(i int) int {
		if i < 0 || i+2 > len(t) {
			return 0
		}
		return int(binary.BigEndian.Uint16(t[i:]))
	}
	size := word(6) // twice the number of segments
	var groups []cmapGroup
	for s := 0; s < size; s += 2 {
		last, first := word(14+s), word(16+size+s)
		delta, rangeAt := word(16+2*size+s), 16+3*size+s
		for c := first; c <= last && c != 0xffff; c++ {
			glyph := c
			if offset := word(rangeAt); offset != 0 {
				if glyph = word(rangeAt + offset + 2*(c-first)); glyph == 0 {
					continue
				}
			}
			groups = append(groups, cmapGroup{first: rune(c), last: rune(c), glyph: uint32(glyph+delta) & 0xffff})
		}
	}
	return groups
}

// glyph returns the glyph of a character. A character mapped to glyph 0, or to
// an empty outline although it is no space, counts as missing: it would vanish
// from the paper.
func (f *font) glyph(r rune) (int, bool) {
	i := sort.Search(len(f.groups), func(i int) bool { return f.groups[i].last >= r })
	if i == len(f.groups) || r < f.groups[i].first {
		return 0, false
	}
	glyph := int(f.groups[i].glyph) + int(r-f.groups[i].first)
	if glyph <= 0 || glyph >= f.glyphs {
		return 0, false
	}
	if len(f.outline(glyph)) == 0 && !unicode.IsSpace(r) {
		return 0, false
	}
	return glyph, true
}

// outline returns a glyph's bytes in the glyf table; empty when it draws nothing.
func (f *font) outline(glyph int) []byte {
	if glyph < 0 || glyph >= f.glyphs {
		return nil
	}
	var from, to uint64
	if f.longLoca {
		from, to = uint64(binary.BigEndian.Uint32(f.loca[4*glyph:])), uint64(binary.BigEndian.Uint32(f.loca[4*glyph+4:]))
	} else {
		from, to = 2*uint64(binary.BigEndian.Uint16(f.loca[2*glyph:])), 2*uint64(binary.BigEndian.Uint16(f.loca[2*glyph+2:]))
	}
	if from >= to || to > uint64(len(f.glyf)) {
		return nil
	}
	return f.glyf[from:to]
}

// metric returns a glyph's advance width and left side bearing in font units.
func (f *font) metric(glyph int) (advance uint16, bearing int16) {
	if glyph < f.metrics {
		return binary.BigEndian.Uint16(f.hmtx[4*glyph:]), int16(binary.BigEndian.Uint16(f.hmtx[4*glyph+2:]))
	}
	advance = binary.BigEndian.Uint16(f.hmtx[4*(f.metrics-1):])
	return advance, int16(binary.BigEndian.Uint16(f.hmtx[4*f.metrics+2*(glyph-f.metrics):]))
}

// width is a character's advance in ems.
func (f *font) width(r rune) float64 {
	glyph, _ := f.glyph(r)
	advance, _ := f.metric(glyph)
	return float64(advance) / float64(f.unitsPerEm)
}
