package office

import (
	"context"
	"fmt"
	"slices"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// CaseKind is what a step of a case file records.
type CaseKind string

const (
	CaseAccept      CaseKind = "accept"       // 受理
	CaseOpinion     CaseKind = "opinion"      // 现场核查意见: one party's
	CaseExamine     CaseKind = "examine"      // 审查: forward, return or refuse
	CaseSealRequest CaseKind = "seal-request" // 用印申请, by the examiner's side
	CaseSealConfirm CaseKind = "seal-confirm" // by the decider's
)

// CaseStatement is what a person signs: one step of a case file, chained to the
// one before.
type CaseStatement struct {
	Grant        string                     `cbor:"1,keyasint" json:"grant"`
	Case         string                     `cbor:"2,keyasint" json:"case"` // 受理文号
	Number       int                        `cbor:"3,keyasint" json:"number"`
	Previous     sm.Digest                  `cbor:"4,keyasint,omitzero" json:"previous"`
	Kind         CaseKind                   `cbor:"5,keyasint" json:"kind"`
	Organization string                     `cbor:"6,keyasint" json:"organization"`
	At           int64                      `cbor:"7,keyasint" json:"at"`
	Result       registry.ExaminationResult `cbor:"8,keyasint,omitempty" json:"result,omitempty"` // of an examination
	Days         int                        `cbor:"9,keyasint,omitempty" json:"days,omitempty"`   // of an acceptance: working days to examine
	Content      sm.Digest                  `cbor:"10,keyasint,omitzero" json:"content"`          // SM3 of the text, zero without
}

// Digest is what the person's key signs, and what the next step names.
func (s *CaseStatement) Digest() (sm.Digest, error) {
	raw, err := registry.Encode(s)
	return sm.Tagged("tongzheng case v1", raw), err
}

// CaseStep is a statement with its signature and text.
type CaseStep struct {
	Statement CaseStatement
	Approval  registry.Approval
	Content   string
}

// CaseStore keeps case files. Steps are only added: AddCaseStep is durable when
// it returns, and CodeStale when the number is taken.
type CaseStore interface {
	CaseSteps(ctx context.Context, grant, caseNumber string) ([]CaseStep, error)
	AddCaseStep(ctx context.Context, step CaseStep) error
}

// CaseFile is a case as its steps tell it.
type CaseFile struct {
	Steps  []CaseStep
	Digest sm.Digest     // of its end
	Due    registry.Date // last day of the examination's clock
	Late   bool          // examined after it
	// Stage is the last of accept, examine, seal-request, seal-confirm; empty
	// before the acceptance. A case sent back is at accept again.
	Stage  CaseKind
	Result registry.ExaminationResult
}

// CaseFile reads a case.
func (o *Office) CaseFile(ctx context.Context, grant, caseNumber string) (*CaseFile, error) {
	steps, err := o.Cases.CaseSteps(ctx, grant, caseNumber)
	if err != nil {
		return nil, err
	}
	calendars, err := o.calendars()
	if err != nil {
		return nil, err
	}
	f := &CaseFile{Steps: steps}
	for i := range steps {
		s := &steps[i].Statement
		if s.Number != i+1 || s.Previous != f.Digest {
			return nil, registry.Errorf(registry.CodeInternal, "case", "case %s is damaged at step %d", caseNumber, i+1)
		}
		if f.Digest, err = s.Digest(); err != nil {
			return nil, err
		}
		f.apply(s, calendars)
	}
	return f, nil
}

func (f *CaseFile) apply(s *CaseStatement, calendars registry.Calendars) {
	switch s.Kind {
	case CaseOpinion:
		return
	case CaseAccept:
		f.Due, _ = calendars.Add(registry.DateOfUnix(s.At), s.Days)
	case CaseExamine:
		f.Late = registry.DateOfUnix(s.At) > f.Due
		f.Result = s.Result
		if s.Result == registry.SendBack {
			f.Stage = CaseAccept // supplemented, it is examined again
			return
		}
	}
	f.Stage = s.Kind
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

// caseRule says which stage a step follows, whose it is, and in which office.
type caseRule struct {
	after []CaseKind
	whose func(*registry.Grant) []string
	roles []registry.Role
}

var caseRules = map[CaseKind]caseRule{
	CaseAccept: {[]CaseKind{""}, func(g *registry.Grant) []string { return first(g.Acceptor, g.Examiner, g.Decider) }, []registry.Role{registry.RoleAcceptor}},
	CaseOpinion: {[]CaseKind{CaseAccept}, nil, // any registered authority that took part in the visit
		[]registry.Role{registry.RoleExaminer, registry.RoleAcceptor, registry.RoleApprover, registry.RoleWitness}},
	CaseExamine:     {[]CaseKind{CaseAccept}, func(g *registry.Grant) []string { return first(g.Examiner, g.Decider) }, []registry.Role{registry.RoleExaminer}},
	CaseSealRequest: {[]CaseKind{CaseExamine}, func(g *registry.Grant) []string { return []string{g.Examiner} }, []registry.Role{registry.RoleExaminer, registry.RoleSealKeeper}},
	CaseSealConfirm: {[]CaseKind{CaseSealRequest}, func(g *registry.Grant) []string { return []string{g.Decider} }, []registry.Role{registry.RoleSealKeeper, registry.RoleApprover}},
}

func first(codes ...string) []string {
	for _, code := range codes {
		if code != "" {
			return []string{code}
		}
	}
	return nil
}

// NextCaseStatement is the statement a person would sign for the next step.
func (o *Office) NextCaseStatement(ctx context.Context, s CaseStatement, content string) (*CaseStatement, error) {
	f, err := o.CaseFile(ctx, s.Grant, s.Case)
	if err != nil {
		return nil, err
	}
	s.Number, s.Previous, s.At = len(f.Steps)+1, f.Digest, o.now().Unix()
	if content != "" {
		s.Content = sm.Sum([]byte(content))
	}
	return &s, o.checkStatement(&s, f)
}

// checkStatement: the step follows the file's stage, and the organization may
// take it under the grant.
func (o *Office) checkStatement(s *CaseStatement, f *CaseFile) error {
	rule, known := caseRules[s.Kind]
	grant, err := recordOf[*registry.Grant](o, registry.KindGrant, s.Grant)
	switch {
	case err != nil:
		return err
	case grant == nil:
		return registry.Errorf(registry.CodeGrant, "grant", "no grant %q", s.Grant)
	case !known || s.Case == "" || len(s.Case) > 64:
		return registry.Errorf(registry.CodeMalformed, "kind", "kind and case number are required")
	case !slices.Contains(rule.after, f.Stage):
		return registry.Errorf(registry.CodeActState, "kind", "%s does not follow %q", s.Kind, f.Stage)
	case rule.whose != nil && !slices.Contains(rule.whose(grant), s.Organization):
		return registry.Errorf(registry.CodeForbidden, "organization", "under this grant %s is not for %s", s.Kind, s.Organization)
	case (s.Kind == CaseExamine) != (s.Result != ""), (s.Kind == CaseAccept) != (s.Days > 0), s.Kind == CaseOpinion && s.Content.IsZero():
		return registry.Errorf(registry.CodeMalformed, "result", "an examination has its result, an acceptance its working days, an opinion its text")
	case s.Result != "" && !slices.Contains([]registry.ExaminationResult{registry.Forward, registry.SendBack, registry.Refuse}, s.Result):
		return registry.Errorf(registry.CodeMalformed, "result", "result %q", s.Result)
	case s.Kind == CaseSealRequest && (grant.Mode != registry.ModeReview || f.Result != registry.Forward):
		return registry.Errorf(registry.CodeActState, "kind", "a seal is asked for what a review forwarded")
	}
	return nil
}

// RecordCase adds a signed step to its case file and, in mode review, tells the
// ledger of the examination, the seal request and its confirmation.
func (o *Office) RecordCase(ctx context.Context, step CaseStep) (*CaseFile, error) {
	s := &step.Statement
	// 1. The step is the next of its file, and in this organization's hands.
	f, err := o.CaseFile(ctx, s.Grant, s.Case)
	if err != nil {
		return nil, err
	}
	if s.Number != len(f.Steps)+1 || s.Previous != f.Digest {
		return nil, registry.Errorf(registry.CodeStale, "number", "the case has moved on: it is at step %d", len(f.Steps))
	}
	if err := o.checkStatement(s, f); err != nil {
		return nil, err
	}
	// 2. Signed by a person of theirs, with an own key.
	if err := o.checkCaseSignature(&step, f); err != nil {
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

func (o *Office) checkCaseSignature(step *CaseStep, f *CaseFile) error {
	s := &step.Statement
	digest, err := s.Digest()
	if err != nil {
		return err
	}
	now := o.now().Unix()
	if s.At > now || now-s.At > 600 || step.Content != "" && sm.Sum([]byte(step.Content)) != s.Content || step.Content == "" && !s.Content.IsZero() {
		return registry.Errorf(registry.CodeMalformed, "statement", "signed too long ago, or the text is not the one that was signed")
	}
	key, err := recordOf[*registry.Approver](o, registry.KindApprover, string(step.Approval.KeyID))
	switch {
	case err != nil:
		return err
	case key == nil || key.Organization != s.Organization || now < key.From || key.Until != 0 && now >= key.Until:
		return registry.Errorf(registry.CodeApprovalUnknown, "approval", "key %s is not enrolled for %s now", step.Approval.KeyID, s.Organization)
	case !slices.ContainsFunc(caseRules[s.Kind].roles, func(r registry.Role) bool { return slices.Contains(key.Roles, r) }):
		return registry.Errorf(registry.CodeApprovalRole, "approval", "%s is for %v", s.Kind, caseRules[s.Kind].roles)
	}
	pub, err := sm.ParsePublicKey(key.Public)
	if err != nil || step.Approval.Algorithm != registry.SM2SM3 || len(step.Approval.Signed) > 0 || !sm.Verify(pub, registry.ApprovalMessage(digest), step.Approval.Signature) {
		return registry.Errorf(registry.CodeApprovalSignature, "approval", "the signature does not hold for this step").WithCause(err)
	}
	if s.Kind == CaseExamine {
		return o.checkExaminer(f, key)
	}
	return nil
}

// checkExaminer: who accepted does not examine.
func (o *Office) checkExaminer(f *CaseFile, examiner *registry.Approver) error {
	for _, step := range f.Steps {
		if step.Statement.Kind != CaseAccept {
			continue
		}
		acceptor, err := recordOf[*registry.Approver](o, registry.KindApprover, string(step.Approval.KeyID))
		if err != nil {
			return err
		}
		if acceptor != nil && acceptor.Person == examiner.Person {
			return registry.Errorf(registry.CodeApprovalTwice, "approval", "the person who accepted the case cannot examine it")
		}
	}
	return nil
}

// anchorExamination sets the ledger's record of a review's examination, by the
// organization whose step it is. A step recorded before an outage is told again
// with the next one, because the record is made from the whole file.
func (o *Office) anchorExamination(ctx context.Context, s *CaseStatement, f *CaseFile) error {
	grant, err := recordOf[*registry.Grant](o, registry.KindGrant, s.Grant)
	if err != nil || grant == nil || grant.Mode != registry.ModeReview || s.Kind == CaseAccept || s.Kind == CaseOpinion {
		return err
	}
	x := &registry.Examination{Grant: s.Grant, Case: s.Case, Organization: grant.Examiner, Due: f.Due}
	for _, step := range f.Steps {
		t := &step.Statement
		switch t.Kind {
		case CaseAccept:
			x.Accepted = t.At
		case CaseOpinion:
			x.Opinions = append(x.Opinions, registry.Opinion{Organization: t.Organization, Key: step.Approval.KeyID, Opinion: t.Content, At: t.At})
		case CaseExamine:
			x.Result, x.Examined, x.Key = t.Result, t.At, step.Approval.KeyID
		case CaseSealRequest:
			x.SealAsked = t.At
		case CaseSealConfirm:
			x.Confirmed, x.ConfirmedBy = t.At, step.Approval.KeyID
		}
	}
	return o.Govern(ctx, []Ordinance{{Organization: s.Organization, Record: x, Basis: s.Case}})
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
