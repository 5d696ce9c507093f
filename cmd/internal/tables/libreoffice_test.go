package tables

import (
	"path/filepath"
	"strings"
	"testing"

	"tongzheng/registry"
)

// TestLibreOffice: of what LibreOffice saves in other forms it is said what it
// is; sheets and rows that are hidden are named. The lists themselves are
// handed in whole in cmd/internal/app.
func TestLibreOffice(t *testing.T) {
	refused := map[string]string{".xls": "old format", ".ods": "OpenDocument", ".fods": "web page or XML", ".html": "web page or XML", ".slk": ".slk", ".dif": ".dif", ".pdf": "PDF"}
	files, err := filepath.Glob("testdata/libreoffice/*")
	if err != nil || len(files) < 40 {
		t.Fatal(len(files), err)
	}
	seen := map[string]bool{}
	for _, path := range files {
		end := filepath.Ext(path)
		if end == ".py" || end == ".md" {
			continue
		}
		table, err := Read(path)
		says, bad := refused[end]
		seen[end] = true
		switch {
		case bad && (registry.CodeOf(err) != registry.CodeMalformed || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), ".xlsx")):
			t.Errorf("%s: %+v %v", path, table, err)
		case !bad && err != nil:
			t.Errorf("%s: %v", path, err)
		}
	}
	for end := range refused {
		if !seen[end] {
			t.Errorf("no file %s", end)
		}
	}
	table, err := Read("testdata/libreoffice/hidden.xlsx")
	if err != nil {
		t.Fatal(err)
	}
	notes := strings.Join(table.Notes, "\n")
	if table.Worksheet != "清单" || !strings.Contains(notes, "旧清单") || !strings.Contains(notes, "rows were read, too: 3") || !strings.Contains(notes, "further sheets were not read: 说明") {
		t.Error(table.Worksheet, table.Notes)
	}
}
