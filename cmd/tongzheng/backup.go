package main

import (
	"fmt"
	"io"
	"strings"

	"tongzheng/cmd/internal/app"
	"tongzheng/cmd/internal/backup"
	"tongzheng/registry/office"
)

type backupCommand struct {
	instance
	To      string `arg:"" type:"path" help:"记录备份文件 Archive of database, ledger and the signer's memory; must not exist."`
	Secrets string `type:"path" help:"密钥备份文件 Archive of keys and tokens; keep it apart from the other."`
}

// Run backs up while no server runs.
func (c *backupCommand) Run(w *world) error {
	m, err := backup.Write(w.ctx, c.config(w), c.To, c.Secrets)
	if err != nil {
		return err
	}
	fmt.Fprintf(w.stdout, "已备份 backed up: %d files in %s\n", len(m.Files), c.To)
	if m.Ledger != nil {
		fmt.Fprintf(w.stdout, "账本 ledger: block %d, digest %s\n请另处保存此摘要 keep this digest elsewhere\n", m.Ledger.Height, m.Ledger.Digest)
	}
	if c.Secrets == "" {
		fmt.Fprintln(w.stdout, "未备份密钥 keys are not in it: --secrets FILE")
	}
	return nil
}

type restoreCommand struct {
	instance
	From    string `arg:"" type:"existingfile" help:"记录备份文件 Archive of records."`
	Secrets string `type:"existingfile" help:"密钥备份文件 Archive of secrets, when the data folder has none."`
}

// Run restores while no server runs.
func (c *restoreCommand) Run(w *world) error {
	done, err := backup.Restore(w.ctx, c.config(w), c.From, c.Secrets)
	if err != nil {
		return err
	}
	fmt.Fprintf(w.stdout, "已恢复 restored: the database, %d files\n", len(done.Put))
	for _, name := range done.Kept {
		fmt.Fprintf(w.stdout, "保留现有 kept what was there: %s\n", name)
	}
	return printGaps(w.stdout, done.Records)
}

func (c *instance) config(w *world) app.Config {
	return app.Config{Data: c.Data, Listen: "127.0.0.1:0", DatabaseURL: c.DatabaseURL, OwnerURL: c.OwnerURL,
		Ledger: c.Ledger, Signer: c.Signer, SignerTLS: c.files(), PublicURL: "http://localhost:8080", Log: logger(w, c.Verbose)}
}

// printGaps names what is missing; exit code 1 when anything is.
func printGaps(out io.Writer, r *office.Reconciliation) error {
	if r.Lists > 0 {
		fmt.Fprintf(out, "检索用的关联有 %d 处不符，--mend 即重建 lists miss or have too much: %d lines, put right by --mend\n", r.Lists, r.Lists)
	}
	if len(r.Gaps) == 0 && r.Lists > 0 {
		return exit(exitNegative)
	}
	if len(r.Gaps) == 0 {
		fmt.Fprintf(out, "库与账本一致 rows and ledger agree: %d licenses\n", r.Licenses)
		return nil
	}
	fmt.Fprintf(out, "账本有证照 %d 件，其中 %d 件库中资料不符 of %d licenses on the ledger, %d have gaps here:\n", r.Licenses, len(r.Gaps), r.Licenses, len(r.Gaps))
	for _, g := range r.Gaps {
		fmt.Fprintf(out, "  %s  %s (%s)\n", g.Base, gapWords[g.Kind], g.License)
		if len(g.Acts) > 0 {
			fmt.Fprintf(out, "    缺 lacks: %s\n", strings.Join(g.Acts, "; "))
		}
		if len(g.Versions) > 0 {
			fmt.Fprintf(out, "    须从档案补录文书 documents to be brought from the archive: versions %v\n", g.Versions)
		}
	}
	return exit(exitNegative)
}

var gapWords = map[office.GapKind]string{
	office.GapMissing: "库中无此证照 no rows",
	office.GapBehind:  "库落后于账本 rows are behind the ledger",
	office.GapAltered: "库与账本矛盾，疑被改动 rows contradict the ledger: altered?",
	office.GapDamaged: "库存文书受损 documents are damaged",
}
