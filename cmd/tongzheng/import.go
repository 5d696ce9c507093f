package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"tongzheng/cmd/internal/app"
	"tongzheng/cmd/internal/operator"
	"tongzheng/cmd/internal/tables"
	"tongzheng/registry"
	"tongzheng/registry/office"
)

type importCommand struct {
	Grants  importGrantsCommand  `cmd:"" help:"导入赋权清单 Import a grant list (.xlsx, .csv): dry run unless --apply."`
	Types   importTypesCommand   `cmd:"" help:"导入证照类型 Put catalog entries into the catalog, and their records on the ledger."`
	Holders importHoldersCommand `cmd:"" help:"导入监管名单 Replace the lists of holders under watch (.xlsx, .csv): 代码类型 代码 名单 列入日期 机关."`
	Check   importCheckCommand   `cmd:"" help:"赋权体检 What a list, or the ledger's grants, lack before a day; a report to sign."`
}

type importGrantsCommand struct {
	instance
	File  string `arg:"" type:"existingfile" help:"清单 .xlsx or .csv; the first row names the columns (docs/grant-list.md)."`
	Apply bool   `help:"写入账本 Put it on the ledger; without it only show what would change."`
	JSON  bool   `name:"json" help:"JSON."`
}

// Run shows what a list would change and, when asked, applies it.
func (c *importGrantsCommand) Run(w *world) error {
	table, err := tables.Read(c.File)
	if err != nil {
		return err
	}
	a, err := c.open(w)
	if err != nil {
		return err
	}
	defer a.Close()
	list, err := a.Office.Grants.Plan(w.ctx, operator.By, table)
	if err != nil {
		return err
	}
	if c.JSON {
		if err := json.NewEncoder(w.stdout).Encode(list); err != nil {
			return err
		}
	} else {
		printImport(w, list)
	}
	if list.Count(office.LineBad) > 0 {
		return exit(exitNegative)
	}
	if !c.Apply {
		return nil
	}
	if err := a.Office.Grants.Apply(w.ctx, operator.By, list); err != nil {
		return err
	}
	fmt.Fprintf(w.stderr, "已写入账本 applied: %d 项新增 new, %d 项变更 changed\n", list.Count(office.LineNew), list.Count(office.LineChanged))
	return nil
}

func printImport(w *world, list *office.GrantImport) {
	for _, l := range list.Lines {
		if l.Change == office.LineSame {
			continue
		}
		fmt.Fprintf(w.stdout, "第 %d 行 row %d  %s  %s\n", l.Row, l.Row, l.Change, l.ID)
		for _, d := range l.Differences {
			fmt.Fprintf(w.stdout, "    %s\n", d)
		}
		for _, p := range l.Problems {
			fmt.Fprintf(w.stdout, "    ✗ %s\n", p)
		}
	}
	fmt.Fprintf(w.stdout, "新增 new %d，变更 changed %d，不变 same %d，有误 bad %d\n",
		list.Count(office.LineNew), list.Count(office.LineChanged), list.Count(office.LineSame), list.Count(office.LineBad))
}

type importCheckCommand struct {
	instance
	File string `arg:"" optional:"" type:"existingfile" help:"清单 .xlsx or .csv; all grants on the ledger when absent."`
	On   string `help:"基准日 Day to be ready for, YYYY-MM-DD; today when absent."`
	Out  string `type:"path" help:"报告 Report file: .md, or .html to print and sign; Markdown to stdout when absent."`
	JSON bool   `name:"json" help:"JSON."`
}

// Run prints the readiness report; exit code 1 while something is missing.
func (c *importCheckCommand) Run(w *world) error {
	day := registry.DateOf(time.Now())
	if c.On != "" {
		parsed, err := registry.ParseDate(c.On)
		if err != nil {
			return err
		}
		day = parsed
	}
	a, err := c.open(w)
	if err != nil {
		return err
	}
	defer a.Close()
	grants, err := c.grants(w, a)
	if err != nil {
		return err
	}
	report, err := a.Office.Grants.Readiness(w.ctx, operator.By, grants, day)
	if err != nil {
		return err
	}
	switch {
	case c.JSON:
		err = json.NewEncoder(w.stdout).Encode(report)
	case strings.HasSuffix(c.Out, ".html"):
		var page []byte
		if page, err = report.Page(); err == nil {
			err = os.WriteFile(c.Out, page, 0o644)
		}
	default:
		err = writeOut(w, c.Out, []byte(report.Markdown()))
	}
	if err == nil && report.Ready() < len(report.Lines) {
		return exit(exitNegative)
	}
	return err
}

func (c *importCheckCommand) grants(w *world, a *app.App) ([]*registry.Grant, error) {
	if c.File != "" {
		table, err := tables.Read(c.File)
		if err != nil {
			return nil, err
		}
		list, err := a.Office.Grants.Plan(w.ctx, operator.By, table)
		if err != nil {
			return nil, err
		}
		if bad := list.Count(office.LineBad); bad > 0 {
			return nil, registry.Errorf(registry.CodeMalformed, "list", "%d rows are bad and would be missing from the report: tongzheng import grants %s names them", bad, c.File)
		}
		return list.Grants(), nil
	}
	return operator.Grants(a)
}

type importHoldersCommand struct {
	keyFolder
	File string `arg:"" type:"existingfile" help:"名单 .xlsx or .csv; replaces the earlier one whole."`
}

// Run replaces the lists.
func (c *importHoldersCommand) Run(w *world) error {
	n, err := tables.ReplaceWatchList(c.Data, c.File)
	if err == nil {
		fmt.Fprintf(w.stdout, "在册主体 holders listed: %d\n", n)
	}
	return err
}
