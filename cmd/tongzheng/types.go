package main

import (
	"fmt"
	"os"

	"tongzheng/cmd/internal/operator"
	"tongzheng/registry"
	"tongzheng/registry/office"
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
	record, _, err := a.View.Record(registry.KindRules, "current")
	if err != nil {
		return err
	}
	rules, ok := record.(*registry.Rules)
	if !ok {
		return registry.Errorf(registry.CodeRules, "", "the ledger has no rules yet: tongzheng govern genesis")
	}
	if err := a.Store.SetTypes(w.ctx, catalog); err != nil {
		return err
	}
	var drafts []office.OrderDraft
	for _, t := range catalog {
		record := t.Record()
		if known, _, err := a.View.Record(record.Kind(), record.Name()); err != nil {
			return err
		} else if known == nil {
			drafts = append(drafts, office.OrderDraft{Organization: rules.City, Record: record, Basis: c.Basis})
		}
	}
	fmt.Fprintf(w.stdout, "目录 catalog: %d，待上链 to be recorded: %d\n", len(catalog), len(drafts))
	if len(drafts) == 0 {
		return nil
	}
	return a.Office.Governing.Govern(w.ctx, operator.By, drafts)
}
