package plan

import (
	"slices"

	"tongzheng/registry"
)

// Records returns the governance records that need no key material, as they
// stand at the beginning of the plan's first day (Info.Today): organizations
// without act keys, matters, grants, stock and policies, in an order in which
// each finds what it refers to. A grant that a handover begins is marked so;
// its start of operation, its agreement and its end are set where their day
// has come, and are otherwise the scenario's to record.
//
// Seals and approvers need certificates and keys; types are recorded by
// LicenseType.Record.
func (p *Plan) Records() []registry.GovernanceRecord {
	var records []registry.GovernanceRecord
	for _, o := range p.Organizations {
		records = append(records, &registry.Organization{Code: o.Code, FullName: o.Name, Region: o.Region,
			Member: o.Member, Superiors: p.superiors(o), Rank: registry.Rank(o.Kind),
			Management: o.Management, Seat: p.code(o.Seat)})
	}
	for _, c := range p.CalendarRecords() {
		records = append(records, c)
	}
	for _, m := range p.Matters {
		records = append(records, &registry.Matter{Code: m.Code, FullName: m.Name, Defers: m.Deferred || p.Service.defers()})
	}
	for _, entrusted := range []bool{false, true} { // an entrustment rests on another grant
		for _, g := range p.Grants {
			if (g.Mode == registry.ModeEntrust) == entrusted {
				records = append(records, p.GrantRecord(g))
			}
		}
	}
	for _, s := range p.StockRecords() {
		records = append(records, s)
	}
	for _, c := range p.Policies {
		records = append(records, p.policyRecord(c))
	}
	return records
}

// code is the credit code of an organization id, empty for none.
func (p *Plan) code(id string) string {
	o, _ := p.Organization(id)
	return o.Code
}

// superiors lists the credit codes above an organization, nearest first. The
// department that guides it is no superior here: that may differ by statute.
func (p *Plan) superiors(o Organization) []string {
	var codes []string
	for o.Parent != "" && len(codes) < len(p.Organizations) {
		o, _ = p.Organization(o.Parent)
		codes = append(codes, o.Code)
	}
	return codes
}

// GrantRecord is the grant as the ledger holds it on the plan's first day.
func (p *Plan) GrantRecord(g Grant) *registry.Grant {
	record := &registry.Grant{ID: g.ID, Matter: g.Matter, Mode: g.Mode, Source: p.code(g.From), Decider: p.code(g.Decider),
		Acceptor: p.code(g.Acceptor), Examiner: p.code(g.Examiner), Territory: g.Territory, Document: g.Basis.text(),
		List: g.List, Batch: g.Batch, Effective: g.Effective.Start().Unix(), RecallBy: p.code(g.RecallBy), Handling: p.code(g.Handling), Rests: p.rests(g)}
	for _, id := range g.Regulators {
		record.Regulators = append(record.Regulators, p.code(id))
	}
	for _, id := range g.Informed {
		record.Informed = append(record.Informed, p.code(id))
	}
	record.Accepts = g.Accepts
	record.Legal, record.LegalBasis = g.Legal, g.LegalBasis
	for _, kind := range g.Prepare {
		record.Preparations = append(record.Preparations, registry.Preparation{Kind: kind})
	}
	if g.Publication != nil && g.Publication.Date != 0 && g.Publication.Date <= p.Today {
		record.Publication, record.Published = g.Publication.text(), g.Publication.Date.Start().Unix()
	}
	if g.Agreement != nil && g.Agreement.Date <= p.Today {
		record.Agreement, record.Agreed = g.Agreement.text(), g.Agreement.Date.Start().Unix()
	}
	for _, h := range p.Handovers {
		started := h.Start <= p.Today
		if slices.Contains(h.Begins, g.List) {
			record.Handover, record.Begun = true, h.ID
			if started {
				record.Operating = h.Start.Start().Unix()
			}
		}
		if started && (slices.Contains(h.Ends, g.List) || slices.Contains(h.Lapses, g.List)) {
			record.End, record.EndBasis, record.Ended = h.Start.Start().Unix(), h.ID, h.ID
		}
	}
	return record
}

// rests finds the entruster's own grant that an entrustment rests on: of the
// same matter, covering its territory, the latest one that began before it.
func (p *Plan) rests(g Grant) string {
	if g.Mode != registry.ModeEntrust {
		return ""
	}
	var root Grant
	for _, own := range p.Grants {
		if own.Matter == g.Matter && own.Decider == g.Decider && (own.Mode == registry.ModeOwn || own.Mode == registry.ModeDirect) &&
			registry.Within(g.Territory, own.Territory) && own.Effective <= g.Effective && own.Effective >= root.Effective {
			root = own
		}
	}
	return root.ID
}

// HandoverRecord is the handover as its parties sign it: without signatures,
// counts of licenses and cases, or the start of operation.
func (p *Plan) HandoverRecord(h Handover) *registry.Handover {
	record := &registry.Handover{ID: h.ID, To: p.code(h.To), Document: p.Chinese, Archives: registry.Archives(h.Archives), Principle: h.Exceptions,
		SealsEnded: h.SealsEnded, SealsBegun: h.SealsBegun, Signed: h.Signed.Start().Unix() + 9*3600}
	for _, id := range h.From {
		record.From = append(record.From, p.code(id))
	}
	for _, part := range []struct {
		lists []string
		into  *[]string
	}{{h.Ends, &record.Ends}, {h.Begins, &record.Begins}, {h.Lapses, &record.Lapses}} {
		for _, list := range part.lists {
			for _, g := range p.GrantsOf(list) {
				*part.into = append(*part.into, g.ID)
			}
		}
	}
	for _, item := range h.Items {
		record.Items = append(record.Items, registry.HandoverItem{Kind: item.Kind, What: item.What})
	}
	for _, s := range h.Group {
		record.Group = append(record.Group, registry.HandoverSigner{Organization: p.code(s.Organization), Role: s.Role})
	}
	if h.AdviseUntil != 0 {
		record.AdviseUntil = (h.AdviseUntil + 1).Start().Unix()
	}
	for _, t := range h.Stock {
		s, _ := find(p.Stock, func(s Stock) bool { return s.ID == t.Stock })
		of, _ := p.Type(s.Type)
		record.Blanks = append(record.Blanks, registry.CountedBlanks{Type: of.Type.Code, Form: s.Form, Run: s.PrintRun,
			From: p.code(s.Organization), Of: registry.BlankRange{From: t.From, To: t.To}})
	}
	return record
}

// text is the document as one line: title and number.
func (d Document) text() string {
	if d.Number == "" {
		return d.Title
	}
	return d.Title + "（" + d.Number + "）"
}

// StockRecords gathers the ranges of each type, form, print run and
// organization.
func (p *Plan) StockRecords() []*registry.Stock {
	var records []*registry.Stock
	for _, s := range p.Stock {
		t, _ := p.Type(s.Type)
		record := &registry.Stock{Type: t.Type.Code, Form: s.Form, Run: s.PrintRun, Organization: p.code(s.Organization)}
		if i := slices.IndexFunc(records, func(r *registry.Stock) bool { return r.Name() == record.Name() }); i >= 0 {
			record = records[i]
		} else {
			records = append(records, record)
		}
		record.Ranges = append(record.Ranges, registry.BlankRange{From: s.From, To: s.To})
	}
	return records
}

func (p *Plan) policyRecord(c Policy) *registry.Policy {
	name := c.Type
	if t, ok := p.Type(c.Type); ok {
		name = t.Type.Code
	}
	return c.record(name)
}
