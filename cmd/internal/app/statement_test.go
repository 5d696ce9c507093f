package app_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"tongzheng/registry"
	"tongzheng/signer/check"
)

// TestStatement: a verification is kept, by machine and as a page, and holds
// later with the roots alone; one changed character does not.
func TestStatement(t *testing.T) {
	c := inCity(t)
	p, app := c.issued(t)
	roots, err := check.ParseRoots(c.Keys.RootsPEM())
	if err != nil {
		t.Fatal(err)
	}
	token := c.token(t, p.Intent.Identifier, p.Intent.Printings[1])
	got := c.call(t, "", http.MethodPost, "/statements", "", map[string]string{"token": token.String()})
	got.want(t, http.StatusOK, "")
	var kept struct{ Text string }
	if err := json.Unmarshal(got.body, &kept); err != nil {
		t.Fatal(err)
	}
	answer, err := http.Get(fmt.Sprintf("http://%s/v/%s?statement=1", c.Address, token))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	page, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK || !strings.Contains(string(page), "核验回执") {
		t.Fatal(answer.Status, err)
	}
	for name, text := range map[string]string{"machine": kept.Text, "page": string(page)} {
		v, err := check.Statement([]byte(text), roots, time.Now().Add(time.Hour))
		if err != nil || v.Word != registry.Valid || v.Identifier != p.Intent.Identifier || v.At.Sub(v.Knowledge.AsOf) < time.Hour {
			t.Errorf("%s: %s %+v %v", name, v.Word, v.Checks, err)
		}
		if strings.Contains(text, token.String()) || name == "machine" && strings.Contains(text, app.Holder.Name) {
			t.Errorf("%s: the statement carries token or name", name)
		}
	}
	lines := strings.Split(kept.Text, "\n")
	for i := range lines[1] {
		bad := []byte(kept.Text)
		at := len(lines[0]) + 1 + i
		if bad[at]++; bad[at] == kept.Text[at] {
			continue
		}
		if v, err := check.Statement(bad, roots, time.Now()); err == nil && v.Word == registry.Valid {
			t.Fatalf("character %d changed: %s", i, v.Word)
		}
	}
	if v, err := check.Statement([]byte(kept.Text), &check.Roots{}, time.Now()); err != nil || v.Word != registry.Untrusted {
		t.Errorf("without roots: %s %v", v.Word, err)
	}
}

// TestDisclosure: type and validity are shown with proof; the holder stays
// hidden, and a value put in instead is found.
func TestDisclosure(t *testing.T) {
	c := inCity(t)
	p, app := c.issued(t)
	roots, err := check.ParseRoots(c.Keys.RootsPEM())
	if err != nil {
		t.Fatal(err)
	}
	path := "/licenses/" + p.Intent.Identifier.String() + "/disclosure"
	got := c.call(t, "xg-acceptor", http.MethodPost, path, "", map[string]any{"fields": []string{"ZZMC", "ZZYXQJZRQ"}})
	got.want(t, http.StatusOK, "")
	if strings.Contains(string(got.body), app.Holder.Name) || strings.Contains(string(got.body), app.Holder.Code) {
		t.Error("what was to stay hidden is there")
	}
	var d registry.Disclosure
	if err := json.Unmarshal(got.body, &d); err != nil {
		t.Fatal(err)
	}
	e, err := check.VerifyDisclosure(&d, roots, time.Now(), nil)
	if err != nil || e.Intent.Identifier != p.Intent.Identifier || len(d.Fields) != 2 || d.Fields[1].Field.Value != app.Expires.String() {
		t.Fatal(err, d.Fields)
	}
	// Roots that name a network have a checkpoint key, too: the one of the
	// member that wrote them. It does not vouch alone.
	network := map[string]check.Anchoring{"ganzhou": nil}
	if _, err := check.VerifyDisclosure(&d, roots, time.Now(), network); registry.CodeOf(err) != registry.CodeForbidden {
		t.Error("a single node beside a network:", err)
	}
	d.Fields[1].Field.Value = "2099-12-31"
	if _, err := check.VerifyDisclosure(&d, roots, time.Now(), nil); registry.CodeOf(err) != registry.CodeReceipt {
		t.Error("another value:", err)
	}
	c.call(t, "", http.MethodPost, path, "", map[string]any{"fields": []string{"ZZMC"}}).want(t, http.StatusUnauthorized, registry.CodeUnauthenticated)
	c.call(t, "xg-acceptor", http.MethodPost, path, "", map[string]any{"fields": []string{"KZ_NONE"}}).want(t, http.StatusUnprocessableEntity, registry.CodeFieldUnknown)
}
