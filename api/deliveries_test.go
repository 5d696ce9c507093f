package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"tongzheng/registry"
)

// due lists what the copies of a license wait for in an account's queue: act and
// number.
func (s *site) due(t testing.TB, as, identifier string) (all []string) {
	t.Helper()
	id, err := registry.ParseIdentifier(identifier)
	if err != nil {
		t.Fatal(err)
	}
	for cursor := ""; ; {
		var page struct {
			Next  string
			Items []struct {
				Identifier string
				Due        []struct {
					Act      string
					Printing int
					May      bool
				}
			}
		}
		s.do(t, request{method: "GET", path: "/api/v1/deliveries?limit=100&cursor=" + cursor, as: as}).want(t, http.StatusOK).decode(t, &page)
		for _, item := range page.Items {
			for _, due := range item.Due {
				if strings.HasPrefix(item.Identifier, registry.IdentifierRoot+"."+id.Base()+".") {
					all = append(all, fmt.Sprintf("%s %d", due.Act, due.Printing))
				}
			}
		}
		if cursor = page.Next; cursor == "" {
			return all
		}
	}
}

func (s *site) wantDue(t testing.TB, when, as, identifier, want string) {
	t.Helper()
	if got := strings.Join(s.due(t, as, identifier), ","); got != want {
		t.Errorf("%s: the queue says %q, want %q", when, got, want)
	}
}

// signed brings an act to its end that one person signs.
func (s *site) signed(t testing.TB, login string, p proceeding) {
	t.Helper()
	s.do(t, request{method: "POST", path: "/api/v1/proceedings/" + p.Intent + "/approvals", as: login, body: s.sign(t, login, p),
		header: map[string]string{"Prefer": "wait=20"}}).want(t, http.StatusOK).decode(t, &p)
	if p.Step != "anchored" {
		t.Fatalf("%s: step %s", p.Act, p.Step)
	}
}

// TestCopiesThatWait: every kind of copy is counted by itself, and what was taken in
// is due again once the license is in effect again.
func TestCopiesThatWait(t *testing.T) {
	s := openSite(t)
	p := s.issued(t)
	s.wantDue(t, "issued", "xg-acceptor", p.Identifier, "deliver 2,deliver 3")
	hand := map[string]any{"ground": "collected", "delivery": map[string]any{"receiver": "张某", "relation": "本人"}}
	for _, printing := range []int{2, 3} {
		hand["printing"] = printing
		s.done(t, p.Identifier, "deliver", hand)
	}
	s.wantDue(t, "delivered", "xg-acceptor", p.Identifier, "")
	s.done(t, p.Identifier, "spoil", map[string]any{"printing": 2, "ground": "misprint"})
	s.wantDue(t, "the original spoiled, the duplicate good", "xg-acceptor", p.Identifier, "reprint 2")
	s.done(t, p.Identifier, "recover", map[string]any{"printing": 3, "ground": "changed"})
	s.wantDue(t, "the duplicate taken in as well", "xg-acceptor", p.Identifier, "reprint 2,reprint 3")
}

// TestElectronicDelivery: a license on which no paper was asked for waits for its
// delivery, and is delivered electronically, which no sheet of paper is; the form
// names the copy, and a delivery is judged against its ground.
func TestElectronicDelivery(t *testing.T) {
	s := openSite(t)
	p := s.windowed(t)
	center := s.organization(t, "xg-center")
	s.wantDue(t, "issued without paper", "xg-center-clerk", p.Identifier, "deliver 1")
	deliver := func(printing int, ground string, delivery map[string]any) (proceeding, answer) {
		t.Helper()
		return s.applyAs(t, "xg-center-clerk", "/api/v1/licenses/"+p.Identifier+"/acts", map[string]any{"act": "deliver", "grant": "xg-window-041", "organization": center,
			"ground": ground, "printing": printing, "delivery": delivery}, nil)
	}
	receiver := map[string]any{"receiver": "演示经办人"}
	_, a := deliver(1, "collected", receiver)
	a.problem(t, 409, registry.CodePrintingState, "refers")
	_, a = deliver(1, "courier", receiver)
	a.problem(t, 422, registry.CodeMissing, "delivery")
	_, a = deliver(1, "electronic", map[string]any{"receiver": "演示经办人", "courier": "演示快递", "number": "1"})
	a.problem(t, 400, registry.CodeMalformed, "delivery.courier")

	if queue := string(s.page(t, "xg-center-clerk", "/console/deliveries?act=deliver").want(t, http.StatusOK).body); !strings.Contains(queue, p.Identifier+"/acts/deliver?printing=1") ||
		!strings.Contains(queue, p.Identifier+"/document") {
		t.Error("the queue leads neither to the delivery nor to the file")
	}
	form := string(s.page(t, "xg-center-clerk", "/console/licenses/"+p.Identifier+"/acts/deliver?printing=1").want(t, http.StatusOK).body)
	if !strings.Contains(form, "电子证照 1") || !strings.Contains(form, `value="electronic"`) || strings.Contains(form, `value="collected"`) || strings.Contains(form, "delivery.courier") {
		t.Error("the form of the electronic copy")
	}
	done, a := deliver(1, "electronic", receiver)
	a.want(t, http.StatusAccepted)
	s.signed(t, "xg-center-clerk", done)
	s.wantDue(t, "delivered electronically", "xg-center-clerk", p.Identifier, "")

	// Print stays possible; the sheet is delivered on paper's grounds alone.
	printed, a := s.applyAs(t, "xg-center-clerk", "/api/v1/licenses/"+p.Identifier+"/acts", map[string]any{"act": "print", "grant": "xg-window-041", "organization": center,
		"ground": "holder-asked", "copies": []any{map[string]any{"copy": "original"}}}, nil)
	a.want(t, http.StatusAccepted)
	s.signed(t, "xg-center-clerk", printed)
	s.wantDue(t, "printed on request", "xg-center-clerk", p.Identifier, "deliver 2")
	_, a = deliver(2, "electronic", receiver)
	a.problem(t, 422, registry.CodeGround, "ground")
}

// TestOneOriginal: while an original stands for the license no other is printed,
// neither offered nor taken; of the duplicate as many as the type has.
func TestOneOriginal(t *testing.T) {
	s := openSite(t)
	p := s.issued(t)
	form := func() string {
		t.Helper()
		return string(s.page(t, "xg-printer", "/console/licenses/"+p.Identifier+"/acts/print").want(t, http.StatusOK).body)
	}
	body := map[string]any{"act": "print", "grant": "xg-direct-001", "organization": s.account(t, "xg-system").Code, "ground": "holder-asked", "copies": []any{map[string]any{"copy": "original",
		"blank": map[string]any{"form": "SPJY-ZB", "run": "2024-01", "number": fmt.Sprintf("JX%08d", 1000+fresh())}}}}
	_, a := s.apply(t, "/api/v1/licenses/"+p.Identifier+"/acts", body, nil)
	a.problem(t, 422, registry.CodePrinting, "printings")
	if text := form(); strings.Contains(text, "copies.original1") || !strings.Contains(text, "copies.duplicate1") {
		t.Error("the form asks for a second original")
	}
	s.done(t, p.Identifier, "spoil", map[string]any{"printing": 2, "ground": "misprint"})
	if !strings.Contains(form(), "copies.original1") {
		t.Error("the form asks for no original")
	}
	body["printing"], body["act"], body["ground"] = 2, "reprint", "misprint"
	again, a := s.apply(t, "/api/v1/licenses/"+p.Identifier+"/acts", body, nil)
	a.want(t, http.StatusAccepted)
	if s.approve(t, again).Step != "anchored" {
		t.Fatal("not printed again")
	}
	body["copies"] = []any{map[string]any{"copy": "original", "blank": map[string]any{"form": "SPJY-ZB", "run": "2024-01", "number": fmt.Sprintf("JX%08d", 1000+fresh())}}}
	_, a = s.apply(t, "/api/v1/licenses/"+p.Identifier+"/acts", body, nil)
	a.problem(t, 422, registry.CodePrinting, "printings")
}
