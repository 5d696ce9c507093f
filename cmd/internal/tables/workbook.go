package tables

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"tongzheng/registry"
	"tongzheng/registry/list"
)

// workbook is an open workbook of which one sheet is read.
type workbook struct {
	book      *excelize.File
	since1904 bool
	formats   map[int]format // by style
}

// readWorkbook reads the first visible sheet that has something in it.
func readWorkbook(raw []byte) (table *list.Table, err error) {
	damaged := func(cause error) error {
		return registry.Errorf(registry.CodeMalformed, "file", "工作簿已损坏 the workbook is damaged: %s", saveAs).WithCause(cause)
	}
	defer func() { // the library gives up on some damaged files in this way
		if gone := recover(); gone != nil {
			table, err = nil, damaged(fmt.Errorf("reading a workbook: %v", gone))
		}
	}()
	// Raw values: numbers come with the digits that the file has.
	book, err := excelize.OpenReader(bytes.NewReader(raw), excelize.Options{RawCellValue: true, UnzipSizeLimit: sheetUnpacked, UnzipXMLSizeLimit: sheetUnpacked})
	if err != nil {
		return nil, damaged(err)
	}
	defer book.Close()
	w := &workbook{book: book, formats: map[int]format{}}
	props, err := book.GetWorkbookProps()
	if err != nil {
		return nil, damaged(err)
	}
	w.since1904 = props.Date1904 != nil && *props.Date1904
	table, err = w.firstVisible()
	if err != nil && registry.CodeOf(err) == registry.CodeInternal {
		return nil, damaged(err)
	}
	return table, err
}

func (w *workbook) firstVisible() (*list.Table, error) {
	var found *list.Table
	var hidden, more []string
	for _, name := range w.book.GetSheetList() {
		visible, err := w.book.GetSheetVisible(name)
		switch {
		case err != nil:
			return nil, err
		case !visible:
			hidden = append(hidden, name)
			continue
		case found != nil:
			more = append(more, name)
			continue
		}
		table, err := w.read(name)
		if err != nil {
			return nil, err
		}
		if len(table.Rows) > 0 {
			found = table
		}
	}
	if found == nil {
		return nil, registry.Errorf(registry.CodeMalformed, "file", "没有可见的、有内容的工作表 no visible sheet with anything in it")
	}
	if len(hidden) > 0 {
		found.Notes = append(found.Notes, "隐藏的工作表未读取 hidden sheets were not read: "+strings.Join(hidden, "、"))
	}
	if len(more) > 0 {
		found.Notes = append(found.Notes, "其余工作表未读取 further sheets were not read: "+strings.Join(more, "、"))
	}
	return found, nil
}

// read reads one sheet. Merged cells all have what the merged cell shows.
func (w *workbook) read(sheet string) (*list.Table, error) {
	table := &list.Table{Worksheet: sheet}
	merged, err := w.book.GetMergeCells(sheet, true)
	if err != nil && strings.HasSuffix(err.Error(), "is not a worksheet") {
		return table, nil // a chart
	}
	if err != nil {
		return nil, err
	}
	// Cells are read by themselves: the library would look through the merged
	// ones for each.
	if err := w.book.UnmergeCell(sheet, "A1", "XFD1048576"); err != nil {
		return nil, err
	}
	shown, hidden, err := w.texts(sheet)
	if err != nil {
		return nil, err
	}
	width, filled := 0, 0
	for _, texts := range shown {
		width = max(width, len(texts))
		if len(texts) > 0 {
			filled++
		}
	}
	if width*filled > cellsMost {
		return nil, registry.Errorf(registry.CodeTooLarge, "file", "over %d cells: remove empty rows and columns", cellsMost)
	}
	for i, texts := range shown {
		if len(texts) == 0 {
			continue
		}
		cells := make([]list.Cell, width)
		for j := range cells {
			text := ""
			if j < len(texts) {
				text = texts[j]
			}
			if cells[j], err = w.cell(sheet, list.Address(j, i+1), text); err != nil {
				return nil, err
			}
		}
		table.Add(i+1, cells)
	}
	if len(hidden) > 0 {
		table.Notes = append(table.Notes, "隐藏的行也已读取 hidden rows were read, too: "+strings.Join(hidden, "、"))
	}
	return table, fill(table, merged)
}

// texts are the raw values of all rows, and the numbers of those hidden ones
// that have any.
func (w *workbook) texts(sheet string) (all [][]string, hidden []string, err error) {
	rows, err := w.book.Rows(sheet)
	if err != nil {
		return nil, nil, err
	}
	count := 0
	for rows.Next() {
		texts, err := rows.Columns(excelize.Options{RawCellValue: true})
		if err != nil {
			return nil, nil, err
		}
		all = append(all, texts)
		if count += len(texts); count > cellsMost {
			return nil, nil, registry.Errorf(registry.CodeTooLarge, "file", "over %d cells", cellsMost)
		}
		if len(texts) > 0 && rows.GetRowOpts().Hidden {
			hidden = append(hidden, strconv.Itoa(len(all)))
		}
	}
	if err := rows.Error(); err != nil {
		return nil, nil, err
	}
	return all, hidden, rows.Close()
}

// cell types a raw value.
func (w *workbook) cell(sheet, address, raw string) (list.Cell, error) {
	if raw == "" {
		formula, err := w.book.GetCellFormula(sheet, address)
		if err != nil || formula == "" {
			return list.Cell{}, err
		}
		kind, err := w.book.GetCellType(sheet, address)
		if err != nil || kind == excelize.CellTypeFormula { // a text that is empty
			return list.Cell{}, err
		}
		return list.Cell{Fault: list.FaultFormula}, nil
	}
	kind, err := w.book.GetCellType(sheet, address)
	if err != nil {
		return list.Cell{}, err
	}
	switch kind {
	case excelize.CellTypeError:
		return list.Cell{Text: raw, Fault: list.FaultError}, nil
	case excelize.CellTypeBool:
		return list.Cell{Text: map[string]string{"1": "TRUE", "0": "FALSE"}[raw]}, nil
	case excelize.CellTypeDate: // ISO 8601
		day, _ := list.ParseDay(raw)
		return list.Cell{Text: day.String(), Day: day, Dated: true}, nil
	case excelize.CellTypeUnset, excelize.CellTypeNumber:
		style, err := w.book.GetCellStyle(sheet, address)
		if err != nil {
			return list.Cell{}, err
		}
		f, err := w.format(style)
		return w.number(raw, f), err
	}
	return list.TextCell(unguard(raw)), nil
}

// exact is the first number of which a spreadsheet does not keep every digit.
const exact = 1e15

// number writes a number with every digit that it has, never as a power of ten.
func (w *workbook) number(raw string, f format) list.Cell {
	value, err := strconv.ParseFloat(strings.TrimSpace(raw), 64)
	switch {
	case err != nil && !math.IsInf(value, 0):
		return list.TextCell(raw)
	case math.Abs(value) >= exact:
		return list.Cell{Text: raw, Fault: list.FaultDigits}
	}
	cell := list.Cell{Dated: f.dated, Day: list.OfCount(value, w.since1904)}
	switch {
	case cell.Dated && cell.Day != 0:
		cell.Text = cell.Day.String()
	case value == math.Trunc(value):
		cell.Text = fmt.Sprintf("%0*d", f.digits, int64(value))
	default:
		short, _ := strconv.ParseFloat(strconv.FormatFloat(value, 'g', 15, 64), 64)
		cell.Text = strconv.FormatFloat(short, 'f', -1, 64)
	}
	return cell
}

// fill gives every cell of a merged one what it shows. Rows that have nothing
// of their own stay away.
func fill(table *list.Table, merged []excelize.MergeCell) error {
	at := map[int]int{}
	for i, row := range table.Rows {
		at[row.Number] = i
	}
	for _, m := range merged {
		left, top, err := excelize.CellNameToCoordinates(m.GetStartAxis())
		if err != nil {
			return err
		}
		right, bottom, err := excelize.CellNameToCoordinates(m.GetEndAxis())
		if err != nil {
			return err
		}
		first, ok := at[top]
		if !ok || left > len(table.Rows[first].Cells) {
			continue
		}
		shown := table.Rows[first].Cells[left-1]
		for i := first; i < len(table.Rows) && table.Rows[i].Number <= bottom; i++ {
			cells := table.Rows[i].Cells
			for j := left; j <= min(right, len(cells)); j++ {
				cells[j-1] = shown
			}
		}
	}
	return nil
}
