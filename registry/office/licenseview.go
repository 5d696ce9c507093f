package office

import (
	"context"
	"slices"
	"strings"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// LicenseView is a license's page in the console.
type LicenseView struct {
	Sight       registry.Right // MaySeeContent, MaySeeResult or MaySeeStatus: what the rest is cut to
	File        string         // number of the review file that gives this sight, if one does
	Document    bool           // the actor may have the sealed files
	Paper       bool           // and the sheets
	Type        *registry.LicenseType
	Versions    []*Version // oldest first, without the documents' bytes
	Standing    *registry.Standing
	Proceedings []*Proceeding
	Printings   []PrintingRef
	Record      *Record
	Verdict     registry.Verdict // of the license today
	Relations   []registry.Relation
	Offers      []registry.Offer // what the actor may do on it now
}

// NotRecomputed tells whether a version, by its intent, came from elsewhere: two
// persons keyed its fields in, and the signer could not recompute them from the
// file.
func (v *LicenseView) NotRecomputed(intent sm.Digest) bool {
	return slices.ContainsFunc(v.Proceedings, func(p *Proceeding) bool { return p.Digest == intent && p.Intent.Collected != nil })
}

// License gathers about one license what the actor may see of it: everything, or
// the result without identity number and fields, or the state with its dates.
// Others are told that there is none.
func (o *Reading) License(ctx context.Context, by registry.Actor, id registry.Identifier) (*LicenseView, error) {
	point, err := o.access.standpoint(ctx, by, id)
	if err != nil {
		return nil, err
	}
	sight, file, err := point.sight()
	if err != nil {
		return nil, err
	}
	v, err := o.whole(ctx, id.Base())
	if err != nil {
		return nil, err
	}
	v.File = file
	v.Document, _ = point.allows(registry.MaySeeDocument)
	v.Paper, _ = point.allows(registry.MaySeeSheets)
	v.cut(sight)
	if err := o.addOffers(ctx, by, id, v); err != nil || sight == registry.MaySeeStatus {
		return v, err
	}
	if err := o.access.read(ctx, by, "license", id.String(), file); err != nil {
		return nil, err
	}
	return v, nil
}

// whole gathers everything about one license.
func (o *Reading) whole(ctx context.Context, base string) (*LicenseView, error) {
	row, err := o.licenses.Record(ctx, base)
	if err != nil {
		return nil, err
	}
	v := &LicenseView{Record: row}
	if v.Standing, err = o.view.Standing(base); err != nil {
		return nil, err
	}
	if v.Proceedings, err = o.acts.History(ctx, base); err != nil {
		return nil, err
	}
	if v.Printings, err = o.licenses.Printings(ctx, base); err != nil {
		return nil, err
	}
	for _, p := range v.Proceedings {
		if !p.Intent.Act.MakesVersion() {
			continue
		}
		version, err := o.licenses.Version(ctx, base, p.Intent.Identifier.Version)
		if registry.CodeOf(err) == registry.CodeNotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		if version.Intent != p.Digest {
			continue // a refused attempt at the same version
		}
		version.Unsealed, version.Sealed = nil, nil
		v.Versions = append(v.Versions, version)
		v.Type, err = o.catalog.Type(ctx, version.Identifier.Type, version.TypeVersion)
		if err != nil {
			return nil, err
		}
	}
	q := registry.Question{Now: o.now(), Standing: v.Standing, Knowledge: o.view.Knowledge(o.now())}
	if n := len(v.Versions); n > 0 {
		q.Identifier = v.Versions[n-1].Identifier
		if v.Standing.License != nil {
			q.Identifier.Version = v.Standing.License.Version
		}
	}
	q.Pending = row.InFlight != nil && row.InFlight.Step == StepSealed
	v.Verdict = registry.Judge(q)
	return v, nil
}

// addOffers adds what the actor's organization is to the license, and may do.
func (o *Reading) addOffers(ctx context.Context, by registry.Actor, id registry.Identifier, v *LicenseView) error {
	if v.Standing.License == nil || by.Organization == "" {
		return nil
	}
	kin, err := o.law().Kinship(id.Issuer, v.Standing, by.Organization, o.now().Unix())
	if err != nil {
		return err
	}
	v.Relations = slices.DeleteFunc(kin.Relations(by.Organization), func(is registry.Relation) bool { return is == registry.IsStranger })
	v.Offers, err = o.offers(ctx, by, id, v.Standing)
	return err
}

// cut leaves of a view what a sight shows. Below the content it names no fields,
// no identity number and no code that leads to them; below the result neither
// number nor holder.
func (v *LicenseView) cut(sight registry.Right) {
	v.Sight = sight
	if sight == registry.MaySeeContent {
		return
	}
	for i, version := range v.Versions {
		said := version.Facts
		facts := registry.Facts{Identifier: said.Identifier, IssuerName: said.IssuerName, Issued: said.Issued, Effective: said.Effective, Expires: said.Expires}
		facts.Number, facts.Holder.Name = shown(sight, said.Number, said.Holder.Name, said.Holder.Code)
		v.Versions[i] = &Version{Identifier: version.Identifier, Facts: facts, TypeVersion: version.TypeVersion, Released: version.Released, Pending: version.Pending, Intent: version.Intent}
	}
	for i, p := range v.Printings {
		v.Printings[i] = PrintingRef{Identifier: p.Identifier, Printing: p.Printing, Lost: p.Lost}
	}
	for i, p := range v.Proceedings {
		shown := *p
		shown.Remark, shown.Detail = "", ""
		v.Proceedings[i] = &shown
	}
}

// shown is what a sight shows of a license's number and its holder, on its page
// and in lists alike: both with the result, but no number that is made of the
// holder's code below the content.
func shown(sight registry.Right, number, holder, code string) (string, string) {
	switch {
	case sight == registry.MaySeeContent:
		return number, holder
	case sight != registry.MaySeeResult:
		return "", ""
	case code != "" && strings.Contains(number, code):
		return "", holder
	}
	return number, holder
}
