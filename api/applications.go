package api

import (
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"tongzheng/api/desk"
	"tongzheng/api/httpx"
	"tongzheng/api/problem"
	"tongzheng/api/resource"
	"tongzheng/api/signin"
	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
)

// applications takes applications for acts.
type applications struct {
	office      *office.Office
	trail       signin.Trail
	proceedings *proceedings
}

// issue takes an application for a new license.
func (a *applications) issue(w http.ResponseWriter, r *http.Request) {
	var body resource.Application
	if err := httpx.DecodeBody(r, &body); err != nil {
		a.trail.Refuse(w, r, "issue", "", err)
		return
	}
	if body.Act == 0 {
		body.Act = registry.Issue
	}
	if body.Act != registry.Issue {
		a.trail.Refuse(w, r, "issue", "", registry.Errorf(registry.CodeActUnknown, "act", "here a license is issued; other acts are posted to its /acts"))
		return
	}
	a.propose(w, r, "issue", body)
}

// act takes an application for an act on a license.
func (a *applications) act(w http.ResponseWriter, r *http.Request) {
	id, err := registry.ParseIdentifier(chi.URLParam(r, "identifier"))
	if err != nil {
		a.trail.Refuse(w, r, "act", "", err)
		return
	}
	var body resource.Application
	if err := httpx.DecodeBody(r, &body); err != nil {
		a.trail.Refuse(w, r, "act", id.String(), err)
		return
	}
	switch {
	case body.Act == 0:
		err = registry.Errorf(registry.CodeMissing, "act", "name the act")
	case body.Act == registry.Issue:
		err = registry.Errorf(registry.CodeActUnknown, "act", "a new license is posted to /licenses")
	case !body.Identifier.IsZero() && body.Identifier != id:
		err = registry.Errorf(registry.CodeMalformed, "identifier", "differs from the address")
	case body.Type != "":
		err = registry.Errorf(registry.CodeUnknownField, "type", "the license has its type already")
	}
	if err != nil {
		a.trail.Refuse(w, r, "act", id.String(), err)
		return
	}
	body.Identifier = id
	a.propose(w, r, "act", body)
}

// propose hands an application to the office, adds the approvals that came
// with it, and answers 202, or with the end when the caller waits for it.
func (a *applications) propose(w http.ResponseWriter, r *http.Request, operation string, body resource.Application) {
	actor := signin.AccountOf(r).Actor()
	key, err := idempotency(r, actor.Account, operation, body.Application)
	if err == nil {
		err = desk.CheckRemark(body.Remark)
	}
	if err != nil {
		a.trail.Refuse(w, r, operation, "", err)
		return
	}
	p, err := a.office.Issuing.Propose(r.Context(), actor, body.Application, key)
	if err != nil {
		httpx.Fail(w, r, err) // audited by the office
		return
	}
	if p, err = a.approveAll(r, p, body.Approvals); err != nil {
		a.trail.Refuse(w, r, operation, p.Digest.String(), err)
		return
	}
	a.proceedings.answer(w, r, p, http.StatusAccepted)
}

// approveAll adds the approvals that the proceeding does not have yet. When one
// of them does not hold, a proceeding that nobody else signed is given up.
func (a *applications) approveAll(r *http.Request, p *office.Proceeding, approvals []registry.Approval) (*office.Proceeding, error) {
	actor := signin.AccountOf(r).Actor()
	fresh := len(p.Approvals) == 0
	for _, approval := range approvals {
		if p.Step != office.StepReserved || has(p.Approvals, approval.KeyID) {
			continue
		}
		next, err := a.office.Issuing.Approve(r.Context(), actor, p.Digest, approval)
		if err != nil {
			if fresh && problem.Coded(err).Code.Kind() == registry.KindForbidden {
				err = dropped(err, a.office.Issuing.Drop(r.Context(), actor, p.Digest))
			}
			return p, err
		}
		p = next
	}
	return p, nil
}

func dropped(err, drop error) error {
	if drop != nil {
		return drop
	}
	return err
}

func has(approvals []registry.Approval, key sm.KeyID) bool {
	for _, a := range approvals {
		if a.KeyID == key {
			return true
		}
	}
	return false
}

// idempotency reads the key of a request. The body counts by what it says, not
// by its spelling; approvals may be added to a repeat.
func idempotency(r *http.Request, client, operation string, app registry.Application) (office.Idempotency, error) {
	key := strings.Trim(r.Header.Get("Idempotency-Key"), `"`)
	if key == "" {
		return office.Idempotency{}, registry.Errorf(registry.CodeIdempotencyMissing, "Idempotency-Key", "send a key of your own, new for each application")
	}
	if len(key) > 128 || strings.ContainsFunc(key, func(c rune) bool { return c < '!' || c > '~' }) {
		return office.Idempotency{}, registry.Errorf(registry.CodeMalformed, "Idempotency-Key", "1 to 128 printable ASCII characters")
	}
	said, err := httpx.Marshal(app)
	return office.Idempotency{Client: client, Operation: operation, Key: key, Body: sm.Sum(said)}, err
}
