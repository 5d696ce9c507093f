package api_test

import (
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"testing"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// foodNumber writes a license number by the rule of food licenses.
func (s *site) foodNumber(t testing.TB, region string, sequence int) string {
	t.Helper()
	kind, _ := s.plan.Type("food-operation")
	fields := map[string]string{}
	for name, value := range s.food(t)["fields"].(map[string]any) {
		fields[name] = value.(string)
	}
	number, err := kind.Type.Number.Make(region, 2026, sequence, fields)
	if err != nil {
		t.Fatal(err)
	}
	return number
}

// numberOf is the license number of a proceeding's version.
func (s *site) numberOf(t testing.TB, p proceeding) (number string) {
	t.Helper()
	s.row(t, `SELECT facts->>'number' FROM version WHERE intent = decode($1, 'hex')`, []any{p.Intent}, &number)
	return number
}

// TestNumberGivenAgain: a number that a license has is refused, of whatever step,
// and so is another county's; a number that is made passes over used ones.
func TestNumberGivenAgain(t *testing.T) {
	s := openSite(t)
	own := s.foodNumber(t, "360732", 500_000+fresh())
	p, a := s.apply(t, "/api/v1/licenses", with(s.food(t), "number", own), nil)
	a.want(t, http.StatusAccepted)
	again := func() answer {
		_, a := s.apply(t, "/api/v1/licenses", with(s.food(t), "number", own), nil)
		return a
	}
	again().problem(t, 409, registry.CodeNumberUsed, "number")
	p = s.approve(t, p)
	again().problem(t, 409, registry.CodeNumberUsed, "number")
	// The store may have lost it: the ledger has it.
	s.exec(t, `UPDATE version SET number_tag = '' WHERE intent = decode($1, 'hex')`, p.Intent)
	again().problem(t, 409, registry.CodeNumberUsed, "number")
	s.done(t, p.Identifier, "cancel", map[string]any{"ground": "applied", "decision": fmt.Sprintf("兴审食销〔2026〕%d号", fresh())})
	again().problem(t, 409, registry.CodeNumberUsed, "number")

	_, a = s.apply(t, "/api/v1/licenses", with(s.food(t), "number", s.foodNumber(t, "360731", 700_000+fresh())), nil)
	a.problem(t, 422, registry.CodeNumberRange, "number")

	// By hand what comes next; the one made after it is another.
	made := s.issued(t)
	var next int
	if _, err := fmt.Sscanf(s.numberOf(t, made)[len("JY1360732"):], "%6d", &next); err != nil {
		t.Fatal(err)
	}
	for i := 1; i <= 5; i++ {
		_, a = s.apply(t, "/api/v1/licenses", with(s.food(t), "number", s.foodNumber(t, "360732", next+i)), nil)
		a.want(t, http.StatusAccepted)
	}
	after := s.issued(t)
	var drawn int
	if _, err := fmt.Sscanf(s.numberOf(t, after)[len("JY1360732"):], "%6d", &drawn); err != nil || drawn <= next+5 {
		t.Errorf("after %d and five by hand: %d, %v", next, drawn, err)
	}
}

// TestNumberAskedAtOnce: two applications with one number at once: one goes on to
// its end, the other is refused for that reason.
func TestNumberAskedAtOnce(t *testing.T) {
	s := openSite(t)
	number := s.foodNumber(t, "360732", 600_000+fresh())
	applications := []map[string]any{with(s.food(t), "number", number), with(s.food(t), "number", number)}
	var taken []proceeding
	var refused []answer
	var mu sync.Mutex
	var both sync.WaitGroup
	for _, application := range applications {
		both.Go(func() {
			p, a := s.apply(t, "/api/v1/licenses", application, nil)
			mu.Lock()
			defer mu.Unlock()
			if a.StatusCode == http.StatusAccepted {
				taken = append(taken, p)
			} else {
				refused = append(refused, a)
			}
		})
	}
	both.Wait()
	if len(taken) != 1 || len(refused) != 1 {
		t.Fatalf("%d taken, %d refused", len(taken), len(refused))
	}
	refused[0].problem(t, 409, registry.CodeNumberUsed, "number")
	if end := s.approve(t, taken[0]); end.Step != "anchored" {
		t.Errorf("the one taken is %s", end.Step)
	}
}

// TestDecisionGivenAgain: a decision makes one license in its case, and one act on
// its license.
func TestDecisionGivenAgain(t *testing.T) {
	s := openSite(t)
	first := s.food(t)
	p, _ := s.apply(t, "/api/v1/licenses", first, nil)
	p = s.approve(t, p)
	again := with(with(s.food(t), "decision", first["decision"]), "case", first["case"])
	_, a := s.apply(t, "/api/v1/licenses", again, nil)
	a.problem(t, 409, registry.CodeCaseUsed, "case")
	// The rows may be gone: the ledger knows.
	s.exec(t, `UPDATE proceeding SET decision_scope = 'lost' WHERE intent = decode($1, 'hex')`, p.Intent)
	_, a = s.apply(t, "/api/v1/licenses", again, nil)
	a.problem(t, 409, registry.CodeCaseUsed, "case")
	_, a = s.apply(t, "/api/v1/licenses", with(again, "case", "另案"+first["case"].(string)), nil)
	a.want(t, http.StatusAccepted)

	caseless := s.food(t)
	delete(caseless, "case")
	_, a = s.apply(t, "/api/v1/licenses", caseless, nil)
	a.want(t, http.StatusAccepted)
	other := with(s.food(t), "decision", caseless["decision"])
	delete(other, "case")
	_, a = s.apply(t, "/api/v1/licenses", other, nil)
	a.problem(t, 409, registry.CodeDecisionUsed, "decision")

	decision := fmt.Sprintf("兴审食变〔2026〕T%d号", fresh())
	change := func(name string) map[string]any {
		return map[string]any{"ground": "representative", "seal": sealOf(s, t), "decision": decision, "fields": map[string]any{"KZ_FDDBR": name}}
	}
	second := s.done(t, p.Identifier, "change", change("甲"))
	body := change("乙")
	body["act"], body["grant"], body["organization"] = "change", "xg-direct-001", s.account(t, "xg-system").Code
	_, a = s.apply(t, "/api/v1/licenses/"+second.Identifier+"/acts", body, nil)
	a.problem(t, 409, registry.CodeDecisionUsed, "decision")
}

// TestDoubleOnPaper: two collected files with one number are both taken in, and the
// unit is told of both licenses.
func TestDoubleOnPaper(t *testing.T) {
	s := openSite(t)
	foreign := map[string]any{"system": "交通运输部电子证照系统", "seal": sm.Sum([]byte("the ministry's"))}
	first, one, people := s.road(t)
	p, a := s.collect(t, people[0], fmt.Sprint("double", fresh()), with(first, "collected", foreign), []byte("%PDF-1.4 one"))
	a.want(t, http.StatusAccepted)
	s.finish(t, p, people[:]...)
	second, two, _ := s.road(t)
	p, a = s.collect(t, people[0], fmt.Sprint("double", fresh()), with(with(second, "collected", foreign), "number", first["number"]), []byte("%PDF-1.4 two"))
	a.want(t, http.StatusAccepted)
	s.finish(t, p, people[:]...)

	var tasks struct {
		Items []struct {
			Kind, Identifier, Other string
			Code                    registry.Code
		}
	}
	s.do(t, request{method: "GET", path: "/api/v1/tasks", as: people[0]}).want(t, 200).decode(t, &tasks)
	found := 0
	for _, task := range tasks.Items {
		if task.Kind == "double" && task.Identifier == two.String() {
			if found++; task.Other != one.Base() || task.Code != registry.CodeNumberUsed {
				t.Errorf("task %+v", task)
			}
		}
	}
	if found != 1 {
		t.Errorf("%d tasks among %+v", found, tasks.Items)
	}
	account := s.account(t, people[0])
	jar, _ := cookiejar.New(nil)
	s.form(t, jar, "/console/sign-in", url.Values{"login": {account.Login}, "password": {account.Password}}, nil).want(t, 303)
	page, err := http.NewRequest("GET", s.Config.PublicURL+"/console/tasks", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, cookie := range jar.Cookies(page.URL) {
		page.AddCookie(cookie)
	}
	if shown := s.send(t, page); !strings.Contains(string(shown.body), one.Base()) {
		t.Errorf("the page of tasks does not name %s: %d", one.Base(), shown.StatusCode)
	}

	// It is found at anchoring, by the ledger's word; the store has the name of the first
	// as long as it knows its number.
	for _, other := range []string{one.Base(), ""} {
		number := first["number"]
		if other == "" {
			s.exec(t, `UPDATE version SET number_tag = '' WHERE facts->>'number' = $1`, number)
		}
		next, _, _ := s.road(t)
		p, a = s.collect(t, people[0], fmt.Sprint("double", fresh()), with(with(next, "collected", foreign), "number", number), fmt.Append(nil, "%PDF-1.4 found later ", other))
		a.want(t, http.StatusAccepted)
		s.exec(t, `DELETE FROM task WHERE kind = 'double' AND intent = decode($1, 'hex')`, p.Intent)
		if end := s.finish(t, p, people[:]...); end.Step != "anchored" {
			t.Fatalf("found later, of %q: %s", other, end.Step)
		}
		// The task is made before the version counts as anchored.
		if n := s.count(t, `SELECT count(*) FROM task WHERE kind = 'double' AND intent = decode($1, 'hex') AND other = $2`, p.Intent, other); n != 1 {
			t.Fatalf("%d tasks that name %q", n, other)
		}
	}
	if shown := s.send(t, page); !strings.Contains(string(shown.body), "本系统未存") {
		t.Errorf("the page of tasks does not say that a license is not kept here: %d", shown.StatusCode)
	}
}
