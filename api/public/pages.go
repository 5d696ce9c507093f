package public

import (
	"mime"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"tongzheng/api/httpx"
	"tongzheng/api/problem"
	"tongzheng/api/resource"
	"tongzheng/api/web"
	"tongzheng/registry"
	"tongzheng/registry/office"
)

// pages draws the pages for everyone.
type pages struct {
	config Config
	judge  *judge
	hot    *hotPages
}

func (p *pages) landing(w http.ResponseWriter, r *http.Request) {
	form := web.Landing{}
	if id, err := registry.ParseIdentifier(r.URL.Query().Get("number")); err == nil { // from the page of a license that this one replaced
		form.Number = id.String()
	}
	p.ask(w, r, http.StatusOK, form)
}

// ask draws the page with the forms.
func (p *pages) ask(w http.ResponseWriter, r *http.Request, status int, form web.Landing) {
	p.config.Pages.Show(w, r, status, "landing", web.Frame{Title: "证照核验", TitleEnglish: "Check a license", Data: form})
}

// scan is where a code on paper leads.
func (p *pages) scan(w http.ResponseWriter, r *http.Request) {
	if p.config.Statements != nil && r.URL.Query().Has("statement") {
		p.statement(w, r)
		return
	}
	member := chi.URLParam(r, "member")
	if member != "" && !registry.MemberPath(member) {
		p.config.Pages.NotFound(w, r)
		return
	}
	token, now := scannedToken(r), p.config.Office.Reading.Now()
	knowledge := p.config.Office.Reading.Knowledge() // before judging: what is drawn is at least as new
	if word, ok := p.hot.serve(w, token, knowledge, now); ok {
		p.judge.count(word)
		return
	}
	v, err := p.judge.ask(r, office.Asked{Token: token, Member: member})
	if registry.CodeOf(err) == registry.CodeMalformed {
		// No token of ours: to whoever scanned it, the same as no such license.
		v, err = &office.Verification{Verdict: registry.Verdict{Word: registry.NotFound, At: now, Knowledge: knowledge}}, nil
	}
	if err != nil {
		p.config.Pages.Fail(w, r, err)
		return
	}
	if v.Public == nil || !p.hot.due(token, now) {
		p.verdict(w, r, v, true)
		return
	}
	answer := &recorded{ResponseWriter: w}
	p.verdict(answer, r, v, true)
	p.hot.keep(token, knowledge, now, v.Word, answer)
}

// scannedToken is the token in a code's address, without what scanners,
// messages and people glue to it; what is no token stays as it is.
func scannedToken(r *http.Request) string {
	text := chi.URLParam(r, "token")
	if token, err := registry.ScannedToken(text); err == nil {
		return token.String()
	}
	return text
}

// verify answers the forms of the landing page.
func (p *pages) verify(w http.ResponseWriter, r *http.Request) {
	form, ask, err := readPageQuestion(w, r)
	var v *examined
	if err == nil {
		v, err = p.judge.examine(r, ask)
	}
	switch {
	case err == nil && ask.Holder != "" && v.Word == registry.NotFound:
		form.Problem, form.Field = web.NoMatch(), "number"
		p.ask(w, r, http.StatusNotFound, form)
		return
	case err == nil && len(v.codes) > 1:
		p.several(w, r, v)
		return
	case err == nil:
		page := web.NewVerdict(v.Verification, false)
		page.Drawn = p.drawn(r, ask.File, v.Verification)
		if len(v.codes) == 1 {
			page.Found = foundCode(v.codes[0])
		}
		p.show(w, r, v.Word, page)
		return
	}
	p.judge.note(r, err)
	if problem.StatusOf(problem.Coded(err).Code) >= http.StatusInternalServerError {
		p.config.Pages.Fail(w, r, err)
		return
	}
	said := httpx.Report(w, r, err)
	form.Problem, form.Field = web.ProblemOf(said), said.Field
	p.ask(w, r, said.Status, form)
}

// drawn is the uploaded file as it is, beside a verdict that shows what the
// license says: whoever hands it in has it already. Of a file that does not hold
// nothing is drawn, not even under a mark: this site's address over a forged
// license with a seal is what a forger would take a picture of, and a mark can be
// cut off. So only files reach the drawing whose seal holds and is trusted, or
// which are, byte for byte, what another system made and the ledger has.
func (p *pages) drawn(r *http.Request, file []byte, v *office.Verification) *web.Drawn {
	if p.config.Drawer == nil || v.Public == nil || registry.KindOfFile(file) != registry.FilePackage {
		return nil
	}
	drawing, err := p.config.Drawer.Draw(r.Context(), file)
	if err != nil {
		return web.Undrawn(registry.CodeOf(err))
	}
	return web.NewDrawn(drawing)
}

// readPageQuestion reads one of the two forms. What is typed into the number
// box may be a license number or an identifier.
func readPageQuestion(w http.ResponseWriter, r *http.Request) (web.Landing, office.Asked, error) {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err == nil && kind == "multipart/form-data" {
		file, err := httpx.FormFile(r, params["boundary"])
		return web.Landing{}, office.Asked{File: file}, err
	}
	values, err := httpx.Values(w, r)
	if err != nil {
		return web.Landing{}, office.Asked{}, err
	}
	form := web.Landing{Number: registry.TrimTyped(values.Get("number")), Holder: registry.TrimTyped(values.Get("holder"))}
	question := resource.Question{Number: form.Number, Holder: form.Holder}
	if identifier := registry.Fold(form.Number); strings.HasPrefix(identifier, registry.IdentifierRoot+".") {
		question.Number = ""
		if question.Identifier, err = registry.ParseIdentifier(strings.ToUpper(identifier)); err != nil {
			return form, office.Asked{}, registry.Errorf(registry.CodeOf(err), "number", "")
		}
	}
	ask, err := asked(question)
	return form, ask, err
}

// verdictStatus keeps robots and monitors from taking "no such license" or
// "cannot be known" for a page like any other.
func verdictStatus(word registry.Word) int {
	switch word {
	case registry.NotFound:
		return http.StatusNotFound
	case registry.UnknownNow:
		return http.StatusServiceUnavailable
	}
	return http.StatusOK
}

func (p *pages) verdict(w http.ResponseWriter, r *http.Request, v *office.Verification, scanned bool) {
	p.show(w, r, v.Word, web.NewVerdict(v, scanned))
}

// show draws the page of one verdict.
func (p *pages) show(w http.ResponseWriter, r *http.Request, word registry.Word, page web.Verdict) {
	status := verdictStatus(word)
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "30")
	}
	info := word.Info()
	p.config.Pages.Show(w, r, status, "verdict", web.Frame{Title: info.Chinese, TitleEnglish: info.English, Data: page})
}

// several shows the codes of a picture or PDF, the worst verdict first.
func (p *pages) several(w http.ResponseWriter, r *http.Request, v *examined) {
	page := web.Codes{Worst: v.Word}
	for _, code := range v.codes {
		page.Found = append(page.Found, *foundCode(code))
	}
	info := v.Word.Info()
	p.config.Pages.Show(w, r, verdictStatus(v.Word), "codes", web.Frame{Title: info.Chinese, TitleEnglish: info.English, Data: page})
}

func foundCode(code judgedCode) *web.FoundCode {
	found := &web.FoundCode{Page: code.Place.Page, Place: web.Pair{Chinese: code.Place.Chinese(), English: code.Place.English()}, Host: code.Host(), V: code.v}
	if code.v != nil {
		found.Token = tokenOf(code.Text)
	}
	return found
}

// tokenOf is the token in a code's text.
func tokenOf(text string) string {
	address, _, _ := strings.Cut(registry.ScannedText(text), "#")
	return address[strings.LastIndexByte(address, '/')+1:]
}

// static serves style and icon. Their address changes with their content.
func (p *pages) static(w http.ResponseWriter, r *http.Request) {
	raw, contentType, ok := web.Static(chi.URLParam(r, "file"))
	if !ok {
		p.config.Pages.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	_, _ = w.Write(raw)
}
