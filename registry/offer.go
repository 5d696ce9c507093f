package registry

import (
	"slices"
	"time"
)

// Offer is an act that somebody may do on a license now: their relation to it,
// their roles, the type's grounds and the license's state allow it. What a form
// still asks for, such as a seal, a case or a blank, is judged when it is handed
// in.
type Offer struct {
	Act      Act        `json:"act"`
	Grants   []string   `json:"grants,omitempty"`   // ids, under one of which it is done; none for a superior's act, which rests on rank
	Grounds  []string   `json:"grounds,omitempty"`  // codes of the type's catalog; none for a ruling, which is its own
	Printing uint32     `json:"printing,omitempty"` // acts on a sheet: which
	Copies   []CopyKind `json:"copies,omitempty"`   // print: kinds of which the version can have another sheet
	Undoes   []uint64   `json:"undoes,omitempty"`   // rulings: sequences of the acts that it can concern
	Member   []uint64   `json:"member,omitempty"`   // rulings through governance: sequences of the member's acts that it can concern
	Governed bool       `json:"governed,omitempty"` // anchored in governance, in a chain of its own
	Replaces bool       `json:"replaces,omitempty"` // versions: made by issuing a license of one's own in place of this one (Application.Closes)
}

// Offering is what offers are read from. Everything in it comes from the ledger,
// but for the actor.
type Offering struct {
	Actor    Actor
	License  Identifier // of any version
	Standing *Standing
	Powers   []*Powers                // one for each grant that makes the actor's organization something to the license; one without grant for a superior
	Authors  map[string]*Organization // of the acts that took it out of effect, by code
	Bases    map[string]*Grant        // under which those were done, by id
	Now      time.Time
}

// Offering gathers what offers are read from. grants are all that the ledger
// has; those of the license's matter that name the actor's organization count.
func (g Gatherer) Offering(by Actor, id Identifier, t *LicenseType, standing *Standing, grants []*Grant, now time.Time) (*Offering, error) {
	o := &Offering{Actor: by, License: id, Standing: standing, Authors: map[string]*Organization{}, Bases: map[string]*Grant{}, Now: now}
	if standing == nil || standing.License == nil || by.Organization == "" || t == nil {
		return o, nil
	}
	kin, err := g.Kinship(id.Issuer, standing, by.Organization, now.Unix())
	if err != nil {
		return nil, err
	}
	var under []string
	for _, grant := range grants {
		if standing.matter(kin, grant.Matter) && len(grant.RelationsOf(by.Organization)) > 0 && grant.Effective <= now.Unix() {
			under = append(under, grant.ID)
		}
	}
	if slices.Contains(kin.Relations(by.Organization), IsSuperior) {
		under = append(under, "")
	}
	for _, id := range under {
		p, err := g.powersNow(o, t, id)
		if err != nil {
			return nil, err
		}
		o.Powers = append(o.Powers, p)
	}
	for _, c := range slices.Concat(standing.License.Undoable(), standing.Oversight.Stands()) {
		if c.By == "" || o.Authors[c.By] != nil {
			continue
		}
		if o.Authors[c.By], err = RecordOf[*Organization](g.Records, KindOrganization, c.By); err != nil {
			return nil, err
		}
	}
	for _, b := range slices.Concat(standing.License.chain().bases, standing.Oversight.chain().bases) {
		if o.Bases[b.Grant], err = RecordOf[*Grant](g.Records, KindGrant, b.Grant); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// concern names in a trial the grant under which an act of another's was done that
// it concerns, as a draft does, and returns the powers with it.
func (o *Offering) concern(p *Powers, in *Intent) *Powers {
	c, basis := o.Standing.concerned(in.Act, in.Organization, in.Ruling, in.Governed())
	if c == nil || in.Under != "" || c.By == in.Organization || basis == in.Grant || basis == in.grantOf() {
		return p
	}
	with := *p
	in.Under, with.Under = basis, o.Bases[basis]
	return &with
}

// powersNow gathers what an act of today under one grant is judged by.
func (g Gatherer) powersNow(o *Offering, t *LicenseType, grant string) (*Powers, error) {
	app := Application{Act: AcceptRenewal, Identifier: o.License, Grant: grant, Organization: o.Actor.Organization} // the act that reads calendars
	named, err := g.NamedBy(app, t, "", o.Now, o.Standing)
	if err != nil {
		return nil, err
	}
	return g.Powers(named)
}

// matter tells whether the license is of the matter; one of the first rules is of
// any that its acts name.
func (s *Standing) matter(kin *Kinship, matter string) bool {
	return slices.ContainsFunc(kin.Grants, func(g *Grant) bool {
		return g.Matter == matter && (s.License.Grant == "" || s.License.Grant == g.ID)
	})
}

// Offers lists what the actor may do on the license now, in the order of the act
// table, by sheet. A replacement follows from an issue and is nobody's to ask for.
func (o *Offering) Offers() (all []Offer) {
	for _, rule := range Acts() {
		if rule.Act == Issue || rule.Act == Replace || o.Actor.MayPropose(rule.Act) != nil {
			continue
		}
		for _, p := range o.Powers {
			for _, offer := range o.under(p, rule) {
				all = joinOffer(all, offer)
			}
		}
	}
	return all
}

// joinOffer adds an offer; one that differs from another in its grant alone is
// the same.
func joinOffer(all []Offer, offer Offer) []Offer {
	for i := range all {
		same := &all[i]
		if same.Act == offer.Act && same.Printing == offer.Printing && same.Governed == offer.Governed && same.Replaces == offer.Replaces && len(same.Grants) > 0 && len(offer.Grants) > 0 &&
			slices.Equal(same.Grounds, offer.Grounds) && slices.Equal(same.Copies, offer.Copies) && slices.Equal(same.Undoes, offer.Undoes) && slices.Equal(same.Member, offer.Member) {
			same.Grants = append(same.Grants, offer.Grants...)
			return all
		}
	}
	return append(all, offer)
}

// under lists the offers of one act under one grant, or by rank.
func (o *Offering) under(p *Powers, rule ActRule) (all []Offer) {
	if p.Type == nil || p.Actor == nil || p.Issuer == nil {
		return nil
	}
	offer := Offer{Act: rule.Act}
	if p.Grant != nil {
		offer.Grants = []string{p.Grant.ID}
	}
	if rule.Act == Print {
		offer.Copies = o.Standing.License.printable(p.Type)
	}
	offer.Governed = o.trial(p, rule.Act, "", Sheet{Version: o.Standing.License.Version}).Governed()
	if rule.Act.Rules() {
		offer.Undoes, offer.Member = o.rulings(p, rule.Act)
		if len(offer.Undoes)+len(offer.Member) > 0 {
			all = append(all, offer)
		}
		return all
	}
	sheets := []Sheet{{Version: o.Standing.License.Version}}
	if rule.Class == ClassPaper && rule.Act != Print {
		sheets = o.Standing.License.Printings
	}
	for _, sheet := range sheets {
		offer.Printing, offer.Grounds = sheet.Number, nil
		for _, ground := range p.Type.Grounds[rule.Name] {
			in := o.trial(p, rule.Act, ground, sheet)
			if offer.Replaces = o.elsewhere(p, in); offer.Replaces && o.replaceable(p, in) || !offer.Replaces && o.allowed(o.concern(p, in), in) {
				offer.Grounds = append(offer.Grounds, ground)
			}
		}
		if len(offer.Grounds) > 0 {
			all = append(all, offer)
		}
	}
	return all
}

// rulings lists the acts that a ruling entered by the organization can concern.
func (o *Offering) rulings(p *Powers, act Act) (undoes, member []uint64) {
	for _, chain := range []struct {
		causes []StateCause
		member bool
	}{{o.Standing.License.Undoable(), false}, {o.Standing.License.Stands(), true}, {o.Standing.Oversight.Stands(), false}} {
		for _, c := range chain.causes {
			ruling := Ruling{Document: "1", From: DateOf(o.Now), Undoes: c.Sequence, Of: c.Act}
			if c.By != p.Actor.Code {
				ruling.Author = c.By
			}
			if chain.member {
				ruling.Undoes, ruling.MemberAct = 0, c.Sequence
			}
			if !o.mayRule(p, act, ruling) {
				continue
			}
			if into := map[bool]*[]uint64{false: &undoes, true: &member}[chain.member]; !slices.Contains(*into, c.Sequence) {
				*into = append(*into, c.Sequence)
			}
		}
	}
	return undoes, member
}

// mayRule tells whether the organization may enter a ruling, of whichever body; a
// stay begins or ends.
func (o *Offering) mayRule(p *Powers, act Act, ruling Ruling) bool {
	in := o.trial(p, act, "", Sheet{Version: o.Standing.License.Version})
	in.Ruling = &ruling
	with := *o.concern(p, in)
	with.Author = o.Authors[in.author()]
	for _, ruling.By = range RulingsBy() {
		ruling.Ends = false
		if o.allowed(&with, in) {
			return true
		}
		if ruling.Ends = true; act == Stay && o.allowed(&with, in) {
			return true
		}
	}
	return false
}

// trial is the act as an intent, with what a form would still add left out.
func (o *Offering) trial(p *Powers, act Act, ground string, sheet Sheet) *Intent {
	l := o.Standing.License
	in := &Intent{Act: act, Identifier: o.License.WithVersion(sheet.Version), Organization: p.Actor.Code, Ground: ground, Decision: "1", Under: p.Grant.rests(),
		TypeVersion: p.Type.Version, Decided: o.Now.Unix(), Refers: sheet.Number, Holder: l.Holder, Sequence: l.Sequence + 1, Previous: l.Head}
	if p.Grant != nil {
		in.Grant = p.Grant.ID
	}
	in.Origin = p.originOf(o.Standing, Application{Act: act, Ground: ground, Grant: in.Grant, Organization: in.Organization}, in.Decided)
	if over := o.Standing.Oversight; in.Governed() {
		in.Sequence = 1
		if over != nil {
			in.Sequence, in.Previous = over.Sequence+1, over.Head
		}
	}
	next := uint32(1)
	if n := len(l.Printings); n > 0 {
		next = l.Printings[n-1].Number + 1
	}
	switch {
	case act.MakesVersion():
		in.Identifier.Version++
		in.Effective, in.Expires = l.Effective, l.Expires
		if act == Renew {
			in.Expires++
		}
		in.Printings = []Printing{{Number: next, Copy: Electronic}}
	case act == Print:
		in.Printings = []Printing{{Number: next, Copy: Original}}
		if kinds := l.printable(p.Type); len(kinds) > 0 {
			in.Printings[0].Copy = kinds[0]
		}
	case act == Reprint:
		in.Printings = []Printing{{Number: next, Copy: sheet.Copy}}
	}
	return in
}

// allowed asks the law of an act today, as contract and draft do, without what a
// form still adds.
func (o *Offering) allowed(p *Powers, in *Intent) bool {
	l, over, e := o.Standing.License, o.Standing.Oversight, &Entry{Intent: in}
	if in.Governed() {
		if p.CheckGovernance(l, over, e, in.Decided) != nil {
			return false
		}
		_, err := ApplyOversight(over, l, e)
		return err == nil
	}
	before := l.Under(over)
	for _, check := range []func() error{
		func() error { return over.Allows(l, in) },
		func() error { return p.checkOriginForm(in) },
		func() error { return p.checkGround(in) },
		func() error { return p.checkSuperseded(in) },
		func() error { return p.checkUnder(in) },
		func() error { return p.keepsLaw(before, in, in.Decided) },
		func() error { _, err := Apply(before, e); return err },
	} {
		if check() != nil {
			return false
		}
	}
	return true
}

// checkUnder is what a grant says of an act decided and recorded at once.
func (p *Powers) checkUnder(in *Intent) error {
	switch {
	case p.Grant == nil:
		return Errorf(CodeGrant, "grant", "an act of the issuer's side rests on a grant")
	case !slices.Contains(p.Type.Matters, p.Grant.Matter):
		return Errorf(CodeGrantMatter, "grant", "matter %s does not lead to type %s", p.Grant.Matter, p.Type.Code)
	case in.Act.MakesVersion() && p.Type.Source == Collected:
		return Errorf(CodeTypeSource, "collected", "versions of type %s come from elsewhere", p.Type.Code)
	}
	if err := p.allows(in); err != nil || in.Ruling != nil {
		return err
	}
	return p.inForce(in, in.Decided)
}
