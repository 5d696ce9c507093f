package registry_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"tongzheng/registry"
)

// insideDocument is the second table of docs/relations.md.
func insideDocument() string {
	var out strings.Builder
	out.WriteString("\n## Inside an organization\n\nWritten from `registry/inside.go`. What an organization may see, its people see as far as the work of their role needs it: " +
		"a right to a license needs the relation above and the role below. An account without a role sees nothing.\n\n")
	out.WriteString("| role | 中文 |")
	for _, right := range registry.InsideRights() {
		fmt.Fprintf(&out, " %s |", right)
	}
	out.WriteString("\n|---|---|" + strings.Repeat("---|", len(registry.InsideRights())) + "\n")
	for _, role := range registry.Roles() {
		fmt.Fprintf(&out, "| `%s` | %s |", role, role.Chinese())
		for _, right := range registry.InsideRights() {
			out.WriteString(map[bool]string{true: " yes |", false: " |"}[role.Sees(right)])
		}
		out.WriteString("\n")
	}
	out.WriteString("\n*case*: files of cases that its organization takes part in. *act*: every act on its way, of its organization, on its licenses and those that went over to it, and under grants that it is a party to; nobody else is shown what is merely proposed or was given up, nor a license that is not on the ledger yet. " +
		"*paper-act*: of these the acts on paper alone, without what the license says. *tasks*: acts that wait for a signature or were refused. *search*: lists with numbers and names. *review*: review files of its organization, and within them what their licenses say. *orders*: order sheets.\n\n" +
		"Who operates the machine sees the state of every license on it, asked for by its identifier, and no content: no document, field, name, case or act. " +
		"A signature is handed in by the person whose key it is, with an account of their own; a machine client is no person and hands in none. " +
		"The one exception is the genesis, before the ledger knows anybody's key: whoever drafted it hands in the signature of a keeper's key file.\n")
	return out.String()
}

// TestRolesExhaustively holds every role against the table, written down a
// second time.
func TestRolesExhaustively(t *testing.T) {
	work := []registry.Right{registry.MaySeeStatus, registry.MaySeeResult, registry.MaySeeContent, registry.MaySeeDocument, registry.MaySeeSheets,
		registry.MaySeeCases, registry.MaySeeActs, registry.MaySeePaper, registry.MaySeeTasks, registry.MaySearchNames}
	review := append(slices.Clone(work), registry.MaySeeReviews)
	want := map[registry.Role][]registry.Right{
		registry.RoleAcceptor: review, registry.RoleExaminer: review, registry.RoleApprover: review, registry.RoleSealKeeper: work,
		registry.RolePrinter:   {registry.MaySeeStatus, registry.MaySeeResult, registry.MaySeeSheets, registry.MaySeePaper, registry.MaySeeTasks, registry.MaySearchNames},
		registry.RoleWitness:   {registry.MaySeeStatus, registry.MaySeePaper, registry.MaySeeTasks},
		registry.RoleRegulator: {registry.MaySeeStatus, registry.MaySeeResult, registry.MaySeeContent, registry.MaySeeDocument, registry.MaySeeSheets, registry.MaySearchNames, registry.MaySeeReviews},
		registry.RoleGovernor:  {registry.MaySeeStatus, registry.MaySeeOrders},
		registry.RoleOperator:  {registry.MaySeeStatus, registry.MaySeeOrders},
	}
	for _, role := range registry.Roles() {
		if role.Chinese() == "" {
			t.Errorf("%s has no row", role)
		}
		for _, right := range registry.InsideRights() {
			if role.Sees(right) != slices.Contains(want[role], right) {
				t.Errorf("%s, %s: %t", role, right, role.Sees(right))
			}
		}
	}
	if registry.Role("friend").Sees(registry.MaySeeStatus) {
		t.Error("an unknown role sees something")
	}
}

// TestRightNeedsRelationAndRole asks for every right in every relation and role:
// both tables must say yes. Who operates sees the state of every license, and
// nothing else, whatever its organization is to it.
func TestRightNeedsRelationAndRole(t *testing.T) {
	kin := map[registry.Relation]*registry.Kinship{
		registry.IsIssuer:     {Issuer: &registry.Organization{Code: "own"}},
		registry.IsSupervisor: {Issuer: &registry.Organization{Code: "issuer"}, Grants: []*registry.Grant{{Regulators: []string{"own"}}}},
		registry.IsInformed:   {Issuer: &registry.Organization{Code: "issuer"}, Grants: []*registry.Grant{{Informed: []string{"own"}}}},
		registry.IsSuperior:   {Issuer: &registry.Organization{Code: "issuer", Superiors: []string{"own"}}},
		registry.IsStranger:   {Issuer: &registry.Organization{Code: "issuer"}},
	}
	for is, k := range kin {
		for _, right := range registry.Rights() {
			for _, role := range registry.Roles() {
				by := registry.Actor{Account: "a", Organization: "own", Roles: []registry.Role{role}}
				if got, want := by.MaySeeLicense(k, right), is.Allows(right) && role.Sees(right); got != want {
					t.Errorf("%s, %s, %s: %t", is, role, right, got)
				}
			}
			if (registry.Actor{Account: "a", Organization: "own"}).MaySeeLicense(k, right) {
				t.Errorf("%s, no role, %s: yes", is, right)
			}
			if got := registry.Operator("o").MaySeeLicense(k, right); got != (right == registry.MaySeeStatus) {
				t.Errorf("%s, operator, %s: %t", is, right, got)
			}
		}
	}
}

// TestWhoSeesAnAct: every role of every organization that has to do with it.
func TestWhoSeesAnAct(t *testing.T) {
	grant := &registry.Grant{ID: "g", Decider: "decider", Acceptor: "acceptor", Examiner: "examiner", Handling: "center", Regulators: []string{"watch"}, Informed: []string{"told"}}
	in := func(act registry.Act, organization string) *registry.Intent {
		return &registry.Intent{Act: act, Organization: organization, Identifier: registry.Identifier{Issuer: "issuer"}}
	}
	kin := &registry.Kinship{Issuer: &registry.Organization{Code: "issuer"}, Successions: []*registry.Succession{{}, {Successor: "heir", Earlier: "between"}}}
	for _, test := range []struct {
		in    *registry.Intent
		grant *registry.Grant
		sees  []string
	}{
		{in(registry.Change, "decider"), grant, []string{"decider", "acceptor", "examiner", "center", "issuer", "heir"}},
		{in(registry.Spoil, "center"), grant, []string{"decider", "acceptor", "examiner", "center", "issuer", "heir"}},
		{in(registry.Suspend, "watch"), grant, []string{"watch", "issuer", "heir"}}, // a measure is the regulator's own
		{in(registry.Revoke, "above"), nil, []string{"above", "issuer", "heir"}},
	} {
		for _, organization := range []string{"decider", "acceptor", "examiner", "center", "watch", "told", "above", "issuer", "heir", "between", "anybody", ""} {
			for _, role := range registry.Roles() {
				by := registry.Actor{Account: "a", Organization: organization, Roles: []registry.Role{role}}
				work := role.Sees(registry.MaySeeActs) || test.in.Act.Class() == registry.ClassPaper && role.Sees(registry.MaySeePaper)
				if got, want := by.MaySeeProceeding(test.in, test.grant, kin), work && slices.Contains(test.sees, organization); got != want {
					t.Errorf("%s by %s: %s of %q: %t", test.in.Act, test.in.Organization, role, organization, got)
				}
			}
		}
		if registry.Operator("o").MaySeeProceeding(test.in, test.grant, kin) {
			t.Errorf("%s: the operator sees it", test.in.Act)
		}
	}
}

// TestWhoDrops: one's own proposal as long as nobody sealed it, others' on the
// license that one keeps while they are not approved. Who handed it over keeps it
// no more, and sees on.
func TestWhoDrops(t *testing.T) {
	issuer := &registry.Organization{Code: "issuer"}
	over := func(since int64) []*registry.Succession {
		return []*registry.Succession{{Issuer: "issuer", Region: "r"}, {Issuer: "issuer", Region: registry.Any, Successor: "heir", Since: since}}
	}
	for name, test := range map[string]struct {
		kin                   *registry.Kinship
		asks, whose           string
		sees, unsigned, after bool
	}{
		"the issuer, others'":              {&registry.Kinship{Issuer: issuer}, "issuer", "watch", true, true, false},
		"its own":                          {&registry.Kinship{Issuer: issuer}, "watch", "watch", false, true, true},
		"a stranger":                       {&registry.Kinship{Issuer: issuer}, "other", "watch", false, false, false},
		"the successor, the predecessor's": {&registry.Kinship{Issuer: issuer, Successions: over(5), At: 5}, "heir", "issuer", true, true, false},
		"the predecessor, the successor's": {&registry.Kinship{Issuer: issuer, Successions: over(5), At: 5}, "issuer", "heir", true, false, false},
		"the predecessor, its own":         {&registry.Kinship{Issuer: issuer, Successions: over(5), At: 5}, "issuer", "issuer", true, true, true},
		"before the start":                 {&registry.Kinship{Issuer: issuer, Successions: over(5), At: 4}, "issuer", "watch", true, true, false},
		"the successor, before the start":  {&registry.Kinship{Issuer: issuer, Successions: over(5), At: 4}, "heir", "issuer", false, false, false},
		"who holds what is nobody's":       {&registry.Kinship{Issuer: issuer, Holds: true}, "holder", "issuer", true, true, false},
	} {
		in := &registry.Intent{Act: registry.Suspend, Organization: test.whose, Identifier: registry.Identifier{Issuer: "issuer"}}
		by := registry.Actor{Account: "a", Organization: test.asks, Roles: []registry.Role{registry.RoleAcceptor}}
		for _, approved := range []bool{false, true} {
			want := test.unsigned && !approved || test.after && approved
			if err := by.MayDrop(in, test.kin, approved); (err == nil) != want || err != nil && registry.CodeOf(err) != registry.CodeForbidden {
				t.Errorf("%s, approved %t: %v", name, approved, err)
			}
		}
		if got := test.kin.Kept(test.asks); got != test.sees {
			t.Errorf("%s: sees it %t", name, got)
		}
	}
	if (registry.Actor{Account: "p", Organization: "issuer", Roles: []registry.Role{registry.RolePrinter}}).MayDrop(&registry.Intent{Act: registry.Suspend, Organization: "watch"}, &registry.Kinship{Issuer: issuer}, false) == nil {
		t.Error("a printer drops a suspension")
	}
}

// TestWhoHandsInASignature: the person whose key it is, working for the key's
// organization, and nobody else.
func TestWhoHandsInASignature(t *testing.T) {
	key := &registry.Approver{Person: "p1", Organization: aCounty}
	for who, test := range map[string]struct {
		by  registry.Actor
		may bool
	}{
		"the person":               {registry.Actor{Account: "a", Person: "p1", Organization: aCounty}, true},
		"a colleague":              {registry.Actor{Account: "b", Person: "p2", Organization: aCounty}, false},
		"a machine":                {registry.Actor{Account: "m", Organization: aCounty}, false},
		"the person, elsewhere":    {registry.Actor{Account: "c", Person: "p1", Organization: elsewhere}, false},
		"an operator":              {registry.Operator("operator"), false},
		"an operator of the place": {registry.Actor{Account: "o", Organization: aCounty, Roles: []registry.Role{registry.RoleOperator}, Admin: true}, false},
		"nobody":                   {registry.Actor{}, false},
	} {
		if err := test.by.MaySign(key); (err == nil) != test.may || err != nil && registry.CodeOf(err) != registry.CodeApprovalOther {
			t.Errorf("%s: %v", who, err)
		}
	}
	if (registry.Actor{Account: "m", Organization: aCounty}).MaySign(&registry.Approver{Organization: aCounty}) == nil {
		t.Error("who is no person hands in for a key of no person")
	}
}
