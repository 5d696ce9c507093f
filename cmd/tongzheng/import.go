package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"tongzheng/api/client"
	"tongzheng/api/resource"
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
	table, err := readTable(c.File)
	if err != nil {
		return err
	}
	o, err := c.operate(w)
	if err != nil {
		return err
	}
	defer o.Close()
	list, err := o.Grants.Plan(w.ctx, table)
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
	if list, err = o.Grants.Apply(w.ctx, table); err != nil {
		return err
	}
	if err := waits(list.Sheet); err != nil {
		return err
	}
	fmt.Fprintf(w.stderr, "已写入账本 applied: %d 项新增 new, %d 项变更 changed\n", list.Count(office.LineNew), list.Count(office.LineChanged))
	return nil
}

func printImport(w *world, list *resource.GrantPlan) {
	printSource(w, list.Worksheet, list.Notes)
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
		for _, warning := range l.Warnings {
			fmt.Fprintf(w.stdout, "    注意 note: %s\n", warning)
		}
	}
	fmt.Fprintf(w.stdout, "新增 new %d，变更 changed %d，不变 same %d，有误 bad %d\n",
		list.Count(office.LineNew), list.Count(office.LineChanged), list.Count(office.LineSame), list.Count(office.LineBad))
}

// printSource says what of a file was read.
func printSource(w *world, worksheet string, notes []string) {
	if worksheet != "" {
		fmt.Fprintf(w.stderr, "工作表 sheet: %s\n", worksheet)
	}
	for _, note := range notes {
		fmt.Fprintf(w.stderr, "注意 note: %s\n", note)
	}
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
	ask, err := c.ask()
	if err != nil {
		return err
	}
	o, err := c.operate(w)
	if err != nil {
		return err
	}
	defer o.Close()
	report, err := o.Grants.Readiness(w.ctx, ask)
	if err != nil {
		return err
	}
	if c.JSON {
		err = json.NewEncoder(w.stdout).Encode(report)
	} else {
		err = c.write(w, o, ask)
	}
	if err == nil && !report.Ready() {
		return exit(exitNegative)
	}
	return err
}

// ask is what is to be examined.
func (c *importCheckCommand) ask() (ask client.ReadinessAsk, err error) {
	if ask.On, err = registry.ParseDate(c.On); err != nil || c.File == "" {
		return ask, err
	}
	table, err := readTable(c.File)
	ask.List = &table
	return ask, err
}

// write writes the report as somebody reads it.
func (c *importCheckCommand) write(w *world, o *operated, ask client.ReadinessAsk) error {
	format := "markdown"
	if strings.HasSuffix(c.Out, ".html") {
		format = "html"
	}
	text, err := o.Grants.ReadinessText(w.ctx, ask, format)
	if err != nil {
		return err
	}
	return writeOut(w, c.Out, text)
}

type importHoldersCommand struct {
	keyFolder
	File string `arg:"" type:"existingfile" help:"名单 .xlsx or .csv; replaces the earlier one whole."`
}

// Run replaces the lists.
func (c *importHoldersCommand) Run(w *world) error {
	table, err := readTable(c.File)
	if err != nil {
		return err
	}
	o := c.operate(w)
	defer o.Close()
	listed, err := o.Lists.ReplaceHolders(w.ctx, table)
	if err != nil {
		return err
	}
	printSource(w, listed.Worksheet, listed.Notes)
	fmt.Fprintf(w.stdout, "在册主体 holders listed: %d\n", listed.Holders)
	return nil
}
