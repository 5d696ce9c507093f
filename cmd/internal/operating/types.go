package operating

import (
	"context"

	"tongzheng/registry"
	"tongzheng/registry/office"
)

// Catalog keeps license types.
type Catalog interface {
	SetTypes(ctx context.Context, catalog []*registry.LicenseType) error
}

// types implements operate.Types.
type types struct{ Config }

// Set implements operate.Types; the records are ordered in the city's name.
func (t types) Set(ctx context.Context, by registry.Actor, catalog []*registry.LicenseType, basis string) (ordered int, err error) {
	if err := registry.CheckTexts(catalog); err != nil {
		return 0, err
	}
	rules, err := registry.RecordOf[*registry.Rules](recordsOf{t.Records}, registry.KindRules, registry.CurrentRules)
	if err != nil {
		return 0, err
	}
	if rules == nil {
		return 0, registry.Errorf(registry.CodeRules, "", "the ledger has no rules yet: tongzheng govern genesis")
	}
	if err := t.Catalog.SetTypes(ctx, catalog); err != nil {
		return 0, err
	}
	var drafts []office.OrderDraft
	for _, entry := range catalog {
		record := entry.Record()
		known, _, err := t.Records.Record(record.Kind(), record.Name())
		if err != nil {
			return 0, err
		}
		if known == nil {
			drafts = append(drafts, office.OrderDraft{Organization: rules.City, Record: record, Basis: basis})
		}
	}
	if len(drafts) == 0 {
		return 0, nil
	}
	return len(drafts), t.Governing.Govern(ctx, by, drafts)
}

// recordsOf is Records as the law asks them.
type recordsOf struct{ Records }

// Record implements registry.Records.
func (r recordsOf) Record(kind registry.RecordKind, name string) (registry.GovernanceRecord, error) {
	record, _, err := r.Records.Record(kind, name)
	return record, err
}
