package office

import (
	"cmp"
	"context"
	"maps"
	"slices"

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
// numbers. The status view keeps the counts.
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
	// 2. How many they are by what the ledger says today.
	now := o.now()
	tallies, err := o.view.Counts(slices.Sorted(maps.Keys(names)), registry.DateOf(now))
	if err != nil {
		return nil, err
	}
	counted, stale := map[Count]int{}, o.view.Knowledge(now).Stale
	for _, t := range tallies {
		if stale {
			t.Word = registry.UnknownNow // as of each license
		}
		counted[Count{Type: t.Type, Issuer: t.Issuer, Word: t.Word}] += t.Licenses
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
