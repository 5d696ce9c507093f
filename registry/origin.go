package registry

import "slices"

// Origin says where a license comes from, as an act names it: to whose matter
// and place the act belongs. The ledger keeps it with the license and refuses,
// CodeStale, an act that names another one, so that everything an act is judged
// by can be read before the license itself. Since RulesOfRelations every intent
// carries one.
type Origin struct {
	Matter string `cbor:"1,keyasint,omitempty" json:"matter,omitempty"` // later acts under a grant: the license's
	Grant  string `cbor:"2,keyasint,omitempty" json:"grant,omitempty"`  // later acts under a grant: that of the version in force; empty: Intent.Grant
	Place  string `cbor:"3,keyasint,omitempty" json:"place,omitempty"`  // under a grant: region that the license belongs to
	Member string `cbor:"4,keyasint,omitempty" json:"member,omitempty"` // acts through governance: whose namespace has the license

	Successor string `cbor:"5,keyasint,omitempty" json:"successor,omitempty"` // in whose hands the license was when that one's power ended: whoever acts says that nobody has it
}

// Governed tells whether the act goes through the governance namespace: a
// superior's, that of a successor or regulator whose node is another member's, and
// the return of a suspension that stands there. No single member can get in its way.
func (in *Intent) Governed() bool {
	return in.Oversight() || in.Origin != nil && in.Origin.Member != ""
}

// grantOf is the grant that the license rests on, as the act names it.
func (in *Intent) grantOf() string {
	if in.Origin == nil || in.Origin.Grant == "" {
		return in.Grant
	}
	return in.Origin.Grant
}

// checkOriginForm holds the intent's origin against the rules in force.
func (p *Powers) checkOriginForm(in *Intent) error {
	if p.Rules.Since(RulesOfRelations) != (in.Origin != nil) {
		return Errorf(CodeEntryForm, "origin", "acts name their license's origin since rules %d, and not before", RulesOfRelations)
	}
	return nil
}

// PlaceOf is the region that a license belongs to: as the ledger has it, else its
// issuer's.
func (l *License) PlaceOf(issuer *Organization) string {
	if l.Place == "" && issuer != nil {
		return issuer.Region
	}
	return l.Place
}

// PlaceUnder is the region of what is issued under a grant: the issuer's own
// within a wider territory, the territory within a wider authority. That is the
// narrower of the two.
func (g *Grant) PlaceUnder(issuer *Organization) string {
	if Within(issuer.Region, g.Territory) {
		return issuer.Region
	}
	return g.Territory
}

// checkIssue: a license belongs to a place within its grant's territory.
func (p *Powers) checkIssue(in *Intent) error {
	if place := in.Origin.Place; !Within(place, p.Grant.Territory) {
		return Errorf(CodeGrantTerritory, "grant", "%s does not lie in %s", place, p.Grant.Territory)
	}
	return nil
}

// CheckLater tells whether a later act belongs to the matter and the authority
// of its license: it comes under the issuer's power over that matter or its
// successor's, never under somebody else's for another matter or a wider place.
// When the issuer's powers there ended and nobody succeeded, or the successor's
// ended as well, whoever holds the matter there does.
// CodeStale where the act names another origin than the ledger has.
//
// The same holds at the recording (Unix seconds), but for cases in flight that
// the handover lists: what went over meanwhile is no longer the predecessor's.
func (p *Powers) CheckLater(before *License, in *Intent, recorded int64) error {
	if in.Origin == nil || in.Act == Issue || before == nil || in.Grant == "" {
		return nil
	}
	if err := p.checkStale(before, in); err != nil {
		return err
	}
	g, place := p.Grant, before.PlaceOf(p.Issuer)
	if g.Matter != in.Origin.Matter {
		return Errorf(CodeGrantMatter, "grant", "the license is of matter %s", in.Origin.Matter)
	}
	own := before.Grant != "" && g.ID == before.Grant
	if !own && !Within(place, g.Territory) {
		return Errorf(CodeGrantTerritory, "grant", "%s does not lie in %s", place, g.Territory)
	}
	if in.Ruling != nil {
		return nil // it binds whose act it was, whoever has the license now: checkRuling
	}
	if !own && p.supervisesElsewhere(in) {
		return Errorf(CodeNotResponsible, "grant", "the grant that the license rests on lists who supervises it")
	}
	instants := []int64{in.Decided, recorded}
	if g.inFlight(in) {
		instants = instants[:1]
	}
	for _, at := range instants {
		if responsible, living := p.responsible(place, at, own); living && responsible != g.Decider {
			return Errorf(CodeNotResponsible, "grant", "the license is in the hands of %s", responsible)
		}
	}
	return nil
}

// supervisesElsewhere tells whether an organization acts as a regulator whom another
// grant lists, while the one that the license rests on is in force and lists others.
func (p *Powers) supervisesElsewhere(in *Intent) bool {
	o, g := p.Origin, p.Grant
	return o != nil && slices.Contains(g.Regulators, in.Organization) && g.Decider != in.Organization &&
		len(o.Regulators) > 0 && !slices.Contains(o.Regulators, in.Organization) && o.InForce(in.Decided) == nil
}

func (p *Powers) checkStale(before *License, in *Intent) error {
	known := in.grantOf()
	if before.Grant == "" { // issued under the first rules: the issuer's grants alone lead to it
		known = in.Origin.Grant
	}
	if place := before.PlaceOf(p.Issuer); before.Grant != known || place != in.Origin.Place {
		return Errorf(CodeStale, "origin", "the license rests on grant %q at %s", before.Grant, place)
	}
	if before.Grant != "" && (p.Origin == nil || p.Origin.Matter != in.Origin.Matter) {
		return Errorf(CodeStale, "origin", "grant %s is for another matter", before.Grant)
	}
	if s := in.Origin.Successor; s != "" && p.heir(in.Decided) != s {
		return Errorf(CodeStale, "origin", "the license did not go to %s", s)
	}
	return nil
}

// responsible is whose the license at a place is at an instant: the successor's,
// else the issuer's. living is false when neither has a power there any more.
// A successor of whom no power there is known stays responsible. own says that
// the act comes under the very grant that the license rests on, which then yields
// to a successor alone.
func (p *Powers) responsible(place string, at int64, own bool) (organization string, living bool) {
	heir := p.heir(at)
	if heir != "" {
		if living, known := p.holds(heir, place, at); living || !known {
			return heir, true
		}
	}
	holds, known := p.holds(p.Issuer.Code, place, at)
	over := p.Issuer.Dissolved != 0 && p.Issuer.Dissolved <= at || !holds && (known || heir != "")
	return p.Issuer.Code, !own && !over
}

// lapsed is the successor whose powers at a place have ended at an instant, where
// the act comes under somebody else's grant; empty when there is none.
func (p *Powers) lapsed(place string, at int64, under *Grant) string {
	heir := p.heir(at)
	if heir == "" || heir == under.Decider {
		return ""
	}
	if living, known := p.holds(heir, place, at); living || !known {
		return ""
	}
	return heir
}

// heir is to whom the issuer's licenses there went, empty when to nobody: the
// nearest place counts first, a dissolution last. What came back is the issuer's
// again, until it goes over once more.
func (p *Powers) heir(at int64) string {
	var back int64
	for _, s := range p.Successions {
		switch heir := s.at(at); {
		case heir == "", s.Region != Any && s.Since <= back && back != 0:
		case heir == p.Issuer.Code:
			back = s.Since
		default:
			return heir
		}
	}
	return ""
}

// CheckMember tells whether the act stands in the right namespace: in its
// license's own for the issuer's side, whoever works on its paper, and whoever
// decides in its name; through governance for a successor or a regulator whose
// node is another member's.
func (p *Powers) CheckMember(in *Intent) error {
	if in.Origin == nil || in.Grant == "" {
		return nil
	}
	side := p.ownSide(in.Act, in.Ground, in.Organization)
	switch {
	case !in.Governed() && !side:
		return Errorf(CodeNamespace, "origin", "%s acts on licenses of member %s through governance", p.Actor.Code, p.Issuer.Member)
	case in.Governed() && (side && in.Act != Return || in.Act.Class() != ClassState):
		return Errorf(CodeNamespace, "origin", "this act stands in the namespace of member %s", p.Issuer.Member)
	case in.Governed() && in.Origin.Member != p.Issuer.Member:
		return Errorf(CodeStale, "origin", "the license is member %s's", p.Issuer.Member)
	}
	return nil
}

// CheckAct tells whether an act in a member's namespace has its power and keeps
// the law of its license. before is nil for an issue.
func (p *Powers) CheckAct(before *License, e *Entry, recorded int64) error {
	in := e.Intent
	if err := p.Check(e, recorded); err != nil {
		return err
	}
	if err := p.checkActor(in, recorded); err != nil {
		return err
	}
	if err := p.checkRecording(before, e, recorded); err != nil {
		return err
	}
	if err := p.keepsLaw(before, in, recorded); err != nil {
		return err
	}
	if in.Replaces() {
		if err := p.checkReplaces(in, recorded); err != nil {
			return err
		}
	} else if err := p.CheckHolder(before, in); err != nil {
		return err
	}
	return p.CheckUses(in)
}

// checkActor: who acts through governance is still there when that is recorded,
// unless a ruling binds it. In a member's namespace its powers are asked for then.
func (p *Powers) checkActor(in *Intent, recorded int64) error {
	if gone := p.Actor.Dissolved; in.Origin != nil && in.Governed() && in.Ruling == nil && gone != 0 && gone <= recorded {
		return Errorf(CodeOrganization, "organization", "%s was dissolved by the recording", p.Actor.Code)
	}
	return nil
}

// keepsLaw asks what the law of later acts asks of an act under a grant, whatever a
// form still adds to it: contract, draft and offers alike.
func (p *Powers) keepsLaw(before *License, in *Intent, recorded int64) error {
	for _, check := range []func() error{
		func() error { return p.CheckMember(in) },
		func() error { return p.CheckLater(before, in, recorded) },
		func() error { return p.checkTypeVersion(before, in) },
		func() error { return (wayBack{p}).checkOwnRuling(before, in) },
		func() error { return p.CheckRenewal(before, in) },
		func() error { return (wayBack{p}).checkOwnReturn(before, in) },
		func() error { return before.checkCopies(p.Type, in) },
		func() error { return checkFalseCommitment(before, in) },
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// CheckGovernance tells whether an act through governance has its power and
// keeps the law of its license: a superior's by rank, that of a successor or a
// regulator of another member by its grant.
// over is what governance says of the license before it, nil for nothing.
func (p *Powers) CheckGovernance(before *License, over *Oversight, e *Entry, recorded int64) error {
	in := e.Intent
	switch {
	case in.Act == Replace:
		return p.Counterpart.checkReplacement(e)
	case in.Origin != nil && !in.Governed():
		return Errorf(CodeEntryForm, "origin", "an act through governance names the member")
	case in.Origin != nil && in.Grant != "":
		if err := p.CheckAct(before, e, recorded); err != nil {
			return err
		}
		if err := (wayBack{p}).checkGovernedRuling(before, over, in); err != nil {
			return err
		}
		if err := (wayBack{p}).checkGovernedReturn(before, over, in); err != nil {
			return err
		}
		return (wayBack{p}).checkFirstAuthor(over, in)
	}
	if err := p.CheckOversight(e, recorded); err != nil {
		return err
	}
	if err := p.checkActor(in, recorded); err != nil {
		return err
	}
	if err := p.checkRecording(before, e, recorded); err != nil {
		return err
	}
	if err := (wayBack{p}).checkGovernedRuling(before, over, in); err != nil {
		return err
	}
	for _, check := range []func() error{
		func() error { return p.checkTypeVersion(before, in) },
		func() error { return (wayBack{p}).checkReturn(over.chain(), in) },
		func() error { return (wayBack{p}).checkFirstAuthor(over, in) },
		func() error { return checkFalseCommitment(before, in) },
		func() error { return p.CheckHolder(before, in) },
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return p.CheckUses(in)
}

// checkTypeVersion: who may do what, and what bars, is the law of the license's
// own version of its type or of a newer one.
func (p *Powers) checkTypeVersion(before *License, in *Intent) error {
	if in.Origin != nil && before != nil && in.TypeVersion < before.Type {
		return Errorf(CodeStale, "type_version", "the license is of version %d of its type", before.Type)
	}
	return nil
}

// checkGovernedReturn is checkReturn through governance under a grant: of what
// stands there, else of what another member's chain has.
func (p wayBack) checkGovernedReturn(before *License, over *Oversight, in *Intent) error {
	if in.Act != Return || over.chain().suspended(in.Organization) {
		return p.checkReturn(over.chain(), in)
	}
	if p.ownSide(in.Act, in.Ground, in.Organization) {
		return Errorf(CodeNamespace, "origin", "this act stands in the namespace of member %s", p.Issuer.Member)
	}
	return p.checkReturn(before.chain(), in)
}

// checkOwnReturn is checkReturn in the license's own namespace.
func (p wayBack) checkOwnReturn(before *License, in *Intent) error {
	if in.Governed() {
		return nil // what stands in governance is asked for there
	}
	return p.checkReturn(before.chain(), in)
}

// decides tells whether the organization decides under the grant that the act names.
// That the license is in its hands is for CheckLater.
func (p *Powers) decides(organization string) bool {
	return p.Grant != nil && slices.ContainsFunc(p.Grant.RelationsOf(organization), func(is Relation) bool { return is.Allows(MayDecideOn) })
}

// checkReturn: a suspension is returned by whose it was; one of whoever decided on
// the license before, by who decides on it now; one of whoever has no such measure
// any more, by who has it now (returnsFor); any, by a superior above its author.
// Whose the first rules' suspensions were is not known: in a member's namespace the
// issuer's side returns them, through governance a superior.
func (p wayBack) checkReturn(chain chainOf, in *Intent) error {
	if in.Act != Return || in.Origin == nil {
		return nil
	}
	i := returned(chain.causes, in.Organization)
	if i < 0 {
		return nil // refused for the state
	}
	by, rank := chain.causes[i].By, slices.Index(p.Issuer.Superiors, in.Organization)
	basis := p.basis(basisOf(chain.bases, chain.causes[i].Sequence))
	switch {
	case by == in.Organization, rank >= 0 && slices.Index(p.Issuer.Superiors, by) < rank:
		return nil
	case by == "" && !in.Governed():
		return nil
	case by != "" && p.decides(in.Organization) && p.preceded(by), p.returnsFor(by, basis, in):
		return nil
	}
	return Errorf(CodeActNotAllowed, "organization", "the suspension is %s's", by)
}

// originOf is what an act names of its license, nil under the first rules.
// decided is when (Unix seconds).
func (p *Powers) originOf(standing *Standing, app Application, decided int64) *Origin {
	present := standing.license()
	switch {
	case !p.Rules.Since(RulesOfRelations) || p.Issuer == nil:
		return nil
	case present == nil && app.Place != "":
		return &Origin{Place: app.Place}
	case present == nil && p.Grant != nil:
		return &Origin{Place: p.Grant.PlaceUnder(p.Issuer)}
	case app.Grant == "":
		return &Origin{Member: p.Issuer.Member}
	case present == nil || p.Origin == nil || p.Actor == nil || p.Grant == nil:
		return &Origin{}
	}
	o := &Origin{Matter: p.Origin.Matter, Place: present.PlaceOf(p.Issuer)}
	if present.Grant != app.Grant {
		o.Grant = present.Grant
	}
	if app.Act.Class() == ClassState && (!p.ownSide(app.Act, app.Ground, app.Organization) || standing.returnsAbove(app.Act, app.Organization)) {
		o.Member = p.Issuer.Member
	}
	o.Successor = p.lapsed(o.Place, decided, p.Grant)
	return o
}

// ownSide tells whether the act stands in the license's own namespace: of the
// issuer's member, of whoever works on its paper, and of whoever decides in its
// name.
func (p *Powers) ownSide(act Act, ground, organization string) bool {
	g := p.Grant
	in := Intent{Act: act, Ground: ground}
	return p.Actor.Member == p.Issuer.Member || in.handles() || act == Issue ||
		g.Mode == ModeEntrust && organization == g.Acceptor && g.Decider == p.Issuer.Code
}

// places lists a region and those around it, the nearest first.
func places(region string) (all []string) {
	if !regionForm(region) {
		return nil
	}
	all = []string{region}
	if len(region) == 9 {
		region = region[:6]
		all = append(all, region)
	}
	for _, n := range []int{4, 2} {
		if around := region[:n] + "000000"[n:]; !slices.Contains(all, around) {
			all = append(all, around)
		}
	}
	return all
}
