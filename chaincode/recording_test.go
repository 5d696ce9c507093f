package chaincode_test

import (
	"testing"
	"time"

	"tongzheng/chaincode/ledgertest"
	"tongzheng/registry"
)

// A case that the handover lists ends what its holder applied for, and nothing else.
func TestInFlightCaseEndsNoLicense(t *testing.T) {
	s := newStage(t)
	town := s.newcomer("360732", ledgertest.MemberXingguo, s.County)
	g := s.grant("g-from", s.Xingguo, "360732101", nil)
	s.grant("g-town", town, "360732101", func(g *registry.Grant) { g.Source = s.Xingguo.Code })
	l := s.NewLicense()
	l.Grant, l.Place = "g-from", "360732101"
	s.wants("issue", "", ledgertest.MemberXingguo, l.Next(registry.Issue))
	s.Advance(2 * time.Hour)
	h := s.handover("h1", s.Xingguo, town, "g-town", "g-from")
	h.Cases = []string{"受理1"}
	s.wants2("handover", "", s.takes(s.Governing, h, s.Now, name(s.Xingguo, "360732101")))
	ended := *g
	ended.End, ended.EndBasis, ended.Cases, ended.Ended = s.Now, "交接", []string{"受理1"}, "h1"
	s.set(&ended)
	s.Advance(15 * 24 * time.Hour)
	in := l.Intent(registry.Revoke)
	in.Case, in.Decided = "受理1", s.Now-15*24*3600-3600
	e := s.Entry(in)
	s.wants("the predecessor revokes, two weeks later, by another's case", registry.CodeGrantPeriod, ledgertest.MemberXingguo, e)
}

// Years later it is no power over other licenses, either.
func TestInFlightCaseIsNoPowerForEver(t *testing.T) {
	s := newStage(t)
	town := s.newcomer("360732", ledgertest.MemberXingguo, s.County)
	g := s.grant("g-from", s.Xingguo, "360732101", nil)
	s.grant("g-town", town, "360732101", func(g *registry.Grant) { g.Source = s.Xingguo.Code })
	var all []*ledgertest.License
	for range 2 {
		l := s.NewLicense()
		l.Grant, l.Place = "g-from", "360732101"
		s.wants("issue", "", ledgertest.MemberXingguo, l.Next(registry.Issue))
		all = append(all, l)
	}
	s.Advance(2 * time.Hour)
	h := s.handover("h1", s.Xingguo, town, "g-town", "g-from")
	h.Cases = []string{"受理1"}
	s.wants2("handover", "", s.takes(s.Governing, h, s.Now, name(s.Xingguo, "360732101")))
	ended := *g
	ended.End, ended.EndBasis, ended.Cases, ended.Ended = s.Now, "交接", []string{"受理1"}, "h1"
	s.set(&ended)
	before := s.Now - 60
	s.Advance(3 * 365 * 24 * time.Hour)
	for _, l := range all {
		in := l.Intent(registry.Revoke)
		in.Case, in.Decided, in.Recording = "受理1", before, registry.Register
		e := s.Entry(in)
		e.Recording = registry.Register
		s.wants("the predecessor revokes three years later by one listed case", registry.CodeGrantPeriod, ledgertest.MemberXingguo, e)
	}
}

// A decision made in one's own member's namespace makes nothing in governance: a
// regulator whose node is the city's, named in the city's own grant and in the county's.
func TestDecisionInTwoNamespaces(t *testing.T) {
	s := newStage(t)
	bureau := s.newcomer("360700", ledgertest.MemberCity)
	s.grant("g-c", s.Xingguo, "360732", func(g *registry.Grant) { g.Regulators = []string{bureau.Code} })
	s.grant("g-o", s.Governing, "360700", func(g *registry.Grant) {
		g.Mode, g.Acceptor, g.Source, g.Regulators = registry.ModeOwn, "", "", []string{bureau.Code}
	})
	county := s.NewLicense()
	county.Grant = "g-c"
	s.wants("issue", "", ledgertest.MemberXingguo, county.Next(registry.Issue))
	city := s.NewCityLicense(s.Governing, "g-o")
	s.wants("issue", "", ledgertest.MemberCity, city.Next(registry.Issue))
	a := by(city, bureau, "g-o", registry.Suspend)
	a.Decision, a.Case = "决〔2026〕9号", "案1"
	s.wants("on the city's", "", ledgertest.MemberCity, s.Entry(a))
	b := county.GovernedIntent(bureau, "g-c", registry.Suspend)
	b.Decision, b.Case = "决〔2026〕9号", "案1"
	s.wants("again, on the county's", registry.CodeDecisionUsed, registry.Governance, s.Entry(b))
}

// A license that expired three years ago is not revived by an acceptance "in time"
// that is registered later.
func TestExpiredIsNotRevived(t *testing.T) {
	s := newStage(t)
	l := s.NewLicense()
	in := l.Intent(registry.Issue)
	in.Expires = in.Effective + 60
	e := s.Entry(in)
	s.wants("issue", "", ledgertest.MemberXingguo, e)
	if err := l.Accept(e); err != nil {
		t.Fatal(err)
	}
	lastDay := l.State.Expires.Start().Unix()
	s.Advance(3 * 365 * 24 * time.Hour)
	accept := l.Intent(registry.AcceptRenewal)
	accept.Decided, accept.Recording = lastDay, registry.Register
	e = s.Entry(accept)
	e.Recording = registry.Register
	s.wants("an acceptance three years late", registry.CodeBackdated, ledgertest.MemberXingguo, e)
	s.wants("and without it", registry.CodeActState, ledgertest.MemberXingguo, s.Entry(l.Intent(registry.Change)))
}

// A renewal that counts as granted is not refused after all, dated back.
func TestDeemedRenewalStands(t *testing.T) {
	for _, how := range []registry.Recording{registry.Timely, registry.Register} {
		s := newStage(t)
		types := typeOf(s)
		types.Code, types.Forms = s.Governing.Code+"008", map[registry.CopyKind]string{registry.Original: ""}
		types.Grounds["annotate"] = append(types.Grounds["annotate"], registry.GroundRenewalRefused)
		s.set(types)
		l := s.NewLicense()
		l.Identifier.Type, l.Numbered = types.Code, false
		in := l.Intent(registry.Issue)
		in.Expires = in.Effective + 60
		e := s.Entry(in)
		s.wants("issue", "", ledgertest.MemberXingguo, e)
		if err := l.Accept(e); err != nil {
			t.Fatal(err)
		}
		lastDay := l.State.Expires.Start().Unix()
		s.wants("accepted", "", ledgertest.MemberXingguo, l.Next(registry.AcceptRenewal))
		late := 10 * 24 * time.Hour
		if how == registry.Register {
			late = 3 * 365 * 24 * time.Hour
		}
		s.Now = lastDay
		s.Advance(late)
		refusal := l.Intent(registry.Annotate)
		refusal.Ground, refusal.Decided, refusal.Recording = registry.GroundRenewalRefused, lastDay, how
		e = s.Entry(refusal)
		e.Recording = how
		s.wants("refused after it counted as granted", registry.CodeActState, ledgertest.MemberXingguo, e)
	}
}

func typeOf(s *stage) *registry.TypeRecord {
	for _, record := range s.Records() {
		if r, ok := record.(*registry.TypeRecord); ok && r.Code == s.Type {
			return r
		}
	}
	return nil
}
