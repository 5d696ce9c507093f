package public

import (
	"context"
	"net/http"

	"github.com/go-chi/chi/v5"

	"tongzheng/api/httpx"
	"tongzheng/api/resource"
	"tongzheng/api/web"
	"tongzheng/registry"
	"tongzheng/registry/office"
)

// Statements turns verifications into signed statements that can be kept
// (office.Scan).
type Statements interface {
	State(ctx context.Context, by registry.Actor, ask office.Asked) (*registry.SignedStatement, *office.Verification, error)
}

// statement answers like verify, with a signature that holds later.
func (j *judge) statement(w http.ResponseWriter, r *http.Request) {
	ask, err := readQuestion(w, r)
	var signed *registry.SignedStatement
	if err == nil {
		ask, err = j.single(r, ask)
	}
	if err == nil {
		signed, err = j.state(r, ask)
	}
	if err != nil {
		j.note(r, err)
		httpx.Fail(w, r, err)
		return
	}
	httpx.JSON(w, r, http.StatusOK, resource.Statement{Statement: signed.Statement, Text: signed.Armor()})
}

func (j *judge) state(r *http.Request, ask office.Asked) (*registry.SignedStatement, error) {
	done, err := j.admit(r, ask)
	if err != nil {
		return nil, err
	}
	defer done()
	signed, v, err := j.statements.State(r.Context(), registry.Actor{}, ask)
	if err != nil {
		return nil, err
	}
	j.answered(ask, v.Word)
	return signed, nil
}

// statement is the printable form for a scanned code.
func (p *pages) statement(w http.ResponseWriter, r *http.Request) {
	signed, v, err := p.config.Statements.State(r.Context(), registry.Actor{}, office.Asked{Token: scannedToken(r), Member: chi.URLParam(r, "member")})
	if err != nil {
		p.config.Pages.Fail(w, r, err)
		return
	}
	p.config.Pages.Show(w, r, verdictStatus(v.Word), "statement", web.Frame{Title: "核验回执", TitleEnglish: "Statement of a check",
		Data: web.Statement{S: signed.Statement, V: v, Text: signed.Armor()}})
}
