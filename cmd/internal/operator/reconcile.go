package operator

import (
	"context"

	"tongzheng/cmd/internal/app"
	"tongzheng/registry/office"
)

// Reconcile replays the ledger and compares every license's rows with it; see
// office.Reconcile.
func Reconcile(ctx context.Context, a *app.App, mend bool) (*office.Reconciliation, error) {
	if err := a.UpToDate(ctx); err != nil {
		return nil, err
	}
	return a.Office.Reconciling.Reconcile(ctx, By, mend)
}
