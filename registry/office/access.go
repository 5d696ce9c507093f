package office

import (
	"context"

	"tongzheng/registry"
	"tongzheng/registry/sm"
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
	if standing.License != nil || !by.Sees(right) {
		return hidden()
	}
	history, err := a.acts.History(ctx, id.Base())
	if err != nil {
		return err
	}
	for _, p := range history {
		if p.Intent.Act == registry.Issue && a.seesProceeding(by, p) == nil {
			return nil
		}
	}
	return hidden()
}

// sight is the most that the actor may see of a license: what it says, its
// result, or its status. CodeNotFound when nothing.
func (a *access) sight(ctx context.Context, by registry.Actor, id registry.Identifier) (registry.Right, error) {
	for _, right := range []registry.Right{registry.MaySeeContent, registry.MaySeeResult, registry.MaySeeStatus} {
		if err := a.license(ctx, by, id, right); registry.CodeOf(err) != registry.CodeNotFound {
			return right, err
		}
	}
	return "", hidden()
}

func hidden() error {
	return registry.Errorf(registry.CodeNotFound, "identifier", "no such license for this account")
}

// seesProceeding lets pass whoever may see the proceeding. CodeNotFound.
func (d *common) seesProceeding(by registry.Actor, p *Proceeding) error {
	grant, err := recordOf[*registry.Grant](d, registry.KindGrant, p.Intent.Grant)
	if err != nil {
		return err
	}
	if !by.MaySeeProceeding(&p.Intent, grant) {
		return registry.Errorf(registry.CodeNotFound, "intent", "no such proceeding for this account")
	}
	return nil
}

// signs lets pass whoever hands in a signature of their own. A key that the
// ledger does not have is for the law of approvals to refuse.
func (d *common) signs(by registry.Actor, key sm.KeyID) error {
	record, err := recordOf[*registry.Approver](d, registry.KindApprover, string(key))
	if err != nil || record == nil {
		return err
	}
	return by.MaySign(record)
}
