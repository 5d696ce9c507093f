package registry_test

import (
	"slices"
	"testing"

	"tongzheng/registry"
)

// TestWhoBringsASealBack: a seal that the city suspended in its owner's place is brought
// back by the city alone, whatever the owner adds meanwhile.
func TestWhoBringsASealBack(t *testing.T) {
	const city, owner, other = "113607000000000000", "11360732MB0X12345Y", "11360731MB0X12345X"
	rules := &registry.Rules{Version: registry.RulesOfRelations, City: city}
	filed := registry.SealEvent{State: registry.SealInUse, At: 1}
	own := registry.SealEvent{State: registry.SealSuspended, At: 2}
	citys := registry.SealEvent{State: registry.SealSuspended, At: 2, By: city}
	for name, c := range map[string]struct {
		by    string
		old   []registry.SealEvent
		added []registry.SealEvent
		want  registry.Code
	}{
		"the owner's own suspension":                {owner, []registry.SealEvent{filed, own}, []registry.SealEvent{{State: registry.SealInUse, At: 3}}, ""},
		"the city suspends":                         {city, []registry.SealEvent{filed}, []registry.SealEvent{citys}, ""},
		"in another's name":                         {owner, []registry.SealEvent{filed}, []registry.SealEvent{citys}, registry.CodeOrderNotAllowed},
		"the owner after the city":                  {owner, []registry.SealEvent{filed, citys}, []registry.SealEvent{{State: registry.SealInUse, At: 3}}, registry.CodeOrderNotAllowed},
		"the owner, under its own name":             {owner, []registry.SealEvent{filed, citys}, []registry.SealEvent{{State: registry.SealInUse, At: 3, By: owner}}, registry.CodeOrderNotAllowed},
		"the owner, a suspension of its own before": {owner, []registry.SealEvent{filed, citys}, []registry.SealEvent{own, {State: registry.SealInUse, At: 3}}, registry.CodeOrderNotAllowed},
		"the owner, one order later":                {owner, []registry.SealEvent{filed, citys, own}, []registry.SealEvent{{State: registry.SealInUse, At: 3}}, registry.CodeOrderNotAllowed},
		"the owner reports it lost":                 {owner, []registry.SealEvent{filed, citys}, []registry.SealEvent{{State: registry.SealLost, At: 3}}, ""},
		"the city brings it back":                   {city, []registry.SealEvent{filed, citys}, []registry.SealEvent{{State: registry.SealInUse, At: 3, By: city}}, ""},
		"the owner's again after that":              {owner, []registry.SealEvent{filed, citys, {State: registry.SealInUse, At: 3, By: city}, own}, []registry.SealEvent{{State: registry.SealInUse, At: 4}}, ""},
		"somebody else":                             {other, []registry.SealEvent{filed, citys}, []registry.SealEvent{{State: registry.SealInUse, At: 3, By: other}}, registry.CodeOrderNotAllowed},
	} {
		before := &registry.SealRecord{ID: "s", Owner: owner, History: c.old}
		now := *before
		now.History = append(slices.Clone(c.old), c.added...)
		if got := registry.CodeOf(registry.CheckOrder(rules, before, &now, c.by, 4)); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	if err := registry.CheckOrder(&registry.Rules{Version: registry.RulesOfBeginning, City: city}, nil, &registry.SealRecord{ID: "s", Owner: owner, History: []registry.SealEvent{filed, citys}}, city, 4); registry.CodeOf(err) != registry.CodeEntryForm {
		t.Errorf("under the first rules: %v", err)
	}
}
