package api_test

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
)

// signedIn is a session of the console.
func (s *site) signedIn(t testing.TB, login string) http.CookieJar {
	t.Helper()
	account := s.account(t, login)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	s.form(t, jar, "/console/sign-in", url.Values{"login": {account.Login}, "password": {account.Password}}, nil).want(t, http.StatusSeeOther)
	return jar
}

// TestFormHandedInTwice: a form that is sent again leads to what the first one made,
// also when nothing is offered any more because of it; another form is refused.
func TestFormHandedInTwice(t *testing.T) {
	s := openSite(t)
	p, jar := s.issued(t), s.signedIn(t, "xg-acceptor")
	path := "/console/licenses/" + p.Identifier + "/acts/cancel"
	values := url.Values{"key": {rand.Text()}, "grant": {"xg-direct-001"}, "ground": {"applied"}, "decision": {fmt.Sprintf("兴审销〔2026〕F%d号", fresh())}}
	first := s.form(t, jar, path, values, nil).want(t, http.StatusSeeOther)
	again := s.form(t, jar, path, values, nil).want(t, http.StatusSeeOther)
	if first.Header.Get("Location") == "" || first.Header.Get("Location") != again.Header.Get("Location") {
		t.Errorf("%q, then %q", first.Header.Get("Location"), again.Header.Get("Location"))
	}
	values.Set("key", rand.Text())
	if a := s.form(t, jar, path, values, nil); a.StatusCode < 400 {
		t.Errorf("another form while the first act is under way: %d", a.StatusCode)
	}
}

// TestFormSaysAllThatIsWrong: days, blanks and what is missing are said in one answer.
func TestFormSaysAllThatIsWrong(t *testing.T) {
	s := openSite(t)
	p, jar := s.issued(t), s.signedIn(t, "xg-acceptor")
	a := s.form(t, jar, "/console/licenses/"+p.Identifier+"/acts/change", url.Values{"key": {rand.Text()}, "decided": {"2026-13-01"}, "effective": {"foo"}, "expires": {"2026-02-30"},
		"copies.original1.print": {"on"}, "ground": {"whim"}}, nil)
	if a.StatusCode < 400 {
		t.Fatalf("%d", a.StatusCode)
	}
	page := string(a.body)
	for _, field := range []string{"decided", "effective", "expires", "ground", "decision", "holder.name"} {
		if !strings.Contains(page, `<a href="#`+field+`">`) {
			t.Errorf("%s is not said", field)
		}
	}
	if !strings.Contains(page, "blank number form") {
		t.Error("the blank that has no number is not said")
	}
}
