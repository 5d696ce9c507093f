package api

import (
	"net/http"
	"slices"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// caseBody names the next step of a case file, for its person to sign.
type caseBody struct {
	Grant        string                     `json:"grant"`
	Case         string                     `json:"case"`
	Kind         registry.CaseKind          `json:"kind"`
	Organization string                     `json:"organization"`
	Result       registry.ExaminationResult `json:"result,omitempty"`
	Days         int                        `json:"days,omitempty"`
	Content      string                     `json:"content,omitempty"`
}

// caseStepBody is a signed step: the statement's canonical bytes as they were
// signed, the text whose digest they hold, and the signature.
type caseStepBody struct {
	Canonical []byte            `json:"canonical"`
	Content   string            `json:"content,omitempty"`
	Approval  registry.Approval `json:"approval"`
}

// caseResource is a case file.
type caseResource struct {
	Grant  string                     `json:"grant"`
	Case   string                     `json:"case"`
	Stage  registry.CaseKind          `json:"stage,omitempty"`
	Result registry.ExaminationResult `json:"result,omitempty"`
	Due    registry.Date              `json:"due,omitempty"`
	Late   bool                       `json:"late"`
	Digest sm.Digest                  `json:"digest"`
	Steps  []caseStepResource         `json:"steps"`
}

type caseStepResource struct {
	registry.CaseStatement
	Time    time.Time         `json:"time"`
	Content string            `json:"text,omitempty"`
	Key     sm.KeyID          `json:"key"`
	Roles   []registry.Role   `json:"roles,omitempty"`
	Signed  registry.Approval `json:"approval"`
}

// statementResource is what a person signs to take a step.
type statementResource struct {
	Statement registry.CaseStatement `json:"statement"`
	Sign      signResource           `json:"sign"`
}

func (s *Server) caseResource(grant, number string, f *registry.CaseFile) *caseResource {
	out := &caseResource{Grant: grant, Case: number, Stage: f.Stage, Result: f.Result, Due: f.Due, Late: f.Late, Digest: f.Digest, Steps: []caseStepResource{}}
	for _, step := range f.Steps {
		line := caseStepResource{CaseStatement: step.Statement, Time: time.Unix(step.Statement.At, 0).In(registry.China), Content: step.Content,
			Key: step.Approval.KeyID, Signed: step.Approval}
		if approver := s.approver(step.Approval.KeyID); approver != nil {
			line.Roles = approver.Roles
		}
		out.Steps = append(out.Steps, line)
	}
	return out
}

// caseFile shows a case to the authorities that its grant names, and to those
// who signed a step of it.
func (s *Server) caseFile(w http.ResponseWriter, r *http.Request) {
	err := knownParameters(r, "grant", "case")
	var f *registry.CaseFile
	grant, number := r.URL.Query().Get("grant"), r.URL.Query().Get("case")
	if err == nil {
		f, err = s.visibleCase(r, grant, number)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.encode(w, r, http.StatusOK, s.caseResource(grant, number, f))
}

func (s *Server) visibleCase(r *http.Request, grant, number string) (*registry.CaseFile, error) {
	if grant == "" || number == "" {
		return nil, registry.Errorf(registry.CodeMissing, "case", "name grant and case number")
	}
	f, err := s.Office.CaseFile(r.Context(), grant, number)
	if err != nil {
		return nil, err
	}
	if len(f.Steps) == 0 || !s.maySeeCase(accountOf(r), grant, f) {
		return nil, registry.Errorf(registry.CodeNotFound, "case", "no such case for this account")
	}
	return f, nil
}

func (s *Server) maySeeCase(a *Account, id string, f *registry.CaseFile) bool {
	if a.Admin {
		return true
	}
	if a.Organization == "" {
		return false
	}
	if record, _, err := s.Office.View.Record(registry.KindGrant, id); err == nil {
		if g, ok := record.(*registry.Grant); ok && slices.Contains([]string{g.Decider, g.Acceptor, g.Examiner, g.Handling}, a.Organization) {
			return true
		}
	}
	return slices.ContainsFunc(f.Steps, func(step registry.CaseStep) bool { return step.Statement.Organization == a.Organization })
}

// caseStatement answers with what a person would sign to take the next step.
func (s *Server) caseStatement(w http.ResponseWriter, r *http.Request) {
	var body caseBody
	err := decodeBody(r, &body)
	if err == nil {
		err = checkRemark(body.Content)
	}
	var out *statementResource
	if err == nil {
		out, err = s.nextStatement(r, body)
	}
	if err != nil {
		s.refuse(w, r, "case "+caseWord(body.Kind), "", err)
		return
	}
	s.encode(w, r, http.StatusOK, out)
}

// caseWord keeps what somebody sent as a kind out of the audit trail.
func caseWord(kind registry.CaseKind) string {
	if slices.Contains(registry.CaseKinds(), kind) {
		return string(kind)
	}
	return "step"
}

func (s *Server) nextStatement(r *http.Request, body caseBody) (*statementResource, error) {
	if err := ownStep(r, body.Organization); err != nil {
		return nil, err
	}
	next, err := s.Office.NextCaseStatement(r.Context(), registry.CaseStatement{Grant: body.Grant, Case: body.Case, Kind: body.Kind,
		Organization: body.Organization, Result: body.Result, Days: body.Days}, body.Content)
	if err != nil {
		return nil, err
	}
	canonical, err := registry.Encode(next)
	if err != nil {
		return nil, err
	}
	digest, err := next.Digest()
	return &statementResource{*next, signResource{Digest: digest, Message: registry.ApprovalMessage(digest), Canonical: canonical}}, err
}

// ownStep: people take steps for the organization that they work for.
func ownStep(r *http.Request, organization string) error {
	if a := accountOf(r); a.Organization == "" || a.Organization != organization {
		return registry.Errorf(registry.CodeForbidden, "organization", "this account works for %s", a.Organization)
	}
	return nil
}

// recordCase adds a signed step to its file.
func (s *Server) recordCase(w http.ResponseWriter, r *http.Request) {
	var body caseStepBody
	err := decodeBody(r, &body)
	if err == nil {
		err = checkRemark(body.Content)
	}
	step := registry.CaseStep{Approval: body.Approval, Content: body.Content}
	if err == nil && registry.Decode(body.Canonical, &step.Statement) != nil {
		err = registry.Errorf(registry.CodeMalformed, "canonical", "not the canonical bytes of a statement")
	}
	var f *registry.CaseFile
	if err == nil {
		f, err = s.takeStep(r, step)
	}
	if err != nil {
		s.refuse(w, r, "case "+caseWord(step.Statement.Kind), "", err)
		return
	}
	s.encode(w, r, http.StatusCreated, s.caseResource(step.Statement.Grant, step.Statement.Case, f))
}

func (s *Server) takeStep(r *http.Request, step registry.CaseStep) (*registry.CaseFile, error) {
	if err := ownStep(r, step.Statement.Organization); err != nil {
		return nil, err
	}
	f, err := s.Office.RecordCase(r.Context(), step)
	if err == nil {
		s.audit(r, accountOf(r).Actor(), "case "+string(step.Statement.Kind), step.Statement.Grant, "")
	}
	return f, err
}
