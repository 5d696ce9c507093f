package office

import (
	"context"
	"time"

	"tongzheng/registry"
)

const (
	// TaskExpired is the kind of a task: a proposal was not approved in time.
	TaskExpired = "expired"

	proposalFor = 30 * 24 * time.Hour
	expireEvery = time.Minute
	expireAtOne = 100
)

// Expire ends the proposals that have waited too long for a signature: they hold
// their license, numbers and blanks no longer. What is approved never ends so.
func (o *Anchoring) Expire(ctx context.Context) error {
	if o.overdue == nil {
		return nil
	}
	most := o.config.ProposalFor
	if most == 0 {
		most = proposalFor
	}
	for {
		n, err := o.overdue.Expire(ctx, o.now().Add(-most), expireAtOne, TaskExpired, registry.CodeProposalExpired)
		if err != nil || n < expireAtOne {
			return err
		}
	}
}
