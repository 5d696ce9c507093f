package api_test

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"tongzheng/registry"
)

func TestWithoutAccount(t *testing.T) {
	s := openSite(t)
	for _, q := range []request{
		{method: "GET", path: "/api/v1/licenses"}, {method: "POST", path: "/api/v1/licenses", body: map[string]any{}},
		{method: "GET", path: "/api/v1/tasks"}, {method: "GET", path: "/api/v1/types"},
		{method: "GET", path: "/api/v1/licenses", header: map[string]string{"Authorization": "Bearer tz_wrong_key"}},
		{method: "GET", path: "/api/v1/licenses", header: map[string]string{"Authorization": "Basic eDp5"}},
	} {
		a := s.do(t, q)
		a.problem(t, 401, registry.CodeUnauthenticated, "")
		if !strings.HasPrefix(a.Header.Get("WWW-Authenticate"), "Bearer") {
			t.Fatal("no challenge")
		}
	}
	a := s.do(t, request{method: "GET", path: "/console/licenses"}).want(t, 303)
	if a.Header.Get("Location") != "/console/sign-in" {
		t.Fatal(a.Header.Get("Location"))
	}
}

// Another county's people see nothing of a license, not even that it is there.
func TestOrganizationsAreApart(t *testing.T) {
	s := openSite(t)
	p := s.issued(t)
	for _, path := range []string{"/api/v1/licenses/" + p.Identifier, "/api/v1/licenses/" + p.Identifier + "/document",
		"/api/v1/licenses/" + p.Identifier + "/printings/2/paper", "/api/v1/proceedings/" + p.Intent} {
		a := s.do(t, request{method: "GET", path: path, as: "yd-system"})
		if a.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, a.StatusCode)
		}
	}
	s.do(t, request{method: "GET", path: "/api/v1/licenses?organization=" + s.account(t, "xg-system").Code, as: "yd-system"}).problem(t, 403, registry.CodeForbidden, "organization")
	body := s.food(t)
	s.do(t, request{method: "POST", path: "/api/v1/licenses", as: "yd-system", body: body, header: map[string]string{"Idempotency-Key": "yd"}}).problem(t, 403, registry.CodeForbidden, "organization")
	s.do(t, request{method: "DELETE", path: "/api/v1/proceedings/" + p.Intent, as: "yd-system"}).problem(t, 404, registry.CodeNotFound, "intent")
}

// form posts a console form with a cookie jar, as a browser of this site.
func (s *site) form(t testing.TB, jar http.CookieJar, path string, values url.Values, header map[string]string) answer {
	t.Helper()
	r, err := http.NewRequest("POST", s.Config.PublicURL+path, strings.NewReader(values.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for k, v := range header {
		r.Header.Set(k, v)
	}
	for _, c := range jar.Cookies(r.URL) {
		r.AddCookie(c)
	}
	a := s.send(t, r)
	jar.SetCookies(r.URL, a.Cookies())
	return a
}

func TestSignInSession(t *testing.T) {
	s := openSite(t)
	account := s.account(t, "xg-acceptor")
	jar, _ := cookiejar.New(nil)
	a := s.form(t, jar, "/console/sign-in", url.Values{"login": {account.Login}, "password": {account.Password}}, nil).want(t, 303)
	cookie := a.Cookies()[0]
	if !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode || cookie.Secure || len(cookie.Value) < 40 {
		t.Fatalf("cookie %+v", cookie)
	}
	if s.count(t, `SELECT count(*) FROM session WHERE account = $1`, account.Login) == 0 || s.count(t, `SELECT count(*) FROM audit WHERE operation = 'sign-in' AND account = $1`, account.Login) == 0 {
		t.Fatal("no session or no audit")
	}
	// A request that another site makes the browser send is refused.
	s.form(t, jar, "/console/sign-out", nil, map[string]string{"Sec-Fetch-Site": "cross-site"}).problem(t, 403, "cross-origin", "")
	s.form(t, jar, "/console/sign-out", nil, map[string]string{"Origin": "https://evil.example"}).problem(t, 403, "cross-origin", "")
	s.form(t, jar, "/console/sign-out", nil, map[string]string{"Sec-Fetch-Site": "same-origin"}).want(t, 303)
	r, _ := http.NewRequest("GET", s.Config.PublicURL+"/console/licenses", nil)
	r.AddCookie(&http.Cookie{Name: cookie.Name, Value: cookie.Value})
	s.send(t, r).want(t, 303) // the old token opens nothing
}

func TestGuessingIsSlowed(t *testing.T) {
	s := openSite(t)
	jar, _ := cookiejar.New(nil)
	limited := false
	for range 12 {
		a := s.form(t, jar, "/console/sign-in", url.Values{"login": {"yd-printer"}, "password": {"guess"}}, nil)
		if a.StatusCode == 429 {
			limited = true
			if a.Header.Get("Retry-After") == "" {
				t.Fatal("no Retry-After")
			}
			break
		}
		a.want(t, 401)
	}
	if !limited {
		t.Fatal("twelve guesses in a row")
	}
	// Nothing that was typed is kept.
	if n := s.count(t, `SELECT count(*) FROM audit WHERE operation = 'sign-in' AND code <> '' AND (account <> '' OR subject <> '' OR detail <> '')`); n != 0 {
		t.Fatal("the audit trail keeps what was typed")
	}
}

func TestOperations(t *testing.T) {
	s := openSite(t)
	s.do(t, request{method: "GET", path: "/healthz"}).want(t, 200)
	s.do(t, request{method: "GET", path: "/readyz"}).want(t, 200)
	a := s.do(t, request{method: "GET", path: "/metrics"}).want(t, 200)
	if !strings.Contains(string(a.body), `route="/healthz"`) || strings.Contains(string(a.body), "JX0") {
		t.Fatal("metrics")
	}
	s.do(t, request{method: "GET", path: "/metrics", header: map[string]string{"X-Forwarded-For": "198.51.100.7"}}).want(t, 404)
}

func TestHeaders(t *testing.T) {
	s := openSite(t)
	token := strings.Repeat("A", 26)
	for _, path := range []string{"/", "/v/" + token, "/v/nonsense", "/console/sign-in", "/api/v1/openapi.yaml"} {
		a := s.do(t, request{method: "GET", path: path})
		h := a.Header
		if h.Get("Referrer-Policy") != "no-referrer" || h.Get("X-Content-Type-Options") != "nosniff" ||
			!strings.Contains(h.Get("Content-Security-Policy"), "default-src 'none'") || !strings.Contains(h.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
			t.Errorf("%s: %v", path, h)
		}
		if strings.HasPrefix(path, "/v/") && (a.StatusCode != 404 || h.Get("Cache-Control") != "no-store" || strings.Contains(h.Get("Content-Security-Policy"), "script-src")) {
			t.Errorf("%s: %d %v", path, a.StatusCode, h)
		}
	}
}
