package ledgertest

import (
	"fmt"
	"testing"
	"time"

	"tongzheng/registry"
)

// bureau is an authority of its own place, with a seal, serials and a status list,
// so that what a test does to its powers concerns nobody else. n tells it from
// others, between 10 and 99.
func (s *suite) bureau(t *testing.T, n int) *Organization {
	o := s.AddOrganization(fmt.Sprintf("11360733%08d", n), "审批局（测试）", "360733", MemberXingguo, s.Governing)
	record := o.Organization
	s.set(t, s.Governing, &record)
	return o
}

// power records a grant of a bureau's over Matter in its county.
func (s *suite) power(t *testing.T, id string, o *Organization, source string) *registry.Grant {
	g := grantOf(s.City, GrantDirect)
	g.ID, g.Decider, g.Acceptor, g.Source, g.Territory, g.Effective = id, o.Code, o.Code, source, o.Region, s.Now
	s.set(t, s.Governing, g)
	return g
}

// recall ends a grant without a handover.
func (s *suite) recall(t *testing.T, g *registry.Grant) {
	s.Advance(time.Minute)
	g.End, g.EndBasis = s.Now, "收回〔2026〕2号"
	s.set(t, s.Governing, g)
}

// issuedBy issues a license of a bureau's under a grant of its own.
func (s *suite) issuedBy(t *testing.T, o *Organization, grant, prefix string, list uint32) *License {
	seal := sealOf(s.City, SealXingguo)
	seal.ID, seal.Owner, seal.History = "s-"+prefix, o.Code, []registry.SealEvent{{State: registry.SealInUse, At: s.Now}}
	s.set(t, s.Governing, seal)
	s.set(t, s.Governing, &registry.Instance{Issuer: o.Code, Prefix: prefix, Lists: []uint32{list}})
	l := s.newLicense(o, o, grant, seal.ID, prefix, list)
	s.accept(t, MemberXingguo, l.Next(registry.Issue))
	return l
}

// under is an act of a bureau on a license under a grant, in its namespace.
func (l *License) under(o *Organization, grant string, act registry.Act) registry.Intent {
	in := l.Intent(act)
	in.Organization, in.Grant = o.Code, grant
	in.Origin = l.origin(in)
	return in
}

// testTenures: the issuer's power lives as long as any grant of its own over the
// matter there does, not only the one that the license rests on; that of a
// successor ends with its grants, handed over or not.
func testTenures(t *testing.T, s *suite) {
	o := s.bureau(t, 10)
	first, second := s.power(t, "g-tenure-1", o, s.Governing.Code), s.power(t, "g-tenure-2", o, s.Governing.Code)
	l := s.issuedBy(t, o, first.ID, "T1", 71)
	city := func() *registry.Entry { return s.Entry(l.GovernedIntent(s.Governing, GrantOwn, registry.Suspend)) }
	s.recall(t, first)
	s.codes(t, registry.Governance, []*registry.Entry{city()}, registry.CodeNotResponsible)
	remark := s.Entry(l.under(o, second.ID, registry.Annotate))
	s.accept(t, MemberXingguo, remark)
	must(l.Accept(remark))
	s.recall(t, second)
	s.codes(t, MemberXingguo, []*registry.Entry{s.Entry(l.under(o, second.ID, registry.Annotate))}, registry.CodeGrantPeriod)
	s.accept(t, registry.Governance, l.NextGoverned(s.Governing, GrantOwn, registry.Suspend))
	s.holds(t, l)
	// A power that awaits its handover does not live yet.
	waiting := *second
	waiting.ID, waiting.End, waiting.EndBasis, waiting.Handover = "g-tenure-3", 0, "", true
	s.set(t, s.Governing, &waiting)
	s.accept(t, registry.Governance, l.NextGoverned(s.Governing, GrantOwn, registry.Return))
	s.power(t, "g-tenure-6", o, s.Governing.Code)
	s.codes(t, registry.Governance, []*registry.Entry{city()}, registry.CodeNotResponsible)
	own := &registry.Tenure{Decider: o.Code, Matter: OtherMatter}
	s.codes(t, registry.Governance, []*registry.Entry{s.Order(s.Governing, own)}, registry.CodeOrderNotAllowed)
	testTenureOfSuccessor(t, s)
}

func testTenureOfSuccessor(t *testing.T, s *suite) {
	o, heir := s.bureau(t, 20), s.bureau(t, 21)
	had := s.power(t, "g-tenure-4", o, s.Governing.Code)
	l := s.issuedBy(t, o, had.ID, "T2", 72)
	goes := s.power(t, "g-tenure-5", heir, o.Code)
	h := &registry.Handover{ID: "h-tenure", From: []string{o.Code}, To: heir.Code, Document: "交接书〔2026〕7号", Begins: []string{goes.ID}, Ends: []string{had.ID},
		Archives: registry.ArchivesStay, Signed: s.Now, Succeeds: []string{registry.SuccessionName(o.Code, Matter, o.Region)}}
	SignHandover(h, o.Code, registry.SideFrom, nil)
	SignHandover(h, heir.Code, registry.SideTo, nil)
	SignHandover(h, s.County.Code, registry.SideWitness, nil)
	s.set(t, s.Governing, h)
	h.Start = s.Now
	s.set(t, s.Governing, h)
	had.End, had.EndBasis, had.Ended = s.Now, "交接", h.ID
	s.set(t, s.Governing, had)
	city := func(successor string) *registry.Entry {
		in := l.GovernedIntent(s.Governing, GrantOwn, registry.Suspend)
		in.Origin.Successor = successor
		return s.Entry(in)
	}
	s.codes(t, registry.Governance, []*registry.Entry{city(""), city(heir.Code)}, registry.CodeNotResponsible, registry.CodeNotResponsible)
	s.recall(t, goes)
	s.codes(t, registry.Governance, []*registry.Entry{city(""), city(s.County.Code), city(heir.Code)}, registry.CodeNotResponsible, registry.CodeStale, "")
}
