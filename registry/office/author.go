package office

import (
	"context"

	"tongzheng/registry"
)

// TaskUnsigned is the kind of a task: an act waits because the signer lacks the act key
// of an organization of this registry's own.
const TaskUnsigned = "unsigned"

// actsFor lets pass what an organization whose act key is in this registry's signer
// is to sign. A signer out of reach says nothing: it is asked again when it signs.
// CodeActKey with whose signer has the key, and what to do.
func (d *common) actsFor(ctx context.Context, signer interface {
	ActsFor(ctx context.Context, organization string) error
}, field, organization string) error {
	if registry.CodeOf(signer.ActsFor(ctx, organization)) != registry.CodeActKey {
		return nil
	}
	return d.lacks(field, organization)
}

// lacks says whose signer has an organization's act key that this registry's has not.
func (d *common) lacks(field, organization string) error {
	owner, err := recordOf[*registry.Organization](d, registry.KindOrganization, organization)
	if err != nil || owner == nil {
		return orMissing(err, registry.CodeOrganization, field, organization)
	}
	if own, err := d.serves(organization); err != nil {
		return err
	} else if own {
		return registry.Errorf(registry.CodeActKey, field, "this registry's signer lacks the act key of %s that the ledger has on record: bring it back into the signer, or order one that is there", organization)
	}
	return registry.Errorf(registry.CodeActKey, field, "the act key of %s is in the signer of member %s: it is for that member's registry to do", organization, owner.Member)
}

// unsigned ends the waiting for an act key that this registry's signer lacks. Another
// member's never comes here: the act is refused, with its task. An own one is missing
// until somebody brings it back: there is a task, and the act is tried again.
func (o *Anchoring) unsigned(ctx context.Context, p *Proceeding) {
	err := o.actsFor(ctx, o.sealer, "organization", p.Intent.Organization)
	own, failed := o.serves(p.Intent.Organization)
	switch {
	case err == nil, failed != nil:
		o.retry(ctx, []*Proceeding{p})
		return
	case own:
		o.retry(ctx, []*Proceeding{p})
		err = o.queue.Remind(ctx, Task{Organization: p.Intent.Organization, Kind: TaskUnsigned, Intent: p.Digest, Code: registry.CodeActKey, Detail: err.Error()})
	default:
		err = o.queue.Refused(ctx, p.Digest, StepSealed, registry.CodeActKey, err.Error())
	}
	if err != nil {
		o.again(ctx, p, err)
	}
}
