package office

import (
	"context"

	"tongzheng/registry"
)

// law reads what the law of the grant asks besides the grant: what an
// entrustment rests on, and the examination of a review case.
func (o *Office) law(p *registry.Powers, app registry.Application) (err error) {
	if app.Act == registry.AcceptRenewal {
		if p.Calendars, err = o.calendars(); err != nil {
			return err
		}
	}
	switch {
	case p.Grant == nil:
		return nil
	case p.Grant.Mode == registry.ModeEntrust:
		p.Under, err = recordOf[*registry.Grant](o, registry.KindGrant, p.Grant.Rests)
	case p.Grant.Mode == registry.ModeReview:
		p.Examined, err = recordOf[*registry.Examination](o, registry.KindExamination, registry.ExaminationName(app.Grant, app.Case))
	}
	return err
}

// bars asks the ledger what stands against the holder of an application for a
// new license, in every member's namespace: the contract sees its own and
// governance, the office all. A ledger out of reach stops nobody here: the
// contract asks again.
func (o *Office) bars(ctx context.Context, app registry.Application, s registry.Situation) error {
	if app.Act != registry.Issue || s.Powers.Type == nil || len(s.Powers.Type.Bars) == 0 || s.Powers.Rules == nil {
		return nil
	}
	key := registry.BarKey(s.Type.Code, registry.HolderTag(s.TagKey, s.Type.Code, app.Holder))
	for _, namespace := range append([]string{registry.Governance}, s.Powers.Rules.Members...) {
		values, err := o.Ledger.Read(ctx, namespace, []string{key})
		if err != nil || values[0] == nil {
			continue
		}
		var bar registry.Bar
		if err := registry.Decode(values[0], &bar); err != nil {
			return err
		}
		s.Powers.Bars = append(s.Powers.Bars, bar)
	}
	return nil
}

// Chronicle is what a status view keeps besides StatusView: how records became
// what they are.
type Chronicle interface {
	// Orders lists the orders that made a record what it is, oldest first.
	Orders(kind registry.RecordKind, name string) ([]registry.Anchored, error)
}

// PowersAt answers for a license on a civil day, from the ledger alone: who
// had the power, by which grant, which seal was valid, who answers, who may act
// on it, where its file is and where to appeal. CodeNotFound for a license that
// was never anchored.
func (o *Office) PowersAt(_ context.Context, base string, day registry.Date) (*registry.Accountability, error) {
	// 1. The license's own entries.
	standing, err := o.View.Standing(base)
	if err != nil {
		return nil, err
	}
	if standing.License == nil {
		return nil, registry.Errorf(registry.CodeNotFound, "identifier", "the ledger has no such license")
	}
	// 2. Every record of the kinds that say something of powers, as of that day.
	history := registry.Chronicle{}
	for _, kind := range []registry.RecordKind{registry.KindOrganization, registry.KindType, registry.KindGrant, registry.KindSeal, registry.KindHandover, registry.KindExamination} {
		records, err := o.View.Records(kind)
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
func (o *Office) orders(record registry.GovernanceRecord) ([]registry.Anchored, error) {
	if c, ok := o.View.(Chronicle); ok && record.Kind() == registry.KindOrganization {
		return c.Orders(record.Kind(), record.Name())
	}
	return nil, nil
}
