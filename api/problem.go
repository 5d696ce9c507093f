package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"tongzheng/registry"
)

// Problem is an RFC 9457 problem. Title is Chinese, TitleEnglish the same in
// English; Code and Field are those of registry.Error and stable; Detail is
// free of personal data; Instance names the request in our log.
type Problem struct {
	Type         string        `json:"type"`
	Title        string        `json:"title"`
	TitleEnglish string        `json:"title_en"`
	Status       int           `json:"status"`
	Code         registry.Code `json:"code"`
	Field        string        `json:"field,omitempty"`
	Detail       string        `json:"detail,omitempty"`
	Instance     string        `json:"instance"`
}

// problemType begins the type of every problem; the code follows.
const problemType = "urn:tongzheng:problem:"

// retryAfter is what a caller is told when something is out of reach.
const retryAfter = 5

// statusOf is the one mapping from error codes to HTTP statuses: by code where
// HTTP has a word of its own, by kind for all others.
func statusOf(code registry.Code) int {
	switch code {
	case registry.CodeUnauthenticated:
		return http.StatusUnauthorized
	case registry.CodeMalformed, registry.CodeUnknownField, registry.CodeIdempotencyMissing:
		return http.StatusBadRequest
	case registry.CodeRateLimited:
		return http.StatusTooManyRequests
	case codeMediaType:
		return http.StatusUnsupportedMediaType
	case codeMethod:
		return http.StatusMethodNotAllowed
	case codeCrossOrigin:
		return http.StatusForbidden
	}
	return code.Kind().HTTPStatus()
}

// Codes of HTTP itself, which no use case knows.
const (
	codeMediaType   registry.Code = "media-type"
	codeMethod      registry.Code = "method-not-allowed"
	codeCrossOrigin registry.Code = "cross-origin"
)

// transportTitles are the titles of HTTP's own codes.
var transportTitles = map[registry.Code][2]string{
	codeMediaType:   {"不支持的内容类型", "content type not supported here"},
	codeMethod:      {"该地址不支持此方法", "method not allowed here"},
	codeCrossOrigin: {"拒绝来自其他网站的请求", "request from another site refused"},
}

// Codes lists every code that a problem can carry.
func Codes() []registry.Code {
	codes := registry.Codes()
	for code := range transportTitles {
		codes = append(codes, code)
	}
	return codes
}

func titles(code registry.Code) (chinese, english string) {
	if t, ok := transportTitles[code]; ok {
		return t[0], t[1]
	}
	return code.Chinese(), code.English()
}

// coded finds the coded error in err. What is not coded is internal, except
// that a deadline is a timeout and a body cut off by its limit is too large.
func coded(err error) *registry.Error {
	var e *registry.Error
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return registry.Errorf(registry.CodeTooLarge, "", "at most %d bytes", tooLarge.Limit)
	case errors.As(err, &e):
		return e
	case errors.Is(err, context.DeadlineExceeded):
		return registry.Errorf(registry.CodeTimeout, "", "")
	}
	return registry.Errorf(registry.CodeInternal, "", "")
}

// problemOf says an error to the caller. Internals stay in the log.
func problemOf(err error, request string) Problem {
	e := coded(err)
	p := Problem{Type: problemType + string(e.Code), Status: statusOf(e.Code), Code: e.Code, Field: e.Field, Detail: e.Detail,
		Instance: "urn:tongzheng:request:" + request}
	p.Title, p.TitleEnglish = titles(e.Code)
	if p.Status == http.StatusInternalServerError {
		p.Type, p.Code, p.Field, p.Detail = problemType+string(registry.CodeInternal), registry.CodeInternal, "", ""
		p.Title, p.TitleEnglish = titles(registry.CodeInternal)
	}
	return p
}

// fail answers with a problem and logs what is our fault.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	p := problemOf(err, requestID(r.Context()))
	s.logFailure(r, p, err)
	problemHeaders(w, p)
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the caller may be gone
}

func problemHeaders(w http.ResponseWriter, p Problem) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Del("ETag")
	switch p.Status {
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		h.Set("Retry-After", strconv.Itoa(retryAfter))
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", `Bearer realm="tongzheng"`)
	}
}

func (s *Server) logFailure(r *http.Request, p Problem, err error) {
	outcome(r.Context()).code = p.Code
	if p.Status == http.StatusInternalServerError && !errors.Is(err, context.Canceled) {
		s.Log.Error("request failed", "request", requestID(r.Context()), "route", route(r), "error", err)
	}
}
