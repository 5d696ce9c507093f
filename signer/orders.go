package signer

import (
	"context"
	"slices"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// governorsAsked is how many persons a governance order needs.
const governorsAsked = 2

// checkOrder asks for what makes an order more than the registry's wish: one of
// this signer's keepers, or two governors whom the ledger knows.
func (s *Service) checkOrder(ctx context.Context, order *registry.Order, digest sm.Digest, approvals []registry.Approval) error {
	if s.cfg.OpenOrders && len(approvals) == 0 {
		return nil
	}
	rules, err := recordAs[*registry.Rules](ctx, s, registry.KindRules, "current")
	if err != nil {
		return err
	}
	// Who may sign what is said by two persons. The genesis governors stand in
	// the first batch, so a keeper opens the ledger and no more than that.
	if (rules == nil || !order.Kind.Sensitive()) && s.keeperSigned(digest, approvals) {
		return nil
	}
	return s.checkGovernors(ctx, order, digest, approvals)
}

// keeperSigned: keepers stand in the signer's own configuration, for the time
// before the ledger knows any governor.
func (s *Service) keeperSigned(digest sm.Digest, approvals []registry.Approval) bool {
	return slices.ContainsFunc(approvals, func(a registry.Approval) bool {
		if !slices.Contains(s.cfg.Keepers, a.KeyID) || s.cfg.KeeperKeys == nil {
			return false
		}
		spki, err := s.cfg.KeeperKeys(a.KeyID)
		return err == nil && sm.KeyIDOf(spki) == a.KeyID && orderSigned(a, spki, digest)
	})
}

func orderSigned(a registry.Approval, spki []byte, digest sm.Digest) bool {
	pub, err := sm.ParsePublicKey(spki)
	return err == nil && a.Algorithm == registry.SM2SM3 && len(a.Signed) == 0 && sm.Verify(pub, OrderMessage(digest), a.Signature)
}

// checkGovernors: two persons whose keys the ledger has as governors, of the
// ordering organization or the city, now.
func (s *Service) checkGovernors(ctx context.Context, order *registry.Order, digest sm.Digest, approvals []registry.Approval) error {
	rules, err := recordAs[*registry.Rules](ctx, s, registry.KindRules, "current")
	if err != nil {
		return err
	}
	now, people := s.now().Unix(), map[string]bool{}
	for _, a := range approvals {
		key, err := recordAs[*registry.Approver](ctx, s, registry.KindApprover, string(a.KeyID))
		if err != nil {
			return err
		}
		switch {
		case key == nil || now < key.From || key.Until != 0 && now >= key.Until,
			key.Organization != order.Organization && (rules == nil || key.Organization != rules.City):
			return registry.Errorf(registry.CodeApprovalUnknown, "approvals", "key %s is not enrolled for this organization now", a.KeyID)
		case !slices.Contains(key.Roles, registry.RoleGovernor):
			return registry.Errorf(registry.CodeApprovalRole, "approvals", "key %s is no governor's", a.KeyID)
		case people[key.Person]:
			return registry.Errorf(registry.CodeApprovalTwice, "approvals", "the person of key %s has already signed", a.KeyID)
		case !orderSigned(a, key.Public, digest):
			return registry.Errorf(registry.CodeApprovalSignature, "approvals", "the signature of key %s does not hold for this order", a.KeyID)
		}
		people[key.Person] = true
	}
	if len(people) < governorsAsked {
		return registry.Errorf(registry.CodeApprovalMissing, "approvals", "a governance order needs the signatures of %d governors", governorsAsked)
	}
	return nil
}
