package app

import (
	"context"
	"fmt"

	"tongzheng/chaincode/embedded"
	"tongzheng/registry/office"
)

// LedgerFile is the embedded ledger's file in the data folder.
const LedgerFile = "ledger.db"

func (a *App) openLedger(ctx context.Context) (office.Ledger, error) {
	if a.Config.Ledger != "" && a.Config.Ledger != "embedded" {
		return nil, fmt.Errorf("TONGZHENG_LEDGER=%s: this build knows the embedded ledger", a.Config.Ledger)
	}
	key, _, err := a.Keys.SignCheckpoint(ctx, nil)
	if err != nil {
		return nil, err
	}
	ledger, err := embedded.Open(embedded.Config{Path: a.path(LedgerFile), Clock: a.Config.Clock, Key: key,
		Sign: func(message []byte) ([]byte, error) {
			_, signature, err := a.Keys.SignCheckpoint(context.Background(), message)
			return signature, err
		}})
	if err != nil {
		return nil, err
	}
	a.closers = append(a.closers, ledger)
	return ledger, nil
}

// ready tells what is out of reach, by name.
func (a *App) ready(ctx context.Context) map[string]error {
	missing := map[string]error{}
	if err := a.Store.Ping(ctx); err != nil {
		missing["database"] = err
	}
	if k := a.View.Knowledge(a.Config.Clock()); k.Stale {
		missing["ledger"] = fmt.Errorf("status view: %s", k.Reason)
	}
	return missing
}
