package signer

import (
	"bytes"
	"context"
	"slices"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
)

// checkOrder asks for what makes an order more than the registry's wish: two
// governors whom the ledger knows; before there are any, one of this signer's
// keepers. An examination is warranted by the case file that its persons
// signed, and a publication says no more than the lists that this signer signs
// for whoever reaches it.
func (s *Service) checkOrder(ctx context.Context, order *registry.Order, digest sm.Digest, w office.Warrant) error {
	if order.Kind == registry.KindPublication || order.Kind == registry.KindExamination && len(w.Case) > 0 {
		return s.checkOwnWarrant(ctx, order, w.Case)
	}
	if s.cfg.OpenOrders && len(w.Approvals) == 0 {
		return nil
	}
	signed, err := w.Signed(digest)
	if err != nil {
		return err
	}
	rules, err := recordAs[*registry.Rules](ctx, s, registry.KindRules, "current")
	if err != nil {
		return err
	}
	// The genesis governors stand in the first batch, so a keeper opens the
	// ledger and no more than that: after it, powers, seals and stock too are
	// ordered by two persons.
	if rules == nil {
		if s.keeperSigned(signed, w.Approvals) {
			return nil
		}
		code := registry.CodeApprovalUnknown
		if len(w.Approvals) == 0 {
			code = registry.CodeApprovalMissing
		}
		return registry.Errorf(code, "approvals", "the ledger is opened by a keeper of this signer")
	}
	control, err := s.control(ctx, w.Approvals)
	if err != nil {
		return err
	}
	return control.Govern(order.Organization, rules.City, s.now().Unix(), signed, w.Approvals)
}

// keeperSigned: keepers stand in the signer's own configuration, for the time
// before the ledger knows any governor.
func (s *Service) keeperSigned(signed sm.Digest, approvals []registry.Approval) bool {
	return slices.ContainsFunc(approvals, func(a registry.Approval) bool {
		spki, known := s.cfg.Keepers[a.KeyID]
		pub, err := sm.ParsePublicKey(spki)
		return known && err == nil && sm.KeyIDOf(spki) == a.KeyID && a.Algorithm == registry.SM2SM3 && len(a.Signed) == 0 &&
			sm.Verify(pub, registry.ApprovalMessage(signed), a.Signature)
	})
}

// checkOwnWarrant: an examination is what its case file says, every step in
// its place and signed by a person entitled to it.
func (s *Service) checkOwnWarrant(ctx context.Context, order *registry.Order, steps []office.CaseStep) error {
	record, err := order.Decode()
	if err != nil {
		return err
	}
	x, ok := record.(*registry.Examination)
	if !ok {
		return nil // a publication
	}
	judge, err := s.caseJudge(ctx, x.Grant, steps)
	if err != nil {
		return err
	}
	calendars, err := s.calendars(ctx, steps)
	if err != nil {
		return err
	}
	f := &office.CaseFile{}
	for i := range steps {
		if err := judge.Follows(f, &steps[i].Statement); err != nil {
			return err
		}
		if err := judge.Signed(f, &steps[i]); err != nil {
			return err
		}
		if f, err = office.ReadCase(steps[:i+1], calendars); err != nil {
			return err
		}
	}
	told, err := registry.Encode(f.Examination(judge.Grant))
	if err != nil {
		return err
	}
	if !bytes.Equal(told, order.Record) || steps[len(steps)-1].Statement.Organization != order.Organization {
		return registry.Errorf(registry.CodeApprovalSignature, "record", "the examination is not what its case file says")
	}
	return nil
}

func (s *Service) caseJudge(ctx context.Context, grant string, steps []office.CaseStep) (*office.CaseJudge, error) {
	var approvals []registry.Approval
	for _, step := range steps {
		approvals = append(approvals, step.Approval)
	}
	control, err := s.control(ctx, approvals)
	if err != nil {
		return nil, err
	}
	j := &office.CaseJudge{Control: *control}
	if j.Grant, err = recordAs[*registry.Grant](ctx, s, registry.KindGrant, grant); err == nil && j.Grant == nil {
		err = registry.Errorf(registry.CodeGrant, "grant", "no grant %q on the ledger", grant)
	}
	return j, err
}

// calendars are those of the years that a case's clock can touch.
func (s *Service) calendars(ctx context.Context, steps []office.CaseStep) (registry.Calendars, error) {
	var all registry.Calendars
	years := map[int]bool{}
	for _, step := range steps {
		year := time.Unix(step.Statement.At, 0).In(registry.China).Year()
		for _, y := range []int{year, year + 1} {
			if years[y] {
				continue
			}
			years[y] = true
			c, err := recordAs[*registry.Calendar](ctx, s, registry.KindCalendar, (&registry.Calendar{Year: y}).Name())
			if err != nil {
				return nil, err
			}
			if c != nil {
				all = append(all, c)
			}
		}
	}
	return all, nil
}
