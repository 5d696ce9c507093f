package office

import (
	"context"

	"tongzheng/registry"
)

// Auditing keeps the trail of what was done and refused. The use cases write
// their own lines; surfaces note here what never reached one.
type Auditing struct {
	*common
	trail interface {
		Audit(ctx context.Context, a AuditEvent) error
	}
}

// Note appends what an actor did or was refused: signing in and out, requests
// that no use case could take. It carries no personal data.
func (o *Auditing) Note(ctx context.Context, by registry.Actor, operation, subject string, code registry.Code) error {
	return o.trail.Audit(ctx, AuditEvent{At: o.clock(), By: by, Operation: operation, Subject: subject, Code: code})
}
