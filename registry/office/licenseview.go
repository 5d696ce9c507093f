package office

import (
	"context"
	"slices"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// LicenseView is a license's page in the console: what the ledger has of it, and
// what is on its way as far as the actor sees that.
type LicenseView struct {
	Sight       registry.Right      // MaySeeContent, MaySeeResult or MaySeeStatus: what the rest is cut to
	Copied      bool                // of another member: only what goes through governance is done on it here
	File        string              // number of the review file that gives this sight, if one does
	Document    bool                // the actor may have the sealed files
	Paper       bool                // and the sheets
	Identifier  registry.Identifier // of the version in force; before the first is, of the one that its issue proposes
	Type        *registry.LicenseType
	Present     *Version   // of Identifier; nil when its row is lost, or its issue was given up
	Versions    []*Version // that anchored acts made, oldest first, without the documents' bytes; before the first, what its issue proposes
	Standing    *registry.Standing
	Proceedings []*Proceeding    // anchored ones, and those on their way, refused or given up that the actor may see
	Printings   []PrintingRef    // likewise
	InFlight    *sm.Digest       // the act on its way, if the actor may see it
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
// Others are told that there is none; so is everybody but the parties to its issue,
// before that is anchored.
func (o *Reading) License(ctx context.Context, by registry.Actor, id registry.Identifier) (*LicenseView, error) {
	point, err := o.access.standpoint(ctx, by, id)
	if err != nil {
		return nil, err
	}
	sight, file, err := point.sight()
	if err != nil {
		return nil, err
	}
	v, err := o.whole(ctx, by, id)
	if err != nil {
		return nil, err
	}
	v.File = file
	v.Document, _ = point.allows(registry.MaySeeDocument)
	v.Paper, _ = point.allows(registry.MaySeeSheets)
	v.cut(sight)
	if err := o.addOffers(ctx, by, id, v); err != nil {
		return v, err
	}
	if v.Copied { // its own acts are its registry's to record
		v.Offers = slices.DeleteFunc(v.Offers, func(offer registry.Offer) bool { return !offer.Governed })
	}
	if sight == registry.MaySeeStatus {
		return v, nil
	}
	if err := o.access.read(ctx, by, "license", id.String(), file); err != nil {
		return nil, err
	}
	return v, nil
}

// whole gathers about one license what is in force, and of what is not what the
// actor may see on its way.
func (o *Reading) whole(ctx context.Context, by registry.Actor, id registry.Identifier) (v *LicenseView, err error) {
	base := id.Base()
	row, err := o.licenses.Record(ctx, base)
	if err != nil {
		return nil, err
	}
	v = &LicenseView{Copied: row.Copied}
	if v.Standing, err = o.view.Standing(base); err != nil {
		return nil, err
	}
	if v.Proceedings, err = o.seenActs(ctx, by, base); err != nil {
		return nil, err
	}
	if row.InFlight != nil && slices.ContainsFunc(v.Proceedings, func(p *Proceeding) bool { return p.Digest == row.InFlight.Digest }) {
		v.InFlight = &row.InFlight.Digest
	}
	if v.Printings, err = o.licenses.Printings(ctx, base); err != nil {
		return nil, err
	}
	v.Printings = slices.DeleteFunc(v.Printings, func(p PrintingRef) bool { return !v.hasSheet(p.Printing.Number) })
	if err := o.addVersions(ctx, id, v); err != nil {
		return nil, err
	}
	q := registry.Question{Now: o.now(), Standing: v.Standing, Identifier: v.Identifier, Knowledge: o.view.Knowledge(o.now())}
	q.Pending = row.InFlight != nil && row.InFlight.Step == StepSealed
	v.Verdict = registry.Judge(q)
	return v, nil
}

// seenActs lists the license's acts: anchored ones, and of the others those that
// the actor may see on their way. What was merely proposed, or given up, is for
// nobody else.
func (o *Reading) seenActs(ctx context.Context, by registry.Actor, base string) (seen []*Proceeding, err error) {
	history, err := o.acts.History(ctx, base)
	if err != nil {
		return nil, err
	}
	for _, p := range history {
		err := error(nil)
		if p.Step != StepAnchored {
			err = o.seesProceeding(by, p)
		}
		switch {
		case err == nil:
			seen = append(seen, p)
		case registry.CodeOf(err) != registry.CodeNotFound:
			return nil, err
		}
	}
	return seen, nil
}

// hasSheet tells whether a sheet is on the ledger, or on its way in an act that
// the view shows.
func (v *LicenseView) hasSheet(number uint32) bool {
	if v.Standing.License != nil {
		if _, known := v.Standing.License.Sheet(number); known {
			return true
		}
	}
	return slices.ContainsFunc(v.Proceedings, func(p *Proceeding) bool {
		return slices.ContainsFunc(p.Intent.Printings, func(sheet registry.Printing) bool { return sheet.Number == number })
	})
}

// addVersions adds the versions that anchored acts made, which one is in force,
// and its type; before the first, what an issue on its way would make.
func (o *Reading) addVersions(ctx context.Context, id registry.Identifier, v *LicenseView) error {
	var made []*registry.Intent
	v.Identifier = id
	if v.Standing.License != nil {
		v.Identifier.Version = v.Standing.License.Version
		for _, a := range v.Standing.Entries {
			if in := a.Entry.Intent; in != nil && in.Act.MakesVersion() {
				made = append(made, in)
			}
		}
	} else {
		for _, p := range v.Proceedings {
			v.Identifier = p.Intent.Identifier
			if p.Intent.Act.MakesVersion() && !p.Step.Done() {
				made = append(made, &p.Intent)
			}
		}
	}
	for _, in := range made {
		version, err := o.licenses.Version(ctx, id.Base(), in.Identifier.Version)
		if registry.CodeOf(err) == registry.CodeNotFound || err == nil && version.Intent != in.Digest() {
			continue // the row is lost
		}
		if err != nil {
			return err
		}
		version.Unsealed, version.Sealed = nil, nil
		v.Versions = append(v.Versions, version)
		if version.Identifier.Version == v.Identifier.Version {
			v.Present = version
		}
		if version.Copied != nil {
			v.Type = version.Copied.Opened.Type // our own catalog need not have it
			continue
		}
		v.Type, err = o.catalog.Type(ctx, version.Identifier.Type, version.TypeVersion)
		if err != nil {
			return err
		}
	}
	if v.Type == nil { // nothing is stored of what it says
		var err error
		if v.Type, err = o.catalog.Type(ctx, id.Type, 0); err != nil && registry.CodeOf(err) != registry.CodeTypeUnknown {
			return err
		}
	}
	return nil
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
		v.Versions[i] = &Version{Identifier: version.Identifier, Facts: facts, TypeVersion: version.TypeVersion, Released: version.Released, Pending: version.Pending, Intent: version.Intent, Withheld: version.Withheld}
		if version == v.Present {
			v.Present = v.Versions[i]
		}
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
	case registry.NumberTellsHolder(number, code):
		return "", holder
	}
	return number, holder
}
