package desk

import (
	"context"
	"net/http"

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
	found, err := p.Read(r.Context(), digest)
	if err != nil {
		return nil, err
	}
	a := signin.AccountOf(r)
	if !a.Admin && (a.Organization == "" || a.Organization != found.Intent.Organization && a.Organization != found.Intent.Identifier.Issuer) {
		return nil, registry.Errorf(registry.CodeNotFound, "intent", "no such proceeding for this account")
	}
	return found, nil
}

// Read reads a proceeding again.
func (p Proceedings) Read(ctx context.Context, intent sm.Digest) (*office.Proceeding, error) {
	return p.Office.Store.Proceeding(ctx, intent)
}

// Approve adds a signature that the caller hands in.
func (p Proceedings) Approve(r *http.Request, intent sm.Digest, approval registry.Approval) (*office.Proceeding, error) {
	return p.Office.Approve(r.Context(), signin.AccountOf(r).Actor(), intent, approval)
}

// Drop gives a reserved proceeding up.
func (p Proceedings) Drop(r *http.Request, intent sm.Digest) error {
	return p.Office.Drop(r.Context(), signin.AccountOf(r).Actor(), intent)
}

// Release lets paper out before the ledger has answered.
func (p Proceedings) Release(r *http.Request, intent sm.Digest) error {
	return p.Office.ReleasePending(r.Context(), signin.AccountOf(r).Actor(), intent)
}

// Approvals says who has signed and what is still asked for.
func (p Proceedings) Approvals(of *office.Proceeding) (resource.Approvals, error) {
	out := resource.Approvals{Asked: []registry.Role{}, Given: p.Names.Given(of.Approvals)}
	policy, err := p.Office.Policy(of.Intent.Identifier.Type)
	if err != nil {
		return out, err
	}
	mode := registry.Mode("")
	if grant, err := p.Names.Grant(of.Intent.Grant); err == nil && grant != nil {
		mode = grant.Mode
	}
	out.Asked = append(out.Asked, policy.Roles(of.Intent.Act, mode)...)
	if of.Step == office.StepReserved {
		out.Missing = max(0, len(out.Asked)-len(out.Given))
	}
	return out, nil
}

// ScanURL is where the code of a printing leads.
func (p Proceedings) ScanURL(of *office.Proceeding, printing registry.Printing) string {
	return p.Office.ScanURL(registry.NewToken(p.Office.Config.TokenKey, of.Intent.Identifier, printing))
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
	in, out := of.Intent, Content{}
	t, err := p.Office.Store.Type(r.Context(), in.Identifier.Type, in.TypeVersion)
	if err != nil {
		return out, nil // the page names the type by its code then
	}
	out.Type = t
	version, err := p.Office.Store.Version(r.Context(), in.Identifier.Base(), in.Identifier.Version)
	if registry.CodeOf(err) == registry.CodeNotFound {
		return out, nil
	}
	if err != nil {
		return out, err
	}
	out.Facts = &version.Facts
	if in.Act.MakesVersion() && in.Identifier.Version > 1 {
		if old, err := p.Office.Store.Version(r.Context(), in.Identifier.Base(), in.Identifier.Version-1); err == nil {
			out.Before = &old.Facts
		}
	}
	return out, nil
}

// Given says which signatures have been given, with the roles that the ledger
// has for their keys.
func (n Names) Given(approvals []registry.Approval) []resource.Given {
	out := []resource.Given{}
	for _, a := range approvals {
		out = append(out, resource.Given{KeyID: a.KeyID, Algorithm: a.Algorithm, Roles: n.Roles(a.KeyID)})
	}
	return out
}
