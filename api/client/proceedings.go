package client

import (
	"context"
	"net/http"
	"time"

	"tongzheng/api/resource"
	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Proceedings are acts on their way to the ledger.
type Proceedings struct{ caller *caller }

// Show tells where an act stands; it waits for the end as long as is said,
// 30 s at most, and then tells what is known.
func (p Proceedings) Show(ctx context.Context, intent sm.Digest, longest time.Duration) (*resource.Proceeding, error) {
	q := get(proceedingPath(intent), nil)
	q.header = wait(longest)
	return call[resource.Proceeding](ctx, p.caller, q)
}

// Approve adds one person's signature; the last one that is asked for sends the
// act on its way, of which the end is waited for as long as is said.
func (p Proceedings) Approve(ctx context.Context, intent sm.Digest, approval registry.Approval, longest time.Duration) (*resource.Proceeding, error) {
	q, err := post(proceedingPath(intent)+"/approvals", approval)
	if err != nil {
		return nil, err
	}
	q.header = wait(longest)
	return call[resource.Proceeding](ctx, p.caller, q)
}

// Drop gives up a proceeding that nobody sealed yet.
func (p Proceedings) Drop(ctx context.Context, intent sm.Digest) error {
	_, err := p.caller.bytes(ctx, request{method: http.MethodDelete, path: proceedingPath(intent)})
	return err
}

// Release lets paper out before the ledger has answered.
func (p Proceedings) Release(ctx context.Context, intent sm.Digest) (*resource.Proceeding, error) {
	q, err := post(proceedingPath(intent)+"/release", nil)
	if err != nil {
		return nil, err
	}
	return call[resource.Proceeding](ctx, p.caller, q)
}

func proceedingPath(intent sm.Digest) string { return "/proceedings/" + intent.String() }
