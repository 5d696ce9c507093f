package desk

import (
	"slices"

	"tongzheng/api/signin"
	"tongzheng/registry"
	"tongzheng/registry/office"
)

// Powers are what an account's organization may decide with.
type Powers struct{ Office *office.Office }

// Grants lists the grants in force under which the account's organization
// decides matters that lead to the type; everybody's for an operator.
func (p Powers) Grants(a *signin.Account, t *registry.LicenseType) ([]*registry.Grant, error) {
	records, err := p.Office.View.Records(registry.KindGrant)
	if err != nil {
		return nil, err
	}
	now := p.Office.Clock().Unix()
	var list []*registry.Grant
	for _, record := range records {
		g, ok := record.(*registry.Grant)
		if ok && (a.Admin || g.Decider == a.Organization) && slices.Contains(t.Matters, g.Matter) && (g.End == 0 || now < g.End) && g.Effective <= now {
			list = append(list, g)
		}
	}
	return list, nil
}

// Seals lists the seals in use of those who decide under the grants.
func (p Powers) Seals(grants []*registry.Grant, t *registry.LicenseType) ([]*registry.SealRecord, error) {
	records, err := p.Office.View.Records(registry.KindSeal)
	if err != nil {
		return nil, err
	}
	now := p.Office.Clock().Unix()
	var list []*registry.SealRecord
	for _, record := range records {
		if seal, ok := record.(*registry.SealRecord); ok && decides(grants, seal.Owner) && seal.SealKind == t.Seal && seal.StateAt(now) == registry.SealInUse {
			list = append(list, seal)
		}
	}
	return list, nil
}

// Stock lists the numbered blanks of those who decide under the grants.
func (p Powers) Stock(grants []*registry.Grant, t *registry.LicenseType) ([]*registry.Stock, error) {
	records, err := p.Office.View.Records(registry.KindStock)
	if err != nil {
		return nil, err
	}
	var list []*registry.Stock
	for _, record := range records {
		if st, ok := record.(*registry.Stock); ok && decides(grants, st.Organization) && st.Type == t.Code {
			list = append(list, st)
		}
	}
	return list, nil
}

func decides(grants []*registry.Grant, organization string) bool {
	return slices.ContainsFunc(grants, func(g *registry.Grant) bool { return g.Decider == organization })
}
