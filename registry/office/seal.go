package office

import (
	"context"
	"errors"
	"slices"
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
	} else if code != "" && p.Intent.Act == registry.Replace {
		return o.closeAgain(ctx, p, StepApproved, code)
	} else if code != "" {
		return o.queue.Refused(ctx, p.Digest, StepApproved, code, "refused before sealing")
	}
	// 2. The signer checks the approvals itself and persists before it answers.
	sealed := SealedAct{Intent: p.Digest}
	job, err := o.sealJob(ctx, p)
	if err != nil {
		return err
	}
	if p.Intent.Seals() {
		result, err := o.sealer.Seal(ctx, job)
		if err != nil {
			return o.sealingFailed(ctx, p, err)
		}
		sealed.Entry, sealed.Parts = result.Entry, result.Parts
		if result.Parts == nil {
			sealed.Sealed = result.Sealed
		}
	} else {
		if sealed.Entry, err = o.sealer.Register(ctx, job); err != nil {
			return o.sealingFailed(ctx, p, err)
		}
	}
	if err := o.checkTokens(ctx, sealed.Entry); err != nil {
		return err
	}
	// 3. Commit 2: entry, sealed document and anchoring job together.
	return o.queue.Sealed(ctx, sealed)
}

// checkTokens: what the ledger will say of the sheets' tokens is what this registry
// has them under. Without the signer's word nothing is recorded: an entry that named
// others would lead every scan astray, and would stay.
func (o *Anchoring) checkTokens(ctx context.Context, e *registry.Entry) error {
	if e == nil || e.Intent == nil || len(e.Tokens) == 0 {
		return nil
	}
	made, err := o.tokens.of(ctx, e.Intent.Identifier, e.Intent.Printings...)
	if err != nil {
		return err
	}
	if !e.NamesTokens(made) {
		return registry.Errorf(registry.CodeInternal, "tokens", "the signer named other tokens than it makes")
	}
	return nil
}

// sealJob is an act with all that the signer recomputes it from.
func (o *Anchoring) sealJob(ctx context.Context, p *Proceeding) (job registry.SealJob, err error) {
	in := &p.Intent
	job = registry.SealJob{Intent: *in, Approvals: p.Approvals}
	if !in.Act.MakesVersion() {
		return job, nil
	}
	if job.Version, err = o.opened(ctx, in.Identifier.Base(), in.Identifier.Version); err != nil || in.Act == registry.Issue && !in.Replaces() {
		return job, err
	}
	follows := in.Identifier.WithVersion(in.Identifier.Version - 1)
	if in.Replaces() {
		follows = in.Closes.Identifier
	}
	job.Present, err = o.opened(ctx, follows.Base(), follows.Version)
	if in.Replaces() && registry.CodeOf(err) == registry.CodeNotFound {
		return job, nil // its row is another registry's
	}
	if err != nil {
		return job, err
	}
	if len(job.Present.Unsealed) > 0 { // its digest is enough
		job.Present.Document, job.Present.Unsealed = sm.Leaf(job.Present.Unsealed), nil
	}
	return job, nil
}

// opened is a stored version with all that its content digest is made from.
func (o *Anchoring) opened(ctx context.Context, base string, version int) (*registry.Opened, error) {
	v, err := o.licenses.Version(ctx, base, version)
	if err != nil {
		return nil, err
	}
	t, err := o.catalog.Type(ctx, v.Identifier.Type, v.TypeVersion)
	if err != nil {
		return nil, err
	}
	return &registry.Opened{Type: t, Facts: v.Facts, Secret: v.Secret, Unsealed: v.Unsealed, Rendered: v.Rendered}, nil
}

// signerBehind is for how long a signer that follows the ledger by itself may be
// behind what the view has seen: a key enrolled a moment ago.
const signerBehind = time.Minute

// notSeenYet are refusals for want of a record that such a signer may not have seen.
var notSeenYet = []registry.Code{registry.CodeApprovalUnknown, registry.CodeTypeUnknown, registry.CodeOrganization}

// sealingFailed: a signer out of reach, or behind, is tried again; a signer's
// refusal ends the proceeding.
func (o *Anchoring) sealingFailed(ctx context.Context, p *Proceeding, err error) error {
	var coded *registry.Error
	if !errors.As(err, &coded) || coded.Code.Kind() == registry.KindUnavailable || coded.Code.Kind() == registry.KindInternal {
		return err
	}
	if slices.Contains(notSeenYet, coded.Code) && o.now().Sub(p.Updated) < signerBehind && o.law().CheckApprovals(&p.Intent, o.now().Unix(), p.Approvals) == nil {
		return err
	}
	detail := "refused by the signer"
	if coded.Code == registry.CodeContent { // which part does not fit, and what to do
		detail += ": " + coded.Detail
	}
	return o.queue.Refused(ctx, p.Digest, StepApproved, coded.Code, detail)
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
