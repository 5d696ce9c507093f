package api_test

import (
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"testing"

	"tongzheng/registry"
)

// project is a good application for the city's approval of a project, under a
// grant for all of the city; it names no place.
func (s *site) project(t *testing.T) map[string]any {
	t.Helper()
	kind, _ := s.plan.Type("approval-document")
	grant, _ := s.plan.Grant("gz-own-001")
	decider, _ := s.plan.Organization(grant.Decider)
	seal, _ := s.plan.SealFor(grant, kind.Type.Seal)
	a := s.food(t)
	a["type"], a["grant"], a["organization"], a["seal"], a["fields"], a["expires"] = kind.Type.Code, grant.ID, decider.Code, seal.ID, clone(kind.Sample), "9999-12-30"
	delete(a, "copies")
	return a
}

// Under a grant that is wider than a county who issues says where the license
// belongs, and it stays there.
func TestPlaceIsAskedFor(t *testing.T) {
	s := openSite(t)
	issue := func(place string) answer {
		a := s.project(t)
		if place != "" {
			a["place"] = place
		}
		return s.do(t, request{method: "POST", path: "/api/v1/licenses", as: "gz-approval-acceptor", body: a, header: map[string]string{"Idempotency-Key": "place-" + place + a["case"].(string)}})
	}
	issue("").problem(t, 422, registry.CodeMissing, "place")
	issue("36073").problem(t, 400, registry.CodeMalformed, "place")
	issue("152921").problem(t, 403, registry.CodeGrantTerritory, "place")
	for _, place := range []string{"360700", "360732", "360732100"} {
		var p proceeding
		issue(place).want(t, 202).decode(t, &p)
		var kept []byte
		s.row(t, `SELECT canonical FROM proceeding WHERE intent = decode($1, 'hex')`, []any{p.Intent}, &kept)
		var in registry.Intent
		if err := registry.Decode(kept, &in); err != nil || in.Origin.Place != place {
			t.Errorf("asked for %s, kept %+v, %v", place, in.Origin, err)
		}
		s.do(t, request{method: "DELETE", path: "/api/v1/proceedings/" + p.Intent, as: "gz-approval-acceptor"}).want(t, 204)
	}
	later := map[string]any{"act": "annotate", "grant": "xg-direct-001", "organization": s.account(t, "xg-system").Code, "ground": "supervisor", "remark": "迁址", "place": "360732100"}
	s.do(t, request{method: "POST", path: "/api/v1/licenses/" + s.issued(t).Identifier + "/acts", as: "xg-system", body: later,
		header: map[string]string{"Idempotency-Key": "place-later-annotate"}}).problem(t, 400, registry.CodeUnknownField, "place")
}

// The console offers the places of the grants, with the whole city among them,
// and lets no form go without a choice.
func TestPlaceInTheForm(t *testing.T) {
	s := openSite(t)
	account := s.account(t, "gz-approval-acceptor")
	jar, _ := cookiejar.New(nil)
	s.form(t, jar, "/console/sign-in", url.Values{"login": {account.Login}, "password": {account.Password}}, nil).want(t, 303)
	kind, _ := s.plan.Type("approval-document")
	r, err := http.NewRequest("GET", s.Config.PublicURL+"/console/new/"+kind.Type.Code, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range jar.Cookies(r.URL) {
		r.AddCookie(c)
	}
	page := s.send(t, r).want(t, 200)
	_, rest, _ := strings.Cut(string(page.body), `name="place" required>`)
	choices, _, _ := strings.Cut(rest, "</select>")
	for _, want := range []string{`<option value="">请选择`, `value="360700">360700 （全域`, `value="360732002">360732002 兴国县演示西街道<`, `value="360732">360732 兴国县<`, `value="360732100">`} {
		if !strings.Contains(choices, want) {
			t.Errorf("no %s among %s", want, choices)
		}
	}
	body := s.project(t)
	values := url.Values{"key": {"place-in-the-form-0001"}, "decision": {body["decision"].(string)}}
	for name, from := range map[string]string{"grant": "grant", "ground": "ground", "seal": "seal", "case": "case", "effective": "effective", "expires": "expires"} {
		values.Set(name, body[from].(string))
	}
	for name, value := range body["holder"].(map[string]any) {
		values.Set("holder."+name, fmt.Sprint(value))
	}
	for name, value := range body["fields"].(map[string]any) {
		values.Set("fields."+name, fmt.Sprint(value))
	}
	path := "/console/new/" + kind.Type.Code
	refused := s.form(t, jar, path, values, nil)
	if text := string(refused.body); refused.StatusCode != 422 || !slices.Contains(strings.Fields(text), `invalid"><span`) {
		t.Errorf("without a place: %d %.2000s", refused.StatusCode, text)
	}
	values.Set("place", "360732")
	s.form(t, jar, path, values, nil).want(t, 303)
}
