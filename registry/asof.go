package registry

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
	l, o, day := &License{}, &Oversight{}, DateOfUnix(at)
	issued := false
	for _, a := range s.Entries {
		in := a.Entry.Intent
		switch {
		case in == nil, in.Ruling == nil && in.Decided > at:
			continue
		case in.Ruling != nil && (in.Ruling.From > day || !reaching && in.Decided > at):
			continue
		}
		issued = issued || in.Act == Issue
		replay(l, o, a.Namespace, in)
		if a.Namespace != Governance {
			l.Sequence = in.Sequence
		}
	}
	if !issued {
		return StateNone
	}
	l.State, l.Cause, l.Before = standing(l.Causes, Effective)
	own := l.Under(o).State
	if over, _, _ := standing(o.Causes, StateNone); over != StateNone && own != Cancelled {
		return over
	}
	return own
}

// replay enters one act into the causes of a license or of its oversight. What a
// ruling concerns may be of a later day than those replayed: then it changes
// nothing.
func replay(l *License, o *Oversight, namespace string, in *Intent) {
	switch {
	case namespace == Governance && in.Ruling != nil && in.Ruling.UpTo != 0:
		ruled, ruling := *in, *in.Ruling
		ruling.UpTo = min(ruling.UpTo, l.Sequence)
		ruled.Ruling = &ruling
		_ = o.enterMember(l, &ruled)
	case namespace == Governance:
		o.Causes = entered(o.Causes, in)
	default:
		l.Causes = entered(l.Causes, in)
	}
}

// Reaching is the standing of the end of a day as rulings that were entered
// later make it: those of them that work on that day. later are the entries
// decided after it, oldest first. The standing given is not changed.
func (s *Standing) Reaching(day Date, later []Anchored) *Standing {
	if s.License == nil {
		return s
	}
	out := *s
	l, o := *s.License, Oversight{}
	l.Causes = causesOf(l.Causes, l.State, l.Cause, l.Before)
	if s.Oversight != nil {
		o = *s.Oversight
		o.Causes = causesOf(o.Causes, o.State, o.Cause, nil)
	}
	reached := false
	for _, a := range later {
		if in := a.Entry.Intent; in != nil && in.Ruling != nil && in.Ruling.From <= day {
			replay(&l, &o, a.Namespace, in)
			out.Entries = append(out.Entries[:len(out.Entries):len(out.Entries)], a)
			reached = true
		}
	}
	if !reached {
		return s
	}
	l.State, l.Cause, l.Before = standing(l.Causes, Effective)
	o.State, o.Cause, _ = standing(o.Causes, StateNone)
	out.License, out.Oversight = &l, &o
	return &out
}

// entered is enter for a replay: an act that concerns one of a later day changes
// nothing.
func entered(causes []StateCause, in *Intent) []StateCause {
	after, err := enter(causes, in)
	if err != nil {
		return causes
	}
	return after
}
