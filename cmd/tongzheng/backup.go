package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tongzheng/cmd/internal/app"
	"tongzheng/cmd/internal/backup"
	"tongzheng/registry/office"
)

type backupCommand struct {
	instance
	To           string `arg:"" type:"path" help:"记录备份文件 Archive of database, ledger and the signer's memory; must not exist. In a folder it is named by the time."`
	Secrets      string `type:"path" help:"密钥备份文件 Archive of keys and tokens; keep it apart from the other. In a folder it is named by the time."`
	SignerFolder bool   `help:"签名进程目录 The data folder is a signer's, which has no database; the signer does not run."`
}

// Run backs up. An instance with an embedded ledger, and a signer, do not run
// meanwhile; a registry on a network may.
func (c *backupCommand) Run(w *world) error {
	now := time.Now()
	c.To, c.Secrets = named(c.To, "records", now), named(c.Secrets, "secrets", now)
	what := backup.What{Records: c.To, Secrets: c.Secrets, SignerOnly: c.SignerFolder}
	m, err := backup.Write(w.ctx, c.config(w), what)
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

// named is an archive's file: in a folder that exists one named by the time, so
// that a timer can ask for the next one.
func named(path, kind string, now time.Time) string {
	if info, err := os.Stat(path); path == "" || err != nil || !info.IsDir() {
		return path
	}
	return filepath.Join(path, kind+"-"+now.UTC().Format("20060102T150405Z")+".tar.gz")
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
	if done.Records == nil {
		fmt.Fprintf(w.stdout, "已恢复 restored: %d files of a signer\n", len(done.Put))
	} else {
		fmt.Fprintf(w.stdout, "已恢复 restored: the database, %d files\n", len(done.Put))
	}
	for _, name := range done.Kept {
		fmt.Fprintf(w.stdout, "保留现有 kept what was there: %s\n", name)
	}
	if done.Records == nil {
		return nil
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
