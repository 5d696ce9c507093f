package registry

import "slices"

// Entered is a ruling as the ledger has it.
type Entered struct {
	Act     Act    `json:"act"`
	Ruling  Ruling `json:"ruling"`
	Entered Date   `json:"entered"` // day of the decision that enters it
}

// Rulings lists the rulings entered on the license, oldest first.
func (s *Standing) Rulings() (all []Entered) {
	if s == nil {
		return nil
	}
	for _, a := range s.Entries {
		if in := a.Entry.Intent; in != nil && in.Ruling != nil {
			all = append(all, Entered{Act: in.Act, Ruling: *in.Ruling, Entered: DateOf(in.DecidedAt())})
		}
	}
	return all
}

func (e *Entered) chinese() string {
	what := map[bool]string{false: e.Act.Chinese(), true: "停止执行终止"}[e.Ruling.Ends]
	return e.Ruling.Body + "〈" + e.Ruling.Document + "〉：自" + e.Ruling.From.String() + "起" + what
}

func (e *Entered) english() string {
	what := map[Act]string{Reinstate: "in force again", Stay: "the act is not carried out"}[e.Act]
	if e.Ruling.Ends {
		what = "the stay ended"
	}
	return e.Ruling.Document + ": " + what + " since " + e.Ruling.From.String()
}

// stateOn is the license's state at an instant, the superior's acts over the
// issuer's. With reaching, rulings count from the day that they name, whenever
// they were entered; without, only those entered up to then.
func (s *Standing) stateOn(at int64, reaching bool) State {
	state, _ := s.causedOn(at, reaching)
	return state
}

// On is the standing as the ledger was at the end of a day, with what is known of
// that day today: then, which its entries up to the day make, in the state that
// rulings give it whenever they were entered. 撤销 reaches back to the start.
func (s *Standing) On(day Date, then *Standing) *Standing {
	if then.License == nil {
		return then
	}
	had, _ := then.State()
	state, cause := s.causedOn((day+1).Start().Unix()-1, true)
	if from, revoked := s.VoidFrom(); from != 0 {
		if now, _ := s.State(); had == now {
			return then
		}
		state, cause = Revoked, revoked
	}
	if state == had {
		return then
	}
	on, license := *then, *then.License
	license.State, license.Cause, license.Before, license.Causes = state, cause, nil, nil
	on.License, on.Oversight = &license, nil
	on.Entries = slices.Clone(then.Entries)
	for _, a := range s.Entries {
		if in := a.Entry.Intent; in != nil && in.Ruling != nil && in.Ruling.From <= day && DateOf(in.DecidedAt()) > day {
			on.Entries = append(on.Entries, a)
		}
	}
	return &on
}

func (s *Standing) causedOn(at int64, reaching bool) (State, Cause) {
	l, o, day := &License{}, &Oversight{}, DateOfUnix(at)
	issued := false
	for _, a := range s.Entries {
		in := a.Entry.Intent
		switch {
		case in == nil, in.Ruling == nil && a.Works() > at:
			continue
		case in.Ruling != nil && (in.Ruling.From > day || !reaching && in.Decided > at):
			continue
		}
		issued = issued || in.Act == Issue
		replay(l, o, a.Namespace, in)
	}
	if !issued {
		return StateNone, Cause{}
	}
	l.State, l.Cause, l.Before = standing(l.Causes, Effective)
	o.State, o.Cause, _ = standing(o.Causes, StateNone)
	own, over := l.Under(o), o.Over(l)
	if over.State != StateNone && !own.outlasts(over.State) {
		return over.State, over.Cause
	}
	return own.State, own.Cause
}

// replay enters one act into the causes of a license or of its oversight. What a
// ruling concerns may be of a later day than those replayed: then it changes
// nothing.
func replay(l *License, o *Oversight, namespace string, in *Intent) {
	switch {
	case namespace != Governance:
		l.tellRenewal(in)
		if r := l.refusal(in); r != nil {
			_ = l.reopen(r, in)
			return
		}
		before := l.Causes
		causes, err := enter(before, in)
		if err == nil {
			l.Causes, l.Formalities = causes, formalities(l.Formalities, causes, before, o.Causes, in)
		}
	case in.Ruling != nil && in.Ruling.onMember():
		_ = o.enterMember(l, in)
	case in.Act == Return && !o.chain().suspended(in.Organization):
		o.returnMember(l, in)
	default:
		before := o.Causes
		causes, err := enter(before, in)
		if err == nil {
			member := o.leaves(l)
			o.stay(member)
			o.Causes, o.Formalities = causes, formalities(o.Formalities, causes, before, member, in)
		}
	}
}
