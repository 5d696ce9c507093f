package registry_test

import (
	"slices"
	"testing"

	"tongzheng/chaincode/ledgertest"
	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Who signs for whom: a center accepts for the issuer and never decides for it,
// no more does a county that accepts or examines for the city; the entrusted
// decides in the entruster's name; a regulator's measures are signed by its own
// people alone.
func TestWhoSignsForWhom(t *testing.T) {
	const decider, center, regulator = "decider", "center", "regulator"
	grant := &registry.Grant{ID: "g", Mode: registry.ModeDirect, Decider: decider, Handling: center, Regulators: []string{regulator}}
	two := []registry.Role{registry.RoleAcceptor, registry.RoleApprover}
	c := &registry.Control{Policy: registry.Policy{Version: two, State: two}, Approvers: map[sm.KeyID]registry.Approver{}}
	person := func(organization, name string, roles ...registry.Role) *ledgertest.Key {
		k := ledgertest.NewKey(organization + name)
		c.Approvers[k.ID] = registry.Approver{KeyID: k.ID, Algorithm: registry.SM2SM3, Public: k.Public, Person: organization + name, Organization: organization, Roles: roles, From: 1}
		return k
	}
	acceptor, approver := person(decider, "a", two[0]), person(decider, "b", two[1])
	counter, chief := person(center, "a", two[0]), person(center, "b", two[1])
	inspector, head := person(regulator, "a", two[0]), person(regulator, "b", two[1])
	for _, test := range []struct {
		by   string
		who  []*ledgertest.Key
		want registry.Code
	}{
		{decider, []*ledgertest.Key{acceptor, approver}, ""},
		{decider, []*ledgertest.Key{counter, approver}, ""},
		{decider, []*ledgertest.Key{counter, chief}, registry.CodeApprovalRole},
		{decider, []*ledgertest.Key{acceptor, head}, registry.CodeApprovalUnknown},
		{regulator, []*ledgertest.Key{inspector, head}, ""},
		{regulator, []*ledgertest.Key{inspector, approver}, registry.CodeApprovalUnknown},
	} {
		in := minimalIntent()
		in.Act, in.Organization = registry.Suspend, test.by
		var approvals []registry.Approval
		for _, k := range test.who {
			approvals = append(approvals, registry.Approval{Algorithm: registry.SM2SM3, KeyID: k.ID, Signature: k.Sign(registry.ApprovalMessage(in.Digest()))})
		}
		if err := c.Check(&in, grant, 2, approvals); registry.CodeOf(err) != test.want {
			t.Errorf("for %s: %v, want %q", test.by, err, test.want)
		}
	}
	for _, test := range []struct {
		mode registry.Mode
		who  []*ledgertest.Key
		want registry.Code
	}{
		{registry.ModeReview, []*ledgertest.Key{counter, chief}, registry.CodeApprovalRole},
		{registry.ModeReview, []*ledgertest.Key{counter, approver}, ""},
		{registry.ModeWindow, []*ledgertest.Key{acceptor, chief}, registry.CodeApprovalRole},
		{registry.ModeResident, []*ledgertest.Key{acceptor, chief}, registry.CodeApprovalRole},
		{registry.ModeEntrust, []*ledgertest.Key{counter, chief}, ""},
	} {
		in := minimalIntent()
		in.Act, in.Organization = registry.Suspend, decider
		county := &registry.Grant{ID: "g", Mode: test.mode, Decider: decider, Acceptor: center}
		if test.mode == registry.ModeReview {
			county.Examiner = center
		}
		var approvals []registry.Approval
		for _, k := range test.who {
			approvals = append(approvals, registry.Approval{Algorithm: registry.SM2SM3, KeyID: k.ID, Signature: k.Sign(registry.ApprovalMessage(in.Digest()))})
		}
		for _, regulators := range [][]string{nil, {decider}} { // who decides may supervise as well: it stays who decides
			county.Regulators = regulators
			if err := c.Check(&in, county, 2, approvals); registry.CodeOf(err) != test.want {
				t.Errorf("mode %s, regulators %v: %v, want %q", test.mode, regulators, err, test.want)
			}
		}
	}
}

// No policy lets one person seal, nor asks for an office that nobody holds.
func TestPolicySealsByTwo(t *testing.T) {
	one, two := []registry.Role{registry.RoleApprover}, []registry.Role{registry.RoleAcceptor, registry.RoleApprover}
	for name, test := range map[string]struct {
		change func(p *registry.Policy)
		good   bool
	}{
		"two":                      {func(*registry.Policy) {}, true},
		"one for a state":          {func(p *registry.Policy) { p.Acts = map[registry.Act][]registry.Role{registry.Suspend: one} }, true},
		"one for versions":         {func(p *registry.Policy) { p.Version = one }, false},
		"one in a mode":            {func(p *registry.Policy) { p.Modes = map[registry.Mode][]registry.Role{registry.ModeReview: one} }, false},
		"one for a correction":     {func(p *registry.Policy) { p.Acts = map[registry.Act][]registry.Role{registry.Correct: one} }, false},
		"nobody for a record":      {func(p *registry.Policy) { p.Acts = map[registry.Act][]registry.Role{registry.Annotate: {}} }, false},
		"an office that is none":   {func(p *registry.Policy) { p.State = []registry.Role{"aprover"} }, false},
		"one that an act asks for": {func(p *registry.Policy) { p.Acts = map[registry.Act][]registry.Role{registry.Print: {"prnter"}} }, false},
	} {
		p := registry.Policy{Type: "*", Version: two, State: one, Record: one, Paper: one}
		if test.change(&p); (p.Check() == nil) != test.good {
			t.Errorf("%s: %v", name, p.Check())
		}
	}
}

// What undoes or stays an act takes the control that the act took: a ruling that does
// not say which act it is about, the most that any takes.
func TestSameControlForTheWayBack(t *testing.T) {
	three := []registry.Role{registry.RoleExaminer, registry.RoleApprover, registry.RoleSealKeeper}
	one, keeper := []registry.Role{registry.RoleApprover}, []registry.Role{registry.RoleSealKeeper}
	p := registry.Policy{State: one, Acts: map[registry.Act][]registry.Role{registry.Penalize: three, registry.Suspend: keeper}}
	wary := registry.Policy{State: one, Acts: map[registry.Act][]registry.Role{registry.Reinstate: three}}
	direct := registry.Policy{State: one, Modes: map[registry.Mode][]registry.Role{registry.ModeDirect: three}}
	for _, test := range []struct {
		policy registry.Policy
		of     registry.Act
		mode   registry.Mode
		want   []registry.Role
	}{{p, registry.Penalize, "", three}, {p, registry.Suspend, "", keeper}, {p, registry.Revoke, "", one}, {p, 0, "", three},
		{wary, registry.Penalize, "", three}, {wary, 0, "", three}, {direct, registry.Revoke, registry.ModeDirect, three}, {direct, registry.Revoke, "", one}} {
		for _, act := range []registry.Act{registry.Reinstate, registry.Stay} {
			want := test.want
			if act == registry.Stay && test.policy.Acts[registry.Reinstate] != nil {
				want = one
			}
			in := &registry.Intent{Act: act, Ruling: &registry.Ruling{Of: test.of}}
			if got := test.policy.Asked(in, test.mode); !slices.Equal(got, want) {
				t.Errorf("%s on %s: %v, want %v", act, test.of, got, want)
			}
		}
	}
	if got := p.Asked(&registry.Intent{Act: registry.Penalize}, ""); !slices.Equal(got, three) {
		t.Errorf("the act itself: %v", got)
	}
}
