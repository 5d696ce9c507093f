package chaincode_test

import (
	"slices"
	"testing"
	"time"

	"tongzheng/chaincode"
	"tongzheng/chaincode/ledgertest"
	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// stage is a ledger in memory on which somebody tries what is not theirs.
type stage struct {
	*testing.T
	*ledgertest.City
	memory *memory
	serial byte
}

// newStage opens a ledger under the newest rules; records are added at genesis.
func newStage(t *testing.T, records ...registry.GovernanceRecord) *stage {
	t.Helper()
	s := &stage{T: t, City: ledgertest.NewCity(), memory: &memory{values: map[string][]byte{}}}
	genesis := s.Genesis()
	s.Note(&registry.Commit{Batch: genesis, Outcome: *s.memory.execute(t, genesis)})
	s.set(records...)
	return s
}

// submit answers with the code of one entry, and keeps the heads of records.
func (s *stage) submit(namespace string, e *registry.Entry) registry.Code {
	s.Helper()
	batch := s.Batch(namespace, e)
	outcome := s.memory.execute(s.T, batch)
	s.Note(&registry.Commit{Batch: batch, Outcome: *outcome})
	return outcome.Results[0].Code
}

func (s *stage) wants(what string, want registry.Code, namespace string, e *registry.Entry) {
	s.Helper()
	if got := s.submit(namespace, e); got != want {
		s.Errorf("%s: %q, want %q", what, got, want)
	}
}

// set orders records in the city's name.
func (s *stage) set(records ...registry.GovernanceRecord) {
	s.Helper()
	for _, record := range records {
		if code := s.submit(registry.Governance, s.Order(s.Governing, record)); code != "" {
			s.Fatalf("%s %s: %s", record.Kind(), record.Name(), code)
		}
	}
}

// newcomer registers an organization.
func (s *stage) newcomer(region, member string, superiors ...*ledgertest.Organization) *ledgertest.Organization {
	s.Helper()
	s.serial++
	o := s.AddOrganization("11360732200000"+string([]byte{'0' + s.serial/10, '0' + s.serial%10}), "新设机关（测试）", region, member, superiors...)
	o.Rank = registry.RankDepartment
	record := o.Organization
	s.set(&record)
	return o
}

// grant is one over the matter, recorded.
func (s *stage) grant(id string, decider *ledgertest.Organization, territory string, change func(g *registry.Grant)) *registry.Grant {
	s.Helper()
	g := grantOf(s, ledgertest.GrantDirect)
	g.ID, g.Decider, g.Acceptor, g.Territory = id, decider.Code, decider.Code, territory
	if change != nil {
		change(g)
	}
	s.set(g)
	return g
}

// handover is a signed one, on paper, not yet recorded.
func (s *stage) handover(id string, from, to *ledgertest.Organization, begins string, ends ...string) *registry.Handover {
	h := &registry.Handover{ID: id, From: []string{from.Code}, To: to.Code, Document: "测试〔2026〕3号", Begins: []string{begins}, Ends: ends,
		Archives: registry.ArchivesStay, Signed: s.Now}
	return h
}

// takes records a handover and its start, by an organization's orders.
func (s *stage) takes(by *ledgertest.Organization, h *registry.Handover, start int64, succeeds ...string) registry.Code {
	s.Helper()
	slices.Sort(succeeds)
	h.Succeeds, h.Signatures = succeeds, nil
	for _, from := range h.From {
		ledgertest.SignHandover(h, from, registry.SideFrom, nil)
	}
	ledgertest.SignHandover(h, h.To, registry.SideTo, nil)
	ledgertest.SignHandover(h, s.County.Code, registry.SideWitness, nil)
	if code := s.submit(registry.Governance, s.Order(by, h)); code != "" {
		return code
	}
	started := *h
	started.Start = start
	return s.submit(registry.Governance, s.Order(by, &started))
}

// issued is a license of Xingguo's at a place.
func (s *stage) issued(place string) *ledgertest.License {
	s.Helper()
	l := s.NewLicense()
	l.Place = place
	s.wants("issue", "", ledgertest.MemberXingguo, l.Next(registry.Issue))
	return l
}

func name(issuer *ledgertest.Organization, region string) string {
	return registry.SuccessionName(issuer.Code, ledgertest.Matter, region)
}

// by is an act of an organization of Xingguo's under a grant of its own.
func by(l *ledgertest.License, o *ledgertest.Organization, grant string, act registry.Act) registry.Intent {
	in := l.Intent(act)
	in.Organization, in.Grant = o.Code, grant
	in.Origin.Grant = ""
	if l.State.Grant != grant {
		in.Origin.Grant = l.State.Grant
	}
	return in
}

// What was handed over of a power that goes on elsewhere is no longer its
// holder's, under that very power.
func TestPredecessorUnderItsLivingGrant(t *testing.T) {
	s := newStage(t)
	town := s.newcomer("360732", ledgertest.MemberXingguo, s.County)
	l := s.issued("360732101")
	s.grant("g-town", town, "360732101", func(g *registry.Grant) { g.Source = s.Xingguo.Code; g.RecallBy = s.County.Code })
	if code := s.takes(s.Governing, s.handover("h1", s.Xingguo, town, "g-town"), s.Now, name(s.Xingguo, "360732101")); code != "" {
		t.Fatal(code)
	}
	s.Advance(time.Hour)
	s.wants("the predecessor", registry.CodeNotResponsible, ledgertest.MemberXingguo, s.Entry(l.Intent(registry.Revoke)))
	earlier := l.Intent(registry.Revoke)
	earlier.Decided -= 2 * 3600
	s.wants("the predecessor, dated back", registry.CodeNotResponsible, ledgertest.MemberXingguo, s.Entry(earlier))
	s.wants("the successor", "", ledgertest.MemberXingguo, s.Entry(by(l, town, "g-town", registry.Suspend)))
}

// Nobody takes over what is not the parties': neither by naming somebody else's
// power among those that end, nor from a party that has handed it over already.
func TestHandoverOfWhatIsNotTheirs(t *testing.T) {
	s := newStage(t)
	taker, accomplice := s.newcomer("360700", ledgertest.MemberCity), s.newcomer("360700", ledgertest.MemberCity)
	s.grant("g-wide", taker, "360700", nil)
	h := s.handover("h1", accomplice, taker, "g-wide", ledgertest.GrantDirect)
	s.wants2("a third party's power", registry.CodeHandover, s.takes(s.Governing, h, s.Now, name(s.Xingguo, "360732")))

	first, second := s.newcomer("360732", ledgertest.MemberXingguo), s.newcomer("360732", ledgertest.MemberXingguo)
	old := s.newcomer("360732", ledgertest.MemberXingguo)
	l := s.issued("360732")
	from := func(g *registry.Grant) { g.Source = s.Xingguo.Code }
	s.grant("g-first", first, "360732", from)
	s.grant("g-second", second, "360732", from)
	s.grant("g-old", first, "360732", func(g *registry.Grant) { g.Source = old.Code })
	s.wants2("first", "", s.takes(s.Governing, s.handover("h0", old, first, "g-old"), s.Now, name(old, "360732")))
	s.wants2("first", "", s.takes(s.Governing, s.handover("h2", s.Xingguo, first, "g-first"), s.Now, name(s.Xingguo, "360732")))
	s.wants2("again", "", s.takes(s.Governing, s.handover("h3", s.Xingguo, second, "g-second"), s.Now, name(s.Xingguo, "360732")))
	s.wants("the second", registry.CodeNotResponsible, ledgertest.MemberXingguo, s.Entry(by(l, second, "g-second", registry.Suspend)))
	s.wants("the first", "", ledgertest.MemberXingguo, s.Entry(by(l, first, "g-first", registry.Suspend)))
	gone := first.Organization
	gone.Dissolved, gone.Successor, gone.Succeeds = s.Now, second.Code, []string{name(s.Xingguo, "360732")}
	s.wants("a dissolution that forgets whom it succeeded", registry.CodeHandover, registry.Governance, s.Order(s.Governing, &gone))
}

func (s *stage) wants2(what string, want, got registry.Code) {
	s.Helper()
	if got != want {
		s.Errorf("%s: %q, want %q", what, got, want)
	}
}

// A signed page that nobody can check takes nothing from who is said to have
// signed it: then the city records the handover, or that party itself.
func TestHandoverOnPaperByTheTakerAlone(t *testing.T) {
	s := newStage(t)
	taker := s.newcomer("360700", ledgertest.MemberCity)
	s.grant("g-wide", taker, "360700", nil)
	h := s.handover("h1", s.Xingguo, taker, "g-wide", ledgertest.GrantDirect)
	s.wants2("by the taker alone", registry.CodeOrderNotAllowed, s.takes(taker, h, s.Now, name(s.Xingguo, "360732")))
}

// What came back for a town is the issuer's again, whoever has the rest.
func TestBackForATown(t *testing.T) {
	s := newStage(t)
	bureau, town := s.newcomer("360732", ledgertest.MemberXingguo), s.newcomer("360732", ledgertest.MemberXingguo, s.County)
	l := s.issued("360732101")
	s.grant("g-bureau", bureau, "360732", func(g *registry.Grant) { g.Source = s.Xingguo.Code })
	s.grant("g-town", town, "360732101", func(g *registry.Grant) { g.Source, g.RecallBy = bureau.Code, s.County.Code })
	s.grant("g-back", s.Xingguo, "360732101", func(g *registry.Grant) { g.Source = town.Code })
	issuer := name(s.Xingguo, "360732101")
	s.wants2("whole", "", s.takes(s.Governing, s.handover("h1", s.Xingguo, bureau, "g-bureau"), s.Now, name(s.Xingguo, "360732")))
	s.wants2("town", "", s.takes(s.Governing, s.handover("h2", bureau, town, "g-town"), s.Now, name(bureau, "360732101"), issuer))
	s.wants2("back", "", s.takes(s.Governing, s.handover("h3", town, s.Xingguo, "g-back"), s.Now, name(bureau, "360732101"), name(town, "360732101"), issuer))
	s.wants("who has the rest", registry.CodeNotResponsible, ledgertest.MemberXingguo, s.Entry(by(l, bureau, "g-bureau", registry.Suspend)))
	s.wants("the issuer", "", ledgertest.MemberXingguo, s.Entry(by(l, s.Xingguo, "g-back", registry.Suspend)))
}

// A start that is still to come takes nothing away yet, whatever becomes of who
// is to take over.
func TestDissolvedBeforeItsStart(t *testing.T) {
	s := newStage(t)
	taker, heir := s.newcomer("360732", ledgertest.MemberXingguo), s.newcomer("360732", ledgertest.MemberXingguo)
	l := s.issued("360732")
	s.grant("g-taker", taker, "360732", func(g *registry.Grant) { g.Source = s.Xingguo.Code })
	s.grant("g-heir", heir, "360732", nil)
	start := s.Now + 10*24*3600
	s.wants2("ahead", "", s.takes(s.Governing, s.handover("h1", s.Xingguo, taker, "g-taker"), start, name(s.Xingguo, "360732")))
	gone := taker.Organization
	gone.Dissolved, gone.Successor, gone.Succeeds = s.Now, heir.Code, []string{name(s.Xingguo, "360732")}
	s.set(&gone)
	s.wants("the heir before the start", registry.CodeNotResponsible, ledgertest.MemberXingguo, s.Entry(by(l, heir, "g-heir", registry.Suspend)))
	s.wants("the issuer before the start", "", ledgertest.MemberXingguo, l.Next(registry.Suspend))
	s.Advance(11 * 24 * time.Hour)
	s.wants("the issuer after it", registry.CodeNotResponsible, ledgertest.MemberXingguo, s.Entry(l.Intent(registry.Return)))
	s.wants("the heir after it", "", ledgertest.MemberXingguo, s.Entry(by(l, heir, "g-heir", registry.Return)))
}

// A bar that a superior's revocation made outlasts a ruling on the member's act.
func TestLiftedBarLeavesTheSuperiors(t *testing.T) {
	holder := sm.Sum([]byte("holder"))
	part := registry.BarPart{License: "l", Sequence: 1, From: 1, Until: 100000}
	p := &registry.Powers{Type: &registry.TypeRecord{Bars: map[string]int{"revoke/g1": 3}},
		Bars: []registry.Bar{{From: 1, Until: 100000, Parts: []registry.BarPart{part}, Lifted: []registry.LiftedBar{{License: "l", Act: 1}}}}}
	in := &registry.Intent{Act: registry.Issue, Holder: holder, Decided: 86400 * 20000}
	if got := registry.CodeOf(p.CheckHolder(nil, in)); got != registry.CodeBarred {
		t.Errorf("%q", got)
	}
}

// Rulings on what a ledger took under the first rules, which did not keep whose
// act it was: the issuer's side and those above it enter them, no stranger.
func TestRulingOnAnActOfTheFirstRules(t *testing.T) {
	s := firstStage(t)
	city := s.City
	l, over := s.NewLicense(), s.NewLicense()
	s.wants("issue", "", ledgertest.MemberXingguo, l.Next(registry.Issue))
	s.wants("issue", "", ledgertest.MemberXingguo, over.Next(registry.Issue))
	s.wants("penalty", "", ledgertest.MemberXingguo, l.Next(registry.Penalize))
	s.wants("revocation", "", registry.Governance, over.NextOversight(city.County, registry.Revoke))
	s.renew()
	own := over.OversightIntent(city.Yudu, registry.Reinstate)
	own.Ruling.Undoes, own.Ruling.MemberAct, own.Ruling.Author = 1, 0, ""
	s.wants("a stranger undoes a superior's act", registry.CodeStale, registry.Governance, s.Entry(own))
	stranger := s.newcomer("360731", ledgertest.MemberYudu, city.Yudu)
	lifts := l.OversightIntent(city.Yudu, registry.Reinstate)
	lifts.Ruling.Author = stranger.Code
	s.wants("a stranger lifts the issuer's act", registry.CodeStale, registry.Governance, s.Entry(lifts))
	lifts = l.OversightIntent(city.County, registry.Reinstate)
	lifts.Ruling.Author = city.Xingguo.Code
	s.wants("the superior lifts it", "", registry.Governance, s.Entry(lifts))
	own = over.OversightIntent(city.County, registry.Reinstate)
	own.Ruling.Undoes, own.Ruling.MemberAct, own.Ruling.Author = 1, 0, ""
	s.wants("the superior undoes its own", "", registry.Governance, s.Entry(own))
}

// firstStage opens a ledger under the first rules; renew puts the newest in force.
func firstStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{T: t, City: ledgertest.NewCity(), memory: &memory{values: map[string][]byte{}}}
	s.Rules.Version = registry.RulesOfBeginning
	genesis := s.Genesis()
	s.Note(&registry.Commit{Batch: genesis, Outcome: *s.memory.execute(t, genesis)})
	return s
}

func (s *stage) renew() {
	s.Helper()
	rules := s.Rules
	rules.Version = registry.NewestRules
	s.set(&rules)
	s.Rules.Version = registry.NewestRules
}

// A grant that was last ordered under the first rules counts beside another one
// once it is ordered again, as it stands; before, only the grant that a license
// rests on is known.
func TestTenureAfterTheFirstRules(t *testing.T) {
	s := firstStage(t)
	s.renew()
	l := s.issued("360732")
	ended := grantOf(s, ledgertest.GrantDirect)
	ended.End, ended.EndBasis = s.Now, "收回"
	s.set(ended)
	reach := s.Entry(l.GovernedIntent(s.Governing, ledgertest.GrantOwn, registry.Suspend))
	dry := s.Batch(registry.Governance, reach)
	outcome, err := chaincode.DryRun(s.memory, &dry)
	if err != nil || outcome.Results[0].Code != "" {
		t.Errorf("while the other grant is not known: %+v, %v", outcome, err)
	}
	s.set(grantOf(s, ledgertest.GrantEnding))
	s.wants("once it is", registry.CodeNotResponsible, registry.Governance, reach)
}

func grantOf(s *stage, id string) *registry.Grant {
	for _, record := range s.Records() {
		if g, ok := record.(*registry.Grant); ok && g.ID == id {
			return g
		}
	}
	return nil
}

// A handover of one county takes from the city the licenses that belong there, and
// leaves it those that are for the whole.
func TestHandoverOfACountyOfTheCitys(t *testing.T) {
	s := newStage(t)
	there, whole := s.NewCityLicense(s.Governing, ledgertest.GrantOwn), s.NewCityLicense(s.Governing, ledgertest.GrantOwn)
	there.Place, whole.Place = "360732101", "360700"
	s.wants("issue", "", ledgertest.MemberCity, there.Next(registry.Issue))
	s.wants("issue", "", ledgertest.MemberCity, whole.Next(registry.Issue))
	bureau := s.newcomer("360732", ledgertest.MemberXingguo)
	s.grant("g-county", bureau, "360732", func(g *registry.Grant) { g.Source = s.Governing.Code })
	s.wants2("start", "", s.takes(s.Governing, s.handover("h1", s.Governing, bureau, "g-county"), s.Now, name(s.Governing, "360732")))
	s.wants("the city, there", registry.CodeNotResponsible, ledgertest.MemberCity, s.Entry(there.Intent(registry.Suspend)))
	s.wants("the city, on what is for the whole", "", ledgertest.MemberCity, s.Entry(whole.Intent(registry.Suspend)))
	s.wants("the bureau, there", "", registry.Governance, s.Entry(there.GovernedIntent(bureau, "g-county", registry.Suspend)))
}

// A bar of the first rules goes with the act that made it.
func TestRulingLiftsABarOfTheFirstRules(t *testing.T) {
	s := firstStage(t)
	barring := s.barring()
	holder := sm.Sum([]byte("holder"))
	issue := func() *ledgertest.License {
		l := s.NewLicense()
		l.Identifier.Type, l.Numbered = barring.Code, false
		return l
	}
	enters := func(l *ledgertest.License, act registry.Act, want registry.Code) {
		t.Helper()
		in := l.Intent(act)
		in.Holder = holder
		e := s.Entry(in)
		s.wants(act.String(), want, ledgertest.MemberXingguo, e)
		if want == "" {
			if err := l.Accept(e); err != nil {
				t.Fatal(err)
			}
		}
	}
	l := issue()
	enters(l, registry.Issue, "")
	enters(l, registry.Revoke, "")
	enters(issue(), registry.Issue, registry.CodeBarred)
	s.renew()
	enters(issue(), registry.Issue, registry.CodeBarred)
	enters(l, registry.Reinstate, "")
	enters(issue(), registry.Issue, "")
}

// An agreement or a publication is not dated back: decisions before it stay
// without power.
func TestAgreementDatedBack(t *testing.T) {
	s := newStage(t)
	s.Advance(2 * time.Hour) // genesis is over
	g := s.grant("g-agree", s.Governing, "360732", func(g *registry.Grant) {
		g.Mode, g.Source, g.Examiner = registry.ModeReview, "", s.Xingguo.Code
	})
	agreed := *g
	agreed.Agreement, agreed.Agreed = "协议", s.Now-40*24*3600
	s.wants("long ago", registry.CodeBackdated, registry.Governance, s.Order(s.Governing, &agreed))
	agreed.Agreed = s.Now - 3600
	s.wants("just now", "", registry.Governance, s.Order(s.Governing, &agreed))
}

// barring registers a type that bars the holder of a revoked license.
func (s *stage) barring() (barring *registry.TypeRecord) {
	s.Helper()
	for _, record := range s.Records() {
		if r, ok := record.(*registry.TypeRecord); ok && r.Code == s.Type {
			r.Code, r.Bars, r.Forms = s.Governing.Code+"009", map[string]int{"revoke/" + ledgertest.Ground: 3}, map[registry.CopyKind]string{registry.Original: ""}
			barring = r
		}
	}
	s.set(barring)
	return barring
}

// Who is barred in one county is barred in the next: on the ledger, not only in
// the office.
func TestBarOfAnotherMember(t *testing.T) {
	s := newStage(t)
	barring, holder := s.barring(), sm.Sum([]byte("holder"))
	held := func(l *ledgertest.License, act registry.Act) *registry.Entry {
		l.Identifier.Type, l.Numbered = barring.Code, false
		in := l.Intent(act)
		in.Holder = holder
		return s.Entry(in)
	}
	l := s.NewLicense()
	issue := held(l, registry.Issue)
	s.wants("issue", "", ledgertest.MemberXingguo, issue)
	if err := l.Accept(issue); err != nil {
		t.Fatal(err)
	}
	s.wants("issue next door", "", ledgertest.MemberYudu, held(s.NewYuduLicense(), registry.Issue))
	s.wants("revocation", "", ledgertest.MemberXingguo, held(l, registry.Revoke))
	s.wants("issue next door to who is barred", registry.CodeBarred, ledgertest.MemberYudu, held(s.NewYuduLicense(), registry.Issue))
}

// A superior's suspension is returned by itself or from above, not by who took
// the license over, nor by a nearer superior.
func TestReturnOfASuperiorsSuspension(t *testing.T) {
	s := newStage(t)
	l := s.issued("360732")
	s.grant("g-yudu-too", s.Yudu, "360732", func(g *registry.Grant) { g.Source = s.Xingguo.Code })
	s.wants2("to Yudu", "", s.takes(s.Governing, s.handover("h1", s.Xingguo, s.Yudu, "g-yudu-too"), s.Now, name(s.Xingguo, "360732")))
	s.wants("the city suspends", "", registry.Governance, l.NextOversight(s.Governing, registry.Suspend))
	s.wants("the successor", registry.CodeActNotAllowed, registry.Governance, s.Entry(l.GovernedIntent(s.Yudu, "g-yudu-too", registry.Return)))
	s.wants("the county", registry.CodeActNotAllowed, registry.Governance, s.Entry(l.OversightIntent(s.County, registry.Return)))
	s.wants("the city", "", registry.Governance, l.NextOversight(s.Governing, registry.Return))
}

// Nobody picks the law of an older version of the type than the license has.
func TestActUnderAnOlderTypeVersion(t *testing.T) {
	s := newStage(t)
	for _, record := range s.Records() {
		if r, ok := record.(*registry.TypeRecord); ok && r.Code == s.Type {
			r.Version, r.Doers = 2, nil // no statute leaves suspensions to superiors any more
			s.set(r)
		}
	}
	l := s.NewLicense()
	in := l.Intent(registry.Issue)
	in.TypeVersion = 2
	e := s.Entry(in)
	s.wants("issue", "", ledgertest.MemberXingguo, e)
	if err := l.Accept(e); err != nil {
		t.Fatal(err)
	}
	s.wants("a superior under the old law", registry.CodeStale, registry.Governance, s.Entry(l.OversightIntent(s.County, registry.Suspend)))
	s.wants("the issuer under the old law", registry.CodeStale, ledgertest.MemberXingguo, s.Entry(l.Intent(registry.Suspend)))
}

// A handover does not start before the powers that it begins are there: the
// licenses would go to nobody, and it starts once.
func TestStartBeforeItsGrants(t *testing.T) {
	s := newStage(t)
	bureau := s.newcomer("360732", ledgertest.MemberXingguo)
	s.wants2("no grant", registry.CodeHandover, s.takes(s.Governing, s.handover("h1", s.Xingguo, bureau, "g-later"), s.Now))
}

// A county is the county, with six digits or nine.
func TestTerritoryOfNineDigits(t *testing.T) {
	s := newStage(t)
	bureau := s.newcomer("360732", ledgertest.MemberXingguo)
	l := s.issued("360732")
	s.grant("g-nine", bureau, "360732000", func(g *registry.Grant) { g.Source = s.Xingguo.Code })
	s.wants2("start", "", s.takes(s.Governing, s.handover("h1", s.Xingguo, bureau, "g-nine"), s.Now, name(s.Xingguo, "360732")))
	s.wants("the predecessor", registry.CodeNotResponsible, ledgertest.MemberXingguo, s.Entry(l.Intent(registry.Suspend)))
	s.wants("the successor", "", ledgertest.MemberXingguo, s.Entry(by(l, bureau, "g-nine", registry.Suspend)))
}

// Whatever an act names or leaves out, on a license that is there or not, the
// contract answers.
func TestEveryShapeOfActIsAnswered(t *testing.T) {
	for _, first := range []bool{false, true} {
		s := newStage(t)
		if first {
			s = firstStage(t)
		}
		issued := s.NewLicense()
		s.wants("issue", "", ledgertest.MemberXingguo, issued.Next(registry.Issue))
		if first {
			s.renew()
		}
		absent := s.NewLicense()
		for _, rule := range registry.Acts() {
			for shape := range 256 {
				l := issued
				if shape&1 != 0 {
					l = absent
				}
				in := l.Intent(rule.Act)
				if shape&2 != 0 {
					in.Grant = ""
				}
				switch shape & 12 {
				case 4:
					in.Origin = nil
				case 8:
					in.Origin = &registry.Origin{Member: ledgertest.MemberXingguo}
				case 12:
					in.Origin = &registry.Origin{Matter: ledgertest.Matter, Grant: "none", Place: "360732", Member: ledgertest.MemberXingguo}
				}
				if shape&128 != 0 && (rule.Act == registry.Issue || rule.Act == registry.Replace) {
					in.Closes = []*registry.Closing{{}, {Identifier: l.Identifier}, {Identifier: l.Identifier, As: registry.Renew, Origin: &registry.Origin{Member: "none"}}}[shape&12%3]
				}
				switch shape & 48 {
				case 16:
					in.Ruling = nil
				case 32:
					in.Ruling = &registry.Ruling{By: registry.RulingSelf, Document: "d", From: registry.DateOf(s.Time()), MemberAct: 9, Author: s.Yudu.Code}
				case 48:
					in.Identifier.Issuer = s.Yudu.Code[:17] + "0"
				}
				namespace := ledgertest.MemberXingguo
				if shape&64 != 0 {
					namespace = registry.Governance
				}
				if namespace == registry.Governance || shape != 0 { // nothing moves on
					batch := s.Batch(namespace, s.Entry(in))
					if _, err := chaincode.DryRun(s.memory, &batch); err != nil {
						t.Fatalf("%s, shape %d: %v", rule.Name, shape, err)
					}
				}
			}
		}
	}
}
