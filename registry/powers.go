package registry

import "slices"

// Powers is everything the governance namespace says about one act. Contract
// and office gather it from their own copies (Gatherer.Powers), which leaves out
// nothing that is asked for below, and ask the same questions.
type Powers struct {
	Rules    *Rules
	Type     *TypeRecord
	Issuer   *Organization // of the identifier
	Actor    *Organization // Intent.Organization
	Grant    *Grant
	Seal     *SealRecord       // nil when the act needs none
	Instance *Instance         // of the identifier's serial
	Stock    map[string]*Stock // by StockName, of the blanks named
	Under    *Grant            // Intent.Under: the entruster's own grant, or that of the act concerned
	Examined *Examination      // review: of the case

	Calendars Calendars // accept-renewal: of the decision's year and the next, as far as they are on the ledger
	Bars      []Bar     // issue: that stand against the holder; ended: that stand already

	Origin      *Grant        // later acts: that the license rests on, as the act names it
	Successions []*Succession // later acts: of the issuer's licenses there, the nearest place first, a dissolution last
	Author      *Organization // rulings: whose act it was

	Tenures map[string]*Tenure // later acts: by organization, of the issuer over that matter, and of the successor whom the act names

	NumberUse *Use   // versions: of the number named, nil while nobody used it; read by the caller, as Bars
	Uses      []Used // UsesOf the act under its grant; likewise

	Paired      *Organization // a pair (Closing): issuer of the other license; of an issue the successions above are of that one
	Counterpart *Counterpart  // a pair: the other license; the caller's to add, as it stands in a member's namespace
}

// Check tells whether the organization had the power for this entry at its
// decision, its sealing and its recording (Unix seconds). That rules, issuer,
// actor and type are there is the gatherer's to know.
func (p *Powers) Check(e *Entry, recorded int64) error {
	in := e.Intent
	if p.Grant == nil {
		return Errorf(CodeGrant, "grant", "an act of the issuer's side rests on a grant")
	}
	if err := p.checkTime(e, recorded); err != nil {
		return err
	}
	if err := p.checkOriginForm(in); err != nil {
		return err
	}
	if err := in.checkUnderForm(p.Grant); err != nil {
		return err
	}
	if err := p.checkGround(in); err != nil {
		return err
	}
	if err := p.checkSuperseded(in); err != nil {
		return err
	}
	if err := p.checkGrant(in, recorded); err != nil {
		return err
	}
	if (p.Type.Source == Collected) != (in.Collected != nil) && in.Act.MakesVersion() {
		return Errorf(CodeTypeSource, "collected", "versions of type %s are of source %s", p.Type.Code, p.Type.Source)
	}
	if in.Seals() {
		if err := p.checkSeal(e, recorded); err != nil {
			return err
		}
	}
	return p.checkPrintings(in)
}

// checkUnderForm: what an entrustment rests on is named, and under what somebody else
// did what an act returns or rules on; nothing else is. Since RulesOfRelations.
func (in *Intent) checkUnderForm(g *Grant) error {
	if in.Under != "" && in.Origin != nil && g.Mode != ModeEntrust && in.Act != Return && in.Ruling == nil {
		return Errorf(CodeEntryForm, "under", "this act names no other grant")
	}
	return nil
}

// checkGround: of the type's catalog for this act; a ruling is its own ground.
func (p *Powers) checkGround(in *Intent) error {
	if in.Ruling == nil && !slices.Contains(p.Type.Grounds[in.Law().String()], in.Ground) {
		return Errorf(CodeGround, "ground", "type %s does not allow ground %q for %s", p.Type.Code, in.Ground, in.Law())
	}
	return nil
}

func (p *Powers) checkTime(e *Entry, recorded int64) error {
	in := e.Intent
	latest := in.Decided
	if e.Sealed > latest {
		latest = e.Sealed
	}
	switch {
	case e.Sealed != 0 && e.Sealed < in.Decided:
		return Errorf(CodeDateOrder, "sealed", "sealed before it was decided")
	case latest > recorded:
		return Errorf(CodeFuture, "decided", "decided or sealed after it is recorded")
	case e.Recording == Genesis && recorded > p.Rules.GenesisUntil:
		return Errorf(CodeGenesis, "recording", "genesis entries are accepted only at the ledger's start")
	case e.Recording == Timely && recorded-in.Decided > p.Rules.MaxBackdate:
		return Errorf(CodeBackdated, "decided", "decided more than %d hours before recording: register it as late", p.Rules.MaxBackdate/3600)
	}
	return nil
}

// checkSuperseded: what is decided after a type's version was superseded is made
// under a newer one. What was decided before may still be recorded.
func (p *Powers) checkSuperseded(in *Intent) error {
	end := p.Type.Superseded
	if p.Rules.Since(RulesOfRelations) && in.Act.MakesVersion() && end != 0 && in.Decided >= end {
		return Errorf(CodeTypeSuperseded, "type_version", "version %d of type %s was superseded at %s", p.Type.Version, p.Type.Code, instant(end))
	}
	return nil
}

// checkGrant: the grant named, its matter, mode, territory and agreement, at
// the decision and at recording.
func (p *Powers) checkGrant(in *Intent, recorded int64) error {
	g := p.Grant
	switch {
	case !slices.Contains(p.Type.Matters, g.Matter):
		return Errorf(CodeGrantMatter, "grant", "matter %s does not lead to type %s", g.Matter, p.Type.Code)
	case in.Act == Issue && g.Decider != in.Identifier.Issuer:
		return Errorf(CodeGrantMode, "grant", "under this grant %s decides and is the issuer", g.Decider)
	case in.Origin == nil && !Within(p.Issuer.Region, g.Territory) && !(g.Decider == in.Identifier.Issuer && Within(g.Territory, p.Issuer.Region)):
		// A city decides for a county's territory in review, window and entrust;
		// a county's own power never reaches the city's licenses.
		return Errorf(CodeGrantTerritory, "grant", "region %s has nothing to do with %s", p.Issuer.Region, g.Territory)
	}
	if in.Origin != nil && in.Act == Issue {
		if err := p.checkIssue(in); err != nil {
			return err
		}
	}
	if err := p.allows(in); err != nil {
		return err
	}
	if in.Ruling != nil {
		return nil // it binds whose act it was, also after the power ended
	}
	if err := p.inForce(in, in.Decided); err != nil {
		return err
	}
	if g.Mode == ModeReview && g.examined(in.Law()) && !p.Examined.ready(g.Examiner, in.Decided) {
		return Errorf(CodeExamination, "case", "case %q: no examination by %s that was forwarded, with its seal request confirmed", in.Case, g.Examiner)
	}
	if g.inFlight(in) {
		return nil
	}
	return p.inForce(in, recorded)
}

// inFlight tells whether the act ends a case that was in flight at the handover and
// is listed there: what its holder applied for, recorded in time. Whatever else is
// done on a license that went over is not the predecessor's any more.
func (g *Grant) inFlight(in *Intent) bool {
	if in.Origin == nil { // the first rules let it end any act
		return in.Case != "" && slices.Contains(g.Cases, in.Case)
	}
	return g.lists(in.Case) && in.appliedFor() && in.Recording == Timely
}

// lists tells whether the handover that ended the grant lists a case as in flight, in
// whatever form its number is written (FoldNumber).
func (g *Grant) lists(number string) bool {
	return number != "" && slices.ContainsFunc(g.Cases, func(listed string) bool { return FoldNumber(listed) == FoldNumber(number) })
}

// examined: what the holder applies for is examined by the county.
func (g *Grant) examined(act Act) bool { return act == Issue || act == Change || act == Renew }

// inForce: the grant itself, after its end only within a logged exception, and
// an entrustment only as long as what it rests on.
func (p *Powers) inForce(in *Intent, at int64) error {
	g := p.Grant
	if err := g.InForce(at); err != nil && !g.Excepts(in.Seal, at) {
		return err
	}
	if g.Mode != ModeEntrust {
		return nil
	}
	u := p.Under
	if u == nil || in.Under != g.Rests || u.Matter != g.Matter || u.Decider != g.Decider || u.Mode != ModeOwn && u.Mode != ModeDirect {
		return Errorf(CodeGrantMode, "under", "an entrustment names the entruster's own power over the matter")
	}
	if err := u.InForce(at); err != nil {
		return Errorf(CodeGrantPeriod, "under", "the entrustment lapsed with %s", u.ID)
	}
	return nil
}

// Excepts tells whether a logged exception lets this seal go on after the end.
func (g *Grant) Excepts(seal string, at int64) bool {
	return seal != "" && slices.ContainsFunc(g.Exceptions, func(x Exception) bool { return x.Seal == seal && x.From <= at && at < x.Until })
}

// allows tells whether what the organization is under the grant, and the type,
// let it do this act.
func (p *Powers) allows(in *Intent) error {
	g := p.Grant
	if !slices.ContainsFunc(g.RelationsOf(in.Organization), func(is Relation) bool { return p.may(is, in) }) {
		return Errorf(CodeGrantMode, "organization", "in mode %s %s is for %s", g.Mode, in.Act, g.Decider)
	}
	return nil
}

// handles tells whether the act is work on paper or record, which whoever
// accepts or examines may do. To refuse a renewal is a decision.
func (in *Intent) handles() bool {
	return in.Act.Class() == ClassPaper || in.Act.Class() == ClassRecord && in.Ground != GroundRenewalRefused
}

// InForce tells whether the grant was in force at an instant.
func (g *Grant) InForce(at int64) error {
	switch {
	case at < g.Effective:
		return Errorf(CodeGrantPeriod, "grant", "%s begins later", g.ID)
	case g.End != 0 && at >= g.End:
		return Errorf(CodeGrantPeriod, "grant", "%s has ended", g.ID)
	case g.Handover && (g.Operating == 0 || at < g.Operating):
		return Errorf(CodeGrantPeriod, "grant", "%s awaits its handover and start of operation", g.ID)
	case g.Mode == ModeReview && (g.Agreement == "" || at < g.Agreed):
		return Errorf(CodeAgreement, "grant", "%s: the agreement (承接协议) is not recorded", g.ID)
	case g.Mode == ModeEntrust && (g.Publication == "" || at < g.Published):
		return Errorf(CodeGrantPeriod, "grant", "%s: an entrustment is published first (公告)", g.ID)
	}
	return nil
}

// checkSeal: the seal for that matter and organization, in use at the sealing
// and at recording.
func (p *Powers) checkSeal(e *Entry, recorded int64) error {
	s := p.Seal
	switch {
	case s == nil:
		return Errorf(CodeSealUnknown, "seal", "seal %q is not on file", e.Intent.Seal)
	case s.Owner != p.Grant.Decider || s.SealKind != p.Type.Seal:
		return Errorf(CodeSealScope, "seal", "type %s asks for the %s seal of %s", p.Type.Code, p.Type.Seal, p.Grant.Decider)
	case len(s.Matters) > 0 && !slices.Contains(s.Matters, p.Grant.Matter):
		return Errorf(CodeSealScope, "seal", "seal %s is not for matter %s", s.ID, p.Grant.Matter)
	case p.Grant.End != 0 && e.Sealed >= p.Grant.End && !p.Grant.Excepts(s.ID, e.Sealed):
		// One seal governs approvals: after the takeover only the new one.
		return Errorf(CodeSealState, "seal", "the power of %s had ended when this was sealed", s.Owner)
	}
	for _, at := range [...]int64{e.Sealed, recorded} {
		if at == 0 {
			continue // not sealed yet: a draft
		}
		if state := s.StateAt(at); state != SealInUse {
			return Errorf(CodeSealState, "seal", "seal %s is %s", s.ID, state)
		}
	}
	return nil
}

// checkPrintings: copies the type has, on the stock it asks for, of this
// organization, in the issuer's status lists. That a blank is still free is
// the ledger's to know.
func (p *Powers) checkPrintings(in *Intent) error {
	if in.Act == Issue && in.Collected == nil && (p.Instance == nil || p.Instance.Issuer != in.Identifier.Issuer) {
		return Errorf(CodeSerialPrefix, "identifier", "serial prefix %s is not assigned to %s", in.Identifier.Serial[:PrefixLength], in.Identifier.Issuer)
	}
	count := map[CopyKind]int{}
	for _, s := range in.Printings {
		if p.Instance == nil || !slices.Contains(p.Instance.Lists, s.List) {
			return Errorf(CodeListRange, "printings", "status list %d is not assigned to this issuer", s.List)
		}
		if s.Copy == Electronic {
			continue
		}
		form, exists := p.Type.Forms[s.Copy]
		count[s.Copy]++
		if !exists || count[s.Copy] > max(1, p.Type.Most[s.Copy]) {
			return Errorf(CodePrinting, "printings", "type %s has no such copy, or not so many: %s", p.Type.Code, s.Copy)
		}
		if form != s.Blank.Form {
			return Errorf(CodeBlankForm, "printings", "the %s of type %s is printed on form %q", s.Copy, p.Type.Code, form)
		}
		if form == "" {
			continue
		}
		stock := p.Stock[StockName(p.Type.Code, form, s.Blank.Run, in.Organization)]
		if stock == nil || !stock.Holds(s.Blank.Number) || stock.spent(s.Blank.Number) || stock.memberOr(p.Actor) != p.Issuer.Member {
			return Errorf(CodeBlankStock, "printings", "blank %s is not in the stock of %s", s.Blank.Number, in.Organization)
		}
	}
	return nil
}

// memberOr is whose licenses the stock is for, else those of the member of whoever
// holds it: a number is used in one member's namespace only, so that none is used
// twice.
func (s *Stock) memberOr(holder *Organization) string {
	if s.Member != "" {
		return s.Member
	}
	return holder.Member
}

// CheckOversight tells whether a superior may act on the license: an
// organization above the issuer, at whatever distance. Which acts a superior
// has is for ApplyOversight.
func (p *Powers) CheckOversight(e *Entry, recorded int64) error {
	in := e.Intent
	switch {
	case in.Grant != "":
		return Errorf(CodeEntryForm, "grant", "oversight rests on rank, not on a grant")
	case in.Ruling == nil && (!p.Issuer.below(in.Organization) || !p.may(IsSuperior, in)):
		return Errorf(CodeActNotAllowed, "organization", "%s is no superior of the issuer, or this type leaves the act to others", in.Organization)
	}
	for _, check := range []func(*Intent) error{p.checkOriginForm, p.checkOverseen, p.checkGround} {
		if err := check(in); err != nil {
			return err
		}
	}
	return p.checkTime(e, recorded)
}

// checkOverseen: a superior's act names the member that has the license.
func (p *Powers) checkOverseen(in *Intent) error {
	if in.Origin != nil && in.Origin.Member != p.Issuer.Member {
		return Errorf(CodeStale, "origin", "the license is member %s's", p.Issuer.Member)
	}
	return nil
}

// below tells whether another organization stands above this one.
func (o *Organization) below(superior string) bool {
	return o != nil && slices.Contains(o.Superiors, superior)
}

// Class is the act's class, empty for an unknown act.
func (a Act) Class() Class { r, _ := a.Rule(); return r.Class }

// Within tells whether a region lies in a territory (GB/T 2260: province, city
// and county take two digits each; GB/T 10114: town and street three more; 0
// standing for the whole).
func Within(region, territory string) bool {
	if !regionForm(region) || !regionForm(territory) {
		return false
	}
	n := len(territory)
	if n == 9 && territory[6:] == "000" {
		n = 6
	}
	for n > 0 && n <= 6 && territory[n-2:n] == "00" {
		n -= 2
	}
	return len(region) >= n && region[:n] == territory[:n]
}
