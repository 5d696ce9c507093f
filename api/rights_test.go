package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"

	"tongzheng/registry"
	"tongzheng/registry/postgres"
)

// who says for every route whom it answers. A route without a row fails, and so
// does a row without a route.
type who string

const (
	anyone  who = "anyone"   // whoever scans or checks
	socket  who = "socket"   // the operator's socket alone
	account who = "account"  // who is signed in, bound to its organization
	party   who = "party"    // who decides the act or issued the license
	reader  who = "reader"   // a party whose work shows what licenses say
	sheets  who = "governor" // governors of the organizations concerned, and the drafter
	tasks   who = "tasks"    // who has something to attend to
	keeper  who = "keeper"   // people of the license library, and who runs the machine
	review  who = "review"   // those who supervise, about the files of their organization
	byLaw   who = "law"      // the law of acts, which asks the table of relations
	offered who = "offered"  // who may see the license, as far as the act is offered to them
)

// content and its like are a right to one license.
func right(r registry.Right) who { return who(r) }

var routes = map[string]who{
	"GET /": anyone, "POST /verify": anyone, "GET /v/{token}": anyone, "GET /v/{token}/*": anyone, "GET /static/{file}": anyone,
	"GET /healthz": anyone, "GET /readyz": anyone, "GET /metrics": anyone,
	"POST /api/v1/verify": anyone, "POST /api/v1/statements": anyone, "GET /api/v1/keys": anyone, "GET /api/v1/keys/list": anyone, "GET /api/v1/keys/directory": anyone, "GET /api/v1/keys/roots": anyone, "GET /{member}/v/{token}": anyone, "GET /{member}/v/{token}/*": anyone,
	"GET /{member}/api/v1/status-list": anyone, "GET /{member}/api/v1/status-list/{list}": anyone, "GET /api/v1/status-list": anyone, "GET /api/v1/status-list/{list}": anyone, "GET /api/v1/openapi.yaml": anyone,
	"GET /console/sign-in": anyone, "GET /console/signed": anyone, "POST /console/sign-in": anyone,

	"POST /api/v1/operator/accounts": socket, "GET /api/v1/operator/accounts": socket, "POST /api/v1/operator/accounts/{login}/api-keys": socket,
	"POST /api/v1/operator/accounts/{login}/disable": socket, "POST /api/v1/operator/accounts/{login}/enable": socket,
	"POST /api/v1/operator/accounts/{login}/password": socket, "POST /api/v1/operator/grants": socket, "POST /api/v1/operator/grants/plan": socket,
	"GET /api/v1/operator/grants/readiness": socket, "POST /api/v1/operator/grants/readiness": socket, "POST /api/v1/operator/handovers": socket,
	"POST /api/v1/operator/handovers/draft": socket, "POST /api/v1/operator/handovers/page": socket, "POST /api/v1/operator/handovers/{id}/start": socket,
	"PUT /api/v1/operator/holders": socket, "GET /api/v1/operator/seals": socket, "POST /api/v1/operator/seals": socket,
	"POST /api/v1/operator/seals/{seal}/renewal": socket, "POST /api/v1/operator/seals/{seal}/state": socket, "GET /api/v1/operator/stock": socket,
	"POST /api/v1/operator/stock/allocations": socket, "POST /api/v1/operator/stock/spent": socket, "POST /api/v1/operator/stock/transfers": socket,
	"POST /api/v1/operator/types": socket, "GET /api/v1/operator/use-log": socket,

	"GET /api/v1/licenses": account, "POST /api/v1/licenses": byLaw, "POST /api/v1/collected": byLaw, "GET /api/v1/tasks": tasks, "GET /api/v1/deliveries": account,
	"GET /api/v1/types": account, "GET /api/v1/types/{code}": account, "GET /api/v1/records": account,
	"GET /api/v1/statistics": account, "GET /api/v1/review-files": review, "POST /api/v1/review-files": review,
	"GET /api/v1/review-files/{number}": review, "POST /api/v1/review-files/{number}/close": review,
	"GET /console/reviews": review, "POST /console/reviews": review, "GET /console/reviews/{number}": review, "POST /console/reviews/{number}/close": review,
	"GET /api/v1/library": keeper, "GET /api/v1/library/licenses": account, "GET /api/v1/operator/library": socket, "GET /console/library": account, "POST /console/library": account,
	"GET /api/v1/cases": account, "GET /api/v1/cases/receipt": account, "POST /api/v1/cases/statements": byLaw, "POST /api/v1/cases/steps": byLaw,

	"GET /api/v1/licenses/{identifier}":                          right(registry.MaySeeStatus),
	"GET /api/v1/licenses/{identifier}/document":                 right(registry.MaySeeDocument),
	"GET /api/v1/licenses/{identifier}/bundle":                   right(registry.MaySeeDocument),
	"GET /api/v1/licenses/{identifier}/powers":                   right(registry.MaySeeStatus),
	"POST /api/v1/licenses/{identifier}/disclosure":              right(registry.MaySeeContent),
	"GET /api/v1/licenses/{identifier}/printings/{number}/paper": right(registry.MaySeeSheets),
	"POST /api/v1/licenses/{identifier}/acts":                    byLaw,

	"GET /api/v1/proceedings/{intent}": party, "DELETE /api/v1/proceedings/{intent}": party,
	"POST /api/v1/proceedings/{intent}/approvals": party, "POST /api/v1/proceedings/{intent}/release": party,
	"GET /api/v1/orders": sheets, "POST /api/v1/orders": sheets, "GET /api/v1/orders/{sheet}": sheets, "DELETE /api/v1/orders/{sheet}": sheets,
	"POST /api/v1/orders/{sheet}/approvals": sheets,

	"GET /console/": account, "GET /console/deliveries": account, "GET /console/account": account, "GET /console/tasks": tasks, "GET /console/new": account, "GET /console/new/{code}": account,
	"POST /console/new/{code}": byLaw, "GET /console/case": account, "GET /console/case/receipt": account, "POST /console/case": byLaw, "POST /console/case/sign": account, "GET /console/cases": account,
	"GET /console/licenses": account, "POST /console/licenses/search": account, "POST /console/passkeys": account, "POST /console/tasks/sign": account, "GET /console/signed/{ticket}": account,
	"POST /console/sign-out":                          account,
	"GET /console/licenses/{identifier}":              right(registry.MaySeeStatus),
	"GET /console/licenses/{identifier}/document.svg": right(registry.MaySeeDocument), "GET /console/proceedings/{intent}/document.svg": reader,
	"GET /console/licenses/{identifier}/acts/{act}":  offered,
	"POST /console/licenses/{identifier}/acts/{act}": offered,
	"GET /console/proceedings/{intent}":              party,
	"POST /console/proceedings/{intent}/drop":        party,
	"POST /console/proceedings/{intent}/sign":        reader,
	"POST /console/proceedings/{intent}/release":     party,
	"GET /console/orders":                            sheets,
	"GET /console/orders/{sheet}":                    sheets,
	"POST /console/orders/{sheet}/drop":              sheets,
	"POST /console/orders/{sheet}/sign":              sheets,
}

// ask is a request to a route about one license and its proceeding, as far as
// the route names them.
func (s *site) ask(t *testing.T, route string, p proceeding, as string) answer {
	t.Helper()
	q := asked(route, p)
	q.as = as
	return s.do(t, q)
}

func asked(route string, p proceeding) request {
	method, path, _ := strings.Cut(route, " ")
	path = strings.NewReplacer("{identifier}", p.Identifier, "{number}", "2", "{intent}", p.Intent, "{act}", "annotate", "{sheet}", p.Intent,
		"{code}", strings.Split(p.Identifier, ".")[5], "{login}", "xg-acceptor", "{seal}", "xg-approval-seal", "{id}", "h").Replace(path)
	q := request{method: method, path: path}
	if method != http.MethodGet {
		q.body = map[string]any{"fields": []string{"ZZMC"}}
	}
	return q
}

// TestEveryRouteHasItsRow walks all routes: each says whom it answers, and what is
// not for anyone answers nobody who is not signed in. The operator's routes do
// not answer over the network at all.
func TestEveryRouteHasItsRow(t *testing.T) {
	s := openSite(t)
	p := s.issued(t)
	seen := map[string]bool{}
	err := chi.Walk(s.API.Routes(), func(method, path string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		route := method + " " + path
		seen[route] = true
		whom, listed := routes[route]
		switch {
		case !listed:
			t.Errorf("%s says nowhere whom it answers", route)
			return nil
		case whom == anyone:
			return nil
		}
		refused := []int{http.StatusUnauthorized}
		if strings.HasPrefix(path, "/console") {
			refused = []int{http.StatusSeeOther, http.StatusUnauthorized}
		}
		as := ""
		if whom == socket {
			as, refused = "xg-acceptor", []int{http.StatusForbidden}
		}
		if a := s.ask(t, route, p, as); !slices.Contains(refused, a.StatusCode) {
			t.Errorf("%s answers %q with %d", route, as, a.StatusCode)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for route := range routes {
		if !seen[route] {
			t.Errorf("%s has a row and is no route", route)
		}
	}
}

// caller is an account with its API key and a session of the console.
type caller struct {
	login, organization string
	roles               []registry.Role
	key, session        string
}

func (c *caller) sees(right registry.Right) bool {
	return slices.ContainsFunc(c.roles, func(r registry.Role) bool { return r.Sees(right) })
}

func (c *caller) operates() bool { return slices.Contains(c.roles, registry.RoleOperator) }

// caller is a demonstration account, or a new one of an organization of the plan
// that has none.
func (s *site) caller(t testing.TB, login string) *caller {
	t.Helper()
	ctx, c := context.Background(), &caller{login: login}
	if id, made := strings.CutPrefix(login, "new:"); made {
		o, ok := s.plan.Organization(id)
		if !ok {
			t.Fatalf("the plan has no organization %s", id)
		}
		c.login, c.organization, c.roles = fmt.Sprintf("t-%s-%d", id, fresh()), o.Code, []registry.Role{registry.RoleAcceptor}
		if err := s.Store.Accounts.CreateAccount(ctx, postgres.Account{Login: c.login, Organization: c.organization, Name: "test", Person: "p-" + c.login, Roles: c.roles}, ""); err != nil {
			t.Fatal(err)
		}
		var err error
		if c.key, err = s.Store.Accounts.CreateAPIKey(ctx, postgres.APIKey{Name: "test", Account: c.login, Organization: c.organization, Roles: c.roles}); err != nil {
			t.Fatal(err)
		}
	} else {
		account := s.account(t, login)
		c.organization, c.roles, c.key = account.Code, account.Roles, account.APIKey
	}
	var err error
	if c.session, err = s.Store.Accounts.CreateSession(ctx, c.login, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	return c
}

// asks is ask with the caller's key, or with its session for a page.
func (s *site) asks(t testing.TB, route string, p proceeding, c *caller) answer {
	t.Helper()
	q := asked(route, p)
	q.header = map[string]string{"Authorization": "Bearer " + c.key}
	if strings.HasPrefix(q.path, "/console") {
		q.header = map[string]string{"Cookie": "tongzheng=" + c.session, "Sec-Fetch-Site": "same-origin"}
	}
	return s.do(t, q)
}

// wanted is what the tables say of a caller, a route and a license: whether it is
// answered, and how it is refused if not.
func (s *site) wanted(t testing.TB, route string, whom who, c *caller, about subject) (answered bool, refused int) {
	t.Helper()
	is := about.relations(c.organization)
	switch {
	case whom == socket:
		return false, http.StatusForbidden
	case whom == review:
		return c.sees(registry.MaySeeReviews), http.StatusForbidden
	case whom == sheets && strings.Contains(route, "{sheet}"):
		return false, map[bool]int{true: http.StatusNotFound, false: http.StatusForbidden}[c.sees(registry.MaySeeOrders)]
	case whom == sheets:
		return c.sees(registry.MaySeeOrders), http.StatusForbidden
	case whom == keeper:
		return c.operates() || c.organization == s.organization(t, libraryKeeper), http.StatusForbidden
	case whom == tasks:
		return c.sees(registry.MaySeeTasks), http.StatusForbidden
	case whom == party, whom == reader:
		signs := []registry.Relation{registry.IsIssuer, registry.IsSuccessor, registry.IsEntrusted, registry.IsAcceptor, registry.IsExaminer, registry.IsHandling}
		sees := c.sees(registry.MaySeeActs) && (whom == party || c.sees(registry.MaySeeContent))
		return sees && slices.ContainsFunc(is, func(r registry.Relation) bool { return slices.Contains(signs, r) }), http.StatusNotFound
	case whom == offered, slices.Contains(registry.Rights(), registry.Right(whom)):
		right := registry.Right(whom)
		if whom == offered {
			right = registry.MaySeeStatus
		}
		if strings.Contains(route, "/paper") && !about.paper {
			return false, http.StatusNotFound
		}
		related := slices.ContainsFunc(is, func(r registry.Relation) bool { return r.Allows(right) })
		return c.sees(right) && (related || c.operates() && right == registry.MaySeeStatus), http.StatusNotFound
	}
	return true, 0 // accounts and the law: asked about below
}

// TestRightsOverHTTP asks every route, of the JSON API and the console, once per
// relation and role, and as a stranger and as the operator, about licenses under a
// direct, a review, a window and an entrusting grant, of a bureau's branch, and of
// an issuer whose power went over: what the tables do not allow is not
// there, and nothing answers with a fault of its own.
func TestRightsOverHTTP(t *testing.T) {
	s := openSite(t)
	about := s.subjects(t)
	met := map[registry.Relation]bool{}
	for _, login := range []string{
		"xg-system", "xg-acceptor", "xg-examiner", "xg-approver", "xg-seal", "xg-printer", "xg-witness-1", // the issuer's roles; acceptor under window
		"gz-education-acceptor", "gz-education-regulator", // issuer of the others
		"yd-acceptor", "yd-system", "yd-printer", // examiner and acceptor under review
		"xg-center-clerk",                                                // handling under window
		"xg-market-acceptor", "xg-market-regulator", "xg-market-printer", // supervisor
		"new:" + libraryKeeper,                                                   // library
		"new:xg-education",                                                       // informed
		"xg-gov-acceptor", "gz-gov-acceptor", "xg-gov-governor", "gz-governor-1", // superiors
		"xg-lianjiang-acceptor", "xg-lianjiang-approver", // entrusted with felling
		"xg-forestry-acceptor", "xg-ecology-acceptor", "xg-west-acceptor", // issuers; the last one's power went over
		"xg-east-acceptor", "operator", // strangers
	} {
		c := s.caller(t, login)
		for i, one := range about {
			for _, is := range one.relations(c.organization) {
				met[is] = true
			}
			for route, whom := range routes {
				ofLicense := strings.Contains(route, "{identifier}") || strings.Contains(route, "{intent}")
				if whom == anyone || route == "POST /console/sign-out" || i > 0 && !ofLicense {
					continue
				}
				s.holdRight(t, route, whom, c, one)
			}
		}
	}
	for _, is := range registry.Relations() {
		if !met[is] && is != registry.IsDecider { // who decided them is their issuer
			t.Errorf("nobody asked as %s", is)
		}
	}
}

// holdRight asks one route as one caller and holds the answer against the tables.
func (s *site) holdRight(t *testing.T, route string, whom who, c *caller, about subject) {
	t.Helper()
	answered, refused := s.wanted(t, route, whom, c, about)
	a := s.asks(t, route, about.p, c)
	is := about.relations(c.organization)
	get := strings.HasPrefix(route, "GET ")
	switch {
	case a.StatusCode >= 500 || a.StatusCode == http.StatusUnauthorized:
		t.Errorf("%s as %s (%s): %d %.300s", route, c.login, is, a.StatusCode, a.body)
	case !answered && a.StatusCode != refused:
		t.Errorf("%s as %s (%s of %s): %d, want %d: %.300s", route, c.login, is, about.under, a.StatusCode, refused, a.body)
	case answered && whom == review && strings.Contains(route, "{number}"):
		if a.StatusCode != http.StatusNotFound { // no such file
			t.Errorf("%s as %s: %d", route, c.login, a.StatusCode)
		}
	case answered && whom == offered: // a form for what is offered, and nothing without its fields
		if want := map[bool]int{true: http.StatusOK, false: http.StatusForbidden}[s.offers(t, about, c, registry.Annotate)]; get && a.StatusCode != want {
			t.Errorf("%s as %s (%s of %s): %d, want %d", route, c.login, is, about.under, a.StatusCode, want)
		} else if !get && a.StatusCode < 400 {
			t.Errorf("%s as %s does something unasked: %d", route, c.login, a.StatusCode)
		}
	case answered && whom == byLaw && !get && a.StatusCode < 400:
		t.Errorf("%s as %s does something unasked: %d", route, c.login, a.StatusCode)
	case answered && refused == 0 || route == "GET /api/v1/records": // what an account asks for itself
	case answered && get && a.StatusCode != http.StatusOK, answered && (a.StatusCode == http.StatusNotFound || a.StatusCode == http.StatusForbidden && whom != party):
		t.Errorf("%s as %s (%s of %s): %d, want it answered: %.300s", route, c.login, is, about.under, a.StatusCode, a.body)
	}
}

// offers tells whether the license's resource offers the act to the caller.
func (s *site) offers(t testing.TB, about subject, c *caller, act registry.Act) bool {
	t.Helper()
	var license struct {
		Actions []struct {
			Act registry.Act `json:"act"`
		} `json:"actions"`
	}
	a := s.asks(t, "GET /api/v1/licenses/{identifier}", about.p, c)
	if a.StatusCode != http.StatusOK {
		return false
	}
	if err := json.Unmarshal(a.body, &license); err != nil {
		t.Fatal(err)
	}
	for _, offer := range license.Actions {
		if offer.Act == act {
			return true
		}
	}
	return false
}

// The attacks of others on a license: an education bureau with a grant of its
// own for another matter, and another county.
func TestForeignHandsOverHTTP(t *testing.T) {
	s := openSite(t)
	p := s.issued(t)
	for _, test := range []struct {
		as, grant, act string
	}{
		{"gz-approval-acceptor", "gz-own-001", "revoke"}, {"yd-acceptor", "yd-direct-001", "print"}, {"yd-acceptor", "yd-direct-001", "annotate"},
	} {
		account := s.account(t, test.as)
		body := map[string]any{"act": test.act, "grant": test.grant, "organization": account.Code, "ground": "fraud", "decision": "侵〔2026〕1号"}
		if test.act == "print" {
			body["copies"] = []map[string]any{{"copy": "original", "blank": map[string]any{"form": "SPJY-ZB", "run": "2024-01", "number": "JX00002001"}}}
		}
		a := s.do(t, request{method: "POST", path: "/api/v1/licenses/" + p.Identifier + "/acts", as: test.as, body: body,
			header: map[string]string{"Idempotency-Key": "foreign-" + test.as + test.act}})
		if a.StatusCode < 400 || a.StatusCode >= 500 {
			t.Errorf("%s by %s under %s: %d %s", test.act, test.as, test.grant, a.StatusCode, a.body)
		}
		// Nothing was proposed, so nothing is seen and nobody is in the way.
		if a := s.do(t, request{method: "GET", path: "/api/v1/licenses/" + p.Identifier, as: test.as}); a.StatusCode != http.StatusNotFound {
			t.Errorf("%s sees the license afterwards: %d", test.as, a.StatusCode)
		}
	}
	s.done(t, p.Identifier, "annotate", map[string]any{"ground": "supervisor", "remark": "监管人员调整"})
}

// TestWhatRolesSeeOfALicense: everything with the sight content, the name
// without the identity number with result, neither with status; and no sight has
// a way round to more.
func TestWhatRolesSeeOfALicense(t *testing.T) {
	s := openSite(t)
	p := s.issued(t)
	food := s.food(t)["holder"].(map[string]any)
	name, code := fmt.Sprint(food["name"]), fmt.Sprint(food["code"])
	for login, sight := range map[string]registry.Right{
		"xg-acceptor": registry.MaySeeContent, "xg-system": registry.MaySeeContent, "xg-market-regulator": registry.MaySeeContent,
		"xg-printer": registry.MaySeeResult, "xg-witness-1": registry.MaySeeStatus, "xg-gov-acceptor": registry.MaySeeStatus, "operator": registry.MaySeeStatus,
	} {
		a := s.do(t, request{method: "GET", path: "/api/v1/licenses/" + p.Identifier, as: login}).want(t, 200)
		var l struct {
			Sight    registry.Right
			State    string
			Versions []struct {
				Number string
				Issued registry.Date
			}
		}
		if a.decode(t, &l); l.Sight != sight || l.State != "effective" || len(l.Versions) != 1 || l.Versions[0].Issued == 0 {
			t.Errorf("%s: %.500s", login, a.body)
		}
		for what, shown := range map[string]bool{name: sight != registry.MaySeeStatus, code: sight == registry.MaySeeContent,
			`"fields"`: sight == registry.MaySeeContent, "/v/": sight == registry.MaySeeContent, `"ledger"`: sight == registry.MaySeeContent} {
			if strings.Contains(string(a.body), what) != shown {
				t.Errorf("%s, sight %s: %q shown is %t: %.600s", login, sight, what, !shown, a.body)
			}
		}
		if (l.Versions[0].Number != "") != (sight != registry.MaySeeStatus) {
			t.Errorf("%s: number %q", login, l.Versions[0].Number)
		}
	}
	// Who runs the machine finds one license by its identifier, without names.
	s.do(t, request{method: "GET", path: "/api/v1/licenses?q=" + url.QueryEscape(name), as: "operator"}).problem(t, 400, registry.CodeMalformed, "q")
	a := s.do(t, request{method: "GET", path: "/api/v1/licenses?q=" + url.QueryEscape(p.Identifier), as: "operator"}).want(t, 200)
	if !strings.Contains(string(a.body), p.Identifier) || strings.Contains(string(a.body), name) {
		t.Errorf("the operator's search: %s", a.body)
	}
	if a := s.do(t, request{method: "GET", path: "/api/v1/licenses", as: "operator"}).want(t, 200); strings.Contains(string(a.body), "identifier") {
		t.Errorf("the operator's list: %s", a.body)
	}
	s.do(t, request{method: "GET", path: "/api/v1/tasks", as: "operator"}).problem(t, 403, registry.CodeForbidden, "")
	s.do(t, request{method: "GET", path: "/api/v1/proceedings/" + p.Intent, as: "operator"}).problem(t, 404, registry.CodeNotFound, "intent")
	s.do(t, request{method: "GET", path: "/api/v1/proceedings/" + p.Intent, as: "xg-printer"}).problem(t, 404, registry.CodeNotFound, "intent")
}
