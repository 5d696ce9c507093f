package registry

// checkReplaces tells whether the organization may replace the license that an
// issue names: as its successor in another member, while the license is in
// force and as the issue knows it, by the law of the act that the issue is on it.
func (p *Powers) checkReplaces(in *Intent, recorded int64) error {
	c, old := in.Closes, p.Counterpart
	switch {
	case p.Paired == nil:
		return Errorf(CodeOrganization, "closes", "issuer %s is not registered", c.Identifier.Issuer)
	case p.Paired.Member != c.Origin.Member:
		return Errorf(CodeStale, "closes", "the license is member %s's", p.Paired.Member)
	case p.Paired.Member == p.Issuer.Member:
		return Errorf(CodeNamespace, "closes", "in its own member a successor makes the license's next version: %s", c.As)
	case old == nil || old.License == nil:
		return Errorf(CodeNotFound, "closes", "no such license on the ledger")
	case old.Claimed:
		return Errorf(CodeReplaced, "closes", "a license is replaced once")
	case old.License.Sequence != c.Sequence || old.License.Head != c.Head:
		return Errorf(CodeStale, "closes", "the ledger is at act %d of that license", old.License.Sequence)
	}
	before, as := old.License.Under(old.Oversight), in.Succeeding()
	if err := old.Oversight.clear(old.License); err != nil {
		return err
	}
	over := *p
	over.Issuer = p.Paired
	for _, check := range []func() error{
		func() error { return over.CheckLater(before, as, recorded) },
		func() error { return over.checkHeir(as) },
		func() error { return over.checkTypeVersion(before, as) },
		func() error { return before.succeeded(as) },
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return over.CheckHolder(before, as)
}

// clear tells whether no act entered in governance stands on the license.
func (o *Oversight) clear(l *License) error {
	if over := o.Over(l); over != nil && over.State != StateNone {
		return Errorf(CodeActState, "closes", "an act through governance stands on this license: %s", over.State)
	}
	return nil
}

// checkHeir: a version of one's own is for whom the ledger names the successor;
// who merely holds the matter there acts on the state.
func (p *Powers) checkHeir(in *Intent) error {
	if p.heir(in.Decided) != p.Grant.Decider {
		return Errorf(CodeNotResponsible, "closes", "the license did not go over to %s", p.Grant.Decider)
	}
	return nil
}

// succeeded tells whether the license allows its next version to be made
// elsewhere: only in force, so that no suspension is slipped by, within the term
// that the act leaves, and on the commitment that it leaves.
func (l *License) succeeded(as *Intent) error {
	switch {
	case l.State != Effective:
		return Errorf(CodeActState, "closes", "the license is %s: a new one is made of a license in force", l.State)
	case as.Decided < l.Decided:
		return Errorf(CodeDateOrder, "decided", "decided before the last act on the license replaced")
	}
	after := *l
	if err := after.applyTerm(as); err != nil {
		return err
	}
	if after.Commitment != as.Commitment {
		return Errorf(CodeStale, "commitment", "what the license replaced was granted on goes with it")
	}
	return nil
}

// checkReplacement tells whether a closing may stand: the ledger has the new
// license, and this is the one entry that was approved with its issue. It was
// judged then; what ended since, a power too, does not keep the pair open.
func (made *Counterpart) checkReplacement(e *Entry) error {
	in := e.Intent
	switch {
	case made == nil || made.License == nil || made.License.Replaces == nil:
		return Errorf(CodeNotFound, "closes", "the ledger has no license yet that replaces this one")
	case made.License.Replaces.Closing != ClosingDigest(*in, e.Approvals):
		return Errorf(CodeStale, "closes", "not the closing that was approved with the issue")
	}
	return nil
}

// applyReplacement enters the closing. What ended the license in between goes
// before it: then the closing ties the pair and leaves the state.
func (o *Oversight) applyReplacement(license *License, e *Entry) (*Oversight, error) {
	in := e.Intent
	if o.Replaced != nil {
		return nil, Errorf(CodeReplaced, "closes", "%s replaced the license before", o.Replaced.By)
	}
	was, _ := (&Standing{License: license, Oversight: o}).State()
	o.Replaced = &Replacement{By: in.Closes.Identifier}
	if was != Effective {
		o.Replaced.Standing = was
	}
	if err := o.enterAct(license, o.Stands(), in); err != nil {
		return nil, err
	}
	o.Sequence, o.Head, o.Decided = in.Sequence, e.Digest(), max(o.Decided, in.Decided)
	return o, nil
}

// outlasts tells whether the state that the issuer's side left a license in goes
// before what stands on it in governance: its cancellation, and, before a mere
// replacement or suspension, whatever ended it.
func (l *License) outlasts(over State) bool {
	return l.State == Cancelled || (over == Replaced || over == Suspended) && (l.State == Revoked || l.State.over())
}
