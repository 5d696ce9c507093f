package office

import (
	"context"
	"errors"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Seal brings an approved proceeding to step sealed: commit 2.
func (o *Anchoring) Seal(ctx context.Context, p *Proceeding) error {
	// 1. Ask the ledger first: what it would refuse is not sealed. A ledger
	// out of reach does not stop the sealing.
	if code, err := o.dryRun(ctx, p); err != nil {
		o.log.Warn("dry run not possible", "intent", p.Digest, "error", err)
	} else if code != "" {
		return o.queue.Refused(ctx, p.Digest, StepApproved, code, "refused before sealing")
	}
	// 2. The signer checks the approvals itself and persists before it answers.
	sealed := SealedAct{Intent: p.Digest}
	job := registry.SealJob{Intent: p.Intent, Approvals: p.Approvals}
	if p.Intent.Seals() {
		version, err := o.licenses.Version(ctx, p.Intent.Identifier.Base(), p.Intent.Identifier.Version)
		if err != nil {
			return err
		}
		t, err := o.catalog.Type(ctx, version.Identifier.Type, version.TypeVersion)
		if err != nil {
			return err
		}
		job.FieldRoot = registry.Compose(t, version.Facts).FieldRoot(version.Secret)
		job.Unsealed = version.Unsealed
		result, err := o.sealer.Seal(ctx, job)
		if err != nil {
			return o.sealingFailed(ctx, p, err)
		}
		sealed.Entry, sealed.Sealed = result.Entry, result.Sealed
	} else {
		entry, err := o.sealer.Register(ctx, job)
		if err != nil {
			return o.sealingFailed(ctx, p, err)
		}
		sealed.Entry = entry
	}
	// 3. Commit 2: entry, sealed document and anchoring job together.
	return o.queue.Sealed(ctx, sealed)
}

// signerBehind is for how long a signer that follows the ledger by itself may be
// behind what the view has seen: a key enrolled a moment ago.
const signerBehind = time.Minute

// sealingFailed: a signer out of reach, or behind, is tried again; a signer's
// refusal ends the proceeding.
func (o *Anchoring) sealingFailed(ctx context.Context, p *Proceeding, err error) error {
	var coded *registry.Error
	if !errors.As(err, &coded) || coded.Code.Kind() == registry.KindUnavailable || coded.Code.Kind() == registry.KindInternal {
		return err
	}
	if coded.Code == registry.CodeApprovalUnknown && o.now().Sub(p.Updated) < signerBehind && o.law().CheckApprovals(&p.Intent, o.now().Unix(), p.Approvals) == nil {
		return err
	}
	return o.queue.Refused(ctx, p.Digest, StepApproved, coded.Code, "refused by the signer")
}

// dryRun returns the code the ledger would refuse with, empty for none.
func (o *Anchoring) dryRun(ctx context.Context, p *Proceeding) (registry.Code, error) {
	namespace, err := o.namespace(&p.Intent)
	if err != nil {
		return "", err
	}
	rules, err := o.rules()
	if err != nil {
		return "", err
	}
	now := o.now().Unix()
	trial := &registry.Entry{Intent: &p.Intent, Approvals: registry.ApprovalsDigest(p.Approvals), Recording: p.Intent.Recording}
	if p.Intent.Seals() {
		trial.Sealed, trial.Seal = now, sm.Sum([]byte("dry run"))
	}
	outcome, err := o.ledger.DryRun(ctx, registry.Batch{Namespace: namespace, Rules: rules.Version, Time: now, Entries: []*registry.Entry{trial}})
	if err != nil {
		return "", err
	}
	return outcome.Results[0].Code, nil
}
