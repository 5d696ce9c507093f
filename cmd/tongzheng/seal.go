package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"tongzheng/api/resource"
	"tongzheng/cmd/internal/app"
	"tongzheng/registry"
)

// open opens the instance for one command. The embedded ledger has one owner:
// with a server running this says so.
func (c *instance) open(w *world) (*app.App, error) {
	a, err := app.Open(w.ctx, c.config(w))
	if registry.CodeOf(err) == registry.CodeUnavailable {
		return nil, fmt.Errorf("%w\n停止服务后再试 stop the server first: these commands work on the data folder itself", err)
	}
	return a, err
}

func cutPrefix(s, prefix string) (string, bool) { return strings.CutPrefix(s, prefix) }

type sealCommand struct {
	List    sealListCommand   `cmd:"" default:"1" help:"列出印章 Seals on file, with their state."`
	Import  sealImportCommand `cmd:"" help:"导入备案印章 Import a filed seal (SESeal, DER) and put it on the ledger."`
	Suspend sealStateCommand  `cmd:"" help:"停用 Suspend a seal."`
	Lost    sealStateCommand  `cmd:"" help:"挂失 Report a seal lost."`
	Resume  sealStateCommand  `cmd:"" help:"恢复使用 Take a suspended seal into use again."`
	Retire  sealStateCommand  `cmd:"" help:"注销 Retire a seal for good."`
	Renew   sealRenewCommand  `cmd:"" help:"换章 Make a development seal with a new key and certificate; the old one is retired."`
	Log     sealLogCommand    `cmd:"" help:"用印日志 The signer's hash-chained log of every use of a key."`
}

type sealListCommand struct {
	instance
	JSON bool `name:"json" help:"JSON."`
}

// Run lists seals.
func (c *sealListCommand) Run(w *world) error {
	o, err := c.operate(w)
	if err != nil {
		return err
	}
	defer o.Close()
	records, err := o.Seals.List(w.ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(w.stdout).Encode(records)
	}
	for _, s := range records {
		scope := "全部事项 all matters"
		if len(s.Matters) > 0 {
			scope = strings.Join(s.Matters, " ")
		}
		fmt.Fprintf(w.stdout, "%s  %s  %s  %s  %s\n", s.ID, s.StateAt(time.Now().Unix()), s.FullName, s.Owner, scope)
	}
	return nil
}

type sealImportCommand struct {
	instance
	File    string   `arg:"" type:"existingfile" help:"SESeal file (.esl, DER)."`
	ID      string   `help:"印章编码 Its esID; as in the file when absent."`
	Owner   string   `required:"" help:"用章机关 Credit code of the organization that owns it."`
	Kind    string   `enum:"official,approval" default:"approval" help:"公章 official, 审批专用章 approval."`
	Matters []string `help:"适用事项 Matters it may be used for; all of the owner's when absent."`
	Basis   string   `required:"" help:"备案文号 Number of its filing."`
}

// Run imports a seal.
func (c *sealImportCommand) Run(w *world) error {
	der, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	o, err := c.operate(w)
	if err != nil {
		return err
	}
	defer o.Close()
	filed, err := o.Seals.Import(w.ctx, resource.SealImport{File: der, ID: c.ID, Owner: c.Owner, Kind: registry.SealKind(c.Kind), Matters: c.Matters, Basis: c.Basis})
	if err != nil {
		return err
	}
	if err := waits(filed.Sheet); err != nil {
		return err
	}
	fmt.Fprintf(w.stdout, "%s  %s  印模 impression %d×%d mm  有效期 valid until %s\n", filed.ID, filed.Name, filed.Width, filed.Height, filed.Until.Format(time.DateOnly))
	return nil
}

type sealStateCommand struct {
	instance
	Seal  string `arg:"" help:"印章编码 Seal id."`
	Basis string `required:"" help:"依据 Decision, notice or report."`
}

// states by subcommand.
var sealStates = map[string]registry.SealState{"suspend": registry.SealSuspended, "lost": registry.SealLost, "resume": registry.SealInUse, "retire": registry.SealRetired}

// Run sets a seal's state.
func (c *sealStateCommand) Run(w *world, verb sealVerb) error {
	o, err := c.operate(w)
	if err != nil {
		return err
	}
	defer o.Close()
	state := sealStates[string(verb)]
	set, err := o.Seals.SetState(w.ctx, c.Seal, state, c.Basis)
	if err != nil {
		return err
	}
	if err := waits(set.Sheet); err != nil {
		return err
	}
	fmt.Fprintf(w.stdout, "%s  %s\n", c.Seal, state)
	return nil
}

// sealVerb is the subcommand that was called.
type sealVerb string

type sealRenewCommand struct {
	instance
	Seal  string `arg:"" help:"印章编码 Seal id."`
	As    string `required:"" help:"新印章编码 Id of the new seal."`
	Basis string `required:"" help:"依据 Why."`
}

// Run makes the new seal and retires the old one.
func (c *sealRenewCommand) Run(w *world) error {
	o, err := c.operate(w)
	if err != nil {
		return err
	}
	defer o.Close()
	made, err := o.Seals.Renew(w.ctx, c.Seal, c.As, c.Basis)
	if err != nil {
		return err
	}
	if err := waits(made.Sheet); err != nil {
		return err
	}
	fmt.Fprintf(w.stdout, "%s  %s\n", made.ID, made.Name)
	return nil
}

type sealLogCommand struct {
	keyFolder
	Use  string `help:"Only this use: seal, seal-port, register, order, authorship, qr, status, time-stamp."`
	JSON bool   `name:"json" help:"One JSON object per line."`
}

// Run prints the use log, and its head to keep elsewhere. A signer process must
// not be running.
func (c *sealLogCommand) Run(w *world) error {
	encoder := json.NewEncoder(w.stdout)
	o := c.operate(w)
	defer o.Close()
	head, err := o.Seals.UseLog(w.ctx, c.Use, func(line resource.LogLine) error {
		if c.JSON {
			return encoder.Encode(line)
		}
		_, err := fmt.Fprintf(w.stdout, "%6d  %s  %-11s %s  %s\n", line.Number, time.Unix(line.Time, 0).In(registry.China).Format(time.RFC3339), line.Use, line.Key, line.Subject)
		return err
	})
	if err != nil {
		return err
	}
	if !c.JSON {
		fmt.Fprintf(w.stdout, "%d 行完好 lines intact, 链首 head %s\n", head.Lines, head.Digest)
	}
	return nil
}
