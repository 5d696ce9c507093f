package signer

import (
	"context"
	"slices"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// checkOrder asks for what makes an order more than the registry's wish: two
// governors whom the ledger knows; before there are any, one of this signer's
// keepers. An examination is warranted by the case file that its persons
// signed, and a publication is what this signer composed of the lists that it signed.
func (s *Service) checkOrder(ctx context.Context, order *registry.Order, digest sm.Digest, w registry.Warrant) error {
	law := s.law(ctx)
	if err := s.checkOrderTime(ctx, law, order); err != nil {
		return err
	}
	if order.Kind == registry.KindPublication || order.Kind == registry.KindExamination && len(w.Case) > 0 {
		return s.checkOwnWarrant(law, order, w.Case)
	}
	if err := s.attester.checkOwnKeys(ctx, order); err != nil {
		return err
	}
	if s.cfg.OpenOrders && len(w.Approvals) == 0 {
		return nil
	}
	signed, err := w.Signed(digest)
	if err != nil {
		return err
	}
	rules, err := registry.RecordOf[*registry.Rules](law.Records, registry.KindRules, registry.CurrentRules)
	if err != nil {
		return err
	}
	// The genesis governors stand in the first batch, so a keeper opens the
	// ledger and no more than that: after it, powers, seals and stock too are
	// ordered by two persons.
	if rules == nil {
		if s.cfg.keeperSigned(signed, w.Approvals) {
			return nil
		}
		code := registry.CodeApprovalUnknown
		if len(w.Approvals) == 0 {
			code = registry.CodeApprovalMissing
		}
		return registry.Errorf(code, "approvals", "the ledger is opened by a keeper of this signer")
	}
	return law.CheckGoverned(order.Organization, s.now().Unix(), signed, w.Approvals)
}

// checkOrderTime asks what the contract will ask of the order's time, before it
// is signed and before anything that goes with it: by this signer's own clock
// and ledger. Where its copy of the record is not the one that the order
// follows it leaves the question to the contract.
func (s *Service) checkOrderTime(ctx context.Context, law registry.Gatherer, order *registry.Order) error {
	rules, err := registry.RecordOf[*registry.Rules](law.Records, registry.KindRules, registry.CurrentRules)
	if err != nil || rules == nil {
		return err
	}
	record, err := order.Decode()
	if err != nil {
		return err
	}
	before, sequence, err := s.recordAt(ctx, record.Kind(), record.Name())
	if err != nil || sequence+1 != order.Sequence {
		return err
	}
	// The registry's clock may be ahead of this one; that nothing was decided
	// after its recording is the contract's to see.
	return registry.CheckOrderTime(rules, before, record, order.Decided, max(s.now().Unix(), order.Decided))
}

// checkOwnKeys: an operator whose act key is here orders no other keys for its registry
// than those that are here now. CodeStale: they changed since, or are somebody else's.
func (a *Attester) checkOwnKeys(ctx context.Context, order *registry.Order) error {
	if order.Kind != registry.KindService || a.cfg.Lasting == nil {
		return nil
	}
	record, err := order.Decode()
	if err != nil {
		return err
	}
	now, ok := record.(*registry.Service)
	if !ok || now.Operator != order.Organization || !a.cfg.holds(now.Operator) || !now.HasKeys() {
		return nil
	}
	before, err := a.service.service(ctx, now.Member)
	if err != nil || before != nil && before.Anchors == now.Anchors && before.KeyList == now.KeyList && before.KeyNumber == now.KeyNumber {
		return err
	}
	anchors, list, number, err := a.cfg.Lasting()
	if err == nil && (now.Anchors != anchors || now.KeyList != list || now.KeyNumber > number) {
		err = registry.Errorf(registry.CodeStale, "key_list", "not the keys that are here: list %d of this signer, order them again", number)
	}
	return err
}

// keeperSigned: keepers stand in the signer's own configuration, for the time
// before the ledger knows any governor.
func (c *ServiceConfig) keeperSigned(signed sm.Digest, approvals []registry.Approval) bool {
	return slices.ContainsFunc(approvals, func(a registry.Approval) bool {
		spki, known := c.Keepers[a.KeyID]
		pub, err := sm.ParsePublicKey(spki)
		return known && err == nil && sm.KeyIDOf(spki) == a.KeyID && a.Algorithm == registry.SM2SM3 && len(a.Signed) == 0 && a.Batch == nil &&
			sm.Verify(pub, registry.ApprovalMessage(signed), a.Signature)
	})
}

// checkOwnWarrant: an examination is what its case file says, a publication what was
// composed here.
func (s *Service) checkOwnWarrant(law registry.Gatherer, order *registry.Order, steps []registry.CaseStep) error {
	record, err := order.Decode()
	if err != nil {
		return err
	}
	switch r := record.(type) {
	case *registry.Publication:
		return s.attester.checkPublication(order, r)
	case *registry.Examination:
		return law.CheckExamination(order, r, steps)
	}
	return registry.Errorf(registry.CodeEntryForm, "kind", "no warrant makes a %s", record.Kind())
}
