package api_test

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"tongzheng/registry"
)

// TestSlipsFindTheLicense: the same license is found on page, API and console
// alike when its number or its holder is typed with a slip: in case, width,
// brackets, middle dots or spaces.
func TestSlipsFindTheLicense(t *testing.T) {
	s := openSite(t)
	p := s.issued(t)
	var shown struct {
		Versions []struct {
			Number string
			Holder registry.Holder
		}
	}
	s.do(t, request{method: "GET", path: "/api/v1/licenses/" + p.Identifier, as: "xg-system"}).want(t, 200).decode(t, &shown)
	number, holder := shown.Versions[0].Number, shown.Versions[0].Holder.Name
	account := s.account(t, "xg-acceptor")
	jar, _ := cookiejar.New(nil)
	s.form(t, jar, "/console/sign-in", url.Values{"login": {account.Login}, "password": {account.Password}}, nil).want(t, 303)
	for slip, typed := range map[string][2]string{
		"case": {strings.ToLower(number), holder}, "width": {wide(number), wide(holder)},
		"spaces": {" " + number + " ", "  " + holder + "　"}, "zero width": {number[:2] + "\u200b" + number[2:], holder},
	} {
		a := s.do(t, request{method: "POST", path: "/api/v1/verify", body: map[string]any{"number": typed[0], "holder": typed[1]}})
		if a.StatusCode != http.StatusOK || !strings.Contains(string(a.body), p.Identifier) {
			t.Errorf("%s, API: %d %.200s", slip, a.StatusCode, a.body)
		}
		page := s.form(t, jar, "/verify", url.Values{"number": {typed[0]}, "holder": {typed[1]}}, nil)
		if page.StatusCode != http.StatusOK || !strings.Contains(string(page.body), registry.Valid.Info().Chinese) {
			t.Errorf("%s, page: %d", slip, page.StatusCode)
		}
		for what, q := range map[string]string{"number": typed[0], "holder": typed[1]} {
			list := s.form(t, jar, "/console/licenses/search", url.Values{"q": {q}}, nil)
			if list.StatusCode != http.StatusOK || what == "number" && !strings.Contains(string(list.body), p.Identifier) || !strings.Contains(string(list.body), holder) {
				t.Errorf("%s, console, by %s: %d", slip, what, list.StatusCode)
			}
		}
	}
}

// wide is a text in full-width forms.
func wide(s string) string {
	return strings.Map(func(r rune) rune {
		if r > ' ' && r <= '~' {
			return r - '!' + '！'
		}
		return r
	}, s)
}
