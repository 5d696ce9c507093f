package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"tongzheng/api/resource"
	"tongzheng/cmd/internal/operator"
	"tongzheng/cmd/internal/tables"
	"tongzheng/registry"
	"tongzheng/registry/office"
)

type stockCommand struct {
	Report   stockReportCommand   `cmd:"" default:"1" help:"库存报表 Every blank accounted for; exit code 1 when a line does not balance."`
	Allocate stockAllocateCommand `cmd:"" help:"领用 Allocate a range of a print run to an organization."`
	Transfer stockTransferCommand `cmd:"" help:"移交 Move numbers to another organization."`
	Spend    stockSpendCommand    `cmd:"" help:"核销 Report unused blanks that are spoiled, lost or destroyed: they are never used then."`
}

type stockReportCommand struct {
	instance
	Organization string `help:"统一社会信用代码 Only this organization's."`
	Out          string `type:"path" help:"报表文件 Report file, .xlsx or .csv."`
	JSON         bool   `name:"json" help:"JSON."`
}

// Run prints the stock report.
func (c *stockReportCommand) Run(w *world) error {
	o, err := c.operate(w)
	if err != nil {
		return err
	}
	defer o.Close()
	lines, err := o.Stock.Report(w.ctx, c.Organization)
	if err != nil {
		return err
	}
	balanced := true
	for i := range lines {
		line := office.StockLine(lines[i])
		balanced = balanced && line.Balanced()
	}
	switch {
	case c.Out != "":
		var file []byte
		if file, err = tables.Encode(filepath.Ext(c.Out), stockRows(lines)); err == nil {
			err = writeOut(w, c.Out, file)
		}
	case c.JSON:
		err = json.NewEncoder(w.stdout).Encode(lines)
	default:
		for _, row := range stockRows(lines) {
			fmt.Fprintln(w.stdout, strings.Join(tables.Guarded(row), "\t"))
		}
	}
	if err == nil && !balanced {
		return exit(exitNegative)
	}
	return err
}

// stockRows are the report as a table.
func stockRows(lines []resource.StockLine) [][]string {
	rows := [][]string{{"单位 organization", "证照类型 type", "样式 form", "印次 run", "领用 allocated", "空白 free", "有效 good", "废品 spoiled", "作废 void",
		"收回 recovered", "销毁 destroyed", "遗失 lost"}}
	for _, l := range lines {
		row := []string{l.Organization, l.Type, l.Form, l.Run}
		for _, n := range []int{l.Allocated, l.Free, l.Good, l.Spoiled, l.Void, l.Recovered, l.Destroyed, l.Lost} {
			row = append(row, strconv.Itoa(n))
		}
		if l.Foreign > 0 {
			row = append(row, fmt.Sprintf("移交前用 used before a transfer: %d", l.Foreign))
		}
		if line := office.StockLine(l); !line.Balanced() {
			row = append(row, "不平 DOES NOT BALANCE")
		}
		rows = append(rows, row)
	}
	return rows
}

// stockPlace names a stock on the command line.
type stockPlace struct {
	Type         string `required:"" help:"证照类型代码 License type."`
	Form         string `required:"" help:"样式 Form."`
	PrintRun     string `name:"run" required:"" help:"印次 Print run."`
	Organization string `required:"" help:"统一社会信用代码 Whose stock."`
	From         string `required:"" help:"起号 First number, leading zeros kept."`
	To           string `required:"" help:"止号 Last number."`
	Basis        string `required:"" help:"领用单或移交清单 Document number."`
}

func (p *stockPlace) numbers() resource.StockNumbers {
	return resource.StockNumbers{Type: p.Type, Form: p.Form, Run: p.PrintRun, Organization: p.Organization, From: p.From, To: p.To, Basis: p.Basis}
}

type stockAllocateCommand struct {
	instance
	stockPlace
}

// Run allocates.
func (c *stockAllocateCommand) Run(w *world) error {
	o, err := c.operate(w)
	if err != nil {
		return err
	}
	defer o.Close()
	return moved(o.Stock.Allocate(w.ctx, c.numbers()))
}

type stockTransferCommand struct {
	instance
	stockPlace
	Receiver string `required:"" help:"接收单位 Credit code of the organization that takes them."`
}

// Run transfers.
func (c *stockTransferCommand) Run(w *world) error {
	o, err := c.operate(w)
	if err != nil {
		return err
	}
	defer o.Close()
	return moved(o.Stock.Transfer(w.ctx, resource.StockTransfer{StockNumbers: c.numbers(), Receiver: c.Receiver}))
}

type stockSpendCommand struct {
	instance
	stockPlace
	How string `required:"" enum:"spoiled,lost,destroyed" help:"spoiled 损毁, lost 遗失, destroyed 销毁（两人监销）."`
}

// Run reports what became of unused blanks.
func (c *stockSpendCommand) Run(w *world) error {
	o, err := c.operate(w)
	if err != nil {
		return err
	}
	defer o.Close()
	return moved(o.Stock.Spend(w.ctx, resource.StockSpending{StockNumbers: c.numbers(), How: registry.SpentHow(c.How)}))
}

type calibrateCommand struct {
	keyFolder
	Out          string   `arg:"" optional:"" type:"path" help:"校准页 PDF of the calibration page."`
	Page         string   `enum:"A4,A4-portrait,A3" default:"A4" help:"A4, A4-portrait, A3."`
	Organization string   `help:"统一社会信用代码 Whose printer, to keep or show offsets."`
	Printer      string   `help:"打印机 Its name."`
	X            *float64 `help:"横向偏移（毫米）60 minus the measured distance from the left edge."`
	Y            *float64 `help:"纵向偏移（毫米）60 minus the measured distance from the upper edge."`
}

// Run draws the page, or keeps and shows a printer's offsets.
func (c *calibrateCommand) Run(w *world) error {
	if c.Out != "" {
		page, err := operator.CalibrationPage(c.Page)
		if err != nil {
			return err
		}
		if err := os.WriteFile(c.Out, page, 0o644); err != nil {
			return err
		}
	}
	printers := operator.Printers{Path: filepath.Join(c.Data, "printers.json")}
	if c.X != nil || c.Y != nil {
		if c.X == nil || c.Y == nil || c.Organization == "" || c.Printer == "" {
			return registry.Errorf(registry.CodeMissing, "printer", "--organization, --printer, --x and --y go together")
		}
		return printers.Set(c.Organization, c.Printer, registry.Overprint{X: *c.X, Y: *c.Y})
	}
	if c.Out != "" {
		return nil
	}
	all, err := printers.All()
	if err != nil {
		return err
	}
	return json.NewEncoder(w.stdout).Encode(all)
}
