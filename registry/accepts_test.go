package registry_test

import (
	"testing"

	"tongzheng/registry"
)

// A town's center takes in for its neighbours, and forwards: the same matter,
// in a region that its grant lists, while that is in force.
func TestTakesIn(t *testing.T) {
	town := &registry.Grant{ID: "town", Matter: "m", Decider: "town", Acceptor: "town", Handling: "center", Territory: "320707106",
		Accepts: []string{"320707107"}, Effective: 10, End: 100, EndBasis: "x"}
	near := &registry.Grant{ID: "near", Matter: "m", Decider: "bureau", Territory: "320707107", Effective: 10}
	change := func(g *registry.Grant, with func(g *registry.Grant)) *registry.Grant {
		other := *g
		with(&other)
		return &other
	}
	for what, x := range map[string]struct {
		grant *registry.Grant
		by    string
		under *registry.Grant
		at    int64
		want  bool
	}{
		"center":            {town, "center", near, 20, true},
		"acceptor":          {town, "town", near, 20, true},
		"county lists all":  {change(town, func(g *registry.Grant) { g.Accepts = []string{"320707"} }), "center", near, 20, true},
		"somebody else":     {town, "bureau", near, 20, false},
		"nobody":            {change(town, func(g *registry.Grant) { g.Acceptor = "" }), "", near, 20, false},
		"another matter":    {town, "center", change(near, func(g *registry.Grant) { g.Matter = "n" }), 20, false},
		"another region":    {town, "center", change(near, func(g *registry.Grant) { g.Territory = "320707108" }), 20, false},
		"its own territory": {town, "center", town, 20, false},
		"before":            {town, "center", near, 5, false},
		"after its end":     {town, "center", near, 100, false},
	} {
		if got := x.grant.TakesIn(x.by, x.under, x.at); got != x.want {
			t.Errorf("%s: %t, want %t", what, got, x.want)
		}
	}
	for i, c := range []struct {
		change func(*registry.Grant)
		bad    string
	}{
		{func(g *registry.Grant) { g.Acceptor, g.Accepts = g.Decider, []string{"360732001", "360732002"} }, ""},
		{func(g *registry.Grant) { g.Accepts = []string{"360732001"} }, "accepts"},
		{func(g *registry.Grant) { g.Acceptor, g.Accepts = g.Decider, []string{"360732002", "360732001"} }, "accepts"},
		{func(g *registry.Grant) { g.Acceptor, g.Accepts = g.Decider, []string{"360732001", "360732001"} }, "accepts"},
		{func(g *registry.Grant) { g.Acceptor, g.Accepts = g.Decider, []string{"3607"} }, "accepts"},
	} {
		wantField(t, string(rune('a'+i)), legalGrant(c.change).Check(), c.bad)
	}
}
