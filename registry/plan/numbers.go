package plan

import (
	"slices"

	"tongzheng/registry"
)

// NumberBlocks divides the license numbers of the plan's types among those who
// decide them, in equal parts: where several members give them and the number names
// no region. Keys are credit codes.
func (p *Plan) NumberBlocks() map[string][]registry.NumberBlock {
	blocks := map[string][]registry.NumberBlock{}
	if len(p.Members) < 2 {
		return blocks
	}
	for _, t := range p.Types {
		last := t.Type.Number.LastSequence()
		if last == 0 || t.Type.Number.Has("region6") || t.Type.Source == registry.Collected {
			continue
		}
		deciders := p.deciders(t.Key)
		part := last / uint64(max(1, len(deciders)))
		for i, code := range deciders {
			from := uint64(i)*part + 1
			blocks[code] = append(blocks[code], registry.NumberBlock{Type: t.Type.Code, From: from, To: from + part - 1})
		}
	}
	return blocks
}

// deciders are who decides a type's licenses under any grant, in the plan's order.
func (p *Plan) deciders(typeKey string) (codes []string) {
	for _, g := range p.Grants {
		matter, ok := p.Matter(g.Matter)
		if code := p.code(g.Decider); ok && slices.Contains(matter.Types, typeKey) && !slices.Contains(codes, code) {
			codes = append(codes, code)
		}
	}
	return codes
}
