package person

import (
	"crypto/rand"
	"encoding/hex"
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

// NewPseudonym stands for a person on the ledger: p and 64 random bits.
func NewPseudonym() string {
	raw := make([]byte, 8)
	if _, err := rand.Read(raw); err != nil {
		panic(err) // the system has no randomness
	}
	return "p" + hex.EncodeToString(raw)
}
