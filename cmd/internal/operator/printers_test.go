package operator

import (
	"path/filepath"
	"strings"
	"testing"

	"tongzheng/registry"
)

// TestPrinters: offsets are kept for each printer, absurd ones refused.
func TestPrinters(t *testing.T) {
	p := Printers{Path: filepath.Join(t.TempDir(), "d", "printers.json")}
	if err := p.Set("O", "P", registry.Overprint{X: 1.5, Y: -2}); err != nil {
		t.Fatal(err)
	}
	if err := p.Set("O", "P", registry.Overprint{X: 50}); err == nil {
		t.Error("an offset of 50 mm was kept")
	}
	all, err := p.All()
	if err != nil || all["O"]["P"] != (registry.Overprint{X: 1.5, Y: -2}) {
		t.Errorf("%v %v", all, err)
	}
	if page, err := CalibrationPage("A4"); err != nil || !strings.HasPrefix(string(page), "%PDF") {
		t.Errorf("%v", err)
	}
}
