package signer

import (
	"context"
	"testing"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// TestServiceOrdersNeedTwoGovernors: whoever owns the registry, or one
// governor, or a keeper, cannot enroll a key or change a policy.
func TestServiceOrdersNeedTwoGovernors(t *testing.T) {
	s := newStage(t)
	one, two := s.enroll("g1", registry.RoleGovernor), s.enroll("g2", registry.RoleGovernor)
	same := s.enroll("g1", registry.RoleGovernor) // another key of the first person
	keeper, err := s.people.Generate("keeper", s.now)
	must(t, err)
	fresh, err := s.people.Generate("new", s.now)
	must(t, err)
	s.cfg.OpenOrders, s.cfg.Keepers = false, map[sm.KeyID][]byte{keeper: s.spki(s.people, keeper)}
	s.reopen()
	approver := &registry.Approver{KeyID: fresh, Algorithm: registry.SM2SM3, Public: s.spki(s.people, fresh), Person: "n", Organization: testOrg,
		Roles: []registry.Role{registry.RoleApprover}, From: s.now.Unix()}
	roles := []registry.Role{registry.RoleAcceptor, registry.RoleApprover}
	for _, record := range []registry.GovernanceRecord{approver, &registry.Policy{Type: "*", Version: roles, State: roles, Record: roles, Paper: roles}} {
		order, err := registry.NewOrder(testOrg, record, "basis", s.now.Unix(), 1, sm.Digest{})
		must(t, err)
		approve := func(ids ...sm.KeyID) (approvals []registry.Approval) {
			for _, id := range ids {
				signature, err := s.people.Sign(id, registry.ApprovalMessage(order.Digest()))
				must(t, err)
				approvals = append(approvals, registry.Approval{Algorithm: registry.SM2SM3, KeyID: id, Signature: signature})
			}
			return approvals
		}
		for name, test := range map[string]struct {
			approvals []registry.Approval
			want      registry.Code
		}{
			"nobody":         {nil, registry.CodeApprovalMissing},
			"one":            {approve(one), registry.CodeApprovalMissing},
			"a keeper":       {approve(keeper), registry.CodeApprovalUnknown},
			"one twice":      {approve(one, same), registry.CodeApprovalTwice},
			"no governor":    {approve(one, s.approver), registry.CodeApprovalRole},
			"for this order": {[]registry.Approval{approve(one)[0], {Algorithm: registry.SM2SM3, KeyID: two, Signature: approve(one)[0].Signature}}, registry.CodeApprovalSignature},
		} {
			if _, err := s.service.RegisterOrder(context.Background(), *order, registry.Warrant{Approvals: test.approvals}); registry.CodeOf(err) != test.want {
				t.Errorf("%s, %s: %v, want %s", record.Kind(), name, err, test.want)
			}
		}
		if _, err := s.service.RegisterOrder(context.Background(), *order, registry.Warrant{Approvals: approve(one, two)}); err != nil {
			t.Errorf("%s, two governors: %v", record.Kind(), err)
		}
	}
}
