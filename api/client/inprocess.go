package client

import (
	"bytes"
	"errors"
	"io"
	"net/http"
)

// InProcess reaches a handler of this process in place of a server. Answers are
// held in memory.
func InProcess(handler http.Handler) http.RoundTripper { return inProcess{handler} }

type inProcess struct{ handler http.Handler }

// RoundTrip implements http.RoundTripper.
func (t inProcess) RoundTrip(r *http.Request) (answer *http.Response, err error) {
	asked := r.Clone(r.Context())
	if asked.Body == nil {
		asked.Body = http.NoBody
	}
	defer asked.Body.Close()
	asked.RequestURI = asked.URL.RequestURI()
	said := &held{header: http.Header{}}
	defer func() {
		if p := recover(); p == http.ErrAbortHandler {
			answer, err = nil, errors.New("the handler gave up in the middle of its answer")
		} else if p != nil {
			panic(p)
		}
	}()
	t.handler.ServeHTTP(said, asked)
	said.WriteHeader(http.StatusOK) // when nothing was written
	return &http.Response{Status: http.StatusText(said.status), StatusCode: said.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: said.sent, Body: io.NopCloser(&said.body), ContentLength: int64(said.body.Len()), Request: r}, nil
}

// held is an answer as it is written.
type held struct {
	header, sent http.Header
	status       int
	body         bytes.Buffer
}

// Header implements http.ResponseWriter.
func (h *held) Header() http.Header { return h.header }

// WriteHeader implements http.ResponseWriter.
func (h *held) WriteHeader(status int) {
	if h.status == 0 {
		h.status, h.sent = status, h.header.Clone()
	}
}

// Write implements http.ResponseWriter.
func (h *held) Write(raw []byte) (int, error) {
	h.WriteHeader(http.StatusOK)
	return h.body.Write(raw)
}
