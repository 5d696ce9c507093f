package httpx

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"tongzheng/api/problem"
	"tongzheng/registry/sm"
)

// retryAfter is what a caller is told when something is out of reach, seconds.
const retryAfter = 5

// Fail answers with a problem and logs what is our fault.
func Fail(w http.ResponseWriter, r *http.Request, err error) {
	p := Report(w, r, err)
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the caller may be gone
}

// Report tells the log what is our fault, sets the headers that go with the
// error, and returns its problem for the caller to write in a form of its own.
func Report(w http.ResponseWriter, r *http.Request, err error) problem.Problem {
	seen := observed(r)
	p := problem.Of(err, seen.id)
	seen.code = p.Code
	if p.Status == http.StatusInternalServerError && !errors.Is(err, context.Canceled) {
		seen.log.Error("request failed", "request", seen.id, "route", Route(r), "error", err)
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Del("ETag")
	switch p.Status {
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		h.Set("Retry-After", strconv.Itoa(retryAfter))
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", `Bearer realm="tongzheng"`)
	}
	return p
}

// JSON writes a JSON answer.
func JSON(w http.ResponseWriter, r *http.Request, status int, value any) {
	raw, err := Marshal(value)
	if err != nil {
		Fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(raw)))
	w.WriteHeader(status)
	_, _ = w.Write(raw) // the caller may be gone
}

// Marshal is the JSON of a value as it is answered.
func Marshal(value any) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(value); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// Tagged writes a JSON answer with an ETag over tagged, which is the value
// without what changes at each asking; or 304.
func Tagged(w http.ResponseWriter, r *http.Request, value, tagged any) {
	seed, err := Marshal(tagged)
	if err != nil {
		Fail(w, r, err)
		return
	}
	w.Header().Set("Cache-Control", "private, no-cache")
	if !NotModified(w, r, ETag(seed)) {
		JSON(w, r, http.StatusOK, value)
	}
}

// ETag is the entity tag of some bytes.
func ETag(raw []byte) string { return `"` + sm.Sum(raw).String()[:32] + `"` }

// NotModified sets the ETag and answers 304 when the caller has the entity
// already. Set the other headers of the entity before.
func NotModified(w http.ResponseWriter, r *http.Request, tag string) bool {
	w.Header().Set("ETag", tag)
	if !matches(r.Header.Get("If-None-Match"), tag) {
		return false
	}
	w.WriteHeader(http.StatusNotModified)
	return true
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

// Attachment names a download; identifiers are plain ASCII.
func Attachment(h http.Header, contentType, name string) {
	h.Set("Content-Type", contentType)
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
}
