// Package client is a Go client of the JSON API under /api/v1 (openapi.yaml).
// It speaks the forms of api/resource; what the server calls a problem comes
// back as *Refusal, in which errors.As finds a *registry.Error with its code and
// field. It signs nothing: approvals are made by whoever holds the key, over what
// the server shows, recomputed.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tongzheng/api/problem"
	"tongzheng/registry"
)

// Config says which server, and as whom.
type Config struct {
	Server string // http(s)://host[:port][/path] that the site is mounted at
	APIKey string // tz_…; empty for what anyone may ask
	// HTTP sends the requests; http.DefaultClient when nil. A transport of its
	// own reaches a server otherwise than by TCP.
	HTTP *http.Client
}

// Client is the API by what it is used for. It is safe for concurrent use.
type Client struct {
	Licenses    Licenses
	Proceedings Proceedings
	Cases       Cases
	Orders      Orders
	Reviews     Reviews
	Catalog     Catalog
	Public      Public
	Operator    Operator
}

// New makes a client. It sends nothing yet.
func New(config Config) *Client {
	if config.HTTP == nil {
		config.HTTP = http.DefaultClient
	}
	c := &caller{base: strings.TrimRight(config.Server, "/") + "/api/v1", config: config}
	return &Client{Licenses{c}, Proceedings{c}, Cases{c}, Orders{c}, Reviews{c}, Catalog{c}, Public{c}, newOperator(c)}
}

// maxAnswer bounds what is read of an answer: bundles are the largest.
const maxAnswer = 256 << 20

// caller sends requests.
type caller struct {
	base   string
	config Config
}

// request is one call. body is nil for none.
type request struct {
	method, path string
	query        url.Values
	header       map[string]string
	contentType  string
	body         []byte
}

// bytes sends a request and returns the answer's body.
func (c *caller) bytes(ctx context.Context, q request) ([]byte, error) {
	answer, err := c.send(ctx, q)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	return body(answer)
}

// send sends a request and returns an answer that is a success, for the caller
// to read and close.
func (c *caller) send(ctx context.Context, q request) (*http.Response, error) {
	address := c.base + q.path
	if len(q.query) > 0 {
		address += "?" + q.query.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, q.method, address, bytes.NewReader(q.body))
	if err != nil {
		return nil, fmt.Errorf("address of the server: %w", err)
	}
	for name, value := range q.header {
		if value != "" {
			r.Header.Set(name, value)
		}
	}
	if c.config.APIKey != "" {
		r.Header.Set("Authorization", "Bearer "+c.config.APIKey)
	}
	if q.body != nil {
		r.Header.Set("Content-Type", q.contentType)
	}
	answer, err := c.config.HTTP.Do(r)
	if err != nil {
		return nil, registry.Errorf(registry.CodeUnavailable, "", "%s does not answer: is the server running?", c.config.Server).WithCause(err)
	}
	if answer.StatusCode < 300 {
		return answer, nil
	}
	defer answer.Body.Close()
	raw, err := body(answer)
	if err != nil {
		return nil, err
	}
	return nil, failure(answer, raw)
}

// body reads an answer, as long as it is none without end.
func body(answer *http.Response) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	if err != nil {
		return nil, registry.Errorf(registry.CodeUnavailable, "", "the answer ended early").WithCause(err)
	}
	if len(raw) > maxAnswer {
		return nil, registry.Errorf(registry.CodeTooLarge, "", "an answer of more than %d bytes", maxAnswer)
	}
	return raw, nil
}

// Refusal is a problem that the server answered with.
type Refusal struct{ Problem problem.Problem }

// Error says code, field, title and detail.
func (r *Refusal) Error() string {
	return registry.Errorf(r.Problem.Code, r.Problem.Field, "%s %s", r.Problem.Title, r.Problem.Detail).Error()
}

// Unwrap is the coded error that the problem was made from.
func (r *Refusal) Unwrap() error { return r.Problem.Err() }

// failure is what an answer that is no success says.
func failure(answer *http.Response, raw []byte) error {
	var p problem.Problem
	if json.Unmarshal(raw, &p) == nil && p.Code != "" {
		return &Refusal{p}
	}
	if answer.StatusCode == http.StatusBadGateway || answer.StatusCode == http.StatusServiceUnavailable || answer.StatusCode == http.StatusGatewayTimeout {
		return registry.Errorf(registry.CodeUnavailable, "", "what stands before the server answered %s", answer.Status)
	}
	return fmt.Errorf("%s %s: the answer is none of this API: %s", answer.Request.Method, answer.Request.URL.Path, answer.Status)
}

// call sends a request and reads the JSON answer.
func call[T any](ctx context.Context, c *caller, q request) (*T, error) {
	raw, err := c.bytes(ctx, q)
	if err != nil {
		return nil, err
	}
	out := new(T)
	if err := json.Unmarshal(raw, out); err != nil {
		return nil, fmt.Errorf("answer to %s %s: %w", q.method, q.path, err)
	}
	return out, nil
}

// get is a request without a body.
func get(path string, query url.Values) request {
	return request{method: http.MethodGet, path: path, query: query}
}

// post is a request with a JSON body; nil sends none.
func post(path string, body any) (request, error) {
	q := request{method: http.MethodPost, path: path, contentType: "application/json"}
	if body == nil {
		return q, nil
	}
	var err error
	if q.body, err = json.Marshal(body); err != nil {
		err = fmt.Errorf("body of %s: %w", path, err)
	}
	return q, err
}

// wait prefers to be answered at the end (RFC 7240): whole seconds, of which
// the server grants 30 at most.
func wait(longest time.Duration) map[string]string {
	if longest < time.Second {
		return nil
	}
	return map[string]string{"Prefer": "wait=" + strconv.Itoa(int(longest/time.Second))}
}
