package main

import (
	"fmt"
	"path/filepath"

	"tongzheng/chaincode/embedded"
	"tongzheng/cmd/tongzheng/app"
)

type auditCommand struct {
	Data string `env:"TONGZHENG_DATA" default:".data" type:"path" help:"数据目录 Data folder."`
}

// Run walks the embedded ledger while no server runs.
func (c *auditCommand) Run(w *world) error {
	ledger, err := embedded.Open(embedded.Config{Path: filepath.Join(c.Data, app.LedgerFile), ReadOnly: true})
	if err != nil {
		return err
	}
	defer ledger.Close()
	report, err := ledger.Verify(w.ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(w.stdout, "账本完好 the ledger is intact: %d blocks, %d entries accepted, %d refused\n末块摘要 digest of the last block %s\n",
		report.Height, report.Accepted, report.Refused, report.Digest)
	return nil
}
