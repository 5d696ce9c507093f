package main

import (
	"fmt"
	"os"
	"strings"

	"tongzheng/api/resource"
	"tongzheng/cmd/internal/person"
	"tongzheng/registry"
	"tongzheng/registry/sm"
)

type caseCommand struct {
	Show        caseShowCommand    `cmd:"" help:"查看案卷 Show a case file: stage, clock, what is missing, who takes part, every step."`
	Receipt     caseReceiptCommand `cmd:"" help:"收件回执 Show the receipt of the application."`
	Receive     caseReceiveCommand `cmd:"" help:"收件 Record that an application came in: five working days of silence accept it (行政许可法32条)."`
	Notify      caseNotifyCommand  `cmd:"" help:"补正告知 Tell once, in writing, all that is missing."`
	Decline     caseTellCommand    `cmd:"" help:"不予受理 Do not accept the application; --text says why."`
	Accept      caseAcceptCommand  `cmd:"" help:"受理 Accept a case: its clock begins."`
	Commit      caseStepCommand    `cmd:"" help:"告知承诺 Keep the commitment that the applicant signed (--text-file)."`
	Supply      caseSupplyCommand  `cmd:"" help:"补齐 Items that were missing came in."`
	Invite      caseInviteCommand  `cmd:"" help:"邀请 Invite another organization into the file: it reads it from then on."`
	Opinion     caseStepCommand    `cmd:"" help:"意见 One party's or invited organization's opinion."`
	Extend      caseExtendCommand  `cmd:"" help:"延长期限 More time to decide, once: the head of the deciding organ, told in writing (行政许可法42条)."`
	StopClock   caseStopCommand    `cmd:"" help:"期限中止 Stop the clock for a procedure of 行政许可法45条, told in writing."`
	ResumeClock caseStepCommand    `cmd:"" help:"期限恢复 The clock runs again."`
	Forward     caseStepCommand    `cmd:"" help:"审查上报 Examined: the conditions are met."`
	Return      caseStepCommand    `cmd:"" help:"退回补正 Examined: to be supplemented."`
	Refuse      caseStepCommand    `cmd:"" help:"审查不予通过 Examined: refused."`
	RequestSeal caseStepCommand    `cmd:"" name:"request-seal" help:"用印申请 In mode review: ask the decider for its seal."`
	ConfirmSeal caseStepCommand    `cmd:"" name:"confirm-seal" help:"用印确认 In mode review: the decider confirms."`
}

// caseNamed names a case.
type caseNamed struct {
	remote
	Grant string `arg:"" help:"赋权编号 Grant."`
	Case  string `arg:"" help:"受理文号 Case number."`
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
var caseSteps = map[sealVerb]resource.CaseDraft{
	"receive": {Kind: registry.CaseReceive}, "notify": {Kind: registry.CaseNotify}, "decline": {Kind: registry.CaseDecline},
	"accept": {Kind: registry.CaseAccept}, "commit": {Kind: registry.CaseCommit}, "supply": {Kind: registry.CaseSupply},
	"invite": {Kind: registry.CaseInvite}, "opinion": {Kind: registry.CaseOpinion}, "extend": {Kind: registry.CaseExtend},
	"stop-clock": {Kind: registry.CaseSuspend}, "resume-clock": {Kind: registry.CaseResume},
	"forward":      {Kind: registry.CaseExamine, Result: registry.Forward},
	"return":       {Kind: registry.CaseExamine, Result: registry.SendBack},
	"refuse":       {Kind: registry.CaseExamine, Result: registry.Refuse},
	"request-seal": {Kind: registry.CaseSealRequest}, "confirm-seal": {Kind: registry.CaseSealConfirm},
}

// Run takes the step.
func (c *caseStepCommand) Run(w *world, verb sealVerb) error { return c.take(w, caseSteps[verb]) }

// take asks the server what is to be signed, checks that it says what was
// asked for, signs and hands in.
func (c *caseStepCommand) take(w *world, draft resource.CaseDraft) error {
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
	draft.Grant, draft.Case, draft.Organization, draft.Content = c.Grant, c.Case, c.Organization, c.Text
	if draft.Days != 0 {
		draft.Unit = registry.WorkingDays
	}
	next, err := c.client().Cases.Next(w.ctx, draft)
	if err != nil {
		return err
	}
	digest, err := saidAsAsked(draft, next.Sign.Canonical)
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

// saidAsAsked reads the statement that the server asks to sign: the step that
// was asked for, at its place in the file, and nothing else. It returns what is
// signed.
func saidAsAsked(draft resource.CaseDraft, canonical []byte) (sm.Digest, error) {
	var said registry.CaseStatement
	if err := registry.Decode(canonical, &said); err != nil {
		return sm.Digest{}, err
	}
	if said.Through != draft.Through {
		return sm.Digest{}, usage("the receipt is for a neighbor, under grant %s: --through names it", said.Through)
	}
	wanted := draft.Statement()
	wanted.Number, wanted.Previous, wanted.At = said.Number, said.Previous, said.At
	if draft.Content != "" {
		wanted.Content = sm.Sum([]byte(draft.Content))
	}
	digest, err := said.Digest()
	if err != nil {
		return digest, err
	}
	if asked, err := wanted.Digest(); err != nil || asked != digest {
		return digest, fmt.Errorf("the server asks to sign another step: not signed")
	}
	return digest, nil
}
