package api

import (
	"context"
	"net/http"

	"github.com/go-chi/chi/v5"

	"tongzheng/api/web"
	"tongzheng/registry"
	"tongzheng/registry/office"
)

// Statements turns verifications into signed statements that can be kept
// (office.Stater).
type Statements interface {
	State(ctx context.Context, ask office.Asked) (*registry.SignedStatement, *office.Verification, error)
}

// statementBody is a signed statement: as fields to read, and as the text that
// verifies.
type statementBody struct {
	Statement registry.Statement `json:"statement"`
	Text      string             `json:"text"`
}

// statement answers like verify, with a signature that holds later.
func (s *Server) statement(w http.ResponseWriter, r *http.Request) {
	ask, err := readQuestion(w, r)
	var done func()
	if err == nil {
		done, err = s.admit(r, ask)
	}
	if err != nil {
		s.auditUpload(r, err)
		s.fail(w, r, err)
		return
	}
	defer done()
	signed, v, err := s.Config.Statements.State(r.Context(), ask)
	if err != nil {
		s.auditUpload(r, err)
		s.fail(w, r, err)
		return
	}
	s.guessed(ask, v)
	s.metrics.verdicts.WithLabelValues(string(v.Word)).Inc()
	s.encode(w, r, http.StatusOK, statementBody{signed.Statement, signed.Armor()})
}

// statementPage is the printable form for a scanned code.
func (s *Server) statementPage(w http.ResponseWriter, r *http.Request) {
	signed, v, err := s.Config.Statements.State(r.Context(), office.Asked{Token: chi.URLParam(r, "token")})
	if err != nil {
		s.failPage(w, r, err)
		return
	}
	s.draw(w, r, verdictStatus(v.Word), "statement", web.Frame{Title: "核验回执", TitleEnglish: "Statement of a check",
		Data: web.Statement{S: signed.Statement, V: v, Text: signed.Armor()}})
}

// disclosureBody names the fields to show.
type disclosureBody struct {
	Fields []string `json:"fields"`
}

// disclose shows some fields of a license with proof and hides the others.
func (s *Server) disclose(w http.ResponseWriter, r *http.Request) {
	_, id, err := s.visible(r)
	var body disclosureBody
	if err == nil {
		err = decodeBody(r, &body)
	}
	if err == nil && (len(body.Fields) == 0 || len(body.Fields) > 64) {
		err = registry.Errorf(registry.CodeMissing, "fields", "name 1 to 64 fields")
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	d, err := s.Office.Disclose(r.Context(), id, body.Fields)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.encode(w, r, http.StatusOK, d)
}
