package registry

import (
	"cmp"
	"slices"
)

// RulingBy says whose ruling undoes or stays an act.
type RulingBy string

const (
	RulingCourt  RulingBy = "court"  // 行政诉讼: 行政诉讼法70条, 56条
	RulingReview RulingBy = "review" // 行政复议: 行政复议法64条, 42条
	RulingSelf   RulingBy = "self"   // 自行纠正: of the author, or of who answers for it now
)

// RulingsBy lists who rules; the API enum is compared with it.
func RulingsBy() []RulingBy { return []RulingBy{RulingCourt, RulingReview, RulingSelf} }

// Ruling is what a reinstatement (恢复效力) or a stay (停止执行) rests on, and the
// act that it concerns.
type Ruling struct {
	By       RulingBy `cbor:"1,keyasint" json:"by"`
	Document string   `cbor:"2,keyasint" json:"document"`            // 判决书、裁定书、复议决定书 number, at most 64 bytes
	Body     string   `cbor:"3,keyasint,omitempty" json:"body"`      // court or review body; empty for self
	From     Date     `cbor:"4,keyasint" json:"from"`                // day from which it works
	Undoes   uint64   `cbor:"5,keyasint,omitempty" json:"undoes"`    // sequence of the act concerned, in the chain that the entry stands in
	UpTo     uint64   `cbor:"6,keyasint,omitempty" json:"up_to"`     // not taken: MemberAct names one act. The key is not used again
	Author   string   `cbor:"7,keyasint,omitempty" json:"author"`    // whose act it was; empty: who enters the ruling
	Ends     bool     `cbor:"8,keyasint,omitempty" json:"ends_stay"` // a stay that ends

	MemberAct uint64 `cbor:"9,keyasint,omitempty" json:"member_act"`    // through governance: sequence of the act concerned, in the member's chain
	Of        Act    `cbor:"10,keyasint,omitempty" json:"of,omitempty"` // which act that is: a ruling takes the control that it took. Drafts fill it in
}

// undone lists what a ruling may undo, for its control: the act that it says, else
// any.
func (r *Ruling) undone() (acts []Act) {
	switch {
	case r == nil:
		return nil
	case r.Of != 0:
		return []Act{r.Of}
	}
	for _, rule := range actTable {
		if rule.Class == ClassState && !rule.Act.Rules() {
			acts = append(acts, rule.Act)
		}
	}
	return acts
}

// onMember tells whether the ruling, entered through governance, concerns an act of
// the member's chain.
func (r *Ruling) onMember() bool { return r.MemberAct != 0 }

// Rules tells whether the act enters a ruling.
func (a Act) Rules() bool { return a == Reinstate || a == Stay }

// author is whose act the ruling concerns.
func (in *Intent) author() string {
	if in.Ruling == nil {
		return ""
	}
	if in.Ruling.Author == "" {
		return in.Organization
	}
	return in.Ruling.Author
}

// StateCause is an act that took a license out of effect and was not undone.
type StateCause struct {
	_        struct{}  `cbor:",toarray"`
	Sequence uint64    `json:"sequence"` // in its chain; zero for one entered under the first rules
	Act      Act       `json:"act"`
	Ground   string    `json:"ground"`
	Day      Date      `json:"day"`               // of the decision
	By       string    `json:"by"`                // whose act; empty under the first rules
	Follows  uint64    `json:"follows,omitempty"` // 注销: the act after which it was the formality; zero for one on its own ground
	Stay     *StayedBy `json:"stay,omitempty"`
}

func (c *StateCause) cause() Cause { return Cause{Act: c.Act, Ground: c.Ground, Day: c.Day} }

// ends tells whether the act ended the license, so that 注销 follows it.
func (a Act) ends() bool { return a == Withdraw || a == Revoke || a == Penalize }

// standing is what causes leave of a license: the state that the last one in
// effect led to, with what led to a cancellation. What ended a license outlasts a
// suspension and a replacement. A stayed act has no effect, nor has the cancellation that followed
// it.
func standing(causes []StateCause, none State) (state State, cause Cause, before *Cause) {
	state = none
	var last *StateCause
	for i := range causes {
		c := &causes[i]
		stayed := c.Stay != nil || slices.ContainsFunc(causes[:i], func(led StateCause) bool { return led.Stay != nil && c.formality(&led) })
		if stayed || (c.Act == Suspend || c.Act == Replace) && last != nil && last.Act != Suspend {
			continue
		}
		rule, _ := c.Act.Rule()
		state, cause, before = rule.To, c.cause(), nil
		if c.Act == Cancel && last != nil {
			led := last.cause()
			before = &led
		}
		last = c
	}
	return state, cause, before
}

// formality tells whether the cause is the cancellation (注销) that follows from
// an act which ended the license.
func (c *StateCause) formality(led *StateCause) bool {
	return c.Act == Cancel && led.Act.ends() && (c.Sequence == 0 || c.Follows == led.Sequence)
}

// undo takes an act out of causes, with the cancellation that followed from it.
func undo(causes []StateCause, gone func(c *StateCause) bool) []StateCause {
	var left []StateCause
	for i := range causes {
		c := &causes[i]
		if !gone(c) && !slices.ContainsFunc(causes[:i], func(led StateCause) bool { return gone(&led) && c.formality(&led) }) {
			left = append(left, *c)
		}
	}
	return left
}

// find is the act with a sequence; of the first rules, which kept none, the first.
func find(causes []StateCause, sequence uint64) *StateCause {
	for _, s := range []uint64{sequence, 0} {
		if i := slices.IndexFunc(causes, func(c StateCause) bool { return c.Sequence == s }); i >= 0 {
			return &causes[i]
		}
	}
	return nil
}

// enter changes causes by one act: a state act adds its own, a return takes a
// suspension away, a ruling undoes or stays the act that it names.
func enter(causes []StateCause, in *Intent) ([]StateCause, error) {
	if in.Ruling != nil {
		return enterRuling(causes, in)
	}
	return enterAct(causes, in)
}

func enterAct(causes []StateCause, in *Intent) ([]StateCause, error) {
	causes = slices.Clone(causes)
	switch {
	case in.Act == Return:
		if i := returned(causes, in.Organization); i >= 0 {
			causes = slices.Delete(causes, i, i+1)
		}
		return causes, nil
	case in.Act.Class() != ClassState:
		return causes, nil
	case len(causes) >= causesMost:
		return nil, Errorf(CodeActState, "act", "%d acts keep this license out of effect, stayed or not: have the rulings on them entered to their end first", causesMost)
	}
	made := StateCause{Sequence: in.Sequence, Act: in.Act, Ground: in.Ground, Day: DateOf(in.DecidedAt()), By: in.Organization}
	if led := ending(causes); in.Act == Cancel && led != nil {
		made.Follows = led.Sequence
	}
	return append(causes, made), nil
}

// returned is the suspension that an organization gives back (发还): the last of its
// own; else the last one that is not stayed, which Powers.checkReturn lets it. It
// is -1 where nothing is suspended.
func returned(causes []StateCause, organization string) int {
	for _, which := range []func(c *StateCause) bool{
		func(c *StateCause) bool { return c.By == organization && c.Stay == nil },
		func(c *StateCause) bool { return c.By == organization },
		func(c *StateCause) bool { return c.Stay == nil },
		func(*StateCause) bool { return true },
	} {
		for i := len(causes) - 1; i >= 0; i-- {
			if c := &causes[i]; c.Act == Suspend && which(c) {
				return i
			}
		}
	}
	return -1
}

func enterRuling(causes []StateCause, in *Intent) ([]StateCause, error) {
	causes = slices.Clone(causes)
	c := find(causes, in.Ruling.Undoes)
	switch {
	case c == nil:
		return nil, Errorf(CodeActState, "ruling", "act %d does not stand: there is nothing to undo", in.Ruling.Undoes)
	case c.By != "" && c.By != in.author(), c.By == "" && !in.Governed() && in.author() != in.Identifier.Issuer:
		return nil, Errorf(CodeStale, "ruling", "act %d is %s's", in.Ruling.Undoes, c.By)
	case in.Ruling.From < c.Day:
		return nil, Errorf(CodeDateOrder, "ruling", "the act was decided on %s", c.Day)
	case in.Ruling.Of != 0 && in.Ruling.Of != c.Act:
		return nil, Errorf(CodeStale, "ruling", "act %d is a %s", c.Sequence, c.Act)
	case in.Act == Reinstate:
		return undo(causes, func(other *StateCause) bool { return *other == *c }), nil
	}
	var err error
	c.Stay, err = c.Stay.after(in.Ruling)
	return causes, err
}

// causesOf are the license's causes; those of the first rules are read from what
// it kept then.
func causesOf(kept []StateCause, state State, cause Cause, before *Cause) []StateCause {
	if len(kept) > 0 || cause.IsZero() || state == Effective || state == StateNone {
		return kept
	}
	var causes []StateCause
	if before != nil {
		causes = append(causes, StateCause{Act: before.Act, Ground: before.Ground, Day: before.Day})
	}
	return append(causes, StateCause{Act: cause.Act, Ground: cause.Ground, Day: cause.Day})
}

// enterMember applies a ruling on an act of the member's chain, and with it on the
// cancellation that followed from it there.
func (o *Oversight) enterMember(license *License, in *Intent) error {
	c := find(o.leaves(license), in.Ruling.MemberAct)
	if c == nil {
		return Errorf(CodeActState, "ruling", "act %d of the member's does not stand: there is nothing to undo", in.Ruling.MemberAct)
	}
	return o.enterOn(c, in)
}

// enterOn applies a ruling on one act of the member's.
func (o *Oversight) enterOn(c *StateCause, in *Intent) error {
	r, before := in.Ruling, o.stayOf(c.Sequence)
	switch {
	case cmp.Or(c.By, in.Identifier.Issuer) != in.author():
		return Errorf(CodeStale, "ruling", "act %d is %s's", c.Sequence, cmp.Or(c.By, in.Identifier.Issuer))
	case r.From < c.Day:
		return Errorf(CodeDateOrder, "ruling", "the act was decided on %s", c.Day)
	case r.Of != 0 && r.Of != c.Act:
		return Errorf(CodeStale, "ruling", "act %d is a %s", c.Sequence, c.Act)
	case in.Act == Reinstate:
		o.Undone = append(o.Undone, c.Sequence)
		o.stays(c.Sequence, nil)
		return nil
	}
	stay, err := before.after(r)
	if err == nil {
		o.stays(c.Sequence, stay)
	}
	return err
}

// wayBack asks who leads a license out of what took it out of effect: who returns a
// suspension, and who enters a ruling.
type wayBack struct{ *Powers }

// checkRuling tells whether the organization may enter the ruling on an act of a
// chain: whose act it was, whoever has the license now; who answers for that one;
// and who stands above it, by a court's or a review body's ruling alone. What a
// superior finds wrong of its own accord it orders the author to correct: 层级监督
// itself is 撤销 of the license (行政许可法69条).
func (p wayBack) checkRuling(chain chainOf, in *Intent) error {
	if in.Ruling == nil {
		return nil
	}
	basis := p.basis(basisOf(chain.bases, in.Ruling.concerns()))
	superior := p.Author != nil && slices.Contains(p.Author.Superiors, in.Organization)
	switch {
	case in.Organization == in.author() && !in.Ruling.onMember(), superior && in.Governed() && in.Ruling.By != RulingSelf,
		!in.Oversight() && p.answersFor(in.author(), basis, in):
		return nil
	}
	return Errorf(CodeActNotAllowed, "organization", "a ruling is entered by whose act it was or who answers for that, a court's or review body's by a superior as well")
}

// checkOwnRuling is checkRuling in the license's own namespace.
func (p wayBack) checkOwnRuling(before *License, in *Intent) error {
	if in.Governed() {
		return nil // asked where governance is at hand
	}
	return p.checkRuling(before.chain(), in)
}

// checkGovernedRuling is checkRuling through governance.
func (p wayBack) checkGovernedRuling(before *License, over *Oversight, in *Intent) error {
	if in.Ruling != nil && in.Ruling.onMember() {
		return p.checkRuling(before.chain(), in)
	}
	return p.checkRuling(over.chain(), in)
}

// concerns is the sequence of the act concerned, in whichever chain.
func (r *Ruling) concerns() uint64 { return cmp.Or(r.MemberAct, r.Undoes) }

// answersFor tells whether an organization answers for what somebody else decided
// under a basis: the entruster for whom it entrusted; an author's successor; of
// whoever decided on the license, who is responsible for it now, also after its own
// power ended, or who holds the matter there once it is in nobody's hands
// (行政诉讼法26条).
func (p wayBack) answersFor(author string, basis *Grant, in *Intent) bool {
	entruster := basis.entruster(author)
	switch {
	case entruster == in.Organization, p.Author.wentTo(in.Organization, in.Decided):
		return true
	case entruster != "":
		author = entruster
	}
	if !p.preceded(author) && (basis == nil || basis.Decider != author) {
		return false
	}
	if in.Organization == cmp.Or(p.heir(in.Decided), p.Issuer.Code) {
		return true
	}
	_, living := p.responsible(in.Origin.Place, in.Decided, false)
	return !living && p.Grant.Decider == in.Organization && p.inForce(in, in.Decided) == nil
}

// wentTo tells whether the organization was dissolved and another took its place.
func (o *Organization) wentTo(successor string, at int64) bool {
	return o != nil && o.Dissolved != 0 && o.Dissolved <= at && o.Successor == successor
}

// preceded tells whether an organization decided on the license before who is
// responsible for it now: the issuer, who made its version, and whose it was
// since. Regulators and superiors did not: their acts are theirs.
func (p wayBack) preceded(author string) bool {
	return author == p.Issuer.Code ||
		p.Origin != nil && (author == p.Origin.Decider || p.Origin.Mode == ModeEntrust && author == p.Origin.Acceptor) ||
		slices.ContainsFunc(p.Successions, func(s *Succession) bool { return author == s.Earlier || author == s.Successor })
}

// checkFirstAuthor: the first rules did not keep whose act through governance it
// was; it was a superior's.
func (p wayBack) checkFirstAuthor(over *Oversight, in *Intent) error {
	if in.Ruling == nil || in.Ruling.Undoes == 0 || over == nil {
		return nil
	}
	c := find(over.Stands(), in.Ruling.Undoes)
	if c != nil && c.By == "" && !p.Issuer.below(in.author()) {
		return Errorf(CodeStale, "ruling", "the act was a superior's of the issuer")
	}
	return nil
}
