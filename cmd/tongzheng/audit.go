package main

import (
	"fmt"
	"os"
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

type keysCommand struct {
	List  keysListCommand  `cmd:"" default:"1" help:"列出密钥 List the keys of this instance, without secrets."`
	Roots keysRootsCommand `cmd:"" help:"导出信任锚 Write the trust anchors in PEM."`
}

type keysListCommand struct {
	Data string `env:"TONGZHENG_DATA" default:".data" type:"path" help:"数据目录 Data folder."`
}

// Run lists keys.
func (c *keysListCommand) Run(w *world) error {
	keys, err := app.OpenKeyFolder(c.Data)
	if err != nil {
		return err
	}
	for _, k := range keys.List() {
		fmt.Fprintf(w.stdout, "%s  %s  %s\n", k.ID, k.Created.Format("2006-01-02"), k.Label)
	}
	return nil
}

type keysRootsCommand struct {
	Data string `env:"TONGZHENG_DATA" default:".data" type:"path" help:"数据目录 Data folder."`
	Out  string `arg:"" optional:"" help:"PEM file; stdout when absent."`
}

// Run writes the trust anchors.
func (c *keysRootsCommand) Run(w *world) error {
	keys, err := app.OpenKeyFolder(c.Data)
	if err != nil {
		return err
	}
	if c.Out == "" {
		_, err = w.stdout.Write(keys.RootsPEM())
		return err
	}
	return os.WriteFile(c.Out, keys.RootsPEM(), 0o644)
}
