package plan

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tongzheng/registry"
)

// expand turns ranges and lists into single matters, grants and seal scopes.
func (p *Plan) expand(matters []matterFile, grants []grantFile) error {
	for _, m := range matters {
		codes, err := codesOf(m)
		if err != nil {
			return err
		}
		for i, code := range codes {
			one := m.Matter
			one.Code = code
			one.Name = strings.ReplaceAll(one.Name, "{n}", strconv.Itoa(i+1))
			one.English = strings.ReplaceAll(one.English, "{n}", strconv.Itoa(i+1))
			p.Matters = append(p.Matters, one)
		}
	}
	for _, g := range grants {
		if g.ID != "" || g.Matter != "" {
			return fmt.Errorf("grant list %s: id and matter are made from list and matters", g.List)
		}
		codes, err := expandCodes(g.Matters)
		if err != nil {
			return fmt.Errorf("grant list %s: %w", g.List, err)
		}
		for i, code := range codes {
			one := g.Grant
			one.ID = fmt.Sprintf("%s-%03d", g.List, i+1)
			one.Matter = code
			p.complete(&one)
			if err := p.supervise(&one, g.SupervisedBy); err != nil {
				return err
			}
			p.Grants = append(p.Grants, one)
		}
	}
	for i := range p.Seals {
		codes, err := expandCodes(p.Seals[i].Matters)
		if err != nil {
			return fmt.Errorf("seal %s: %w", p.Seals[i].ID, err)
		}
		p.Seals[i].Matters = codes
	}
	return nil
}

// complete fills in what the mode implies, so that one list can span matters
// of many departments.
func (p *Plan) complete(g *Grant) {
	if matter, ok := p.Matter(g.Matter); ok && g.From == "" {
		g.From = matter.Department
	}
	if g.Decider == "" && g.Mode != registry.ModeDirect {
		g.Decider = g.From
	}
	if g.Examiner == "" {
		g.Examiner = g.Decider
		if g.Mode == registry.ModeEntrust {
			g.Examiner = g.Acceptor
		}
	}
	if g.Acceptor == "" && g.Mode == registry.ModeOwn {
		g.Acceptor = g.Decider
	}
}

// supervise fills in who supervises and who else is told.
func (p *Plan) supervise(g *Grant, by string) error {
	if by != "" && by != supervisedByDecider {
		return fmt.Errorf("grant list %s: supervised_by %q: want %s or nothing", g.List, by, supervisedByDecider)
	}
	if len(g.Regulators) > 0 || len(g.Territory) < 6 {
		return nil
	}
	var trade []string // departments of the trade in the county or district of the territory
	for _, o := range p.Organizations {
		if o.Region == g.Territory[:6] && (o.ID == g.From || o.Guide == g.From) {
			trade = append(trade, o.ID)
		}
	}
	if by == "" {
		g.Regulators = trade
		return nil
	}
	g.Regulators = []string{g.Decider}
	if len(g.Informed) == 0 {
		g.Informed = slices.DeleteFunc(trade, func(id string) bool { return id == g.Decider })
	}
	return nil
}

func codesOf(m matterFile) ([]string, error) {
	switch {
	case m.Codes == "" && m.Code != "":
		return []string{m.Code}, nil
	case m.Codes == "" || m.Code != "":
		return nil, fmt.Errorf("matter %s%s: want either code or codes", m.Code, m.Codes)
	case !m.Synthetic:
		return nil, fmt.Errorf("matters %s: a range of names is synthetic and must say so", m.Codes)
	}
	codes, err := expandCodes([]string{m.Codes})
	if err != nil {
		return nil, fmt.Errorf("matters %s: %w", m.Codes, err)
	}
	return codes, nil
}

// expandCodes writes out first..last, where both share all but the last three
// digits.
func expandCodes(list []string) ([]string, error) {
	var codes []string
	for _, item := range list {
		first, last, isRange := strings.Cut(item, "..")
		if !isRange {
			codes = append(codes, item)
			continue
		}
		cut := len(first) - 3
		if cut < 0 || len(first) != len(last) || first[:cut] != last[:cut] {
			return nil, fmt.Errorf("range %s: the ends share all but the last three digits", item)
		}
		from, err1 := strconv.Atoi(first[cut:])
		to, err2 := strconv.Atoi(last[cut:])
		if err1 != nil || err2 != nil || from > to {
			return nil, fmt.Errorf("range %s: want rising numbers of three digits", item)
		}
		for n := from; n <= to; n++ {
			codes = append(codes, fmt.Sprintf("%s%03d", first[:cut], n))
		}
	}
	return codes, nil
}
