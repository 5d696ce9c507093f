package chaincode_test

import (
	"testing"
	"time"

	"tongzheng/chaincode/ledgertest"
	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// measured is a type whose measures are the deciders' and regulators', as the law
// has it where no statute says otherwise.
func (s *stage) measured() *registry.TypeRecord {
	s.Helper()
	for _, record := range s.Records() {
		if t, ok := record.(*registry.TypeRecord); ok && t.Code == s.Type {
			t.Code, t.Doers, t.Forms = s.Governing.Code+"008", nil, map[registry.CopyKind]string{registry.Original: ""}
			s.set(t)
			return t
		}
	}
	return nil
}

// enters is wants for an act that the license moves on with.
func (s *stage) enters(what string, l *ledgertest.License, in registry.Intent) {
	s.Helper()
	e := s.Entry(in)
	s.wants(what, "", ledgertest.MemberXingguo, e)
	if err := l.Accept(e); err != nil {
		s.Fatal(err)
	}
}

// governs is wants for an act through governance that the license moves on with.
func (s *stage) governs(what string, l *ledgertest.License, in registry.Intent) {
	s.Helper()
	e := s.Entry(in)
	s.wants(what, "", registry.Governance, e)
	after, err := registry.ApplyOversight(l.Oversight, l.State, e)
	if err != nil {
		s.Fatal(err)
	}
	l.Oversight = after
}

// reads tells in which state the license is, governance included.
func (s *stage) reads(what string, want registry.State, l *ledgertest.License) {
	s.Helper()
	if got, _ := (&registry.Standing{License: l.State, Oversight: l.Oversight}).State(); got != want {
		s.Errorf("%s: %s, want %s", what, got, want)
	}
}

// suspendedBefore is a license that a regulator suspended whose grant then ended with
// a handover. The successor's grant lists others.
func (s *stage) suspendedBefore(old, heir *ledgertest.Organization, listed ...string) *ledgertest.License {
	s.Helper()
	types := s.measured()
	g := s.grant("g-old", s.Xingguo, "360732101", func(g *registry.Grant) { g.Regulators = []string{old.Code} })
	s.grant("g-new", heir, "360732101", func(g *registry.Grant) { g.Source, g.Regulators = s.Xingguo.Code, listed })
	l := s.NewLicense()
	l.Grant, l.Place, l.Identifier.Type, l.Numbered = "g-old", "360732101", types.Code, false
	s.enters("issue", l, l.Intent(registry.Issue))
	if old.Member == ledgertest.MemberXingguo {
		s.enters("suspension", l, by(l, old, "g-old", registry.Suspend))
	} else {
		s.governs("suspension", l, l.GovernedIntent(old, "g-old", registry.Suspend))
	}
	s.wants2("handover", "", s.takes(s.Governing, s.handover("h1", s.Xingguo, heir, "g-new", "g-old"), s.Now, name(s.Xingguo, "360732101")))
	s.Advance(time.Hour)
	ended := *g
	ended.End, ended.EndBasis = s.Now, "交接"
	s.set(&ended)
	s.Advance(time.Hour)
	return l
}

// A suspension outlives its regulator's jurisdiction: whom the successor's grant
// lists gives the license back, the successor itself where it lists nobody.
func TestFormerRegulatorsSuspension(t *testing.T) {
	for _, listed := range []bool{true, false} {
		s := newStage(t)
		old, heir, now := s.newcomer("360732", ledgertest.MemberXingguo, s.County), s.newcomer("360732", ledgertest.MemberXingguo, s.County), s.newcomer("360732", ledgertest.MemberXingguo, s.County)
		var l *ledgertest.License
		if listed {
			l = s.suspendedBefore(old, heir, now.Code)
			s.wants("the successor, past its regulator", registry.CodeActNotAllowed, ledgertest.MemberXingguo, s.Entry(by(l, heir, "g-new", registry.Return)))
		} else {
			l = s.suspendedBefore(old, heir)
		}
		s.wants("the former regulator", registry.CodeGrantPeriod, ledgertest.MemberXingguo, s.Entry(by(l, old, "g-old", registry.Return)))
		s.wants("the former issuer", registry.CodeGrantPeriod, ledgertest.MemberXingguo, s.Entry(l.Intent(registry.Return)))
		who := map[bool]*ledgertest.Organization{true: now, false: heir}[listed]
		s.enters("who has the measure now", l, by(l, who, "g-new", registry.Return))
		s.reads("given back", registry.Effective, l)
	}
}

// The same across members: what a regulator of this member suspended one of another
// member gives back, through governance, and the reverse.
func TestFormerRegulatorsSuspensionAcrossMembers(t *testing.T) {
	for _, members := range [][2]string{{ledgertest.MemberXingguo, ledgertest.MemberYudu}, {ledgertest.MemberYudu, ledgertest.MemberXingguo}} {
		s := newStage(t)
		heir := s.newcomer("360732", ledgertest.MemberXingguo, s.County)
		old, now := s.newcomer("360732", members[0], s.County), s.newcomer("360732", members[1], s.County)
		l := s.suspendedBefore(old, heir, now.Code)
		s.reads("suspended", registry.Suspended, l)
		in := l.GovernedIntent(now, "g-new", registry.Return)
		s.governs("the new regulator", l, in)
		s.reads("given back", registry.Effective, l)
		again := l.GovernedIntent(now, "g-new", registry.Return)
		s.wants("and again", map[string]registry.Code{ledgertest.MemberYudu: registry.CodeActState, ledgertest.MemberXingguo: registry.CodeNamespace}[now.Member],
			registry.Governance, s.Entry(again))
		if members[0] == ledgertest.MemberXingguo && len(l.State.Under(l.Oversight).Causes) != 0 {
			t.Errorf("%+v", l.State.Under(l.Oversight).Causes)
		}
	}
}

// seen is a license under a grant, g-seen, that lists a bureau of its own as regulator.
func (s *stage) seen() (*ledgertest.Organization, *ledgertest.License) {
	bureau := s.newcomer("360732", ledgertest.MemberXingguo, s.County)
	types := s.measured()
	s.grant("g-seen", s.Xingguo, "360732", func(g *registry.Grant) { g.Regulators = []string{bureau.Code} })
	l := s.NewLicense()
	l.Grant, l.Identifier.Type, l.Numbered = "g-seen", types.Code, false
	s.enters("issue", l, l.Intent(registry.Issue))
	return bureau, l
}

// A regulator's suspension is not slipped by with a version under another power of
// the same authority.
func TestRegulatorsSuspensionOutlastsAMove(t *testing.T) {
	s := newStage(t)
	bureau, l := s.seen()
	s.enters("suspension", l, by(l, bureau, "g-seen", registry.Suspend))
	s.enters("a correction under another power", l, by(l, s.Xingguo, ledgertest.GrantDirect, registry.Correct))
	l.Grant = ledgertest.GrantDirect
	in := l.Intent(registry.Return)
	s.wants("the issuer gives it back", registry.CodeActNotAllowed, ledgertest.MemberXingguo, s.Entry(in))
	in.Under = "g-seen"
	s.wants("naming under what it was suspended", registry.CodeActNotAllowed, ledgertest.MemberXingguo, s.Entry(in))
	s.enters("the regulator does", l, by(l, bureau, "g-seen", registry.Return))
}

// What an entrusted office did is the entruster's, who answers for it: it gives back
// and enters rulings, also once the entrustment ended.
func TestEntrusterAnswers(t *testing.T) {
	for _, over := range []bool{false, true} {
		s := newStage(t)
		town, other := s.newcomer("360732101", ledgertest.MemberXingguo, s.County), s.newcomer("360732", ledgertest.MemberXingguo, s.County)
		g := s.grant("g-ent", s.Xingguo, "360732", func(g *registry.Grant) {
			g.Mode, g.Source, g.Acceptor, g.Rests, g.Publication, g.Published = registry.ModeEntrust, s.Xingguo.Code, town.Code, ledgertest.GrantDirect, "公告", s.Now
		})
		s.grant("g-ent-other", s.Xingguo, "360732", func(g *registry.Grant) {
			g.Mode, g.Source, g.Acceptor, g.Rests, g.Publication, g.Published = registry.ModeEntrust, s.Xingguo.Code, other.Code, ledgertest.GrantDirect, "公告", s.Now
		})
		l := s.issued("360732")
		suspends := by(l, town, "g-ent", registry.Suspend)
		suspends.Under = ledgertest.GrantDirect
		s.enters("the town suspends in the bureau's name", l, suspends)
		if over {
			s.Advance(time.Hour)
			ended := *g
			ended.End, ended.EndBasis = s.Now, "收回委托"
			s.set(&ended)
		}
		undo := l.Intent(registry.Reinstate)
		undo.Ruling.Author = town.Code
		s.wants("who names nothing", registry.CodeActNotAllowed, ledgertest.MemberXingguo, s.Entry(undo))
		undo.Under = "g-ent-other"
		s.wants("who names another entrustment", registry.CodeActNotAllowed, ledgertest.MemberXingguo, s.Entry(undo))
		strange := by(l, other, "g-ent-other", registry.Return)
		strange.Under = ledgertest.GrantDirect
		s.wants("another entrusted office", registry.CodeActNotAllowed, ledgertest.MemberXingguo, s.Entry(strange))
		back := l.Intent(registry.Return)
		back.Under = "g-ent"
		undo.Under = "g-ent"
		if over {
			s.enters("a court annuls it", l, undo)
		} else {
			s.enters("the bureau gives it back", l, back)
		}
		s.reads("afterwards", registry.Effective, l)
	}
}

// A ruling binds whose act it was, whatever grant the license rests on since and
// whether or not the author's own power goes on.
func TestRulingAfterTheLicenseMoved(t *testing.T) {
	s := newStage(t)
	old, heir := s.newcomer("360732", ledgertest.MemberXingguo, s.County), s.newcomer("360732", ledgertest.MemberXingguo, s.County)
	l := s.suspendedBefore(old, heir)
	in := by(l, heir, "g-new", registry.Correct)
	in.Seal = "s-heir"
	for _, record := range s.Records() {
		if r, ok := record.(*registry.SealRecord); ok && r.ID == ledgertest.SealXingguo {
			r.ID, r.Owner, r.History[0].At = "s-heir", heir.Code, s.Now
			s.set(r)
		}
	}
	s.enters("correction by the successor", l, in)
	undo := by(l, old, "g-old", registry.Reinstate)
	strange := by(l, heir, "g-new", registry.Reinstate)
	strange.Ruling.Author, strange.Under = old.Code, "g-old"
	s.wants("the successor undoes a regulator's act", registry.CodeActNotAllowed, ledgertest.MemberXingguo, s.Entry(strange))
	s.enters("a court annuls the former regulator's suspension", l, undo)
	s.reads("afterwards", registry.Effective, l)
}

// Of whoever was dissolved the successor enters rulings; of an authority whose
// licenses are in nobody's hands, who holds the matter there.
func TestRulingOnActsOfWhoIsGone(t *testing.T) {
	s := newStage(t)
	old, heir := s.newcomer("360732", ledgertest.MemberXingguo, s.County), s.newcomer("360732", ledgertest.MemberXingguo, s.County)
	s.grant("g-seen", s.Xingguo, "360732", func(g *registry.Grant) { g.Regulators = []string{old.Code, heir.Code} })
	l := s.NewLicense()
	l.Grant = "g-seen"
	s.enters("issue", l, l.Intent(registry.Issue))
	s.enters("suspension", l, by(l, old, "g-seen", registry.Suspend))
	undo := by(l, heir, "g-seen", registry.Reinstate)
	undo.Ruling.Author = old.Code
	s.wants("while its author is there", registry.CodeActNotAllowed, ledgertest.MemberXingguo, s.Entry(undo))
	gone := old.Organization
	gone.Dissolved, gone.Successor = s.Now, heir.Code
	s.set(&gone)
	s.enters("and when it took the author's place", l, undo)

	s = newStage(t)
	house, holder := s.newcomer("360732", ledgertest.MemberXingguo, s.County), s.newcomer("360732", ledgertest.MemberXingguo, s.County)
	g := s.grant("g-house", house, "360732101", nil)
	s.grant("g-holder", holder, "360732", nil)
	s.set(&registry.Instance{Issuer: house.Code, Prefix: "HS", Lists: []uint32{55}})
	for _, record := range s.Records() {
		if r, ok := record.(*registry.SealRecord); ok && r.ID == ledgertest.SealXingguo {
			r.ID, r.Owner, r.History[0].At = "s-house", house.Code, s.Now
			s.set(r)
		}
	}
	l = s.NewLicense()
	l.Identifier.Issuer, l.Identifier.Serial, l.By, l.Grant, l.Seal, l.List, l.Place, l.Numbered = house.Code, "HS0000001", house, "g-house", "s-house", 55, "360732101", false
	l.Identifier.Type = s.measured().Code
	s.enters("issue", l, l.Intent(registry.Issue))
	s.enters("withdrawal", l, l.Intent(registry.Withdraw))
	undo = by(l, holder, "g-holder", registry.Reinstate)
	undo.Ruling.Author = house.Code
	s.wants("while the issuer's power lives", registry.CodeActNotAllowed, ledgertest.MemberXingguo, s.Entry(undo))
	s.Advance(time.Hour)
	ended := *g
	ended.End, ended.EndBasis = s.Now, "职权终止"
	s.set(&ended)
	undo = by(l, holder, "g-holder", registry.Reinstate)
	undo.Ruling.Author = house.Code
	s.enters("and when nobody has it any more", l, undo)
}

// A stay ends by the kind of body that made it, on no day before it began, in the
// license's own chain and through governance alike.
func TestStayEndsAsItBegan(t *testing.T) {
	for _, above := range []bool{false, true} {
		s := newStage(t)
		l := s.issued("360732")
		s.enters("penalty", l, l.Intent(registry.Penalize))
		s.Advance(10 * 24 * time.Hour)
		stay := func(by registry.RulingBy, ends bool) registry.Intent {
			in := l.Intent(registry.Stay)
			if above {
				in = l.OversightIntent(s.County, registry.Stay)
			}
			in.Ruling.By, in.Ruling.Ends = by, ends
			if by == registry.RulingSelf {
				in.Ruling.Body = ""
			}
			return in
		}
		namespace, enters := ledgertest.MemberXingguo, s.enters
		if above {
			namespace, enters = registry.Governance, s.governs
		}
		enters("a court stays it", l, stay(registry.RulingCourt, false))
		s.Advance(24 * time.Hour)
		s.wants("ended by a review body", registry.CodeStale, namespace, s.Entry(stay(registry.RulingReview, true)))
		if !above {
			s.wants("ended by the author itself", registry.CodeStale, namespace, s.Entry(stay(registry.RulingSelf, true)))
		}
		early := stay(registry.RulingCourt, true)
		early.Ruling.From -= 2
		s.wants("ended before it began", registry.CodeDateOrder, namespace, s.Entry(early))
		enters("ended by a court", l, stay(registry.RulingCourt, true))
		s.reads("the penalty works again", registry.Penalized, l)
		enters("a review body stays it", l, stay(registry.RulingReview, false))
		undo := l.Intent(registry.Reinstate)
		undo.Ruling.By, undo.Ruling.Body = registry.RulingSelf, ""
		s.enters("undone by its author, stayed or not", l, undo)
		s.reads("afterwards", registry.Effective, l)
	}
}

// An own correction is the author's: a superior enters what a court or a review body
// ruled, and corrects its own acts.
func TestOwnCorrectionIsTheAuthors(t *testing.T) {
	s := newStage(t)
	l := s.issued("360732")
	s.enters("penalty", l, l.Intent(registry.Penalize))
	in := l.OversightIntent(s.County, registry.Reinstate)
	in.Ruling.By, in.Ruling.Body = registry.RulingSelf, ""
	s.wants("a superior's correction of another's act", registry.CodeActNotAllowed, registry.Governance, s.Entry(in))
	in.Ruling.By, in.Ruling.Body = registry.RulingReview, "兴国县人民政府（测试）"
	s.governs("its decision as review body", l, in)

	m := s.issued("360732")
	s.governs("a superior revokes", m, m.OversightIntent(s.County, registry.Revoke))
	own := m.OversightIntent(s.County, registry.Reinstate)
	own.Ruling.By, own.Ruling.Body = registry.RulingSelf, ""
	s.governs("and corrects itself", m, own)
	s.reads("afterwards", registry.Effective, m)
}

// A bar that a stay took away is the same again when the stay ends, whatever the
// type says by then; and a stay makes none that the act did not make.
func TestStayedBarIsKept(t *testing.T) {
	bars, none := map[string]int{"revoke/" + ledgertest.Ground: 3}, map[string]int{"penalize/" + ledgertest.Ground: 1}
	for _, above := range []bool{false, true} {
		for _, order := range [][2]map[string]int{{bars, none}, {none, bars}} {
			s := newStage(t)
			v1, holder := s.barring(), sm.Sum([]byte("holder"))
			v1.Code, v1.Bars = s.Governing.Code+"007", order[0]
			s.set(v1)
			v2 := *v1
			v2.Version, v2.Bars = 2, order[1]
			s.set(&v2)
			anew := func(what string, version int, want registry.Code) {
				t.Helper()
				l := s.NewLicense()
				l.Identifier.Type, l.Numbered = v1.Code, false
				in := l.Intent(registry.Issue)
				in.Holder, in.TypeVersion = holder, version
				s.wants(what, want, ledgertest.MemberXingguo, s.Entry(in))
			}
			l := s.NewLicense()
			l.Identifier.Type, l.Numbered = v1.Code, false
			enters := func(what string, in registry.Intent, version int) {
				t.Helper()
				if in.Holder, in.TypeVersion = holder, version; in.Governed() {
					s.governs(what, l, in)
					return
				}
				s.enters(what, l, in)
			}
			act := func(a registry.Act) registry.Intent {
				if above {
					return l.OversightIntent(s.County, a)
				}
				return l.Intent(a)
			}
			enters("issue", l.Intent(registry.Issue), 1)
			enters("revocation", act(registry.Revoke), 1)
			enters("stay", act(registry.Stay), 2)
			anew("while it is stayed", 2, "")
			ends := act(registry.Stay)
			ends.Ruling.Ends = true
			enters("the stay ends", ends, 2)
			anew("after the stay", 2, map[bool]registry.Code{true: registry.CodeBarred}[order[0]["penalize/"+ledgertest.Ground] == 0])
			enters("stay again", act(registry.Stay), 2)
			enters("annulled", act(registry.Reinstate), 2)
			anew("annulled for good", 2, "")
		}
	}
}

// The same suspension leaves the issuer the same, whose node its regulator's is; what
// ended the license leaves paper, cancellation and rulings.
func TestSuspendedByWhomever(t *testing.T) {
	for _, act := range []registry.Act{registry.AcceptRenewal, registry.Correct, registry.Revoke, registry.Withdraw, registry.Penalize, registry.Annotate, registry.Change, registry.Suspend} {
		s := newStage(t)
		here, there := s.newcomer("360732", ledgertest.MemberXingguo, s.County), s.newcomer("360700", ledgertest.MemberCity)
		s.grant("g-seen", s.Xingguo, "360732", func(g *registry.Grant) { g.Regulators = []string{here.Code, there.Code} })
		issued := func() *ledgertest.License {
			l := s.NewLicense()
			l.Grant = "g-seen"
			s.enters("issue", l, l.Intent(registry.Issue))
			return l
		}
		l, m := issued(), issued()
		s.enters("suspension here", l, by(l, here, "g-seen", registry.Suspend))
		s.governs("suspension there", m, m.GovernedIntent(there, "g-seen", registry.Suspend))
		in := s.Entry(m.Intent(act))
		own := s.submit(ledgertest.MemberXingguo, s.Entry(l.Intent(act)))
		s.wants(act.String()+", suspended by another member's regulator", own, ledgertest.MemberXingguo, in)
		if own != "" {
			continue
		}
		if err := m.Accept(in); err != nil {
			t.Fatal(err)
		}
		want := registry.Suspended
		if rule, _ := act.Rule(); rule.To != registry.StateNone {
			want = rule.To
		}
		s.reads(act.String(), want, m)
	}
}

// A court's ruling on the issuer's own act is entered also while a superior's stands.
func TestRulingUnderASuperiorsAct(t *testing.T) {
	s := newStage(t)
	l := s.issued("360732")
	s.enters("suspension", l, l.Intent(registry.Suspend))
	s.governs("a superior revokes", l, l.OversightIntent(s.County, registry.Revoke))
	s.enters("a court annuls the suspension", l, l.Intent(registry.Reinstate))
	s.reads("what the superior did stands", registry.Revoked, l)
}

// A ruling says which act it is about, so that it takes that act's control: what it
// says is held against the act of its sequence, in whichever chain.
func TestRulingSaysWhichAct(t *testing.T) {
	s := newStage(t)
	l := s.issued("360732")
	s.enters("penalty", l, l.Intent(registry.Penalize))
	m := s.issued("360732")
	s.governs("a superior's suspension", m, m.OversightIntent(s.County, registry.Suspend))
	for what, in := range map[string]registry.Intent{"in its own chain": l.Intent(registry.Reinstate), "of the member's": l.OversightIntent(s.County, registry.Stay),
		"in governance": m.OversightIntent(s.County, registry.Reinstate)} {
		namespace, other := ledgertest.MemberXingguo, registry.Suspend
		if in.Governed() {
			namespace = registry.Governance
		}
		if in.Identifier == m.Identifier {
			other = registry.Penalize
		}
		in.Ruling.Of = other
		s.wants(what+", as another act", registry.CodeStale, namespace, s.Entry(in))
		right := in
		ruling := *in.Ruling
		ruling.Of = map[registry.Act]registry.Act{registry.Suspend: registry.Penalize, registry.Penalize: registry.Suspend}[other]
		right.Ruling = &ruling
		if what != "in its own chain" {
			s.wants(what, "", namespace, s.Entry(right))
		}
	}
}

// A court annuls the refusal of a renewal after the term: the renewal is pending again
// and counts as granted, a cancellation for expiry goes, and the renewal can be made.
func TestRefusedRenewalAnnulled(t *testing.T) {
	for _, cancelled := range []bool{false, true} {
		s := newStage(t)
		types := s.measured()
		types.Version = 2
		types.Grounds["annotate"] = append(types.Grounds["annotate"], registry.GroundRenewalRefused)
		types.Grounds["cancel"] = append(types.Grounds["cancel"], registry.GroundExpired)
		s.set(types)
		l := s.NewLicense()
		l.Identifier.Type, l.Numbered = types.Code, false
		act := func(a registry.Act, ground string) registry.Intent {
			in := l.Intent(a)
			if in.TypeVersion = 2; ground != "" {
				in.Ground = ground
			}
			return in
		}
		issue := act(registry.Issue, "")
		issue.Expires = issue.Effective + 60
		s.enters("issue", l, issue)
		s.enters("accepted in time", l, act(registry.AcceptRenewal, ""))
		s.enters("refused in time", l, act(registry.Annotate, registry.GroundRenewalRefused))
		refused := l.State.Sequence
		s.Advance(200 * 24 * time.Hour)
		if cancelled {
			s.enters("cancelled as expired", l, act(registry.Cancel, registry.GroundExpired))
		}
		s.wants("renewed while it is refused", registry.CodeActState, ledgertest.MemberXingguo, s.Entry(act(registry.Renew, "")))
		annuls := act(registry.Reinstate, "")
		annuls.Ruling.Undoes = refused
		s.enters("annulled", l, annuls)
		if !l.State.Open(registry.DateOf(s.Time())) || l.State.State != registry.Effective || l.State.Refused != nil {
			t.Errorf("%+v", l.State)
		}
		again := act(registry.Reinstate, "")
		again.Ruling.Undoes = refused
		s.wants("annulled twice", registry.CodeActState, ledgertest.MemberXingguo, s.Entry(again))
		s.wants("refused again, too late", registry.CodeActState, ledgertest.MemberXingguo, s.Entry(act(registry.Annotate, registry.GroundRenewalRefused)))
		s.enters("renewed", l, act(registry.Renew, ""))
	}
}
