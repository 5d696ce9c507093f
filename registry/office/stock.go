package office

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"

	"tongzheng/registry"
)

// Licenses hands out every license that the ledger knows: the status view.
type Licenses interface {
	Licenses(ctx context.Context, fn func(base string, l *registry.License) error) error
}

// StockLine is one organization's blanks of one type, form and print run.
// Allocated = Free + Good + Spoiled + Void + Recovered + Destroyed.
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
	// Foreign are blanks that this organization used and that are not in its
	// stock now: used before a transfer took their range away.
	Foreign int `json:"foreign,omitempty"`
}

// Balanced tells whether every allocated blank is accounted for.
func (l *StockLine) Balanced() bool {
	return l.Allocated == l.Free+l.Good+l.Spoiled+l.Void+l.Recovered+l.Destroyed && l.Free >= 0
}

type blankUse struct {
	number string
	state  registry.PrintingState
}

// StockReport accounts for every blank, from the ledger's records alone: what
// is allocated stands in the stock records, what became of it in the licenses.
func (o *Office) StockReport(ctx context.Context, licenses Licenses, organization string) ([]StockLine, error) {
	uses, err := o.blankUses(ctx, licenses)
	if err != nil {
		return nil, err
	}
	records, err := o.View.Records(registry.KindStock)
	if err != nil {
		return nil, err
	}
	var lines []StockLine
	for _, record := range records {
		s, ok := record.(*registry.Stock)
		if !ok || organization != "" && s.Organization != organization {
			continue
		}
		line := StockLine{Type: s.Type, Form: s.Form, Run: s.Run, Organization: s.Organization}
		for _, r := range s.Ranges {
			n, err := rangeSize(r)
			if err != nil {
				return nil, err
			}
			line.Allocated += n
		}
		line.Free = line.Allocated
		for _, use := range uses[s.Name()] {
			line.count(use, s.Holds(use.number))
		}
		lines = append(lines, line)
	}
	slices.SortFunc(lines, func(a, b StockLine) int {
		return cmp.Or(cmp.Compare(a.Organization, b.Organization), cmp.Compare(a.Type, b.Type), cmp.Compare(a.Form, b.Form), cmp.Compare(a.Run, b.Run))
	})
	return lines, nil
}

func (l *StockLine) count(use blankUse, held bool) {
	if !held {
		l.Foreign++
		return
	}
	l.Free--
	switch use.state {
	case registry.PrintingSpoiled:
		l.Spoiled++
	case registry.PrintingVoid:
		l.Void++
	case registry.PrintingRecovered:
		l.Recovered++
	case registry.PrintingDestroyed:
		l.Destroyed++
	default:
		l.Good++
	}
}

// blankUses gathers, by stock, every blank that an act took, with the present
// state of its sheet.
func (o *Office) blankUses(ctx context.Context, licenses Licenses) (map[string][]blankUse, error) {
	uses := map[string][]blankUse{}
	// The bases first: standings are read outside the walk's transaction.
	var bases []string
	if err := licenses.Licenses(ctx, func(base string, _ *registry.License) error {
		bases = append(bases, base)
		return nil
	}); err != nil {
		return nil, err
	}
	for _, base := range bases {
		standing, err := o.View.Standing(base)
		if err != nil {
			return nil, err
		}
		for _, made := range standing.Entries {
			in := made.Entry.Intent
			if in == nil {
				continue
			}
			for _, p := range in.Printings {
				sheet, ok := standing.License.Sheet(p.Number)
				if p.Blank.Number == "" || !ok {
					continue
				}
				name := registry.StockName(in.Identifier.Type, p.Blank.Form, p.Blank.Run, in.Organization)
				uses[name] = append(uses[name], blankUse{p.Blank.Number, sheet.State})
			}
		}
	}
	return uses, nil
}

// rangeSize counts the numbers of a range.
func rangeSize(r registry.BlankRange) (int, error) {
	_, from, to, err := rangeEnds(r)
	return to - from + 1, err
}

// rangeEnds reads a range: a common beginning, then digits.
func rangeEnds(r registry.BlankRange) (begins string, from, to int, err error) {
	same := 0
	for same < len(r.From) && same < len(r.To) && r.From[same] == r.To[same] {
		same++
	}
	for same > 0 && r.From[same-1] >= '0' && r.From[same-1] <= '9' {
		same--
	}
	if same == len(r.From) && r.From == r.To {
		return r.From, 0, 0, nil
	}
	from, err = strconv.Atoi(r.From[same:])
	to, err2 := strconv.Atoi(r.To[same:])
	if err != nil || err2 != nil || len(r.From) != len(r.To) || to < from || to-from >= 1<<31 {
		return "", 1, 0, registry.Errorf(registry.CodeBlankForm, "ranges", "%s to %s cannot be counted", r.From, r.To)
	}
	return r.From[:same], from, to, nil
}

// unused are the parts of a range in which no number was used.
func unused(r registry.BlankRange, used []string) ([]registry.BlankRange, error) {
	begins, from, to, err := rangeEnds(r)
	if err != nil {
		return nil, err
	}
	width := len(r.From) - len(begins)
	number := func(n int) string { return begins + fmt.Sprintf("%0*d", width, n)[:width] }
	var taken []int
	for _, text := range used {
		if len(text) == len(r.From) && r.From <= text && text <= r.To {
			n, _ := strconv.Atoi(text[len(begins):]) // no digits: the range is this one number
			taken = append(taken, n)
		}
	}
	slices.Sort(taken)
	var parts []registry.BlankRange
	for _, n := range append(taken, to+1) {
		if n > from {
			parts = append(parts, registry.BlankRange{From: number(from), To: number(n - 1)})
		}
		from = n + 1
	}
	return parts, nil
}

// AllocateStock gives an organization more numbers of a print run.
func (o *Office) AllocateStock(ctx context.Context, to registry.Stock, basis string) error {
	rules, err := o.rules()
	if err != nil {
		return err
	}
	record, err := o.addRanges(to)
	if err != nil {
		return err
	}
	return o.Govern(ctx, []Ordinance{{Organization: rules.City, Record: record, Basis: basis}})
}

// addRanges is the organization's stock with more ranges: none that anyone
// holds already.
func (o *Office) addRanges(to registry.Stock) (*registry.Stock, error) {
	records, err := o.View.Records(registry.KindStock)
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

// TransferStock moves whole ranges, counted over at a handover, from one
// organization's stock to another's. Used numbers of a range stay bound to
// their licenses; a range is given whole, as it was allocated.
func (o *Office) TransferStock(ctx context.Context, from, to registry.Stock, basis string) error {
	rules, err := o.rules()
	if err != nil {
		return err
	}
	held, err := recordOf[*registry.Stock](o, registry.KindStock, from.Name())
	if err != nil {
		return err
	}
	if held == nil {
		return registry.Errorf(registry.CodeBlankStock, "from", "%s has no such stock", from.Organization)
	}
	rest := *held
	rest.Ranges = slices.DeleteFunc(slices.Clone(held.Ranges), func(r registry.BlankRange) bool { return slices.Contains(from.Ranges, r) })
	if len(held.Ranges)-len(rest.Ranges) != len(from.Ranges) {
		return registry.Errorf(registry.CodeBlankStock, "ranges", "ranges are transferred whole, as they were allocated")
	}
	to.Ranges = from.Ranges
	merged := to
	if other, err := recordOf[*registry.Stock](o, registry.KindStock, to.Name()); err != nil {
		return err
	} else if other != nil {
		merged = *other
		merged.Ranges = append(slices.Clone(other.Ranges), from.Ranges...)
	}
	return o.Govern(ctx, []Ordinance{{Organization: rules.City, Record: &rest, Basis: basis}, {Organization: rules.City, Record: &merged, Basis: basis}})
}
