package plan

import (
	"testing"

	"tongzheng/registry"
)

// TestNumberBlocks: whoever decides a type whose numbers name no region has a block
// of it, and no two have the same numbers; nobody else needs one.
func TestNumberBlocks(t *testing.T) {
	p, err := Load("ganzhou")
	if err != nil {
		t.Fatal(err)
	}
	blocks, seen := p.NumberBlocks(), map[string][]registry.NumberBlock{}
	for code, own := range blocks {
		i := &registry.Instance{Issuer: code, Prefix: "A1", Lists: []uint32{1}, Numbers: own}
		if err := i.Check(); err != nil {
			t.Errorf("%s: %v", code, err)
		}
		for _, b := range own {
			for _, other := range seen[b.Type] {
				if b.Overlaps(other) {
					t.Errorf("%+v and %+v overlap", b, other)
				}
			}
			seen[b.Type] = append(seen[b.Type], b)
		}
	}
	undivided := 0
	for _, k := range p.Types {
		if want := k.Type.Source == registry.MadeHere && !k.Type.Number.Has("region6"); want != (len(seen[k.Type.Code]) > 0) && len(p.deciders(k.Key)) > 0 {
			t.Errorf("%s: %d blocks", k.Key, len(seen[k.Type.Code]))
		} else if want {
			undivided++
		}
	}
	if undivided == 0 {
		t.Error("no type needs blocks: nothing is tested")
	}
	for _, g := range p.Grants {
		matter, _ := p.Matter(g.Matter)
		for _, key := range matter.Types {
			k, _ := p.Type(key)
			powers := &registry.Powers{Rules: &registry.Rules{Members: []string{"a", "b"}}, Issuer: &registry.Organization{Region: "360732"},
				Instance: &registry.Instance{Numbers: blocks[p.code(g.Decider)]}}
			sequence := 1
			if own := powers.Instance.Blocks(k.Type.Code); len(own) > 0 {
				sequence = int(own[0].From)
			}
			if k.Type.Source == registry.Collected {
				continue
			}
			number, err := k.Type.Number.Make("360732", 2026, sequence, k.Sample)
			if err == nil {
				err = powers.CheckNumber(&registry.Intent{Act: registry.Issue}, &k.Type, number, "")
			}
			if err != nil {
				t.Errorf("%s under %s: %v", key, g.ID, err)
			}
		}
	}
}
