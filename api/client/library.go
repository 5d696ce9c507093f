package client

import (
	"context"

	"tongzheng/registry"
)

// Library is the copies of other members' licenses.
type Library struct{ caller *caller }

// Account is what the ledger says must be here against what is.
func (l Library) Account(ctx context.Context) (*registry.Collection, error) {
	return call[registry.Collection](ctx, l.caller, get("/operator/library", nil))
}
