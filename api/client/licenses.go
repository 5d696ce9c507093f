package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"tongzheng/api/resource"
	"tongzheng/registry"
)

// Licenses are those to which the caller's organization is something.
type Licenses struct{ caller *caller }

// Submission is an application on its way to the server.
type Submission struct {
	// Key is the caller's own, new for each application: the same key with the
	// same application gives the same proceeding.
	Key         string
	Application resource.Application
	// Written is the application in JSON as somebody wrote it, in place of
	// Application: the server names what it does not know.
	Written json.RawMessage
	// Wait is the longest to wait for the end, when the approvals are with the
	// application; whole seconds, 30 s at most, 0 is not at all.
	Wait time.Duration
}

func (s Submission) written() ([]byte, error) {
	if s.Written != nil {
		return s.Written, nil
	}
	raw, err := json.Marshal(s.Application)
	if err != nil {
		return nil, fmt.Errorf("application: %w", err)
	}
	return raw, nil
}

func (s Submission) header() map[string]string {
	header := map[string]string{"Idempotency-Key": s.Key}
	for name, value := range wait(s.Wait) {
		header[name] = value
	}
	return header
}

// Issue applies for a new license.
func (l Licenses) Issue(ctx context.Context, s Submission) (*resource.Proceeding, error) {
	if s.Application.Act == 0 {
		s.Application.Act = registry.Issue
	}
	return l.submit(ctx, "/licenses", s)
}

// Act applies for an act on a license, named at its present version.
func (l Licenses) Act(ctx context.Context, id registry.Identifier, s Submission) (*resource.Proceeding, error) {
	return l.submit(ctx, licensePath(id)+"/acts", s)
}

func (l Licenses) submit(ctx context.Context, path string, s Submission) (*resource.Proceeding, error) {
	raw, err := s.written()
	if err != nil {
		return nil, err
	}
	return call[resource.Proceeding](ctx, l.caller, request{method: http.MethodPost, path: path, header: s.header(), contentType: "application/json", body: raw})
}

// Collect hands in a version that another system made and sealed, with its
// file as it was given out.
func (l Licenses) Collect(ctx context.Context, s Submission, file []byte) (*resource.Proceeding, error) {
	if s.Application.Act == 0 {
		s.Application.Act = registry.Issue
	}
	raw, err := s.written()
	if err != nil {
		return nil, err
	}
	var form bytes.Buffer
	parts := multipart.NewWriter(&form)
	err = parts.WriteField("application", string(raw))
	if err == nil {
		part, e := parts.CreateFormFile("file", "document")
		if err = e; err == nil {
			_, err = part.Write(file)
		}
	}
	if err == nil {
		err = parts.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("form: %w", err)
	}
	return call[resource.Proceeding](ctx, l.caller, request{method: http.MethodPost, path: "/collected", header: s.header(), contentType: parts.FormDataContentType(), body: form.Bytes()})
}

// Search finds licenses. What is empty does not restrict.
type Search struct {
	Text         string // holder name, number or identifier, from its beginning
	Type         string
	Step         resource.Step
	Organization string // operators only
	Relation     registry.Relation
	Cursor       string // Next of the page before
	Limit        int    // 1–100, 20 when 0
}

// Search lists licenses, newest first.
func (l Licenses) Search(ctx context.Context, s Search) (*resource.LicensePage, error) {
	query := url.Values{}
	for name, value := range map[string]string{"q": s.Text, "type": s.Type, "step": string(s.Step), "organization": s.Organization, "relation": string(s.Relation), "cursor": s.Cursor} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if s.Limit != 0 {
		query.Set("limit", strconv.Itoa(s.Limit))
	}
	return call[resource.LicensePage](ctx, l.caller, get("/licenses", query))
}

// Deliveries lists the results that the caller's organization hands over, newest
// first: all, or those that wait for one act (print, reprint, deliver, recover).
func (l Licenses) Deliveries(ctx context.Context, act registry.Act, cursor string) (*resource.DeliveryPage, error) {
	query := url.Values{}
	if act != 0 {
		query.Set("act", act.String())
	}
	if cursor != "" {
		query.Set("cursor", cursor)
	}
	return call[resource.DeliveryPage](ctx, l.caller, get("/deliveries", query))
}

// Show shows one license over all its versions.
func (l Licenses) Show(ctx context.Context, id registry.Identifier) (*resource.License, error) {
	return call[resource.License](ctx, l.caller, get(licensePath(id), nil))
}

// Powers tells who answered for the license on a day; today for the zero day.
func (l Licenses) Powers(ctx context.Context, id registry.Identifier, day registry.Date) (*registry.Accountability, error) {
	query := url.Values{}
	if day != 0 {
		query.Set("as_of", day.String())
	}
	return call[registry.Accountability](ctx, l.caller, get(licensePath(id)+"/powers", query))
}

// Document is the sealed electronic license (OFD) of the version named.
func (l Licenses) Document(ctx context.Context, id registry.Identifier) ([]byte, error) {
	return l.caller.bytes(ctx, get(licensePath(id)+"/document", nil))
}

// Paper is one sheet for the printer (PDF); with an overprint the values only,
// for pre-printed stock.
func (l Licenses) Paper(ctx context.Context, id registry.Identifier, printing uint32, overprint *registry.Overprint) ([]byte, error) {
	query := url.Values{}
	if overprint != nil {
		query.Set("overprint", strconv.FormatFloat(overprint.X, 'f', -1, 64)+","+strconv.FormatFloat(overprint.Y, 'f', -1, 64))
	}
	return l.caller.bytes(ctx, get(licensePath(id)+"/printings/"+strconv.FormatUint(uint64(printing), 10)+"/paper", query))
}

// Bundle is one file that proves the license without the registry.
func (l Licenses) Bundle(ctx context.Context, id registry.Identifier) ([]byte, error) {
	return l.caller.bytes(ctx, get(licensePath(id)+"/bundle", nil))
}

// Disclose shows some fields of a version with proof and hides the others.
func (l Licenses) Disclose(ctx context.Context, id registry.Identifier, fields ...string) (*registry.Disclosure, error) {
	q, err := post(licensePath(id)+"/disclosure", resource.FieldNames{Fields: fields})
	if err != nil {
		return nil, err
	}
	return call[registry.Disclosure](ctx, l.caller, q)
}

func licensePath(id registry.Identifier) string { return "/licenses/" + url.PathEscape(id.String()) }
