package httpx

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"sync/atomic"

	"tongzheng/registry"
)

// usualUpload is what a one-page license with its fonts takes, with room.
const usualUpload = 256 << 10

// uploadMemory bounds what all uploads together hold in memory while they are
// received and checked: 16 of the largest, in bytes received.
const uploadMemory = 16 * (MaxUpload + MaxBody)

// Budget counts the bytes that uploads hold.
type Budget struct{ held atomic.Int64 }

// Limit bounds what is read of one upload and of all together. Who comes
// when memory is taken is asked to come again; slow senders hold no more than
// they have sent.
func (b *Budget) Limit(next http.Handler) http.Handler {
	return LimitBody(MaxUpload + MaxBody)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := &held{ReadCloser: r.Body, of: b}
		defer func() { b.held.Add(-body.bytes) }()
		r.Body = body
		next.ServeHTTP(w, r)
	}))
}

// held is a body whose bytes count against a budget.
type held struct {
	io.ReadCloser
	of    *Budget
	bytes int64
}

// Read implements io.Reader. CodeUnavailable when the budget is used up.
func (h *held) Read(into []byte) (int, error) {
	n, err := h.ReadCloser.Read(into)
	h.bytes += int64(n)
	if h.of.held.Add(int64(n)) > uploadMemory {
		return n, registry.Errorf(registry.CodeUnavailable, "", "too many files are being received")
	}
	return n, err
}

// LimitBody bounds what is read of a request. The smallest bound around a
// handler wins.
func LimitBody(most int64) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Body = http.MaxBytesReader(w, r.Body, most)
			next.ServeHTTP(w, r)
		})
	}
}

// FormFile reads the part named file of a multipart body; the name that the
// sender gave it is not looked at, and nothing is written to disk.
func FormFile(r *http.Request, boundary string) ([]byte, error) {
	if boundary == "" || len(boundary) > 100 {
		return nil, registry.Errorf(registry.CodeMalformed, "", "multipart without a boundary")
	}
	form := multipart.NewReader(r.Body, boundary)
	for range 8 {
		part, err := form.NextPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, ReadError(err)
		}
		if part.FormName() == "file" {
			return ReadFile(part, r.ContentLength)
		}
	}
	return nil, registry.Errorf(registry.CodeMissing, "file", "the form has no part named file")
}

// ReadFile reads a whole file. About so many bytes are expected: room for them
// is made at once, but no more than a usual license needs, because the number
// is only what the sender says.
func ReadFile(r io.Reader, expected int64) ([]byte, error) {
	var buffer bytes.Buffer
	buffer.Grow(int(min(max(expected, 0), usualUpload)) + bytes.MinRead)
	_, err := buffer.ReadFrom(io.LimitReader(r, MaxUpload+1))
	file := buffer.Bytes()
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge) || len(file) > MaxUpload:
		return nil, registry.Errorf(registry.CodeTooLarge, "file", "at most %d bytes", MaxUpload)
	case err != nil:
		return nil, ReadError(err)
	case len(file) == 0:
		return nil, registry.Errorf(registry.CodeMissing, "file", "the file is empty")
	}
	return file, nil
}
