package desk

import (
	"context"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"

	"tongzheng/api/resource"
	"tongzheng/api/signin"
	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
)

// Proceedings are those that an account may see.
type Proceedings struct {
	Office *office.Office
	Names  Names
}

// Named reads the proceeding in the address if the caller's organization
// decides it or issues the license.
func (p Proceedings) Named(r *http.Request) (*office.Proceeding, error) {
	digest, err := sm.ParseDigest(chi.URLParam(r, "intent"))
	if err != nil {
		return nil, registry.Errorf(registry.CodeMalformed, "intent", "want 64 hexadecimal digits")
	}
	return p.Read(r, digest)
}

// Read reads a proceeding.
func (p Proceedings) Read(r *http.Request, intent sm.Digest) (*office.Proceeding, error) {
	return p.Office.Reading.Proceeding(r.Context(), signin.AccountOf(r).Actor(), intent)
}

// Await reads the proceeding until it is done or the wait is over; it then
// returns what is known.
func (p Proceedings) Await(r *http.Request, found *office.Proceeding, wait time.Duration) (*office.Proceeding, error) {
	ctx, cancel := context.WithTimeout(r.Context(), wait)
	defer cancel()
	next, err := p.Office.Reading.Wait(ctx, signin.AccountOf(r).Actor(), found.Digest)
	if registry.CodeOf(err) == registry.CodeTimeout && r.Context().Err() == nil {
		err = nil
	}
	if next != nil {
		found = next
	}
	return found, err
}

// Approve adds a signature that the caller hands in.
func (p Proceedings) Approve(r *http.Request, intent sm.Digest, approval registry.Approval) (*office.Proceeding, error) {
	return p.Office.Issuing.Approve(r.Context(), signin.AccountOf(r).Actor(), intent, approval)
}

// Drop gives a reserved proceeding up.
func (p Proceedings) Drop(r *http.Request, intent sm.Digest) error {
	return p.Office.Issuing.Drop(r.Context(), signin.AccountOf(r).Actor(), intent)
}

// Release lets paper out before the ledger has answered.
func (p Proceedings) Release(r *http.Request, intent sm.Digest) error {
	return p.Office.Issuing.ReleasePending(r.Context(), signin.AccountOf(r).Actor(), intent)
}

// Approvals says who has signed and what is still asked for.
func (p Proceedings) Approvals(r *http.Request, of *office.Proceeding) (resource.Approvals, error) {
	out := resource.Approvals{Asked: []registry.Role{}, Given: p.Names.For(r).Given(of.Approvals)}
	asked, err := p.Office.Reading.Asked(r.Context(), signin.AccountOf(r).Actor(), &of.Intent)
	if err != nil {
		return out, err
	}
	out.Asked = append(out.Asked, asked...)
	if of.Step == office.StepReserved {
		out.Missing = max(0, len(out.Asked)-len(out.Given))
	}
	return out, nil
}

// ScanURLs are where the codes of the act's printings lead.
func (p Proceedings) ScanURLs(r *http.Request, of *office.Proceeding) []string {
	return p.Office.Reading.ScanURLs(r.Context(), signin.AccountOf(r).Actor(), of)
}

// Content is what a proceeding's license says: the type, what its version says,
// and what the version before said. What is not stored is nil.
type Content struct {
	Type          *registry.LicenseType
	Facts, Before *registry.Facts
}

// Content reads it. Facts are left out where the type is not known; Before is
// of acts that make a version.
func (p Proceedings) Content(r *http.Request, of *office.Proceeding) (Content, error) {
	in, out, actor := of.Intent, Content{}, signin.AccountOf(r).Actor()
	t, err := p.Office.Reading.Type(r.Context(), actor, in.Identifier.Type, in.TypeVersion)
	if err != nil {
		return out, nil // the page names the type by its code then
	}
	out.Type = t
	now, before, err := p.Office.Reading.Proposed(r.Context(), actor, of)
	if registry.CodeOf(err) == registry.CodeNotFound {
		return out, nil
	}
	if err != nil {
		return out, err
	}
	out.Facts = &now.Facts
	if before != nil {
		out.Before = &before.Facts
	}
	return out, nil
}

// ToSign are acts that wait for the caller's signature, with what a signing page shows.
func (p Proceedings) ToSign(r *http.Request, intents ...sm.Digest) ([]registry.SealJob, error) {
	return p.Office.Issuing.ToSign(r.Context(), signin.AccountOf(r).Actor(), intents...)
}
