package draw

import (
	"encoding/binary"
	"sort"
	"unicode"

	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// face is a font that the file carries, read as far as drawing needs.
type face struct {
	font   *sfnt.Font
	buffer sfnt.Buffer
	em     int
	mapped bool // it has a cmap of its own
	glyphs map[uint16]outline
}

// face opens the font of an ID. A font that the file only names is not drawn
// with another one: what stands there would depend on the machine.
func (s *scene) face(id string) (*face, error) {
	found, ok := s.resources.get("Font", id)
	if !ok {
		return nil, malformed("there is no font %q", short(id))
	}
	where, raw, err := s.data(found, "FontFile")
	if err != nil {
		return nil, err
	}
	if where == "" {
		return nil, notDrawn("the font %q is named and not embedded", short(found.tree.Attr("FontName")))
	}
	if f, ok := s.fonts[where]; ok {
		return f, nil
	}
	f, err := openFace(raw)
	if err != nil {
		return nil, err
	}
	s.fonts[where] = f
	return f, nil
}

func openFace(raw []byte) (*face, error) {
	whole, mapped, err := completed(raw)
	if err != nil {
		return nil, err
	}
	font, err := sfnt.Parse(whole)
	if err != nil {
		return nil, notDrawn("an embedded font that is no readable TrueType or OpenType file")
	}
	em := int(font.UnitsPerEm())
	if em < 16 || em > 16384 {
		return nil, malformed("a font of %d units", em)
	}
	return &face{font: font, em: em, mapped: mapped, glyphs: map[uint16]outline{}}, nil
}

// Tables that a font in a document may lack, and what stands in for them:
// nothing of them is drawn. A cmap without any character says that there is
// none.
var standIns = map[string][]byte{
	"post": append([]byte{0, 3, 0, 0}, make([]byte, 28)...),
	"cmap": {0, 0, 0, 1, 0, 3, 0, 1, 0, 0, 0, 12,
		0, 4, 0, 24, 0, 0, 0, 2, 0, 2, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff, 0, 1, 0, 0},
}

// completed is a font with stand-ins for the tables that it lacks.
func completed(raw []byte) (whole []byte, mapped bool, err error) {
	if len(raw) < 12 || string(raw[:4]) == "ttcf" {
		return nil, false, notDrawn("an embedded font that is no single TrueType or OpenType file")
	}
	count := int(binary.BigEndian.Uint16(raw[4:]))
	if len(raw) < 12+16*count || count > 64 {
		return nil, false, malformed("an embedded font is cut off")
	}
	entries := map[string][]byte{}
	for i := range count {
		entry := raw[12+16*i:][:16]
		entries[string(entry[:4])] = entry
	}
	_, mapped = entries["cmap"]
	_, posted := entries["post"]
	if mapped && posted {
		return raw, true, nil
	}
	missing := []string{}
	for tag := range standIns {
		if entries[tag] == nil {
			missing = append(missing, tag)
		}
	}
	sort.Strings(missing)
	return withTables(raw, entries, missing), mapped, nil
}

// withTables writes the font's directory anew with tables added; all else moves
// behind it as it is.
func withTables(raw []byte, entries map[string][]byte, missing []string) []byte {
	shift := uint32(16 * len(missing))
	body := append([]byte(nil), raw[12+16*len(entries):]...)
	if len(entries) != int(binary.BigEndian.Uint16(raw[4:])) {
		return raw // a table twice: the parser says so
	}
	for len(body)%4 != 0 {
		body = append(body, 0)
	}
	directory := map[string][]byte{}
	for tag, entry := range entries {
		moved := append([]byte(nil), entry...)
		binary.BigEndian.PutUint32(moved[8:], binary.BigEndian.Uint32(entry[8:])+shift)
		directory[tag] = moved
	}
	start := uint32(12+16*len(entries)) + shift
	for _, tag := range missing {
		entry := append([]byte(tag), 0, 0, 0, 0)
		entry = binary.BigEndian.AppendUint32(entry, start+uint32(len(body)))
		entry = binary.BigEndian.AppendUint32(entry, uint32(len(standIns[tag])))
		body = append(body, standIns[tag]...)
		directory[tag] = entry
	}
	tags := make([]string, 0, len(directory))
	for tag := range directory {
		tags = append(tags, tag)
	}
	sort.Strings(tags)
	out := append([]byte(nil), raw[:12]...)
	binary.BigEndian.PutUint16(out[4:], uint16(len(tags)))
	for _, tag := range tags {
		out = append(out, directory[tag]...)
	}
	return append(out, body...)
}

// glyph is the glyph that the font's cmap has for a character; zero for none.
func (f *face) glyph(c rune) uint16 {
	if !f.mapped {
		return 0
	}
	g, err := f.font.GlyphIndex(&f.buffer, c)
	if err != nil {
		return 0
	}
	return uint16(g)
}

// outline is a glyph's in ems, y down from the baseline.
func (f *face) outline(g uint16, spent *budget) (outline, error) {
	if o, ok := f.glyphs[g]; ok {
		return o, spent.point(len(o))
	}
	segments, err := f.font.LoadGlyph(&f.buffer, sfnt.GlyphIndex(g), fixed.I(f.em), nil)
	if err != nil {
		return nil, notDrawn("glyph %d of an embedded font cannot be read", g)
	}
	if err := spent.point(len(segments)); err != nil {
		return nil, err
	}
	at := func(p fixed.Point26_6) point {
		return point{float64(p.X) / 64 / float64(f.em), float64(p.Y) / 64 / float64(f.em)}
	}
	var o outline
	for _, s := range segments {
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			if len(o) > 0 {
				o.add('Z')
			}
			o.add('M', at(s.Args[0]))
		case sfnt.SegmentOpLineTo:
			o.add('L', at(s.Args[0]))
		case sfnt.SegmentOpQuadTo:
			o.add('Q', at(s.Args[0]), at(s.Args[1]))
		case sfnt.SegmentOpCubeTo:
			o.add('C', at(s.Args[0]), at(s.Args[1]), at(s.Args[2]))
		}
	}
	if len(o) > 0 {
		o.add('Z')
	}
	f.glyphs[g] = o
	return o, nil
}

// blank tells whether a character draws nothing by its nature.
func blank(c rune) bool {
	return unicode.IsSpace(c) || unicode.IsControl(c) || unicode.Is(unicode.Cf, c) || c == 0x3000
}
