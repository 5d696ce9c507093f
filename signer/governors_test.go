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

// TestServiceOrdersReachIntoNoPast: an order that the ledger would refuse for its
// time is not signed, however open the signer is and whoever signed it.
func TestServiceOrdersReachIntoNoPast(t *testing.T) {
	s := newStage(t)
	now := s.now.Unix()
	s.ledger.set(&registry.Rules{Version: registry.RulesOfRelations, City: testOrg, MaxBackdate: 30 * 24 * 3600})
	grant := &registry.Grant{ID: "g9", Matter: "000131020000", Mode: registry.ModeOwn, Decider: testOrg, Territory: "360732", Document: "x", Effective: 1, RecallBy: testOrg}
	s.ledger.set(grant)
	over, ends := *grant, *grant
	over.End, over.EndBasis = now-3600, "收回"
	ends.End, ends.EndBasis = now+3600, "收回"
	seal := func(events ...registry.SealEvent) *registry.SealRecord {
		return &registry.SealRecord{ID: "s9", Owner: testOrg, SealKind: registry.ApprovalSeal, Digest: sm.Sum([]byte("s9")), History: events}
	}
	inUse := registry.SealEvent{State: registry.SealInUse, At: now}
	for _, test := range []struct {
		name     string
		record   registry.GovernanceRecord
		sequence uint64
		decided  int64
		want     registry.Code
	}{
		{"a power that ended", &over, 2, now, registry.CodePast},
		{"a power that will end", &ends, 2, now, ""},
		{"after an order that this signer has not seen", &over, 3, now, ""}, // the contract judges it
		{"a seal of long ago", seal(registry.SealEvent{State: registry.SealInUse, At: 1}), 1, now, registry.CodeBackdated},
		{"a seal lost tomorrow", seal(inUse, registry.SealEvent{State: registry.SealLost, At: now + 24*3600}), 1, now, registry.CodeFuture},
		{"a registry's clock that is a little ahead", seal(registry.SealEvent{State: registry.SealInUse, At: now + 2}), 1, now + 2, ""},
		{"an order of long ago", &registry.Matter{Code: "1", FullName: "x"}, 1, now - 31*24*3600, registry.CodeBackdated},
	} {
		var previous sm.Digest
		if test.sequence > 1 {
			previous = sm.Sum([]byte("x"))
		}
		order, err := registry.NewOrder(testOrg, test.record, "basis", test.decided, test.sequence, previous)
		must(t, err)
		if _, err := s.service.RegisterOrder(context.Background(), *order, registry.Warrant{}); registry.CodeOf(err) != test.want {
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
		}
	}
}
