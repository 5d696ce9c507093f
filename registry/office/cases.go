package office

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// CaseStore keeps case files. Steps are only added: AddCaseStep is durable when
// it returns, and CodeStale when the number is taken.
type CaseStore interface {
	CaseSteps(ctx context.Context, grant, caseNumber string) ([]registry.CaseStep, error)
	AddCaseStep(ctx context.Context, step registry.CaseStep) error
	// CaseRefs lists the cases under the grants, and those that the organization
	// signed a step of, the last worked on first.
	CaseRefs(ctx context.Context, grants []string, organization string, limit int) ([]CaseRef, error)
}

// CaseRef names a case.
type CaseRef struct{ Grant, Case string }

// CaseFile reads a case.
func (o *Office) CaseFile(ctx context.Context, grant, caseNumber string) (*registry.CaseFile, error) {
	steps, err := o.Cases.CaseSteps(ctx, grant, caseNumber)
	if err != nil {
		return nil, err
	}
	calendars, err := o.calendars()
	if err != nil {
		return nil, err
	}
	return registry.ReadCase(steps, calendars)
}

func (o *Office) calendars() (registry.Calendars, error) {
	records, err := o.View.Records(registry.KindCalendar)
	if err != nil {
		return nil, err
	}
	var all registry.Calendars
	for _, record := range records {
		if c, ok := record.(*registry.Calendar); ok {
			all = append(all, c)
		}
	}
	return all, nil
}

// judge gathers what the ledger says about a case: its grant, and the keys of
// those who signed.
func (o *Office) judge(grant string, steps ...registry.CaseStep) (*registry.CaseJudge, error) {
	j := &registry.CaseJudge{}
	var err error
	if j.Grant, err = recordOf[*registry.Grant](o, registry.KindGrant, grant); err == nil && j.Grant == nil {
		err = registry.Errorf(registry.CodeGrant, "grant", "no grant %q", grant)
	}
	if err != nil {
		return nil, err
	}
	var approvals []registry.Approval
	for _, step := range steps {
		approvals = append(approvals, step.Approval)
	}
	control, err := o.control(approvals)
	if err != nil {
		return nil, err
	}
	j.Control = *control
	return j, nil
}

// NextCaseStatement is the statement a person would sign for the next step.
func (o *Office) NextCaseStatement(ctx context.Context, s registry.CaseStatement, content string) (*registry.CaseStatement, error) {
	j, err := o.judge(s.Grant)
	if err != nil {
		return nil, err
	}
	f, err := o.CaseFile(ctx, s.Grant, s.Case)
	if err != nil {
		return nil, err
	}
	s.Number, s.Previous, s.At = len(f.Steps)+1, f.Digest, o.now().Unix()
	if content != "" {
		s.Content = sm.Sum([]byte(content))
	}
	return &s, j.Follows(f, &s)
}

// signedWithin is how old a signature may be when its step is recorded, in
// seconds.
const signedWithin = 600

// RecordCase adds a signed step to its case file and, in mode review, tells the
// ledger of the examination, the seal request and its confirmation. The same
// step again is harmless.
func (o *Office) RecordCase(ctx context.Context, step registry.CaseStep) (*registry.CaseFile, error) {
	s := &step.Statement
	// 1. The step is the next of its file, and in this organization's hands.
	f, err := o.CaseFile(ctx, s.Grant, s.Case)
	if err != nil {
		return nil, err
	}
	if f.EndsWith(s) {
		return f, o.anchorExamination(ctx, s, f)
	}
	if s.Number != len(f.Steps)+1 || s.Previous != f.Digest {
		return nil, registry.Errorf(registry.CodeStale, "number", "the case has moved on: it is at step %d", len(f.Steps))
	}
	j, err := o.judge(s.Grant, append(slices.Clone(f.Steps), step)...)
	if err != nil {
		return nil, err
	}
	if err := j.Follows(f, s); err != nil {
		return nil, err
	}
	// 2. Signed by a person of theirs with the role, with an own key.
	if now := o.now().Unix(); s.At > now || now-s.At > signedWithin {
		return nil, registry.Errorf(registry.CodeMalformed, "at", "signed too long ago: sign again")
	}
	if err := j.Signed(f, &step); err != nil {
		return nil, err
	}
	// 3. Kept.
	if err := o.Cases.AddCaseStep(ctx, step); err != nil {
		return nil, err
	}
	if f, err = o.CaseFile(ctx, s.Grant, s.Case); err != nil {
		return nil, err
	}
	// 4. What the city's decision rests on goes to the ledger.
	return f, o.anchorExamination(ctx, s, f)
}

// anchorExamination sets the ledger's record of a review's examination, by the
// organization whose step it is. A step recorded before an outage is told again
// with the next one, because the record is made from the whole file.
func (o *Office) anchorExamination(ctx context.Context, s *registry.CaseStatement, f *registry.CaseFile) error {
	grant, err := recordOf[*registry.Grant](o, registry.KindGrant, s.Grant)
	if err != nil || grant == nil || grant.Mode != registry.ModeReview || s.Kind == registry.CaseAccept || s.Kind == registry.CaseOpinion {
		return err
	}
	x := f.Examination(grant)
	known, _, err := o.View.Record(x.Kind(), x.Name())
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
	return o.Govern(ctx, []Ordinance{{Organization: s.Organization, Record: x, Basis: s.Case, Warrant: registry.Warrant{Case: f.Steps}}})
}

// RemarkSalt is what keeps a short remark from being guessed by its digest on
// the ledger. It is derived, and disclosed with the remark to whoever may check.
func (o *Office) RemarkSalt(id registry.Identifier, sequence uint64) sm.Digest {
	return sm.MAC(o.Config.TokenKey, fmt.Appendf(nil, "tongzheng remark salt v1\x00%s\x00%d", id, sequence))
}

// caseEvidence binds a decision to its case file: the digest of the file's end
// with the remark. Without a file it is the remark's digest alone.
func (o *Office) caseEvidence(ctx context.Context, app registry.Application, id registry.Identifier, sequence uint64) (sm.Digest, error) {
	var remark sm.Digest
	if app.Remark != "" {
		salt := o.RemarkSalt(id, sequence)
		remark = sm.Tagged("tongzheng remark v1", append(salt[:], app.Remark...))
	}
	if o.Cases == nil || app.Case == "" {
		return remark, nil
	}
	f, err := o.CaseFile(ctx, app.Grant, app.Case)
	if err != nil || len(f.Steps) == 0 {
		return remark, err
	}
	return sm.Tagged("tongzheng case evidence v1", append(f.Digest[:], remark[:]...)), nil
}
