package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"tongzheng/api/resource"
	"tongzheng/cmd/internal/operator"
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
	if c.JSON {
		err = json.NewEncoder(w.stdout).Encode(lines)
	} else {
		printStock(w, lines)
	}
	if err == nil && !balanced {
		return exit(exitNegative)
	}
	return err
}

func printStock(w *world, lines []resource.StockLine) {
	fmt.Fprintln(w.stdout, "单位 organization\t证照类型 type\t样式 form\t印次 run\t领用 allocated\t空白 free\t有效 good\t废品 spoiled\t作废 void\t收回 recovered\t销毁 destroyed\t遗失 lost")
	for _, l := range lines {
		fmt.Fprintf(w.stdout, "%s\t%s\t%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d", l.Organization, l.Type, l.Form, l.Run, l.Allocated, l.Free, l.Good, l.Spoiled, l.Void, l.Recovered, l.Destroyed, l.Lost)
		if l.Foreign > 0 {
			fmt.Fprintf(w.stdout, "\t移交前用 used before a transfer: %d", l.Foreign)
		}
		if line := office.StockLine(l); !line.Balanced() {
			fmt.Fprint(w.stdout, "\t不平 DOES NOT BALANCE")
		}
		fmt.Fprintln(w.stdout)
	}
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
