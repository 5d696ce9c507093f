package api

import (
	"net/http"

	"tongzheng/api/resource"
	"tongzheng/api/signin"
	"tongzheng/registry"
	"tongzheng/registry/office"
)

// resource is a proceeding in its JSON form.
func (p *proceedings) resource(r *http.Request, of *office.Proceeding) (*resource.Proceeding, error) {
	canonical, err := registry.Encode(&of.Intent)
	if err != nil {
		return nil, err
	}
	out := &resource.Proceeding{Intent: of.Digest, Act: of.Intent.Act, Step: resource.Step(of.Step), Identifier: of.Intent.Identifier,
		Organization: of.Intent.Organization, Proposal: of.Intent, Remark: of.Remark, Receipt: of.Receipt,
		Created: of.Created.In(registry.China), Updated: of.Updated.In(registry.China), Printings: []resource.Printing{},
		Sign: resource.Sign{Digest: of.Digest, Message: registry.ApprovalMessage(of.Digest), Canonical: canonical}}
	if out.Approvals, err = p.desk.Approvals(r, of); err != nil {
		return nil, err
	}
	if out.Warnings, err = p.office.Reading.Warnings(r.Context(), signin.AccountOf(r).Actor(), of); err != nil {
		return nil, err
	}
	if of.Refusal != "" {
		out.Refusal = resource.NewRefusal(of.Refusal, of.Detail)
	}
	urls := p.desk.ScanURLs(r, of)
	for i, printing := range of.Intent.Printings {
		out.Printings = append(out.Printings, resource.Printing{Number: printing.Number, Version: of.Intent.Identifier.Version,
			Copy: printing.Copy, Blank: printing.Blank, URL: urls[i]})
	}
	self := p.base + "/api/v1/proceedings/" + of.Digest.String()
	out.Links = map[string]string{"self": self, "approvals": self + "/approvals",
		"license": p.base + "/api/v1/licenses/" + of.Intent.Identifier.String()}
	return out, nil
}

// resource is a license in its JSON form.
func (l *licenses) resource(v *office.LicenseView) *resource.License {
	whole := v.Sight == registry.MaySeeContent
	out := &resource.License{Identifier: v.Identifier, InFlight: v.InFlight, Sight: v.Sight, Verdict: v.Verdict, State: registry.StateNone, Versions: []resource.Version{}, Proceedings: []resource.Line{},
		Printings: l.printings(v), Relations: v.Relations, Actions: offered(v.Offers)}
	if v.Type != nil {
		out.Type, out.TypeName = v.Type.Code, v.Type.Name
	}
	if v.Standing != nil && v.Standing.License != nil {
		if whole {
			out.Ledger = v.Standing.License
		}
		out.State, _ = v.Standing.State()
		row := v.Standing.National(l.desk.Today())
		out.National = &row
	}
	for _, x := range v.Versions {
		version := resource.Version{Identifier: x.Identifier, Number: x.Facts.Number, Issuer: x.Facts.IssuerName,
			Issued: x.Facts.Issued, Effective: x.Facts.Effective, Expires: x.Facts.Expires,
			Fields: x.Facts.Fields, Released: x.Released, Pending: x.Pending, Intent: x.Intent, NotRecomputed: v.NotRecomputed(x.Intent), Withheld: x.Withheld}
		if whole {
			version.Holder = &x.Facts.Holder
		} else {
			version.HolderName = x.Facts.Holder.Name
		}
		out.Versions = append(out.Versions, version)
	}
	for _, p := range v.Proceedings {
		out.Proceedings = append(out.Proceedings, resource.Line{Intent: p.Digest, Act: p.Intent.Act, Version: p.Intent.Identifier.Version,
			Step: resource.Step(p.Step), Ground: p.Intent.Ground, Decision: p.Intent.Decision, Decided: p.Intent.DecidedAt(), Refusal: p.Refusal})
	}
	return out
}

// offered is a list of offers, empty rather than null.
func offered(offers []registry.Offer) []registry.Offer {
	if offers == nil {
		return []registry.Offer{}
	}
	return offers
}

func (l *licenses) printings(v *office.LicenseView) []resource.Printing {
	out := []resource.Printing{}
	for _, p := range v.Printings {
		line := resource.Printing{Number: p.Printing.Number, Version: p.Identifier.Version, Copy: p.Printing.Copy,
			Blank: p.Printing.Blank, QR: p.QR}
		if v.Sight == registry.MaySeeContent {
			line.URL = l.office.Reading.ScanURL(p.Token)
		}
		if v.Standing != nil && v.Standing.License != nil {
			if sheet, ok := v.Standing.License.Sheet(p.Printing.Number); ok {
				line.State = sheet.State
			}
		}
		out = append(out, line)
	}
	return out
}
