package registry

import (
	"slices"
)

// Actor is who is acting: an account of an organization, or a machine client.
type Actor struct {
	Account      string
	Organization string
	Roles        []Role
	Admin        bool // operator: may see every organization
}

// MayPropose tells whether the actor's roles let it propose an act: the examining side
// any, a printer those that concern paper.
func (a Actor) MayPropose(act Act) error {
	proposers := []Role{RoleAcceptor, RoleExaminer, RoleApprover}
	if act.Class() == ClassPaper {
		proposers = append(proposers, RolePrinter, RoleSealKeeper)
	}
	for _, role := range a.Roles {
		if slices.Contains(proposers, role) {
			return nil
		}
	}
	return Errorf(CodeForbidden, "act", "%s is proposed by %v", act, proposers)
}
