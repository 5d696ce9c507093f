package registry

import "slices"

// acceptsMost bounds the regions that one grant takes in for.
const acceptsMost = 64

// checkAccepts tells whether the acceptance territory is well formed: regions once
// each, in order, and somebody who takes applications in.
func (g *Grant) checkAccepts() error {
	switch {
	case len(g.Accepts) > 0 && g.Acceptor == "" && g.Handling == "":
		return recordError("accepts", "nobody accepts under this grant")
	case len(g.Accepts) > acceptsMost:
		return recordError("accepts", "at most %d regions", acceptsMost)
	}
	for i, region := range g.Accepts {
		if !regionForm(region) || i > 0 && g.Accepts[i-1] >= region {
			return recordError("accepts", "region codes of 6 or 9 digits, in order and once each: %q", region)
		}
	}
	return nil
}

// TakesIn tells whether the organization, which accepts or handles under this
// grant, takes in applications that are decided under another one, of the same
// matter in a region that this grant lists. It forwards them: who decides there
// does not change.
func (g *Grant) TakesIn(organization string, under *Grant, at int64) bool {
	return g.handles(organization) && g.Matter == under.Matter && g.ID != under.ID &&
		g.InForce(at) == nil && slices.ContainsFunc(g.Accepts, func(region string) bool { return Within(under.Territory, region) })
}

// handles tells whether the organization accepts or handles under the grant; false
// for nil.
func (g *Grant) handles(organization string) bool {
	return g != nil && organization != "" && (organization == g.Acceptor || organization == g.Handling)
}
