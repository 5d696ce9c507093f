package tables

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"tongzheng/registry"
	"tongzheng/registry/list"
)

// readCSV reads CSV as spreadsheets here write it: UTF-8, UTF-16 or GB 18030;
// comma, tab or semicolon between; rows numbered as the spreadsheet shows them,
// blank ones counted.
func readCSV(raw []byte) (*list.Table, error) {
	text, err := decodeText(raw)
	if err != nil {
		return nil, err
	}
	if !strings.Contains(text, "\n") {
		text = strings.ReplaceAll(text, "\r", "\n")
	}
	comma, skipped := separator(text), 0
	if m := separatorLine.FindStringSubmatch(text); m != nil { // written for Excel, which does not show it
		comma, text, skipped = rune(m[1][0]), text[len(m[0]):], 1
	}
	table, err := parseCSV(text, comma, false)
	if errors.Is(err, csv.ErrBareQuote) { // ="0012" without quotation marks around it
		table, err = parseCSV(text, comma, true)
	}
	var at *csv.ParseError
	if errors.As(err, &at) {
		line := at.StartLine + skipped
		return nil, registry.Errorf(registry.CodeMalformed, "file", "第 %d 行引号不成对 line %d: quotation marks that do not match", line, line).WithCause(err)
	}
	return table, err
}

func parseCSV(text string, comma rune, lazy bool) (*list.Table, error) {
	reader := csv.NewReader(strings.NewReader(text))
	reader.FieldsPerRecord, reader.Comma, reader.LazyQuotes, reader.ReuseRecord = -1, comma, lazy, true
	table := &list.Table{}
	within, cells := 0, 0 // line breaks within cells so far: lines that are no rows
	for {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return table, nil
		}
		if err != nil {
			return nil, err
		}
		if cells += len(record); cells > cellsMost {
			return nil, registry.Errorf(registry.CodeTooLarge, "file", "over %d cells", cellsMost)
		}
		line, _ := reader.FieldPos(0)
		row := make([]list.Cell, len(record))
		number := line - within
		for i, shown := range record {
			row[i] = csvCell(shown)
			within += strings.Count(shown, "\n")
		}
		table.Add(number, row)
	}
}

var (
	separatorLine = regexp.MustCompile(`^sep=([,;\t])\r?\n`)
	asFormula     = regexp.MustCompile(`^="([^"]*)"$`)
	manyDigits    = regexp.MustCompile(`^\d{15}0+$`)
)

// csvCell is a cell as a spreadsheet exported it: ="0012" is how some systems
// keep digits, and a long number that ends in nothing but zeros from its
// sixteenth digit has lost them.
func csvCell(shown string) list.Cell {
	if m := asFormula.FindStringSubmatch(strings.TrimSpace(shown)); m != nil {
		return list.TextCell(m[1])
	}
	cell := list.TextCell(unguard(shown))
	if manyDigits.MatchString(strings.TrimSpace(shown)) {
		cell.Fault = list.FaultDigits
	}
	return cell
}

// separator is the one that stands most often in one of the first lines,
// outside quotation marks.
func separator(text string) rune {
	best, most := ',', 0
	for n := 0; n < 10 && text != ""; n++ {
		line, rest, _ := strings.Cut(text, "\n")
		counts, quoted := map[rune]int{}, false
		for _, r := range line {
			switch {
			case r == '"':
				quoted = !quoted
			case !quoted:
				counts[r]++
			}
		}
		for _, r := range []rune{',', '\t', ';'} {
			if counts[r] > most {
				best, most = r, counts[r]
			}
		}
		text = rest
	}
	return best
}

// decodeText tells the encoding by its mark or, without one, by what the bytes
// can be.
func decodeText(raw []byte) (string, error) {
	decode := func(e encoding.Encoding, name string) (string, error) {
		text, err := e.NewDecoder().Bytes(raw)
		if err != nil || bytes.ContainsRune(text, utf8.RuneError) || bytes.IndexByte(text, 0) >= 0 {
			return "", registry.Errorf(registry.CodeMalformed, "file", "不是文本：应为 UTF-8、UTF-16 或 GB 18030 not a text in %s: %s", name, saveAs).WithCause(err)
		}
		return string(text), nil
	}
	big, little := unicode.UTF16(unicode.BigEndian, unicode.UseBOM), unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	switch {
	case bytes.HasPrefix(raw, []byte("\xEF\xBB\xBF")):
		return decode(unicode.UTF8BOM, "UTF-8")
	case bytes.HasPrefix(raw, []byte("\xFE\xFF")):
		return decode(big, "UTF-16")
	case bytes.HasPrefix(raw, []byte("\xFF\xFE")):
		return decode(little, "UTF-16")
	case len(raw)%2 == 0 && zeros(raw, 0) > 0 && zeros(raw, 1) == 0:
		return decode(unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), "UTF-16")
	case len(raw)%2 == 0 && zeros(raw, 1) > 0 && zeros(raw, 0) == 0:
		return decode(unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), "UTF-16")
	case utf8.Valid(raw):
		return decode(unicode.UTF8, "UTF-8")
	}
	return decode(simplifiedchinese.GB18030, "UTF-8, GB 18030")
}

// zeros counts the zero bytes at even or odd places: of UTF-16 one of the two
// has them, for every ASCII character one.
func zeros(raw []byte, from int) (n int) {
	for i := from; i < len(raw); i += 2 {
		if raw[i] == 0 {
			n++
		}
	}
	return n
}
