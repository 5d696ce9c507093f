package ledgertest

import (
	"testing"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// testOneBadEntry: a refused entry takes nobody with it and leaves no trace.
func testOneBadEntry(t *testing.T, s *suite) {
	a, bad, b := s.NewLicense(), s.NewLicense(), s.NewLicense()
	in := bad.Intent(registry.Issue)
	in.Ground = "none"
	entries := []*registry.Entry{a.Next(registry.Issue), s.Entry(in), b.Next(registry.Issue)}
	c := s.codes(t, MemberXingguo, entries, "", registry.CodeGround, "")
	if want := registry.EntriesRoot([]sm.Digest{entries[0].Digest(), entries[2].Digest()}); c.Outcome.Root != want || c.Outcome.Count != 2 {
		t.Errorf("root over the accepted entries: %v %d", c.Outcome.Root, c.Outcome.Count)
	}
	for _, l := range []*License{a, bad, b} {
		s.holds(t, l)
	}
	alone := s.codes(t, MemberXingguo, []*registry.Entry{s.Entry(in)}, registry.CodeGround)
	if !alone.Outcome.Root.IsZero() || alone.Outcome.Count != 0 {
		t.Error("a batch of refusals has no root")
	}
	// An act on what the same batch made.
	l := s.NewLicense()
	s.accept(t, MemberXingguo, l.Next(registry.Issue), l.Next(registry.Change), l.Next(registry.Cancel))
	s.holds(t, l)
}

func testBadBatches(t *testing.T, s *suite) {
	e := s.Entry(s.NewLicense().Intent(registry.Issue))
	s.refusedWhole(t, registry.Batch{Namespace: MemberXingguo, Rules: s.Rules.Version, Time: s.Now}, registry.CodeEntryForm)
	for _, rules := range []int{0, s.Rules.Version - 1, s.Rules.Version + 1, 99} {
		b := s.Batch(MemberXingguo, e)
		b.Rules = rules
		s.refusedWhole(t, b, registry.CodeRules)
	}
	missing := s.Batch(MemberXingguo, e)
	missing.Entries = append(missing.Entries, nil)
	s.refusedWhole(t, missing, registry.CodeEntryForm)
	// An entry that says nothing is refused by itself.
	c := s.submit(t, s.Batch(MemberXingguo, &registry.Entry{}, e))
	wantCodes(t, c, registry.CodeEntryForm, "")
}

func testSequence(t *testing.T, s *suite) {
	l := s.NewLicense()
	first := l.Next(registry.Issue)
	s.accept(t, MemberXingguo, first)
	again := s.accept(t, MemberXingguo, first)
	if !again.Outcome.Results[0].Repeat || again.Outcome.Count != 0 {
		t.Errorf("the head handed in again: %+v", again.Outcome)
	}
	s.holds(t, l)
	other := l.City.Entry(l.Intent(registry.Change)) // fits where second will stand
	second := l.Next(registry.Annotate)
	s.accept(t, MemberXingguo, second)
	if c := s.accept(t, MemberXingguo, second, second); !c.Outcome.Results[1].Repeat {
		t.Errorf("twice in one batch: %+v", c.Outcome)
	}
	gap := l.Intent(registry.Change)
	gap.Sequence++
	previous := l.Intent(registry.Change)
	previous.Previous = first.Digest()
	s.codes(t, MemberXingguo, []*registry.Entry{first, other, s.Entry(gap), s.Entry(previous)},
		registry.CodeSequencePast, registry.CodeSequenceTaken, registry.CodeSequenceGap, registry.CodePreviousHead)
	s.holds(t, l)
	older := l.Intent(registry.Annotate)
	older.Decided--
	s.codes(t, MemberXingguo, []*registry.Entry{s.Entry(older)}, registry.CodeDateOrder)
}

// testPowers: everything that governance says, each refused with its own code.
func testPowers(t *testing.T, s *suite) {
	tests := []struct {
		name   string
		change func(in *registry.Intent)
		want   registry.Code
	}{
		{"a ground the type does not have", func(in *registry.Intent) { in.Ground = "g2" }, registry.CodeGround},
		{"a type version that is not registered", func(in *registry.Intent) { in.TypeVersion = 2 }, registry.CodeTypeUnknown},
		{"a grant that is not there", func(in *registry.Intent) { in.Grant = "g-none" }, registry.CodeGrant},
		{"no grant", func(in *registry.Intent) { in.Grant = "" }, registry.CodeGrant},
		{"another matter's grant", func(in *registry.Intent) { in.Grant = GrantOther }, registry.CodeGrantMatter},
		{"another county's grant", func(in *registry.Intent) { in.Grant = GrantYudu }, registry.CodeGrantMode},
		{"the city decides in this mode", func(in *registry.Intent) { in.Grant = GrantWindow }, registry.CodeGrantMode},
		{"before the handover", func(in *registry.Intent) { in.Grant = GrantHandover }, registry.CodeGrantPeriod},
		{"a seal that is not there", func(in *registry.Intent) { in.Seal = "s-none" }, registry.CodeSealUnknown},
		{"another county's seal", func(in *registry.Intent) { in.Seal = SealYudu }, registry.CodeSealScope},
		{"the city's seal", func(in *registry.Intent) { in.Seal = SealCity }, registry.CodeSealScope},
		{"the wrong kind of seal", func(in *registry.Intent) { in.Seal = SealOfficial }, registry.CodeSealScope},
		{"a seal for another matter", func(in *registry.Intent) { in.Seal = SealScoped }, registry.CodeSealScope},
		{"a serial of another instance", func(in *registry.Intent) { in.Identifier.Serial = "ZZ" + in.Identifier.Serial[2:] }, registry.CodeSerialPrefix},
		{"another instance's status list", func(in *registry.Intent) { in.Printings[0].List = 3 }, registry.CodeListRange},
		{"an issuer that is not registered", func(in *registry.Intent) { in.Identifier.Issuer = "113607320000000000" }, registry.CodeOrganization},
		{"the wrong form", func(in *registry.Intent) { in.Printings[1].Blank.Form = FormDuplicate }, registry.CodeBlankForm},
		{"two originals", func(in *registry.Intent) {
			in.Printings = append(in.Printings, registry.Printing{Number: 3, Copy: registry.Original, Blank: s.Blank(FormOriginal), List: 1, Index: 90000})
		}, registry.CodePrinting},
		{"a printing number left out", func(in *registry.Intent) { in.Printings[1].Number = 3 }, registry.CodePrinting},
		{"a sequence that begins at 2", func(in *registry.Intent) { in.Sequence, in.Previous = 2, sm.Sum(nil) }, registry.CodeSequenceGap},
		{"no content", func(in *registry.Intent) { in.Content = sm.Digest{} }, registry.CodeEntryForm},
		{"an end before the beginning", func(in *registry.Intent) { in.Expires = in.Effective - 1 }, registry.CodeDateOrder},
		{"version 2 first", func(in *registry.Intent) { in.Identifier.Version = 2 }, registry.CodeStale},
		{"nothing wrong", func(*registry.Intent) {}, ""},
	}
	entries, want := make([]*registry.Entry, len(tests)), make([]registry.Code, len(tests))
	for i, test := range tests {
		in := s.NewLicense().Intent(registry.Issue)
		test.change(&in)
		entries[i], want[i] = s.Entry(in), test.want
	}
	c := s.submit(t, s.Batch(MemberXingguo, entries...))
	for i, result := range c.Outcome.Results {
		if result.Code != want[i] {
			t.Errorf("%s: %q (%s), want %q", tests[i].name, result.Code, result.Field, want[i])
		}
	}
	testPowersOfOthers(t, s)
}

// testPowersOfOthers: modes in which the county acts in the city's name, and what
// it may not do there.
func testPowersOfOthers(t *testing.T, s *suite) {
	own, window, entrust := s.NewCityLicense(s.Governing, GrantOwn), s.NewCityLicense(s.Governing, GrantWindow), s.NewCityLicense(s.Xingguo, GrantEntrust)
	own.Place = "360732"
	other := s.NewCityLicense(s.Governing, GrantOwn)
	s.accept(t, MemberCity, own.Next(registry.Issue), window.Next(registry.Issue), entrust.Next(registry.Issue), other.Next(registry.Issue))
	asCounty := func(l *License, grant string, act registry.Act) *registry.Entry {
		in := l.Intent(act)
		in.Grant, in.Organization = grant, s.Xingguo.Code
		if grant == GrantEntrust {
			in.Under = GrantOwn
		}
		in.Origin = l.origin(in)
		return s.Entry(in)
	}
	remark := asCounty(window, GrantWindow, registry.Annotate)
	must(window.Accept(remark))
	s.codes(t, MemberCity, []*registry.Entry{
		asCounty(own, GrantDirect, registry.Revoke),  // a county's own power does not reach the city's license
		asCounty(own, GrantEntrust, registry.Revoke), // entrusted: in the city's name
		remark, // the acceptor may record
		asCounty(window, GrantWindow, registry.Revoke), // and not decide
		asCounty(other, GrantYudu, registry.Annotate),
	}, registry.CodeNamespace, "", "", registry.CodeGrantMode, registry.CodeGrantMode)
}

func testBlanks(t *testing.T, s *suite) {
	with := func(number string) *registry.Entry {
		in := s.NewLicense().Intent(registry.Issue)
		in.Printings[1].Blank.Number = number
		return s.Entry(in)
	}
	s.codes(t, MemberXingguo, []*registry.Entry{with("050001"), with("050001"), with("50002"), with("100000"), with("050002")},
		"", registry.CodeBlankUsed, registry.CodeBlankStock, registry.CodeBlankStock, "")
	s.codes(t, MemberXingguo, []*registry.Entry{with("050002"), with("050003")}, registry.CodeBlankUsed, "")

	in := s.NewLicense().Intent(registry.Issue)
	twice := in.Printings[1]
	twice.Number, twice.Copy, twice.Index = 3, registry.Duplicate, twice.Index+1000
	twice.Blank.Form = FormDuplicate
	third := twice
	third.Number, third.Index = 4, third.Index+1000
	in.Printings = append(in.Printings, twice, third) // two duplicates on one sheet
	s.codes(t, MemberXingguo, []*registry.Entry{s.Entry(in)}, registry.CodeBlankUsed)

	l := s.issued(t, 1)[0]
	reprint := l.Next(registry.Spoil)
	print := l.Intent(registry.Reprint)
	print.Printings[0].Blank.Number = "050001"
	s.codes(t, MemberXingguo, []*registry.Entry{reprint, s.Entry(print), l.Next(registry.Reprint)}, "", registry.CodeBlankUsed, "")
	s.holds(t, l)
}

func testNamespaces(t *testing.T, s *suite) {
	mine, theirs := s.NewLicense(), s.NewYuduLicense()
	entries := []*registry.Entry{s.Entry(mine.Intent(registry.Issue)), s.Entry(theirs.Intent(registry.Issue))}
	s.codes(t, MemberYudu, entries, registry.CodeNamespace, "")
	// A network has no such namespace at all; a single node refuses each entry.
	switch c, err := Settle(s.ctx, s.Ledger, s.Batch("nowhere", entries...), registry.CodeLedgerConflict); {
	case err == nil:
		wantCodes(t, c, registry.CodeNamespace, registry.CodeNamespace)
	case registry.CodeOf(err) != registry.CodeNamespace:
		t.Errorf("nowhere: %v", err)
	}
	s.codes(t, MemberXingguo, []*registry.Entry{s.Order(s.Governing, &registry.Matter{Code: "n", FullName: "x"})}, registry.CodeNamespace)
	s.codes(t, registry.Governance, entries[:1], registry.CodeEntryForm) // no act of oversight
	s.holds(t, mine)
}

func testAuthorship(t *testing.T, s *suite) {
	a, b := s.NewLicense(), s.NewLicense()
	entries := []*registry.Entry{s.Entry(a.Intent(registry.Issue)), s.Entry(b.Intent(registry.Issue))}
	good := s.Batch(MemberXingguo, entries...)
	digests := good.DigestsOf(s.Xingguo.Code)
	for _, test := range []struct {
		name    string
		authors []registry.Authorship
	}{
		{"missing", nil},
		{"another's key", []registry.Authorship{Authorship(MemberXingguo, s.Xingguo.Code, s.Yudu.Act, digests)}},
		{"another's key under the right id", []registry.Authorship{{Organization: s.Xingguo.Code, Key: s.Xingguo.Act.ID,
			Signature: Authorship(MemberXingguo, s.Xingguo.Code, s.Yudu.Act, digests).Signature}}},
		{"for another namespace", []registry.Authorship{Authorship(MemberCity, s.Xingguo.Code, s.Xingguo.Act, digests)}},
		{"for fewer entries", []registry.Authorship{Authorship(MemberXingguo, s.Xingguo.Code, s.Xingguo.Act, digests[:1])}},
		{"in another order", []registry.Authorship{Authorship(MemberXingguo, s.Xingguo.Code, s.Xingguo.Act, []sm.Digest{digests[1], digests[0]})}},
		{"short", []registry.Authorship{{Organization: s.Xingguo.Code, Key: s.Xingguo.Act.ID, Signature: []byte{1}}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			bad := good
			bad.Authors = test.authors
			wantCodes(t, s.submit(t, bad), registry.CodeAuthorship, registry.CodeAuthorship)
		})
	}
	// Of two organizations only the one without a good signature is refused.
	mixed := s.Batch(MemberCity, s.Entry(s.NewCityLicense(s.Governing, GrantOwn).Intent(registry.Issue)),
		s.Entry(s.NewCityLicense(s.Xingguo, GrantEntrust).Intent(registry.Issue)))
	mixed.Authors = mixed.Authors[:1]
	wantCodes(t, s.submit(t, mixed), "", registry.CodeAuthorship)
	s.accept(t, MemberXingguo, entries...)
}

func testTimes(t *testing.T, s *suite) {
	with := func(change func(e *registry.Entry)) *registry.Entry {
		e := s.Entry(s.NewLicense().Intent(registry.Issue))
		change(e)
		return e
	}
	limit := s.Rules.MaxBackdate
	decided := func(at int64, how registry.Recording) *registry.Entry {
		return with(func(e *registry.Entry) {
			e.Intent.Decided, e.Sealed = at, max(at, s.Now)
			Recorded(e, how)
		})
	}
	s.codes(t, MemberXingguo, []*registry.Entry{
		decided(s.Now-limit, registry.Timely),
		decided(s.Now-limit-1, registry.Timely),
		decided(s.Now-limit-1, registry.Register),
		decided(s.Now+1, registry.Timely),
		with(func(e *registry.Entry) { e.Sealed = s.Now + 1 }),
		with(func(e *registry.Entry) { e.Sealed = e.Intent.Decided - 1 }),
		decided(s.start-200*24*3600, registry.Register), // before the grant
	}, "", registry.CodeBackdated, "", registry.CodeFuture, registry.CodeFuture, registry.CodeDateOrder, registry.CodeGrantPeriod)
}

// testGrantsOverTime: ended by whose decision it is, not by another; what the
// handover lists may still be recorded.
func testGrantsOverTime(t *testing.T, s *suite) {
	l := func() *License { l := s.NewLicense(); l.Grant = GrantEnding; return l }
	before, open := l(), l()
	s.accept(t, MemberXingguo, before.Next(registry.Issue))
	waiting, listed := s.Entry(l().Intent(registry.Issue)), l().Intent(registry.Issue)
	listed.Case = "受〔2026〕1号"
	inFlight := s.Entry(listed) // decided and sealed before the end
	s.Advance(time.Hour)
	end := grantOf(s.City, GrantEnding)
	end.End, end.EndBasis, end.Cases = s.Now, "收回〔2026〕1号", []string{"受〔2026〕1号"}
	s.codes(t, registry.Governance, []*registry.Entry{s.Order(s.Xingguo, end), s.Order(s.Yudu, end), s.Order(s.County, end)},
		registry.CodeOrderNotAllowed, registry.CodeOrderNotAllowed, registry.CodeOrderNotAllowed)
	s.codes(t, registry.Governance, []*registry.Entry{s.Order(s.Governing, end)}, registry.CodeHandover) // no handover lists the case
	s.takenBack(t, end.Cases)
	end.Ended = takenBack
	s.set(t, s.Governing, end)
	reopen := *end
	reopen.End, reopen.EndBasis = s.Now+3600, "又"
	s.codes(t, registry.Governance, []*registry.Entry{s.Order(s.Governing, &reopen)}, registry.CodeOrderNotAllowed)
	s.codes(t, MemberXingguo, []*registry.Entry{s.Entry(open.Intent(registry.Issue)), waiting, s.Entry(listed), inFlight, s.Entry(before.Intent(registry.Annotate))},
		registry.CodeGrantPeriod, registry.CodeGrantPeriod, registry.CodeSealState, "", registry.CodeGrantPeriod)
	// The city took the matter back, and with it the licenses: whatever else
	// Xingguo holds does not lead to them, and the city acts through governance.
	byXingguo := before.Intent(registry.Annotate)
	byXingguo.Grant, byXingguo.Origin.Grant = GrantDirect, GrantEnding
	s.codes(t, MemberXingguo, []*registry.Entry{s.Entry(byXingguo)}, registry.CodeNotResponsible)
	s.accept(t, registry.Governance, before.NextGoverned(s.Governing, GrantOwn, registry.Withdraw))

	testTakeover(t, s)
	handed := s.NewLicense()
	handed.Grant = GrantHandover
	s.accept(t, MemberXingguo, handed.Next(registry.Issue))
}

func testReview(t *testing.T, s *suite) {
	l := s.NewCityLicense(s.Governing, GrantReview)
	s.codes(t, MemberCity, []*registry.Entry{s.Entry(l.Intent(registry.Issue))}, registry.CodeAgreement)
	agreed := grantOf(s.City, GrantReview)
	agreed.Agreement, agreed.Agreed = "承接协议〔2026〕1号", s.Now
	s.set(t, s.Governing, agreed)
	testExamination(t, s, l)
	byCounty := l.Intent(registry.Issue)
	byCounty.Organization = s.Xingguo.Code
	good := l.Intent(registry.Issue)
	good.Case = caseReviewed
	byCounty.Case = caseReviewed
	s.codes(t, MemberCity, []*registry.Entry{s.Entry(byCounty), s.Entry(good)}, registry.CodeGrantMode, "")
}

func testSealSuspended(t *testing.T, s *suite) {
	withSpare := func() *registry.Entry {
		in := s.NewLicense().Intent(registry.Issue)
		in.Seal = SealSpare
		return s.Entry(in)
	}
	s.accept(t, MemberXingguo, withSpare())
	sealed := withSpare() // sealed while in use, recorded after
	s.Advance(time.Minute)
	record := sealOf(s.City, SealSpare)
	record.History = append(record.History, registry.SealEvent{State: registry.SealSuspended, At: s.Now, Basis: "停用〔2026〕1号"})
	s.set(t, s.Governing, record)
	s.codes(t, MemberXingguo, []*registry.Entry{sealed, withSpare()}, registry.CodeSealState, registry.CodeSealState)
	during := withSpare()
	s.Advance(time.Minute)
	record.History = append(record.History, registry.SealEvent{State: registry.SealInUse, At: s.Now})
	s.set(t, s.Xingguo, record)
	s.codes(t, MemberXingguo, []*registry.Entry{during, sealed, withSpare()}, registry.CodeSealState, "", "")
}

// Recorded says how an entry comes to the ledger, as its approvers did.
func Recorded(e *registry.Entry, how registry.Recording) {
	e.Recording, e.Intent.Recording = how, how
}
