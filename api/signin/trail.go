package signin

import (
	"context"
	"net/http"

	"tongzheng/api/httpx"
	"tongzheng/api/problem"
	"tongzheng/registry"
	"tongzheng/registry/office"
)

// Trail puts what callers did and what was refused them into the audit trail:
// operation, subject and code, never values.
type Trail struct{ Office *office.Office }

// Note appends a line. A trail out of reach is logged and does not hide the
// answer.
func (t Trail) Note(r *http.Request, by registry.Actor, operation, subject string, code registry.Code) {
	if err := t.Office.Auditing.Note(context.WithoutCancel(r.Context()), by, operation, subject, code); err != nil {
		httpx.Log(r).Error("audit", "request", httpx.RequestID(r), "operation", operation, "error", err)
	}
}

// Refused notes a refused write of the caller. The office notes its own
// refusals of applications.
func (t Trail) Refused(r *http.Request, operation, subject string, err error) {
	if e := problem.Coded(err); e.Code != registry.CodeInternal {
		t.Note(r, AccountOf(r).Actor(), operation, subject, e.Code)
	}
}

// Refuse answers a refused write and notes it.
func (t Trail) Refuse(w http.ResponseWriter, r *http.Request, operation, subject string, err error) {
	t.Refused(r, operation, subject, err)
	httpx.Fail(w, r, err)
}
