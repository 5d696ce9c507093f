package office

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"tongzheng/registry"
)

// Count is how many licenses of a type an issuer has in a state today.
type Count struct {
	Type, TypeName     string
	Issuer, IssuerName string
	Word               registry.Word
	Licenses           int
}

// Statistics counts the licenses of the actor's organization and of those below
// it by type, issuer and what the ledger says of them today: no names, no
// numbers. It walks the status view.
func (o *Reading) Statistics(ctx context.Context, by registry.Actor) ([]Count, error) {
	if by.Organization == "" || !by.Sees(registry.MaySeeStatus) {
		return nil, registry.Errorf(registry.CodeForbidden, "", "statistics are for the people of an organization")
	}
	// 1. Whose licenses they are.
	organizations, err := recordsOf[*registry.Organization](o.common, registry.KindOrganization)
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for _, below := range organizations {
		if kin := (&registry.Kinship{Issuer: below}); kin.Allows(by.Organization, registry.MaySeeStatus) {
			names[below.Code] = below.FullName
		}
	}
	// 2. Count them by what the ledger says today.
	now := o.now()
	knowledge := o.view.Knowledge(now)
	counted := map[Count]int{}
	wanted := func(base string) bool { _, own := names[issuerOf(base)]; return own }
	err = o.view.States(ctx, wanted, func(base string, l *registry.License, over *registry.Oversight) error {
		q := registry.Question{Now: now, Standing: &registry.Standing{License: l, Oversight: over}, Knowledge: knowledge}
		q.Identifier.Version = l.Version
		code, _, _ := strings.Cut(base, ".")
		counted[Count{Type: code, Issuer: issuerOf(base), Word: registry.Judge(q).Word}]++
		return nil
	})
	if err != nil {
		return nil, err
	}
	// 3. Say types and issuers in words.
	types, err := o.catalog.Types(ctx)
	if err != nil {
		return nil, err
	}
	var list []Count
	for c, n := range counted {
		c.Licenses, c.IssuerName = n, names[c.Issuer]
		if i := slices.IndexFunc(types, func(t *registry.LicenseType) bool { return t.Code == c.Type }); i >= 0 {
			c.TypeName = types[i].Name
		}
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b Count) int {
		return cmp.Or(cmp.Compare(a.Issuer, b.Issuer), cmp.Compare(a.Type, b.Type), cmp.Compare(a.Word, b.Word))
	})
	return list, nil
}

// issuerOf is the issuer's code in a license's base: type.issuer.serial.
func issuerOf(base string) string {
	if parts := strings.Split(base, "."); len(parts) == 3 {
		return parts[1]
	}
	return ""
}
