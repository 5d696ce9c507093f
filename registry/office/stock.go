package office

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"

	"tongzheng/registry"
)

// Stocks accounts for numbered blanks (空白证照) and moves them.
type Stocks struct {
	*common
	governing *Governing
}

// StockLine is one organization's blanks of one type, form and print run.
// Allocated = Free + Good + Spoiled + Void + Recovered + Destroyed + Lost.
type StockLine struct {
	Type         string `json:"type"`
	Form         string `json:"form"`
	Run          string `json:"run"`
	Organization string `json:"organization"`
	Allocated    int    `json:"allocated"`
	Free         int    `json:"free"`
	Good         int    `json:"good"`      // with the holder, or printed and to be handed over
	Spoiled      int    `json:"spoiled"`   // kept until destroyed
	Void         int    `json:"void"`      // not recovered, announced void
	Recovered    int    `json:"recovered"` // taken back, kept until destroyed
	Destroyed    int    `json:"destroyed"` // before two witnesses
	Lost         int    `json:"lost"`      // before any use
	// Foreign are blanks that this organization used and that are not in its
	// stock now: used before a transfer took their range away.
	Foreign int `json:"foreign,omitempty"`
}

// Balanced tells whether every allocated blank is accounted for.
func (l *StockLine) Balanced() bool {
	return l.Allocated == l.Free+l.Good+l.Spoiled+l.Void+l.Recovered+l.Destroyed+l.Lost && l.Free >= 0
}

// Report accounts for every blank, from the ledger's records alone: what
// is allocated stands in the stock records, what became of it in the licenses.
func (o *Stocks) Report(_ context.Context, by registry.Actor, organization string) ([]StockLine, error) {
	if err := by.MayOperate(); err != nil {
		return nil, err
	}
	records, err := o.view.Records(registry.KindStock)
	if err != nil {
		return nil, err
	}
	var lines []StockLine
	for _, record := range records {
		s, ok := record.(*registry.Stock)
		if !ok || organization != "" && s.Organization != organization {
			continue
		}
		line, err := o.line(s)
		if err != nil {
			return nil, err
		}
		lines = append(lines, line)
	}
	slices.SortFunc(lines, func(a, b StockLine) int {
		return cmp.Or(cmp.Compare(a.Organization, b.Organization), cmp.Compare(a.Type, b.Type), cmp.Compare(a.Form, b.Form), cmp.Compare(a.Run, b.Run))
	})
	return lines, nil
}

// line accounts for one stock.
func (o *Stocks) line(s *registry.Stock) (StockLine, error) {
	line := StockLine{Type: s.Type, Form: s.Form, Run: s.Run, Organization: s.Organization}
	ranges := slices.Clone(s.Ranges)
	for _, gone := range s.Spent {
		ranges = append(ranges, gone.Of)
	}
	uses, all, err := o.view.BlankUses(s.Name(), ranges)
	if err != nil {
		return line, err
	}
	line.Foreign = all.All()
	for i, r := range s.Ranges {
		n, err := rangeSize(r)
		if err != nil {
			return line, err
		}
		line.Allocated += n
		line.Free += n
		line.count(uses[i])
	}
	for i, gone := range s.Spent {
		if err := line.gone(s, gone, uses[len(s.Ranges)+i].All()); err != nil {
			return line, err
		}
	}
	return line, nil
}

// gone counts the blanks that went before any use; one that was used after all
// is counted by its use.
func (l *StockLine) gone(s *registry.Stock, gone registry.Spent, used int) error {
	n, err := rangeSize(gone.Of)
	if err != nil {
		return err
	}
	if !s.Holds(gone.Of.From) || !s.Holds(gone.Of.To) {
		return nil // counted over with its range, before that was refused
	}
	n -= used
	l.Free -= n
	switch gone.How {
	case registry.SpentSpoiled:
		l.Spoiled += n
	case registry.SpentLost:
		l.Lost += n
	default:
		l.Destroyed += n
	}
	return nil
}

// Spend reports what became of unused blanks: spoiled, lost, destroyed.
// They are never used then. CodeBlankStock for numbers that the organization
// does not hold, CodeBlankUsed for one that a license has.
func (o *Stocks) Spend(ctx context.Context, by registry.Actor, of registry.Stock, how registry.SpentHow, basis string) error {
	if err := by.MayOperate(); err != nil {
		return err
	}
	held, err := recordOf[*registry.Stock](o.common, registry.KindStock, of.Name())
	if err != nil || held == nil {
		return orMissing(err, registry.CodeBlankStock, "stock", of.Name())
	}
	after := *held
	after.Spent = slices.Clone(held.Spent)
	for _, r := range of.Ranges {
		if used, err := o.view.UsedBlanks(of.Name(), r, 1); err != nil {
			return err
		} else if len(used) > 0 {
			return registry.Errorf(registry.CodeBlankUsed, "ranges", "blank %s was used: spoil or announce its sheet", used[0])
		}
		after.Spent = append(after.Spent, registry.Spent{Of: r, How: how, At: o.now().Unix(), Basis: basis})
	}
	organization, err := o.governing.inNameOf(held.Organization)
	if err != nil {
		return err
	}
	return o.governing.govern(ctx, by, []OrderDraft{{Organization: organization, Record: &after, Basis: basis}})
}

// count takes the used ones of a range out of what is free.
func (l *StockLine) count(uses registry.Uses) {
	l.Foreign -= uses.All()
	l.Free -= uses.All()
	l.Spoiled += uses[registry.PrintingSpoiled]
	l.Void += uses[registry.PrintingVoid]
	l.Recovered += uses[registry.PrintingRecovered]
	l.Destroyed += uses[registry.PrintingDestroyed]
	l.Good += uses[registry.PrintingLive] + uses[registry.PrintingDelivered]
}

// numbers is a range of blanks read as text and count: a common beginning, then
// digits of one width.
type numbers struct {
	begins   string
	width    int
	from, to int
}

func numbersOf(r registry.BlankRange) (numbers, error) {
	same := 0
	for same < len(r.From) && same < len(r.To) && r.From[same] == r.To[same] {
		same++
	}
	if r.From == r.To {
		return numbers{begins: r.From}, nil
	}
	for same > 0 && r.From[same-1] >= '0' && r.From[same-1] <= '9' {
		same--
	}
	from, err := strconv.Atoi(r.From[same:])
	to, err2 := strconv.Atoi(r.To[same:])
	if err != nil || err2 != nil || len(r.From) != len(r.To) || to < from || to-from >= 1<<31 {
		return numbers{}, registry.Errorf(registry.CodeBlankForm, "ranges", "%s to %s cannot be counted", r.From, r.To)
	}
	return numbers{r.From[:same], len(r.From) - same, from, to}, nil
}

// index reads a number that lies in the range.
func (n numbers) index(text string) int {
	i, _ := strconv.Atoi(text[len(n.begins):]) // nothing left: the range is this one number
	return i
}

// part is what stands from one number to another, nothing when they cross.
func (n numbers) part(from, to int) []registry.BlankRange {
	if from > to {
		return nil
	}
	text := func(i int) string { return n.begins + fmt.Sprintf("%0*d", n.width, i)[:n.width] }
	return []registry.BlankRange{{From: text(from), To: text(to)}}
}

// rangeSize counts the numbers of a range.
func rangeSize(r registry.BlankRange) (int, error) {
	n, err := numbersOf(r)
	if err != nil {
		return 0, err
	}
	return n.to - n.from + 1, nil
}

// unused are the parts of a range in which no number was used.
func unused(r registry.BlankRange, used []string) ([]registry.BlankRange, error) {
	n, err := numbersOf(r)
	if err != nil {
		return nil, err
	}
	var taken []int
	for _, text := range used {
		if len(text) == len(r.From) && r.From <= text && text <= r.To {
			taken = append(taken, n.index(text))
		}
	}
	slices.Sort(taken)
	var parts []registry.BlankRange
	next := n.from
	for _, i := range taken {
		parts = append(parts, n.part(next, i-1)...)
		next = i + 1
	}
	return append(parts, n.part(next, n.to)...), nil
}

// without takes a part out of ranges. CodeBlankStock when none holds it whole.
func without(ranges []registry.BlankRange, part registry.BlankRange) ([]registry.BlankRange, error) {
	i := slices.IndexFunc(ranges, func(r registry.BlankRange) bool {
		return len(r.From) == len(part.From) && r.From <= part.From && part.To <= r.To
	})
	if i < 0 {
		return nil, registry.Errorf(registry.CodeBlankStock, "blanks", "%s–%s is not, or no longer, in the stock that it is counted from", part.From, part.To)
	}
	n, err := numbersOf(ranges[i])
	if err != nil {
		return nil, err
	}
	rest := append(n.part(n.from, n.index(part.From)-1), n.part(n.index(part.To)+1, n.to)...)
	return slices.Replace(slices.Clone(ranges), i, i+1, rest...), nil
}

// apart takes a range out of those that hold it; nothing when none does.
func apart(ranges []registry.BlankRange, gone registry.BlankRange) ([]registry.BlankRange, error) {
	rest, err := without(ranges, gone)
	if registry.CodeOf(err) == registry.CodeBlankStock {
		return ranges, nil
	}
	return rest, err
}

// Allocate gives an organization more numbers of a print run.
func (o *Stocks) Allocate(ctx context.Context, by registry.Actor, to registry.Stock, basis string) error {
	if err := by.MayOperate(); err != nil {
		return err
	}
	rules, err := o.rules()
	if err != nil {
		return err
	}
	record, err := o.addRanges(to)
	if err != nil {
		return err
	}
	return o.governing.govern(ctx, by, []OrderDraft{{Organization: rules.City, Record: record, Basis: basis}})
}

// addRanges is the organization's stock with more ranges: none that anyone
// holds already.
func (o *Stocks) addRanges(to registry.Stock) (*registry.Stock, error) {
	records, err := o.view.Records(registry.KindStock)
	if err != nil {
		return nil, err
	}
	merged := to
	for _, record := range records {
		s, ok := record.(*registry.Stock)
		if !ok || s.Type != to.Type || s.Form != to.Form || s.Run != to.Run {
			continue
		}
		for _, r := range to.Ranges {
			if slices.ContainsFunc(s.Ranges, func(held registry.BlankRange) bool { return overlap(held, r) }) {
				return nil, registry.Errorf(registry.CodeBlankUsed, "ranges", "%s–%s is allocated to %s", r.From, r.To, s.Organization)
			}
		}
		if s.Organization == to.Organization {
			merged = *s
			merged.Ranges = append(slices.Clone(s.Ranges), to.Ranges...)
		}
	}
	return &merged, nil
}

func overlap(a, b registry.BlankRange) bool {
	return len(a.From) == len(b.From) && a.From <= b.To && b.From <= a.To
}

// Transfer moves numbers, counted over, from one organization's stock to
// another's. Used numbers stay bound to their licenses wherever their range is.
func (o *Stocks) Transfer(ctx context.Context, by registry.Actor, from, to registry.Stock, basis string) error {
	if err := by.MayOperate(); err != nil {
		return err
	}
	rules, err := o.rules()
	if err != nil {
		return err
	}
	held, err := recordOf[*registry.Stock](o.common, registry.KindStock, from.Name())
	if err != nil {
		return err
	}
	if held == nil {
		return registry.Errorf(registry.CodeBlankStock, "from", "%s has no such stock", from.Organization)
	}
	rest := *held
	for _, r := range from.Ranges {
		if rest.Ranges, err = without(rest.Ranges, r); err != nil {
			return err
		}
	}
	to.Ranges = from.Ranges
	merged := to
	if other, err := recordOf[*registry.Stock](o.common, registry.KindStock, to.Name()); err != nil {
		return err
	} else if other != nil {
		merged = *other
		merged.Ranges = append(slices.Clone(other.Ranges), from.Ranges...)
	}
	return o.governing.govern(ctx, by, []OrderDraft{{Organization: rules.City, Record: &rest, Basis: basis}, {Organization: rules.City, Record: &merged, Basis: basis}})
}
