package main

import (
	"fmt"
	"os"

	"tongzheng/cmd/internal/operator"
	"tongzheng/registry"
)

type importTypesCommand struct {
	instance
	File  string `arg:"" type:"existingfile" help:"JSON: a list of catalog entries, as GET /api/v1/types/{code} shows them."`
	Basis string `required:"" help:"依据文号 Document."`
}

// Run adds catalog entries and orders their records in the city's name.
func (c *importTypesCommand) Run(w *world) error {
	raw, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	var catalog []*registry.LicenseType
	if err := strictly(raw, &catalog); err != nil {
		return usage("%s: %v", c.File, err)
	}
	a, err := c.open(w)
	if err != nil {
		return err
	}
	defer a.Close()
	set, err := operator.SetTypes(w.ctx, a, catalog, c.Basis)
	if err == nil || set > 0 {
		fmt.Fprintf(w.stdout, "目录 catalog: %d，待上链 to be recorded: %d\n", len(catalog), set)
	}
	return err
}
