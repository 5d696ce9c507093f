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

// license lets pass whoever may see the license.
func (a *access) license(ctx context.Context, by registry.Actor, id registry.Identifier) error {
	history, err := a.acts.History(ctx, id.Base())
	if err != nil {
		return err
	}
	return seesLicense(by, id, history)
}

func seesLicense(by registry.Actor, id registry.Identifier, history []*Proceeding) error {
	var proposers []string
	for _, p := range history {
		proposers = append(proposers, p.Intent.Organization)
	}
	if !by.MaySeeLicense(id.Issuer, proposers) {
		return registry.Errorf(registry.CodeNotFound, "identifier", "no such license for this account")
	}
	return nil
}

// seesProceeding lets pass whoever may see the proceeding.
func seesProceeding(by registry.Actor, p *Proceeding) error {
	if !by.MaySeeProceeding(&p.Intent) {
		return registry.Errorf(registry.CodeNotFound, "intent", "no such proceeding for this account")
	}
	return nil
}
