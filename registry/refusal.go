package registry

// Refusal is a refusal of a renewal (不予延续) that stands.
type Refusal struct {
	_        struct{} `cbor:",toarray"`
	Sequence uint64   `json:"sequence"`
	Day      Date     `json:"day"` // of the decision
	By       string   `json:"by"`  // whose it is
	Accepted Date     `json:"accepted"`
}

// Undoable lists what a ruling entered in the license's chain can concern: the acts
// that took it out of effect, and the refusal of its renewal.
func (l *License) Undoable() []StateCause {
	all := l.Stands()
	if l == nil || l.Refused == nil {
		return all
	}
	r := l.Refused
	return append(all[:len(all):len(all)], StateCause{Sequence: r.Sequence, Act: Annotate, Ground: GroundRenewalRefused, Day: r.Day, By: r.By})
}

// refusal is the refused renewal that a ruling concerns; nil for any other act.
func (l *License) refusal(in *Intent) *Refusal {
	if in.Ruling == nil || in.Ruling.onMember() || l.Refused == nil || in.Ruling.Undoes != l.Refused.Sequence {
		return nil
	}
	return l.Refused
}

// reopen annuls the refusal of a renewal: the renewal is pending again, as if nothing
// had been decided on it, so that it counts as granted from the expiry on
// (行政许可法50条2款) and the renewal can be made. A cancellation for expiry after the
// refusal goes with it. What is refused cannot be carried out, nor so be stayed.
func (l *License) reopen(r *Refusal, in *Intent) error {
	switch {
	case in.Act == Stay:
		return Errorf(CodeActState, "ruling", "the refusal of a renewal is annulled, not stayed")
	case in.author() != r.By:
		return Errorf(CodeStale, "ruling", "act %d is %s's", r.Sequence, r.By)
	case in.Ruling.From < r.Day:
		return Errorf(CodeDateOrder, "ruling", "the act was decided on %s", r.Day)
	case in.Ruling.Of != 0 && in.Ruling.Of != Annotate:
		return Errorf(CodeStale, "ruling", "act %d refused a renewal", r.Sequence)
	}
	l.Renewal, l.Refused = r.Accepted, nil
	l.keep(undo(l.Stands(), func(c *StateCause) bool {
		return c.Act == Cancel && c.Ground == GroundExpired && c.Sequence > r.Sequence
	}), l.Stands(), in)
	return nil
}

// tellRenewal keeps whether a renewal is pending, and which refusal of one stands
// since RulesOfRelations. That the act is allowed is judged before.
func (l *License) tellRenewal(in *Intent) {
	switch {
	case in.Act == AcceptRenewal:
		l.Renewal, l.Refused = DateOf(in.DecidedAt()), nil
	case in.Act == Renew:
		l.Renewal, l.Refused = 0, nil
	case in.refusesRenewal():
		if in.Origin != nil {
			l.Refused = &Refusal{Sequence: in.Sequence, Day: DateOf(in.DecidedAt()), By: in.Organization, Accepted: l.Renewal}
		}
		l.Renewal = 0
	}
}
