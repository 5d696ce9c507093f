package registry

import (
	"slices"

	"tongzheng/registry/sm"
)

// Closing ties the two entries together with which a successor in another member
// makes a version of its own (承继换发): an issue in its own namespace, which names
// the license that it replaces, and the closing entry (Replace) in governance,
// which names that issue. The closing follows from the issue (Intent.ClosedBy), so
// whoever approves the one approves both. Since RulesOfRelations.
type Closing struct {
	// Identifier is that of the other license: in an issue the one replaced, at
	// its version in force; in a closing the new one, at its first version.
	Identifier Identifier `cbor:"1,keyasint" json:"identifier"`

	// Of an issue:
	As       Act       `cbor:"2,keyasint,omitempty" json:"as,omitempty"`       // version act that it is on the license replaced, by whose law and grounds it is judged
	Sequence uint64    `cbor:"3,keyasint,omitempty" json:"sequence,omitempty"` // last act in the replaced license's own chain
	Head     sm.Digest `cbor:"4,keyasint,omitzero" json:"head,omitzero"`       // digest of that act's entry
	Origin   *Origin   `cbor:"5,keyasint,omitempty" json:"origin,omitempty"`   // of the license replaced, member included

	// Of a closing:
	Issue sm.Digest `cbor:"6,keyasint,omitzero" json:"issue,omitzero"` // digest of the issue's intent
}

// Replacing is what the ledger keeps with a license that replaces another one.
type Replacing struct {
	License Identifier `cbor:"1,keyasint" json:"license"` // replaced, at its last version
	Closing sm.Digest  `cbor:"2,keyasint" json:"closing"` // ClosingDigest of the one entry that may close it
}

// Replacement is what governance keeps with a license that was replaced. It stays
// when a ruling undoes the replacement: a license is closed once.
type Replacement struct {
	By       Identifier `cbor:"1,keyasint" json:"by"`                           // new license, at its first version
	Standing State      `cbor:"2,keyasint,omitempty" json:"standing,omitempty"` // in which the closing found the license, when that was not effective
}

// Counterpart is the other license of a pair as the ledger has it: for an issue
// the one that it replaces, for a closing the new one.
type Counterpart struct {
	License   *License
	Oversight *Oversight
	Claimed   bool // an issue: another one names the same license already
}

// ReplacingClaim is the ledger's claim on a license that an issue replaces: no
// second issue, of whatever member, names it.
type ReplacingClaim struct {
	By Identifier `cbor:"1,keyasint"`
}

// ReplacingKey is the ledger key of that claim, in the issue's namespace.
func ReplacingKey(base string) string { return "r" + shortKey(base) }

// Replaces tells whether the intent issues a license that replaces another one.
func (in *Intent) Replaces() bool { return in.Act == Issue && in.Closes != nil }

// Law is the act by whose law and grounds the intent is judged: of an issue that
// replaces a license the version act that it is on that one.
func (in *Intent) Law() Act {
	if in.Replaces() {
		return in.Closes.As
	}
	return in.Act
}

// Succeeding is the act on the license replaced that an issue stands for: its
// next version, were it in the successor's own namespace. Replaces must hold.
func (in *Intent) Succeeding() *Intent {
	c := in.Closes
	origin := *c.Origin
	as := &Intent{Act: c.As, Identifier: c.Identifier, Sequence: c.Sequence + 1, Previous: c.Head, TypeVersion: in.TypeVersion, Grant: in.Grant,
		Organization: in.Organization, Ground: in.Ground, Decision: in.Decision, Case: in.Case, Decided: in.Decided, Effective: in.Effective,
		Expires: in.Expires, Recording: in.Recording, Under: in.Under, Holder: in.Holder, Commitment: in.Commitment, Origin: &origin}
	as.Identifier.Version++
	return as
}

// ClosedBy is the closing entry's intent that follows from an issue, after the
// entry that governance has last on the license replaced: sequence 1 and the zero
// digest for none. Replaces must hold.
func (in *Intent) ClosedBy(sequence uint64, previous sm.Digest) Intent {
	origin := *in.Closes.Origin
	return Intent{Act: Replace, Identifier: in.Closes.Identifier, Sequence: sequence, Previous: previous, TypeVersion: in.TypeVersion, Grant: in.Grant,
		Organization: in.Organization, Ground: in.Ground, Decision: in.Decision, Case: in.Case, Decided: in.Decided, Recording: in.Recording, Under: in.Under,
		Origin: &origin, Closes: &Closing{Identifier: in.Identifier, Issue: in.Digest()}}
}

// ClosingDigest names a closing entry wherever it comes to stand in its chain:
// what was approved, and by whom.
func ClosingDigest(closing Intent, approvals sm.Digest) sm.Digest {
	closing.Sequence, closing.Previous = 0, sm.Digest{}
	return sm.Tagged("tongzheng closing v1", slices.Concat(mustEncode(&closing), approvals[:]))
}

// replacing is what the ledger keeps with the license that an issue makes.
func (e *Entry) replacing() *Replacing {
	in := e.Intent
	if !in.Replaces() {
		return nil
	}
	return &Replacing{License: in.Closes.Identifier, Closing: ClosingDigest(in.ClosedBy(1, sm.Digest{}), e.Approvals)}
}

// checkCloses tells whether the closing is well formed; whether it is allowed is
// for Powers.
func (in *Intent) checkCloses() error {
	c := in.Closes
	switch {
	case c == nil && in.Act == Replace:
		return Errorf(CodeMissing, "closes", "%s names the license that replaces this one", Replace)
	case c == nil:
		return nil
	case in.Act != Issue && in.Act != Replace:
		return Errorf(CodeEntryForm, "closes", "only an issue replaces another license")
	case in.Origin == nil || in.Grant == "" || in.Collected != nil:
		return Errorf(CodeEntryForm, "closes", "a successor's version rests on its grant, is sealed here and names its place")
	case c.Identifier.Validate() != nil:
		return c.Identifier.Validate()
	case c.Identifier.Type != in.Identifier.Type || c.Identifier.Issuer == in.Identifier.Issuer:
		return Errorf(CodeEntryForm, "closes", "a license of the same type and of another issuer")
	case in.Act == Replace:
		return in.checkClosing()
	}
	return in.checkReplacing()
}

func (in *Intent) checkClosing() error {
	if c := in.Closes; c.Issue.IsZero() || c.As != 0 || c.Sequence != 0 || !c.Head.IsZero() || c.Origin != nil || c.Identifier.Version != 1 ||
		in.Origin.Member == "" || !in.Holder.IsZero() {
		return Errorf(CodeEntryForm, "closes", "a closing names the new license at its first version, and the digest of its issue")
	}
	return nil
}

func (in *Intent) checkReplacing() error {
	c := in.Closes
	switch {
	case c.Sequence == 0 || c.Head.IsZero() || c.Origin == nil || !c.Issue.IsZero():
		return Errorf(CodeEntryForm, "closes", "the license replaced, its last act and its origin")
	case c.As == Issue || !c.As.MakesVersion():
		return Errorf(CodeEntryForm, "closes", "the act that it is on the license replaced makes a version")
	case c.Origin.Matter == "" || c.Origin.Member == "" || c.Origin.Place != in.Origin.Place || c.Origin.Grant == in.Grant:
		return Errorf(CodeEntryForm, "closes", "the license replaced is of a matter and a member; the new one belongs to its place")
	}
	for _, value := range []string{c.Origin.Matter, c.Origin.Grant, c.Origin.Member} {
		if err := CheckText("closes", value, 64); err != nil {
			return err
		}
	}
	return nil
}

// Works is the instant from which the entry has its effect: its decision. A
// license is in force until the closing of its pair is recorded.
func (a *Anchored) Works() int64 {
	switch in := a.Entry.Intent; {
	case in == nil:
		return a.Recorded
	case in.Act == Replace:
		return max(a.Recorded, in.Decided)
	default:
		return in.Decided
	}
}

// ReplacedBy is the license that replaced this one, nil when none did or a ruling
// undid it, or something else ended the license.
func (s *Standing) ReplacedBy() *Identifier {
	if s == nil || s.Oversight == nil || s.Oversight.Replaced == nil {
		return nil
	}
	if state, _ := s.State(); state != Replaced {
		return nil
	}
	by := s.Oversight.Replaced.By
	return &by
}

// notePair says what a reader must know of the other license of a pair.
func (s *Standing) notePair(v *Verdict, replaced *Standing) {
	if made := s.Replacing; made != nil && (s.Oversight == nil || s.Oversight.Replaced == nil) {
		v.add(Note(CheckStatus, "being-replaced", "承继机关已换发新证照"+made.String()+"，换发登记完成前本证照继续有效",
			"the successor issued "+made.String()+" in its place; this one is in force until that is recorded"))
	}
	if s.License == nil || s.License.Replaces == nil {
		return
	}
	old := s.License.Replaces.License.String()
	v.add(Note(CheckStatus, "replaces", "由承继机关换发，原证照"+old, "made by the successor in place of "+old))
	if from, cause := replaced.VoidFrom(); from != 0 {
		v.add(Note(CheckStatus, "replaced-void", "原证照已于"+cause.Day.String()+"被撤销，自始无效；本证照未经另行撤销的仍为有效",
			"the license that it replaced was revoked as wrongly granted; this one stands until it is revoked itself"))
	}
}

// pair names what the other license of a pair is known by.
func (n *Named) pair(in *Intent) {
	if in.Closes == nil {
		return
	}
	n.Paired = in.Closes.Identifier.Issuer
	if in.Replaces() && in.Closes.Origin != nil {
		as := in.Succeeding()
		n.Matter, n.Origin, n.Place = as.Origin.Matter, as.grantOf(), as.Origin.Place
	}
}

// Closes is what an application for an issue says of the license of another
// member's that the new one replaces.
type Closes struct {
	License Identifier `json:"license"` // at its version in force
	As      Act        `json:"as"`      // version act that it is on that license: change, renew, reissue, correct, downgrade
}

// checkCloses: only an issue replaces; the closing follows from it and is
// nobody's to apply for.
func (app *Application) checkCloses() error {
	switch {
	case app.Act == Replace:
		return Errorf(CodeActNotAllowed, "act", "%s follows from the issue of the new license: apply for that, with closes", Replace)
	case app.Closes == nil:
		return nil
	case app.Act != Issue || app.Collected != nil:
		return Errorf(CodeUnknownField, "closes", "only an issue that is sealed here replaces another license")
	case app.Closes.As == Issue || !app.Closes.As.MakesVersion():
		return Errorf(CodeMissing, "closes", "the act that it is on the license replaced: change, renew, reissue, correct or downgrade")
	}
	return nil
}

// replaces fills in what the ledger says of the license replaced.
func (d *Draft) replaces(app Application, s Situation) error {
	if app.Closes == nil {
		return nil
	}
	if s.Replaced == nil || s.Replaced.License == nil || s.Powers.Paired == nil {
		return Errorf(CodeNotFound, "closes", "no such license on the ledger")
	}
	l, p := s.Replaced.License, s.Powers
	if app.Closes.License.Version != l.Version {
		return Errorf(CodeStale, "closes", "the license is at version %03d", l.Version)
	}
	if p.Origin == nil || d.Intent.Origin == nil {
		return Errorf(CodeStale, "closes", "the grant that the license rests on is not on the ledger")
	}
	origin := &Origin{Matter: p.Origin.Matter, Place: l.PlaceOf(p.Paired), Member: p.Paired.Member}
	if l.Grant != app.Grant {
		origin.Grant = l.Grant
	}
	if d.Intent.Commitment.IsZero() && app.Closes.As != Renew {
		d.Intent.Commitment = l.Commitment
	}
	d.Intent.Origin = &Origin{Place: origin.Place}
	d.Intent.Closes = &Closing{Identifier: app.Closes.License, As: app.Closes.As, Sequence: l.Sequence, Head: l.Head, Origin: origin}
	return nil
}

// succeed takes the term of the license replaced where the application says
// none: its fields are not always at hand, its dates are.
func (f *Facts) succeed(replaced *Standing) {
	if replaced == nil || replaced.License == nil {
		return
	}
	if f.Effective == 0 {
		f.Effective = replaced.License.Effective
	}
	if f.Expires == 0 {
		f.Expires = replaced.License.Expires
	}
}

// CounterpartOf is the other license of a pair as a reader's copy of the ledger
// has it.
func CounterpartOf(s *Standing) *Counterpart {
	if s == nil {
		return nil
	}
	return &Counterpart{License: s.License, Oversight: s.Oversight, Claimed: s.Replacing != nil}
}

// elsewhere tells whether a version would be made in another member than the
// license's, and so in its place.
func (o *Offering) elsewhere(p *Powers, in *Intent) bool {
	return in.Act.MakesVersion() && p.Grant != nil && in.Origin != nil && !p.ownSide(in.Act, in.Ground, in.Organization)
}

// replaceable asks today the law of a license of one's own in place of this one,
// as checkReplaces does, for the act that it would be on this one.
func (o *Offering) replaceable(p *Powers, in *Intent) bool {
	l, over := o.Standing.License, o.Standing.Oversight
	before := l.Under(over)
	if in.Act != Renew {
		in.Commitment = l.Commitment
	}
	for _, check := range []func() error{
		func() error { return over.clear(l) },
		func() error { return p.checkOriginForm(in) },
		func() error { return p.checkGround(in) },
		func() error { return p.checkSuperseded(in) },
		func() error { return p.checkUnder(in) },
		func() error { return p.CheckLater(before, in, in.Decided) },
		func() error { return p.checkHeir(in) },
		func() error { return p.checkTypeVersion(before, in) },
		func() error { return before.succeeded(in) },
	} {
		if check() != nil {
			return false
		}
	}
	return o.Standing.Replacing == nil && p.Grant.Decider == in.Organization
}
