package app_test

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tongzheng/cmd/internal/app"
	"tongzheng/cmd/internal/tables"
	"tongzheng/registry"
	"tongzheng/registry/list"
	"tongzheng/registry/office"
)

// savedBad are the rows of lists saved by LibreOffice that are bad, by their
// code in the list, and what is said of each; every other row is new from
// 2026-06-01.
var savedBad = map[string]map[string][]string{
	"days-gb18030.csv": {"lo-us": {"L3", "生效日期", "06/01/26", "not a day"}, "lo-month": {"L8", "2026年6月", "not a day"}},
	"days.xlsx":        nil,
	"since1904.xlsx":   nil,
	"merged.xlsx":      nil,
	"merged-semicolon.csv": { // CSV has no merged cells
		"lo-m2": {"E4", "决定机关", "L4", "生效日期", "is required"}},
	"hidden.xlsx": nil,
	"styled.xlsx": nil,
	"formulas.xlsx": {"lo-f3": {"L4", "#DIV/0!", "error value"}, "lo-f4": {"E5", "#N/A"}, "lo-f5": {"I6", "#NAME?"}, "lo-f6": {"E7", "#N/A"},
		"lo-f7": {"L8", "#VALUE!", "error value"}},
	"formulas-gb18030.csv": {"lo-f3": {"L4", "#DIV/0!", "error value"}, "lo-f4": {"E5", "#N/A"}, "lo-f5": {"I6", "#NAME?"}, "lo-f6": {"E7", "#N/A"},
		"lo-f7": {"L8", "Err:522", "error value"}},
	"digits.xlsx":                 lostDigits,
	"digits-utf8.csv":             lostDigits,
	"digits-gb18030.csv":          lostDigits,
	"opened-digits-utf8.xlsx":     lostDigits,
	"texts.xlsx":                  {"lo-t6": {"L6", "某日", "not a day"}},
	"texts-gb18030.csv":           {"lo-t6": {"L6", "某日", "not a day"}},
	"plain.xlsx":                  nil,
	"plain-ooxml.xlsx":            nil,
	"plain-macros.xlsm":           nil,
	"plain-utf8.csv":              nil,
	"plain-gb18030.csv":           nil,
	"plain-semicolon.csv":         nil,
	"plain-semicolon-gb18030.csv": nil,
	"plain-utf16-tab.csv":         nil,
	"plain-quoted.csv":            nil,
	"plain-not-as-shown.csv":      nil,
	"opened-plain-utf8.xlsx":      nil,
	"opened-plain-gb18030.xlsx":   nil,
}

var lostDigits = map[string][]string{"lo-d1": {"D2", "原行使机关", "digits lost"}, "lo-d2": {"D3", "原行使机关", "digits lost"}}

// savedRows are how many rows the lists have.
var savedRows = map[string]int{"days": 12, "since1904": 2, "merged": 2, "hidden": 2, "styled": 1, "formulas": 7, "digits": 3, "texts": 3, "plain": 1}

// savedSheets are lists that LibreOffice saved, as workbooks and as CSV, handed
// in whole. Those refused are in the test of the reader.
func savedSheets(t *testing.T, a *app.App) {
	files, err := filepath.Glob(filepath.Join(tableFiles, "libreoffice", "*"))
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, path := range files {
		name := filepath.Base(path)
		end := filepath.Ext(name)
		if strings.HasPrefix(name, savedAnew) || end != ".csv" && end != ".xlsx" && end != ".xlsm" {
			continue
		}
		tried++
		t.Run(name, func(t *testing.T) {
			bad, ok := savedBad[name]
			if !ok {
				t.Fatal("no answer for it")
			}
			table, err := tables.Read(path)
			if err != nil {
				t.Fatal(err)
			}
			plan, err := a.Office.Grants.Plan(context.Background(), registry.Operator("test"), table)
			if err != nil {
				t.Fatal(err)
			}
			kind := strings.FieldsFunc(strings.TrimPrefix(name, "opened-"), func(r rune) bool { return r == '-' || r == '.' })[0]
			if len(plan.Lines) != savedRows[kind] {
				t.Errorf("%d lines", len(plan.Lines))
			}
			for _, l := range plan.Lines {
				row := table.Rows[slices.IndexFunc(table.Rows, func(r list.Row) bool { return r.Number == l.Row })]
				code := row.Cells[0].Text
				if says := bad[code]; says != nil {
					if l.Change != office.LineBad {
						t.Errorf("%s: %s", code, l.Change)
					}
					sayings(t, strings.Join(l.Problems, "\n"), says)
					continue
				}
				if l.Change != office.LineNew || l.Record.ID != code || registry.DateOfUnix(l.Record.Effective).String() != "2026-06-01" ||
					l.Record.Decider != "11360732DEM20018XP" || l.Record.Source != "11360700DEM200032X" || l.Record.Territory != "360732" || len(l.Problems) > 0 {
					t.Errorf("%s, row %d: %s %+v %v", code, l.Row, l.Change, l.Record, l.Problems)
				}
			}
		})
	}
	if tried != len(savedBad) {
		t.Errorf("%d files for %d answers", tried, len(savedBad))
	}
}
