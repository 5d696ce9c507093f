package registry

import "slices"

// Actor is who is acting: an account of an organization, or a machine client.
// The zero Actor is anybody: whoever scans a code.
type Actor struct {
	Account      string
	Organization string
	Roles        []Role
	Admin        bool // operator: runs the machine, may see every organization
}

// Operator is the actor of whoever runs the machine, at the machine itself.
func Operator(account string) Actor {
	return Actor{Account: account, Roles: []Role{RoleOperator}, Admin: true}
}

// has tells whether the actor has one of the roles.
func (a Actor) has(roles ...Role) bool {
	return slices.ContainsFunc(roles, func(r Role) bool { return slices.Contains(a.Roles, r) })
}

// of tells whether the actor works for one of the organizations.
func (a Actor) of(organizations ...string) bool {
	return a.Organization != "" && slices.Contains(organizations, a.Organization)
}

// MayWorkFor tells whether the actor may act in the organization's name.
// CodeForbidden.
func (a Actor) MayWorkFor(organization, field string) error {
	if a.Admin || a.Organization == organization {
		return nil
	}
	return Errorf(CodeForbidden, field, "this account works for %s", a.Organization)
}

// MayPropose tells whether the actor's roles let it propose an act: the
// examining side any, a printer those that concern paper. CodeForbidden.
func (a Actor) MayPropose(act Act) error {
	proposers := []Role{RoleAcceptor, RoleExaminer, RoleApprover}
	if act.Class() == ClassPaper {
		proposers = append(proposers, RolePrinter, RoleSealKeeper)
	}
	if a.has(proposers...) {
		return nil
	}
	return Errorf(CodeForbidden, "act", "%s is proposed by %v", act, proposers)
}

// MayRelease tells whether the actor may let paper out before the ledger has
// answered: an approver of the deciding organization. CodeForbidden.
func (a Actor) MayRelease(in *Intent) error {
	if a.of(in.Organization) && a.has(RoleApprover) {
		return nil
	}
	return Errorf(CodeForbidden, "intent", "an approver of %s releases it", in.Organization)
}

// MaySeeLicense tells whether the actor may see so much of a license: by what
// its organization is to it, or as an operator.
func (a Actor) MaySeeLicense(kin *Kinship, right Right) bool {
	return a.Admin || kin.Allows(a.Organization, right)
}

// MayDrop tells whether the actor may give up a proposal that nobody sealed: for
// who proposed it, or for the issuer, whose license nobody else's proposal
// blocks. CodeForbidden.
func (a Actor) MayDrop(in *Intent) error {
	if !a.of(in.Organization, in.Identifier.Issuer) && !a.Admin {
		return Errorf(CodeForbidden, "intent", "this account works for %s", a.Organization)
	}
	return a.MayPropose(in.Act)
}

// MaySeeProceeding tells whether the actor may see an act on its way: the
// organization that decides it, the license's issuer, an operator.
func (a Actor) MaySeeProceeding(in *Intent) bool {
	return a.Admin || a.of(in.Organization, in.Identifier.Issuer)
}

// MaySeeCase tells whether the actor may see a case: the authorities that its
// grant names (nil for an unknown one), those who signed a step, an operator.
func (a Actor) MaySeeCase(grant *Grant, f *CaseFile) bool {
	signed := slices.ContainsFunc(f.Steps, func(step CaseStep) bool { return a.of(step.Statement.Organization) })
	return a.Admin || signed || grant != nil && a.MayHandle(grant)
}

// MayHandle tells whether the actor works for one of the authorities that the
// grant names as deciding, accepting, examining or handling.
func (a Actor) MayHandle(g *Grant) bool {
	return a.Admin || a.of(g.Decider, g.Acceptor, g.Examiner, g.Handling)
}

// MayDecide tells whether the actor works for who decides under the grant.
func (a Actor) MayDecide(g *Grant) bool { return a.Admin || a.of(g.Decider) }

// MayTakeStep tells whether the actor may take a case step in the
// organization's name: people do for the one that they work for, operators for
// none. CodeForbidden.
func (a Actor) MayTakeStep(organization string) error {
	if a.of(organization) {
		return nil
	}
	return Errorf(CodeForbidden, "organization", "this account works for %s", a.Organization)
}

// MaySearch binds a search for an organization's licenses (all for "") to what
// the actor may see. CodeForbidden.
func (a Actor) MaySearch(organization string) (string, error) {
	switch {
	case a.Admin:
		return organization, nil
	case a.Organization == "" || organization != "" && organization != a.Organization:
		return "", Errorf(CodeForbidden, "organization", "this account works for %s", a.Organization)
	}
	return a.Organization, nil
}

// MayList binds a list of what an organization has to attend to: all for an
// operator. CodeForbidden.
func (a Actor) MayList() (organization string, err error) {
	if !a.Admin && a.Organization == "" {
		return "", Errorf(CodeForbidden, "", "this account works for no organization")
	}
	if a.Admin {
		return "", nil
	}
	return a.Organization, nil
}

// MayGovern tells whether the actor may draft, read and sign order sheets.
// CodeForbidden.
func (a Actor) MayGovern() error {
	if a.Admin || a.has(RoleGovernor) {
		return nil
	}
	return Errorf(CodeForbidden, "", "order sheets are for governors and operators")
}

// MayOperate tells whether the actor runs the machine. CodeForbidden.
func (a Actor) MayOperate() error {
	if a.Admin {
		return nil
	}
	return Errorf(CodeForbidden, "", "this is for the operator")
}

// MayRead tells whether the actor may read governance records that are no
// secret among the members: names, grants, roles of keys. CodeForbidden.
func (a Actor) MayRead() error {
	if a.Account != "" || a.Admin {
		return nil
	}
	return Errorf(CodeForbidden, "", "sign in first")
}
