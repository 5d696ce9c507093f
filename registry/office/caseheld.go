package office

import (
	"context"
	"slices"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// A step of which the ledger must be told counts once the ledger has it. Its signed
// statement is persisted first (held) and has its place in the file at the file's home;
// then the registry of its organization, whose signer has the act key, orders the
// examination. The ledger's acceptance is the commit point: whoever holds the step appends
// it when its own view has the examination. Recovery is the same code (Drive).

// shown tells whether a held step is one that people see.
func (h *HeldStep) shown() bool { return h != nil && (h.State != HeldWithdrawn || h.Refusal != "") }

// checkHeld: while a step is held no other one is taken.
func checkHeld(f *registry.CaseFile, s *registry.CaseStatement) error {
	if !f.Held.Awaited() || f.Held.Is(s) {
		return nil
	}
	held := &f.Held.Step.Statement
	return registry.Errorf(registry.CodeActState, "case", "%s by %s waits for the ledger: its registry tells it by itself, wait for the answer", held.Kind, held.Organization)
}

// checkHeldFor is checkHeld that lets another registry's organization sign a step again
// that the ledger does not have: its registry has forgotten the former one.
func (o *Cases) checkHeldFor(f *registry.CaseFile, s *registry.CaseStatement) error {
	err := checkHeld(f, s)
	if err == nil || f.Held.Step.Statement.Organization != s.Organization {
		return err
	}
	away, failed := o.registry(s.Organization)
	if failed != nil || away == "" {
		return err
	}
	if has, failed := o.onLedger(&f.Held.Step); failed != nil || has {
		return err
	}
	return nil
}

// onLedger tells whether the view has the step.
func (o *Cases) onLedger(step *registry.CaseStep) (bool, error) {
	s := &step.Statement
	x, err := recordOf[*registry.Examination](o.common, registry.KindExamination, registry.ExaminationName(s.Grant, s.Case))
	return x.Has(step), err
}

// hold persists a step and brings it as far as it comes now.
func (o *Cases) hold(ctx context.Context, by registry.Actor, f *registry.CaseFile, home string, step registry.CaseStep) (*registry.CaseFile, error) {
	h := HeldStep{HeldStep: registry.HeldStep{Step: step}, State: HeldAwaited}
	if home != "" {
		h.State = HeldAsked
	}
	var over sm.Digest
	if f.Held != nil {
		var err error
		if over, err = f.Held.Step.Statement.Digest(); err != nil {
			return nil, err
		}
	}
	if err := o.store.HoldStep(ctx, h, over); err != nil {
		return nil, err
	}
	return o.told(ctx, by, &step.Statement)
}

// told brings the held step of a file forward. What is out of reach leaves it held.
func (o *Cases) told(ctx context.Context, by registry.Actor, s *registry.CaseStatement) (*registry.CaseFile, error) {
	kept, err := o.store.Case(ctx, s.Grant, s.Case)
	if err != nil {
		return nil, err
	}
	if kept.Held != nil {
		asked := kept.Held.State == HeldAsked
		err = o.drive(ctx, by, kept.Held)
		if asked && unclear(err) {
			err = o.takeBack(ctx, kept, err)
		}
		if err != nil && !unclear(err) || asked && err != nil {
			return nil, err
		}
		if err != nil {
			o.log.Warn("a case step waits for the ledger", "grant", s.Grant, "step", s.Kind, "error", err)
		}
	}
	f, err := o.read(ctx, s.Grant, s.Case)
	if err == nil && f.Held != nil && f.Held.Refusal != "" && f.Held.Is(s) { // Drive came first and heard it
		return nil, registry.Errorf(f.Held.Refusal, "case", "%s", f.Held.Detail)
	}
	return f, err
}

// takeBack forgets a step whose place could not be asked for. The home may have noted it
// all the same, and is told when it can be reached. Once the step has its place there is
// nothing to take back.
func (o *Cases) takeBack(ctx context.Context, kept *KeptCase, cause error) error {
	s := &kept.Held.Step.Statement
	now, err := o.store.Case(ctx, s.Grant, s.Case)
	if err != nil {
		return err
	}
	if now.Held == nil || now.Held.State != HeldAsked || !now.Held.Is(s) {
		return nil
	}
	digest, err := s.Digest()
	if err != nil {
		return err
	}
	if err := o.store.MoveHeld(ctx, digest, HeldWithdrawn, "", ""); err != nil {
		return err
	}
	return away(kept.Home, cause)
}

// unclear tells whether an error says nothing of what became of it: it is tried again.
func unclear(err error) bool {
	if err == nil {
		return false
	}
	switch code := registry.CodeOf(err); code {
	case registry.CodeTimeout, registry.CodeLedgerConflict, registry.CodeNotYet, registry.CodeRateLimited, registry.CodeClock,
		registry.CodeSequencePast, registry.CodeSequenceGap, registry.CodeSequenceTaken, registry.CodePreviousHead:
		return true
	default:
		return code.Kind() == registry.KindUnavailable || code.Kind() == registry.KindInternal
	}
}

// drive brings a held step forward as far as it comes. An unclear error leaves it where it
// is; any other one is the refusal of the home or of the ledger, and has ended it.
func (o *Cases) drive(ctx context.Context, by registry.Actor, h *HeldStep) error {
	s := &h.Step.Statement
	defer o.turn(s)()
	kept, err := o.store.Case(ctx, s.Grant, s.Case)
	if err != nil || kept.Held == nil || !kept.Held.Is(s) {
		return err // another one brought it to its end
	}
	if has, err := o.onLedger(&h.Step); err != nil || has {
		if err == nil {
			err = o.settle(ctx, kept)
		}
		return err
	}
	if late, err := overtaken(kept); err != nil || late {
		if err == nil {
			err = o.refuse(ctx, kept, registry.Errorf(registry.CodeStale, "number", "the case has moved on: it is at step %d", len(kept.Steps)))
		}
		return err
	}
	switch h = kept.Held; h.State {
	case HeldAsked:
		if done, err := o.ask(ctx, by, kept); err != nil || done {
			return err
		}
		return o.tell(ctx, by, kept)
	case HeldAwaited:
		return o.tell(ctx, by, kept)
	case HeldWithdrawn:
		return o.withdraw(ctx, kept)
	}
	return nil
}

// overtaken tells whether another step took the place of one that is under way: a home that
// was put back from a backup gave it away again.
func overtaken(kept *KeptCase) (bool, error) {
	if state := kept.Held.State; state != HeldAsked && state != HeldAwaited {
		return false, nil
	}
	var end sm.Digest
	if n := len(kept.Steps); n > 0 {
		var err error
		if end, err = kept.Steps[n-1].Statement.Digest(); err != nil {
			return false, err
		}
	}
	s := &kept.Held.Step.Statement
	return s.Number != len(kept.Steps)+1 || s.Previous != end, nil
}

// turn waits until nobody else works on the file's held step.
func (o *Cases) turn(s *registry.CaseStatement) (end func()) {
	return o.driving.take(s.Grant + "\x00" + registry.FoldNumber(s.Case))
}

// ask asks the file's home for the step's place; done when the home has the step already. A
// refusal is the answer to the person who waits for it; later it is to be seen.
func (o *Cases) ask(ctx context.Context, by registry.Actor, kept *KeptCase) (done bool, err error) {
	s := &kept.Held.Step.Statement
	digest, err := s.Digest()
	if err != nil {
		return false, err
	}
	steps, err := o.submit(ctx, kept.Home, &caseMessage{Step: sent(kept.Held.Step)})
	if err != nil {
		failed := error(nil)
		switch {
		case unclear(err):
		case by.Person == "":
			failed = o.store.MoveHeld(ctx, digest, HeldRefused, registry.CodeOf(err), err.Error())
		default:
			failed = o.store.DropHeld(ctx, digest)
		}
		if failed != nil {
			err = failed
		}
		return false, err
	}
	if len(steps) >= s.Number {
		return true, o.keepFor(ctx, kept.Home, s.Organization, steps)
	}
	return false, o.store.MoveHeld(ctx, digest, HeldAwaited, "", "")
}

// tell orders the examination where the signer has the act key of the step's organization.
func (o *Cases) tell(ctx context.Context, by registry.Actor, kept *KeptCase) error {
	h := kept.Held
	s := &h.Step.Statement
	if elsewhere, err := o.registry(s.Organization); err != nil || elsewhere != "" {
		return err
	}
	steps := append(slices.Clone(kept.Steps), h.Step)
	f, err := o.law().CaseFile(steps, registry.DateOf(o.now()))
	if err != nil {
		return err
	}
	err = o.order(ctx, by, f)
	if err == nil {
		if err = o.settle(ctx, kept); err == nil && kept.Home != "" {
			o.nudge(ctx, kept.Home, h)
		}
		return err
	}
	if unclear(err) {
		return err
	}
	if has, failed := o.onLedger(&h.Step); failed == nil && has {
		return o.settle(ctx, kept)
	}
	return o.refuse(ctx, kept, err)
}

// order has the ledger's record of the examination set, as the file says it, by the
// organization of its last step.
func (o *Cases) order(ctx context.Context, by registry.Actor, f *registry.CaseFile) error {
	last := &f.Steps[len(f.Steps)-1].Statement
	grant, err := o.law().Grant(last.Grant)
	if err != nil {
		return err
	}
	return o.governing.govern(ctx, by, []OrderDraft{{Organization: last.Organization, Record: f.Examination(grant), Basis: last.Case, Warrant: registry.Warrant{Case: f.Steps}}})
}

// tellAgain sets the ledger's record after the last step of a file whose steps were kept
// before they were told.
func (o *Cases) tellAgain(ctx context.Context, by registry.Actor, f *registry.CaseFile) error {
	step := &f.Steps[len(f.Steps)-1]
	grant, err := o.law().Grant(step.Statement.Grant)
	if err != nil || !grant.Anchors(step.Statement.Kind) {
		return err
	}
	has, err := o.onLedger(step)
	if err != nil || has {
		return err
	}
	if elsewhere, err := o.registry(step.Statement.Organization); err != nil || elsewhere != "" {
		return err
	}
	return o.order(ctx, by, f)
}

// settle appends a held step that the ledger has.
func (o *Cases) settle(ctx context.Context, kept *KeptCase) error {
	step := kept.Held.Step
	add := CaseAddition{Steps: []registry.CaseStep{step}, Home: kept.Home}
	if kept.Home == "" {
		grant, err := o.law().Grant(step.Statement.Grant)
		if err != nil {
			return err
		}
		f, err := o.law().CaseFile(append(slices.Clone(kept.Steps), step), registry.DateOf(o.now()))
		if err != nil {
			return err
		}
		if add.Members, err = o.neighborsOf(f.InCase(grant)); err != nil {
			return err
		}
	}
	err := o.store.AddCaseSteps(ctx, add)
	if registry.CodeOf(err) == registry.CodeStale { // its home handed it over meanwhile, or it went on without
		return o.refuseStale(ctx, kept)
	}
	if err == nil && len(add.Members) > 0 {
		o.exchange.Tell()
	}
	return err
}

// refuseStale ends a held step whose place another one has.
func (o *Cases) refuseStale(ctx context.Context, kept *KeptCase) error {
	s := &kept.Held.Step.Statement
	now, err := o.store.Case(ctx, s.Grant, s.Case)
	if err != nil || now.Held == nil || !now.Held.Is(s) {
		return err
	}
	digest, err := s.Digest()
	if err != nil {
		return err
	}
	o.log.Error("the ledger has a case step whose place in its file another one took", "grant", s.Grant, "step", s.Kind)
	return o.store.MoveHeld(ctx, digest, HeldRefused, registry.CodeStale, "the ledger has it, and its place in the file is another step's")
}

// refuse ends a step that the ledger refused, or whose place is another's; the home, if it is another, is to be told.
func (o *Cases) refuse(ctx context.Context, kept *KeptCase, cause error) error {
	digest, err := kept.Held.Step.Statement.Digest()
	if err != nil {
		return err
	}
	state := HeldRefused
	if kept.Home != "" {
		state = HeldWithdrawn
	}
	if err := o.store.MoveHeld(ctx, digest, state, registry.CodeOf(cause), cause.Error()); err != nil {
		return err
	}
	if state == HeldWithdrawn {
		kept.Held.State, kept.Held.Refusal, kept.Held.Detail = state, registry.CodeOf(cause), cause.Error()
		if err := o.withdraw(ctx, kept); err != nil {
			o.log.Warn("a case step is not taken back yet", "member", kept.Home, "error", err)
		}
	}
	return cause
}

// withdraw tells the file's home that a step is not to be.
func (o *Cases) withdraw(ctx context.Context, kept *KeptCase) error {
	h := kept.Held
	digest, err := h.Step.Statement.Digest()
	if err != nil {
		return err
	}
	if _, err := o.submit(ctx, kept.Home, &caseMessage{Step: sent(h.Step), Withdrawn: true}); err != nil && unclear(err) {
		return err
	}
	if h.Refusal == "" {
		return o.store.DropHeld(ctx, digest)
	}
	return o.store.MoveHeld(ctx, digest, HeldRefused, h.Refusal, h.Detail)
}

// heldAtOnce is how many held steps are read at a time.
const heldAtOnce = 100

// driveFor bounds one step's part of a round.
const driveFor = time.Minute

// Drive brings the steps forward that are held: after an outage, and those whose
// organization's registry told the ledger. A home that cannot be reached is asked for one
// of its files in a round.
func (o *Cases) Drive(ctx context.Context) error {
	lost := map[string]bool{} // members whose registries cannot be reached
	for last := (*HeldStep)(nil); ; {
		held, err := o.store.HeldSteps(ctx, last, heldAtOnce)
		if err != nil {
			return err
		}
		for _, h := range held {
			if err := o.driveOne(ctx, h, lost); err != nil && ctx.Err() == nil {
				s := &h.Step.Statement
				o.log.Info("a case step is not through", "grant", s.Grant, "step", s.Kind, "state", string(h.State), "error", err)
			}
		}
		if len(held) < heldAtOnce || ctx.Err() != nil {
			return ctx.Err()
		}
		last = held[len(held)-1]
	}
}

// driveOne brings a step forward whose home is not among those that cannot be reached.
func (o *Cases) driveOne(ctx context.Context, h *HeldStep, lost map[string]bool) error {
	home := ""
	if h.State != HeldAwaited {
		var err error
		if _, home, err = o.homeOf(&registry.CaseFile{}, h.Step.Statement.Grant); err != nil || lost[home] {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, driveFor)
	defer cancel()
	err := o.drive(ctx, registry.Actor{}, h)
	if home != "" && unclear(err) {
		lost[home] = true
	}
	return err
}

// Run does so, and offers files to other members that were not told of them, until ctx ends.
func (o *Cases) Run(ctx context.Context) {
	for {
		if err := o.offer(ctx); err != nil && ctx.Err() == nil {
			o.log.Warn("case files are not offered to other members", "error", err)
		}
		if err := o.Drive(ctx); err != nil && ctx.Err() == nil {
			o.log.Error("held case steps are not looked for", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(o.retryWait()):
		}
	}
}
