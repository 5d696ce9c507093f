package office

import (
	"context"
	"slices"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Approve adds one person's signature to a reserved proceeding. With the last
// one that the control policy asks for, the act is sealed and handed to the
// ledger.
func (o *Issuing) Approve(ctx context.Context, by registry.Actor, intent sm.Digest, approval registry.Approval) (*Proceeding, error) {
	// 1. The proceeding waits for approvals, the signer's account may see it, and
	// the signature is of the account's own person.
	p, err := o.acts.Proceeding(ctx, intent)
	if err != nil {
		return nil, err
	}
	if err := o.seesProceeding(by, p); err != nil {
		return nil, err
	}
	if err := o.signs(by, approval.KeyID); err != nil {
		return nil, err
	}
	if p.Step != StepReserved {
		return nil, registry.Errorf(registry.CodeActState, "intent", "the proceeding is %s", p.Step)
	}
	// 2. Nothing of the case is missing. The signature holds, its key is enrolled,
	// its role is asked for, its person has not signed yet, and who accepted the
	// case does not decide it. The signer asks again what the ledger can answer.
	file, err := o.caseFile(ctx, p.Intent.Organization, p.Intent.Grant, p.Intent.Case)
	if err != nil {
		return nil, err
	}
	if err := checkCase(file, p.Intent.Act, p.Intent.Commitment); err != nil {
		return nil, err
	}
	together := append(slices.Clone(p.Approvals), approval)
	acceptors, err := o.acceptors(file)
	if err != nil {
		return nil, err
	}
	err = o.law().CheckApprovals(&p.Intent, o.now().Unix(), together, acceptors...)
	missing := registry.CodeOf(err) == registry.CodeApprovalMissing
	if err != nil && !missing {
		return nil, err
	}
	// 3. Keep it; the last one moves the proceeding on.
	p, err = o.acts.AddApproval(ctx, intent, len(p.Approvals), approval, !missing, by)
	if err != nil || missing {
		return p, err
	}
	// 4. Seal at once when all is in reach; otherwise the worker goes on from
	// the stored step: now, or after SealFirst when this process dies meanwhile.
	if err := o.anchoring.Seal(ctx, p); err != nil {
		o.log.Warn("sealing is left to the worker", "intent", intent, "error", err)
		if err := o.anchoring.queue.Release(context.WithoutCancel(ctx), []sm.Digest{intent}, 0); err != nil {
			o.log.Warn("the worker begins when SealFirst is over", "intent", intent, "error", err)
		}
	}
	return o.acts.Proceeding(ctx, intent)
}

// SealFirst is how long an approved act is left to the request that brought the last
// signature, which seals it: a worker that took it at once would seal the same a
// second time. The store keeps the moment at which it ends with the step, so that a
// worker, of this process or of the next, takes the act when the request has failed
// to, or has died. One that takes longer than this is joined by a worker, which is
// harmless: the signer answers both with the same bytes. A crash between the two
// commits delays a license by this much.
const SealFirst = 5 * time.Second

// acceptors are the persons who accepted the case that is decided.
func (o *Issuing) acceptors(f *registry.CaseFile) ([]string, error) {
	if f == nil {
		return nil, nil
	}
	return o.law().Acceptors(f.Steps[0].Statement.Grant, f)
}

// Drop gives up a proceeding that nobody sealed yet; of others, one that is not
// approved yet.
func (o *Issuing) Drop(ctx context.Context, by registry.Actor, intent sm.Digest) error {
	p, err := o.acts.Proceeding(ctx, intent)
	if err != nil {
		return err
	}
	kin, err := o.keeping(by, &p.Intent)
	if err != nil {
		return err
	}
	if err := by.MayDrop(&p.Intent, kin, p.Step != StepReserved); err != nil {
		return err
	}
	if by.MayWorkFor(p.Intent.Organization, "intent") == nil {
		return o.acts.Drop(ctx, intent, by)
	}
	return o.acts.Drop(ctx, intent, by, StepReserved) // not what is approved at this moment
}

// ReleasePending lets paper out before the ledger has answered, on the word of
// an approver of the deciding organization. Its verdict is pending until then.
func (o *Issuing) ReleasePending(ctx context.Context, by registry.Actor, intent sm.Digest) error {
	p, err := o.acts.Proceeding(ctx, intent)
	if err != nil {
		return err
	}
	if err := by.MayRelease(&p.Intent); err != nil {
		return err
	}
	return o.acts.ReleasePending(ctx, intent, by)
}
