package app_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tongzheng/cmd/internal/app"
	"tongzheng/cmd/internal/tables"
	"tongzheng/registry"
	"tongzheng/registry/office"
)

// sheets are spreadsheets as people reported them, and what is right for each:
// the day that every row of a grant list says, and in which sheet it was found;
// or what is said of the bad row.
var sheets = map[string]struct {
	day, sheet string
	lines      int
	row        int
	says       []string // of the bad row
}{
	"x-1904.xlsx":      {day: "2026-06-01"},
	"x-poi.xlsx":       {day: "2026-06-01"},
	"x-serialf.xlsx":   {day: "2026-06-01"},
	"x-date-time.xlsx": {day: "2026-06-01"},
	"x-date-text.xlsx": {day: "2026-06-01"},
	"x-date-full.xlsx": {day: "2026-06-01"},
	"x-merged.xlsx":    {day: "2026-06-01", lines: 2},
	"x-hidden.xlsx":    {day: "2026-06-01", sheet: "清单"},
	"x-full-code.xlsx": {day: "2026-06-01"},
	"x-zwsp.xlsx":      {day: "2026-06-01"},
	"x-head-nl.xlsx":   {day: "2026-06-01"},
	"c-u16.csv":        {day: "2026-06-01"},
	"c-u8tab.csv":      {day: "2026-06-01"},
	"c-semi.csv":       {day: "2026-06-01"},
	"x-err.xlsx":       {row: 2, says: []string{"I2", "依据文件", "#N/A", "error value"}},
	"x-sci.xlsx":       {row: 2, says: []string{"B2", "事项编码", "E2", "决定机关", "digits lost, format the column as text"}},
	"c-blank.csv":      {row: 4, says: []string{"L4", "生效日期", "某日", "not a day"}},
	"w-date.xlsx":      {day: "2026-01-05"},
	"w-cnday.xlsx":     {day: "2026-01-05"},
	"w-space.xlsx":     {day: "2026-01-05"},
	"w-sci.xlsx":       {row: 2, says: []string{"row 2", "B2", "代码", "digits lost, format the column as text"}},
	"w-blank.csv":      {row: 4, says: []string{"row 4", "B4", "代码", "does not fit the others"}},
}

// Where the files are, and how those are named that LibreOffice saved anew.
const tableFiles, savedAnew = "../tables/testdata", "again-"

// reportedSheets hands every one of them in, as the list that it is; and those
// that LibreOffice saved anew, which say the same.
func reportedSheets(t *testing.T, a *app.App) {
	files, err := os.ReadDir(filepath.Join(tableFiles, "reports"))
	if err != nil || len(files) != len(sheets) {
		t.Fatalf("%d files for %d answers: %v", len(files), len(sheets), err)
	}
	again, err := filepath.Glob(filepath.Join(tableFiles, "libreoffice", savedAnew+"*"))
	if err != nil || len(again) < 10 {
		t.Fatalf("%d saved anew by LibreOffice: %v", len(again), err)
	}
	for _, f := range files {
		again = append(again, filepath.Join(tableFiles, "reports", f.Name()))
	}
	for _, path := range again {
		name := strings.TrimPrefix(filepath.Base(path), savedAnew)
		want, ok := sheets[name]
		t.Run(filepath.Base(path), func(t *testing.T) {
			if !ok {
				t.Fatal("no answer for it")
			}
			table, err := tables.Read(path)
			if err != nil {
				t.Fatal(err)
			}
			if want.sheet != "" && (table.Worksheet != want.sheet || len(table.Notes) != 1 || !strings.Contains(table.Notes[0], "Sheet1")) {
				t.Errorf("sheet %q, notes %q", table.Worksheet, table.Notes)
			}
			if strings.HasPrefix(name, "w-") {
				data := t.TempDir()
				n, err := tables.ReplaceWatchList(data, table, registry.DateOf(a.Config.Clock()))
				said := ""
				if err != nil {
					said = err.Error()
				}
				if want.day != "" {
					lists := tables.WatchList{Path: filepath.Join(data, tables.WatchListFile), Clock: time.Now}
					hits, err := lists.Listed(context.Background(), registry.Holder{CodeType: "001", Code: "91360732DEM100015M"})
					if n != 1 || err != nil || len(hits) != 1 || hits[0].Since.String() != want.day {
						t.Errorf("%d listed: %+v %v %s", n, hits, err, said)
					}
				}
				sayings(t, said, want.says)
				return
			}
			plan, err := a.Office.Grants.Plan(context.Background(), registry.Operator("test"), table)
			if err != nil {
				t.Fatal(err)
			}
			if len(plan.Lines) != max(want.lines, 1) {
				t.Fatalf("%d lines", len(plan.Lines))
			}
			for _, l := range plan.Lines {
				if want.day != "" && (l.Change != office.LineNew || registry.DateOfUnix(l.Record.Effective).String() != want.day || l.Record.Decider != "11360732DEM20018XP") {
					t.Errorf("row %d: %s %+v %v", l.Row, l.Change, l.Record, l.Problems)
				}
				if want.row != 0 && (l.Row != want.row || l.Change != office.LineBad) {
					t.Errorf("row %d: %s", l.Row, l.Change)
				}
				sayings(t, strings.Join(l.Problems, "\n"), want.says)
			}
		})
	}
}

func sayings(t *testing.T, said string, wants []string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(said, want) {
			t.Errorf("no %q in %s", want, said)
		}
	}
	if len(wants) == 0 && said != "" {
		t.Error(said)
	}
}
