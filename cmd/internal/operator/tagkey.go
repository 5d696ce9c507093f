package operator

import (
	"context"
	"time"

	"tongzheng/cmd/internal/app"
	"tongzheng/cmd/internal/keyring"
)

// TakeTagKey decrypts a tag key that the city's signer handed to the signer of a
// folder, and keeps it when it is the one that the ledger names. ledger is the
// profile of the signer's own member; empty: the copy in the folder, with nothing
// running on it. A running signer uses the key at once.
func TakeTagKey(ctx context.Context, data, ledger string, handed []byte) error {
	keys, err := keyring.Open(data, time.Now)
	if err != nil {
		return err
	}
	rules, err := app.LedgerRules(ctx, keys, app.SignerConfig{Data: data, Ledger: ledger})
	if err != nil {
		return err
	}
	return keys.Store.TakeTagKey(handed, rules.TagKey)
}
