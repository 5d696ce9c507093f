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
	s.ledger.set(&registry.Grant{ID: "review", Mode: registry.ModeReview, Decider: testOrg, Acceptor: testCounty, Examiner: testCounty, Agreement: "协〔2026〕1号"})
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

// TestExaminationOfALongerFile: the signer follows a file from its receipt over
// what was missing, an invitation and a clock that stood still, and refuses one
// in which any of these is forged.
func TestExaminationOfALongerFile(t *testing.T) {
	s := newStage(t)
	s.cfg.OpenOrders = false
	s.reopen()
	grant := &registry.Grant{ID: "review", Matter: "m", Mode: registry.ModeReview, Decider: testOrg, Acceptor: testCounty, Examiner: testCounty, Agreement: "协〔2026〕1号"}
	s.ledger.set(grant)
	s.ledger.set(&registry.Matter{Code: "m", FullName: "事项", Defers: true})
	const invited, stranger = "11360732DEM300007X", "11360731DEM300008X"
	acceptor := s.enrollAt(testCounty, "a", registry.RoleAcceptor)
	examiner := s.enrollAt(testCounty, "e", registry.RoleExaminer)
	visitor := s.enrollAt(invited, "v", registry.RoleExaminer)
	outsider := s.enrollAt(stranger, "o", registry.RoleExaminer)
	text := sm.Sum([]byte("意见"))
	said := func(s *registry.CaseStatement) { s.Content = text }
	today := registry.DateOf(s.now)
	type step struct {
		kind   registry.CaseKind
		by     string
		key    sm.KeyID
		change func(*registry.CaseStatement)
	}
	whole := []step{
		{registry.CaseReceive, testCounty, acceptor, func(s *registry.CaseStatement) {
			s.Received, s.Channel, s.Items = s.At-60, registry.ChannelCounter, []registry.CaseItem{{Name: "申请书"}}
		}},
		{registry.CaseAccept, testCounty, acceptor, func(s *registry.CaseStatement) {
			s.Days, s.Unit, s.Document, s.Content, s.Items = 20, registry.WorkingDays, "告1", text, []registry.CaseItem{{Name: "平面图", Due: today + 5}}
		}},
		{registry.CaseInvite, testCounty, examiner, func(s *registry.CaseStatement) {
			s.Invited, s.Purpose, s.Due = invited, registry.InviteVisit, today+5
		}},
		{registry.CaseOpinion, invited, visitor, said},
		{registry.CaseSuspend, testCounty, examiner, func(s *registry.CaseStatement) { s.Procedure, s.Document = registry.ProcedureTest, "告2" }},
		{registry.CaseResume, testCounty, examiner, nil},
		{registry.CaseSupply, testCounty, acceptor, func(s *registry.CaseStatement) { s.Items = []registry.CaseItem{{Name: "平面图"}} }},
		{registry.CaseExamine, testCounty, examiner, func(s *registry.CaseStatement) { s.Result = registry.Forward }},
	}
	register := func(change func(at int, s *step)) error {
		t.Helper()
		c := &caseMaker{stage: s}
		for i, one := range whole {
			if change != nil {
				change(i, &one)
			}
			if one.kind != "" {
				c.add(one.kind, one.by, one.key, one.change)
			}
		}
		for i := range c.steps {
			if c.steps[i].Statement.Content == text {
				c.steps[i].Content = "意见"
			}
		}
		f, err := registry.ReadCase(grant.Mode, c.steps, nil)
		must(t, err)
		x := f.Examination(grant)
		x.Due = max(x.Due, today) // a clock that stands still has no last day
		order, err := registry.NewOrder(testCounty, x, "审1", s.now.Unix(), 1, sm.Digest{})
		must(t, err)
		_, err = s.service.RegisterOrder(context.Background(), *order, registry.Warrant{Case: c.steps})
		return err
	}
	at := func(n int, fn func(s *step)) func(int, *step) {
		return func(i int, s *step) {
			if i == n {
				fn(s)
			}
		}
	}
	for name, test := range map[string]struct {
		change func(int, *step)
		want   registry.Code
	}{
		"received by who does not take in": {at(0, func(s *step) { s.key = examiner }), registry.CodeApprovalRole},
		"received tomorrow": {at(0, func(s *step) {
			s.change = func(s *registry.CaseStatement) { whole[0].change(s); s.Received = s.At + 86400 }
		}), registry.CodeDateOrder},
		"an opinion of nobody who was invited": {at(3, func(s *step) { s.by, s.key = stranger, outsider }), registry.CodeForbidden},
		"the invitation left out":              {at(2, func(s *step) { s.kind = "" }), registry.CodeForbidden},
		"stopped for no procedure of the law": {at(4, func(s *step) {
			s.change = func(s *registry.CaseStatement) { s.Procedure, s.Document = "holiday", "告2" }
		}), registry.CodeMalformed},
		"examined while the clock stands still": {at(5, func(s *step) { s.kind = "" }), registry.CodeActState},
		"brought what was not missing": {at(6, func(s *step) {
			s.change = func(s *registry.CaseStatement) { s.Items = []registry.CaseItem{{Name: "别的"}} }
		}), registry.CodeActState},
	} {
		if err := register(test.change); registry.CodeOf(err) != test.want {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
	s.ledger.set(&registry.Matter{Code: "m", FullName: "事项"})
	if err := register(nil); registry.CodeOf(err) != registry.CodeActNotAllowed {
		t.Errorf("items missing where the matter does not allow it: %v", err)
	}
	s.ledger.set(&registry.Matter{Code: "m", FullName: "事项", Defers: true})
	if err := register(nil); err != nil {
		t.Errorf("as it is: %v", err)
	}
}
