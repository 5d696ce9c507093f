package office

import (
	"context"

	"tongzheng/registry"
)

// access asks registry's rules who may see, with what they need at hand. It is
// the only place of the office that does for documents and licenses; what is not
// for the actor is not there: CodeNotFound.
type access struct {
	*common
	acts interface {
		History(ctx context.Context, base string) ([]*Proceeding, error)
	}
}

// license lets pass whoever has the right to the license by what its
// organization is to it (registry.Kinship). Sight comes from anchored acts: a
// proposal gives none, but of an issue that is not anchored yet to who issues it.
func (a *access) license(ctx context.Context, by registry.Actor, id registry.Identifier, right registry.Right) error {
	standing, err := a.view.Standing(id.Base())
	if err != nil {
		return err
	}
	kin, err := a.law().Kinship(id.Issuer, standing, by.Organization, a.now().Unix())
	if err != nil {
		return err
	}
	if by.MaySeeLicense(kin, right) {
		return nil
	}
	history, err := a.acts.History(ctx, id.Base())
	if err != nil {
		return err
	}
	for _, p := range history {
		if in := &p.Intent; in.Act == registry.Issue && standing.License == nil && by.MaySeeProceeding(in) {
			return nil
		}
	}
	return registry.Errorf(registry.CodeNotFound, "identifier", "no such license for this account")
}

// seesProceeding lets pass whoever may see the proceeding.
func seesProceeding(by registry.Actor, p *Proceeding) error {
	if !by.MaySeeProceeding(&p.Intent) {
		return registry.Errorf(registry.CodeNotFound, "intent", "no such proceeding for this account")
	}
	return nil
}
