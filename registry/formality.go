package registry

import "slices"

// Formality is a cancellation (注销) that followed an act of the other chain: a
// member's, after an act entered in governance, or the reverse. It falls when
// that act is undone, and has no effect while that is stayed.
type Formality struct {
	_        struct{} `cbor:",toarray"`
	Sequence uint64   `json:"sequence"` // of the cancellation, in its own chain
	After    uint64   `json:"after"`    // of the act, in the other chain; zero for one entered under the first rules
}

// causesMost bounds the acts that keep a license out of effect in one chain: all
// of them are read with every act. Only acts that are stayed add up.
const causesMost = 32

// ending is the first act that ended the license and is not stayed; nil for none.
func ending(causes []StateCause) *StateCause {
	if i := slices.IndexFunc(causes, func(c StateCause) bool { return c.Stay == nil && c.Act.ends() }); i >= 0 {
		return &causes[i]
	}
	return nil
}

// formalityAfter is the act of the other chain that the cancellation followed, and
// whether it is such a one; nil when that act no longer stands.
func formalityAfter(cancellation *StateCause, all []Formality, other []StateCause) (after *StateCause, follows bool) {
	i := slices.IndexFunc(all, func(f Formality) bool { return f.Sequence == cancellation.Sequence })
	if i < 0 || cancellation.Act != Cancel {
		return nil, false
	}
	if j := slices.IndexFunc(other, func(c StateCause) bool { return c.Sequence == all[i].After }); j >= 0 {
		after = &other[j]
	}
	return after, true
}

// followed takes out of causes the cancellations whose act in the other chain was
// undone, and stays those whose act is stayed.
func followed(causes []StateCause, all []Formality, other []StateCause) (left, seen []StateCause) {
	for _, c := range causes {
		after, follows := formalityAfter(&c, all, other)
		if follows && after == nil {
			continue
		}
		left = append(left, c)
		if follows && c.Stay == nil {
			c.Stay = after.Stay
		}
		seen = append(seen, c)
	}
	return left, seen
}

// formalities are those of all whose cancellation still stands, with the one that
// an act entered now makes; nil when there are none.
func formalities(all []Formality, causes, before, other []StateCause, in *Intent) (left []Formality) {
	for _, f := range all {
		if slices.ContainsFunc(causes, func(c StateCause) bool { return c.Sequence == f.Sequence }) {
			left = append(left, f)
		}
	}
	if led := ending(other); in.Act == Cancel && led != nil && ending(before) == nil {
		left = append(left, Formality{Sequence: in.Sequence, After: led.Sequence})
	}
	return left
}

// Under is the license as its issuer's side finds it under what governance says
// of it: the acts that a ruling entered there undid are gone, and those that it
// stays have no effect; likewise the cancellations that followed an act entered
// there.
func (l *License) Under(o *Oversight) *License {
	if l == nil || o == nil {
		return l
	}
	under := *l
	under.over = o.Stands()
	if len(o.Undone) == 0 && len(o.Stays) == 0 && len(l.Formalities) == 0 {
		return &under
	}
	causes := o.leaves(l)
	var seen []StateCause
	under.Causes, seen = followed(causes, l.Formalities, under.over)
	o.stay(seen)
	under.State, under.Cause, under.Before = standing(seen, Effective)
	return &under
}

// Over is what governance says of a license under what the acts of its member say
// of it: the cancellations entered there that followed a member's act go with
// that.
func (o *Oversight) Over(l *License) *Oversight {
	if o == nil || l == nil || len(o.Formalities) == 0 {
		return o
	}
	over := *o
	member := o.leaves(l)
	o.stay(member)
	var seen []StateCause
	over.Causes, seen = followed(o.Stands(), o.Formalities, member)
	over.State, over.Cause, _ = standing(seen, StateNone)
	return &over
}

// leaves lists the member's acts that take the license out of effect and that no
// ruling entered in governance undid.
func (o *Oversight) leaves(l *License) []StateCause {
	return undo(l.Stands(), func(c *StateCause) bool { return slices.Contains(o.Undone, c.Sequence) })
}

// stay marks those of the member's acts that rulings entered in governance stay.
func (o *Oversight) stay(causes []StateCause) {
	for i := range causes {
		c := &causes[i]
		if s := o.stayOf(c.Sequence); s != nil && c.Stay == nil {
			c.Stay = s
		}
	}
}

// stayOf is the ruling by which an act of the member's is stayed; nil for none.
func (o *Oversight) stayOf(sequence uint64) *StayedBy {
	if i := slices.IndexFunc(o.Stays, func(s MemberStay) bool { return s.Act == sequence }); i >= 0 {
		s := o.Stays[i]
		return &StayedBy{Document: s.Document, From: s.From, By: s.By}
	}
	return nil
}

// stays keeps by which ruling an act of the member's is stayed; nil for none.
func (o *Oversight) stays(sequence uint64, stay *StayedBy) {
	o.Stays = slices.DeleteFunc(slices.Clone(o.Stays), func(s MemberStay) bool { return s.Act == sequence })
	if stay != nil {
		o.Stays = append(o.Stays, MemberStay{Act: sequence, Document: stay.Document, From: stay.From, By: stay.By})
	}
}

// forget leaves out what is said of the member's acts that its own chain no longer
// has.
func (o *Oversight) forget(l *License) {
	gone := func(sequence uint64) bool {
		return !slices.ContainsFunc(l.Stands(), func(c StateCause) bool { return c.Sequence == sequence })
	}
	o.Undone = slices.DeleteFunc(o.Undone, gone)
	o.Stays = slices.DeleteFunc(o.Stays, func(s MemberStay) bool { return gone(s.Act) })
	slices.Sort(o.Undone)
	o.Undone = slices.Compact(o.Undone)
}
