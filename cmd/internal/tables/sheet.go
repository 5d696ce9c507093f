// Package tables reads the tables that offices hand in: spreadsheets, and the
// lists of holders under watch. What a table means is decided elsewhere.
package tables

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"tongzheng/registry"
)

// sheetLimit bounds a spreadsheet, packed and unpacked.
const (
	sheetLimit    = 16 << 20
	sheetUnpacked = 128 << 20
)

// Read reads the first sheet of an .xlsx file, or a .csv file in UTF-8 or
// GB 18030, as rows of cells.
func Read(path string) ([][]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > sheetLimit {
		return nil, registry.Errorf(registry.CodeTooLarge, "file", "over %d MB", sheetLimit>>20)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Decode(filepath.Ext(path), raw)
}

// Decode is Read for what a file with the extension has in it.
func Decode(extension string, raw []byte) ([][]string, error) {
	switch strings.ToLower(extension) {
	case ".xlsx":
		return readWorkbook(raw)
	case ".csv":
		return readCSV(raw)
	}
	return nil, registry.Errorf(registry.CodeMalformed, "file", "want .xlsx or .csv")
}

func readWorkbook(raw []byte) ([][]string, error) {
	// Raw values: a date comes as a day count however the cell shows it.
	book, err := excelize.OpenReader(bytes.NewReader(raw), excelize.Options{RawCellValue: true, UnzipSizeLimit: sheetUnpacked, UnzipXMLSizeLimit: sheetUnpacked})
	if err != nil {
		return nil, registry.Errorf(registry.CodeMalformed, "file", "not an .xlsx workbook").WithCause(err)
	}
	defer book.Close()
	rows, err := book.GetRows(book.GetSheetName(0))
	if err != nil {
		return nil, fmt.Errorf("reading the first sheet: %w", err)
	}
	return rows, nil
}

func readCSV(raw []byte) ([][]string, error) {
	text := strings.ToValidUTF8(string(raw), "")
	if text != string(raw) { // spreadsheets here write GB 18030
		decoded, err := simplifiedchinese.GB18030.NewDecoder().Bytes(raw)
		if err != nil {
			return nil, registry.Errorf(registry.CodeMalformed, "file", "neither UTF-8 nor GB 18030").WithCause(err)
		}
		text = string(decoded)
	}
	reader := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\uFEFF")))
	reader.FieldsPerRecord = -1
	rows, err := reader.ReadAll()
	if err != nil {
		return nil, registry.Errorf(registry.CodeMalformed, "file", "not CSV").WithCause(err)
	}
	return rows, nil
}
