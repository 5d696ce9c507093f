package operator

import (
	"tongzheng/cmd/internal/app"
	"tongzheng/registry"
)

// Grants are all grants on the ledger.
func Grants(a *app.App) ([]*registry.Grant, error) {
	records, err := a.View.Records(registry.KindGrant)
	if err != nil {
		return nil, err
	}
	var grants []*registry.Grant
	for _, record := range records {
		if g, ok := record.(*registry.Grant); ok {
			grants = append(grants, g)
		}
	}
	return grants, nil
}

// GrantsNamed resolves ids of grants and names of lists.
func GrantsNamed(a *app.App, names []string) (ids []string, err error) {
	grants, err := Grants(a)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		before := len(ids)
		for _, g := range grants {
			if g.ID == name || g.List == name {
				ids = append(ids, g.ID)
			}
		}
		if len(ids) == before {
			return nil, registry.Errorf(registry.CodeGrant, "grants", "no grant and no list %s", name)
		}
	}
	return ids, nil
}
