package api_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"tongzheng/registry"
)

// shownLicense is what tests read of a license.
type shownLicense struct {
	Identifier string
	Verdict    struct{ Word registry.Word }
	InFlight   string `json:"in_flight"`
	Versions   []struct {
		Identifier string
		HolderName string `json:"holder_name"`
		Fields     map[string]string
	}
	Proceedings []struct{ Intent, Act, Step, Ground, Decision string }
	Printings   []struct{ Number int }
}

// page is a page of the console as an account sees it.
func (s *site) page(t testing.TB, login, path string) answer {
	t.Helper()
	return s.do(t, request{method: "GET", path: path, header: map[string]string{"Cookie": "tongzheng=" + s.caller(t, login).session, "Sec-Fetch-Site": "same-origin"}})
}

func (s *site) shown(t testing.TB, login, identifier string) (l shownLicense, body string) {
	t.Helper()
	a := s.do(t, request{method: "GET", path: "/api/v1/licenses/" + identifier, as: login}).want(t, http.StatusOK)
	a.decode(t, &l)
	return l, string(a.body)
}

// TestProposalIsNotTheLicense: what is merely proposed, or was given up, is not what
// the license says, on no page, in no form and no answer; of the act itself knows who
// has to do with it.
func TestProposalIsNotTheLicense(t *testing.T) {
	s := openSite(t)
	p := s.issued(t)
	const secret, decision = "秘密新负责人", "兴审食变〔2026〕P1号"
	number := fmt.Sprintf("兴府调〔2026〕P%d号", fresh())
	s.openReview(t, "xg-gov-acceptor", number, "review", p.Identifier).want(t, http.StatusCreated)
	before, _ := s.shown(t, "xg-market-regulator", p.Identifier)
	change, a := s.applyAs(t, "xg-acceptor", "/api/v1/licenses/"+p.Identifier+"/acts", map[string]any{"act": "change", "grant": "xg-direct-001",
		"organization": s.account(t, "xg-system").Code, "ground": "representative", "seal": sealOf(s, t), "decision": decision, "fields": map[string]any{"KZ_FDDBR": secret}}, nil)
	a.want(t, http.StatusAccepted)
	look := func(when string) {
		t.Helper()
		for login, knows := range map[string]bool{"xg-acceptor": true, "xg-market-regulator": false, "xg-printer": false, "xg-witness-1": false,
			"xg-gov-acceptor": false, "xg-gov-governor": false, "operator": false} {
			l, body := s.shown(t, login, p.Identifier)
			if l.Identifier != p.Identifier || len(l.Versions) != 1 || l.Versions[0].Identifier != p.Identifier || strings.Contains(body, secret) {
				t.Errorf("%s, %s: %.700s", when, login, body)
			}
			sees := slices.ContainsFunc(l.Proceedings, func(line struct{ Intent, Act, Step, Ground, Decision string }) bool {
				return line.Intent == change.Intent
			})
			if sees != knows || strings.Contains(body, decision) != knows || l.InFlight != "" && !knows {
				t.Errorf("%s, %s knows of the act: %t, want %t", when, login, sees, knows)
			}
			if !knows && len(l.Printings) != len(before.Printings) {
				t.Errorf("%s, %s sees %d sheets, want %d", when, login, len(l.Printings), len(before.Printings))
			}
			if login == "operator" {
				continue // has no console
			}
			if page := s.page(t, login, "/console/licenses/"+p.Identifier).want(t, http.StatusOK); strings.Contains(string(page.body), secret) || strings.Contains(string(page.body), decision) != knows {
				t.Errorf("%s, %s: the page shows the proposal", when, login)
			}
		}
		proposed := strings.Replace(change.Identifier, " ", "", -1)
		s.do(t, request{method: "GET", path: "/api/v1/licenses/" + proposed + "/document", as: "xg-market-regulator"}).want(t, http.StatusNotFound)
		s.do(t, request{method: "GET", path: "/api/v1/licenses/" + proposed + "/document", as: "xg-acceptor"}).problem(t, 409, registry.CodeActState, "version")
		s.do(t, request{method: "POST", path: "/api/v1/licenses/" + proposed + "/disclosure", as: "xg-market-regulator", body: map[string]any{"fields": []string{"KZ_FDDBR"}}}).want(t, http.StatusNotFound)
	}
	look("reserved")
	s.do(t, request{method: "DELETE", path: "/api/v1/proceedings/" + change.Intent, as: "xg-acceptor"}).want(t, http.StatusNoContent)
	look("given up")

	// The form of a change begins with what is in force.
	form := s.page(t, "xg-acceptor", "/console/licenses/"+p.Identifier+"/acts/change").want(t, http.StatusOK)
	fields := s.food(t)["fields"].(map[string]any)
	if text := string(form.body); strings.Contains(text, secret) || !strings.Contains(text, fields["KZ_FDDBR"].(string)) {
		t.Error("the form of a change is filled with what was given up")
	}
	l, _ := s.shown(t, "xg-acceptor", p.Identifier)
	s.done(t, l.Identifier, "annotate", map[string]any{"ground": "supervisor", "remark": "监管人员调整"})
}

// TestUnrecordedLicense: before a license is on the ledger only those who have to do
// with its issue know of it, by page and list alike.
func TestUnrecordedLicense(t *testing.T) {
	s := openSite(t)
	body := s.food(t)
	p, a := s.apply(t, "/api/v1/licenses", body, nil)
	a.want(t, http.StatusAccepted)
	path := "/api/v1/licenses/" + p.Identifier
	for login, knows := range map[string]bool{"xg-acceptor": true, "xg-examiner": true, "xg-seal": true, "xg-printer": false, "xg-witness-1": false,
		"xg-gov-acceptor": false, "xg-gov-governor": false, "operator": false, "yd-acceptor": false} {
		a := s.do(t, request{method: "GET", path: path, as: login})
		if (a.StatusCode == http.StatusOK) != knows || !knows && a.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", login, a.StatusCode)
		}
		if found := s.do(t, request{method: "GET", path: "/api/v1/licenses?q=" + p.Identifier, as: login}).want(t, http.StatusOK); strings.Contains(string(found.body), p.Identifier) != knows {
			t.Errorf("%s finds it in the list: %t", login, !knows)
		}
	}
	l, _ := s.shown(t, "xg-acceptor", p.Identifier)
	if l.Identifier != p.Identifier || len(l.Versions) != 1 || l.InFlight != p.Intent {
		t.Errorf("%+v", l)
	}
	if page := string(s.page(t, "xg-acceptor", "/console/licenses/"+p.Identifier).want(t, http.StatusOK).body); !strings.Contains(page, "申请内容，尚未登记") || strings.Contains(page, "登记内容<") {
		t.Error("the page says that an application is recorded")
	}
	s.do(t, request{method: "DELETE", path: "/api/v1/proceedings/" + p.Intent, as: "xg-acceptor"}).want(t, http.StatusNoContent)
	if l, _ = s.shown(t, "xg-acceptor", p.Identifier); len(l.Versions) != 0 || l.InFlight != "" {
		t.Errorf("given up: %+v", l)
	}
}
