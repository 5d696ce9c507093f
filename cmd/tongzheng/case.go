package main

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"tongzheng/cmd/internal/client"
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
	client.Remote
	Grant string `arg:"" help:"赋权编号 Grant."`
	Case  string `arg:"" help:"受理文号 Case number."`
}

// caseFile is what the client needs of a case file.
type caseFile struct {
	Stage  string        `json:"stage"`
	Result string        `json:"result"`
	Due    registry.Date `json:"due"`
	Late   bool          `json:"late"`
	Digest sm.Digest     `json:"digest"`
	Steps  []struct {
		Number       int       `json:"number"`
		Kind         string    `json:"kind"`
		Organization string    `json:"organization"`
		Result       string    `json:"result"`
		Time         time.Time `json:"time"`
		Text         string    `json:"text"`
		Key          sm.KeyID  `json:"key"`
	} `json:"steps"`
}

func (f *caseFile) print(w *world) {
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
	var f caseFile
	query := url.Values{"grant": {c.Grant}, "case": {c.Case}}
	if err := c.Call(w.ctx, http.MethodGet, "/cases?"+query.Encode(), nil, nil, &f); err != nil {
		return err
	}
	f.print(w)
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
	draft := map[string]any{"grant": c.Grant, "case": c.Case, "kind": step.Kind, "organization": c.Organization}
	for name, value := range map[string]string{"result": string(step.Result), "content": c.Text} {
		if value != "" {
			draft[name] = value
		}
	}
	if days > 0 {
		draft["days"] = days
	}
	var next struct {
		Sign struct {
			Canonical []byte `json:"canonical"`
		} `json:"sign"`
	}
	if err := c.Call(w.ctx, http.MethodPost, "/cases/statements", nil, draft, &next); err != nil {
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
	body := map[string]any{"canonical": next.Sign.Canonical, "approval": approval}
	if c.Text != "" {
		body["content"] = c.Text
	}
	var f caseFile
	if err := c.Call(w.ctx, http.MethodPost, "/cases/steps", nil, body, &f); err != nil {
		return err
	}
	f.print(w)
	return nil
}
