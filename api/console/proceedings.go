package console

import (
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"tongzheng/api/desk"
	"tongzheng/api/signin"
	"tongzheng/api/web"
	"tongzheng/registry/office"
)

// proceedings are the pages of acts on their way.
type proceedings struct {
	frame
	office *office.Office
	desk   desk.Proceedings
}

// page says in plain words what is being signed, who has signed, and where it
// stands.
func (p *proceedings) page(w http.ResponseWriter, r *http.Request) {
	found, err := p.desk.Named(r)
	var page *web.Proceeding
	if err == nil {
		page, err = p.read(r, found)
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	act := found.Intent.Act
	p.show(w, r, http.StatusOK, "console-proceeding", "tasks", web.Pair{Chinese: act.Chinese() + " · " + page.TypeName, English: act.String()}, page)
}

func (p *proceedings) read(r *http.Request, of *office.Proceeding) (*web.Proceeding, error) {
	in := of.Intent
	page := &web.Proceeding{P: of, TypeName: in.Identifier.Type, Organization: p.names.For(r).Organization(in.Organization),
		Refresh: of.Step == office.StepApproved || of.Step == office.StepSealed}
	if err := p.fillContent(r, page); err != nil {
		return nil, err
	}
	if g := p.names.For(r).Grant(in.Grant); g != nil {
		page.Grant = p.grant(r, g)
	}
	if in.Seal != "" {
		page.Seal = p.names.For(r).Seal(in.Seal)
	}
	var err error
	if page.Warnings, err = p.office.Reading.Warnings(r.Context(), signin.AccountOf(r).Actor(), of); err != nil {
		return nil, err
	}
	if of.Refusal != "" {
		page.Refusal = &web.Pair{Chinese: of.Refusal.Chinese(), English: of.Refusal.English()}
	}
	page.MayRelease = of.Step == office.StepSealed && signin.AccountOf(r).Actor().MayRelease(&in) == nil
	if err := p.fillSigns(r, page, of); err != nil {
		return nil, err
	}
	return page, p.fillPasskeys(r, page, of)
}

// fillContent shows what the version says, against the version before.
func (p *proceedings) fillContent(r *http.Request, page *web.Proceeding) error {
	content, err := p.desk.Content(r, page.P)
	if err != nil || content.Type == nil {
		return err
	}
	in := page.P.Intent
	page.TypeName, page.Facts = content.Type.Name, content.Facts
	if g, err := content.Type.GroundFor(in.Act, in.Ground); err == nil {
		page.Ground = g
	}
	if page.Facts != nil && in.Act.MakesVersion() {
		page.Fields = fieldsOf(content.Type, *content.Facts, content.Before)
		if !page.Refresh {
			page.Drawn = p.base + "/console/proceedings/" + page.P.Digest.String() + "/document.svg"
		}
	}
	return nil
}

func (p *proceedings) fillSigns(r *http.Request, page *web.Proceeding, of *office.Proceeding) error {
	approvals, err := p.desk.Approvals(r, of)
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
	if of.Step != office.StepReserved {
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

// fillPasskeys gives the way to the signing page.
func (p *proceedings) fillPasskeys(r *http.Request, page *web.Proceeding, of *office.Proceeding) (err error) {
	if of.Step == office.StepReserved {
		page.Sign, err = p.toSign(r, "/console/proceedings/"+of.Digest.String()+"/sign")
	}
	return err
}

func (p *proceedings) drop(w http.ResponseWriter, r *http.Request) {
	found, err := p.desk.Named(r)
	if err == nil {
		err = p.desk.Drop(r, found.Digest)
	}
	p.back(w, r, "drop", err)
}

func (p *proceedings) release(w http.ResponseWriter, r *http.Request) {
	found, err := p.desk.Named(r)
	if err == nil {
		err = p.desk.Release(r, found.Digest)
	}
	p.back(w, r, "release", err)
}

func (p *proceedings) back(w http.ResponseWriter, r *http.Request, operation string, err error) {
	if err != nil {
		p.refuse(w, r, operation, "", err)
		return
	}
	http.Redirect(w, r, p.base+"/console/proceedings/"+chi.URLParam(r, "intent"), http.StatusSeeOther)
}
