package desk

import (
	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
)

// Names says in words what the ledger names by codes.
type Names struct{ Office *office.Office }

// Approver is the ledger's record of a key, nil when there is none.
func (n Names) Approver(id sm.KeyID) *registry.Approver {
	approver, _ := record[*registry.Approver](n, registry.KindApprover, string(id))
	return approver
}

// Roles are those that the ledger has for a key.
func (n Names) Roles(id sm.KeyID) []registry.Role {
	if approver := n.Approver(id); approver != nil {
		return approver.Roles
	}
	return nil
}

// Organization is the name of an organization by its credit code; the code
// itself when the ledger has none.
func (n Names) Organization(code string) string {
	if o, _ := record[*registry.Organization](n, registry.KindOrganization, code); o != nil {
		return o.FullName
	}
	return code
}

// Matter is the name of a matter; its code when the ledger has none.
func (n Names) Matter(code string) string {
	if m, _ := record[*registry.Matter](n, registry.KindMatter, code); m != nil {
		return m.FullName
	}
	return code
}

// Seal is the name of a seal; empty when the ledger has none.
func (n Names) Seal(id string) string {
	if seal, _ := record[*registry.SealRecord](n, registry.KindSeal, id); seal != nil {
		return seal.FullName
	}
	return ""
}

// Grant is a grant as the ledger has it, nil when there is none.
func (n Names) Grant(id string) (*registry.Grant, error) {
	return record[*registry.Grant](n, registry.KindGrant, id)
}

// record reads a governance record; nil when the ledger has none of this kind.
func record[T registry.GovernanceRecord](n Names, kind registry.RecordKind, name string) (T, error) {
	found, _, err := n.Office.View.Record(kind, name)
	typed, _ := found.(T)
	return typed, err
}
