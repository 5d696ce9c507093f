package registry

import (
	"slices"
	"strconv"

	"tongzheng/registry/sm"
)

// caseRule says which stages a step follows, whose it is, and in which office.
type caseRule struct {
	after []CaseKind
	whose func(*Grant, *CaseFile) []string
	roles []Role
	needs []string // fields of the statement that it has
	may   []string // fields that it may have besides
}

var (
	stagesTaken    = []CaseKind{CaseReceive, CaseNotify}
	stagesAccepted = []CaseKind{CaseAccept, StageSilence}
	stagesOpen     = append(slices.Clone(stagesAccepted), CaseExamine, CaseSealRequest, CaseSealConfirm)
	rolesCounter   = []Role{RoleAcceptor}
	rolesOffice    = []Role{RoleExaminer, RoleAcceptor, RoleApprover}
	whoAccepts     = func(g *Grant, _ *CaseFile) []string { return g.acceptors() }
	whoReceives    = func(g *Grant, _ *CaseFile) []string { return append(g.acceptors(), g.Handling) } // a center takes in for the legal issuer
	whoExamines    = func(g *Grant, _ *CaseFile) []string { return g.examiners() }
	whoDecides     = func(g *Grant, _ *CaseFile) []string { return []string{g.Decider} }
	whoIsParty     = func(g *Grant, _ *CaseFile) []string { return g.Parties() }
	whoWorks       = func(g *Grant, _ *CaseFile) []string { return append(g.examiners(), g.Decider) }
	whoIsIn        = func(g *Grant, f *CaseFile) []string { return append(g.Parties(), f.Invited()...) }
)

var caseRules = map[CaseKind]caseRule{
	CaseReceive:     {[]CaseKind{""}, whoReceives, rolesCounter, []string{"received", "channel", "items"}, []string{"through"}},
	CaseNotify:      {[]CaseKind{CaseReceive}, whoAccepts, rolesCounter, []string{"items", "document"}, []string{"content"}},
	CaseDecline:     {stagesTaken, whoAccepts, rolesCounter, []string{"document", "content"}, nil},
	CaseAccept:      {append(slices.Clone(stagesTaken), ""), whoAccepts, rolesCounter, []string{"days"}, []string{"unit", "items", "document", "content"}},
	CaseCommit:      {append(slices.Clone(stagesTaken), stagesAccepted...), whoAccepts, rolesCounter, []string{"content"}, nil},
	CaseSupply:      {append(slices.Clone(stagesTaken), stagesOpen...), whoAccepts, rolesCounter, []string{"items"}, []string{"content"}},
	CaseInvite:      {stagesAccepted, whoIsParty, []Role{RoleExaminer, RoleAcceptor, RoleApprover}, []string{"invited", "purpose", "due"}, []string{"content", "document"}},
	CaseOpinion:     {stagesAccepted, whoIsIn, rolesOffice, []string{"content"}, nil},
	CaseExtend:      {stagesOpen, whoDecides, []Role{RoleApprover}, []string{"days", "document", "content"}, []string{"unit"}},
	CaseSuspend:     {stagesOpen, whoWorks, []Role{RoleExaminer, RoleApprover}, []string{"procedure", "document"}, []string{"content"}},
	CaseResume:      {stagesOpen, whoWorks, []Role{RoleExaminer, RoleApprover}, nil, []string{"document", "content"}},
	CaseExamine:     {stagesAccepted, whoExamines, []Role{RoleExaminer}, []string{"result"}, []string{"content"}},
	CaseSealRequest: {[]CaseKind{CaseExamine}, func(g *Grant, _ *CaseFile) []string { return []string{g.Examiner} }, []Role{RoleExaminer, RoleSealKeeper}, nil, []string{"content"}},
	CaseSealConfirm: {[]CaseKind{CaseSealRequest}, whoDecides, []Role{RoleSealKeeper, RoleApprover}, nil, []string{"content"}},
}

// CaseFields lists the fields that a step of the kind has, and those that it may
// have besides, by their JSON names.
func CaseFields(kind CaseKind) (needs, may []string) {
	return caseRules[kind].needs, caseRules[kind].may
}

// fields tells which fields the statement has, in the order in which they are
// found at fault.
func (s *CaseStatement) fields() []struct {
	name  string
	given bool
} {
	return []struct {
		name  string
		given bool
	}{{"result", s.Result != ""}, {"received", s.Received != 0}, {"channel", s.Channel != ""}, {"days", s.Days != 0}, {"unit", s.Unit != ""},
		{"items", len(s.Items) > 0}, {"invited", s.Invited != ""}, {"purpose", s.Purpose != ""}, {"due", s.Due != 0},
		{"procedure", s.Procedure != ""}, {"through", s.Through != ""}, {"document", s.Document != ""}, {"content", !s.Content.IsZero()}}
}

// Faults lists all that is wrong with the statement by itself, each with its
// field; none for a well-formed one. Whether the step may be taken now,
// CaseJudge.Follows says.
func (s *CaseStatement) Faults() (faults []*Error) {
	add := func(code Code, field, format string, args ...any) {
		faults = append(faults, Errorf(code, field, format, args...))
	}
	rule, known := caseRules[s.Kind]
	if !known {
		add(CodeMalformed, "kind", "%q is no step of a case file", s.Kind)
		return faults
	}
	for _, f := range s.fields() {
		switch needed := slices.Contains(rule.needs, f.name); {
		case needed && !f.given:
			add(CodeMissing, f.name, "%s needs it", s.Kind)
		case f.given && !needed && !slices.Contains(rule.may, f.name):
			add(CodeUnknownField, f.name, "%s has no such field", s.Kind)
		}
	}
	if defers := s.Kind == CaseAccept && len(s.Items) > 0; defers && s.Document == "" {
		add(CodeMissing, "document", "the number of the one notice in which the applicant is told what is missing (容缺受理)")
	} else if defers && s.Content.IsZero() {
		add(CodeMissing, "content", "the applicant's promise to bring what is missing (容缺受理)")
	} else if s.Kind == CaseAccept && !defers && s.Document != "" {
		add(CodeMissing, "items", "what the document tells to be missing")
	}
	if s.Kind == CaseInvite {
		faults = append(faults, s.faultsOfRequest()...)
	}
	for _, check := range []func() *Error{s.faultOfWords, s.faultOfDays, s.faultOfTexts} {
		if fault := check(); fault != nil {
			faults = append(faults, fault)
		}
	}
	return append(faults, s.faultsOfItems()...)
}

// faultsOfRequest: a request for files (查阅档案) has its number and says what is looked for
// and why; other invitations have no number.
func (s *CaseStatement) faultsOfRequest() (faults []*Error) {
	asks := s.Purpose == InviteArchive
	if asks && s.Document == "" {
		faults = append(faults, Errorf(CodeMissing, "document", "the number of the request for files (查阅档案申请)"))
	}
	if asks && s.Content.IsZero() {
		faults = append(faults, Errorf(CodeMissing, "content", "which files are looked for, and why"))
	}
	if !asks && s.Document != "" {
		faults = append(faults, Errorf(CodeUnknownField, "document", "%s has no such field", s.Purpose))
	}
	return faults
}

func (s *CaseStatement) faultOfWords() *Error {
	switch {
	case s.Result != "" && !slices.Contains([]ExaminationResult{Forward, SendBack, Refuse}, s.Result):
		return Errorf(CodeMalformed, "result", "result %q", s.Result)
	case s.Channel != "" && !slices.Contains(CaseChannels(), s.Channel):
		return Errorf(CodeMalformed, "channel", "one of %v", CaseChannels())
	case s.Purpose != "" && !slices.Contains(InvitePurposes(), s.Purpose):
		return Errorf(CodeMalformed, "purpose", "one of %v", InvitePurposes())
	case s.Procedure != "" && !slices.Contains(CaseProcedures(), s.Procedure):
		return Errorf(CodeMalformed, "procedure", "a clock stops for the procedures of article 45 only: %v", CaseProcedures())
	case s.Invited != "" && len(s.Invited) != 18:
		return Errorf(CodeUSCCForm, "invited", "the credit code of an organization")
	}
	return nil
}

func (s *CaseStatement) faultOfDays() *Error {
	most := MostCaseDays
	if s.Kind == CaseExtend {
		most = MostExtension
	}
	switch {
	case s.Days < 0 || s.Days > most:
		return Errorf(CodeMalformed, "days", "1 to %d working days", most)
	case s.Unit != "" && s.Unit != WorkingDays:
		return Errorf(CodeMalformed, "unit", "an authority's days are working days (行政许可法82条)")
	}
	return nil
}

func (s *CaseStatement) faultOfTexts() *Error {
	for _, text := range []struct{ field, value string }{{"case", s.Case}, {"document", s.Document}, {"through", s.Through}} {
		if err := CheckText(text.field, text.value, 64); err != nil {
			return err.(*Error)
		}
	}
	return nil
}

func (s *CaseStatement) faultsOfItems() (faults []*Error) {
	if len(s.Items) > mostItems {
		return []*Error{Errorf(CodeMalformed, "items", "at most %d", mostItems)}
	}
	for i, item := range s.Items {
		field := "items." + strconv.Itoa(i) + ".name"
		if err := CheckText(field, item.Name, mostItemName); err != nil {
			faults = append(faults, err.(*Error))
		}
		if item.Name == "" {
			faults = append(faults, Errorf(CodeMissing, field, "an item has its name"))
		}
		if slices.ContainsFunc(s.Items[:i], func(other CaseItem) bool { return other.Name == item.Name }) {
			faults = append(faults, Errorf(CodeMalformed, field, "%s stands twice", item.Name))
		}
		if (item.Due != 0) != (s.Kind == CaseAccept) {
			faults = append(faults, Errorf(CodeMissing, "items."+strconv.Itoa(i)+".due", "an item that an acceptance leaves for later has its last day, others have none"))
		}
	}
	return faults
}

// Expects tells whether a step of the kind may come next.
func (f *CaseFile) Expects(kind CaseKind) bool {
	switch {
	case !slices.Contains(caseRules[kind].after, f.Stage):
		return false
	case kind == CaseSealRequest:
		return f.mode == ModeReview && f.Result == Forward
	case kind == CaseSupply:
		return len(f.OpenItems()) > 0
	case kind == CaseCommit:
		return f.Commitment.IsZero()
	case kind == CaseExtend:
		return f.Clock.Extended == 0 && f.Clock.Stopped() == nil
	case kind == CaseResume:
		return f.Clock.Stopped() != nil
	case kind == CaseSuspend || kind == CaseExamine:
		return f.Clock.Stopped() == nil
	}
	return true
}

// Takes tells whether the step would be the organization's under the grant.
func (f *CaseFile) Takes(kind CaseKind, grant *Grant, organization string) bool {
	forwards := kind == CaseReceive && f.Through.handles(organization)
	return organization != "" && (forwards || slices.Contains(caseRules[kind].whose(grant, f), organization))
}

// CaseJudge is what a case's steps are judged by: the ledger's grant, its matter
// and the keys of all who signed. Registry and signer each fill it from their
// own copy.
type CaseJudge struct {
	Grant   *Grant
	Matter  *Matter   // nil: not on the ledger
	Through *Grant    // that a receipt names; nil for none
	Days    Calendars // by which a receipt for a neighbor is in time
	Control Control
}

// Follows tells whether the organization may take this step now: it follows
// the file's stage, and is theirs under the grant.
func (j *CaseJudge) Follows(f *CaseFile, s *CaseStatement) error {
	rule, known := caseRules[s.Kind]
	stage := f.StageOn(DateOfUnix(s.At))
	switch {
	case !known || s.Grant != j.Grant.ID:
		return Errorf(CodeMalformed, "kind", "kind and grant are required")
	case s.Case == "":
		return Errorf(CodeMissing, "case", "the case number (受理文号) is required")
	case !slices.Contains(rule.after, stage):
		return Errorf(CodeActState, "kind", "%s does not follow %q", s.Kind, stage)
	case !j.takes(f, s):
		return Errorf(CodeForbidden, "organization", "under this grant %s is not for %s", s.Kind, s.Organization)
	case f.Named(s.Case) != s.Case:
		return Errorf(CodeMalformed, "case", "the file is named %s", f.Named(s.Case))
	}
	if err := j.checkPeriod(f, s); err != nil {
		return err
	}
	if faults := s.Faults(); len(faults) > 0 {
		return faults[0]
	}
	switch {
	case s.Kind == CaseSealRequest && (j.Grant.Mode != ModeReview || f.Result != Forward):
		return Errorf(CodeActState, "kind", "a seal is asked for what a review forwarded")
	case s.Kind == CaseAccept && j.Grant.Mode == ModeReview && s.Days > DecisionDays:
		return Errorf(CodeMalformed, "days", "under a review agreement the examination runs inside the city's %d working days", DecisionDays)
	case s.Kind == CaseCommit && !f.Commitment.IsZero():
		return Errorf(CodeActState, "kind", "the file has a commitment")
	case s.At < f.latest():
		return Errorf(CodeDateOrder, "at", "before the step that it follows")
	}
	if s.Through != "" {
		if last, known := j.Days.Add(DateOfUnix(s.Received), 1); known && DateOfUnix(s.At) > last {
			return Errorf(CodeBackdated, "received", "what is taken in for a neighbor is recorded by the next working day, %s: the days to answer are the neighbor's", last)
		}
	}
	for _, err := range []error{j.checkItems(f, s), f.checkInvitation(j.Grant, s), f.at(s.At).checkClock(s)} {
		if err != nil {
			return err
		}
	}
	return nil
}

// checkPeriod: under a grant that is not in force nothing is taken in, and after its
// end only the cases go on that were in flight and its handover lists, and whatever
// a logged exception lets its seal end.
func (j *CaseJudge) checkPeriod(f *CaseFile, s *CaseStatement) error {
	g := j.Grant
	err := g.InForce(s.At)
	switch {
	case err == nil, len(f.Steps) == 0:
		return err
	case g.lists(s.Case),
		slices.ContainsFunc(g.Exceptions, func(x Exception) bool { return g.Excepts(x.Seal, s.At) }):
		return nil
	}
	return err
}

// takes tells whether the step is the organization's: under the grant, or, of a
// receipt that is forwarded, under that of a center which takes in for the region.
func (j *CaseJudge) takes(f *CaseFile, s *CaseStatement) bool {
	if s.Through != "" {
		return s.Kind == CaseReceive && j.Through != nil && j.Through.ID == s.Through && j.Through.TakesIn(s.Organization, j.Grant, s.At)
	}
	return s.Organization != "" && slices.Contains(caseRules[s.Kind].whose(j.Grant, f), s.Organization)
}

// at is the file as it is at an instant after its last step.
func (f *CaseFile) at(instant int64) *CaseFile {
	then := *f
	then.Elapse(DateOfUnix(instant))
	return &then
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
	case s.Kind == CaseExamine && slices.Contains(j.Acceptors(f.at(s.At)), key.Person):
		return Errorf(CodeApprovalTwice, "approval", "the person who accepted the case cannot examine it")
	}
	return j.Control.Verify(step.Approval, key, digest)
}

// Acceptors are the persons who accepted the case, by pseudonym; of one accepted
// by silence, who received it.
func (j *CaseJudge) Acceptors(f *CaseFile) (people []string) {
	silent := f.Stage != "" && f.Clock.Began != 0 && f.accepted() == StageSilence
	for _, step := range f.Steps {
		kind := step.Statement.Kind
		if key, known := j.Control.Approvers[step.Approval.KeyID]; known && (kind == CaseAccept || kind == CaseReceive && silent) {
			people = append(people, key.Person)
		}
	}
	return people
}
