package registry

import (
	"errors"
	"fmt"
)

// Kind says what sort of failure a code is; it maps to an HTTP status or an
// exit code.
type Kind int

const (
	KindInvalid     Kind = iota + 1 // the request is wrong: mend it (400, 422)
	KindForbidden                   // the caller has no power for it (403)
	KindNotFound                    // no such thing (404)
	KindConflict                    // the present state does not allow it (409)
	KindTooLarge                    // over a stated limit (413)
	KindUnavailable                 // cannot be known or done now: try again (503)
	KindInternal                    // our fault (500)
)

// HTTPStatus is the status of every problem of this kind, unless a surface has
// a narrower one for the code (RFC 9110 section 15).
func (k Kind) HTTPStatus() int {
	switch k {
	case KindInvalid:
		return 422
	case KindForbidden:
		return 403
	case KindNotFound:
		return 404
	case KindConflict:
		return 409
	case KindTooLarge:
		return 413
	case KindUnavailable:
		return 503
	}
	return 500
}

// Error is a coded domain error. Code is stable and part of the API; Field
// names the input at fault (empty when none); Detail says what was wrong and
// what to do, without personal data.
type Error struct {
	Code   Code
	Field  string
	Detail string
	cause  error
}

// Errorf makes a coded error about a field.
func Errorf(code Code, field, format string, args ...any) *Error {
	return &Error{Code: code, Field: field, Detail: fmt.Sprintf(format, args...)}
}

// WithCause keeps the underlying error for the log; it is never shown.
func (e *Error) WithCause(err error) *Error {
	e.cause = err
	return e
}

func (e *Error) Error() string {
	s := string(e.Code)
	if e.Field != "" {
		s += " (" + e.Field + ")"
	}
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	if e.cause != nil {
		s += ": " + e.cause.Error()
	}
	return s
}

func (e *Error) Unwrap() error { return e.cause }

// Is lets errors.Is compare by code.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// CodeOf returns the code of the first coded error in err's chain, or
// CodeInternal; it is empty for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return CodeInternal
}
