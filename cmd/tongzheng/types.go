package main

import (
	"fmt"
	"os"

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
	o, err := c.operate(w)
	if err != nil {
		return err
	}
	defer o.Close()
	set, err := o.Lists.SetTypes(w.ctx, c.Basis, catalog...)
	if err != nil {
		return err
	}
	fmt.Fprintf(w.stdout, "目录 catalog: %d，待上链 to be recorded: %d\n", set.Types, set.Records)
	return waits(set.Sheet)
}
