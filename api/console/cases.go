package console

import (
	"encoding/base64"
	"net/http"
	"net/url"

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
	neighbors, err := c.desk.Neighbors(r)
	if err != nil {
		return nil, err
	}
	for _, g := range neighbors {
		page.Grants = append(page.Grants, web.Option{Value: g.ID, Text: g.ID + " · " + c.names.For(r).Matter(g.Matter) + " · 代收转办 taken in for " + c.names.For(r).Organization(g.Decider)})
	}
	refs, err := c.desk.List(r, 50)
	if err != nil {
		return nil, err
	}
	for _, ref := range refs {
		f, err := c.desk.Glance(r, ref.Grant, ref.Case)
		if err != nil {
			return nil, err
		}
		entry := web.CaseEntry{Grant: ref.Grant, Number: ref.Case, URL: c.url("/console/case", ref.Grant, ref.Case), Stage: web.StageName(f), Due: f.Due, DecideBy: f.Clock.DecideBy,
			Late: f.Late, Stopped: f.Clock.Stopped() != nil, Open: len(f.OpenItems())}
		for i := range f.Items {
			entry.Overdue = entry.Overdue || f.Items[i].Overdue(c.desk.Today())
		}
		page.Files = append(page.Files, entry)
	}
	return page, nil
}

func (c *cases) url(path, grant, number string) string {
	return c.base + path + "?" + url.Values{"grant": {grant}, "case": {number}}.Encode()
}

// page shows one case file and offers the steps that the account's organization
// can take.
func (c *cases) page(w http.ResponseWriter, r *http.Request) {
	page, g, err := c.read(r, r.URL.Query().Get("grant"), r.URL.Query().Get("case"))
	if err != nil {
		c.fail(w, r, err)
		return
	}
	page.Forms = c.forms(page, g, signin.AccountOf(r).Organization, nil, nil)
	c.draw(w, r, http.StatusOK, page)
}

func (c *cases) draw(w http.ResponseWriter, r *http.Request, status int, page *web.Case) {
	c.show(w, r, status, "console-case", "cases", web.Pair{Chinese: "案卷 " + page.Number, English: "Case file"}, page)
}

// read reads a case for its page. One that nothing came in for yet is shown empty
// to the authorities that its grant names.
func (c *cases) read(r *http.Request, grant, number string) (*web.Case, *registry.Grant, error) {
	for name, text := range map[string]string{"grant": grant, "case": number} {
		if text == "" {
			return nil, nil, registry.Errorf(registry.CodeMissing, name, "name grant and case number")
		}
		if err := registry.CheckText(name, text, 64); err != nil {
			return nil, nil, err
		}
	}
	g := c.names.For(r).Grant(grant)
	if g == nil {
		return nil, nil, registry.Errorf(registry.CodeGrant, "grant", "no such grant")
	}
	f, err := c.desk.File(r, grant, number)
	if err != nil {
		return nil, nil, err
	}
	number = f.Named(number)
	page := &web.Case{Grant: grant, Number: number, Mode: g.Mode, File: f, Stage: web.StageName(f), Clock: clockFacts(f, g.Mode, c.desk.Today())}
	if f.Receipt != nil {
		page.Receipt = c.url("/console/case/receipt", grant, number)
	}
	for i := range f.Items {
		item := &f.Items[i]
		page.Items = append(page.Items, web.CaseItem{Name: item.Name, Due: item.Due, Open: item.Open(), Overdue: item.Overdue(c.desk.Today())})
	}
	for _, in := range f.Invitations {
		fact := web.CaseFact{Label: web.PurposeName(in.Purpose), Text: c.names.For(r).Organization(in.Organization) + " · 期限 by " + in.Due.String()}
		if in.Document != "" {
			fact.Text += " · " + in.Document
		}
		if in.Answered != 0 {
			fact.Tag, fact.Tone = web.Pair{Chinese: "已复", English: "answered"}, "anchored"
			if in.Late {
				fact.Tag, fact.Tone = web.Pair{Chinese: "逾期答复", English: "answered late"}, "refused"
			}
		}
		page.Invitations = append(page.Invitations, fact)
	}
	for _, step := range f.Steps {
		page.Steps = append(page.Steps, web.CaseLine{Step: step, Word: web.CaseName(step.Statement.Kind, step.Statement.Result),
			Organization: c.names.For(r).Organization(step.Statement.Organization), Facts: c.stepFacts(r, &step.Statement)})
	}
	return page, g, nil
}

// form shows what the account's person would sign, or the form again with all
// that is wrong with it.
func (c *cases) form(w http.ResponseWriter, r *http.Request) {
	values, err := httpx.Values(w, r)
	var page *web.Case
	var g *registry.Grant
	if err == nil {
		page, g, err = c.read(r, trimmed(values, "grant"), trimmed(values, "case"))
	}
	if err != nil {
		c.fail(w, r, err)
		return
	}
	draft, faults := c.draft(page, values, signin.AccountOf(r).Organization)
	if len(faults) == 0 {
		if err = c.fillStatement(r, page, draft); err == nil {
			c.draw(w, r, http.StatusOK, page)
			return
		}
	} else {
		err = faults[0]
	}
	c.trail.Refused(r, "case step", "", err)
	p := httpx.Report(w, r, err)
	if len(faults) == 0 {
		page.Problem = web.ProblemOf(p)
	}
	page.Forms = c.forms(page, g, signin.AccountOf(r).Organization, values, faults)
	c.draw(w, r, p.Status, page)
}

func (c *cases) fillStatement(r *http.Request, page *web.Case, draft resource.CaseDraft) error {
	next, err := c.desk.Next(r, draft)
	if err != nil {
		return err
	}
	page.Statement, page.Text, page.Facts = &next.Statement, draft.Content, c.stepFacts(r, &next.Statement)
	page.Sign, err = c.toSign(r, "/console/case/sign", web.Pair{Chinese: "canonical", English: base64.StdEncoding.EncodeToString(next.Sign.Canonical)},
		web.Pair{Chinese: "content", English: draft.Content})
	return err
}

// receipt shows the receipt to be printed for the applicant.
func (c *cases) receipt(w http.ResponseWriter, r *http.Request) {
	grant, number := r.URL.Query().Get("grant"), r.URL.Query().Get("case")
	kept, err := c.desk.Receipt(r, c.names.For(r), grant, number)
	if err != nil {
		c.fail(w, r, err)
		return
	}
	c.show(w, r, http.StatusOK, "console-receipt", "cases", web.Pair{Chinese: "收件回执 " + number, English: "Receipt"}, &web.CaseReceipt{Grant: grant, Number: number,
		Matter: kept.Matter, Organization: kept.OrganizationName, Answers: kept.AnswersName, Channel: web.ChannelName(kept.Channel).Line(), Received: kept.Received.Unix(), Items: kept.Items,
		RespondBy: kept.RespondBy, Step: kept.Step.String(), Back: c.url("/console/case", grant, number)})
}
