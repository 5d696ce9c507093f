package office

import (
	"context"

	"tongzheng/registry"
)

// LicenseView is a license's page in the console.
type LicenseView struct {
	Type        *registry.LicenseType
	Versions    []*Version // oldest first, without the documents' bytes
	Standing    *registry.Standing
	Proceedings []*Proceeding
	Printings   []PrintingRef
	Record      *Record
	Verdict     registry.Verdict // of the license today
}

// License gathers everything about one license for those who may see what it
// says (registry.MaySeeContent). Others are told that there is none.
func (o *Reading) License(ctx context.Context, by registry.Actor, id registry.Identifier) (*LicenseView, error) {
	if err := o.access.license(ctx, by, id, registry.MaySeeContent); err != nil {
		return nil, err
	}
	base := id.Base()
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
