package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"tongzheng/chaincode/embedded"
	"tongzheng/cmd/internal/app"
	"tongzheng/cmd/internal/operator"
	"tongzheng/registry"
	"tongzheng/registry/sm"
)

type auditCommand struct {
	instance
	Records bool      `help:"逐证比对库与账本 Compare the rows of every license with the ledger; exit code 1 when they differ."`
	Mend    bool      `help:"补正落后的行 With --records: let rows that are behind follow the ledger, remember lost sheets."`
	Height  uint64    `help:"与另存的摘要比对 With --digest: the block whose digest was kept elsewhere."`
	Digest  sm.Digest `help:"另存的摘要 The digest kept."`
	JSON    bool      `name:"json" help:"JSON."`
}

// Run walks the embedded ledger while no server runs.
func (c *auditCommand) Run(w *world) error {
	if err := c.ledger(w); err != nil {
		return err
	}
	if !c.Records && !c.Mend {
		return nil
	}
	a, err := c.open(w)
	if err != nil {
		return err
	}
	defer a.Close()
	found, err := operator.Reconcile(w.ctx, a, c.Mend)
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(w.stdout).Encode(found)
	}
	return printGaps(w.stdout, found)
}

func (c *auditCommand) ledger(w *world) error {
	path := filepath.Join(c.Data, app.LedgerFile)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) && c.Records {
		return nil // a network keeps the ledger, and audits it itself
	}
	ledger, err := embedded.Open(embedded.Config{Path: path, ReadOnly: true})
	if err != nil {
		return err
	}
	defer ledger.Close()
	report, err := ledger.Verify(w.ctx)
	if err != nil {
		return err
	}
	if !c.Digest.IsZero() {
		digest, err := ledger.Digest(c.Height)
		if err != nil {
			return err
		}
		if digest != c.Digest {
			return registry.Errorf(registry.CodeLedgerDamaged, "digest", "block %d has digest %s, not the one kept: the chain was rewritten", c.Height, digest)
		}
	}
	if !c.JSON {
		fmt.Fprintf(w.stdout, "账本完好 the ledger is intact: %d blocks, %d entries accepted, %d refused\n末块摘要 digest of the last block %s\n",
			report.Height, report.Accepted, report.Refused, report.Digest)
	}
	return nil
}
