package tables

import (
	"bytes"
	"encoding/csv"
	"strings"

	"github.com/xuri/excelize/v2"

	"tongzheng/registry"
)

// leads are the characters with which spreadsheets begin a formula, or that
// make them look behind.
const leads = "=+-@\t\r\n＝＋－＠"

// guard makes a text safe in a file that a spreadsheet opens: one that would
// begin a formula gets an apostrophe in front, which is taken off again by
// whoever reads the file here.
func guard(text string) string {
	if strings.ContainsAny(first(strings.TrimLeft(text, "' ")), leads) || strings.ContainsAny(first(text), leads) {
		return "'" + text
	}
	return text
}

// unguard takes off what guard put in front.
func unguard(text string) string {
	if rest, ok := strings.CutPrefix(text, "'"); ok && guard(rest) == text {
		return rest
	}
	return text
}

func first(text string) string {
	for i := range text {
		if i > 0 {
			return text[:i]
		}
	}
	return text
}

// Guarded is a row of which no cell begins a formula.
func Guarded(row []string) []string {
	safe := make([]string, len(row))
	for i, text := range row {
		safe[i] = guard(text)
	}
	return safe
}

// Encode writes rows as a file with the extension, .xlsx or .csv.
func Encode(extension string, rows [][]string) ([]byte, error) {
	switch strings.ToLower(extension) {
	case ".csv":
		return WriteCSV(rows)
	case ".xlsx":
		return WriteWorkbook(rows)
	}
	return nil, registry.Errorf(registry.CodeMalformed, "out", "want .xlsx or .csv")
}

// WriteCSV writes rows as CSV that a spreadsheet opens: UTF-8 with its mark, no
// cell a formula.
func WriteCSV(rows [][]string) ([]byte, error) {
	out := bytes.NewBufferString("\uFEFF")
	w := csv.NewWriter(out)
	w.UseCRLF = true
	for _, row := range rows {
		if err := w.Write(Guarded(row)); err != nil {
			return nil, err
		}
	}
	w.Flush()
	return out.Bytes(), w.Error()
}

// WriteWorkbook writes rows as an .xlsx workbook: every cell a text, so that
// codes keep their digits, and no text a formula, even when it is edited or
// saved as CSV.
func WriteWorkbook(rows [][]string) ([]byte, error) {
	book := excelize.NewFile()
	defer book.Close()
	asText, err := book.NewStyle(&excelize.Style{NumFmt: 49})
	if err != nil {
		return nil, err
	}
	sheet := book.GetSheetName(0)
	for i, row := range rows {
		for j, text := range row {
			address, err := excelize.CoordinatesToCellName(j+1, i+1)
			if err != nil {
				return nil, err
			}
			if err := book.SetCellStr(sheet, address, guard(text)); err != nil {
				return nil, err
			}
			if err := book.SetCellStyle(sheet, address, address, asText); err != nil {
				return nil, err
			}
		}
	}
	out, err := book.WriteToBuffer()
	if err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
