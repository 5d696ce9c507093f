package office

import (
	"bytes"
	"context"
	"slices"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// CaseRef names a case.
type CaseRef struct{ Grant, Case string }

// Cases keeps case files (案卷): what the people of several authorities did and
// signed before a decision.
type Cases struct {
	*common
	access    *access
	store     CaseStore
	governing *Governing
}

// read reads a case, whoever asks for it; closed, when a decision of it is anchored.
func (o *Cases) read(ctx context.Context, grant, caseNumber string) (*registry.CaseFile, error) {
	steps, err := o.store.CaseSteps(ctx, grant, caseNumber)
	if err != nil {
		return nil, err
	}
	f, err := o.law().CaseFile(steps, registry.DateOf(o.now()))
	if err != nil || len(steps) == 0 {
		return f, err
	}
	beside, err := o.beside(grant)
	if err != nil {
		return nil, err
	}
	var parties []string // a regulator's own case of that number is another one
	for _, id := range beside {
		if g, err := recordOf[*registry.Grant](o.common, registry.KindGrant, id); err != nil {
			return nil, err
		} else if g != nil {
			parties = append(parties, g.Parties()...)
		}
	}
	decision, err := o.view.CaseDecision(beside, parties, caseNumber)
	if err == nil && decision != nil {
		f.Close(*decision)
	}
	return f, err
}

// beside lists the grants under which a case of this one could be decided as well,
// itself first: of the same decider for the same matter, where the same office takes
// in or the territory is the same or lies within. Between them a number is one case.
func (o *Cases) beside(grant string) ([]string, error) {
	list := []string{grant}
	named, err := recordOf[*registry.Grant](o.common, registry.KindGrant, grant)
	if err != nil || named == nil {
		return list, err
	}
	all, err := recordsOf[*registry.Grant](o.common, registry.KindGrant)
	for _, g := range all {
		if g.ID != grant && g.Beside(named) {
			list = append(list, g.ID)
		}
	}
	return list, err
}

// decided reads the case file that a decision under the grant rests on: that of the
// grant itself, else of one beside it. nil when there is none.
func (o *Cases) decided(ctx context.Context, grant, caseNumber string) (*registry.CaseFile, error) {
	beside, err := o.beside(grant)
	if err != nil {
		return nil, err
	}
	for _, id := range beside {
		if f, err := o.read(ctx, id, caseNumber); err != nil || len(f.Steps) > 0 {
			return f, err
		}
	}
	return nil, nil
}

// File reads a case for its parties: the authorities that its grant names, those
// whom a step invited, and those who signed one; the reading is written down. It
// may be empty: nothing was received or accepted yet. So it is, whether there is
// such a case or not, for a center that takes in for the grant's region and has no
// part in it. CodeNotFound for others, whether there is such a case or not.
func (o *Cases) File(ctx context.Context, by registry.Actor, grant, caseNumber string) (*registry.CaseFile, error) {
	f, _, err := o.file(ctx, by, grant, caseNumber)
	return f, err
}

// file is File that also tells whether there is such a case, for who takes a step.
func (o *Cases) file(ctx context.Context, by registry.Actor, grant, caseNumber string) (f *registry.CaseFile, taken bool, err error) {
	f, taken, err = o.glance(ctx, by, grant, caseNumber)
	if err != nil || len(f.Steps) == 0 {
		return f, taken, err
	}
	return f, taken, o.access.read(ctx, by, "case", grant+" "+f.Named(caseNumber), "")
}

// Glance is File for lists, which show where cases stand and no more.
func (o *Cases) Glance(ctx context.Context, by registry.Actor, grant, caseNumber string) (*registry.CaseFile, error) {
	f, _, err := o.glance(ctx, by, grant, caseNumber)
	return f, err
}

func (o *Cases) glance(ctx context.Context, by registry.Actor, grant, caseNumber string) (f *registry.CaseFile, taken bool, err error) {
	if f, err = o.read(ctx, grant, caseNumber); err != nil {
		return nil, false, err
	}
	taken = len(f.Steps) > 0
	named, err := recordOf[*registry.Grant](o.common, registry.KindGrant, grant)
	if err != nil {
		return nil, false, err
	}
	if by.MaySeeCase(named, f) {
		return f, taken, nil
	}
	through, err := o.through(by, named)
	if err != nil {
		return nil, false, err
	}
	if through != nil {
		return &registry.CaseFile{Through: through}, taken, nil
	}
	return nil, false, registry.Errorf(registry.CodeNotFound, "case", "no such case for this account")
}

// checkTaken: a receipt begins a file of its own. The answer is the same to whoever
// may see the one that has the number and to who takes in for a neighbor.
func checkTaken(s *registry.CaseStatement, taken bool) error {
	if s.Kind == registry.CaseReceive && taken {
		return registry.Errorf(registry.CodeStale, "case", "another application has this case number: give this one its own")
	}
	return nil
}

// through is the grant under which the actor's organization takes in
// applications that are decided under another one; nil for none.
func (o *Cases) through(by registry.Actor, under *registry.Grant) (*registry.Grant, error) {
	if under == nil || !by.Sees(registry.MaySeeCases) {
		return nil, nil
	}
	all, err := recordsOf[*registry.Grant](o.common, registry.KindGrant)
	if i := o.takesIn(by, under, all); i >= 0 {
		return all[i], err
	}
	return nil, err
}

// Grants lists the grants under which the actor's organization takes part in
// cases.
func (o *Cases) Grants(_ context.Context, by registry.Actor) ([]*registry.Grant, error) {
	all, err := recordsOf[*registry.Grant](o.common, registry.KindGrant)
	return slices.DeleteFunc(all, func(g *registry.Grant) bool { return !by.Sees(registry.MaySeeCases) || !by.MayHandle(g) }), err
}

// Neighbors lists the grants under which others decide what the actor's
// organization takes in for them and forwards.
func (o *Cases) Neighbors(_ context.Context, by registry.Actor) ([]*registry.Grant, error) {
	all, err := recordsOf[*registry.Grant](o.common, registry.KindGrant)
	if err != nil {
		return nil, err
	}
	var list []*registry.Grant
	for _, g := range all {
		if by.Sees(registry.MaySeeCases) && !by.MayHandle(g) && g.InForce(o.now().Unix()) == nil && o.takesIn(by, g, all) >= 0 {
			list = append(list, g)
		}
	}
	return list, nil
}

// takesIn is which of the grants lets the actor's organization take in for another
// one; -1 for none.
func (o *Cases) takesIn(by registry.Actor, under *registry.Grant, all []*registry.Grant) int {
	at := o.now().Unix()
	return slices.IndexFunc(all, func(g *registry.Grant) bool { return g.TakesIn(by.Organization, under, at) })
}

// List names the cases under the actor's grants, and those that its
// organization was invited into or signed a step of, the last worked on first.
func (o *Cases) List(ctx context.Context, by registry.Actor, limit int) ([]CaseRef, error) {
	grants, err := o.Grants(ctx, by)
	if err != nil {
		return nil, err
	}
	if !by.Sees(registry.MaySeeCases) {
		return nil, nil
	}
	ids := make([]string, len(grants))
	for i, g := range grants {
		ids[i] = g.ID
	}
	return o.store.CaseRefs(ctx, ids, by.Organization, limit)
}

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
	s.Case = f.Named(s.Case)
	if s.Kind == registry.CaseReceive && s.Through == "" && f.Through != nil {
		s.Through = f.Through.ID
	}
	j, err := o.law().CaseJudge(s.Grant, registry.CaseStep{Statement: s})
	if err != nil {
		return nil, err
	}
	s.Number, s.Previous, s.At = len(f.Steps)+1, f.Digest, o.now().Unix()
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

// signedWithin is how old a signature may be when its step is recorded, in
// seconds.
const signedWithin = 600

// Record adds a signed step to its case file and, in mode review, tells the
// ledger of the examination, the seal request and its confirmation. The same
// step again is harmless.
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
		return f, o.anchorExamination(ctx, by, s, f)
	}
	if err := checkTaken(s, taken); err != nil {
		return nil, err
	}
	if s.Number != len(f.Steps)+1 || s.Previous != f.Digest {
		return nil, registry.Errorf(registry.CodeStale, "number", "the case has moved on: it is at step %d", len(f.Steps))
	}
	j, err := o.law().CaseJudge(s.Grant, append(slices.Clone(f.Steps), step)...)
	if err != nil {
		return nil, err
	}
	if err := j.Follows(f, s); err != nil {
		return nil, err
	}
	if err := o.checkInvited(s); err != nil {
		return nil, err
	}
	// 2. Signed by a person of theirs with the role, with an own key, and handed
	// in by that person.
	if now := o.now().Unix(); s.At > now || now-s.At > signedWithin {
		return nil, registry.Errorf(registry.CodeMalformed, "at", "signed too long ago: sign again")
	}
	if err := j.Signed(f, &step); err != nil {
		return nil, err
	}
	if err := o.signs(by, step.Approval.KeyID); err != nil {
		return nil, err
	}
	// 3. Kept.
	if err := o.store.AddCaseStep(ctx, step); err != nil {
		return nil, err
	}
	if f, err = o.read(ctx, s.Grant, s.Case); err != nil {
		return nil, err
	}
	// 4. What the city's decision rests on goes to the ledger.
	return f, o.anchorExamination(ctx, by, s, f)
}

// anchoredSteps are those after which the ledger is told.
var anchoredSteps = []registry.CaseKind{registry.CaseExamine, registry.CaseSealRequest, registry.CaseSealConfirm}

// anchorExamination sets the ledger's record of a review's examination, by the
// organization whose step it is. A step recorded before an outage is told again
// with the next one, because the record is made from the whole file.
func (o *Cases) anchorExamination(ctx context.Context, by registry.Actor, s *registry.CaseStatement, f *registry.CaseFile) error {
	grant, err := recordOf[*registry.Grant](o.common, registry.KindGrant, s.Grant)
	if err != nil || grant == nil || grant.Mode != registry.ModeReview || !slices.Contains(anchoredSteps, s.Kind) {
		return err
	}
	x := f.Examination(grant)
	known, _, err := o.view.Record(x.Kind(), x.Name())
	if err != nil {
		return err
	}
	if known != nil {
		there, err := registry.Encode(known)
		if err != nil {
			return err
		}
		if fresh, err := registry.Encode(x); err != nil || bytes.Equal(there, fresh) {
			return err
		}
	}
	return o.governing.govern(ctx, by, []OrderDraft{{Organization: s.Organization, Record: x, Basis: s.Case, Warrant: registry.Warrant{Case: f.Steps}}})
}
