package console

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"tongzheng/api/desk"
	"tongzheng/api/httpx"
	"tongzheng/api/resource"
	"tongzheng/api/signin"
	"tongzheng/api/web"
	"tongzheng/registry"
)

// cases are the pages of case files.
type cases struct {
	frame
	desk desk.Cases
}

// list lists the case files of the account's organization.
func (c *cases) list(w http.ResponseWriter, r *http.Request) {
	page, err := c.listed(r)
	if err != nil {
		c.fail(w, r, err)
		return
	}
	c.show(w, r, http.StatusOK, "console-cases", "cases", web.Pair{Chinese: "案卷", English: "Case files"}, page)
}

func (c *cases) listed(r *http.Request) (*web.Cases, error) {
	grants, err := c.desk.Grants(r)
	if err != nil {
		return nil, err
	}
	page := &web.Cases{}
	for _, g := range grants {
		page.Grants = append(page.Grants, web.Option{Value: g.ID, Text: g.ID + " · " + c.names.For(r).Matter(g.Matter)})
	}
	refs, err := c.desk.List(r, 50)
	if err != nil {
		return nil, err
	}
	for _, ref := range refs {
		f, err := c.desk.File(r, ref.Grant, ref.Case)
		if err != nil {
			return nil, err
		}
		page.Files = append(page.Files, web.CaseEntry{Grant: ref.Grant, Number: ref.Case, URL: c.url(ref.Grant, ref.Case), Stage: web.CaseName(f.Stage, f.Result), Due: f.Due, Late: f.Late})
	}
	return page, nil
}

func (c *cases) url(grant, number string) string {
	return c.base + "/console/case?" + url.Values{"grant": {grant}, "case": {number}}.Encode()
}

// page shows one case file and offers the next step.
func (c *cases) page(w http.ResponseWriter, r *http.Request) {
	page, err := c.read(r, r.URL.Query().Get("grant"), r.URL.Query().Get("case"))
	if err != nil {
		c.fail(w, r, err)
		return
	}
	c.draw(w, r, http.StatusOK, page)
}

func (c *cases) draw(w http.ResponseWriter, r *http.Request, status int, page *web.Case) {
	c.show(w, r, status, "console-case", "cases", web.Pair{Chinese: "案卷 " + page.Number, English: "Case file"}, page)
}

// consoleSteps are the choices of the console, as kind or kind and result.
var consoleSteps = []struct {
	word   string
	kind   registry.CaseKind
	result registry.ExaminationResult
}{
	{"accept", registry.CaseAccept, ""}, {"opinion", registry.CaseOpinion, ""}, {"forward", registry.CaseExamine, registry.Forward},
	{"return", registry.CaseExamine, registry.SendBack}, {"refuse", registry.CaseExamine, registry.Refuse},
	{"seal-request", registry.CaseSealRequest, ""}, {"seal-confirm", registry.CaseSealConfirm, ""},
}

// read reads a case for its page. A case that nobody accepted yet is shown
// empty to the authorities that its grant names.
func (c *cases) read(r *http.Request, grant, number string) (*web.Case, error) {
	for name, text := range map[string]string{"grant": grant, "case": number} {
		if text == "" {
			return nil, registry.Errorf(registry.CodeMissing, name, "name grant and case number")
		}
		if err := registry.CheckText(name, text, 64); err != nil {
			return nil, err
		}
	}
	g := c.names.For(r).Grant(grant)
	if g == nil {
		return nil, registry.Errorf(registry.CodeGrant, "grant", "no such grant")
	}
	var err error
	page := &web.Case{Grant: grant, Number: number, Mode: g.Mode}
	if page.File, err = c.desk.File(r, grant, number); err != nil {
		return nil, err
	}
	for _, step := range page.File.Steps {
		page.Steps = append(page.Steps, web.CaseLine{Step: step, Word: web.CaseName(step.Statement.Kind, step.Statement.Result), Organization: c.names.For(r).Organization(step.Statement.Organization)})
	}
	for _, choice := range consoleSteps {
		if page.File.Expects(choice.kind) && (g.Mode == registry.ModeReview || choice.kind != registry.CaseSealRequest) {
			word := web.CaseName(choice.kind, choice.result)
			page.Next = append(page.Next, web.Option{Value: choice.word, Text: word.Chinese + " " + word.English})
		}
	}
	return page, nil
}

// form shows what the account's person would sign.
func (c *cases) form(w http.ResponseWriter, r *http.Request) {
	values, err := httpx.Values(w, r)
	var page *web.Case
	if err == nil {
		page, err = c.read(r, trimmed(values, "grant"), trimmed(values, "case"))
	}
	if err != nil {
		c.fail(w, r, err)
		return
	}
	if err := c.fillStatement(r, page, values); err != nil {
		c.trail.Refused(r, "case step", "", err)
		p := httpx.Report(w, r, err)
		page.Problem = web.ProblemOf(p)
		c.draw(w, r, p.Status, page)
		return
	}
	c.draw(w, r, http.StatusOK, page)
}

func (c *cases) fillStatement(r *http.Request, page *web.Case, values url.Values) error {
	draft := resource.CaseDraft{Grant: page.Grant, Case: page.Number, Organization: signin.AccountOf(r).Organization,
		Content: strings.ReplaceAll(trimmed(values, "text"), "\r\n", "\n")}
	for _, choice := range consoleSteps {
		if choice.word == values.Get("step") {
			draft.Kind, draft.Result = choice.kind, choice.result
		}
	}
	if draft.Kind == registry.CaseAccept {
		days, err := strconv.Atoi(values.Get("days"))
		if err != nil {
			return registry.Errorf(registry.CodeMalformed, "days", "a number of working days")
		}
		draft.Days = days
	}
	next, err := c.desk.Next(r, draft)
	if err != nil {
		return err
	}
	page.Statement, page.Text = &next.Statement, draft.Content
	if page.Sign, err = c.signing(r, next.Sign.Digest); err != nil || page.Sign == nil {
		return err
	}
	extra, err := json.Marshal(caseExtra{next.Sign.Canonical, draft.Content})
	page.Sign.Post, page.Sign.Then, page.Sign.Extra = c.base+"/console/case/passkey", c.url(page.Grant, page.Number), string(extra)
	return err
}

// caseExtra goes from the page back with the signature.
type caseExtra struct {
	Canonical []byte `json:"canonical"`
	Content   string `json:"content,omitempty"`
}

// sign adds a step that a passkey signed.
func (c *cases) sign(w http.ResponseWriter, r *http.Request) {
	var body struct {
		signin.AssertionBody
		caseExtra
	}
	err := httpx.DecodeBody(r, &body)
	var step registry.CaseStep
	if err == nil {
		step, err = desk.ReadStep(resource.CaseStep{Canonical: body.Canonical, Content: body.Content})
	}
	var approval *registry.Approval
	if err == nil {
		approval, err = c.passkeys.Assertion(r, body.AssertionBody)
	}
	if err == nil {
		step.Approval = *approval
		_, err = c.desk.Take(r, step)
	}
	if err != nil {
		c.trail.Refuse(w, r, desk.CaseOperation(step.Statement.Kind), "", err)
		return
	}
	httpx.JSON(w, r, http.StatusCreated, map[string]any{"kind": step.Statement.Kind})
}
