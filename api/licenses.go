package api

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
)

// applicationBody is an application, with approvals when a machine client
// hands everything in at once.
type applicationBody struct {
	registry.Application
	Approvals []registry.Approval `json:"approvals,omitempty"`
}

// issue takes an application for a new license.
func (s *Server) issue(w http.ResponseWriter, r *http.Request) {
	var body applicationBody
	if err := decodeBody(r, &body); err != nil {
		s.refuse(w, r, "issue", "", err)
		return
	}
	if body.Act == 0 {
		body.Act = registry.Issue
	}
	if body.Act != registry.Issue {
		s.refuse(w, r, "issue", "", registry.Errorf(registry.CodeActUnknown, "act", "here a license is issued; other acts are posted to its /acts"))
		return
	}
	s.propose(w, r, "issue", body)
}

// act takes an application for an act on a license.
func (s *Server) act(w http.ResponseWriter, r *http.Request) {
	id, err := registry.ParseIdentifier(chi.URLParam(r, "identifier"))
	if err != nil {
		s.refuse(w, r, "act", "", err)
		return
	}
	var body applicationBody
	if err := decodeBody(r, &body); err != nil {
		s.refuse(w, r, "act", id.String(), err)
		return
	}
	switch {
	case body.Act == 0:
		err = registry.Errorf(registry.CodeMissing, "act", "name the act")
	case body.Act == registry.Issue:
		err = registry.Errorf(registry.CodeActUnknown, "act", "a new license is posted to /licenses")
	case !body.Identifier.IsZero() && body.Identifier != id:
		err = registry.Errorf(registry.CodeMalformed, "identifier", "differs from the address")
	case body.Type != "":
		err = registry.Errorf(registry.CodeUnknownField, "type", "the license has its type already")
	}
	if err != nil {
		s.refuse(w, r, "act", id.String(), err)
		return
	}
	body.Identifier = id
	s.propose(w, r, "act", body)
}

// propose hands an application to the office, adds the approvals that came
// with it, and answers 202, or with the end when the caller waits for it.
func (s *Server) propose(w http.ResponseWriter, r *http.Request, operation string, body applicationBody) {
	actor := accountOf(r).Actor()
	key, err := idempotency(r, actor.Account, operation, body.Application)
	if err == nil {
		err = checkRemark(body.Remark)
	}
	if err != nil {
		s.refuse(w, r, operation, "", err)
		return
	}
	p, err := s.Office.Propose(r.Context(), actor, body.Application, key)
	if err != nil {
		s.fail(w, r, err) // audited by the office
		return
	}
	if p, err = s.approveAll(r, p, body.Approvals); err != nil {
		s.refuse(w, r, operation, p.Digest.String(), err)
		return
	}
	s.answerProceeding(w, r, p, http.StatusAccepted)
}

// approveAll adds the approvals that the proceeding does not have yet. When one
// of them does not hold, a proceeding that nobody else signed is given up.
func (s *Server) approveAll(r *http.Request, p *office.Proceeding, approvals []registry.Approval) (*office.Proceeding, error) {
	actor := accountOf(r).Actor()
	fresh := len(p.Approvals) == 0
	for _, a := range approvals {
		if p.Step != office.StepReserved || has(p.Approvals, a.KeyID) {
			continue
		}
		next, err := s.Office.Approve(r.Context(), actor, p.Digest, a)
		if err != nil {
			if fresh && coded(err).Code.Kind() == registry.KindForbidden {
				err = dropped(err, s.Office.Drop(r.Context(), actor, p.Digest))
			}
			return p, err
		}
		p = next
	}
	return p, nil
}

func dropped(err, drop error) error {
	if drop != nil {
		return drop
	}
	return err
}

func has(approvals []registry.Approval, key sm.KeyID) bool {
	for _, a := range approvals {
		if a.KeyID == key {
			return true
		}
	}
	return false
}

// idempotency reads the key of a request. The body counts by what it says, not
// by its spelling; approvals may be added to a repeat.
func idempotency(r *http.Request, client, operation string, app registry.Application) (office.Idempotency, error) {
	key := strings.Trim(r.Header.Get("Idempotency-Key"), `"`)
	if key == "" {
		return office.Idempotency{}, registry.Errorf(registry.CodeIdempotencyMissing, "Idempotency-Key", "send a key of your own, new for each application")
	}
	if len(key) > 128 || strings.ContainsFunc(key, func(c rune) bool { return c < '!' || c > '~' }) {
		return office.Idempotency{}, registry.Errorf(registry.CodeMalformed, "Idempotency-Key", "1 to 128 printable ASCII characters")
	}
	said, err := marshal(app)
	return office.Idempotency{Client: client, Operation: operation, Key: key, Body: sm.Sum(said)}, err
}

// checkRemark bounds the one text of an application that no license field
// rule covers. A paragraph may have line breaks.
func checkRemark(remark string) error {
	flat := strings.NewReplacer("\r\n", " ", "\n", " ", "\t", " ").Replace(remark)
	return registry.CheckText("remark", strings.TrimSpace(flat), 2000)
}

// search lists licenses of the caller's organization.
func (s *Server) search(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if err := knownParameters(r, "q", "type", "step", "organization", "cursor", "limit"); err != nil {
		s.fail(w, r, err)
		return
	}
	query := office.SearchQuery{Text: q.Get("q"), Type: q.Get("type"), Step: office.Step(q.Get("step")),
		Organization: q.Get("organization"), Cursor: q.Get("cursor")}
	if err := s.fillSearch(accountOf(r), &query, q.Get("limit")); err != nil {
		s.fail(w, r, err)
		return
	}
	page, err := s.Office.Store.Search(r.Context(), query)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	out := searchResource{Items: []searchItem{}, Next: page.Next}
	for _, i := range page.Items {
		out.Items = append(out.Items, searchItem{i.Identifier, i.TypeName, i.Number, i.HolderName, i.IssuerName, i.Expires, i.LastAct, i.Step, i.Updated.In(registry.China)})
	}
	s.encode(w, r, http.StatusOK, out)
}

// fillSearch checks a query and binds it to the caller's organization.
func (s *Server) fillSearch(account *Account, query *office.SearchQuery, limit string) error {
	if limit != "" {
		n, err := strconv.Atoi(limit)
		if err != nil || n < 1 || n > 100 {
			return registry.Errorf(registry.CodeMalformed, "limit", "1 to 100")
		}
		query.Limit = n
	}
	if query.Step != "" && !knownStep(query.Step) {
		return registry.Errorf(registry.CodeMalformed, "step", "want one of %v", office.Steps())
	}
	for name, value := range map[string]string{"q": query.Text, "type": query.Type, "cursor": query.Cursor, "organization": query.Organization} {
		if err := registry.CheckText(name, strings.TrimSpace(value), 200); err != nil {
			return err
		}
	}
	query.Text = strings.TrimSpace(query.Text)
	if account.Admin {
		return nil
	}
	if account.Organization == "" || query.Organization != "" && query.Organization != account.Organization {
		return registry.Errorf(registry.CodeForbidden, "organization", "this account works for %s", account.Organization)
	}
	query.Organization = account.Organization
	return nil
}

func knownStep(step office.Step) bool {
	for _, known := range office.Steps() {
		if known == step {
			return true
		}
	}
	return false
}

// license shows one license.
func (s *Server) license(w http.ResponseWriter, r *http.Request) {
	view, _, err := s.visible(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	out := s.licenseResource(view)
	tagged := *out
	// The time of asking and the age of what is known change with every answer.
	tagged.Verdict.At, tagged.Verdict.Knowledge = time.Time{}, registry.Knowledge{Stale: out.Verdict.Knowledge.Stale}
	s.encodeTagged(w, r, out, tagged)
}

// visible reads the license in the address if the caller may see it: its
// issuer, an organization that acted on it, an operator. Others are told that
// there is none.
func (s *Server) visible(r *http.Request) (*office.LicenseView, registry.Identifier, error) {
	id, err := registry.ParseIdentifier(chi.URLParam(r, "identifier"))
	if err != nil {
		return nil, id, err
	}
	view, err := s.Office.Show(r.Context(), id.Base())
	if err != nil {
		return nil, id, err
	}
	if !mayView(accountOf(r), id, view) {
		return nil, id, registry.Errorf(registry.CodeNotFound, "identifier", "no such license for this account")
	}
	return view, id, nil
}

func mayView(a *Account, id registry.Identifier, v *office.LicenseView) bool {
	if a.Admin || a.Organization != "" && a.Organization == id.Issuer {
		return true
	}
	for _, p := range v.Proceedings {
		if a.Organization != "" && p.Intent.Organization == a.Organization {
			return true
		}
	}
	return false
}

// document hands out the sealed electronic license of the version named.
func (s *Server) document(w http.ResponseWriter, r *http.Request) {
	_, id, err := s.visible(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	version, err := s.Office.Document(r.Context(), id.Base(), id.Version)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	tag := `"` + sm.Sum(version.Sealed).String()[:32] + `"`
	h := w.Header()
	h.Set("ETag", tag)
	h.Set("Cache-Control", "private, no-cache")
	if matches(r.Header.Get("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	attachment(h, "application/ofd", id.String()+".ofd")
	_, _ = w.Write(version.Sealed)
}

// paper draws one sheet for the printer.
func (s *Server) paper(w http.ResponseWriter, r *http.Request) {
	view, id, err := s.visible(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if err := knownParameters(r, "overprint"); err != nil {
		s.fail(w, r, err)
		return
	}
	number, err := strconv.ParseUint(chi.URLParam(r, "number"), 10, 32)
	if err != nil {
		s.fail(w, r, registry.Errorf(registry.CodePrinting, "number", "a number from 1"))
		return
	}
	overprint, err := parseOverprint(r.URL.Query().Get("overprint"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	for _, p := range view.Printings {
		if p.Printing.Number != uint32(number) {
			continue
		}
		pdf, err := s.Office.Paper(r.Context(), p.Token, overprint)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		attachment(w.Header(), "application/pdf", fmt.Sprintf("%s-%d.pdf", id, number))
		_, _ = w.Write(pdf)
		return
	}
	s.fail(w, r, registry.Errorf(registry.CodeNotFound, "number", "no printing %d of this license", number))
}

// parseOverprint reads two offsets in millimetres: "1.5,-2".
func parseOverprint(s string) (*registry.Overprint, error) {
	if s == "" {
		return nil, nil
	}
	left, right, ok := strings.Cut(s, ",")
	x, errX := strconv.ParseFloat(left, 64)
	y, errY := strconv.ParseFloat(right, 64)
	if !ok || errX != nil || errY != nil || !(math.Abs(x) <= 50 && math.Abs(y) <= 50) {
		return nil, registry.Errorf(registry.CodeMalformed, "overprint", "two offsets in millimetres, at most 50: 1.5,-2")
	}
	return &registry.Overprint{X: x, Y: y}, nil
}

// attachment names a download; identifiers are plain ASCII.
func attachment(h http.Header, contentType, name string) {
	h.Set("Content-Type", contentType)
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
}

// matches tells whether an If-None-Match header names the tag.
func matches(header, tag string) bool {
	if header == "*" {
		return true
	}
	for part := range strings.SplitSeq(header, ",") {
		if strings.TrimPrefix(strings.TrimSpace(part), "W/") == tag {
			return true
		}
	}
	return false
}

// knownParameters refuses a query parameter that nobody reads: a misspelt
// filter would otherwise list everything.
func knownParameters(r *http.Request, names ...string) error {
	for got := range r.URL.Query() {
		known := false
		for _, name := range names {
			known = known || got == name
		}
		if !known {
			return registry.Errorf(registry.CodeUnknownField, "", "query parameters here: %v", names)
		}
	}
	return nil
}
