package api

import (
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"tongzheng/api/web"
	"tongzheng/registry"
	"tongzheng/registry/office"
)

// proceedingPage says in plain words what is being signed, who has signed, and
// where it stands.
func (s *Server) proceedingPage(w http.ResponseWriter, r *http.Request) {
	p, err := s.visibleProceeding(r)
	var page *web.Proceeding
	if err == nil {
		page, err = s.proceedingData(r, p)
	}
	if err != nil {
		s.failConsole(w, r, err)
		return
	}
	s.page(w, r, http.StatusOK, "console-proceeding", "tasks", web.Pair{Chinese: p.Intent.Act.Chinese() + " · " + page.TypeName, English: p.Intent.Act.String()}, page)
}

func (s *Server) proceedingData(r *http.Request, p *office.Proceeding) (*web.Proceeding, error) {
	in := p.Intent
	page := &web.Proceeding{P: p, TypeName: in.Identifier.Type, Organization: s.organizationName(in.Organization),
		Refresh: p.Step == office.StepApproved || p.Step == office.StepSealed}
	if t, err := s.Office.Store.Type(r.Context(), in.Identifier.Type, in.TypeVersion); err == nil {
		page.TypeName = t.Name
		if g, err := t.GroundFor(in.Act, in.Ground); err == nil {
			page.Ground = g
		}
		if err := s.fillContent(r, page, t); err != nil {
			return nil, err
		}
	}
	if record, _, err := s.Office.View.Record(registry.KindGrant, in.Grant); err == nil {
		if g, ok := record.(*registry.Grant); ok && g != nil {
			page.Grant = s.ledgerNames(g)
		}
	}
	if record, _, err := s.Office.View.Record(registry.KindSeal, in.Seal); err == nil && in.Seal != "" {
		if seal, ok := record.(*registry.SealRecord); ok && seal != nil {
			page.Seal = seal.FullName
		}
	}
	var err error
	if page.Warnings, err = s.Office.Warnings(r.Context(), p); err != nil {
		return nil, err
	}
	if p.Step == office.StepRefused {
		page.Refusal = &web.Pair{Chinese: p.Refusal.Chinese(), English: p.Refusal.English()}
	}
	a := accountOf(r)
	page.MayRelease = p.Step == office.StepSealed && a.Organization == in.Organization && slices.Contains(a.Roles, registry.RoleApprover)
	if err := s.fillSigns(page, p); err != nil {
		return nil, err
	}
	return page, s.fillPasskeys(r, page, p)
}

// fillContent shows what the version says, against the version before.
func (s *Server) fillContent(r *http.Request, page *web.Proceeding, t *registry.LicenseType) error {
	in := page.P.Intent
	version, err := s.Office.Store.Version(r.Context(), in.Identifier.Base(), in.Identifier.Version)
	if registry.CodeOf(err) == registry.CodeNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	page.Facts = &version.Facts
	if !in.Act.MakesVersion() {
		return nil
	}
	var before *registry.Facts
	if in.Identifier.Version > 1 {
		if old, err := s.Office.Store.Version(r.Context(), in.Identifier.Base(), in.Identifier.Version-1); err == nil {
			before = &old.Facts
		}
	}
	page.Fields = fieldsOf(t, version.Facts, before)
	return nil
}

func (s *Server) fillSigns(page *web.Proceeding, p *office.Proceeding) error {
	approvals, err := s.approvalsResource(p)
	if err != nil {
		return err
	}
	for _, given := range approvals.Given {
		title := "已签名"
		for i, role := range given.Roles {
			if i == 0 {
				title = web.RoleName(role).Chinese + " · 已签名"
			}
		}
		page.Signs = append(page.Signs, web.Sign{Title: title, Note: string(given.Algorithm) + " " + string(given.KeyID), Done: true})
	}
	if p.Step != office.StepReserved {
		return nil
	}
	// Which roles are still open is the contract's to say; here all asked for
	// are named when some are missing.
	var asked []string
	for _, role := range approvals.Asked {
		asked = append(asked, web.RoleName(role).Chinese)
	}
	for range approvals.Missing {
		page.Signs = append(page.Signs, web.Sign{Title: "待签名", Note: "须由不同的人签署 by different people: " + strings.Join(asked, "、")})
	}
	return nil
}

// fillPasskeys gives the browser what a signature over the intent needs.
func (s *Server) fillPasskeys(r *http.Request, page *web.Proceeding, p *office.Proceeding) error {
	if p.Step != office.StepReserved {
		return nil
	}
	sign, err := s.signing(r, p.Digest)
	if err != nil || sign == nil {
		return err
	}
	sign.Post = s.base() + "/console/proceedings/" + p.Digest.String() + "/passkey"
	page.Sign = sign
	return nil
}

func (s *Server) dropForm(w http.ResponseWriter, r *http.Request) {
	p, err := s.visibleProceeding(r)
	if err == nil {
		err = s.Office.Drop(r.Context(), accountOf(r).Actor(), p.Digest)
	}
	s.backToProceeding(w, r, "drop", err)
}

func (s *Server) releaseForm(w http.ResponseWriter, r *http.Request) {
	p, err := s.visibleProceeding(r)
	if err == nil {
		err = s.Office.ReleasePending(r.Context(), accountOf(r).Actor(), p.Digest)
	}
	s.backToProceeding(w, r, "release", err)
}

func (s *Server) backToProceeding(w http.ResponseWriter, r *http.Request, operation string, err error) {
	if err != nil {
		s.auditRefusal(r, operation, "", err)
		s.failConsole(w, r, err)
		return
	}
	http.Redirect(w, r, s.base()+"/console/proceedings/"+chi.URLParam(r, "intent"), http.StatusSeeOther)
}
