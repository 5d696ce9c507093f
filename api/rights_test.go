package api_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"

	"tongzheng/registry"
)

// who says for every route whom it answers. A route without a row fails, and so
// does a row without a route.
type who string

const (
	anyone  who = "anyone"   // whoever scans or checks
	socket  who = "socket"   // the operator's socket alone
	account who = "account"  // who is signed in, bound to its organization
	party   who = "party"    // who decides the act or issued the license
	sheets  who = "governor" // governors of the organizations concerned, and the drafter
	byLaw   who = "law"      // the law of acts, which asks the table of relations
)

// content and its like are a right to one license.
func right(r registry.Right) who { return who(r) }

var routes = map[string]who{
	"GET /": anyone, "POST /verify": anyone, "GET /v/{token}": anyone, "GET /v/{token}/*": anyone, "GET /static/{file}": anyone,
	"GET /healthz": anyone, "GET /readyz": anyone, "GET /metrics": anyone,
	"POST /api/v1/verify": anyone, "POST /api/v1/statements": anyone, "GET /api/v1/keys": anyone, "GET /api/v1/keys/list": anyone,
	"GET /api/v1/status-list": anyone, "GET /api/v1/status-list/{list}": anyone, "GET /api/v1/openapi.yaml": anyone,
	"GET /console/sign-in": anyone, "POST /console/sign-in": anyone,

	"POST /api/v1/operator/accounts": socket, "GET /api/v1/operator/accounts": socket, "POST /api/v1/operator/accounts/{login}/api-keys": socket,
	"POST /api/v1/operator/accounts/{login}/disable": socket, "POST /api/v1/operator/accounts/{login}/enable": socket,
	"POST /api/v1/operator/accounts/{login}/password": socket, "POST /api/v1/operator/grants": socket, "POST /api/v1/operator/grants/plan": socket,
	"GET /api/v1/operator/grants/readiness": socket, "POST /api/v1/operator/grants/readiness": socket, "POST /api/v1/operator/handovers": socket,
	"POST /api/v1/operator/handovers/draft": socket, "POST /api/v1/operator/handovers/page": socket, "POST /api/v1/operator/handovers/{id}/start": socket,
	"PUT /api/v1/operator/holders": socket, "GET /api/v1/operator/seals": socket, "POST /api/v1/operator/seals": socket,
	"POST /api/v1/operator/seals/{seal}/renewal": socket, "POST /api/v1/operator/seals/{seal}/state": socket, "GET /api/v1/operator/stock": socket,
	"POST /api/v1/operator/stock/allocations": socket, "POST /api/v1/operator/stock/spent": socket, "POST /api/v1/operator/stock/transfers": socket,
	"POST /api/v1/operator/types": socket, "GET /api/v1/operator/use-log": socket,

	"GET /api/v1/licenses": account, "POST /api/v1/licenses": byLaw, "POST /api/v1/collected": byLaw, "GET /api/v1/tasks": account,
	"GET /api/v1/types": account, "GET /api/v1/types/{code}": account, "GET /api/v1/records": account,
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

	"GET /console/": account, "GET /console/account": account, "GET /console/tasks": account, "GET /console/new": account, "GET /console/new/{code}": account,
	"POST /console/new/{code}": byLaw, "GET /console/case": account, "GET /console/case/receipt": account, "POST /console/case": byLaw, "POST /console/case/passkey": byLaw, "GET /console/cases": account,
	"GET /console/licenses": account, "POST /console/licenses/search": account, "POST /console/passkeys": account, "POST /console/passkeys/begin": account,
	"POST /console/sign-out":                         account,
	"GET /console/licenses/{identifier}":             right(registry.MaySeeStatus),
	"GET /console/licenses/{identifier}/acts/{act}":  right(registry.MaySeeStatus),
	"POST /console/licenses/{identifier}/acts/{act}": right(registry.MaySeeStatus),
	"GET /console/proceedings/{intent}":              party,
	"POST /console/proceedings/{intent}/drop":        party,
	"POST /console/proceedings/{intent}/passkey":     party,
	"POST /console/proceedings/{intent}/release":     party,
	"GET /console/orders":                            sheets,
	"GET /console/orders/{sheet}":                    sheets,
	"POST /console/orders/{sheet}/drop":              sheets,
	"POST /console/orders/{sheet}/passkey":           sheets,
}

// ask is a request to a route about one license and its proceeding, as far as
// the route names them.
func (s *site) ask(t *testing.T, route string, p proceeding, as string) answer {
	t.Helper()
	method, path, _ := strings.Cut(route, " ")
	path = strings.NewReplacer("{identifier}", p.Identifier, "{number}", "2", "{intent}", p.Intent, "{act}", "annotate", "{sheet}", p.Intent,
		"{code}", strings.Split(p.Identifier, ".")[5], "{login}", "xg-acceptor", "{seal}", "xg-approval-seal", "{id}", "h").Replace(path)
	q := request{method: method, path: path, as: as}
	if method != http.MethodGet {
		q.body = map[string]any{"fields": []string{"ZZMC"}}
	}
	return s.do(t, q)
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

// TestRightsOverHTTP asks every route of the JSON API about a license once per
// relation and role, and as a stranger: what the tables do not allow is not there.
func TestRightsOverHTTP(t *testing.T) {
	s := openSite(t)
	p := s.issued(t)
	for login, is := range map[string]registry.Relation{
		"xg-system": registry.IsIssuer, "xg-seal": registry.IsIssuer, "xg-printer": registry.IsIssuer, "xg-witness-1": registry.IsIssuer,
		"xg-market-acceptor": registry.IsSupervisor, "xg-market-regulator": registry.IsSupervisor, "xg-market-printer": registry.IsSupervisor,
		"xg-gov-acceptor": registry.IsSuperior, "xg-gov-governor": registry.IsSuperior,
		"gz-education-acceptor": registry.IsStranger, "yd-system": registry.IsStranger, "operator": registry.IsStranger,
	} {
		may := func(right registry.Right) bool {
			roles := s.account(t, login).Roles
			if slices.Contains(roles, registry.RoleOperator) {
				return right == registry.MaySeeStatus
			}
			return is.Allows(right) && slices.ContainsFunc(roles, func(r registry.Role) bool { return r.Sees(right) })
		}
		for route, whom := range routes {
			if !strings.Contains(route, " /api/v1/") {
				continue
			}
			switch {
			case whom == party && is != registry.IsIssuer, whom == sheets && strings.Contains(route, "{sheet}"):
				if a := s.ask(t, route, p, login); a.StatusCode != http.StatusNotFound && a.StatusCode != http.StatusForbidden {
					t.Errorf("%s as %s: %d, want it not to be there", route, is, a.StatusCode)
				}
			case slices.Contains(registry.Rights(), registry.Right(whom)):
				want := http.StatusNotFound
				if may(registry.Right(whom)) {
					want = http.StatusOK
				}
				if a := s.ask(t, route, p, login); a.StatusCode != want {
					t.Errorf("%s as %s: %d, want %d: %.300s", route, is, a.StatusCode, want, a.body)
				}
			}
		}
	}
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
