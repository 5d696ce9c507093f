package registry

import (
	"slices"

	"tongzheng/registry/sm"
)

// License is what the ledger's state keeps of one license. The entries
// themselves stand in the transactions.
type License struct {
	Sequence  uint64    `cbor:"1,keyasint" json:"sequence"`
	Head      sm.Digest `cbor:"2,keyasint" json:"head"` // digest of the last entry
	State     State     `cbor:"3,keyasint" json:"state"`
	Version   int       `cbor:"4,keyasint" json:"version"`
	Effective Date      `cbor:"5,keyasint" json:"effective"`
	Expires   Date      `cbor:"6,keyasint" json:"expires"`
	Type      int       `cbor:"7,keyasint" json:"type_version"`
	Decided   int64     `cbor:"8,keyasint" json:"decided"` // of the last act
	Printings []Sheet   `cbor:"9,keyasint" json:"printings"`
	Cause     Cause     `cbor:"10,keyasint,omitzero" json:"cause,omitzero"`     // of the present state, when not effective
	Before    *Cause    `cbor:"11,keyasint,omitempty" json:"before,omitempty"`  // what led to a cancellation stays visible
	Renewal   Date      `cbor:"12,keyasint,omitempty" json:"renewal,omitempty"` // a renewal accepted in time and undecided
	Holder    sm.Digest `cbor:"13,keyasint,omitzero" json:"holder,omitzero"`    // HolderTag of the issue, where the type bars holders

	// Since RulesOfRelations:
	Grant  string       `cbor:"14,keyasint,omitempty" json:"grant,omitempty"`  // under which the version in force was made; its matter is the license's
	Place  string       `cbor:"15,keyasint,omitempty" json:"place,omitempty"`  // region that it belongs to
	Causes []StateCause `cbor:"16,keyasint,omitempty" json:"causes,omitempty"` // acts that took it out of effect, oldest first

	Content    sm.Digest  `cbor:"17,keyasint,omitzero" json:"content,omitzero"`    // Content.Digest of the version in force, CollectedDigest of a collected one
	Replaces   *Replacing `cbor:"18,keyasint,omitempty" json:"replaces,omitempty"` // license that a successor's issue replaces
	Commitment sm.Digest  `cbor:"25,keyasint,omitzero" json:"commitment,omitzero"` // Intent.Commitment that it was granted on; zero: it was examined in full

	Formalities []Formality `cbor:"20,keyasint,omitempty" json:"formalities,omitempty"` // cancellations that followed an act entered in governance
	Bases       []Basis     `cbor:"26,keyasint,omitempty" json:"bases,omitempty"`       // grants under which the acts of Causes were done
	Issued      int64       `cbor:"27,keyasint,omitempty" json:"issued,omitempty"`      // when its issue was decided
	Refused     *Refusal    `cbor:"28,keyasint,omitempty" json:"refused,omitempty"`     // of its renewal

	TakingOver bool `cbor:"21,keyasint,omitempty" json:"taking_over,omitempty"` // it existed before it came to the ledger, and nothing was recorded in time since

	over []StateCause // what stands in governance, as Under found it; not kept
}

// Cause is why a license has its state.
type Cause struct {
	_      struct{} `cbor:",toarray"`
	Act    Act      `json:"act"`
	Ground string   `json:"ground"`
	Day    Date     `json:"day"` // of the decision
}

// IsZero tells whether there is no cause.
func (c Cause) IsZero() bool { return c.Act == 0 }

// Sheet is the state of one printing.
type Sheet struct {
	_       struct{}      `cbor:",toarray"`
	Number  uint32        `json:"number"`
	Version int           `json:"version"`
	Copy    CopyKind      `json:"copy"`
	State   PrintingState `json:"state"`
}

// Oversight is what a superior's acts left on a license, in the governance
// namespace: no member can veto it.
type Oversight struct {
	Sequence uint64    `cbor:"1,keyasint" json:"sequence"`
	Head     sm.Digest `cbor:"2,keyasint" json:"head"`
	State    State     `cbor:"3,keyasint" json:"state"` // StateNone: nothing standing
	Cause    Cause     `cbor:"4,keyasint,omitzero" json:"cause,omitzero"`
	Decided  int64     `cbor:"5,keyasint" json:"decided"`

	// Since RulesOfRelations:
	Causes []StateCause `cbor:"6,keyasint,omitempty" json:"causes,omitempty"` // acts entered here that took it out of effect, oldest first
	Lifted uint64       `cbor:"7,keyasint,omitempty" json:"lifted,omitempty"` // not written: Undone names each act. The key is not used again
	Stayed *MemberStay  `cbor:"8,keyasint,omitempty" json:"stayed,omitempty"` // not written: Stays names each act. The key is not used again

	Replaced *Replacement `cbor:"9,keyasint,omitempty" json:"replaced,omitempty"` // license that closed this one

	Formalities []Formality  `cbor:"10,keyasint,omitempty" json:"formalities,omitempty"` // cancellations entered here that followed a member's act
	Undone      []uint64     `cbor:"11,keyasint,omitempty" json:"undone,omitempty"`      // the member's acts that are undone, by their sequences
	Stays       []MemberStay `cbor:"12,keyasint,omitempty" json:"stays,omitempty"`       // the member's acts that are not carried out
	Bases       []Basis      `cbor:"13,keyasint,omitempty" json:"bases,omitempty"`       // grants under which the acts of Causes were done; a superior's rests on none
}

// DecodeLicense reads a license as the ledger keeps it.
func DecodeLicense(raw []byte) (*License, error) {
	l := new(License)
	return l, Decode(raw, l)
}

// Sheet returns the printing with this number.
func (l *License) Sheet(number uint32) (*Sheet, bool) {
	for i := range l.Printings {
		if l.Printings[i].Number == number {
			return &l.Printings[i], true
		}
	}
	return nil, false
}

// Stands lists the acts that took the license out of effect and were not undone,
// those of the first rules as far as it kept them; none for a nil license.
func (l *License) Stands() []StateCause {
	if l == nil {
		return nil
	}
	return causesOf(l.Causes, l.State, l.Cause, l.Before)
}

// Stands lists the acts through governance that were not undone; none for nil.
func (o *Oversight) Stands() []StateCause {
	if o == nil {
		return nil
	}
	return causesOf(o.Causes, o.State, o.Cause, nil)
}

// Open tells whether the license can still be worked on, on a day.
func (l *License) Open(day Date) bool {
	return slices.Contains(alive, l.State) && (day <= l.Expires || l.Renewal != 0)
}

// Follows tells where an entry stands to the chain's head: CodeSequencePast
// for an older act, CodeSequenceGap, CodePreviousHead or CodeSequenceTaken for
// one that does not fit, nil for the next one. repeat is true for the head
// itself.
func Follows(sequence uint64, head sm.Digest, e *Entry) (repeat bool, err error) {
	next, previous := e.Sequence(), sm.Digest{}
	if e.Order != nil {
		previous = e.Order.Previous
	} else {
		previous = e.Intent.Previous
	}
	switch {
	case next < sequence:
		return false, Errorf(CodeSequencePast, "sequence", "the ledger is at %d", sequence)
	case next == sequence:
		if e.Digest() == head {
			return true, nil
		}
		return false, Errorf(CodeSequenceTaken, "sequence", "another entry is number %d", sequence)
	case next > sequence+1:
		return false, Errorf(CodeSequenceGap, "sequence", "the ledger is at %d", sequence)
	case previous != head:
		return false, Errorf(CodePreviousHead, "previous", "the ledger's head is another entry")
	}
	return false, nil
}

// Apply returns the license after the act, or why the act is not allowed from
// its state. It judges what the license itself tells; powers, seals and blanks
// are judged by Powers. before is nil for a license not yet on the ledger, else
// as it is under oversight (License.Under).
func Apply(before *License, e *Entry) (*License, error) {
	in := e.Intent
	l := &License{}
	if before != nil {
		*l = *before
		l.Printings = append([]Sheet(nil), before.Printings...)
	}
	state, err := l.from(in).Next(in.Act)
	if err != nil {
		return nil, err
	}
	if in.Decided < l.Decided {
		return nil, Errorf(CodeDateOrder, "decided", "decided before the license's last act")
	}
	if err := l.applyRenewal(in); err != nil {
		return nil, err
	}
	if err := l.applyTerm(in); err != nil {
		return nil, err
	}
	if err := l.applyPaper(in); err != nil {
		return nil, err
	}
	if in.Origin == nil {
		l.applyCause(state, in)
		l.State = state
	} else if err := l.applyCauses(in); err != nil {
		return nil, err
	}
	if in.Act == Issue {
		l.Replaces = e.replacing()
	}
	if in.Act == Issue && in.Origin != nil {
		l.Issued = in.Decided
	}
	l.TakingOver = l.takesOver(e)
	l.Decided = in.Decided
	l.Sequence, l.Head = in.Sequence, e.Digest()
	l.over = nil
	return l, nil
}

// from is the state that an act is judged from: a ruling concerns an act even
// while that is stayed.
func (l *License) from(in *Intent) State {
	if !in.Act.Rules() {
		return l.State
	}
	if l.refusal(in) != nil {
		return Cancelled // a ruling on a refusal, which took the license out of no state
	}
	state := l.State
	for _, c := range l.Causes {
		rule, _ := c.Act.Rule()
		state = rule.To
	}
	return state
}

// applyCauses keeps what the act leaves of the license's causes, and the state
// that they make.
func (l *License) applyCauses(in *Intent) error {
	if r := l.refusal(in); r != nil {
		return l.reopen(r, in)
	}
	before := l.Stands()
	causes, err := enter(before, in)
	if err != nil {
		return err
	}
	l.keep(causes, before, in)
	return nil
}

// keep keeps the causes that an act leaves, and the state that they make.
func (l *License) keep(causes, before []StateCause, in *Intent) {
	l.Causes, l.Formalities = causes, formalities(l.Formalities, causes, before, l.over, in)
	l.Bases = bases(l.Bases, causes, in)
	_, seen := followed(causes, l.Formalities, l.over)
	l.State, l.Cause, l.Before = standing(seen, Effective)
}

// applyTerm judges and moves version and period.
func (l *License) applyTerm(in *Intent) error {
	day := DateOf(in.DecidedAt())
	inTime := l.Version == 0 || day <= l.Expires || l.Renewal != 0
	switch in.Act {
	case Change, Renew, Reissue, Downgrade, Annotate, Print, Reprint:
		if !inTime {
			return Errorf(CodeActState, "act", "the license expired on %s and no renewal was accepted in time", l.Expires)
		}
	case AcceptRenewal:
		if day > l.Expires || l.Renewal != 0 {
			return Errorf(CodeActState, "act", "a renewal is accepted once and before expiry (%s)", l.Expires)
		}
		l.tellRenewal(in)
	}
	if !in.Act.MakesVersion() {
		if in.Identifier.Version != l.Version && !l.concernsOldSheet(in) {
			return Errorf(CodeStale, "identifier", "the license is at version %03d", l.Version)
		}
		return nil
	}
	if in.Identifier.Version != l.Version+1 {
		return Errorf(CodeStale, "identifier", "the next version is %03d", l.Version+1)
	}
	if in.Act == Renew {
		if in.Expires <= l.Expires {
			return Errorf(CodeDateOrder, "expires", "a renewal ends later than what it renews (%s)", l.Expires)
		}
		l.tellRenewal(in)
	}
	if (in.Act == Change && !in.mendsSlip() || in.Act == Reissue || in.Act == Downgrade) && !in.keepsTerm() && in.Expires > l.Expires {
		return Errorf(CodeDateOrder, "expires", "only a renewal ends later than %s", l.Expires)
	}
	if in.keepsTerm() && (in.Expires != l.Expires || in.Effective != l.Effective) {
		return Errorf(CodeCorrection, "expires", "%s keeps the term: %s to %s", in.Act, l.Effective, l.Expires)
	}
	if in.Act == Change && in.Origin != nil && in.Collected == nil && !in.mendsSlip() && in.Effective != l.Effective {
		return Errorf(CodeDateOrder, "effective", "a change begins no other term: the license began on %s", l.Effective)
	}
	if in.Act == Issue && in.Expires < day {
		return Errorf(CodeDateOrder, "expires", "the license would have expired before it was decided")
	}
	if in.Act == Issue || !in.Holder.IsZero() {
		l.Holder = in.Holder
	}
	l.applyCommitment(in)
	if in.Origin != nil {
		l.Grant, l.Place, l.Content = in.Grant, in.Origin.Place, in.Content
	}
	l.Version, l.Effective, l.Expires, l.Type = in.Identifier.Version, in.Effective, in.Expires, in.TypeVersion
	return nil
}

// Grounds whose meaning the contract itself knows.
const (
	// GroundExpired of a cancellation: 有效期届满未延续.
	GroundExpired = "expired"
	// GroundRenewalRefused of an annotation: 不予延续, decided in time.
	GroundRenewalRefused = "renewal-refused"
)

// applyRenewal: a renewal applied for in time and undecided at expiry is
// granted (行政许可法50条2款); a refusal, or a cancellation for expiry, comes too
// late then.
func (l *License) applyRenewal(in *Intent) error {
	day := DateOf(in.DecidedAt())
	switch {
	case in.Act == Cancel && in.Ground == GroundExpired:
		if day <= l.Expires || l.Renewal != 0 {
			return Errorf(CodeActState, "ground", "the license has not expired: it is good until %s, or its renewal counts as granted", l.Expires)
		}
	case in.refusesRenewal():
		if l.Renewal == 0 || day > l.Expires {
			return Errorf(CodeActState, "ground", "no renewal is open, or it counts as granted since %s", l.Expires)
		}
		l.tellRenewal(in)
	}
	return nil
}

// concernsOldSheet: a sheet of a superseded version can still be spoiled,
// recovered, announced void or destroyed.
func (l *License) concernsOldSheet(in *Intent) bool {
	s, ok := l.Sheet(in.Refers)
	return ok && s.Version == in.Identifier.Version && in.Act != Reprint && in.Act != Deliver
}

// applyPaper moves the sheet concerned and adds those made.
func (l *License) applyPaper(in *Intent) error {
	if in.Refers != 0 {
		s, ok := l.Sheet(in.Refers)
		if !ok || s.Version != in.Identifier.Version {
			return Errorf(CodePrinting, "refers", "version %03d has no printing %d", in.Identifier.Version, in.Refers)
		}
		if err := s.takes(in); err != nil {
			return err
		}
		next, err := s.State.Next(in.Act)
		if err != nil {
			return err
		}
		if in.Act == Reprint && in.Printings[0].Copy != s.Copy {
			return Errorf(CodePrinting, "printings", "a reprint is the same kind of copy as the sheet it replaces")
		}
		s.State = next
	}
	last := uint32(0)
	if n := len(l.Printings); n > 0 {
		last = l.Printings[n-1].Number
	}
	for _, p := range in.Printings {
		last++
		if p.Number != last {
			return Errorf(CodePrinting, "printings", "the next printing is number %d", last)
		}
		l.Printings = append(l.Printings, Sheet{Number: p.Number, Version: in.Identifier.Version, Copy: p.Copy, State: PrintingLive})
	}
	return nil
}

// applyCause keeps why the state changed; a cancellation keeps what led to it.
func (l *License) applyCause(state State, in *Intent) {
	if state == l.State {
		return
	}
	if state == Effective {
		l.Cause, l.Before = Cause{}, nil
		return
	}
	if state == Cancelled && !l.Cause.IsZero() {
		before := l.Cause
		l.Before = &before
	}
	l.Cause = Cause{Act: in.Act, Ground: in.Ground, Day: DateOf(in.DecidedAt())}
}

// Allows tells whether the issuer's side may still do an act while an act entered
// in governance stands: what the act table allows from the state that this made, as
// if it stood in the license's own chain. Under a suspension that is a correction,
// say, or a penalty; of what ended the license paper, cancellation, and rulings on
// what was done before. By the first rules it was paper and cancellation alone. It is
// asked of what still stands over the license as its member left it (Over). A nil
// oversight allows everything.
func (o *Oversight) Allows(l *License, in *Intent) error {
	act := in.Act
	if o = o.Over(l); o == nil || o.State == StateNone {
		return nil
	}
	if in.Origin == nil && act != Cancel && act.Class() != ClassPaper {
		return Errorf(CodeActState, "act", "a superior's act stands on this license: %s", o.State)
	}
	_, err := o.State.Next(act)
	return err
}

// ApplyOversight returns the oversight after a superior's act on a license as
// the acts of its issuer left it. A superior's 撤销 is possible after the
// license ended otherwise, cancelled included: it alone reaches back to the
// start, and nobody may escape it by cancelling first.
func ApplyOversight(before *Oversight, license *License, e *Entry) (*Oversight, error) {
	in := e.Intent
	o := &Oversight{}
	if before != nil {
		*o = *before.Over(license)
		o.Undone, o.Stays = slices.Clone(o.Undone), slices.Clone(o.Stays)
	}
	if in.Act == Replace {
		return o.applyReplacement(license, e)
	}
	rule, ok := in.Act.Rule()
	if !ok || !rule.Superior && (in.Oversight() || in.Origin == nil) {
		return nil, Errorf(CodeActNotAllowed, "act", "%s is not an act of oversight", in.Act)
	}
	// Any version that exists may be named: a newer one made meanwhile must
	// not get in the superior's way.
	if in.Identifier.Version > license.Version {
		return nil, Errorf(CodeStale, "identifier", "the license is at version %03d", license.Version)
	}
	if in.Decided < o.Decided {
		return nil, Errorf(CodeDateOrder, "decided", "decided before the superior's last act")
	}
	if in.Origin != nil && in.Decided < license.Issued {
		return nil, Errorf(CodeDateOrder, "decided", "decided before the license was")
	}
	if in.Ruling != nil {
		return o.applyRuling(license, e)
	}
	under := license.Under(before)
	was, stood := o.State, o.Stands()
	from := was
	if from == StateNone || in.Act != Return && (under.State == Cancelled || was == Suspended && under.outlasts(was)) {
		from = under.State
	}
	next, err := from.Next(in.Act)
	if in.Act == Revoke && from.over() && o.State != Revoked {
		next, err = Revoked, nil
	}
	if err != nil {
		return nil, err
	}
	o.State, o.Cause = next, Cause{Act: in.Act, Ground: in.Ground, Day: DateOf(in.DecidedAt())}
	if in.Act == Return {
		if was != Suspended && !o.returnMember(license, in) {
			return nil, Errorf(CodeActState, "act", "oversight did not suspend this license")
		}
		o.State, o.Cause = StateNone, Cause{}
	}
	if in.Origin != nil {
		if err := o.enterAct(license, stood, in); err != nil {
			return nil, err
		}
	}
	o.Sequence, o.Head, o.Decided = in.Sequence, e.Digest(), in.Decided
	return o, nil
}

// enterAct keeps what an act leaves of the causes here; stood are those before it.
func (o *Oversight) enterAct(license *License, stood []StateCause, in *Intent) (err error) {
	if o.Causes, err = enterAct(stood, in); err != nil {
		return err
	}
	member := o.leaves(license)
	o.stay(member)
	o.Formalities = formalities(o.Formalities, o.Causes, stood, member, in)
	o.Bases = bases(o.Bases, o.Causes, in)
	o.settle(license)
	return nil
}

// applyRuling enters a ruling on an act that stands here, or on the member's.
func (o *Oversight) applyRuling(license *License, e *Entry) (_ *Oversight, err error) {
	in := e.Intent
	o.Causes = o.Stands()
	if in.Ruling.onMember() {
		err = o.enterMember(license, in)
	} else {
		o.Causes, err = enterRuling(o.Causes, in)
	}
	if err != nil {
		return nil, err
	}
	o.Formalities = formalities(o.Formalities, o.Causes, nil, nil, in)
	o.Bases = bases(o.Bases, o.Causes, in)
	o.settle(license)
	o.Sequence, o.Head, o.Decided = in.Sequence, e.Digest(), in.Decided
	return o, nil
}

// settle finds the state that the causes make, and leaves out what is said of the
// member's acts that its own chain no longer has.
func (o *Oversight) settle(license *License) {
	member := o.leaves(license)
	o.stay(member)
	_, seen := followed(o.Causes, o.Formalities, member)
	o.State, o.Cause, _ = standing(seen, StateNone)
	o.forget(license)
}

// over tells whether the license ended otherwise than by 撤销.
func (s State) over() bool {
	return s == Withdrawn || s == Penalized || s == Cancelled || s == Replaced
}
