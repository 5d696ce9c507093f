package public

import (
	"mime"
	"net/http"
	"runtime"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"tongzheng/api/codes"
	"tongzheng/api/httpx"
	"tongzheng/api/problem"
	"tongzheng/api/resource"
	"tongzheng/api/signin"
	"tongzheng/registry"
	"tongzheng/registry/office"
)

// uploadsWaiting files are checked beside those that keep the processors busy:
// they wait for the database.
const uploadsWaiting = 2

// judge puts questions to the office, in JSON and for the pages.
type judge struct {
	office     *office.Office
	trail      signin.Trail
	statements Statements
	guesses    *httpx.Limiter // holders named for one license, from all addresses
	uploads    chan struct{}  // how many files are unpacked at once
	reader     *codes.Reader
	verdicts   *prometheus.CounterVec
}

func newJudge(config Config) *judge {
	j := &judge{office: config.Office, trail: config.Trail, statements: config.Statements, guesses: httpx.NewLimiter(10, 20),
		uploads: make(chan struct{}, runtime.GOMAXPROCS(0)+uploadsWaiting), reader: codes.NewReader(config.Pictures),
		verdicts: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "tongzheng_verdicts_total",
			Help: "Verifications answered, by verdict."}, []string{"verdict"})}
	config.Meters.MustRegister(j.verdicts)
	return j
}

// verify answers anyone: is the paper, code or file at hand real and in force?
func (j *judge) verify(w http.ResponseWriter, r *http.Request) {
	ask, err := readQuestion(w, r)
	var v *examined
	if err == nil {
		v, err = j.examine(r, ask)
	}
	if err != nil {
		j.note(r, err)
		httpx.Fail(w, r, err)
		return
	}
	httpx.JSON(w, r, http.StatusOK, v.resource())
}

// note keeps that a file of a stranger was refused: what cannot be read may be
// an attack. Questions by number or code are not kept.
func (j *judge) note(r *http.Request, err error) {
	code, content := problem.Coded(err).Code, r.Header.Get("Content-Type")
	kind, _, err := mime.ParseMediaType(content)
	file := err == nil && (kind == "multipart/form-data" || slices.Contains(fileTypes, kind))
	if of := code.Kind(); file && (of == registry.KindInvalid || of == registry.KindTooLarge) {
		j.trail.Note(r, registry.Actor{Account: "public"}, "verify-file", "", code)
	}
}

// ask asks the office. A file that cannot be read is the sender's, not ours.
func (j *judge) ask(r *http.Request, ask office.Asked) (*office.Verification, error) {
	done, err := j.admit(r, ask)
	if err != nil {
		return nil, err
	}
	defer done()
	v, err := j.office.Scan.Verify(r.Context(), registry.Actor{}, ask)
	if err != nil {
		return nil, err
	}
	j.answered(ask, v.Word)
	return v, nil
}

// admit lets a question in. Names guessed for one license are slowed, from
// whatever addresses they come. A file waits for its turn: unpacking costs
// memory, so it is a few at a time. done ends the turn.
func (j *judge) admit(r *http.Request, ask office.Asked) (done func(), err error) {
	if license := licenseOf(ask); license != "" && !j.guesses.Allow(license) {
		return nil, registry.Errorf(registry.CodeRateLimited, "", "too many names were tried for this license: scan its code, or try again in a minute")
	}
	if ask.File == nil {
		return func() {}, nil
	}
	select {
	case j.uploads <- struct{}{}:
		return func() { <-j.uploads }, nil
	case <-r.Context().Done():
		return nil, registry.Errorf(registry.CodeUnavailable, "", "too many files are being checked")
	}
}

// answered counts a verdict. Who knew the holder has used up none of the
// guesses at the license.
func (j *judge) answered(ask office.Asked, word registry.Word) {
	if license := licenseOf(ask); license != "" && word != registry.NotFound {
		j.guesses.Forget(license)
	}
	j.count(word)
}

func (j *judge) count(word registry.Word) { j.verdicts.WithLabelValues(string(word)).Inc() }

// licenseOf is the license that a holder is named for; empty for other
// questions.
func licenseOf(ask office.Asked) string {
	switch {
	case ask.Holder == "":
		return ""
	case ask.Identifier.IsZero():
		return registry.Fold(ask.Number) // whatever way it is written
	}
	return ask.Identifier.Base()
}

// fileTypes are what a file may be called; its content tells what it is.
var fileTypes = []string{"application/ofd", "application/pdf", "image/png", "image/jpeg", "image/gif", "image/bmp", "image/webp", "application/octet-stream"}

var questionTypes = "want application/json, multipart/form-data, " + strings.Join(fileTypes, ", ")

// readQuestion reads JSON, a form with a file, or the file alone.
func readQuestion(w http.ResponseWriter, r *http.Request) (office.Asked, error) {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return office.Asked{}, registry.Errorf(problem.MediaType, "", "%s", questionTypes)
	}
	switch kind {
	case "application/json":
		r.Body = http.MaxBytesReader(w, r.Body, httpx.MaxBody)
		var body resource.Question
		if err := httpx.DecodeBody(r, &body); err != nil {
			return office.Asked{}, err
		}
		return asked(body)
	case "multipart/form-data":
		file, err := httpx.FormFile(r, params["boundary"])
		return office.Asked{File: file}, err
	}
	if slices.Contains(fileTypes, kind) {
		file, err := httpx.ReadFile(r.Body, r.ContentLength)
		return office.Asked{File: file}, err
	}
	return office.Asked{}, registry.Errorf(problem.MediaType, "", "%s", questionTypes)
}

// asked bounds a question and refuses two in one. What scanners, messages and
// keyboards add is taken away first.
func asked(q resource.Question) (office.Asked, error) {
	if q.QR != "" && len(q.QR) <= 4096 {
		q.QR = registry.ScannedText(q.QR)
	}
	if token, err := registry.ScannedToken(q.Token); err == nil && len(q.Token) <= 64 {
		q.Token = token.String()
	}
	for _, typed := range []*string{&q.Number, &q.Holder, &q.HolderCode} {
		*typed = registry.TrimTyped(*typed)
	}
	for _, f := range []struct {
		name, value string
		most        int
	}{{"token", q.Token, 64}, {"qr", q.QR, 2048}, {"number", q.Number, 64}, {"holder", q.Holder, 100}, {"holder_code", q.HolderCode, 64}} {
		if err := registry.CheckText(f.name, f.value, f.most); err != nil {
			return office.Asked{}, err
		}
	}
	ways := 0
	for _, given := range []bool{q.Token != "", q.QR != "", !q.Identifier.IsZero(), q.Number != ""} {
		if given {
			ways++
		}
	}
	if ways > 1 {
		return office.Asked{}, registry.Errorf(registry.CodeMalformed, "", "one question at a time: token, qr, identifier or number")
	}
	if ways == 0 || (!q.Identifier.IsZero() || q.Number != "") && q.Holder == "" {
		field := "holder"
		if ways == 0 {
			field = ""
		}
		return office.Asked{}, registry.Errorf(registry.CodeMissing, field, "send token, or qr, or identifier or number together with holder")
	}
	return office.Asked{Token: q.Token, QR: q.QR, Identifier: q.Identifier, Number: q.Number, Holder: q.Holder, HolderCode: q.HolderCode}, nil
}

// verification is a verification in its JSON form.
func verification(v *office.Verification) resource.Verified {
	out := resource.Verified{Verdict: v.Verdict, Sharing: v.Sharing, Elsewhere: v.Elsewhere}
	if out.Checks == nil {
		out.Checks = []registry.Check{}
	}
	l := v.Public
	if l == nil {
		return out
	}
	out.Public = &resource.PublicLicense{Identifier: l.Identifier, TypeName: l.TypeName, TypeEn: l.TypeEn, Number: l.Number, Issuer: l.Issuer,
		Holder: l.Holder, HolderCode: l.HolderCode, Issued: l.Issued, Effective: l.Effective, Expires: l.Expires, Compare: l.Compare,
		Seal: (*resource.PublicSeal)(l.Seal), Basis: l.Basis, Mode: l.Mode, Answers: (*resource.PublicAnswers)(l.Answers)}
	if l.Sheet != nil {
		out.Public.Sheet = &resource.PublicSheet{Number: l.Sheet.Number, Copy: l.Sheet.Copy, Blank: l.Sheet.Blank, Ended: (*resource.PublicAct)(l.Sheet.Ended)}
	}
	if l.History != nil {
		out.Public.History = make([]resource.PublicAct, 0, len(l.History))
	}
	for _, act := range l.History {
		out.Public.History = append(out.Public.History, resource.PublicAct(act))
	}
	return out
}
