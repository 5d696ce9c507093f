package list

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"tongzheng/registry"
)

// Table is one table of a file.
type Table struct {
	Worksheet string   // the sheet that was read; empty where a file has none
	Notes     []string // what whoever hands it in should know: sheets not read, hidden rows
	Rows      []Row    // without blank ones
}

// Row is one row.
type Row struct {
	Number int // as the spreadsheet shows it, from 1
	Cells  []Cell
}

// Cell is one cell.
type Cell struct {
	Text string // as shown, with every digit; a day is written 2006-01-02
	// Fault says why nothing can be read from the cell: an error value, lost
	// digits. Empty for a good one.
	Fault string
	// Day is the day that a number stands for in the date system of its
	// workbook; zero for a text and for what is no day of our time.
	Day   registry.Date
	Dated bool // the cell is formatted to show a day
}

// Faults that decoders find.
const (
	FaultError   = "错误值，不是内容 an error value: mend the formula, or type the value"
	FaultFormula = "公式没有计算结果 a formula without its result: open the file, let it calculate, save it"
	FaultDigits  = "数字超过 15 位，电子表格已丢失末位 digits lost, format the column as text and type it again"
	FaultWidth   = "列太窄，导出时只剩 # 号 only # signs were exported: widen the column and save again"
)

// Of makes a table of plain texts, the first row being number 1.
func Of(rows [][]string) *Table {
	t := &Table{}
	for i, texts := range rows {
		cells := make([]Cell, len(texts))
		for j, text := range texts {
			cells[j] = TextCell(text)
		}
		t.Add(i+1, cells)
	}
	return t
}

// Add adds a row unless it is blank.
func (t *Table) Add(number int, cells []Cell) {
	for _, c := range cells {
		if c.Fault != "" || !blank(c.Text) {
			t.Rows = append(t.Rows, Row{Number: number, Cells: cells})
			return
		}
	}
}

// TextCell is the cell of a text. Error values, and numbers that a spreadsheet
// wrote in scientific notation, are faults in a text too: so they arrive in CSV.
func TextCell(text string) Cell {
	c := Cell{Text: text}
	switch shown := strings.TrimSpace(text); {
	case shown == "":
	case strings.Trim(shown, "#") == "":
		c.Fault = FaultWidth
	case errorValues[strings.ToUpper(shown)] || errorNumber.MatchString(shown):
		c.Fault = FaultError
	case scientific.MatchString(shown):
		c.Fault = FaultDigits
	}
	return c
}

// errorValues are what spreadsheets show in place of a result.
var errorValues = map[string]bool{"#N/A": true, "#REF!": true, "#VALUE!": true, "#NAME?": true, "#DIV/0!": true, "#NUM!": true, "#NULL!": true,
	"#SPILL!": true, "#CALC!": true, "#FIELD!": true, "#BLOCKED!": true, "#CONNECT!": true, "#BUSY!": true, "#UNKNOWN!": true, "#GETTING_DATA": true}

// errorNumber is how LibreOffice shows errors that have no word, Err:522 for a
// circle; with the word of its language before the number.
var errorNumber = regexp.MustCompile(`^(?:Err|错误|錯誤)[:：]\d{3}$`)

func blank(text string) bool {
	return strings.TrimFunc(text, func(r rune) bool { return unicode.IsSpace(r) || registry.Invisible(r) }) == ""
}

// Address names a cell as spreadsheets do: column from 0, row from 1.
func Address(column, row int) string {
	letters := ""
	for n := column + 1; n > 0; n = (n - 1) / 26 {
		letters = string(rune('A'+(n-1)%26)) + letters
	}
	return fmt.Sprintf("%s%d", letters, row)
}
