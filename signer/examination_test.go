package signer

import (
	"context"
	"testing"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

const testCounty = "11360732DEM200027X"

// caseMaker writes a case file as people would sign it.
type caseMaker struct {
	*stage
	steps []registry.CaseStep
	last  sm.Digest
}

func (c *caseMaker) add(kind registry.CaseKind, organization string, key sm.KeyID, change func(*registry.CaseStatement)) {
	c.t.Helper()
	s := registry.CaseStatement{Grant: "review", Case: "审1", Number: len(c.steps) + 1, Previous: c.last, Kind: kind, Organization: organization, At: c.now.Unix() + int64(len(c.steps))}
	if change != nil {
		change(&s)
	}
	digest, err := s.Digest()
	must(c.t, err)
	signature, err := c.people.Sign(key, registry.ApprovalMessage(digest))
	must(c.t, err)
	c.steps = append(c.steps, registry.CaseStep{Statement: s, Approval: registry.Approval{Algorithm: registry.SM2SM3, KeyID: key, Signature: signature}})
	c.last = digest
}

// TestExaminationNeedsItsCase: without open orders an examination is registered
// for the case file that says the same, signed step by step by those entitled;
// whoever owns the registry can invent none, and no governor's word stands in.
func TestExaminationNeedsItsCase(t *testing.T) {
	s := newStage(t)
	s.cfg.OpenOrders = false
	s.reopen()
	s.ledger.set(&registry.Grant{ID: "review", Mode: registry.ModeReview, Decider: testOrg, Acceptor: testCounty, Examiner: testCounty})
	acceptor := s.enrollAt(testCounty, "a", registry.RoleAcceptor, registry.RoleExaminer)
	examiner := s.enrollAt(testCounty, "e", registry.RoleExaminer)
	keeper := s.enroll("k", registry.RoleSealKeeper)
	calendars := registry.Calendars{}
	grant := s.ledger.records[registry.RecordKey(registry.KindGrant, "review")].(*registry.Grant)
	register := func(by string, steps []registry.CaseStep, change func(*registry.Examination)) error {
		t.Helper()
		f, err := registry.ReadCase(grant.Mode, steps, calendars)
		must(t, err)
		x := f.Examination(grant)
		if change != nil {
			change(x)
		}
		order, err := registry.NewOrder(by, x, "审1", s.now.Unix(), 1, sm.Digest{})
		must(t, err)
		_, err = s.service.RegisterOrder(context.Background(), *order, registry.Warrant{Case: steps})
		return err
	}
	forwarded := func(by sm.KeyID) *caseMaker {
		c := &caseMaker{stage: s}
		c.add(registry.CaseAccept, testCounty, acceptor, func(s *registry.CaseStatement) { s.Days = 20 })
		c.add(registry.CaseExamine, testCounty, by, func(s *registry.CaseStatement) { s.Result = registry.Forward })
		return c
	}
	want := func(name string, err error, code registry.Code) {
		t.Helper()
		if registry.CodeOf(err) != code {
			t.Errorf("%s: %v, want %q", name, err, code)
		}
	}
	good := forwarded(examiner)
	want("who accepted examines", register(testCounty, forwarded(acceptor).steps, nil), registry.CodeApprovalTwice)
	want("a keeper examines", register(testCounty, forwarded(keeper).steps, nil), registry.CodeApprovalUnknown)
	want("another due day", register(testCounty, good.steps, func(x *registry.Examination) { x.Due += 30 }), registry.CodeApprovalSignature)
	want("confirmed by nobody", register(testOrg, good.steps, func(x *registry.Examination) {
		x.SealAsked, x.Confirmed, x.ConfirmedBy = x.Examined, x.Examined, keeper
	}), registry.CodeApprovalSignature)
	want("in another's name", register(testOrg, good.steps, nil), registry.CodeApprovalSignature)
	edited := append([]registry.CaseStep(nil), good.steps...)
	edited[1].Statement.Result = registry.Refuse
	want("a result edited", register(testCounty, edited, nil), registry.CodeApprovalSignature)
	f, err := registry.ReadCase(grant.Mode, good.steps, calendars)
	must(t, err)
	order, err := registry.NewOrder(testCounty, f.Examination(grant), "审1", s.now.Unix(), 1, sm.Digest{})
	must(t, err)
	_, err = s.service.RegisterOrder(context.Background(), *order, registry.Warrant{})
	want("without its case", err, registry.CodeApprovalMissing)
	want("as it is", register(testCounty, good.steps, nil), "")
	good.add(registry.CaseSealRequest, testCounty, examiner, nil)
	good.add(registry.CaseSealConfirm, testOrg, examiner, nil)
	want("the county confirms", register(testOrg, good.steps, nil), registry.CodeApprovalUnknown)
	good.steps, good.last = good.steps[:3], good.steps[3].Statement.Previous
	good.add(registry.CaseSealConfirm, testOrg, keeper, nil)
	want("confirmed", register(testOrg, good.steps, nil), "")
}
