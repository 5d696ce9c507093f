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

// file shows a case to the authorities that its grant names, and to those who
// signed a step of it.
func (c *cases) file(w http.ResponseWriter, r *http.Request) {
	err := httpx.KnownParameters(r, "grant", "case")
	var f *registry.CaseFile
	grant, number := r.URL.Query().Get("grant"), r.URL.Query().Get("case")
	if err == nil {
		f, err = c.desk.Named(r, grant, number)
	}
	if err != nil {
		httpx.Fail(w, r, err)
		return
	}
	httpx.JSON(w, r, http.StatusOK, c.resource(r, grant, number, f))
}

func (c *cases) resource(r *http.Request, grant, number string, f *registry.CaseFile) resource.CaseFile {
	out := resource.CaseFile{Grant: grant, Case: number, Stage: f.Stage, Result: f.Result, Due: f.Due, Late: f.Late, Digest: f.Digest, Steps: []resource.CaseLine{}}
	for _, step := range f.Steps {
		out.Steps = append(out.Steps, resource.CaseLine{CaseStatement: step.Statement, Time: time.Unix(step.Statement.At, 0).In(registry.China), Text: step.Content,
			Key: step.Approval.KeyID, Roles: c.names.For(r).Roles(step.Approval.KeyID), Signed: step.Approval})
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
	httpx.JSON(w, r, http.StatusCreated, c.resource(r, step.Statement.Grant, step.Statement.Case, f))
}
