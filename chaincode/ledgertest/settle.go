package ledgertest

import (
	"context"
	"slices"
	"time"

	"tongzheng/registry"
)

// settleAgain is the pause before the next question or the next transaction.
const settleAgain = 100 * time.Millisecond

// Settle brings a batch to its end on a ledger, as the registry does. What is
// unknown is asked for by its transaction's id. What is known not to be on the
// ledger, for an error that is not the last word, goes into a new transaction,
// until ctx ends. These codes are not the last word: CodeUnavailable, and those
// named; a caller to whom a conflict is one leaves CodeLedgerConflict out.
func Settle(ctx context.Context, l Ledger, b registry.Batch, again ...registry.Code) (*registry.Commit, error) {
	for {
		c, err := brought(ctx, l, b)
		code := registry.CodeOf(err)
		if err == nil || ctx.Err() != nil || code != registry.CodeUnavailable && !slices.Contains(again, code) {
			return c, err
		}
		time.Sleep(settleAgain)
	}
}

// brought submits one transaction and, when its outcome is unknown, asks until
// the ledger says yes or never. CodeUnavailable: never, or time is up.
func brought(ctx context.Context, l Ledger, b registry.Batch) (*registry.Commit, error) {
	tx, err := l.Prepare(ctx, b)
	if err != nil {
		return nil, err
	}
	c, err := l.Submit(ctx, tx)
	if registry.CodeOf(err) != registry.CodeUnavailable {
		return c, err
	}
	if c := UntilKnown(ctx, l, b.Namespace, tx.ID); c != nil {
		return c, nil
	}
	return nil, err
}

// UntilKnown asks for a transaction until the ledger says yes or never, or ctx
// ends; nil unless it said yes.
func UntilKnown(ctx context.Context, l Ledger, namespace, id string) *registry.Commit {
	for ctx.Err() == nil {
		c, err := l.Lookup(ctx, namespace, id)
		switch registry.CodeOf(err) {
		case "":
			return c
		case registry.CodeNotFound:
			return nil
		}
		time.Sleep(settleAgain)
	}
	return nil
}
