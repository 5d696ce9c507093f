package api

import (
	"net/http"
	"time"

	"tongzheng/api/desk"
	"tongzheng/api/httpx"
	"tongzheng/api/resource"
	"tongzheng/api/signin"
	"tongzheng/registry"
)

// cases answers for case files.
type cases struct {
	desk  desk.Cases
	names desk.Names
	trail signin.Trail
}

// file shows a case to its parties.
func (c *cases) file(w http.ResponseWriter, r *http.Request) {
	err := httpx.KnownParameters(r, "grant", "case")
	var f *registry.CaseFile
	grant, number := r.URL.Query().Get("grant"), r.URL.Query().Get("case")
	if err == nil {
		f, err = c.desk.Named(r, grant, number)
	}
	c.answer(w, r, http.StatusOK, grant, number, f, err)
}

// receipt shows what the applicant was given when the application came in.
func (c *cases) receipt(w http.ResponseWriter, r *http.Request) {
	err := httpx.KnownParameters(r, "grant", "case")
	var out *resource.CaseReceipt
	if err == nil {
		out, err = c.desk.Receipt(r, c.names.For(r), r.URL.Query().Get("grant"), r.URL.Query().Get("case"))
	}
	if err != nil {
		httpx.Fail(w, r, err)
		return
	}
	httpx.JSON(w, r, http.StatusOK, out)
}

func (c *cases) answer(w http.ResponseWriter, r *http.Request, status int, grant, number string, f *registry.CaseFile, err error) {
	var out *resource.CaseFile
	if err == nil {
		out, err = c.resource(r, grant, number, f)
	}
	if err != nil {
		httpx.Fail(w, r, err)
		return
	}
	httpx.JSON(w, r, status, out)
}

func (c *cases) resource(r *http.Request, grant, number string, f *registry.CaseFile) (*resource.CaseFile, error) {
	out := &resource.CaseFile{Grant: grant, Case: f.Named(number), Stage: f.Stage, Decision: f.Decision, Result: f.Result, Due: f.Due, Late: f.Late, Digest: f.Digest, Notice: f.Notice,
		Invitations: f.Invitations, Clock: clockOf(f), Home: f.Home, Steps: []resource.CaseLine{}}
	if g := c.names.For(r).Grant(grant); g != nil && f.Decision == nil {
		out.Waits = f.Waits(g)
	}
	if h := f.Held; h != nil {
		s := &h.Step.Statement
		out.Held = &resource.HeldStep{Kind: s.Kind, Organization: s.Organization, Time: time.Unix(s.At, 0).In(registry.China), Code: h.Refusal, Detail: h.Detail}
	}
	if !f.Commitment.IsZero() {
		out.Commitment = &f.Commitment
	}
	for _, item := range f.Items {
		line := resource.MissingItem{Name: item.Name, Due: item.Due, Overdue: item.Overdue(c.desk.Today())}
		if !item.Open() {
			line.Supplied = time.Unix(item.Supplied, 0).In(registry.China)
		}
		out.Items = append(out.Items, line)
	}
	for _, step := range f.Steps {
		out.Steps = append(out.Steps, resource.CaseLine{CaseStatement: step.Statement, Time: time.Unix(step.Statement.At, 0).In(registry.China), Text: step.Content,
			Key: step.Approval.KeyID, Roles: c.names.For(r).Roles(step.Approval.KeyID), Signed: step.Approval})
	}
	if f.Receipt == nil {
		return out, nil
	}
	var err error
	out.Receipt, err = desk.NewReceipt(c.names.For(r), f, grant, number)
	return out, err
}

// clockOf is the file's clock in its JSON form; nil before there is one.
func clockOf(f *registry.CaseFile) *resource.CaseClock {
	c := &f.Clock
	if c.Began == 0 && c.RespondBy == 0 {
		return nil
	}
	out := &resource.CaseClock{Unit: registry.WorkingDays, RespondBy: c.RespondBy, Began: c.Began, Days: c.Days, Extended: c.Extended, ExamineBy: f.Due,
		DecideBy: c.DecideBy, Stopped: c.Stopped() != nil}
	for _, stop := range c.Stops {
		out.Stops = append(out.Stops, resource.ClockStop(stop))
	}
	return out
}

// statement answers with what a person would sign to take the next step.
func (c *cases) statement(w http.ResponseWriter, r *http.Request) {
	var draft resource.CaseDraft
	err := httpx.DecodeBody(r, &draft)
	var out *resource.CaseSigning
	if err == nil {
		out, err = c.desk.Next(r, draft)
	}
	if err != nil {
		c.trail.Refuse(w, r, desk.CaseOperation(draft.Kind), "", err)
		return
	}
	httpx.JSON(w, r, http.StatusOK, out)
}

// record adds a signed step to its file.
func (c *cases) record(w http.ResponseWriter, r *http.Request) {
	var signed resource.CaseStep
	err := httpx.DecodeBody(r, &signed)
	var step registry.CaseStep
	if err == nil {
		step, err = desk.ReadStep(signed)
	}
	var f *registry.CaseFile
	if err == nil {
		f, err = c.desk.Take(r, step)
	}
	if err != nil {
		c.trail.Refuse(w, r, desk.CaseOperation(step.Statement.Kind), "", err)
		return
	}
	status := http.StatusCreated
	if f != nil && f.Held.Awaited() {
		status = http.StatusAccepted
	}
	c.answer(w, r, status, step.Statement.Grant, step.Statement.Case, f, nil)
}
