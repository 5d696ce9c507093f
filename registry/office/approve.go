package office

import (
	"context"
	"errors"
	"slices"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Approve adds one person's signature to a reserved proceeding. With the last
// one that the control policy asks for, the act is sealed and handed to the
// ledger.
func (o *Office) Approve(ctx context.Context, by registry.Actor, intent sm.Digest, approval registry.Approval) (*Proceeding, error) {
	// 1. The proceeding waits for approvals, and the signer's account may see it.
	p, err := o.Store.Proceeding(ctx, intent)
	if err != nil {
		return nil, err
	}
	if !by.Admin && by.Organization != p.Intent.Organization {
		return nil, registry.Errorf(registry.CodeForbidden, "intent", "this account works for %s", by.Organization)
	}
	if p.Step != StepReserved {
		return nil, registry.Errorf(registry.CodeActState, "intent", "the proceeding is %s", p.Step)
	}
	// 2. The signature holds, its key is enrolled, its role is asked for, its
	// person has not signed yet, and who accepted the case does not decide it.
	// The signer asks again what the ledger can answer.
	together := append(slices.Clone(p.Approvals), approval)
	acceptors, err := o.acceptors(ctx, &p.Intent)
	if err != nil {
		return nil, err
	}
	err = o.checkApprovals(&p.Intent, together, acceptors)
	missing := registry.CodeOf(err) == registry.CodeApprovalMissing
	if err != nil && !missing {
		return nil, err
	}
	// 3. Keep it; the last one moves the proceeding on.
	p, err = o.Store.AddApproval(ctx, intent, len(p.Approvals), approval, !missing, by)
	if err != nil || missing {
		return p, err
	}
	// 4. Seal at once when all is in reach; otherwise the worker goes on from
	// the stored step.
	if err := o.Seal(ctx, p); err != nil {
		o.Log.Warn("sealing is left to the worker", "intent", intent, "error", err)
	}
	return o.Store.Proceeding(ctx, intent)
}

// CheckApprovals judges approvals by the policies and keys that the ledger
// holds, as the view has them.
func (o *Office) CheckApprovals(in *registry.Intent, approvals []registry.Approval) error {
	return o.checkApprovals(in, approvals, nil)
}

// checkApprovals lets nobody decide a case that the same person accepted.
func (o *Office) checkApprovals(in *registry.Intent, approvals []registry.Approval, acceptors []string) error {
	policy, err := o.Policy(in.Identifier.Type)
	if err != nil {
		return err
	}
	control, err := o.control(approvals)
	if err != nil {
		return err
	}
	control.Policy = *policy
	for id, key := range control.Approvers {
		if slices.Contains(acceptors, key.Person) {
			key.Roles = slices.DeleteFunc(slices.Clone(key.Roles), func(r registry.Role) bool { return r == registry.RoleApprover })
			control.Approvers[id] = key
		}
	}
	grant, err := recordOf[*registry.Grant](o, registry.KindGrant, in.Grant)
	if err != nil {
		return err
	}
	return control.Check(in, grant, o.now().Unix(), approvals)
}

// control gathers the keys that signed, and what passkeys are bound to.
func (o *Office) control(approvals []registry.Approval) (*registry.Control, error) {
	rules, err := o.rules()
	if err != nil {
		return nil, err
	}
	control := &registry.Control{Approvers: map[sm.KeyID]registry.Approver{}, RelyingParty: rules.RelyingParty, Origins: rules.Origins}
	for _, a := range approvals {
		key, err := recordOf[*registry.Approver](o, registry.KindApprover, string(a.KeyID))
		if err != nil {
			return nil, err
		}
		if key != nil {
			control.Approvers[a.KeyID] = *key
		}
	}
	return control, nil
}

// acceptors are the persons who accepted the case that the intent decides.
func (o *Office) acceptors(ctx context.Context, in *registry.Intent) ([]string, error) {
	if o.Cases == nil || in.Case == "" || in.Grant == "" {
		return nil, nil
	}
	f, err := o.CaseFile(ctx, in.Grant, in.Case)
	if err != nil || len(f.Steps) == 0 {
		return nil, err
	}
	j, err := o.judge(in.Grant, f.Steps...)
	if err != nil {
		return nil, err
	}
	return j.Acceptors(f), nil
}

// Policy returns the control policy of a license type, or the default.
func (o *Office) Policy(typeCode string) (*registry.Policy, error) {
	policy, err := recordOf[*registry.Policy](o, registry.KindPolicy, typeCode)
	if err == nil && policy == nil {
		policy, err = recordOf[*registry.Policy](o, registry.KindPolicy, registry.DefaultPolicy)
	}
	if err == nil && policy == nil {
		err = registry.Errorf(registry.CodeApprovalMissing, "", "no control policy on the ledger for type %s", typeCode)
	}
	return policy, err
}

// Seal brings an approved proceeding to step sealed: commit 2.
func (o *Office) Seal(ctx context.Context, p *Proceeding) error {
	// 1. Ask the ledger first: what it would refuse is not sealed. A ledger
	// out of reach does not stop the sealing.
	if code, err := o.dryRun(ctx, p); err != nil {
		o.Log.Warn("dry run not possible", "intent", p.Digest, "error", err)
	} else if code != "" {
		return o.Store.Refused(ctx, p.Digest, StepApproved, code, "refused before sealing")
	}
	// 2. The signer checks the approvals itself and persists before it answers.
	sealed := SealedAct{Intent: p.Digest}
	job := registry.SealJob{Intent: p.Intent, Approvals: p.Approvals}
	if p.Intent.Seals() {
		version, err := o.Store.Version(ctx, p.Intent.Identifier.Base(), p.Intent.Identifier.Version)
		if err != nil {
			return err
		}
		t, err := o.Store.Type(ctx, version.Identifier.Type, version.TypeVersion)
		if err != nil {
			return err
		}
		job.FieldRoot = registry.Compose(t, version.Facts).FieldRoot(version.Secret)
		job.Unsealed = version.Unsealed
		result, err := o.Sealer.Seal(ctx, job)
		if err != nil {
			return o.sealingFailed(ctx, p, err)
		}
		sealed.Entry, sealed.Sealed = result.Entry, result.Sealed
	} else {
		entry, err := o.Sealer.Register(ctx, job)
		if err != nil {
			return o.sealingFailed(ctx, p, err)
		}
		sealed.Entry = entry
	}
	// 3. Commit 2: entry, sealed document and anchoring job together.
	return o.Store.Sealed(ctx, sealed)
}

// signerBehind is for how long a signer that follows the ledger by itself may be
// behind what the view has seen: a key enrolled a moment ago.
const signerBehind = time.Minute

// sealingFailed: a signer out of reach, or behind, is tried again; a signer's
// refusal ends the proceeding.
func (o *Office) sealingFailed(ctx context.Context, p *Proceeding, err error) error {
	var coded *registry.Error
	if !errors.As(err, &coded) || coded.Code.Kind() == registry.KindUnavailable || coded.Code.Kind() == registry.KindInternal {
		return err
	}
	if coded.Code == registry.CodeApprovalUnknown && o.now().Sub(p.Updated) < signerBehind && o.CheckApprovals(&p.Intent, p.Approvals) == nil {
		return err
	}
	return o.Store.Refused(ctx, p.Digest, StepApproved, coded.Code, "refused by the signer")
}

// dryRun returns the code the ledger would refuse with, empty for none.
func (o *Office) dryRun(ctx context.Context, p *Proceeding) (registry.Code, error) {
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
	outcome, err := o.Ledger.DryRun(ctx, registry.Batch{Namespace: namespace, Rules: rules.Version, Time: now, Entries: []*registry.Entry{trial}})
	if err != nil {
		return "", err
	}
	return outcome.Results[0].Code, nil
}

// Drop gives up a reserved proceeding that nobody sealed yet.
func (o *Office) Drop(ctx context.Context, by registry.Actor, intent sm.Digest) error {
	p, err := o.Store.Proceeding(ctx, intent)
	if err != nil {
		return err
	}
	if !by.Admin && by.Organization != p.Intent.Organization {
		return registry.Errorf(registry.CodeForbidden, "intent", "this account works for %s", by.Organization)
	}
	if err := by.MayPropose(p.Intent.Act); err != nil {
		return err
	}
	return o.Store.Drop(ctx, intent, by)
}

// ReleasePending lets paper out before the ledger has answered, on the word of
// an approver of the deciding organization. Its verdict is pending until then.
func (o *Office) ReleasePending(ctx context.Context, by registry.Actor, intent sm.Digest) error {
	p, err := o.Store.Proceeding(ctx, intent)
	if err != nil {
		return err
	}
	if by.Organization != p.Intent.Organization || !slices.Contains(by.Roles, registry.RoleApprover) {
		return registry.Errorf(registry.CodeForbidden, "intent", "an approver of %s releases it", p.Intent.Organization)
	}
	return o.Store.ReleasePending(ctx, intent, by)
}
