package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"tongzheng/api/client"
	"tongzheng/api/httpx"
	"tongzheng/api/resource"
	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// as is a client of the site with an account's API key; "" for nobody.
func (s *site) as(t testing.TB, login string) *client.Client {
	t.Helper()
	config := client.Config{Server: s.Config.PublicURL}
	if login != "" {
		config.APIKey = s.account(t, login).APIKey
	}
	return client.New(config)
}

// signature makes an account's approvals.
func (s *site) signature(t testing.TB, login string, digest sm.Digest) registry.Approval {
	t.Helper()
	return s.sign(t, login, proceeding{Intent: digest.String()})
}

// good fails the test on an error.
func good[T any](t testing.TB) func(T, error) T {
	return func(out T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

// submission is an application as the client sends it.
func (s *site) submission(t testing.TB, application map[string]any) client.Submission {
	t.Helper()
	raw, err := json.Marshal(application)
	if err != nil {
		t.Fatal(err)
	}
	sub := client.Submission{Key: fmt.Sprintf("client-%d", fresh()), Wait: 20 * time.Second}
	if err := json.Unmarshal(raw, &sub.Application); err != nil {
		t.Fatal(err)
	}
	return sub
}

// One license from its application to its papers, by the client alone.
func TestClientIssues(t *testing.T) {
	s := openSite(t)
	c, ctx := s.as(t, "xg-system"), context.Background()
	p := good[*resource.Proceeding](t)(c.Licenses.Issue(ctx, s.submission(t, s.food(t))))
	if p.Step != resource.StepReserved || p.Approvals.Missing != 2 || p.Proposal.Digest() != p.Intent {
		t.Fatalf("%+v", p)
	}
	for _, login := range []string{"xg-acceptor", "xg-approver"} {
		p = good[*resource.Proceeding](t)(s.as(t, login).Proceedings.Approve(ctx, p.Intent, s.signature(t, login, p.Intent), 20*time.Second))
	}
	if p = good[*resource.Proceeding](t)(c.Proceedings.Show(ctx, p.Intent, 20*time.Second)); p.Step != resource.StepAnchored || p.Receipt == nil {
		t.Fatalf("%+v", p)
	}
	for name, file := range map[string]struct {
		begins string
		read   func() ([]byte, error)
	}{
		"document": {"PK", func() ([]byte, error) { return c.Licenses.Document(ctx, p.Identifier) }},
		"bundle":   {"PK", func() ([]byte, error) { return c.Licenses.Bundle(ctx, p.Identifier) }},
		"paper":    {"%PDF", func() ([]byte, error) { return c.Licenses.Paper(ctx, p.Identifier, 2, nil) }},
		"overprint": {"%PDF", func() ([]byte, error) {
			return c.Licenses.Paper(ctx, p.Identifier, 2, &registry.Overprint{X: 1.5, Y: -2})
		}},
	} {
		if raw, err := file.read(); err != nil || !bytes.HasPrefix(raw, []byte(file.begins)) {
			t.Errorf("%s: %.20q %v", name, raw, err)
		}
	}
	d := good[*registry.Disclosure](t)(c.Licenses.Disclose(ctx, p.Identifier, "ZZMC"))
	if entry, err := d.Receipt.VerifyEntry(); err != nil || d.Verify(entry) != nil || len(d.Fields) != 1 {
		t.Errorf("disclosure %+v", d)
	}
	page := good[*resource.LicensePage](t)(c.Licenses.Search(ctx, client.Search{Text: p.Identifier.Base(), Step: resource.StepAnchored, Limit: 1}))
	if len(page.Items) != 1 || page.Items[0].Identifier != p.Identifier {
		t.Errorf("search: %+v", page)
	}
	// Another act is begun and given up.
	act := s.submission(t, map[string]any{"act": "cancel", "grant": "xg-direct-001", "organization": s.account(t, "xg-system").Code, "ground": "applied", "decision": fmt.Sprintf("销%d", fresh())})
	begun := good[*resource.Proceeding](t)(c.Licenses.Act(ctx, p.Identifier, act))
	if _, err := c.Proceedings.Release(ctx, begun.Intent); registry.CodeOf(err) == "" {
		t.Error("released before it was sealed")
	}
	if err := c.Proceedings.Drop(ctx, begun.Intent); err != nil {
		t.Error(err)
	}
}

// What is refused comes back with the code and the field of the problem.
func TestClientIsRefused(t *testing.T) {
	s := openSite(t)
	ctx := context.Background()
	refused := func(name string, err error, code registry.Code, field string) {
		t.Helper()
		var e *registry.Error
		if !errors.As(err, &e) || e.Code != code || e.Field != field {
			t.Errorf("%s: %v, want %s (%s)", name, err, code, field)
		}
	}
	_, err := s.as(t, "").Catalog.Tasks(ctx)
	refused("nobody", err, registry.CodeUnauthenticated, "")
	c := s.as(t, "xg-system")
	bad := s.food(t)
	bad["expires"] = "2020-01-01"
	_, err = c.Licenses.Issue(ctx, s.submission(t, bad))
	refused("dates", err, registry.CodeDateOrder, "expires")
	_, err = c.Licenses.Issue(ctx, client.Submission{Key: "written", Written: json.RawMessage(`{"gront":"g"}`)})
	refused("unknown field", err, registry.CodeUnknownField, "gront")
	_, err = c.Proceedings.Show(ctx, sm.Sum([]byte("none")), 0)
	refused("no such proceeding", err, registry.CodeNotFound, "intent")
	_, err = c.Orders.List(ctx, 0)
	refused("orders", err, registry.CodeForbidden, "")
	_, err = s.as(t, "").Public.Verify(ctx, resource.Question{Number: "JY1"})
	refused("no holder", err, registry.CodeMissing, "holder")
}

// Case files and order sheets by the client.
func TestClientGoverns(t *testing.T) {
	s := openSite(t)
	ctx := context.Background()
	governor := s.as(t, "gz-governor-1")
	draft := s.matter(t)
	record, err := json.Marshal(draft["record"])
	if err != nil {
		t.Fatal(err)
	}
	sheet := good[*resource.Sheet](t)(governor.Orders.Draft(ctx, resource.OrderDraft{Organization: fmt.Sprint(draft["organization"]), Kind: registry.KindMatter, Basis: "test", Record: record}))
	for _, login := range []string{"gz-governor-1", "gz-governor-2"} {
		sheet = good[*resource.Sheet](t)(s.as(t, login).Orders.Approve(ctx, sheet.Digest, s.signature(t, login, sheet.Digest)))
	}
	if sheet = good[*resource.Sheet](t)(governor.Orders.Show(ctx, sheet.Digest)); sheet.Step != resource.SheetSet || len(sheet.Given) != 2 {
		t.Fatalf("%+v", sheet)
	}
	if found := good[[]resource.Record](t)(governor.Orders.Records(ctx, registry.KindMatter, sheet.Orders[0].Name)); len(found) != 1 || !bytes.Equal(found[0].Record, sheet.Orders[0].Record) {
		t.Errorf("records: %+v", found)
	}
	other := good[*resource.Sheet](t)(governor.Orders.Draft(ctx, resource.OrderDraft{Organization: fmt.Sprint(draft["organization"]), Kind: registry.KindMatter, Basis: "test again", Record: record}))
	if err := governor.Orders.Drop(ctx, other.Digest); err != nil {
		t.Error(err)
	}
	if list := good[[]resource.Sheet](t)(governor.Orders.List(ctx, 100)); len(list) < 2 {
		t.Errorf("%d sheets", len(list))
	}

	grant, number := s.reviewGrant(t), fmt.Sprintf("于审〔2026〕C%d号", fresh())
	acceptor := s.as(t, "yd-acceptor")
	next := good[*resource.CaseSigning](t)(acceptor.Cases.Next(ctx, resource.CaseDraft{Grant: grant.ID, Case: number, Kind: registry.CaseAccept, Organization: s.account(t, "yd-acceptor").Code, Days: 20}))
	file := good[*resource.CaseFile](t)(acceptor.Cases.Take(ctx, resource.CaseStep{Canonical: next.Sign.Canonical, Approval: s.signature(t, "yd-acceptor", next.Sign.Digest)}))
	if again := good[*resource.CaseFile](t)(acceptor.Cases.File(ctx, grant.ID, number)); again.Digest != file.Digest || len(again.Steps) != 1 {
		t.Errorf("%+v", again)
	}
}

// Every form that the client reads is whole: written again, it is what the
// server said, byte for byte.
func TestFormsAreWhole(t *testing.T) {
	s := openSite(t)
	p := s.issued(t)
	made, a := s.draft(t, "gz-governor-1", s.matter(t))
	a.want(t, 201)
	grant, number := s.reviewGrant(t), fmt.Sprintf("于审〔2026〕W%d号", fresh())
	s.step(t, "yd-acceptor", map[string]any{"grant": grant.ID, "case": number, "kind": "accept", "organization": s.account(t, "yd-acceptor").Code, "days": 20}).want(t, 201)
	token := p.Printings[1].URL[len(p.Printings[1].URL)-26:]
	license := "/api/v1/licenses/" + p.Identifier
	for _, form := range []struct {
		q    request
		into any
	}{
		{request{method: "GET", path: "/api/v1/proceedings/" + p.Intent, as: "xg-system"}, new(resource.Proceeding)},
		{request{method: "GET", path: license, as: "xg-system"}, new(resource.License)},
		{request{method: "GET", path: "/api/v1/licenses?limit=5", as: "xg-system"}, new(resource.LicensePage)},
		{request{method: "GET", path: license + "/powers", as: "xg-system"}, new(registry.Accountability)},
		{request{method: "POST", path: license + "/disclosure", as: "xg-system", body: resource.FieldNames{Fields: []string{"ZZMC"}}}, new(registry.Disclosure)},
		{request{method: "GET", path: "/api/v1/orders/" + made.Digest, as: "gz-governor-1"}, new(resource.Sheet)},
		{request{method: "GET", path: "/api/v1/orders?limit=5", as: "gz-governor-1"}, new(resource.SheetList)},
		{request{method: "GET", path: "/api/v1/records?kind=grant", as: "gz-governor-1"}, new(resource.RecordList)},
		{request{method: "GET", path: "/api/v1/cases?" + url.Values{"grant": {grant.ID}, "case": {number}}.Encode(), as: "yd-acceptor"}, new(resource.CaseFile)},
		{request{method: "GET", path: "/api/v1/types", as: "xg-system"}, new(resource.TypeList)},
		{request{method: "GET", path: "/api/v1/tasks", as: "xg-approver"}, new(resource.TaskList)},
		{request{method: "POST", path: "/api/v1/verify", body: resource.Question{Token: token}}, new(resource.Verification)},
		{request{method: "POST", path: "/api/v1/statements", body: resource.Question{Token: token}}, new(resource.Statement)},
		{request{method: "GET", path: "/api/v1/keys"}, new(resource.KeyList)},
		{request{method: "GET", path: "/api/v1/status-list"}, new(resource.StatusListHeads)},
	} {
		answer := s.do(t, form.q).want(t, http.StatusOK)
		answer.decode(t, form.into)
		again, err := httpx.Marshal(form.into)
		if err != nil || !bytes.Equal(again, answer.body) {
			t.Errorf("%s %s: read as %T and written again it differs (%v)\n%s%s", form.q.method, form.q.path, form.into, err, answer.body, again)
		}
	}
}

// What everyone may ask, by the client without a key.
func TestClientOfEveryone(t *testing.T) {
	s := openSite(t)
	p := s.issued(t)
	ctx, c := context.Background(), s.as(t, "").Public
	ask := resource.Question{Token: p.Printings[1].URL[len(p.Printings[1].URL)-26:]}
	if v := good[*resource.Verification](t)(c.Verify(ctx, ask)); v.Word != registry.Valid || v.Public == nil || v.Public.Sheet == nil {
		t.Errorf("%+v", v)
	}
	said := good[*resource.Statement](t)(c.State(ctx, ask))
	if signed, err := registry.ParseStatement([]byte(said.Text)); err != nil || signed.Statement.Word != registry.Valid {
		t.Errorf("%+v %v", said, err)
	}
	id, err := registry.ParseIdentifier(p.Identifier)
	if err != nil {
		t.Fatal(err)
	}
	document := good[[]byte](t)(s.as(t, "xg-system").Licenses.Document(ctx, id))
	if v := good[*resource.Verification](t)(c.VerifyFile(ctx, document)); v.Word != registry.Valid {
		t.Errorf("file: %+v", v)
	}
	if said := good[*resource.Statement](t)(c.StateFile(ctx, document)); said.Statement.Word != registry.Valid {
		t.Errorf("statement of a file: %+v", said)
	}
	if keys := good[*resource.KeyList](t)(c.Keys(ctx)); len(keys.Keys) == 0 || keys.Roots == "" {
		t.Errorf("%+v", keys)
	}
	if list := good[json.RawMessage](t)(c.KeyList(ctx)); !json.Valid(list) {
		t.Errorf("key list: %.100s", list)
	}
	heads := good[[]registry.StatusHead](t)(c.StatusLists(ctx))
	for _, head := range heads {
		if list := good[*registry.StatusList](t)(c.StatusList(ctx, head.List, 0)); list.Head.List != head.List {
			t.Errorf("list %d: %+v", head.List, list.Head)
		}
	}
	if len(heads) == 0 {
		t.Error("no status list is published")
	}
}
