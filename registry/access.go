package registry

import "slices"

// Actor is who is acting: an account of an organization, or a machine client.
// The zero Actor is anybody: whoever scans a code.
type Actor struct {
	Account      string
	Person       string // pseudonym on the ledger; empty for a machine client
	Organization string
	Roles        []Role
	Face         string // where it asks: console, api, operator; for the trail of readings alone
	Admin        bool   // operator: runs the machine, and sees the state of every license on it
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
	if a.of(organization) {
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
// its organization is to it, and as far as its own role needs it. Who runs the
// machine sees the state of every license, and no content.
func (a Actor) MaySeeLicense(kin *Kinship, right Right) bool {
	return a.Sees(right) && (kin.Allows(a.Organization, right) || a.Admin && right == MaySeeStatus)
}

// MayDrop tells whether the actor may give up a proposal that nobody sealed: for
// who proposed it, and, while it is not approved, for who keeps the license: a mere
// proposal of others blocks nobody, a predecessor's neither. CodeForbidden.
func (a Actor) MayDrop(in *Intent, kin *Kinship, approved bool) error {
	switch {
	case !a.of(in.Organization) && !kin.Keeps(a.Organization):
		return Errorf(CodeForbidden, "intent", "this account works for %s", a.Organization)
	case !a.of(in.Organization) && approved:
		return Errorf(CodeForbidden, "intent", "it is approved: %s alone gives it up", in.Organization)
	}
	return a.MayPropose(in.Act)
}

// MaySeeProceeding tells whether the actor may see an act on its way, with the
// grant that it names (nil without one): people of the organization that decides
// it, of who keeps or issued the license, and of those whose people sign it, whose role has
// to do with such acts.
func (a Actor) MaySeeProceeding(in *Intent, grant *Grant, kin *Kinship) bool {
	return a.SeesAct(in.Act) && (kin.Kept(a.Organization) || a.of(grant.signers(in)...))
}

// MaySign tells whether the actor may hand in a signature that this key made:
// whoever submits a signature is the person whose key it is, whichever face it
// is handed in at. A machine client is no person. CodeApprovalOther.
func (a Actor) MaySign(key *Approver) error {
	if a.Person != "" && a.Person == key.Person && a.of(key.Organization) {
		return nil
	}
	return Errorf(CodeApprovalOther, "approvals", "key %s is not of this account's person: whoever signed hands it in, with an account of their own", key.KeyID)
}

// MaySeeCase tells whether the actor may see a case: people whose role has to do
// with cases, of the organizations that are in it (CaseFile.InCase).
func (a Actor) MaySeeCase(grant *Grant, f *CaseFile) bool {
	return a.Sees(MaySeeCases) && a.of(f.InCase(grant)...)
}

// MayHandle tells whether the actor works for one of the authorities that the
// grant names as deciding, accepting, examining or handling.
func (a Actor) MayHandle(g *Grant) bool { return a.of(g.Parties()...) }

// MayDecide tells whether the actor works for who decides under the grant.
func (a Actor) MayDecide(g *Grant) bool { return a.of(g.Decider) }

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
	case !a.Sees(MaySearchNames):
		return "", Errorf(CodeForbidden, "", "this account's work needs no search: ask for one license by its identifier")
	case a.Organization == "" || organization != "" && organization != a.Organization:
		return "", Errorf(CodeForbidden, "organization", "this account works for %s", a.Organization)
	}
	return a.Organization, nil
}

// MayAccount tells whether the actor may see the account of the copies: people of the
// license library whose work is with licenses, and whoever runs the machine.
// CodeForbidden.
func (a Actor) MayAccount(library string) error {
	if a.Admin || a.of(library) && a.Sees(MaySearchNames) {
		return nil
	}
	return Errorf(CodeForbidden, "", "the account of the copies is for the license library and the operator")
}

// MayList binds a list of what an organization has to attend to. CodeForbidden.
func (a Actor) MayList() (organization string, err error) {
	switch {
	case a.Organization == "":
		return "", Errorf(CodeForbidden, "", "this account works for no organization")
	case !a.Sees(MaySeeTasks):
		return "", Errorf(CodeForbidden, "", "this account's work has no tasks")
	}
	return a.Organization, nil
}

// MayGovern tells whether the actor may have to do with order sheets at all;
// with which ones, MayDraft and MaySeeSheet say. CodeForbidden.
func (a Actor) MayGovern() error {
	if a.Admin || a.has(RoleGovernor) {
		return nil
	}
	return Errorf(CodeForbidden, "", "order sheets are for governors and operators")
}

// MayDraft tells whether the actor may put an order on a sheet: record in place
// of before (nil when there is none), in the organization's name, at an instant
// (Unix seconds). A governor drafts in the name of its own organization; the
// city's also in another's, for a record that the city may set itself
// (CheckOrder). Operators draft for anybody, as files are handed to them:
// nothing is ordered before two governors sign.
func (a Actor) MayDraft(rules *Rules, organization string, before, record GovernanceRecord, at int64) bool {
	city := rules != nil && a.of(rules.City) && CheckOrder(rules, before, record, rules.City, at) == nil
	return a.Admin || a.has(RoleGovernor) && (a.of(organization) || city)
}

// SheetParties is what the right to an order sheet is judged by.
type SheetParties struct {
	Drafter       string   // account; empty: the registry itself
	Organizations []string // in whose names it orders
	City          string   // empty before the ledger has rules
}

// MaySeeSheet tells whether the actor may see an order sheet, and so hand in
// signatures for it and give it up: who drafted it, and the governors of the
// organizations in whose names it orders and of the city. An operator who did
// not draft it may not.
func (a Actor) MaySeeSheet(s SheetParties) bool {
	drafted := a.Account != "" && a.Account == s.Drafter
	return a.MayGovern() == nil && (drafted || a.has(RoleGovernor) && (a.of(s.Organizations...) || a.of(s.City)))
}

// MayEnroll tells whether the actor may have a person's new key ordered: for
// the organization that it works for, with no office that it does not have
// itself. CodeForbidden.
func (a Actor) MayEnroll(key *Approver) error {
	switch {
	case !a.of(key.Organization):
		return Errorf(CodeForbidden, "organization", "this account works for %s", a.Organization)
	case slices.ContainsFunc(key.Roles, func(r Role) bool { return !a.has(r) }):
		return Errorf(CodeForbidden, "roles", "this account has %v", a.Roles)
	}
	return nil
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
