// Package problem is how the API says what is wrong: RFC 9457 problems with the
// registry's codes, and the one mapping from codes to HTTP statuses. Server and
// client share it.
package problem

import (
	"context"
	"errors"
	"net/http"

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

// typePrefix begins the type of every problem; the code follows.
const typePrefix = "urn:tongzheng:problem:"

// StatusOf is the one mapping from error codes to HTTP statuses: by code where
// HTTP has a word of its own, by kind for all others.
func StatusOf(code registry.Code) int {
	switch code {
	case registry.CodeUnauthenticated:
		return http.StatusUnauthorized
	case registry.CodeMalformed, registry.CodeUnknownField, registry.CodeIdempotencyMissing:
		return http.StatusBadRequest
	case registry.CodeRateLimited:
		return http.StatusTooManyRequests
	case MediaType:
		return http.StatusUnsupportedMediaType
	case MethodNotAllowed:
		return http.StatusMethodNotAllowed
	case CrossOrigin:
		return http.StatusForbidden
	}
	return code.Kind().HTTPStatus()
}

// Codes of HTTP itself, which no use case knows.
const (
	MediaType        registry.Code = "media-type"
	MethodNotAllowed registry.Code = "method-not-allowed"
	CrossOrigin      registry.Code = "cross-origin"
)

// transportTitles are the titles of HTTP's own codes.
var transportTitles = map[registry.Code][2]string{
	MediaType:        {"不支持的内容类型", "content type not supported here"},
	MethodNotAllowed: {"该地址不支持此方法", "method not allowed here"},
	CrossOrigin:      {"拒绝来自其他网站的请求", "request from another site refused"},
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

// Coded finds the coded error in err. What is not coded is internal, except
// that a deadline is a timeout and a body cut off by its limit is too large.
func Coded(err error) *registry.Error {
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

// Of says an error to the caller. Internals stay in the log.
func Of(err error, request string) Problem {
	e := Coded(err)
	p := Problem{Type: typePrefix + string(e.Code), Status: StatusOf(e.Code), Code: e.Code, Field: e.Field, Detail: e.Detail,
		Instance: "urn:tongzheng:request:" + request}
	p.Title, p.TitleEnglish = titles(e.Code)
	if p.Status == http.StatusInternalServerError {
		p.Type, p.Code, p.Field, p.Detail = typePrefix+string(registry.CodeInternal), registry.CodeInternal, "", ""
		p.Title, p.TitleEnglish = titles(registry.CodeInternal)
	}
	return p
}

// Err is the problem as the coded error that it was made from.
func (p *Problem) Err() *registry.Error { return registry.Errorf(p.Code, p.Field, "%s", p.Detail) }
