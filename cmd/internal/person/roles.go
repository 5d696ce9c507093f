package person

import (
	"slices"

	"tongzheng/registry"
)

// signing are the roles whose holders sign with a key of their own.
var signing = []registry.Role{registry.RoleAcceptor, registry.RoleExaminer, registry.RoleApprover,
	registry.RoleSealKeeper, registry.RolePrinter, registry.RoleWitness, registry.RoleGovernor}

// Signs tells whether holders of the role sign with a key of their own.
func Signs(role registry.Role) bool { return slices.Contains(signing, role) }

// SigningRoles are those of the roles whose holders sign with a key of their
// own.
func SigningRoles(roles []registry.Role) []registry.Role {
	return slices.DeleteFunc(slices.Clone(roles), func(r registry.Role) bool { return !Signs(r) })
}
