package render

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"unicode/utf16"
)

var errPDF = errors.New("the PDF is not in the form this package writes")

// repairUnicode rewrites the ToUnicode tables of a PDF that gopdf wrote, and the
// cross-reference table after them. gopdf writes a character beyond the basic
// plane as five hex digits, where ISO 32000 (9.10.3) wants UTF-16: 𠮷 would copy
// out as another character. It also exceeds the limit of 100 entries a section.
func repairUnicode(raw []byte) ([]byte, error) {
	at, offsets, err := xrefOffsets(raw)
	if err != nil {
		return nil, err
	}
	out := append([]byte(nil), raw[:offsets[0]]...)
	moved := make([]int, len(offsets))
	for i, from := range offsets {
		to := at
		if i+1 < len(offsets) {
			to = offsets[i+1]
		}
		if from > to || to > len(raw) {
			return nil, fmt.Errorf("%w: objects out of order", errPDF)
		}
		moved[i] = len(out)
		object := raw[from:to]
		if bytes.Contains(object, []byte("begincmap")) {
			if object, err = unicodeObject(object); err != nil {
				return nil, err
			}
		}
		out = append(out, object...)
	}
	start := len(out)
	out = fmt.Appendf(out, "xref\n0 %d\n0000000000 65535 f \n", len(offsets)+1)
	for _, offset := range moved {
		out = fmt.Appendf(out, "%010d 00000 n \n", offset)
	}
	trailer := bytes.Index(raw[at:], []byte("trailer\n"))
	last := bytes.LastIndex(raw, []byte("startxref\n"))
	if trailer < 0 || last < at+trailer {
		return nil, fmt.Errorf("%w: no trailer", errPDF)
	}
	out = append(out, raw[at+trailer:last]...)
	return fmt.Appendf(out, "startxref\n%d\n%%%%EOF\n", start), nil
}

// xrefOffsets reads where the cross-reference table and the objects begin.
func xrefOffsets(raw []byte) (int, []int, error) {
	tail := bytes.LastIndex(raw, []byte("startxref\n"))
	if tail < 0 {
		return 0, nil, fmt.Errorf("%w: no startxref", errPDF)
	}
	number, _, _ := bytes.Cut(raw[tail+10:], []byte("\n"))
	at, err := strconv.Atoi(string(number))
	if err != nil || at < 0 || at >= len(raw) || !bytes.HasPrefix(raw[at:], []byte("xref\n")) {
		return 0, nil, fmt.Errorf("%w: startxref", errPDF)
	}
	var offsets []int
	for _, line := range xrefLine.FindAllSubmatch(raw[at:tail], -1) {
		offset, err := strconv.Atoi(string(line[1]))
		if err != nil || offset > at {
			return 0, nil, fmt.Errorf("%w: cross-reference table", errPDF)
		}
		offsets = append(offsets, offset)
	}
	if len(offsets) == 0 {
		return 0, nil, fmt.Errorf("%w: empty cross-reference table", errPDF)
	}
	return at, offsets, nil
}

var (
	xrefLine    = regexp.MustCompile(`(?m)^(\d{10}) 00000 n `)
	objectStart = regexp.MustCompile(`^(\d+) 0 obj\n`)
	glyphLine   = regexp.MustCompile(`(?m)^<([0-9A-F]{4})><[0-9A-F]{4}><([0-9A-F]{4,6})>$`)
)

// unicodeObject writes one ToUnicode table anew.
func unicodeObject(object []byte) ([]byte, error) {
	head := objectStart.Find(object)
	lines := glyphLine.FindAllSubmatch(object, -1)
	if head == nil || len(lines) == 0 {
		return nil, fmt.Errorf("%w: ToUnicode", errPDF)
	}
	var table bytes.Buffer
	table.WriteString("/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n" +
		"/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n" +
		"/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n" +
		"1 begincodespacerange\n<0000><FFFF>\nendcodespacerange\n")
	for len(lines) > 0 {
		n := min(len(lines), 100)
		fmt.Fprintf(&table, "%d beginbfchar\n", n)
		for _, line := range lines[:n] {
			code, err := strconv.ParseUint(string(line[2]), 16, 32)
			if err != nil {
				return nil, fmt.Errorf("%w: ToUnicode", errPDF)
			}
			fmt.Fprintf(&table, "<%s><", line[1])
			for _, unit := range utf16.Encode([]rune{rune(code)}) {
				fmt.Fprintf(&table, "%04X", unit)
			}
			table.WriteString(">\n")
		}
		table.WriteString("endbfchar\n")
		lines = lines[n:]
	}
	table.WriteString("endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n")
	out := fmt.Appendf(nil, "%s<<\n/Length %d\n>>\nstream\n", head, table.Len())
	out = append(out, table.Bytes()...)
	return append(out, "endstream\nendobj\n\n"...), nil
}
