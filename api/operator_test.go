package api_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"tongzheng/api/client"
	"tongzheng/api/operate"
	"tongzheng/api/problem"
	"tongzheng/api/resource"
	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// machine reaches the site as its operator does, and holds every answer against
// openapi.yaml.
type machine struct {
	*site
	t testing.TB
}

// RoundTrip implements http.RoundTripper.
func (m machine) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := client.InProcess(operate.AtTheMachine(m.Handler)).RoundTrip(r)
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	m.holdAgainstSpec(m.t, r, answer{response, raw})
	response.Body = io.NopCloser(bytes.NewReader(raw))
	return response, nil
}

func (s *site) operator(t testing.TB) client.Operator {
	return client.New(client.Config{Server: "http://localhost", HTTP: &http.Client{Transport: machine{s, t}}}).Operator
}

// asked sends one request at the machine.
func (s *site) asked(t testing.TB, method, path, contentType, body string) answer {
	t.Helper()
	r, err := http.NewRequest(method, "http://localhost"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	response, err := machine{s, t}.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{response, raw}
}

// Over the network nobody is the operator: not with the API key of an account
// that may see everything, not with a header that says so.
func TestOperatorIsNotOnTheNetwork(t *testing.T) {
	s := openSite(t)
	routes := 0
	for path, methods := range described(t).Paths {
		if !strings.HasPrefix(path, "/api/v1/operator/") {
			continue
		}
		for method := range methods {
			routes++
			path := strings.NewReplacer("{login}", "operator", "{seal}", "xg-approval-seal", "{id}", "x").Replace(path)
			for _, login := range []string{"operator", "xg-approver", ""} {
				a := s.do(t, request{method: strings.ToUpper(method), path: path, as: login, body: []byte("{}"),
					header: map[string]string{"X-Operator": "true", "X-Forwarded-For": "127.0.0.1"}})
				a.problem(t, http.StatusForbidden, registry.CodeForbidden, "")
			}
		}
	}
	if routes < 20 {
		t.Errorf("%d routes of the operator are described", routes)
	}
}

// Every route says by code and field what is wrong with a request.
func TestOperatorIsToldWhatIsWrong(t *testing.T) {
	s := openSite(t)
	const js = "application/json"
	blanks := `"type":"x","form":"y","run":"z","organization":"o","from":"1","to":"2"`
	for _, c := range []struct {
		method, path, contentType, body string
		status                          int
		code                            registry.Code
		field                           string
	}{
		{"GET", "/accounts?organisation=x", "", "", 400, registry.CodeUnknownField, ""},
		{"POST", "/accounts", js, `{"login":"a","organization":"b","name":"c","admin":true}`, 400, registry.CodeUnknownField, "admin"},
		{"POST", "/accounts", js, `{"login":"a","organization":"b"}`, 422, registry.CodeMissing, "name"},
		{"POST", "/accounts", js, `{"login":"a","organization":"b","name":"c","roles":["king"]}`, 400, registry.CodeMalformed, "roles.0"},
		{"POST", "/accounts", js, `{"login":"operator","organization":"b","name":"c"}`, 409, registry.CodeStale, "login"},
		{"POST", "/accounts", "text/plain", `{}`, 415, problem.MediaType, ""},
		{"POST", "/accounts", js, `{"login":"` + strings.Repeat("x", 1<<20) + `"}`, 413, registry.CodeTooLarge, ""},
		{"POST", "/accounts/nobody/password", "", "", 404, registry.CodeNotFound, "login"},
		{"POST", "/accounts/operator/password", js, `{"password":"mine"}`, 400, registry.CodeMalformed, ""},
		{"POST", "/accounts/nobody/api-keys", js, `{"name":"x"}`, 404, registry.CodeNotFound, "login"},
		{"POST", "/accounts/operator/api-keys", js, `{"name":"x","expires":"2020-01-01T00:00:00Z"}`, 400, registry.CodeMalformed, "expires"},
		{"POST", "/accounts/nobody/disable", "", "", 404, registry.CodeNotFound, "login"},
		{"POST", "/accounts/nobody/enable", "", "", 404, registry.CodeNotFound, "login"},
		{"GET", "/seals?state=lost", "", "", 400, registry.CodeUnknownField, ""},
		{"POST", "/seals", js, `{"owner":"x","kind":"approval","basis":"b"}`, 422, registry.CodeMissing, "file"},
		{"POST", "/seals", js, `{"file":"AAAA","owner":"x","kind":"private","basis":"b"}`, 400, registry.CodeMalformed, "kind"},
		{"POST", "/seals/none/state", js, `{"state":"lost","basis":"b"}`, 422, registry.CodeSealUnknown, "seal"},
		{"POST", "/seals/xg-market-seal/state", js, `{"state":"gone","basis":"b"}`, 400, registry.CodeMalformed, "state"},
		{"POST", "/seals/xg-market-seal/state", js, `{"state":"lost","basis":""}`, 422, registry.CodeMissing, "basis"},
		{"POST", "/seals/none/renewal", js, `{"as":"n","basis":"b"}`, 422, registry.CodeSealUnknown, "seal"},
		{"POST", "/seals/xg-market-seal/renewal", js, `{"basis":"b"}`, 422, registry.CodeMissing, "as"},
		{"GET", "/use-log?key=x", "", "", 400, registry.CodeUnknownField, ""},
		{"GET", "/stock?type=x", "", "", 400, registry.CodeUnknownField, ""},
		{"POST", "/stock/allocations", js, `{` + blanks + `}`, 422, registry.CodeMissing, "basis"},
		{"POST", "/stock/transfers", js, `{` + blanks + `,"basis":"b"}`, 422, registry.CodeMissing, "receiver"},
		{"POST", "/stock/spent", js, `{` + blanks + `,"basis":"b","how":"eaten"}`, 400, registry.CodeMalformed, "how"},
		{"POST", "/stock/spent", js, `{` + blanks + `,"basis":"b","how":"lost"}`, 422, registry.CodeBlankStock, "stock"},
		{"POST", "/grants/plan", js, `{}`, 415, problem.MediaType, ""},
		{"POST", "/grants/plan", operate.CSV, "", 422, registry.CodeMissing, "file"},
		{"POST", "/grants/plan", operate.CSV, "id,king\nx,y\n", 400, registry.CodeUnknownField, "header"},
		{"POST", "/grants/plan", operate.Workbook, "no workbook", 400, registry.CodeMalformed, "file"},
		{"POST", "/grants", operate.CSV, "id\nx\n", 422, registry.CodeMissing, "header"},
		{"GET", "/grants/readiness?on=tomorrow", "", "", 422, registry.CodeDateForm, "on"},
		{"GET", "/grants/readiness?format=pdf", "", "", 400, registry.CodeMalformed, "format"},
		{"POST", "/grants/readiness", operate.CSV, "id\n", 400, registry.CodeMalformed, "list"},
		{"POST", "/types", js, `{"basis":"b","types":[]}`, 422, registry.CodeMissing, "types"},
		{"POST", "/types", js, `{"basis":"b","types":[{"code":"x","seals":"y"}]}`, 400, registry.CodeUnknownField, "types.0.seals"},
		{"PUT", "/holders", operate.CSV, "代码\n", 422, registry.CodeMissing, "header"},
		{"POST", "/handovers/draft", js, `{"id":"x","archives":"burn"}`, 400, registry.CodeMalformed, "archives"},
		{"POST", "/handovers/draft", js, `{"id":"x","archives":"stay","ends":["none"]}`, 422, registry.CodeGrant, "grants"},
		{"POST", "/handovers/page", js, `{"id":1}`, 400, registry.CodeMalformed, "id"},
		{"POST", "/handovers", js, `{"id":"x"}`, 422, registry.CodeEntryForm, "handover"},
		{"POST", "/handovers/none/start", "", "", 409, registry.CodeHandover, "handover"},
	} {
		t.Run(c.method+" "+c.path+" "+string(c.code), func(t *testing.T) {
			s.asked(t, c.method, "/api/v1/operator"+c.path, c.contentType, c.body).problem(t, c.status, c.code, c.field)
		})
	}
}

// Accounts from their making to their end, by the client.
func TestOperatorKeepsAccounts(t *testing.T) {
	s, ctx := openSite(t), context.Background()
	o, login, organization := s.operator(t).Accounts, fmt.Sprintf("op-%d", fresh()), s.account(t, "xg-system").Code
	made := good[*resource.NewAccount](t)(o.Create(ctx, resource.AccountDraft{Login: login, Organization: organization, Name: "测试", Roles: []registry.Role{registry.RolePrinter}}))
	if again := good[*resource.NewPassword](t)(o.NewPassword(ctx, login)); made.Password == "" || made.Person == "" || again.Password == made.Password {
		t.Errorf("%+v, then %+v", made, again)
	}
	key := good[*resource.NewAPIKey](t)(o.NewKey(ctx, login, "测试", time.Now().Add(time.Hour)))
	works := func() error {
		_, err := client.New(client.Config{Server: s.Config.PublicURL, APIKey: key.Key}).Catalog.Tasks(ctx)
		return err
	}
	if err := works(); err != nil {
		t.Error(err)
	}
	if err := o.Disable(ctx, login); err != nil {
		t.Fatal(err)
	}
	if err := works(); registry.CodeOf(err) != registry.CodeUnauthenticated {
		t.Errorf("a locked account works: %v", err)
	}
	i := slices.IndexFunc(good[[]resource.Account](t)(o.List(ctx, organization)), func(a resource.Account) bool { return a.Login == login && a.Disabled })
	if i < 0 {
		t.Error("the locked account is not listed")
	}
	if err := o.Enable(ctx, login); err != nil || works() != nil {
		t.Errorf("let in again: %v", err)
	}
	if n := s.count(t, "SELECT count(*) FROM audit WHERE operation = 'disable account' AND subject = $1", login); n != 1 {
		t.Errorf("%d lines in the audit trail", n)
	}
}

// Seals, blanks, lists and handovers, by the client.
func TestOperatorWorks(t *testing.T) {
	s, ctx := openSite(t), context.Background()
	o, bureau := s.operator(t), s.account(t, "xg-system").Code
	if seals := good[[]*registry.SealRecord](t)(o.Seals.List(ctx)); len(seals) == 0 {
		t.Error("no seals")
	}
	for _, state := range []registry.SealState{registry.SealSuspended, registry.SealInUse} {
		if set := good[*resource.Ordered](t)(o.Seals.SetState(ctx, "xg-market-seal", state, "测试")); !set.Sheet.IsZero() {
			t.Error("a demonstration's orders wait for governors")
		}
	}
	lines := uint64(0)
	head := good[*resource.LogHead](t)(o.Seals.UseLog(ctx, "", func(resource.LogLine) error { lines++; return nil }))
	if lines == 0 || head.Lines != lines || head.Digest.IsZero() {
		t.Errorf("%d lines, head %+v", lines, head)
	}
	run := fmt.Sprintf("OP-%d", fresh())
	blanks := resource.StockNumbers{Type: s.food(t)["type"].(string), Form: "SPJY-ZB", Run: run, Organization: bureau, From: "0001", To: "0100", Basis: "领"}
	good[*resource.Ordered](t)(o.Stock.Allocate(ctx, blanks))
	blanks.From = "0091"
	market := s.organization(t, "xg-market")
	good[*resource.Ordered](t)(o.Stock.Transfer(ctx, resource.StockTransfer{StockNumbers: blanks, Receiver: market}))
	blanks.From, blanks.To = "0001", "0002"
	good[*resource.Ordered](t)(o.Stock.Spend(ctx, resource.StockSpending{StockNumbers: blanks, How: registry.SpentLost}))
	for _, l := range good[[]resource.StockLine](t)(o.Stock.Report(ctx, bureau)) {
		if l.Run == run && (l.Allocated != 90 || l.Free != 88 || l.Lost != 2) {
			t.Errorf("%+v", l)
		}
	}
	catalog := good[[]*registry.LicenseType](t)(s.as(t, "xg-system").Catalog.Types(ctx))
	if set := good[*resource.TypesSet](t)(o.Lists.SetTypes(ctx, "测试", catalog...)); set.Types != len(catalog) || set.Records != 0 {
		t.Errorf("%+v", set)
	}
	holders := client.Table{ContentType: operate.CSV, File: []byte("代码类型,代码,名单,列入日期,机关\n")}
	if listed := good[*resource.HoldersListed](t)(o.Lists.ReplaceHolders(ctx, holders)); listed.Holders != 0 {
		t.Errorf("%+v", listed)
	}
}

// A grant list is judged, applied and examined; a handover over it is drawn up.
func TestOperatorMovesPowers(t *testing.T) {
	s, ctx := openSite(t), context.Background()
	o, id := s.operator(t), fmt.Sprintf("op-grant-%d", fresh())
	records, err := s.Office.Governing.Records(ctx, registry.Operator("test"), registry.KindGrant, "xg-direct-001")
	if err != nil {
		t.Fatal(err)
	}
	like := records[0].(*registry.Grant)
	list := client.Table{ContentType: operate.CSV, File: []byte("id,matter,mode,decider,territory,document,effective,recall_by\n" +
		strings.Join([]string{id, like.Matter, "own", like.Decider, like.Territory, "测试", "2026-01-01", like.RecallBy}, ",") + "\n" +
		strings.Join([]string{id + "-next", like.Matter, "own", s.organization(t, "xg-market"), like.Territory, "测试", "2026-01-01", like.RecallBy}, ",") + "\n")}
	plan := good[*resource.GrantPlan](t)(o.Grants.Plan(ctx, list))
	if plan.Count("new") != 2 {
		t.Fatalf("%+v", plan)
	}
	good[*resource.GrantPlan](t)(o.Grants.Apply(ctx, list))
	if again := good[*resource.GrantPlan](t)(o.Grants.Plan(ctx, list)); again.Count("same") != 2 {
		t.Errorf("%+v", again)
	}
	for _, ask := range []client.ReadinessAsk{{}, {List: &list, On: registry.DateOf(time.Now())}} {
		report := good[*resource.ReadinessReport](t)(o.Grants.Readiness(ctx, ask))
		if !slices.ContainsFunc(report.Lines, func(l resource.ReadinessLine) bool { return l.Grant == id }) {
			t.Errorf("%+v", report)
		}
		for format, part := range map[string]string{"markdown": "| " + id, "html": "<html"} {
			if text := good[[]byte](t)(o.Grants.ReadinessText(ctx, ask, format)); !strings.Contains(string(text), part) {
				t.Errorf("%s: %.200s", format, text)
			}
		}
	}
	drawn := good[*registry.Handover](t)(o.Handovers.Draw(ctx, resource.HandoverTerms{ID: id, From: []string{like.Decider}, To: s.organization(t, "xg-market"),
		Document: "测试", Ends: []string{id}, Begins: []string{id + "-next"}, Archives: registry.ArchivesStay,
		Items: []registry.HandoverItem{{Kind: registry.ItemForms, What: "文本表格"}}, Group: []registry.HandoverSigner{{Organization: s.organization(t, "xg-justice"), Role: registry.SignerJustice}},
		AdviseUntil: registry.DateOf(time.Now()) + 31}))
	if len(drawn.Items) != 1 || len(drawn.Group) != 1 || drawn.AdviseUntil <= drawn.Signed {
		t.Errorf("%+v", drawn)
	}
	if page := good[[]byte](t)(o.Handovers.Page(ctx, drawn)); !bytes.Contains(page, []byte(drawn.Terms().String())) {
		t.Error("the page does not name its terms")
	}
	if _, err := o.Handovers.Record(ctx, drawn); registry.CodeOf(err) != registry.CodeEntryForm {
		t.Errorf("recorded without a signature: %v", err)
	}
	for code, side := range map[string]registry.Side{like.Decider: registry.SideFrom, s.organization(t, "xg-market"): registry.SideTo, like.RecallBy: registry.SideWitness, s.organization(t, "xg-justice"): registry.SideWitness} {
		drawn.Signatures = append(drawn.Signatures, registry.HandoverSignature{Organization: code, Side: side, Paper: sm.Sum([]byte(code))})
	}
	good[*resource.Ordered](t)(o.Handovers.Record(ctx, drawn))
	if _, err := o.Handovers.Start(ctx, id, time.Now().Add(-time.Hour)); registry.CodeOf(err) != registry.CodeEntryForm {
		t.Errorf("started before it was signed: %v", err)
	}
	good[*resource.Ordered](t)(o.Handovers.Start(ctx, id, time.Time{}))
	record, _, err := s.View.Record(registry.KindGrant, id)
	if g, ok := record.(*registry.Grant); err != nil || !ok || g.Ended != id || g.End == 0 {
		t.Errorf("operation started, and the earlier power is %+v", record)
	}
}

// organization is the credit code of one of the plan's organizations.
func (s *site) organization(t testing.TB, id string) string {
	t.Helper()
	o, ok := s.plan.Organization(id)
	if !ok {
		t.Fatalf("no organization %s", id)
	}
	return o.Code
}
