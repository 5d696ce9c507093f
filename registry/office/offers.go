package office

import (
	"context"
	"slices"

	"tongzheng/registry"
)

// offers lists what the actor may do on the license now (registry.Offering). While
// an act is under way, only what goes through governance is offered, which has a turn
// of its own.
func (o *Reading) offers(ctx context.Context, by registry.Actor, id registry.Identifier, standing *registry.Standing) ([]registry.Offer, error) {
	if standing.License == nil {
		return nil, nil
	}
	t, err := o.catalog.Type(ctx, id.Type, 0)
	if err != nil {
		return nil, err
	}
	grants, err := recordsOf[*registry.Grant](o.common, registry.KindGrant)
	if err != nil {
		return nil, err
	}
	offering, err := o.law().Offering(by, id, t, standing, grants, o.now())
	if err != nil {
		return nil, err
	}
	all := offering.Offers()
	row, err := o.licenses.Record(ctx, id.Base())
	if err == nil && row.InFlight != nil {
		all = slices.DeleteFunc(all, func(offer registry.Offer) bool { return !offer.Governed })
	}
	if registry.CodeOf(err) == registry.CodeNotFound {
		err = nil
	}
	return all, err
}

// ChoicesFor gathers what the actor can choose from for an act on a license, as
// it was offered: the grants under which it may do that now.
func (o *Reading) ChoicesFor(_ context.Context, by registry.Actor, t *registry.LicenseType, offers []registry.Offer) (*Choices, error) {
	var grants []*registry.Grant
	for _, offer := range offers {
		for _, id := range offer.Grants {
			if slices.ContainsFunc(grants, func(g *registry.Grant) bool { return g.ID == id }) {
				continue
			}
			g, err := recordOf[*registry.Grant](o.common, registry.KindGrant, id)
			if err != nil {
				return nil, err
			}
			if g != nil {
				grants = append(grants, g)
			}
		}
	}
	return o.choices(by, t, grants)
}
