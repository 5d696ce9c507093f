package api

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"tongzheng/api/web"
	"tongzheng/registry"
)

// casesPage lists the case files of the account's organization.
func (s *Server) casesPage(w http.ResponseWriter, r *http.Request) {
	page, err := s.casesData(r)
	if err != nil {
		s.failConsole(w, r, err)
		return
	}
	s.page(w, r, http.StatusOK, "console-cases", "cases", web.Pair{Chinese: "案卷", English: "Case files"}, page)
}

func (s *Server) casesData(r *http.Request) (*web.Cases, error) {
	records, err := s.Office.View.Records(registry.KindGrant)
	if err != nil {
		return nil, err
	}
	account, page := accountOf(r), &web.Cases{}
	var grants []string
	for _, record := range records {
		g, ok := record.(*registry.Grant)
		if !ok || !account.Admin && (account.Organization == "" || !slices.Contains([]string{g.Decider, g.Acceptor, g.Examiner, g.Handling}, account.Organization)) {
			continue
		}
		grants = append(grants, g.ID)
		page.Grants = append(page.Grants, web.Option{Value: g.ID, Text: g.ID + " · " + s.matterName(g.Matter)})
	}
	refs, err := s.Office.Cases.CaseRefs(r.Context(), grants, account.Organization, 50)
	if err != nil {
		return nil, err
	}
	for _, ref := range refs {
		f, err := s.Office.CaseFile(r.Context(), ref.Grant, ref.Case)
		if err != nil {
			return nil, err
		}
		page.Files = append(page.Files, web.CaseEntry{Grant: ref.Grant, Number: ref.Case, URL: s.caseURL(ref.Grant, ref.Case), Stage: web.CaseName(f.Stage, f.Result), Due: f.Due, Late: f.Late})
	}
	return page, nil
}

func (s *Server) matterName(code string) string {
	record, _, err := s.Office.View.Record(registry.KindMatter, code)
	if m, ok := record.(*registry.Matter); err == nil && ok && m != nil {
		return m.FullName
	}
	return code
}

func (s *Server) caseURL(grant, number string) string {
	return s.base() + "/console/case?" + url.Values{"grant": {grant}, "case": {number}}.Encode()
}

// casePage shows one case file and offers the next step.
func (s *Server) casePage(w http.ResponseWriter, r *http.Request) {
	page, err := s.caseData(r, r.URL.Query().Get("grant"), r.URL.Query().Get("case"))
	if err != nil {
		s.failConsole(w, r, err)
		return
	}
	s.drawCase(w, r, http.StatusOK, page)
}

func (s *Server) drawCase(w http.ResponseWriter, r *http.Request, status int, page *web.Case) {
	s.page(w, r, status, "console-case", "cases", web.Pair{Chinese: "案卷 " + page.Number, English: "Case file"}, page)
}

// consoleSteps are the choices of the console, as kind or kind and result.
var consoleSteps = []struct {
	word   string
	kind   registry.CaseKind
	result registry.ExaminationResult
}{
	{"accept", registry.CaseAccept, ""}, {"opinion", registry.CaseOpinion, ""}, {"forward", registry.CaseExamine, registry.Forward},
	{"return", registry.CaseExamine, registry.SendBack}, {"refuse", registry.CaseExamine, registry.Refuse},
	{"seal-request", registry.CaseSealRequest, ""}, {"seal-confirm", registry.CaseSealConfirm, ""},
}

// caseData reads a case for its page. A case that nobody accepted yet is shown
// empty to the authorities that its grant names.
func (s *Server) caseData(r *http.Request, grant, number string) (*web.Case, error) {
	for name, text := range map[string]string{"grant": grant, "case": number} {
		if text == "" {
			return nil, registry.Errorf(registry.CodeMissing, name, "name grant and case number")
		}
		if err := registry.CheckText(name, text, 64); err != nil {
			return nil, err
		}
	}
	record, _, err := s.Office.View.Record(registry.KindGrant, grant)
	if err != nil {
		return nil, err
	}
	g, ok := record.(*registry.Grant)
	if !ok {
		return nil, registry.Errorf(registry.CodeGrant, "grant", "no such grant")
	}
	page := &web.Case{Grant: grant, Number: number, Mode: g.Mode}
	if page.File, err = s.Office.CaseFile(r.Context(), grant, number); err != nil {
		return nil, err
	}
	if !s.maySeeCase(accountOf(r), grant, page.File) {
		return nil, registry.Errorf(registry.CodeNotFound, "case", "no such case for this account")
	}
	for _, step := range page.File.Steps {
		page.Steps = append(page.Steps, web.CaseLine{Step: step, Word: web.CaseName(step.Statement.Kind, step.Statement.Result), Organization: s.organizationName(step.Statement.Organization)})
	}
	for _, choice := range consoleSteps {
		if page.File.Expects(choice.kind) && (g.Mode == registry.ModeReview || choice.kind != registry.CaseSealRequest) {
			word := web.CaseName(choice.kind, choice.result)
			page.Next = append(page.Next, web.Option{Value: choice.word, Text: word.Chinese + " " + word.English})
		}
	}
	return page, nil
}

// caseForm shows what the account's person would sign.
func (s *Server) caseForm(w http.ResponseWriter, r *http.Request) {
	values, err := readValues(w, r)
	var page *web.Case
	if err == nil {
		page, err = s.caseData(r, trimmed(values, "grant"), trimmed(values, "case"))
	}
	if err != nil {
		s.failConsole(w, r, err)
		return
	}
	if err := s.fillStatement(r, page, values); err != nil {
		s.auditRefusal(r, "case step", "", err)
		p := problemOf(err, requestID(r.Context()))
		problemHeaders(w, p)
		page.Problem = pageProblem(p)
		s.drawCase(w, r, p.Status, page)
		return
	}
	s.drawCase(w, r, http.StatusOK, page)
}

func (s *Server) fillStatement(r *http.Request, page *web.Case, values url.Values) error {
	body := caseBody{Grant: page.Grant, Case: page.Number, Organization: accountOf(r).Organization,
		Content: strings.ReplaceAll(trimmed(values, "text"), "\r\n", "\n")}
	for _, choice := range consoleSteps {
		if choice.word == values.Get("step") {
			body.Kind, body.Result = choice.kind, choice.result
		}
	}
	if body.Kind == registry.CaseAccept {
		days, err := strconv.Atoi(values.Get("days"))
		if err != nil {
			return registry.Errorf(registry.CodeMalformed, "days", "a number of working days")
		}
		body.Days = days
	}
	if err := checkRemark(body.Content); err != nil {
		return err
	}
	next, err := s.nextStatement(r, body)
	if err != nil {
		return err
	}
	page.Statement, page.Text = &next.Statement, body.Content
	if page.Sign, err = s.signing(r, next.Sign.Digest); err != nil || page.Sign == nil {
		return err
	}
	extra, err := json.Marshal(caseExtra{next.Sign.Canonical, body.Content})
	page.Sign.Post, page.Sign.Then, page.Sign.Extra = s.base()+"/console/case/passkey", s.caseURL(page.Grant, page.Number), string(extra)
	return err
}

// caseExtra goes from the page back with the signature.
type caseExtra struct {
	Canonical []byte `json:"canonical"`
	Content   string `json:"content,omitempty"`
}

// recordCaseByPasskey adds a step that a passkey signed.
func (s *Server) recordCaseByPasskey(w http.ResponseWriter, r *http.Request) {
	var body struct {
		assertionBody
		caseExtra
	}
	err := decodeBody(r, &body)
	if err == nil {
		err = checkRemark(body.Content)
	}
	step := registry.CaseStep{Content: body.Content}
	if err == nil && registry.Decode(body.Canonical, &step.Statement) != nil {
		err = registry.Errorf(registry.CodeMalformed, "canonical", "not the canonical bytes of a statement")
	}
	var approval *registry.Approval
	if err == nil {
		approval, err = s.assertion(r, body.assertionBody)
	}
	if err == nil {
		step.Approval = *approval
		_, err = s.takeStep(r, step)
	}
	if err != nil {
		s.refuse(w, r, "case "+caseWord(step.Statement.Kind), "", err)
		return
	}
	s.encode(w, r, http.StatusCreated, map[string]any{"kind": step.Statement.Kind})
}
