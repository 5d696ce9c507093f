package app

import (
	"context"

	"tongzheng/registry/office"
)

// Reconcile replays the ledger and compares every license's rows with it; see
// office.Reconcile.
func (a *App) Reconcile(ctx context.Context, mend bool) (*office.Reconciliation, error) {
	if err := a.upToDate(ctx); err != nil {
		return nil, err
	}
	return a.Office.Reconcile(ctx, a.View, mend)
}
