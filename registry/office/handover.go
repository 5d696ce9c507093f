package office

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"tongzheng/registry"
)

// Handovers takes powers, seals, blanks and cases from one authority to another.
type Handovers struct {
	*common
	acts interface {
		History(ctx context.Context, base string) ([]*Proceeding, error)
	}
	licenses interface {
		Search(ctx context.Context, q SearchQuery) (*SearchPage, error)
	}
	cases     *Cases // nil: cases are kept elsewhere
	stocks    *Stocks
	governing *Governing
}

// HandoverTerms is what the parties agree on; what the ledger and the registry
// know of it, Handovers.Draw adds.
type HandoverTerms struct {
	ID         string
	From       []string // credit codes
	To         string
	Document   string   // the plan it carries out
	Ends       []string // grants
	Begins     []string // grants
	Lapses     []string // entrustments
	SealsEnded []string
	SealsBegun []string
	Cases      []string // in flight, beside those that this registry works on
	Access     []string // systems
	Archives   registry.Archives
	Principle  bool // the plan allows logged exceptions

	Items       []registry.HandoverItem
	Group       []registry.HandoverSigner // who signs as witness beside the parties
	AdviseUntil registry.Date             // last day on which the earlier authorities advise; zero: no transition
}

// Draw draws up the record that both sides and the witnesses sign: the
// terms, the licenses in force that go over, the cases in flight, the blanks
// counted over. CodeGrant, CodeSealUnknown or CodeOrganization for what is not
// on the ledger, CodeSealState for a beginning seal that is not in use.
func (o *Handovers) Draw(ctx context.Context, by registry.Actor, terms HandoverTerms) (*registry.Handover, error) {
	if err := by.MayOperate(); err != nil {
		return nil, err
	}
	h := &registry.Handover{ID: terms.ID, From: terms.From, To: terms.To, Document: terms.Document, Ends: terms.Ends, Begins: terms.Begins, Lapses: terms.Lapses,
		Cases: slices.Clone(terms.Cases), SealsEnded: terms.SealsEnded, SealsBegun: terms.SealsBegun, Access: terms.Access, Archives: terms.Archives,
		Principle: terms.Principle, Signed: o.now().Unix(), Items: terms.Items, Group: terms.Group}
	if terms.AdviseUntil != 0 {
		h.AdviseUntil = (terms.AdviseUntil + 1).Start().Unix()
	}
	ended, err := o.checkTerms(h)
	if err != nil {
		return nil, err
	}
	if h.Succeeds, err = o.successions(h); err != nil {
		return nil, err
	}
	types, err := o.typesOf(ended)
	if err != nil {
		return nil, err
	}
	if err := o.openLicenses(ctx, h, ended, types); err != nil {
		return nil, err
	}
	if err := o.openFiles(ctx, h); err != nil {
		return nil, err
	}
	if err := o.countBlanks(h, types); err != nil {
		return nil, err
	}
	slices.Sort(h.Cases)
	h.Cases = slices.Compact(h.Cases)
	return h, nil
}

// checkTerms wants everything named to be on the ledger; it returns the grants
// that end.
func (o *Handovers) checkTerms(h *registry.Handover) (ended []*registry.Grant, err error) {
	parties := append([]string{h.To}, h.From...)
	for _, s := range h.Group {
		parties = append(parties, s.Organization)
	}
	for _, code := range parties {
		if party, err := recordOf[*registry.Organization](o.common, registry.KindOrganization, code); err != nil || party == nil {
			return nil, orMissing(err, registry.CodeOrganization, "from", code)
		}
	}
	for i, id := range slices.Concat(h.Ends, h.Lapses, h.Begins) {
		g, err := recordOf[*registry.Grant](o.common, registry.KindGrant, id)
		if err != nil || g == nil {
			return nil, orMissing(err, registry.CodeGrant, "grants", id)
		}
		if i < len(h.Ends) {
			ended = append(ended, g)
		}
	}
	for i, id := range slices.Concat(h.SealsBegun, h.SealsEnded) {
		s, err := recordOf[*registry.SealRecord](o.common, registry.KindSeal, id)
		if err != nil || s == nil {
			return nil, orMissing(err, registry.CodeSealUnknown, "seals", id)
		}
		if state := s.StateAt(h.Signed); i < len(h.SealsBegun) && state != registry.SealInUse {
			return nil, registry.Errorf(registry.CodeSealState, "seals_begun", "seal %s is %s", id, state)
		}
	}
	return ended, nil
}

// successions names whose licenses go over: those of the parties, and of all whom
// they had succeeded.
func (o *Handovers) successions(h *registry.Handover) ([]string, error) {
	rules, err := o.rules()
	if err != nil || !rules.Since(registry.RulesOfRelations) {
		return nil, err
	}
	var failed error
	names := h.Moves(func(kind registry.RecordKind, name string) registry.GovernanceRecord {
		record, _, err := o.view.Record(kind, name)
		failed = errors.Join(failed, err)
		return record
	})
	return names, failed
}

func orMissing(err error, code registry.Code, field, name string) error {
	if err != nil {
		return err
	}
	return registry.Errorf(code, field, "%s is not on the ledger", name)
}

// typesOf are the license types that the grants' matters lead to.
func (o *Handovers) typesOf(grants []*registry.Grant) (map[string]bool, error) {
	records, err := o.view.Records(registry.KindType)
	if err != nil {
		return nil, err
	}
	types := map[string]bool{}
	for _, record := range records {
		t, _ := record.(*registry.TypeRecord)
		if t != nil && slices.ContainsFunc(grants, func(g *registry.Grant) bool { return slices.Contains(t.Matters, g.Matter) }) {
			types[t.Code] = true
		}
	}
	return types, nil
}

// openLicenses counts the licenses in force that were decided under the grants
// that end, and lists the case numbers of acts that are under way on any.
func (o *Handovers) openLicenses(ctx context.Context, h *registry.Handover, ended []*registry.Grant, types map[string]bool) error {
	today := registry.DateOf(o.now())
	var bases []string
	err := o.view.Licenses(ctx, func(base string, l *registry.License) error {
		part := strings.Split(base, ".") // type, issuer, serial
		decider := len(part) == 3 && slices.ContainsFunc(ended, func(g *registry.Grant) bool { return g.Decider == part[1] })
		if decider && types[part[0]] && l.Open(today) {
			bases = append(bases, base)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, base := range bases { // outside the walk's transaction
		standing, err := o.view.Standing(base)
		if err != nil {
			return err
		}
		made, ok := standing.VersionEntry(standing.License.Version)
		if ok && slices.ContainsFunc(ended, func(g *registry.Grant) bool { return g.ID == made.Entry.Intent.Grant }) {
			h.Open++
		}
	}
	for typeCode := range types {
		for _, from := range h.From {
			if err := o.casesInFlight(ctx, h, from, typeCode); err != nil {
				return err
			}
		}
	}
	return nil
}

func (o *Handovers) casesInFlight(ctx context.Context, h *registry.Handover, from, typeCode string) error {
	for _, step := range []Step{StepReserved, StepApproved, StepSealed} {
		for cursor := ""; ; {
			page, err := o.licenses.Search(ctx, SearchQuery{Organization: from, Type: typeCode, Step: step, Cursor: cursor, Limit: 100})
			if err != nil {
				return err
			}
			for _, item := range page.Items {
				history, err := o.acts.History(ctx, item.Identifier.Base())
				if err != nil {
					return err
				}
				for _, p := range history {
					if in := &p.Intent; !p.Step.Done() && in.Case != "" && slices.Contains(h.Ends, in.Grant) {
						h.Cases = append(h.Cases, in.Case)
					}
				}
			}
			if cursor = page.Next; cursor == "" {
				break
			}
		}
	}
	return nil
}

// mostOpenFiles bounds the case files that a handover lists.
const mostOpenFiles = 10_000

// openFiles lists the case files under the grants that end that were begun and are
// not decided: what the handover does not list stands still with the grant's end.
func (o *Handovers) openFiles(ctx context.Context, h *registry.Handover) error {
	if o.cases == nil || len(h.Ends) == 0 {
		return nil
	}
	refs, err := o.cases.store.CaseRefs(ctx, h.Ends, "", mostOpenFiles)
	if err != nil {
		return err
	}
	for _, ref := range refs {
		f, err := o.cases.read(ctx, ref.Grant, ref.Case)
		if err != nil {
			return err
		}
		if f.Stage != registry.CaseDecline && f.Stage != registry.StageDecided {
			h.Cases = append(h.Cases, f.Named(ref.Case))
		}
	}
	return nil
}

// countBlanks lists the unused numbers that the parties who hand over have of
// the forms concerned.
func (o *Handovers) countBlanks(h *registry.Handover, types map[string]bool) error {
	records, err := o.view.Records(registry.KindStock)
	if err != nil {
		return err
	}
	for _, record := range records {
		s, _ := record.(*registry.Stock)
		if s == nil || !types[s.Type] || !slices.Contains(h.From, s.Organization) {
			continue
		}
		for _, r := range s.Ranges {
			used, err := o.view.UsedBlanks(s.Name(), r, 0)
			if err != nil {
				return err
			}
			parts, err := unused(r, used)
			for _, gone := range s.Spent {
				if err == nil {
					parts, err = apart(parts, gone.Of)
				}
			}
			if err != nil {
				return err
			}
			for _, part := range parts {
				h.Blanks = append(h.Blanks, registry.CountedBlanks{Type: s.Type, Form: s.Form, Run: s.Run, From: s.Organization, Of: part})
			}
		}
	}
	return nil
}

// Record puts a signed handover on the ledger, in the name of the new authority,
// or of the city where a party signed on paper. The contract verifies the
// signatures.
func (o *Handovers) Record(ctx context.Context, by registry.Actor, h *registry.Handover) error {
	if err := by.MayOperate(); err != nil {
		return err
	}
	if err := h.Check(); err != nil {
		return err
	}
	rules, err := o.rules()
	if err != nil {
		return err
	}
	return o.governing.govern(ctx, by, []OrderDraft{{Organization: h.Recorder(rules.City), Record: h, Basis: h.Document}})
}

// Start records that the new authority works from an instant on, which is now
// when at is zero: an event of its own. With it, in one set of orders, the grants
// of the handover begin and end, entrustments lapse, and, once the instant has
// come, seals are retired and the counted blanks change hands. The ledger takes
// no start that is over when it is recorded: where governors sign first, a time
// is named that is still to come, and Start is asked again after it for seals
// and blanks. CodeHandover when the handover is not on the ledger, CodeStale when
// there is nothing left to do, CodePast for a time that is over.
func (o *Handovers) Start(ctx context.Context, by registry.Actor, id string, at time.Time) error {
	if err := by.MayOperate(); err != nil {
		return err
	}
	signed, err := recordOf[*registry.Handover](o.common, registry.KindHandover, id)
	if err != nil || signed == nil {
		return orMissing(err, registry.CodeHandover, "handover", id)
	}
	now := o.now()
	if at.IsZero() {
		at = now
	}
	h := *signed
	var drafts []OrderDraft
	var parts []func(*registry.Handover) ([]OrderDraft, error)
	if signed.Start == 0 {
		h.Start = at.Unix()
		drafts = append(drafts, OrderDraft{Organization: h.To, Record: &h, Basis: h.Document})
		parts = append(parts, o.startGrants)
	}
	if h.Start <= now.Unix() {
		parts = append(parts, o.startSeals, o.startStock)
	}
	for _, part := range parts {
		more, err := part(&h)
		if err != nil {
			return err
		}
		drafts = append(drafts, more...)
	}
	if len(drafts) == 0 {
		return registry.Errorf(registry.CodeStale, "start", "operation starts on %s, and nothing is left to do now", time.Unix(h.Start, 0).In(registry.China).Format(time.RFC3339))
	}
	return o.governing.govern(ctx, by, drafts)
}

func (o *Handovers) startGrants(h *registry.Handover) (drafts []OrderDraft, err error) {
	for i, id := range slices.Concat(h.Begins, h.Ends, h.Lapses) {
		before, err := recordOf[*registry.Grant](o.common, registry.KindGrant, id)
		if err != nil || before == nil {
			return nil, orMissing(err, registry.CodeGrant, "grants", id)
		}
		g := *before
		by := g.RecallBy
		switch begins := i < len(h.Begins); {
		case begins && g.Handover:
			by, g.Operating, g.Begun = g.Decider, h.Start, h.ID
		case begins, g.End != 0:
			continue // begins by its date alone; ended before
		default:
			g.End, g.EndBasis, g.Ended, g.Cases = h.Start, h.Document, h.ID, h.Cases
		}
		drafts = append(drafts, OrderDraft{Organization: by, Record: &g, Basis: h.ID})
	}
	return drafts, nil
}

// startSeals retires the seals that end: with the start of operation, or now
// where that was recorded ahead.
func (o *Handovers) startSeals(h *registry.Handover) (drafts []OrderDraft, err error) {
	now := o.now().Unix()
	for _, id := range h.SealsEnded {
		before, err := recordOf[*registry.SealRecord](o.common, registry.KindSeal, id)
		if err != nil || before == nil {
			return nil, orMissing(err, registry.CodeSealUnknown, "seals", id)
		}
		if before.StateAt(now) == registry.SealRetired {
			continue
		}
		s := *before
		s.History = append(slices.Clone(before.History), registry.SealEvent{State: registry.SealRetired, At: now, Basis: h.ID})
		drafts = append(drafts, OrderDraft{Organization: s.Owner, Record: &s, Basis: h.ID})
	}
	return drafts, nil
}

// startStock takes the counted ranges out of the stocks that hold them, then
// puts them into the new authority's; what has changed hands is left alone.
func (o *Handovers) startStock(h *registry.Handover) ([]OrderDraft, error) {
	rules, err := o.rules()
	if err != nil {
		return nil, err
	}
	var taken, given []OrderDraft
	stock := func(list *[]OrderDraft, of registry.CountedBlanks, organization string) (*registry.Stock, error) {
		next := &registry.Stock{Type: of.Type, Form: of.Form, Run: of.Run, Organization: organization}
		for _, ord := range *list {
			if ord.Record.Name() == next.Name() {
				return ord.Record.(*registry.Stock), nil
			}
		}
		before, err := recordOf[*registry.Stock](o.common, registry.KindStock, next.Name())
		if err != nil {
			return nil, err
		}
		if before != nil {
			*next = *before
			next.Ranges = slices.Clone(before.Ranges)
		}
		*list = append(*list, OrderDraft{Organization: rules.City, Record: next, Basis: h.ID})
		return next, nil
	}
	for _, counted := range h.Blanks {
		moved, err := o.moved(h, counted)
		if err != nil {
			return nil, err
		}
		if moved {
			continue
		}
		from, err := stock(&taken, counted, counted.From)
		if err != nil {
			return nil, err
		}
		if from.Ranges, err = without(from.Ranges, counted.Of); err != nil {
			return nil, err
		}
		to, err := stock(&given, counted, h.To)
		if err != nil {
			return nil, err
		}
		to.Ranges = append(to.Ranges, counted.Of)
	}
	return append(taken, given...), nil
}

// moved tells whether counted blanks lie in the new authority's stock.
func (o *Handovers) moved(h *registry.Handover, counted registry.CountedBlanks) (bool, error) {
	name := registry.StockName(counted.Type, counted.Form, counted.Run, h.To)
	stock, err := recordOf[*registry.Stock](o.common, registry.KindStock, name)
	if err != nil || stock == nil {
		return false, err
	}
	return stock.Holds(counted.Of.From) && stock.Holds(counted.Of.To), nil
}
