package operator

import (
	"context"

	"tongzheng/cmd/internal/app"
	"tongzheng/registry"
	"tongzheng/registry/office"
)

// SetTypes puts entries into the catalog and orders those records of them in
// the city's name that the ledger lacks. It returns how many it ordered; like
// every order they may wait for governors (*office.Awaiting).
func SetTypes(ctx context.Context, a *app.App, catalog []*registry.LicenseType, basis string) (ordered int, err error) {
	record, _, err := a.View.Record(registry.KindRules, "current")
	if err != nil {
		return 0, err
	}
	rules, ok := record.(*registry.Rules)
	if !ok {
		return 0, registry.Errorf(registry.CodeRules, "", "the ledger has no rules yet: tongzheng govern genesis")
	}
	if err := a.Store.SetTypes(ctx, catalog); err != nil {
		return 0, err
	}
	var drafts []office.OrderDraft
	for _, t := range catalog {
		record := t.Record()
		if known, _, err := a.View.Record(record.Kind(), record.Name()); err != nil {
			return 0, err
		} else if known == nil {
			drafts = append(drafts, office.OrderDraft{Organization: rules.City, Record: record, Basis: basis})
		}
	}
	if len(drafts) == 0 {
		return 0, nil
	}
	return len(drafts), a.Office.Governing.Govern(ctx, By, drafts)
}
