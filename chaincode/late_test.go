package chaincode_test

import (
	"testing"
	"time"

	"tongzheng/chaincode/ledgertest"
	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Whose grant listed a regulator and ended does not keep the successor, whose grant
// lists none, from suspending: somebody has jurisdiction.
func TestMeasuresAfterTheGrantEnded(t *testing.T) {
	s := newStage(t)
	old, heir := s.newcomer("360732", ledgertest.MemberXingguo, s.County), s.newcomer("360732", ledgertest.MemberXingguo, s.County)
	l := s.suspendedBefore(old, heir)
	s.enters("given back", l, by(l, heir, "g-new", registry.Return))
	s.reads("given back", registry.Effective, l)
	s.wants("heir suspends", "", ledgertest.MemberXingguo, s.Entry(by(l, heir, "g-new", registry.Suspend)))
}

// A decision is used up whatever an intent says that it rests on.
func TestDecisionUnderSomethingElse(t *testing.T) {
	s := newStage(t)
	bureau, l := s.seen()
	in := by(l, bureau, "g-seen", registry.Suspend)
	in.Decision, in.Case = "决〔2026〕9号", ""
	s.enters("suspension", l, in)
	s.Advance(time.Hour)
	s.enters("return", l, by(l, bureau, "g-seen", registry.Return))
	in = by(l, bureau, "g-seen", registry.Suspend)
	in.Decision, in.Case = "决〔2026〕9号", ""
	s.wants("again", registry.CodeDecisionUsed, ledgertest.MemberXingguo, s.Entry(in))
	in.Under = "whatever"
	s.wants("again, with Under", registry.CodeEntryForm, ledgertest.MemberXingguo, s.Entry(in))
}

// An issue that replaces is a version of the old license, and no more registered later
// than that.
func TestPairIsNotRegisteredLater(t *testing.T) {
	s := newStage(t)
	g := s.grant("g-old", s.Xingguo, "360732101", nil)
	s.grant("g-new", s.Yudu, "360732101", func(g *registry.Grant) { g.Source = s.Xingguo.Code })
	old := s.NewLicense()
	old.Grant, old.Place = "g-old", "360732101"
	in := old.Intent(registry.Issue)
	in.Expires = in.Effective + 60
	s.enters("issue", old, in)
	s.wants2("handover", "", s.takes(s.Governing, s.handover("h1", s.Xingguo, s.Yudu, "g-new", "g-old"), s.Now, name(s.Xingguo, "360732101")))
	s.Advance(time.Hour)
	ended := *g
	ended.End, ended.EndBasis = s.Now, "交接"
	s.set(&ended)
	s.Advance(3 * 24 * time.Hour)
	then := s.Now
	s.Advance(3 * 365 * 24 * time.Hour)
	made := s.NewYuduLicense()
	made.Identifier.Type, made.Grant, made.Place = old.Identifier.Type, "g-new", old.Place
	renew := made.ReplacingIntent(old, registry.Renew)
	renew.Expires = old.State.Expires + 3650
	s.wants("today, too late", registry.CodeActState, ledgertest.MemberYudu, s.Entry(renew))
	renew.Decided, renew.Recording = then, registry.Register
	e := s.Entry(renew)
	e.Recording = registry.Register
	s.wants("dated back three years", registry.CodeBackdated, ledgertest.MemberYudu, e)
}

// What another system made is taken in when it comes, with the term that it says.
func TestCollectedComesLate(t *testing.T) {
	s := newStage(t)
	types := s.measured()
	types.Code, types.Source = s.Governing.Code+"009", registry.Collected
	s.set(types)
	l := s.NewLicense()
	l.Identifier.Type, l.Numbered = types.Code, false
	col := func(in registry.Intent) registry.Intent {
		in.Collected, in.Seal, in.Printings = &registry.Foreign{System: "部系统", Seal: sm.Sum([]byte("f"))}, "", nil
		return in
	}
	s.enters("issue", l, col(l.Intent(registry.Issue)))
	s.Advance(time.Hour)
	s.enters("remark, in time", l, l.Intent(registry.Annotate))
	s.Advance(30 * 24 * time.Hour)
	in := col(l.Intent(registry.Change))
	in.Decided, in.Recording = s.Now-int64(25*24*3600), registry.Register
	e := s.Entry(in)
	e.Recording = registry.Register
	s.wants("what the ministry made 25 days ago", "", ledgertest.MemberXingguo, e)
	if err := l.Accept(e); err != nil {
		t.Fatal(err)
	}
	in = col(l.Intent(registry.Change))
	in.Effective += 30
	s.wants("with another beginning", "", ledgertest.MemberXingguo, s.Entry(in))
}
