package list

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"tongzheng/registry"
)

// Column is a column of a kind of list.
type Column struct {
	Name     string // in code and in English headers
	Title    string // 列名
	Required bool   // the column is there, and no cell of it is empty
	Private  bool   // values are personal: no error shows them whole
}

// Titles are the titles of columns: a header.
func Titles(columns []Column) []string {
	titles := make([]string, len(columns))
	for i, c := range columns {
		titles[i] = c.Title
	}
	return titles
}

// headerWithin is how many rows of titles and notes may stand above the one
// that names the columns.
const headerWithin = 10

// numbering is a column that lists count their rows in; it is not read.
const numbering = "序号"

// Record is one row, read by its columns. What cannot be read is collected in
// Problems; the rest is kept.
type Record struct {
	Row      int
	Problems []Problem
	columns  []Column
	at       map[string]int
	cells    []Cell
}

// Problem is what is wrong with one cell.
type Problem struct {
	Cell   string // B4
	Column Column
	Value  string // as shown, shortened; masked when it is personal
	Reason string
}

func (p Problem) String() string {
	value := ""
	if p.Value != "" {
		value = "“" + p.Value + "”"
	}
	return fmt.Sprintf("%s %s（%s）%s：%s", p.Cell, p.Column.Title, p.Column.Name, value, p.Reason)
}

// Read reads a table by its columns. The row that names them is the first of
// those at the top that names two or more; white space in titles, their case and
// their width do not count. A table whose columns are not these has no records:
// the error names all that is wrong with them.
func (t *Table) Read(columns []Column) ([]*Record, error) {
	if len(t.Rows) == 0 {
		return nil, registry.Errorf(registry.CodeMalformed, "list", "表内没有内容 the table is empty: want a row that names the columns, and rows below it")
	}
	header := 0
	for i := range t.Rows[:min(len(t.Rows), headerWithin)] {
		if named(t.Rows[i], columns) >= 2 {
			header = i
			break
		}
	}
	at, err := readHeader(t.Rows[header], columns)
	if err != nil {
		return nil, err
	}
	var records []*Record
	for _, row := range t.Rows[header+1:] {
		r := &Record{Row: row.Number, columns: columns, at: at, cells: row.Cells}
		for _, c := range columns {
			if cell := r.cell(c.Name); c.Required && cell.Fault == "" && blank(cell.Text) {
				r.Fault(c.Name, "不能为空 is required")
			}
		}
		records = append(records, r)
	}
	return records, nil
}

func find(title string, columns []Column) string {
	name := strings.ToLower(strings.TrimSuffix(strings.Trim(squeeze(title), "*"), "(必填)"))
	i := slices.IndexFunc(columns, func(c Column) bool { return name == c.Title || name == c.Name })
	if i < 0 {
		return ""
	}
	return columns[i].Name
}

func named(row Row, columns []Column) (n int) {
	for _, cell := range row.Cells {
		if find(cell.Text, columns) != "" {
			n++
		}
	}
	return n
}

// readHeader finds the columns. Its error has the code of the first fault and
// tells of all.
func readHeader(row Row, columns []Column) (map[string]int, error) {
	at := map[string]int{}
	var code registry.Code
	var faults []string
	fault := func(c registry.Code, format string, args ...any) {
		if code == "" {
			code = c
		}
		faults = append(faults, fmt.Sprintf(format, args...))
	}
	for i, cell := range row.Cells {
		title := squeeze(cell.Text)
		if title == "" || title == numbering {
			continue
		}
		name := find(cell.Text, columns)
		if name == "" {
			fault(registry.CodeUnknownField, "%s is %q, which this list does not have", Address(i, row.Number), shorten(title))
			continue
		}
		if first, twice := at[name]; twice {
			fault(registry.CodeMalformed, "column %s stands twice, in %s and %s", name, Address(first, row.Number), Address(i, row.Number))
			continue
		}
		at[name] = i
	}
	for _, c := range columns {
		if _, ok := at[c.Name]; c.Required && !ok {
			fault(registry.CodeMissing, "column %s（%s） is missing", c.Title, c.Name)
		}
	}
	if len(faults) > 0 {
		return nil, registry.Errorf(code, "header", "第 %d 行 row %d: %s", row.Number, row.Number, strings.Join(faults, "; "))
	}
	return at, nil
}

// squeeze folds width and compatibility forms, and leaves out white space and
// what nobody sees: for titles, codes and days, where neither can mean anything.
func squeeze(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || registry.Invisible(r) {
			return -1
		}
		return r
	}, norm.NFKC.String(text))
}

func shorten(text string) string {
	if runes := []rune(text); len(runes) > 40 {
		return string(runes[:40]) + "…"
	}
	return text
}

// mask keeps the ends of a personal value.
func mask(text string) string {
	runes := []rune(text)
	for i := range runes {
		if i >= 2 && i < len(runes)-2 || len(runes) <= 4 {
			runes[i] = '*'
		}
	}
	return string(runes)
}
