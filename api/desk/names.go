package desk

import (
	"net/http"

	"tongzheng/api/resource"
	"tongzheng/api/signin"
	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
)

// Names says in words what the ledger names by codes.
type Names struct{ Office *office.Office }

// For answers the caller of a request.
func (n Names) For(r *http.Request) NamesFor {
	return NamesFor{n.Office.Reading, signin.AccountOf(r).Actor()}
}

// NamesFor is Names for one caller.
type NamesFor struct {
	reading *office.Reading
	by      registry.Actor
}

// Enrolled tells whether the ledger has a key.
func (n NamesFor) Enrolled(id sm.KeyID) bool { return n.reading.Approver(n.by, id) != nil }

// Roles are those that the ledger has for a key.
func (n NamesFor) Roles(id sm.KeyID) []registry.Role {
	if approver := n.reading.Approver(n.by, id); approver != nil {
		return approver.Roles
	}
	return nil
}

// Organization is the name of an organization by its credit code; the code
// itself when the ledger has none.
func (n NamesFor) Organization(code string) string {
	if o := n.reading.Organization(n.by, code); o != nil {
		return o.FullName
	}
	return code
}

// Matter is the name of a matter; its code when the ledger has none.
func (n NamesFor) Matter(code string) string {
	if m := n.reading.Matter(n.by, code); m != nil {
		return m.FullName
	}
	return code
}

// Seal is the name of a seal; empty when the ledger has none.
func (n NamesFor) Seal(id string) string {
	if seal := n.reading.Seal(n.by, id); seal != nil {
		return seal.FullName
	}
	return ""
}

// Grant is a grant as the ledger has it, nil when there is none.
func (n NamesFor) Grant(id string) *registry.Grant { return n.reading.Grant(n.by, id) }

// Given says which signatures have been given, with the roles that the ledger
// has for their keys.
func (n NamesFor) Given(approvals []registry.Approval) []resource.Given {
	out := []resource.Given{}
	for _, a := range approvals {
		out = append(out, resource.Given{KeyID: a.KeyID, Algorithm: a.Algorithm, Roles: n.Roles(a.KeyID)})
	}
	return out
}
