package office

import (
	"context"

	"tongzheng/registry"
)

// Powers answers for a license on a civil day, today for the zero one, from the
// ledger alone: who had the power, by which grant, which seal was valid, who
// answers, who may act on it, where its file is and where to appeal.
// CodeNotFound for a license that was never anchored, or is not for the actor.
func (o *Reading) Powers(ctx context.Context, by registry.Actor, id registry.Identifier, day registry.Date) (*registry.Accountability, error) {
	if err := o.access.license(ctx, by, id, registry.MaySeeStatus); err != nil {
		return nil, err
	}
	if day == 0 {
		day = registry.DateOf(o.now())
	}
	// 1. The license's own entries.
	standing, err := o.view.Standing(id.Base())
	if err != nil {
		return nil, err
	}
	if standing.License == nil {
		return nil, registry.Errorf(registry.CodeNotFound, "identifier", "the ledger has no such license")
	}
	// 2. Every record of the kinds that say something of powers, as of that day.
	history := registry.Chronicle{}
	for _, kind := range []registry.RecordKind{registry.KindOrganization, registry.KindType, registry.KindGrant, registry.KindSeal, registry.KindHandover, registry.KindExamination,
		registry.KindSuccession, registry.KindTenure} {
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

// orders is the record's history where the question needs it.
func (o *Reading) orders(record registry.GovernanceRecord) ([]registry.Anchored, error) {
	if record.Kind() != registry.KindOrganization {
		return nil, nil
	}
	return o.view.Orders(record.Kind(), record.Name())
}
