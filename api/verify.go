package api

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"

	"tongzheng/registry"
	"tongzheng/registry/office"
)

// usualUpload is what a one-page license with its fonts takes, with room.
const usualUpload = 256 << 10

// verifyBody is a question in JSON: token, or qr, or identifier or number with
// holder.
type verifyBody struct {
	Token      string              `json:"token,omitempty"`
	QR         string              `json:"qr,omitempty"`
	Identifier registry.Identifier `json:"identifier,omitzero"`
	Number     string              `json:"number,omitempty"`
	Holder     string              `json:"holder,omitempty"`
	HolderCode string              `json:"holder_code,omitempty"`
}

// verify answers anyone: is the paper, code or file at hand real and in force?
func (s *Server) verify(w http.ResponseWriter, r *http.Request) {
	ask, err := readQuestion(w, r)
	if err != nil {
		s.auditUpload(r, err)
		s.fail(w, r, err)
		return
	}
	v, err := s.judge(r, ask)
	if err != nil {
		s.auditUpload(r, err)
		s.fail(w, r, err)
		return
	}
	s.encode(w, r, http.StatusOK, v)
}

// auditUpload keeps that a file of a stranger was refused: what cannot be read
// may be an attack. Questions by number or code are not kept.
func (s *Server) auditUpload(r *http.Request, err error) {
	kind, content := coded(err).Code.Kind(), r.Header.Get("Content-Type")
	file := strings.HasPrefix(content, "multipart/") || strings.HasPrefix(content, "application/octet-stream")
	if file && (kind == registry.KindInvalid || kind == registry.KindTooLarge) {
		s.audit(r, registry.Actor{Account: "public"}, "verify-file", "", coded(err).Code)
	}
}

// judge asks the office. A file that cannot be read is the sender's, not ours.
func (s *Server) judge(r *http.Request, ask office.Asked) (*office.Verification, error) {
	done, err := s.admit(r, ask)
	if err != nil {
		return nil, err
	}
	defer done()
	v, err := s.Office.Verify(r.Context(), ask)
	if err != nil {
		return nil, err
	}
	s.guessed(ask, v)
	if v.Checks == nil {
		v.Checks = []registry.Check{}
	}
	s.metrics.verdicts.WithLabelValues(string(v.Word)).Inc()
	return v, nil
}

// admit lets a question in. Names guessed for one license are slowed, from
// whatever addresses they come. A file waits for its turn: unpacking costs
// memory, so it is a few at a time. done ends the turn.
func (s *Server) admit(r *http.Request, ask office.Asked) (done func(), err error) {
	if license := licenseOf(ask); license != "" && !s.guesses.allow(license) {
		return nil, registry.Errorf(registry.CodeRateLimited, "", "too many names were tried for this license: scan its code, or try again in a minute")
	}
	if ask.File == nil {
		return func() {}, nil
	}
	select {
	case s.uploads <- struct{}{}:
		return func() { <-s.uploads }, nil
	case <-r.Context().Done():
		return nil, registry.Errorf(registry.CodeUnavailable, "", "too many files are being checked")
	}
}

// guessed takes nothing from whoever knew the holder.
func (s *Server) guessed(ask office.Asked, v *office.Verification) {
	if license := licenseOf(ask); license != "" && v.Word != registry.NotFound {
		s.guesses.forget(license)
	}
}

// licenseOf is the license that a holder is named for; empty for other
// questions.
func licenseOf(ask office.Asked) string {
	switch {
	case ask.Holder == "":
		return ""
	case ask.Identifier.IsZero():
		return ask.Number
	}
	return ask.Identifier.Base()
}

// readQuestion reads JSON, a form with a file, or the file alone.
func readQuestion(w http.ResponseWriter, r *http.Request) (office.Asked, error) {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return office.Asked{}, registry.Errorf(codeMediaType, "", "want application/json, multipart/form-data, application/ofd or application/octet-stream")
	}
	switch kind {
	case "application/json":
		r.Body = http.MaxBytesReader(w, r.Body, MaxBody)
		var body verifyBody
		if err := decodeBody(r, &body); err != nil {
			return office.Asked{}, err
		}
		return body.asked()
	case "multipart/form-data":
		return readForm(r, params["boundary"])
	case "application/ofd", "application/octet-stream":
		file, err := readFile(r.Body, r.ContentLength)
		return office.Asked{File: file}, err
	}
	return office.Asked{}, registry.Errorf(codeMediaType, "", "want application/json, multipart/form-data, application/ofd or application/octet-stream")
}

// asked bounds a question and refuses two in one.
func (b verifyBody) asked() (office.Asked, error) {
	for _, f := range []struct {
		name, value string
		most        int
	}{{"token", b.Token, 64}, {"qr", b.QR, 2048}, {"number", b.Number, 64}, {"holder", b.Holder, 100}, {"holder_code", b.HolderCode, 64}} {
		if err := registry.CheckText(f.name, f.value, f.most); err != nil {
			return office.Asked{}, err
		}
	}
	ways := 0
	for _, given := range []bool{b.Token != "", b.QR != "", !b.Identifier.IsZero(), b.Number != ""} {
		if given {
			ways++
		}
	}
	if ways > 1 {
		return office.Asked{}, registry.Errorf(registry.CodeMalformed, "", "one question at a time: token, qr, identifier or number")
	}
	if ways == 0 || (!b.Identifier.IsZero() || b.Number != "") && b.Holder == "" {
		field := "holder"
		if ways == 0 {
			field = ""
		}
		return office.Asked{}, registry.Errorf(registry.CodeMissing, field, "send token, or qr, or identifier or number together with holder")
	}
	return office.Asked{Token: b.Token, QR: b.QR, Identifier: b.Identifier, Number: b.Number, Holder: b.Holder, HolderCode: b.HolderCode}, nil
}

// readForm reads the part named file; the name that the sender gave it is not
// looked at, and nothing is written to disk.
func readForm(r *http.Request, boundary string) (office.Asked, error) {
	if boundary == "" || len(boundary) > 100 {
		return office.Asked{}, registry.Errorf(registry.CodeMalformed, "", "multipart without a boundary")
	}
	form := multipart.NewReader(r.Body, boundary)
	for range 8 {
		part, err := form.NextPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			return office.Asked{}, readError(err)
		}
		if part.FormName() == "file" {
			file, err := readFile(part, r.ContentLength)
			return office.Asked{File: file}, err
		}
	}
	return office.Asked{}, registry.Errorf(registry.CodeMissing, "file", "the form has no part named file")
}

// readFile reads a whole file. About so many bytes are expected: room for them
// is made at once, but no more than a usual license needs, because the number
// is only what the sender says.
func readFile(r io.Reader, expected int64) ([]byte, error) {
	var buffer bytes.Buffer
	buffer.Grow(int(min(max(expected, 0), usualUpload)) + bytes.MinRead)
	_, err := buffer.ReadFrom(io.LimitReader(r, MaxUpload+1))
	file := buffer.Bytes()
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge) || len(file) > MaxUpload:
		return nil, registry.Errorf(registry.CodeTooLarge, "file", "at most %d bytes", MaxUpload)
	case err != nil:
		return nil, readError(err)
	case len(file) == 0:
		return nil, registry.Errorf(registry.CodeMissing, "file", "the file is empty")
	}
	return file, nil
}
