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
	RulingSelf   RulingBy = "self"   // 自行纠正: the author itself
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
	UpTo     uint64   `cbor:"6,keyasint,omitempty" json:"up_to"`     // through governance: the member's acts up to this sequence
	Author   string   `cbor:"7,keyasint,omitempty" json:"author"`    // whose act it was; empty: who enters the ruling
	Ends     bool     `cbor:"8,keyasint,omitempty" json:"ends_stay"` // a stay that ends
}

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

// StayedBy is the ruling by which an act is not carried out for the time being.
type StayedBy struct {
	_        struct{} `cbor:",toarray"`
	Document string   `json:"document"`
	From     Date     `json:"from"`
}

func (c *StateCause) cause() Cause { return Cause{Act: c.Act, Ground: c.Ground, Day: c.Day} }

// ends tells whether the act ended the license, so that 注销 follows it.
func (a Act) ends() bool { return a == Withdraw || a == Revoke || a == Penalize }

// standing is what causes leave of a license: the state that the last one in
// effect led to, with what led to a cancellation. What ended a license outlasts a
// suspension. A stayed act has no effect, nor has the cancellation that followed
// it.
func standing(causes []StateCause, none State) (state State, cause Cause, before *Cause) {
	state = none
	var last *StateCause
	for i := range causes {
		c := &causes[i]
		stayed := c.Stay != nil || slices.ContainsFunc(causes[:i], func(led StateCause) bool { return led.Stay != nil && c.formality(&led) })
		if stayed || c.Act == Suspend && last != nil && last.Act != Suspend {
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

func find(causes []StateCause, sequence uint64) *StateCause {
	for i := range causes {
		if causes[i].Sequence == sequence || causes[i].Sequence == 0 {
			return &causes[i]
		}
	}
	return nil
}

// enter changes causes by one act: a state act adds its own, a return takes the
// last suspension away, a ruling undoes or stays the act that it names.
func enter(causes []StateCause, in *Intent) ([]StateCause, error) {
	if in.Ruling != nil {
		return enterRuling(causes, in)
	}
	return enterAct(causes, in), nil
}

func enterAct(causes []StateCause, in *Intent) []StateCause {
	causes = slices.Clone(causes)
	if in.Act == Return {
		for i := len(causes) - 1; i >= 0; i-- {
			if causes[i].Act == Suspend {
				return slices.Delete(causes, i, i+1)
			}
		}
		return causes
	}
	if in.Act.Class() != ClassState {
		return causes
	}
	made := StateCause{Sequence: in.Sequence, Act: in.Act, Ground: in.Ground, Day: DateOf(in.DecidedAt()), By: in.Organization}
	if i := slices.IndexFunc(causes, func(c StateCause) bool { return c.Stay == nil && c.Act.ends() }); in.Act == Cancel && i >= 0 {
		made.Follows = causes[i].Sequence
	}
	return append(causes, made)
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
	case in.Act == Reinstate:
		return undo(causes, func(other *StateCause) bool { return *other == *c }), nil
	case in.Ruling.Ends == (c.Stay == nil):
		return nil, Errorf(CodeActState, "ruling", "a stay begins once, and ends once it has begun")
	case in.Ruling.Ends:
		c.Stay = nil
	default:
		c.Stay = &StayedBy{Document: in.Ruling.Document, From: in.Ruling.From}
	}
	return causes, nil
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

// Under is the license as its issuer's side finds it under what governance says
// of it: the acts that a ruling entered there undid are gone, and those that it
// stays have no effect.
func (l *License) Under(o *Oversight) *License {
	if l == nil || o == nil || o.Lifted == 0 && o.Stayed == nil {
		return l
	}
	under := *l
	under.Causes = undo(l.Stands(), func(c *StateCause) bool { return c.Sequence <= o.Lifted })
	seen := under.Causes
	if o.Stayed != nil {
		seen = slices.Clone(seen)
		for i := range seen {
			if c := &seen[i]; c.Sequence <= o.Stayed.UpTo && c.Stay == nil {
				c.Stay = &StayedBy{Document: o.Stayed.Document, From: o.Stayed.From}
			}
		}
	}
	under.State, under.Cause, under.Before = standing(seen, Effective)
	return &under
}

// MemberStay stays a member's acts, through governance.
type MemberStay struct {
	_        struct{} `cbor:",toarray"`
	UpTo     uint64   `json:"up_to"`
	Document string   `json:"document"`
	From     Date     `json:"from"`
}

// enterMember applies a ruling on the member's acts.
func (o *Oversight) enterMember(license *License, in *Intent) error {
	r := in.Ruling
	causes := license.Stands()
	var last, others *StateCause
	for i := range causes {
		c := &causes[i]
		if (c.Sequence > r.UpTo || c.Sequence <= o.Lifted) && (c.Sequence != 0 || o.Lifted != 0) {
			continue
		}
		last = c
		if cmp.Or(c.By, in.Identifier.Issuer) != in.author() && !slices.ContainsFunc(causes[:i], func(led StateCause) bool { return c.formality(&led) }) {
			others = c
		}
	}
	switch {
	case r.UpTo > license.Sequence || last == nil:
		return Errorf(CodeActState, "ruling", "no act up to %d takes the license out of effect", r.UpTo)
	case others != nil:
		return Errorf(CodeStale, "ruling", "act %d is %s's", others.Sequence, cmp.Or(others.By, in.Identifier.Issuer))
	case r.From < last.Day:
		return Errorf(CodeDateOrder, "ruling", "the act was decided on %s", last.Day)
	case in.Act == Reinstate:
		if o.Lifted = r.UpTo; o.Stayed != nil && o.Stayed.UpTo <= o.Lifted {
			o.Stayed = nil
		}
	case r.Ends && o.Stayed != nil && o.Stayed.UpTo != r.UpTo:
		return Errorf(CodeActState, "ruling", "what is stayed are the acts up to %d", o.Stayed.UpTo)
	case r.Ends == (o.Stayed == nil):
		return Errorf(CodeActState, "ruling", "a stay begins once, and ends once it has begun")
	case r.Ends:
		o.Stayed = nil
	default:
		o.Stayed = &MemberStay{UpTo: r.UpTo, Document: r.Document, From: r.From}
	}
	return nil
}

// CheckRuling tells whether the organization may enter the ruling: whose act it
// was, who stands above that one, and who succeeded to the license.
func (p *Powers) CheckRuling(in *Intent) error {
	if in.Ruling == nil {
		return nil
	}
	responsible := cmp.Or(p.heir(in.Decided), p.Issuer.Code) // also after its power ended: it answers for what it took over
	superior := p.Author != nil && slices.Contains(p.Author.Superiors, in.Organization)
	switch {
	case in.Organization == in.author() && in.Ruling.UpTo == 0, superior && in.Governed(),
		in.Organization == responsible && !in.Oversight() && p.preceded(in.author()):
		return nil
	}
	return Errorf(CodeActNotAllowed, "organization", "a ruling is entered by whose act it was, or by its superior")
}

// preceded tells whether an organization decided on the license before who is
// responsible for it now: the issuer, who made its version, and whose it was
// since. Regulators and superiors did not: their acts are theirs.
func (p *Powers) preceded(author string) bool {
	return author == p.Issuer.Code ||
		p.Origin != nil && (author == p.Origin.Decider || p.Origin.Mode == ModeEntrust && author == p.Origin.Acceptor) ||
		slices.ContainsFunc(p.Successions, func(s *Succession) bool { return author == s.Earlier || author == s.Successor })
}

// checkFirstAuthor: the first rules did not keep whose act through governance it
// was; it was a superior's.
func (p *Powers) checkFirstAuthor(over *Oversight, in *Intent) error {
	if in.Ruling == nil || in.Ruling.Undoes == 0 || over == nil {
		return nil
	}
	c := find(over.Stands(), in.Ruling.Undoes)
	if c != nil && c.By == "" && !p.superior(in.author()) {
		return Errorf(CodeStale, "ruling", "the act was a superior's of the issuer")
	}
	return nil
}
