package ledgertest

import (
	"testing"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// testNumbers: an existing license number given again is refused, whoever of the
// member gives it and whatever became of its license; the license itself keeps it.
func testNumbers(t *testing.T, s *suite) {
	first := s.issued(t, 1)[0]
	tag := first.issuedNumber()
	again := func(change func(in *registry.Intent)) *registry.Entry {
		in := s.NewLicense().Intent(registry.Issue)
		in.Number = tag
		change(&in)
		return s.Entry(in)
	}
	same := func(*registry.Intent) {}
	untagged := s.NewLicense().Intent(registry.Issue)
	untagged.Number = sm.Digest{}
	state := first.Intent(registry.Suspend)
	state.Number = tag
	two, other := again(same), s.NewLicense().Intent(registry.Issue)
	renumbered := s.Entry(other)
	other.Identifier.Serial += "9" // two licenses of one number in one batch
	s.codes(t, MemberXingguo, []*registry.Entry{two, s.Entry(untagged), s.Entry(state), renumbered, s.Entry(other)},
		registry.CodeNumberUsed, registry.CodeMissing, registry.CodeEntryForm, "", registry.CodeNumberUsed)
	// It stays taken through later versions and after the end.
	s.accept(t, MemberXingguo, first.Next(registry.Change), first.Next(registry.Revoke), first.Next(registry.Cancel))
	s.codes(t, MemberXingguo, []*registry.Entry{again(same)}, registry.CodeNumberUsed)
	// A number that a license had before is its own again.
	changed := s.issued(t, 1)[0]
	in := changed.Intent(registry.Change)
	in.Number = registry.NumberTag(in.Identifier.Type, "another")
	e := s.Entry(in)
	must(changed.Accept(e))
	s.accept(t, MemberXingguo, e, changed.Next(registry.Change))
	// Another member's namespace knows nothing of it: region or blocks divide them.
	yudu := s.NewYuduLicense().Intent(registry.Issue)
	yudu.Number = tag
	s.accept(t, MemberYudu, s.Entry(yudu))
	// What was on paper before is no new fault: the ledger keeps whose it was first.
	late := again(func(in *registry.Intent) { in.Recording, in.Decided = registry.Register, s.Now-s.Rules.MaxBackdate-1 })
	late.Recording = registry.Register
	s.accept(t, MemberXingguo, late)
	s.holdsValue(t, MemberXingguo, registry.NumberKey(tag), true, registry.UseOf(first.Identifier.Base()))
	s.holds(t, first)
}

func (l *License) issuedNumber() sm.Digest { return registry.NumberTag(l.Identifier.Type, l.Number()) }

// testDecisions: a decision makes one act, also around every API.
func testDecisions(t *testing.T, s *suite) {
	one, two := s.issued(t, 2)[0], s.NewLicense()
	used := one.Intent(registry.Suspend)
	e := s.Entry(used)
	must(one.Accept(e))
	s.accept(t, MemberXingguo, e, one.Next(registry.Return))
	again := one.Intent(registry.Suspend)
	again.Decision = used.Decision
	otherAct := one.Intent(registry.Revoke)
	otherAct.Decision = used.Decision
	s.codes(t, MemberXingguo, []*registry.Entry{s.Entry(again)}, registry.CodeDecisionUsed)

	// Without a case an issue has no license before it: one decision, one license.
	issue := two.Intent(registry.Issue)
	first := s.Entry(issue)
	with := func(decision, number string) *registry.Entry {
		in := s.NewLicense().Intent(registry.Issue)
		in.Decision, in.Case = decision, number
		return s.Entry(in)
	}
	historical := s.NewLicense().Intent(registry.Issue)
	historical.Decision, historical.Recording, historical.Decided = issue.Decision, registry.Register, s.Now-s.Rules.MaxBackdate-1
	late := s.Entry(historical)
	late.Recording = registry.Register
	yudu := s.NewYuduLicense().Intent(registry.Issue)
	yudu.Decision = issue.Decision
	s.codes(t, MemberXingguo, []*registry.Entry{first, with(issue.Decision, ""), with(issue.Decision, "受1"), late, with("", ""), with("", "受1"), s.Entry(otherAct)},
		"", registry.CodeDecisionUsed, registry.CodeDecisionUsed, "", registry.CodeMissing, registry.CodeMissing, "")
	// With cases it makes one license in each, and a case makes one license.
	s.codes(t, MemberXingguo, []*registry.Entry{with("准〔2026〕1号", "受〔2026〕71号"), with("准[2026]１号", "受（2026）71号"), with("准〔2026〕2号", "受 〔2026〕71号"),
		with("准〔2026〕1号", "受〔2026〕72号"), with("准【2026】1号", "")},
		"", registry.CodeCaseUsed, registry.CodeCaseUsed, "", registry.CodeDecisionUsed)
	s.accept(t, MemberYudu, s.Entry(yudu)) // another organization's document

	// Through governance too.
	l := s.issued(t, 1)[0]
	suspended := l.NextOversight(s.County, registry.Suspend)
	s.accept(t, registry.Governance, suspended, l.NextOversight(s.County, registry.Return))
	twice := l.OversightIntent(s.County, registry.Suspend)
	twice.Decision = suspended.Intent.Decision
	s.codes(t, registry.Governance, []*registry.Entry{s.Entry(twice)}, registry.CodeDecisionUsed)
	s.accept(t, registry.Governance, s.Entry(l.OversightIntent(s.County, registry.Suspend)))

	// A ruling rests on another's document: it may come twice under one number.
	r := s.issued(t, 1)[0]
	for range 2 {
		s.accept(t, MemberXingguo, r.Next(registry.Suspend))
		in := r.Intent(registry.Reinstate)
		in.Decision, in.Ruling.Undoes = "同一文号", in.Sequence-1
		ruling := s.Entry(in)
		must(r.Accept(ruling))
		s.accept(t, MemberXingguo, ruling)
	}
	s.holds(t, r)
}

// testNumberBlocks: two instances never give out the same numbers of a type.
func testNumberBlocks(t *testing.T, s *suite) {
	instance := func(prefix string, list uint32, blocks ...registry.NumberBlock) *registry.Entry {
		return s.Order(s.Governing, &registry.Instance{Issuer: s.Xingguo.Code, Prefix: prefix, Lists: []uint32{list}, Numbers: blocks})
	}
	block := func(code string, from, to uint64) registry.NumberBlock {
		return registry.NumberBlock{Type: code, From: from, To: to}
	}
	s.codes(t, registry.Governance, []*registry.Entry{
		instance("N1", 901, block(s.Type, 1, 100), block(s.OtherType, 1, 100)),
		instance("N2", 902, block(s.Type, 100, 200)),
		instance("N3", 903, block(s.Type, 50, 60)),
		instance("N4", 904, block(s.Type, 101, 200)),
	}, "", registry.CodeNumberBlock, registry.CodeNumberBlock, "")
	s.codes(t, registry.Governance, []*registry.Entry{
		instance("N1", 901, block(s.Type, 1, 100), block(s.Type, 201, 300)),
		instance("N5", 905, block(s.OtherType, 100, 101)), // let go of, and still its own
		instance("N6", 906, block(s.Type, 0, 9)),
		s.Order(s.Xingguo, &registry.Instance{Issuer: s.Xingguo.Code, Prefix: "N7", Lists: []uint32{907}, Numbers: []registry.NumberBlock{block(s.Type, 900, 901)}}),
	}, "", registry.CodeNumberBlock, registry.CodeEntryForm, registry.CodeOrderNotAllowed)
}
