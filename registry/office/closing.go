package office

import (
	"context"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// TaskEndedBefore is the kind of a task: a license was not in force any more when
// its closing came, so that who replaced it looks at the new one.
const TaskEndedBefore = "ended-before"

// pair does what the anchoring of one half of a pair asks for, before commit 3: an
// issue that replaces a license has its closing queued, so that neither a restart
// nor an outage loses it; a closing that found the license ended makes a task.
func (o *Anchoring) pair(ctx context.Context, p *Proceeding, standing *registry.Standing) error {
	if p.Intent.Replaces() {
		sequence, previous, err := o.governedNext(p.Intent.Closes.Identifier.Base())
		if err != nil {
			return err
		}
		return o.queue.QueueClosing(ctx, closingOf(p.Intent.ClosedBy(sequence, previous), p.Approvals), sm.Digest{})
	}
	if p.Intent.Act != registry.Replace || standing.Oversight == nil || standing.Oversight.Replaced == nil || standing.Oversight.Replaced.Standing == registry.StateNone {
		return nil
	}
	return o.queue.Remind(ctx, Task{Organization: p.Intent.Organization, Kind: TaskEndedBefore, Intent: p.Digest, Code: registry.CodeActState,
		Detail: "the license was " + standing.Oversight.Replaced.Standing.String() + " when its closing came: look at " + p.Intent.Closes.Identifier.String()})
}

// governedNext is where the next entry comes to stand in a license's chain in
// governance.
func (o *Anchoring) governedNext(base string) (sequence uint64, previous sm.Digest, err error) {
	standing, err := o.view.Standing(base)
	if err != nil {
		return 0, previous, err
	}
	if over := standing.Oversight; over != nil {
		return over.Sequence + 1, over.Head, nil
	}
	return 1, previous, nil
}

func closingOf(in registry.Intent, approvals []registry.Approval) *Proceeding {
	return &Proceeding{Digest: in.Digest(), Intent: in, Recording: in.Recording, Step: StepApproved, Approvals: approvals}
}

// closeAgain does what a refused closing asks for: where something else came to
// stand in its chain it is queued anew behind that; where the issue is not seen
// yet it is tried again; anything else ends it, and is a task.
func (o *Anchoring) closeAgain(ctx context.Context, p *Proceeding, from Step, code registry.Code) error {
	switch code {
	case registry.CodeNotFound:
		return registry.Errorf(registry.CodeUnavailable, "", "the ledger does not show the issue yet")
	case registry.CodeSequencePast, registry.CodeSequenceTaken, registry.CodeSequenceGap, registry.CodePreviousHead:
	default:
		return o.queue.Refused(ctx, p.Digest, from, code, "the closing was refused by the ledger")
	}
	next := p.Intent
	var err error
	if next.Sequence, next.Previous, err = o.governedNext(next.Identifier.Base()); err != nil {
		return err
	}
	if next.Digest() == p.Digest {
		return registry.Errorf(registry.CodeUnavailable, "", "the view has not reached what came to stand before the closing")
	}
	return o.queue.QueueClosing(ctx, closingOf(next, p.Approvals), p.Digest)
}

// replaces is the standing of the license that this one replaced; nil for none,
// and when it cannot be read.
func (d *common) replaces(s *registry.Standing) *registry.Standing {
	if s == nil || s.License == nil || s.License.Replaces == nil {
		return nil
	}
	old, err := d.view.Standing(s.License.Replaces.License.Base())
	if err != nil {
		return nil
	}
	return old
}
