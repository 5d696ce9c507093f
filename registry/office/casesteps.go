package office

import (
	"context"
	"slices"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Next is the statement a person would sign for the next step. Whoever is no
// party learns nothing of the file: CodeNotFound, as for one that does not exist.
func (o *Cases) Next(ctx context.Context, by registry.Actor, s registry.CaseStatement, content string) (*registry.CaseStatement, error) {
	if err := by.MayTakeStep(s.Organization); err != nil {
		return nil, err
	}
	if err := checkStepTexts(&s, content); err != nil {
		return nil, err
	}
	f, taken, err := o.file(ctx, by, s.Grant, s.Case)
	if err == nil {
		err = checkTaken(&s, taken)
	}
	if err != nil {
		return nil, err
	}
	if err := checkHeld(f, &s); err != nil {
		return nil, err
	}
	s.Case = f.Named(s.Case)
	if s.Kind == registry.CaseReceive && s.Through == "" && f.Through != nil {
		s.Through = f.Through.ID
	}
	j, err := o.law().CaseJudge(s.Grant, registry.CaseStep{Statement: s})
	if err != nil {
		return nil, err
	}
	s.Number, s.Previous, s.At = len(f.Steps)+1, f.Digest, o.now().Unix()
	if n := len(f.Steps); n > 0 { // not before the last one, by a clock that is ahead
		if last := f.Steps[n-1].Statement.At; last <= s.At+signedAhead {
			s.At = max(s.At, last)
		}
	}
	if s.Days != 0 && s.Unit == "" {
		s.Unit = registry.WorkingDays
	}
	if content != "" {
		s.Content = sm.Sum([]byte(content))
	}
	if err := j.Follows(f, &s); err != nil {
		return nil, err
	}
	return &s, o.checkInvited(&s)
}

// Faults lists all that is wrong with a step by itself, for a form that says it
// at once; none for a well-formed one.
func (o *Cases) Faults(s registry.CaseStatement, content string) []*registry.Error {
	if content != "" {
		s.Content = sm.Sum([]byte(content))
	}
	faults := s.Faults()
	if err, ok := registry.CheckParagraph("content", content, registry.MaxRemark).(*registry.Error); ok {
		faults = append(faults, err)
	}
	return faults
}

// checkInvited: who is invited into a file is an organization that the ledger
// knows.
func (o *Cases) checkInvited(s *registry.CaseStatement) error {
	if s.Invited == "" {
		return nil
	}
	organization, err := recordOf[*registry.Organization](o.common, registry.KindOrganization, s.Invited)
	if err == nil && (organization == nil || organization.Dissolved != 0 && organization.Dissolved <= s.At) {
		err = registry.Errorf(registry.CodeOrganization, "invited", "%s is not registered or dissolved", s.Invited)
	}
	return err
}

func checkStepTexts(s *registry.CaseStatement, content string) error {
	if err := registry.CheckText("case", s.Case, 64); err != nil {
		return err
	}
	return registry.CheckParagraph("content", content, registry.MaxRemark)
}

const (
	signedWithin = 600 // seconds that a signature may be old when its step is recorded
	signedAhead  = 5   // seconds that another registry's clock may be ahead
)

// Record adds a signed step to its case file, at the file's home. A step of which the
// ledger must be told (registry.Grant.Anchors) is held until the ledger has it
// (CaseFile.Held), and refused with the ledger's refusal. The same step again is harmless.
// CodeUnavailable when the home is another registry that cannot be reached: nothing is
// stored here then, and whether the home has the step its file says.
func (o *Cases) Record(ctx context.Context, by registry.Actor, step registry.CaseStep) (*registry.CaseFile, error) {
	s := &step.Statement
	if err := by.MayTakeStep(s.Organization); err != nil {
		return nil, err
	}
	if err := checkStepTexts(s, step.Content); err != nil {
		return nil, err
	}
	// 1. The actor takes part in the case, the step is the next of its file, and
	// in this organization's hands.
	f, taken, err := o.file(ctx, by, s.Grant, s.Case)
	if err != nil {
		return nil, err
	}
	if f.EndsWith(s) {
		return f, o.tellAgain(ctx, by, f)
	}
	if f.Held.Awaited() && f.Held.Is(s) {
		return o.told(ctx, by, s)
	}
	if err := o.judge(by, f, taken, &step); err != nil {
		return nil, err
	}
	// 2. Kept by the file's home, which is the only one to append.
	grant, home, err := o.homeOf(f, s.Grant)
	if err != nil {
		return nil, err
	}
	if home == "" {
		if err := checkFileSize(append(slices.Clone(f.Steps), step)); err != nil {
			return nil, err
		}
	}
	switch {
	case grant.Anchors(s.Kind):
		return o.hold(ctx, by, f, home, step)
	case home != "":
		return o.recordAway(ctx, home, step)
	}
	if err := o.append(ctx, grant, f, step); err != nil {
		return nil, err
	}
	return o.read(ctx, s.Grant, s.Case)
}

// Bounds of a file, so that every registry in the case can take it over.
const (
	fileStepsMost = 500
	fileBytesMost = 2 << 20 // as it travels
)

// checkFileSize refuses a file that a step makes too large. CodeTooLarge.
func checkFileSize(steps []registry.CaseStep) error {
	if len(steps) > fileStepsMost {
		return registry.Errorf(registry.CodeTooLarge, "case", "a case file has at most %d steps: go on in one of its own", fileStepsMost)
	}
	body, err := registry.Encode(itemOf(steps))
	if err == nil && len(body) > fileBytesMost {
		err = registry.Errorf(registry.CodeTooLarge, "content", "a case file has at most %d MiB: shorten the text", fileBytesMost>>20)
	}
	return err
}

// judge tells whether the step may be the file's next one: its place, whose it is, its
// texts, and the signature of a person of theirs with the role, handed in by that person.
func (o *Cases) judge(by registry.Actor, f *registry.CaseFile, taken bool, step *registry.CaseStep) error {
	s := &step.Statement
	if err := checkTaken(s, taken); err != nil {
		return err
	}
	if s.Number != len(f.Steps)+1 || s.Previous != f.Digest {
		return registry.Errorf(registry.CodeStale, "number", "the case has moved on: it is at step %d", len(f.Steps))
	}
	if err := o.checkHeldFor(f, s); err != nil {
		return err
	}
	j, err := o.law().CaseJudge(s.Grant, append(slices.Clone(f.Steps), *step)...)
	if err != nil {
		return err
	}
	if err := j.Follows(f, s); err != nil {
		return err
	}
	if err := o.checkInvited(s); err != nil {
		return err
	}
	switch now := o.now().Unix(); {
	case s.At > now+signedAhead:
		return registry.Errorf(registry.CodeMalformed, "at", "signed %d s ahead of this registry's clock: the clocks differ, have them set", s.At-now)
	case now-s.At > signedWithin:
		return registry.Errorf(registry.CodeMalformed, "at", "signed too long ago: sign again")
	}
	if err := j.Signed(f, step); err != nil {
		return err
	}
	return o.signs(by, step.Approval.KeyID)
}

// append adds a step to a file of this registry's own.
func (o *Cases) append(ctx context.Context, grant *registry.Grant, f *registry.CaseFile, step registry.CaseStep) error {
	after := &registry.CaseFile{Steps: append(slices.Clone(f.Steps), step), Invitations: f.Invitations}
	if step.Statement.Invited != "" {
		after.Invitations = append(slices.Clone(f.Invitations), registry.Invitation{Organization: step.Statement.Invited})
	}
	members, err := o.neighborsOf(after.InCase(grant))
	if err != nil {
		return err
	}
	err = o.store.AddCaseSteps(ctx, CaseAddition{Steps: []registry.CaseStep{step}, Members: members})
	if err == nil && len(members) > 0 {
		o.exchange.Tell()
	}
	return err
}
