package api_test

import (
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"tongzheng/registry"
)

// matterOf is an order for a matter in an organization's name.
func (s *site) matterOf(t testing.TB, login string) map[string]any {
	t.Helper()
	order := s.matter(t)
	order["organization"] = s.account(t, login).Code
	return order
}

// listed tells whether a sheet is on the list that an account gets.
func (s *site) listed(t testing.TB, as, digest string) bool {
	t.Helper()
	return strings.Contains(string(s.do(t, request{method: "GET", path: "/api/v1/orders?limit=100", as: as}).want(t, 200).body), digest)
}

// TestWhoMayTouchAnOrderSheet: every route of order sheets, once per relation to
// the sheet: its drafter, the city's governors, a governor of the organization
// in whose name it orders, one of another county, an operator who did not draft
// it, somebody else's office, and nobody.
func TestWhoMayTouchAnOrderSheet(t *testing.T) {
	s := openSite(t)
	for _, test := range []struct {
		name, in string
		draft    map[string]int // account → status of drafting
		see      map[string]int // account → status of seeing, signing, dropping
	}{
		{"the city's", "gz-governor-1",
			map[string]int{"gz-governor-1": 201, "gz-governor-2": 201, "xg-gov-governor": 403, "yd-gov-governor": 403, "xg-approver": 403, "operator": 201, "": 401},
			map[string]int{"gz-governor-1": 200, "gz-governor-2": 200, "xg-gov-governor": 404, "yd-gov-governor": 404, "xg-approver": 403, "operator": 404, "": 401}},
		{"a county's", "xg-gov-governor",
			map[string]int{"gz-governor-1": 201, "xg-gov-governor": 201, "yd-gov-governor": 403, "xg-approver": 403, "operator": 201, "": 401},
			map[string]int{"gz-governor-1": 200, "gz-governor-2": 200, "xg-gov-governor": 200, "yd-gov-governor": 404, "xg-approver": 403, "operator": 404, "": 401}},
	} {
		for as, status := range test.draft {
			if _, a := s.draft(t, as, s.matterOf(t, test.in)); a.StatusCode != status {
				t.Errorf("%s, drafted by %q: %d, want %d: %s", test.name, as, a.StatusCode, status, a.body)
			}
		}
		for as, status := range test.see {
			made, a := s.draft(t, test.in, s.matterOf(t, test.in))
			a.want(t, 201)
			at := "/api/v1/orders/" + made.Digest
			signing := map[string]any{"algorithm": "sm2-sm3", "key_id": "0", "signature": ""}
			for what, got := range map[string]int{
				"seen":    s.do(t, request{method: "GET", path: at, as: as}).StatusCode,
				"signed":  s.do(t, request{method: "POST", path: at + "/approvals", as: as, body: signing}).StatusCode,
				"dropped": s.do(t, request{method: "DELETE", path: at, as: as}).StatusCode,
			} {
				want := status
				if status == 200 {
					want = map[string]int{"seen": 200, "signed": 403, "dropped": 204}[what] // an unknown key: the sheet was reached
				}
				if got != want {
					t.Errorf("%s, %s by %q: %d, want %d", test.name, what, as, got, want)
				}
			}
			if status == 200 || status == 404 {
				made, _ = s.draft(t, test.in, s.matterOf(t, test.in))
				if got := s.listed(t, as, made.Digest); got != (status == 200) {
					t.Errorf("%s, listed for %q: %t", test.name, as, got)
				}
			}
		}
	}
	// What an operator drafted it may see and give up; it is for the city's
	// governors all the same.
	made, a := s.draft(t, "operator", s.matterOf(t, "gz-governor-1"))
	a.want(t, 201)
	s.do(t, request{method: "GET", path: "/api/v1/orders/" + made.Digest, as: "gz-governor-2"}).want(t, 200)
	s.do(t, request{method: "DELETE", path: "/api/v1/orders/" + made.Digest, as: "operator"}).want(t, 204)
}

// TestCountyGovernorAndTheCitysSheet: a county's governor cannot drop the city's
// order sheet, nor draft in the city's name, over HTTP or on the pages.
func TestCountyGovernorAndTheCitysSheet(t *testing.T) {
	s := openSite(t)
	made, a := s.draft(t, "gz-governor-1", s.matter(t))
	a.want(t, 201)
	s.do(t, request{method: "DELETE", path: "/api/v1/orders/" + made.Digest, as: "xg-gov-governor"}).problem(t, 404, registry.CodeNotFound, "sheet")
	_, a = s.draft(t, "xg-gov-governor", s.matterOf(t, "xg-gov-governor"), s.matter(t))
	a.problem(t, 403, registry.CodeForbidden, "orders.1.organization")

	account := s.account(t, "xg-gov-governor")
	jar, _ := cookiejar.New(nil)
	s.form(t, jar, "/console/sign-in", url.Values{"login": {account.Login}, "password": {account.Password}}, nil).want(t, 303)
	page := func(path string) answer {
		r, err := http.NewRequest("GET", s.Config.PublicURL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range jar.Cookies(r.URL) {
			r.AddCookie(c)
		}
		return s.send(t, r)
	}
	if a := page("/console/orders").want(t, 200); strings.Contains(string(a.body), made.Digest) {
		t.Error("the list shows the city's sheet")
	}
	page("/console/orders/"+made.Digest).want(t, 404)
	for _, act := range []string{"/drop", "/sign"} {
		s.form(t, jar, "/console/orders/"+made.Digest+act, nil, map[string]string{"Sec-Fetch-Site": "same-origin"}).want(t, 404)
	}
	var now sheet
	if s.do(t, request{method: "GET", path: "/api/v1/orders/" + made.Digest, as: "gz-governor-1"}).want(t, 200).decode(t, &now); now.Step != "open" {
		t.Fatalf("the sheet is %s", now.Step)
	}
}

// TestOrdersReachIntoNoPast: what two governors would sign is refused before
// they do.
func TestOrdersReachIntoNoPast(t *testing.T) {
	s := openSite(t)
	city := s.account(t, "gz-governor-1").Code
	record := func(kind registry.RecordKind, name string) map[string]any {
		var found struct {
			Orders []struct{ Record map[string]any }
		}
		s.do(t, request{method: "GET", path: "/api/v1/records?" + url.Values{"kind": {string(kind)}, "name": {name}}.Encode(), as: "gz-governor-1"}).want(t, 200).decode(t, &found)
		return found.Orders[0].Record
	}
	past := func(kind registry.RecordKind, record map[string]any, code registry.Code, field string) {
		t.Helper()
		_, a := s.draft(t, "gz-governor-1", map[string]any{"organization": city, "kind": kind, "basis": "赣府办发〔2026〕9号", "record": record})
		a.problem(t, 409, code, field)
	}
	grant := record(registry.KindGrant, "xg-direct-001")
	grant["end"], grant["end_basis"] = time.Date(2017, 1, 1, 0, 0, 0, 0, registry.China).Unix(), "收回"
	if from := int64(grant["effective"].(float64)); grant["end"].(int64) < from {
		grant["end"] = from + 1
	}
	past(registry.KindGrant, grant, registry.CodePast, "end")
	seal := record(registry.KindSeal, sealOf(s, t))
	seal["id"] = fmt.Sprintf("s-%d", fresh())
	seal["history"] = []any{map[string]any{"state": "in-use", "at": time.Date(2001, 1, 1, 0, 0, 0, 0, registry.China).Unix()}}
	past(registry.KindSeal, seal, registry.CodeBackdated, "history")
	past(registry.KindCalendar, map[string]any{"year": 2017, "document": "改"}, registry.CodePast, "year")
}
