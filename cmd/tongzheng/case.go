package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"tongzheng/api/resource"
	"tongzheng/cmd/internal/person"
	"tongzheng/registry"
	"tongzheng/registry/sm"
)

type caseCommand struct {
	Show        caseShowCommand   `cmd:"" help:"查看案卷 Show a case file."`
	Accept      caseAcceptCommand `cmd:"" help:"受理 Accept a case: its clock begins."`
	Opinion     caseStepCommand   `cmd:"" help:"现场核查意见 One party's opinion of a site visit."`
	Forward     caseStepCommand   `cmd:"" help:"审查上报 Examined: the conditions are met."`
	Return      caseStepCommand   `cmd:"" help:"退回补正 Examined: to be supplemented."`
	Refuse      caseStepCommand   `cmd:"" help:"审查不予通过 Examined: refused."`
	RequestSeal caseStepCommand   `cmd:"" name:"request-seal" help:"用印申请 In mode review: ask the decider for its seal."`
	ConfirmSeal caseStepCommand   `cmd:"" name:"confirm-seal" help:"用印确认 In mode review: the decider confirms."`
}

// caseNamed names a case.
type caseNamed struct {
	remote
	Grant string `arg:"" help:"赋权编号 Grant."`
	Case  string `arg:"" help:"受理文号 Case number."`
}

func printCase(w *world, f *resource.CaseFile) {
	late := ""
	if f.Late {
		late = "  逾期 late"
	}
	fmt.Fprintf(w.stdout, "阶段 stage %s %s  期限 due %s%s\n摘要 digest %s\n", f.Stage, f.Result, f.Due, late, f.Digest)
	for _, s := range f.Steps {
		fmt.Fprintf(w.stdout, "  %d. %s %s  %s  %s  %s\n", s.Number, s.Kind, s.Result, s.Organization, s.Time.Format(time.DateTime), s.Key)
		if s.Text != "" {
			fmt.Fprintf(w.stdout, "     %s\n", s.Text)
		}
	}
}

type caseShowCommand struct{ caseNamed }

// Run shows the file.
func (c *caseShowCommand) Run(w *world) error {
	f, err := c.client().Cases.File(w.ctx, c.Grant, c.Case)
	if err != nil {
		return err
	}
	printCase(w, f)
	return nil
}

type caseStepCommand struct {
	caseNamed
	Organization string `required:"" help:"统一社会信用代码 Credit code of the person's organization."`
	Sign         string `required:"" type:"existingfile" placeholder:"KEY.pem" help:"签署密钥 The person's own SM2 key."`
	Text         string `help:"意见 The text of an opinion or finding."`
	TextFile     string `type:"existingfile" help:"The same from a file."`
}

// caseSteps are the steps by subcommand.
var caseSteps = map[sealVerb]registry.CaseStatement{
	"accept": {Kind: registry.CaseAccept}, "opinion": {Kind: registry.CaseOpinion},
	"forward":      {Kind: registry.CaseExamine, Result: registry.Forward},
	"return":       {Kind: registry.CaseExamine, Result: registry.SendBack},
	"refuse":       {Kind: registry.CaseExamine, Result: registry.Refuse},
	"request-seal": {Kind: registry.CaseSealRequest}, "confirm-seal": {Kind: registry.CaseSealConfirm},
}

// Run takes the step.
func (c *caseStepCommand) Run(w *world, verb sealVerb) error { return c.take(w, caseSteps[verb], 0) }

type caseAcceptCommand struct {
	caseStepCommand
	Days int `default:"20" help:"审查期限（工作日）Working days to examine: 20 at a lower level by law (行政许可法43条)."`
}

// Run accepts the case.
func (c *caseAcceptCommand) Run(w *world) error { return c.take(w, caseSteps["accept"], c.Days) }

// take asks the server what is to be signed, checks that it says what was
// asked for, signs and hands in.
func (c *caseStepCommand) take(w *world, step registry.CaseStatement, days int) error {
	if c.TextFile != "" {
		raw, err := os.ReadFile(c.TextFile)
		if err != nil {
			return err
		}
		c.Text = strings.TrimSpace(string(raw))
	}
	raw, err := os.ReadFile(c.Sign)
	if err != nil {
		return err
	}
	key, err := person.ParseKey(raw)
	if err != nil {
		return usage("%s: %v", c.Sign, err)
	}
	next, err := c.client().Cases.Next(w.ctx, resource.CaseDraft{Grant: c.Grant, Case: c.Case, Kind: step.Kind, Organization: c.Organization,
		Result: step.Result, Days: days, Content: c.Text})
	if err != nil {
		return err
	}
	var said registry.CaseStatement
	if err := registry.Decode(next.Sign.Canonical, &said); err != nil {
		return err
	}
	wanted := said
	wanted.Grant, wanted.Case, wanted.Kind, wanted.Organization, wanted.Result, wanted.Days = c.Grant, c.Case, step.Kind, c.Organization, step.Result, days
	wanted.Content = sm.Digest{}
	if c.Text != "" {
		wanted.Content = sm.Sum([]byte(c.Text))
	}
	if said != wanted {
		return fmt.Errorf("the server asks to sign another step: not signed")
	}
	digest, err := said.Digest()
	if err != nil {
		return err
	}
	approval, err := person.Approve(key, digest)
	if err != nil {
		return err
	}
	f, err := c.client().Cases.Take(w.ctx, resource.CaseStep{Canonical: next.Sign.Canonical, Content: c.Text, Approval: approval})
	if err != nil {
		return err
	}
	printCase(w, f)
	return nil
}
