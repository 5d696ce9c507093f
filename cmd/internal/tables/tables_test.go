package tables

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"tongzheng/registry"
	"tongzheng/registry/list"
)

// book is a workbook in the making.
type book struct {
	*testing.T
	*excelize.File
}

func newBook(t *testing.T) book { return book{t, excelize.NewFile()} }

func (b book) do(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// set writes a value in a format, a number of a built-in one or its text.
func (b book) set(cell string, value any, numberFormat any) {
	b.Helper()
	b.do(b.SetCellValue("Sheet1", cell, value))
	style := &excelize.Style{}
	switch f := numberFormat.(type) {
	case nil:
		return
	case int:
		style.NumFmt = f
	case string:
		style.CustomNumFmt = &f
	}
	id, err := b.NewStyle(style)
	b.do(err)
	b.do(b.SetCellStyle("Sheet1", cell, cell, id))
}

// bytes are the workbook's, its files changed by edits (name, old, new) as other
// programs write them.
func (b book) bytes(edits ...[3]string) []byte {
	b.Helper()
	var raw bytes.Buffer
	b.do(b.Write(&raw))
	packed, err := zip.NewReader(bytes.NewReader(raw.Bytes()), int64(raw.Len()))
	b.do(err)
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range packed.File {
		r, err := f.Open()
		b.do(err)
		content, err := io.ReadAll(r)
		b.do(err)
		for _, e := range edits {
			if f.Name != e[0] {
				continue
			}
			if !bytes.Contains(content, []byte(e[1])) {
				b.Fatalf("%s has no %s: %s", f.Name, e[1], content)
			}
			content = bytes.ReplaceAll(content, []byte(e[1]), []byte(e[2]))
		}
		to, err := w.Create(f.Name)
		b.do(err)
		_, err = to.Write(content)
		b.do(err)
	}
	b.do(w.Close())
	return out.Bytes()
}

// cell is the cell of a table by its address.
func cell(t *testing.T, table *list.Table, address string) list.Cell {
	t.Helper()
	column, row, err := excelize.CellNameToCoordinates(address)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range table.Rows {
		if r.Number == row && column <= len(r.Cells) {
			return r.Cells[column-1]
		}
	}
	return list.Cell{}
}

const sheet1 = "xl/worksheets/sheet1.xml"

// Numbers and days in the forms in which Excel, WPS and other programs save them.
func TestCells(t *testing.T) {
	for _, c := range []struct {
		name   string
		value  any
		format any
		edit   [2]string // of what the sheet says of the cell
		want   list.Cell
	}{
		{name: "text", value: "００１", want: list.Cell{Text: "００１"}},
		{name: "digits as text", value: "360732199001011234", want: list.Cell{Text: "360732199001011234"}},
		{name: "whole number", value: 360732, want: list.Cell{Text: "360732"}},
		{name: "float", value: 1, edit: [2]string{"<v>1</v>", "<v>360732.0</v>"}, want: list.Cell{Text: "360732"}},
		{name: "power of ten", value: 1, edit: [2]string{"<v>1</v>", "<v>2.0260001E7</v>"}, want: list.Cell{Text: "20260001"}},
		{name: "fifteen digits", value: 1, edit: [2]string{"<v>1</v>", "<v>999999999999999</v>"}, want: list.Cell{Text: "999999999999999"}},
		{name: "sixteen digits", value: 1, edit: [2]string{"<v>1</v>", "<v>1234567890123450</v>"}, want: list.Cell{Text: "1234567890123450", Fault: list.FaultDigits}},
		{name: "eighteen digits", value: 1, edit: [2]string{"<v>1</v>", "<v>1.1360732002001801E+17</v>"}, want: list.Cell{Text: "1.1360732002001801E+17", Fault: list.FaultDigits}},
		{name: "no number at all", value: 1, edit: [2]string{"<v>1</v>", "<v>1E999999999</v>"}, want: list.Cell{Text: "1E999999999", Fault: list.FaultDigits}},
		{name: "zeros in front", value: 123, format: "000000", want: list.Cell{Text: "000123"}},
		{name: "thousands", value: 12345, format: 3, want: list.Cell{Text: "12345"}},
		{name: "fraction", value: 1, edit: [2]string{"<v>1</v>", "<v>1.1000000000000001</v>"}, want: list.Cell{Text: "1.1"}},
		{name: "yes", value: true, want: list.Cell{Text: "TRUE"}},
		{name: "built-in day", value: 46174, format: 14, want: day("2026-06-01")},
		{name: "day with time", value: 46174.9999, format: 22, want: day("2026-06-01")},
		{name: "day of Go", value: time.Date(2026, 6, 1, 9, 30, 0, 0, time.UTC), want: day("2026-06-01")},
		{name: "Chinese day", value: 46174, format: `yyyy"年"m"月"d"日"`, want: day("2026-06-01")},
		{name: "WPS day", value: 46174, format: `[$-804]yyyy"年"m"月"d"日";@`, want: day("2026-06-01")},
		{name: "WPS built-in day", value: 46174, format: 31, want: day("2026-06-01")},
		{name: "WPS weekday", value: 46174, format: `[$-804]aaaa yyyy/m/d`, want: day("2026-06-01")},
		{name: "month", value: 46174, format: `yyyy"年"m"月"`, want: day("2026-06-01")},
		{name: "time of day", value: 0.5, format: 20, want: list.Cell{Text: "0.5"}},
		{name: "minutes", value: 0.5, format: "mm:ss", want: list.Cell{Text: "0.5"}},
		{name: "amount", value: 46174, format: `"共"0"元"`, want: list.Cell{Text: "46174", Day: day("2026-06-01").Day}},
		{name: "day count", value: 46174, want: list.Cell{Text: "46174", Day: day("2026-06-01").Day}},
		{name: "code in a column of days", value: 20260601, format: 14, want: list.Cell{Text: "20260601", Dated: true}},
		{name: "ISO day", value: 1, edit: [2]string{`<c r="A1"><v>1</v></c>`, `<c r="A1" t="d"><v>2026-06-01T00:00:00</v></c>`}, want: day("2026-06-01")},
		{name: "error", value: 1, edit: [2]string{`<c r="A1"><v>1</v></c>`, `<c r="A1" t="e"><f>1/0</f><v>#DIV/0!</v></c>`}, want: list.Cell{Text: "#DIV/0!", Fault: list.FaultError}},
		{name: "text like an error", value: "#N/A", want: list.Cell{Text: "#N/A", Fault: list.FaultError}},
		{name: "formula", value: 1, edit: [2]string{`<c r="A1"><v>1</v></c>`, `<c r="A1" t="str"><f>"a"&amp;"b"</f><v>ab</v></c>`}, want: list.Cell{Text: "ab"}},
		{name: "formula that was never calculated", value: 1, edit: [2]string{`<c r="A1"><v>1</v></c>`, `<c r="A1"><f>B1</f></c>`}, want: list.Cell{Fault: list.FaultFormula}},
		{name: "formula of an empty text", value: 1, edit: [2]string{`<c r="A1"><v>1</v></c>`, `<c r="A1" t="str"><f>""</f><v></v></c>`}, want: list.Cell{}},
		{name: "text in place", value: 1, edit: [2]string{`<c r="A1"><v>1</v></c>`, `<c r="A1" t="inlineStr"><is><r><t>甲</t></r><r><rPr><b/></rPr><t>乙</t></r></is></c>`}, want: list.Cell{Text: "甲乙"}},
		{name: "without addresses", value: 1, edit: [2]string{`<c r="A1"><v>1</v></c>`, `<c><v>7</v></c>`}, want: list.Cell{Text: "7"}},
		{name: "power of ten as text", value: "3.60732E+17", want: list.Cell{Text: "3.60732E+17", Fault: list.FaultDigits}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBook(t)
			b.set("A1", c.value, c.format)
			b.set("B1", "以上", nil)
			var edits [][3]string
			if c.edit[0] != "" {
				edits = append(edits, [3]string{sheet1, c.edit[0], c.edit[1]})
			}
			table, err := Decode(b.bytes(edits...))
			if err != nil {
				t.Fatal(err)
			}
			if got := cell(t, table, "A1"); got != c.want {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
}

func day(text string) list.Cell {
	d, _ := registry.ParseDate(text)
	return list.Cell{Text: text, Day: d, Dated: true}
}

// The same days in a workbook that counts them from 1904.
func TestSince1904(t *testing.T) {
	b := newBook(t)
	since := true
	b.do(b.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: &since}))
	b.set("A1", 44712, 14)
	b.set("B1", 44712, nil)
	b.set("C1", "2026/6/1", nil)
	table, err := Decode(b.bytes())
	if err != nil {
		t.Fatal(err)
	}
	columns := []list.Column{{Name: "x", Title: "甲"}, {Name: "y", Title: "乙"}, {Name: "z", Title: "丙"}}
	table.Rows = append(list.Of([][]string{list.Titles(columns)}).Rows, table.Rows...)
	records, err := table.Read(columns)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"x", "y", "z"} {
		if d := records[0].Day(name); d.String() != "2026-06-01" {
			t.Errorf("%s: %s %v", name, d, records[0].Problems)
		}
	}
}

// Merged cells show one value for all; sheets that are hidden, empty or a chart
// are passed by; hidden rows are named; rows keep their numbers.
func TestSheets(t *testing.T) {
	b := newBook(t)
	for i, name := range []string{"深藏", "空白", "清单", "附表"} {
		_, err := b.NewSheet(name)
		b.do(err)
		if i != 1 {
			b.do(b.SetSheetRow(name, "A1", &[]any{"编号", "机关", "文件"}))
		}
	}
	b.SetActiveSheet(3)
	b.do(b.SetSheetVisible("Sheet1", false))
	b.do(b.SetSheetVisible("深藏", false, true))
	b.do(b.SetSheetRow("清单", "A4", &[]any{"一", "甲", "丙"}))
	b.do(b.SetSheetRow("清单", "A5", &[]any{"二", "陈旧", "旧"}))
	b.do(b.SetSheetRow("清单", "A7", &[]any{"三"}))
	b.do(b.SetSheetRow("清单", "A9", &[]any{"四"}))
	b.do(b.MergeCell("清单", "B8", "C8"))
	b.do(b.SetRowVisible("清单", 7, false))
	table, err := Decode(b.bytes([3]string{"xl/worksheets/sheet4.xml", `<mergeCell ref="B8:C8">`, `<mergeCell ref="B4:C7"/><mergeCell ref="A9:XFD1048576">`}))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, row := range table.Rows {
		var texts []string
		for _, c := range row.Cells {
			texts = append(texts, c.Text)
		}
		got = append(got, fmt.Sprint(row.Number, texts))
	}
	if want := "1 [编号 机关 文件] 4 [一 甲 甲] 5 [二 甲 甲] 7 [三 甲 甲] 9 [四 四 四]"; strings.Join(got, " ") != want {
		t.Error(got)
	}
	notes := strings.Join(table.Notes, "\n")
	for _, want := range []string{"hidden sheets were not read: Sheet1、深藏", "further sheets were not read: 附表", "hidden rows were read, too: 7"} {
		if !strings.Contains(notes, want) {
			t.Errorf("no %q in %s", want, notes)
		}
	}
	if table.Worksheet != "清单" {
		t.Error(table.Worksheet)
	}
	if _, err := Decode(newBook(t).bytes()); registry.CodeOf(err) != registry.CodeMalformed || !strings.Contains(err.Error(), "no visible sheet") {
		t.Error(err)
	}
}

func encoded(t *testing.T, e encoding.Encoding, text string) []byte {
	t.Helper()
	raw, err := e.NewEncoder().Bytes([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// CSV in every encoding and with every separator is the same table.
func TestCSV(t *testing.T) {
	text := "编号,决定机关,依据文件\r\n\r\n001,\"甲\n乙\",\"a,b;c\"\r\n,,\r\n002,#N/A,=\"0012\"\r\n003,360732199001011000,'=1+1\r\n"
	encodings := map[string]encoding.Encoding{"UTF-8": unicode.UTF8, "UTF-8 with mark": unicode.UTF8BOM, "GB 18030": simplifiedchinese.GB18030,
		"UTF-16 little": unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), "UTF-16 big": unicode.UTF16(unicode.BigEndian, unicode.UseBOM),
		"UTF-16 without mark": unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), "UTF-16 big without mark": unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)}
	for name, e := range encodings {
		for _, separator := range []string{",", "\t", ";"} {
			plain := strings.ReplaceAll(text, "\"a,b;c\"", "\x00")
			plain = strings.ReplaceAll(strings.ReplaceAll(plain, ",", separator), "\x00", "\"a,b;c\"")
			for _, variant := range []string{plain, "sep=" + separator + "\r\n" + plain, strings.ReplaceAll(plain, "\r\n", "\n")} {
				table, err := Decode(encoded(t, e, variant))
				if err != nil {
					t.Fatalf("%s %q: %v", name, separator, err)
				}
				if len(table.Rows) != 4 || table.Rows[1].Number != 3 || table.Rows[2].Number != 5 || table.Rows[3].Number != 6 || cell(t, table, "A1").Text != "编号" ||
					cell(t, table, "B3").Text != "甲\n乙" || cell(t, table, "C3").Text != "a,b;c" || cell(t, table, "B5").Fault != list.FaultError ||
					cell(t, table, "C5").Text != "0012" || cell(t, table, "B6").Fault != list.FaultDigits || cell(t, table, "C6").Text != "=1+1" {
					t.Errorf("%s %q: %+v", name, separator, table.Rows)
				}
			}
		}
	}
	if table, err := Decode([]byte("编号,机关\r1,2\r3,4")); err != nil || len(table.Rows) != 3 {
		t.Errorf("returns alone: %+v %v", table, err)
	}
	for _, bad := range []string{"a,b\n\"c,d\n", "\x89PNG\r\n\x1a\n\x00\x00\xff\xfe\xfd", "\xff\xfe\x00\xd8a\x00", "a\x00b"} {
		if table, err := Decode([]byte(bad)); registry.CodeOf(err) != registry.CodeMalformed {
			t.Errorf("%q: %+v %v", bad, table, err)
		}
	}
}

// Of a file that is no table it is said what it is and what to do.
func TestRefused(t *testing.T) {
	pack := func(name string) []byte {
		var out bytes.Buffer
		w := zip.NewWriter(&out)
		if _, err := w.Create(name); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	ole := "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"
	whole := newBook(t).bytes()
	for _, c := range []struct {
		raw  []byte
		says string
	}{
		{[]byte(ole + "..."), ".xls"}, {append([]byte(ole), utf16LE("EncryptedPackage")...), "password"}, {[]byte("%PDF-1.7"), "PDF"},
		{[]byte("\uFEFF\r\n<html><table>"), "web page"}, {[]byte("ID;PWXL;N;E\r\nP;PGeneral\r\n"), ".slk"}, {[]byte("TABLE\r\n0,1\r\n"), ".dif"}, {[]byte("{\\rtf1\\ansi"), ".rtf"}, {[]byte("<?xml version=\"1.0\"?><Workbook>"), "web page"}, {pack("word/document.xml"), "Word"},
		{pack("xl/workbook.bin"), ".xlsb"}, {pack("content.xml"), ".ods"}, {pack("OFD.xml"), "OFD"}, {pack("x"), "not a workbook"}, {pack("xl/workbook.xml"), "damaged"},
		{whole[:len(whole)/2], "damaged"}, {[]byte("PK\x03\x04"), "damaged"},
	} {
		_, err := Decode(c.raw)
		if registry.CodeOf(err) != registry.CodeMalformed || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q: %v", c.raw[:min(len(c.raw), 20)], err)
		}
	}
}

// What is written for a spreadsheet begins no formula there, and reads back.
func TestGuard(t *testing.T) {
	rows := [][]string{{"编号", "名称"}, {"001234567890123456", "=HYPERLINK(\"http://x\")"}, {"+1", "-1"}, {"@SUM(A1)", "\tx"}, {"\r=1", " =1"}, {"'=1", "''-2"}, {"＝1", "甲\n乙"}, {"-", "'普通"}}
	asCSV, err := Encode(".csv", rows)
	if err != nil {
		t.Fatal(err)
	}
	asBook, err := Encode(".XLSX", rows)
	if err != nil {
		t.Fatal(err)
	}
	for name, raw := range map[string][]byte{"csv": asCSV, "xlsx": asBook} {
		table, err := Decode(raw)
		if err != nil || len(table.Rows) != len(rows) {
			t.Fatalf("%s: %+v %v", name, table, err)
		}
		for i, row := range rows {
			for j, want := range row {
				got := table.Rows[i].Cells[j].Text
				if name == "csv" {
					want, got = strings.ReplaceAll(want, "\r", ""), strings.ReplaceAll(got, "\r", "")
				}
				if got != want {
					t.Errorf("%s: %q came back as %q", name, want, got)
				}
			}
		}
	}
	raw, err := excelize.OpenReader(bytes.NewReader(asBook))
	if err != nil {
		t.Fatal(err)
	}
	inBook, err := raw.GetRows("Sheet1")
	if err != nil {
		t.Fatal(err)
	}
	if kind, err := raw.GetCellType("Sheet1", "A2"); err != nil || kind != excelize.CellTypeSharedString {
		t.Errorf("a code is no text: %v %v", kind, err)
	}
	for _, row := range append(inBook, strings.FieldsFunc(string(asCSV), func(r rune) bool { return strings.ContainsRune(",\n\"\uFEFF", r) })) {
		for _, shown := range row {
			if strings.ContainsAny(first(strings.TrimLeft(shown, " ")), "=+-@\t＝") {
				t.Errorf("%q begins a formula", shown)
			}
		}
	}
}

// The stored list is replaced whole or not at all, and says all that is wrong.
func TestReplaceWatchList(t *testing.T) {
	data, today := t.TempDir(), registry.DateOf(time.Date(2026, 6, 1, 0, 0, 0, 0, registry.China))
	in := func(rows ...[]string) (int, error) {
		return ReplaceWatchList(data, list.Of(append([][]string{WatchListHeader}, rows...)), today)
	}
	good := []string{"001", "91360732dem100015m", "=cmd|' /C calc'!A0", "2026年1月5日", "演示机关"}
	if n, err := in(good, []string{"999", "P-1", "名单", "20260105", "演示机关"}, good); n != 2 || err != nil {
		t.Fatalf("%d %v", n, err)
	}
	before, err := os.ReadFile(filepath.Join(data, WatchListFile))
	if err != nil || !bytes.Contains(before, []byte("'=cmd")) {
		t.Errorf("%s %v", before, err)
	}
	_, err = in(good, []string{"1", "x", "名单", "2026-01-05", "机关"}, []string{"111", "360732199001011234", "名单", "某日", ""}, []string{"111", "36073220990101001X", "名单", "2026-01-05", "机关"})
	for _, want := range []string{"3 行有误", "row 3", "A3", "001", "row 4", "D4", "某日", "E4", "required", "row 5", "B5", "36**************1X"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %v", want, err)
		}
	}
	if err != nil && (strings.Contains(err.Error(), "19900101") || strings.Contains(err.Error(), "20990101")) {
		t.Error("an identity number stands in the error")
	}
	if after, err := os.ReadFile(filepath.Join(data, WatchListFile)); err != nil || !bytes.Equal(before, after) {
		t.Errorf("a bad list was stored: %s %v", after, err)
	}
	lists := WatchList{Path: filepath.Join(data, WatchListFile), Clock: func() time.Time { return today.Start() }}
	hits, err := lists.Listed(t.Context(), registry.Holder{CodeType: "001", Code: "91360732DEM100015M"})
	if err != nil || len(hits) != 2 || hits[0].List != "=cmd|' /C calc'!A0" || hits[0].Since.String() != "2026-01-05" {
		t.Errorf("%+v %v", hits, err)
	}
}

// FuzzDecode: whatever the bytes are, a table or a coded error.
func FuzzDecode(f *testing.F) {
	files, err := filepath.Glob("testdata/*/*")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		table, err := Decode(raw)
		if code := registry.CodeOf(err); err != nil && code != registry.CodeMalformed && code != registry.CodeTooLarge {
			t.Error(err)
		}
		if (table == nil) == (err == nil) {
			t.Errorf("%v %v", table, err)
		}
	})
}
