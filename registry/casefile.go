package registry

import (
	"slices"

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

// CaseKinds lists the kinds in the order of a file; the API enum is compared
// with it.
func CaseKinds() []CaseKind {
	return []CaseKind{CaseAccept, CaseOpinion, CaseExamine, CaseSealRequest, CaseSealConfirm}
}

// CaseStatement is what a person signs: one step of a case file, chained to the
// one before.
type CaseStatement struct {
	Grant        string            `cbor:"1,keyasint" json:"grant"`
	Case         string            `cbor:"2,keyasint" json:"case"` // 受理文号
	Number       int               `cbor:"3,keyasint" json:"number"`
	Previous     sm.Digest         `cbor:"4,keyasint,omitzero" json:"previous"`
	Kind         CaseKind          `cbor:"5,keyasint" json:"kind"`
	Organization string            `cbor:"6,keyasint" json:"organization"`
	At           int64             `cbor:"7,keyasint" json:"at"`
	Result       ExaminationResult `cbor:"8,keyasint,omitempty" json:"result,omitempty"` // of an examination
	Days         int               `cbor:"9,keyasint,omitempty" json:"days,omitempty"`   // of an acceptance: working days to examine
	Content      sm.Digest         `cbor:"10,keyasint,omitzero" json:"content"`          // SM3 of the text, zero without
}

// Digest is what the person's key signs, and what the next step names.
func (s *CaseStatement) Digest() (sm.Digest, error) {
	raw, err := Encode(s)
	return sm.Tagged("tongzheng case v1", raw), err
}

// CaseStep is a statement with its signature and text.
type CaseStep struct {
	Statement CaseStatement
	Approval  Approval
	Content   string
}

// CaseFile is a case as its steps tell it.
type CaseFile struct {
	Steps  []CaseStep
	Digest sm.Digest // of its end
	Due    Date      // last day of the examination's clock
	Late   bool      // examined after it
	// Stage is the last of accept, examine, seal-request, seal-confirm; empty
	// before the acceptance. A case sent back is at accept again.
	Stage  CaseKind
	Result ExaminationResult
}

// ReadCase follows a case's steps from the first. An error means that they are
// not one chain.
func ReadCase(steps []CaseStep, calendars Calendars) (*CaseFile, error) {
	f := &CaseFile{Steps: steps}
	for i := range steps {
		s := &steps[i].Statement
		if s.Number != i+1 || s.Previous != f.Digest {
			return nil, Errorf(CodeInternal, "case", "case %s is damaged at step %d", s.Case, i+1)
		}
		var err error
		if f.Digest, err = s.Digest(); err != nil {
			return nil, err
		}
		f.apply(s, calendars)
	}
	return f, nil
}

func (f *CaseFile) apply(s *CaseStatement, calendars Calendars) {
	switch s.Kind {
	case CaseOpinion:
		return
	case CaseAccept:
		f.Due, _ = calendars.Add(DateOfUnix(s.At), s.Days)
	case CaseExamine:
		f.Late = DateOfUnix(s.At) > f.Due
		f.Result = s.Result
		if s.Result == SendBack {
			f.Stage = CaseAccept // supplemented, it is examined again
			return
		}
	}
	f.Stage = s.Kind
}

// caseRule says which stage a step follows, whose it is, and in which office.
type caseRule struct {
	after []CaseKind
	whose func(*Grant) []string
	roles []Role
}

var caseRules = map[CaseKind]caseRule{
	CaseAccept: {[]CaseKind{""}, func(g *Grant) []string { return first(g.Acceptor, g.Examiner, g.Decider) }, []Role{RoleAcceptor}},
	CaseOpinion: {[]CaseKind{CaseAccept}, nil, // any registered authority that took part in the visit
		[]Role{RoleExaminer, RoleAcceptor, RoleApprover, RoleWitness}},
	CaseExamine:     {[]CaseKind{CaseAccept}, func(g *Grant) []string { return first(g.Examiner, g.Decider) }, []Role{RoleExaminer}},
	CaseSealRequest: {[]CaseKind{CaseExamine}, func(g *Grant) []string { return []string{g.Examiner} }, []Role{RoleExaminer, RoleSealKeeper}},
	CaseSealConfirm: {[]CaseKind{CaseSealRequest}, func(g *Grant) []string { return []string{g.Decider} }, []Role{RoleSealKeeper, RoleApprover}},
}

// Expects tells whether a step of the kind may come next.
func (f *CaseFile) Expects(kind CaseKind) bool {
	return slices.Contains(caseRules[kind].after, f.Stage) && (kind != CaseSealRequest || f.Result == Forward)
}

func first(codes ...string) []string {
	for _, code := range codes {
		if code != "" {
			return []string{code}
		}
	}
	return nil
}

// CaseJudge is what a case's steps are judged by: the ledger's grant and the
// keys of all who signed. Registry and signer each fill it from their own copy.
type CaseJudge struct {
	Grant   *Grant
	Control Control
}

// Follows tells whether the organization may take this step now: it follows
// the file's stage, and is theirs under the grant.
func (j *CaseJudge) Follows(f *CaseFile, s *CaseStatement) error {
	rule, known := caseRules[s.Kind]
	switch {
	case !known || s.Case == "" || len(s.Case) > 64 || s.Grant != j.Grant.ID:
		return Errorf(CodeMalformed, "kind", "kind, grant and case number are required")
	case !slices.Contains(rule.after, f.Stage):
		return Errorf(CodeActState, "kind", "%s does not follow %q", s.Kind, f.Stage)
	case rule.whose != nil && !slices.Contains(rule.whose(j.Grant), s.Organization):
		return Errorf(CodeForbidden, "organization", "under this grant %s is not for %s", s.Kind, s.Organization)
	case (s.Kind == CaseExamine) != (s.Result != ""), (s.Kind == CaseAccept) != (s.Days > 0), s.Days > 250, s.Kind == CaseOpinion && s.Content.IsZero():
		return Errorf(CodeMalformed, "result", "an examination has its result, an acceptance its working days (at most 250), an opinion its text")
	case s.Result != "" && !slices.Contains([]ExaminationResult{Forward, SendBack, Refuse}, s.Result):
		return Errorf(CodeMalformed, "result", "result %q", s.Result)
	case s.Kind == CaseSealRequest && (j.Grant.Mode != ModeReview || f.Result != Forward):
		return Errorf(CodeActState, "kind", "a seal is asked for what a review forwarded")
	case s.At < f.latest():
		return Errorf(CodeDateOrder, "at", "before the step that it follows")
	}
	return nil
}

func (f *CaseFile) latest() int64 {
	if n := len(f.Steps); n > 0 {
		return f.Steps[n-1].Statement.At
	}
	return 0
}

// Signed tells whether a person of the organization, with the role that the
// step asks for and a key valid at its time, signed it. Who accepted does not
// examine.
func (j *CaseJudge) Signed(f *CaseFile, step *CaseStep) error {
	s := &step.Statement
	digest, err := s.Digest()
	if err != nil {
		return err
	}
	if step.Content != "" && sm.Sum([]byte(step.Content)) != s.Content || step.Content == "" && !s.Content.IsZero() {
		return Errorf(CodeMalformed, "content", "the text is not the one that was signed")
	}
	key, known := j.Control.Approvers[step.Approval.KeyID]
	switch {
	case !known || key.Organization != s.Organization || !key.Valid(s.At):
		return Errorf(CodeApprovalUnknown, "approval", "key %s is not enrolled for %s now", step.Approval.KeyID, s.Organization)
	case !slices.ContainsFunc(caseRules[s.Kind].roles, func(r Role) bool { return slices.Contains(key.Roles, r) }):
		return Errorf(CodeApprovalRole, "approval", "%s is for %v", s.Kind, caseRules[s.Kind].roles)
	case s.Kind == CaseExamine && slices.Contains(j.Acceptors(f), key.Person):
		return Errorf(CodeApprovalTwice, "approval", "the person who accepted the case cannot examine it")
	}
	return j.Control.Verify(step.Approval, key, digest)
}

// Acceptors are the persons who accepted the case, by pseudonym.
func (j *CaseJudge) Acceptors(f *CaseFile) (people []string) {
	for _, step := range f.Steps {
		if key, known := j.Control.Approvers[step.Approval.KeyID]; known && step.Statement.Kind == CaseAccept {
			people = append(people, key.Person)
		}
	}
	return people
}

// Examination is what the ledger is told of a review, made from the whole file.
func (f *CaseFile) Examination(grant *Grant) *Examination {
	x := &Examination{Grant: grant.ID, Organization: grant.Examiner, Due: f.Due}
	for _, step := range f.Steps {
		t := &step.Statement
		x.Case = t.Case
		switch t.Kind {
		case CaseAccept:
			x.Accepted = t.At
		case CaseOpinion:
			x.Opinions = append(x.Opinions, Opinion{Organization: t.Organization, Key: step.Approval.KeyID, Opinion: t.Content, At: t.At})
		case CaseExamine:
			x.Result, x.Examined, x.Key = t.Result, t.At, step.Approval.KeyID
		case CaseSealRequest:
			x.SealAsked = t.At
		case CaseSealConfirm:
			x.Confirmed, x.ConfirmedBy = t.At, step.Approval.KeyID
		}
	}
	return x
}

// EndsWith tells whether the statement is the file's last step.
func (f *CaseFile) EndsWith(s *CaseStatement) bool {
	digest, err := s.Digest()
	return err == nil && len(f.Steps) > 0 && digest == f.Digest
}
