package operator

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"tongzheng/cmd/internal/keyring"
	"tongzheng/registry"
	"tongzheng/signer/render"
)

// CalibrationPage draws the page that finds a printer's offsets.
func CalibrationPage(page string) ([]byte, error) {
	renderer, err := keyring.OpenRenderer()
	if err != nil {
		return nil, err
	}
	switch page {
	case "A4-portrait":
		return renderer.Calibration(render.A4Portrait)
	case "A3":
		return renderer.Calibration(render.A3Landscape)
	}
	return renderer.Calibration(render.A4Landscape)
}

// Printers keeps the overprint offsets of every organization's printers.
type Printers struct{ Path string }

// All reads the offsets: organization, printer.
func (p Printers) All() (map[string]map[string]registry.Overprint, error) {
	all := map[string]map[string]registry.Overprint{}
	raw, err := os.ReadFile(p.Path)
	if os.IsNotExist(err) {
		return all, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(raw, &all); err != nil {
		return nil, fmt.Errorf("%s: %w", p.Path, err)
	}
	return all, nil
}

// offsetMost is how far a sheet may be moved, in mm: more is a wrong paper.
const offsetMost = 20

// Set keeps the offsets of one printer.
func (p Printers) Set(organization, printer string, offsets registry.Overprint) error {
	if math.Abs(offsets.X) > offsetMost || math.Abs(offsets.Y) > offsetMost {
		return registry.Errorf(registry.CodeMalformed, "offsets", "at most %d mm each way", offsetMost)
	}
	all, err := p.All()
	if err != nil {
		return err
	}
	if all[organization] == nil {
		all[organization] = map[string]registry.Overprint{}
	}
	all[organization][printer] = offsets
	raw, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(p.Path), 0o700); err != nil {
		return err
	}
	temporary := p.Path + ".new"
	if err := os.WriteFile(temporary, append(raw, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(temporary, p.Path)
}
