package office

import (
	"context"
	"slices"

	"tongzheng/registry"
)

// caseGrants tells which grants a case has to do with.
type caseGrants struct{ *common }

// beside lists the grants under which a case of this one could be decided as well,
// itself first: of the same decider for the same matter, where the same office takes
// in or the territory is the same or lies within. Between them a number is one case.
func (o *caseGrants) beside(grant string) ([]string, error) {
	list := []string{grant}
	named, err := recordOf[*registry.Grant](o.common, registry.KindGrant, grant)
	if err != nil || named == nil {
		return list, err
	}
	all, err := recordsOf[*registry.Grant](o.common, registry.KindGrant)
	for _, g := range all {
		if g.ID != grant && g.Beside(named) {
			list = append(list, g.ID)
		}
	}
	return list, err
}

// through is the grant under which the actor's organization takes in
// applications that are decided under another one; nil for none.
func (o *caseGrants) through(by registry.Actor, under *registry.Grant) (*registry.Grant, error) {
	if under == nil || !by.Sees(registry.MaySeeCases) {
		return nil, nil
	}
	all, err := recordsOf[*registry.Grant](o.common, registry.KindGrant)
	if i := o.takesIn(by, under, all); i >= 0 {
		return all[i], err
	}
	return nil, err
}

// Grants lists the grants under which the actor's organization takes part in
// cases.
func (o *caseGrants) Grants(_ context.Context, by registry.Actor) ([]*registry.Grant, error) {
	all, err := recordsOf[*registry.Grant](o.common, registry.KindGrant)
	return slices.DeleteFunc(all, func(g *registry.Grant) bool { return !by.Sees(registry.MaySeeCases) || !by.MayHandle(g) }), err
}

// Neighbors lists the grants under which others decide what the actor's
// organization takes in for them and forwards.
func (o *caseGrants) Neighbors(_ context.Context, by registry.Actor) ([]*registry.Grant, error) {
	all, err := recordsOf[*registry.Grant](o.common, registry.KindGrant)
	if err != nil {
		return nil, err
	}
	var list []*registry.Grant
	for _, g := range all {
		if by.Sees(registry.MaySeeCases) && !by.MayHandle(g) && g.InForce(o.now().Unix()) == nil && o.takesIn(by, g, all) >= 0 {
			list = append(list, g)
		}
	}
	return list, nil
}

// takesIn is which of the grants lets the actor's organization take in for another
// one; -1 for none.
func (o *caseGrants) takesIn(by registry.Actor, under *registry.Grant, all []*registry.Grant) int {
	at := o.now().Unix()
	return slices.IndexFunc(all, func(g *registry.Grant) bool { return g.TakesIn(by.Organization, under, at) })
}
