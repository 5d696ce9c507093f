package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"

	"tongzheng/registry"
)

// needs says which right a route about one license asks for; an act is judged by
// the law itself, which asks the same table. A route without a row fails.
var needs = map[string]registry.Right{
	"GET /api/v1/licenses/{identifier}":                          registry.MaySeeContent,
	"GET /api/v1/licenses/{identifier}/document":                 registry.MaySeeDocument,
	"GET /api/v1/licenses/{identifier}/bundle":                   registry.MaySeeDocument,
	"GET /api/v1/licenses/{identifier}/powers":                   registry.MaySeeStatus,
	"POST /api/v1/licenses/{identifier}/disclosure":              registry.MaySeeContent,
	"GET /api/v1/licenses/{identifier}/printings/{number}/paper": registry.MaySeeDocument,
	"POST /api/v1/licenses/{identifier}/acts":                    "",
}

// TestRightsOverHTTP asks every route about a license once per relation, and as a
// stranger: what the table does not allow is not there.
func TestRightsOverHTTP(t *testing.T) {
	s := openSite(t)
	p := s.issued(t)
	var routes []string
	err := chi.Walk(s.API.Routes(), func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		if strings.HasPrefix(route, "/api/v1/licenses/{identifier}") {
			if _, listed := needs[method+" "+route]; !listed {
				t.Errorf("%s %s says nowhere which right it asks for", method, route)
			}
			routes = append(routes, method+" "+route)
		}
		return nil
	})
	if err != nil || len(routes) != len(needs) {
		t.Fatalf("%d routes, %d rows: %v", len(routes), len(needs), err)
	}
	for login, is := range map[string]registry.Relation{
		"xg-system": registry.IsIssuer, "xg-market-acceptor": registry.IsSupervisor, "xg-gov-acceptor": registry.IsSuperior,
		"gz-education-acceptor": registry.IsStranger, "yd-system": registry.IsStranger,
	} {
		for _, route := range routes {
			right := needs[route]
			if right == "" {
				continue
			}
			method, path, _ := strings.Cut(route, " ")
			q := request{method: method, path: strings.NewReplacer("{identifier}", p.Identifier, "{number}", "2").Replace(path), as: login}
			if method == http.MethodPost {
				q.body = map[string]any{"fields": []string{"ZZMC"}}
			}
			a := s.do(t, q)
			if is.Allows(right) {
				if a.StatusCode != http.StatusOK {
					t.Errorf("%s as %s: %d %s", route, is, a.StatusCode, a.body)
				}
			} else if a.StatusCode != http.StatusNotFound {
				t.Errorf("%s as %s: %d, want it not to be there", route, is, a.StatusCode)
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
