package office

import (
	"context"

	"tongzheng/registry"
)

// PowersAt answers for a license on a civil day, from the ledger alone: who
// had the power, by which grant, which seal was valid, who answers, who may act
// on it, where its file is and where to appeal. CodeNotFound for a license that
// was never anchored.
func (o *Reading) PowersAt(_ context.Context, by registry.Actor, base string, day registry.Date) (*registry.Accountability, error) {
	// 1. The license's own entries.
	standing, err := o.view.Standing(base)
	if err != nil {
		return nil, err
	}
	if standing.License == nil {
		return nil, registry.Errorf(registry.CodeNotFound, "identifier", "the ledger has no such license")
	}
	// 2. Every record of the kinds that say something of powers, as of that day.
	history := registry.Chronicle{}
	for _, kind := range []registry.RecordKind{registry.KindOrganization, registry.KindType, registry.KindGrant, registry.KindSeal, registry.KindHandover, registry.KindExamination} {
		records, err := o.view.Records(kind)
		if err != nil {
			return nil, err
		}
		for _, record := range records {
			orders, err := o.orders(record)
			if err != nil {
				return nil, err
			}
			history.Add(record, orders)
		}
	}
	// 3. One pure question.
	return registry.AnswersFor(standing, history, day)
}

// orders is the record's history where the view keeps one.
func (o *Reading) orders(record registry.GovernanceRecord) ([]registry.Anchored, error) {
	if c, ok := o.view.(Chronicle); ok && record.Kind() == registry.KindOrganization {
		return c.Orders(record.Kind(), record.Name())
	}
	return nil, nil
}
