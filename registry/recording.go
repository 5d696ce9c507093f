package registry

import "time"

// checkRecording holds an act that is registered later (Register), and a refusal of
// a renewal, against the time of its recording (Unix seconds). Since
// RulesOfRelations. What is decided is recorded within Rules.MaxBackdate; later only
// what was a fact by then, whoever recorded it: a license that was granted, with
// what became of it as long as that history is being entered (License.TakingOver);
// a state that was decided; what happened to a sheet; what another system made. A
// version of our own is decided anew, also one that replaces another's license. The
// acceptance of a renewal is recorded at most MaxBackdate after the last day, and
// its refusal by the day after: later it counts as granted (行政许可法50条2款).
func (p *Powers) checkRecording(before *License, e *Entry, recorded int64) error {
	in := e.Intent
	if !p.Rules.Since(RulesOfRelations) || e.Recording == Genesis {
		return nil
	}
	day := DateOfUnix(recorded)
	if before != nil && in.refusesRenewal() && day > before.Expires+1 {
		return Errorf(CodeActState, "ground", "the renewal counts as granted since %s: no refusal was recorded by then", before.Expires)
	}
	if e.Recording != Register {
		return nil
	}
	limit := p.Rules.MaxBackdate
	switch class := in.Act.Class(); {
	case recorded-in.Decided <= limit:
		return Errorf(CodeEntryForm, "register", "decided within %d hours: it is recorded in time, not later", limit/3600)
	case in.Replaces():
		// a version of the license that it replaces
	case in.Act == Issue || before == nil || before.TakingOver || in.Collected != nil:
		return nil
	case class == ClassState, class == ClassPaper && len(in.Printings) == 0:
		return nil
	case in.Act == AcceptRenewal && day <= before.Expires+Date(limit/int64((24*time.Hour).Seconds())):
		return nil
	}
	return Errorf(CodeBackdated, "decided", "decided more than %d hours ago: %s is decided anew", limit/3600, in.Act)
}

// refusesRenewal tells whether the act refuses a renewal (不予延续).
func (in *Intent) refusesRenewal() bool {
	return in.Act == Annotate && in.Ground == GroundRenewalRefused
}

// takesOver tells whether, after the act, the history of a license that existed
// before is still being entered: it began with what existed, and nothing was
// recorded in time since.
func (l *License) takesOver(e *Entry) bool {
	if e.Intent.Origin == nil {
		return false
	}
	return e.Intent.Act == Issue && e.Intent.Existed() || l.TakingOver && e.Recording == Register
}
