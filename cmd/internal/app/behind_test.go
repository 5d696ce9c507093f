package app_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/office"
)

// behind is a signer whose own view of the ledger lacks a key that was enrolled
// a moment ago.
type behind struct {
	office.Sealer
	times atomic.Int32
}

func (b *behind) Seal(ctx context.Context, job registry.SealJob) (*registry.SealResult, error) {
	if b.times.Add(-1) >= 0 {
		return nil, registry.Errorf(registry.CodeApprovalUnknown, "approvals", "test: this signer has not seen the key yet")
	}
	return b.Sealer.Seal(ctx, job)
}

// TestSignerBehind: a refusal that comes from looking at an older ledger does
// not end the proceeding; it is sealed when the signer has caught up.
func TestSignerBehind(t *testing.T) {
	t.Parallel()
	var signer *behind
	a := openFor(t, ownPlace(t), func(p *office.Ports, told *office.Config) {
		signer = &behind{Sealer: p.Sealer}
		p.Sealer, told.RetryWait = signer, 50*time.Millisecond
	})
	defer a.Close()
	signer.times.Store(3)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if p, err := issueOne(ctx, a, 0); err != nil || p.Step != office.StepAnchored {
		t.Fatalf("%+v %v", p, err)
	}
}
