package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"

	"tongzheng/api"
	"tongzheng/api/codes"
	"tongzheng/api/problem"
	"tongzheng/cmd/citytest"
	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/plan"
)

// site is the whole program on a free port, with its demonstration city: real
// PostgreSQL, ledger, signer and view. One for all tests of the package; each
// test works on licenses of its own.
type site struct {
	*citytest.App
	demo *citytest.Demo
	plan *plan.Plan
	spec validator.Validator
}

var shared struct {
	once sync.Once
	site *site
	err  error
	stop func()
}

func TestMain(m *testing.M) {
	citytest.Main(m, func() {
		if shared.stop != nil {
			shared.stop()
		}
	})
}

func openSite(t testing.TB) *site {
	t.Helper()
	shared.once.Do(func() { shared.site, shared.err = startSite() })
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.site
}

func startSite() (*site, error) {
	config, err := citytest.Shared(citytest.Config{DemoCity: true, SignListen: "127.0.0.1:0", ExchangeListen: "127.0.0.1:0", PublicPerMinute: 1e6, Pictures: codes.Limits{Time: codes.Machine.Time}}) // a busy machine is no hostile picture
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	a, err := citytest.Open(ctx, config)
	if err != nil {
		cancel()
		return nil, err
	}
	s := &site{App: a}
	if s.demo, err = citytest.ReadDemo(config.Data); err == nil {
		s.plan, err = plan.Load(citytest.DemoPlan)
	}
	if err == nil {
		s.spec, err = newSpec()
	}
	if err == nil {
		err = s.keepLibrary(ctx)
	}
	served := make(chan error, 1)
	go func() { served <- a.Serve(ctx) }()
	shared.stop = func() { cancel(); <-served; a.Close() }
	return s, err
}

// libraryKeeper keeps the license library in the tests of this package; it is nothing else to
// any license.
const libraryKeeper = "gz-justice"

// keepLibrary orders so.
func (s *site) keepLibrary(ctx context.Context) error {
	keeper, ok := s.plan.Organization(libraryKeeper)
	record, _, err := s.View.Record(registry.KindService, keeper.Member)
	if err != nil || !ok || record == nil {
		return fmt.Errorf("no service of %s: %v", keeper.Member, err)
	}
	service := *record.(*registry.Service)
	service.Library = keeper.Code
	city, _ := s.plan.Organization(s.plan.City)
	return s.Office.Governing.Govern(ctx, registry.Operator("test"), []office.OrderDraft{{Organization: city.Code, Record: &service, Basis: "测试"}})
}

func newSpec() (validator.Validator, error) {
	document, err := libopenapi.NewDocument(api.OpenAPI())
	if err != nil {
		return nil, err
	}
	v, errs := validator.NewValidator(document)
	if len(errs) > 0 {
		return nil, fmt.Errorf("openapi.yaml: %v", errs)
	}
	return v, nil
}

// answer is a response with its body read.
type answer struct {
	*http.Response
	body []byte
}

func (a answer) decode(t testing.TB, into any) {
	t.Helper()
	if err := json.Unmarshal(a.body, into); err != nil {
		t.Fatalf("%v in %s", err, a.body)
	}
}

func (a answer) want(t testing.TB, status int) answer {
	t.Helper()
	if a.StatusCode != status {
		t.Fatalf("%s %s: status %d, want %d: %s", a.Request.Method, a.Request.URL.Path, a.StatusCode, status, a.body)
	}
	return a
}

// problem reads the problem that the answer must be.
func (a answer) problem(t testing.TB, status int, code registry.Code, field string) problem.Problem {
	t.Helper()
	var p problem.Problem
	if a.Header.Get("Content-Type") != "application/problem+json" {
		t.Fatalf("no problem but %d %s: %.300s", a.StatusCode, a.Header.Get("Content-Type"), a.body)
	}
	a.decode(t, &p)
	if a.StatusCode != status || p.Status != status || p.Code != code || p.Field != field {
		t.Fatalf("got %d %s (%s): %s; want %d %s (%s)", a.StatusCode, p.Code, p.Field, p.Detail, status, code, field)
	}
	return p
}

// request describes one call of the API.
type request struct {
	method, path string
	as           string // login of a demonstration account; empty for nobody
	body         any    // JSON, or raw bytes
	header       map[string]string
}

// do sends a request and holds the answer against openapi.yaml.
func (s *site) do(t testing.TB, q request) answer {
	t.Helper()
	var body io.Reader
	contentType := ""
	switch b := q.body.(type) {
	case nil:
	case []byte:
		body, contentType = bytes.NewReader(b), "application/json"
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		body, contentType = bytes.NewReader(raw), "application/json"
	}
	r, err := http.NewRequest(q.method, "http://"+s.Address+q.path, body)
	if err != nil {
		t.Fatal(err)
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	if q.as != "" {
		r.Header.Set("Authorization", "Bearer "+s.account(t, q.as).APIKey)
	}
	for name, value := range q.header {
		if value == "" {
			r.Header.Del(name)
			continue
		}
		r.Header.Set(name, value)
	}
	return s.send(t, r)
}

var agent = &http.Client{Timeout: citytest.Patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

func (s *site) send(t testing.TB, r *http.Request) answer {
	t.Helper()
	response, err := agent.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{response, raw}
	if strings.HasPrefix(r.URL.Path, "/api/v1/") {
		s.holdAgainstSpec(t, r, a)
	}
	return a
}

func (s *site) holdAgainstSpec(t testing.TB, r *http.Request, a answer) {
	t.Helper()
	if a.StatusCode == http.StatusMethodNotAllowed || a.StatusCode == http.StatusNotFound && strings.Contains(string(a.body), "no such address") {
		return // addresses outside the description
	}
	response := *a.Response
	response.Body = io.NopCloser(bytes.NewReader(a.body))
	if ok, errs := s.spec.ValidateHttpResponse(r, &response); !ok {
		for _, e := range errs {
			t.Errorf("%s %s → %d against openapi.yaml: %s: %s", r.Method, r.URL.Path, a.StatusCode, e.Message, e.Reason)
			for _, v := range e.SchemaValidationErrors {
				t.Errorf("  %s: %s", v.FieldPath, v.Reason)
			}
		}
		t.Fatalf("answer was %.2000s", a.body)
	}
}

func (s *site) account(t testing.TB, login string) citytest.DemoAccount {
	t.Helper()
	account, err := s.demo.Account(login)
	if err != nil {
		t.Fatal(err)
	}
	return account
}

// count runs a query that returns one number, as the owner of the tables.
func (s *site) count(t testing.TB, query string, args ...any) (n int) {
	t.Helper()
	s.row(t, query, args, &n)
	return n
}

func (s *site) row(t testing.TB, query string, args []any, into any) {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, s.Config.OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if err := conn.QueryRow(ctx, query, args...).Scan(into); err != nil {
		t.Fatal(err)
	}
}

// exec changes the database behind the program's back.
func (s *site) exec(t testing.TB, query string, args ...any) {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, s.Config.OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, query, args...); err != nil {
		t.Fatal(err)
	}
}

var serial struct {
	sync.Mutex
	n int
}

// fresh is a number that no other test got.
func fresh() int {
	serial.Lock()
	defer serial.Unlock()
	serial.n++
	return serial.n
}

// food is a good application for a food operation license by Xingguo's bureau.
func (s *site) food(t testing.TB) map[string]any {
	t.Helper()
	n := fresh()
	for _, sample := range s.plan.Licenses {
		if sample.ID != "xg-food-1" {
			continue
		}
		kind, _ := s.plan.Type(sample.Type)
		grant, _ := s.plan.Grant(sample.Grant)
		decider, _ := s.plan.Organization(grant.Decider)
		seal, _ := s.plan.SealFor(grant, kind.Type.Seal)
		return map[string]any{"type": kind.Type.Code, "grant": grant.ID, "organization": decider.Code, "ground": "applied", "seal": seal.ID,
			"decision": fmt.Sprintf("兴审食准〔2026〕T%d号", n), "case": fmt.Sprintf("XG2026-T%d", n),
			"holder": map[string]any{"name": sample.Holder.Name, "code": sample.Holder.Code, "code_type": sample.Holder.CodeType},
			"fields": clone(sample.Fields), "effective": "2026-11-01", "expires": "2031-10-31",
			"copies": []any{
				map[string]any{"copy": "original", "blank": map[string]any{"form": "SPJY-ZB", "run": "2024-01", "number": fmt.Sprintf("JX%08d", 1000+n)}},
				map[string]any{"copy": "duplicate", "blank": map[string]any{"form": "SPJY-FB", "run": "2024-01", "number": fmt.Sprintf("JXF%07d", 1000+n)}},
			}}
	}
	t.Fatal("the plan has no xg-food-1")
	return nil
}

func clone(m map[string]string) map[string]any {
	out := map[string]any{}
	for k, v := range m {
		out[k] = v
	}
	return out
}

// proceeding is what tests read of a proceeding.
type proceeding struct {
	Intent     string
	Step       string
	Act        string
	Identifier string
	Approvals  struct {
		Asked   []string
		Given   []struct{ KeyID string }
		Missing int
	}
	Sign struct {
		Digest             string
		Message, Canonical []byte
	}
	Refusal   *struct{ Code string }
	Printings []struct {
		Number uint32
		Copy   string
		URL    string
	}
	Links map[string]string
}

// apply applies as the bureau's one-window system does.
func (s *site) apply(t testing.TB, path string, body any, header map[string]string) (proceeding, answer) {
	t.Helper()
	return s.applyAs(t, "xg-system", path, body, header)
}

func (s *site) applyAs(t testing.TB, as, path string, body any, header map[string]string) (proceeding, answer) {
	t.Helper()
	all := map[string]string{"Idempotency-Key": fmt.Sprintf("test-%d", fresh())}
	for k, v := range header {
		all[k] = v
	}
	a := s.do(t, request{method: "POST", path: path, as: as, body: body, header: all})
	var p proceeding
	if a.StatusCode < 300 {
		a.decode(t, &p)
	}
	return p, a
}

// sign makes an account's approval with its key file.
func (s *site) sign(t testing.TB, login string, p proceeding) registry.Approval {
	t.Helper()
	key, err := citytest.PersonKey(filepath.Join(s.Config.Data, s.account(t, login).KeyFile))
	if err != nil {
		t.Fatal(err)
	}
	digest := digestOf(t, p.Intent)
	approval, err := citytest.Approve(key, digest)
	if err != nil {
		t.Fatal(err)
	}
	return approval
}

// approve signs with every role asked for and waits for the end.
func (s *site) approve(t testing.TB, p proceeding) proceeding {
	t.Helper()
	return s.finish(t, p, signers(p, "xg")...)
}

// signers are a unit's accounts for the roles that a proceeding asks for.
func signers(p proceeding, unit string) (logins []string) {
	for _, role := range p.Approvals.Asked {
		logins = append(logins, unit+"-"+role)
	}
	return logins
}

// finish has people approve, one after the other, and waits for the end.
func (s *site) finish(t testing.TB, p proceeding, logins ...string) proceeding {
	t.Helper()
	for _, login := range logins {
		a := s.do(t, request{method: "POST", path: "/api/v1/proceedings/" + p.Intent + "/approvals", as: login, body: s.sign(t, login, p), header: map[string]string{"Prefer": "wait=20"}})
		if a.StatusCode >= 300 {
			t.Fatalf("approval by %s: %d %s", login, a.StatusCode, a.body)
		}
		a.decode(t, &p)
	}
	return p
}

// issued makes an anchored license.
func (s *site) issued(t testing.TB) proceeding {
	t.Helper()
	p, a := s.apply(t, "/api/v1/licenses", s.food(t), nil)
	a.want(t, http.StatusAccepted)
	if p = s.approve(t, p); p.Step != "anchored" {
		t.Fatalf("step %s", p.Step)
	}
	return p
}

// measured is an act of a regulator's on a license, brought to its end.
func (s *site) measured(t testing.TB, regulator, identifier, act, grant string) {
	t.Helper()
	acceptor := regulator + "-acceptor"
	p, a := s.applyAs(t, acceptor, "/api/v1/licenses/"+identifier+"/acts", map[string]any{"act": act, "grant": grant, "organization": s.account(t, acceptor).Code,
		"ground": "penalty", "decision": fmt.Sprintf("兴罚〔2026〕T%d号", fresh())}, nil)
	a.want(t, http.StatusAccepted)
	if p = s.finish(t, p, signers(p, regulator)...); p.Step != "anchored" {
		t.Fatalf("%s: step %s", act, p.Step)
	}
}

// done applies for an act and brings it to its end.
func (s *site) done(t testing.TB, identifier, act string, extra map[string]any) proceeding {
	t.Helper()
	body := map[string]any{"act": act, "grant": "xg-direct-001", "organization": s.account(t, "xg-system").Code, "ground": "applied"}
	for k, v := range extra {
		body[k] = v
	}
	p, a := s.apply(t, "/api/v1/licenses/"+identifier+"/acts", body, nil)
	a.want(t, http.StatusAccepted)
	if p = s.approve(t, p); p.Step != "anchored" {
		t.Fatalf("%s: step %s", act, p.Step)
	}
	return p
}

func path(url string) string {
	return url[strings.Index(url, "/v/"):]
}

func sealOf(s *site, t testing.TB) string {
	t.Helper()
	seal, ok := s.food(t)["seal"].(string)
	if !ok {
		t.Fatal("no seal")
	}
	return seal
}

func sorted(list []string) []string {
	out := slices.Clone(list)
	slices.Sort(out)
	return out
}
