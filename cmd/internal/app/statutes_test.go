package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"tongzheng/registry"
	"tongzheng/registry/office"
)

// act brings one act from the application to the ledger, over HTTP.
func (c *city) act(t *testing.T, app registry.Application, logins ...string) *office.Proceeding {
	t.Helper()
	got := c.call(t, logins[0], http.MethodPost, "/licenses/"+app.Identifier.String()+"/acts", fmt.Sprintf("act-%d", nextCase.Add(1)), app)
	if got.status != http.StatusAccepted {
		t.Fatalf("%s: %d %s", app.Act, got.status, got.body)
	}
	var p struct {
		Intent string `json:"intent"`
	}
	if err := json.Unmarshal(got.body, &p); err != nil {
		t.Fatal(err)
	}
	done := c.proceeding(t, p.Intent)
	c.sign(t, done, logins...)
	if done = c.end(t, done); done.Step != office.StepAnchored {
		t.Fatalf("%s: %s %s %s", app.Act, done.Step, done.Refusal, done.Detail)
	}
	return done
}

// A license got by fraud bars its holder in the whole city: in the county that
// revoked it and in the other one, by the office; nobody else is barred.
func TestFraudBarsHolder(t *testing.T) {
	c := inCity(t)
	p, app := c.issued(t)
	if p.Intent.Holder.IsZero() {
		t.Fatal("the issue does not carry the holder's tag")
	}
	revoke := then(p, registry.Revoke, "fraud")
	done := c.act(t, revoke, "xg-acceptor", "xg-approver")
	if done.Intent.Holder != p.Intent.Holder {
		t.Error("the revocation bars somebody else")
	}
	anew, i := c.fresh()
	anew.Holder = app.Holder
	c.call(t, "xg-acceptor", http.MethodPost, "/licenses", fmt.Sprintf("barred-%d", i), anew).want(t, http.StatusConflict, registry.CodeBarred)

	yudu, err := c.demo.Account("yd-acceptor")
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := anew
	elsewhere.Organization, elsewhere.Grant, elsewhere.Seal, elsewhere.Copies, elsewhere.Decision = yudu.Code, "yd-direct-001", "yd-approval-seal", nil, anew.Decision+"-1"
	c.call(t, "yd-acceptor", http.MethodPost, "/licenses", fmt.Sprintf("barred-yd-%d", i), elsewhere).want(t, http.StatusConflict, registry.CodeBarred)

	other, i := c.fresh()
	c.propose(t, "/licenses", fmt.Sprintf("free-%d", i), other)
}

// The regulator whom the grant names penalizes; another bureau cannot.
func TestRegulatorPenalizes(t *testing.T) {
	c := inCity(t)
	p, _ := c.issued(t)
	penalize := func(login string) registry.Application {
		account, err := c.demo.Account(login)
		if err != nil {
			t.Fatal(err)
		}
		app := then(p, registry.Penalize, "penalty")
		app.Organization = account.Code
		return app
	}
	path := "/licenses/" + p.Intent.Identifier.String() + "/acts"
	if got := c.call(t, "xg-forestry-acceptor", http.MethodPost, path, "forestry", penalize("xg-forestry-acceptor")); got.status < 400 {
		t.Errorf("the forestry bureau penalizes: %d %s", got.status, got.body)
	}
	done := c.act(t, penalize("xg-market-acceptor"), "xg-market-acceptor", "xg-market-approver")
	standing, err := c.View.Standing(done.Intent.Identifier.Base())
	if err != nil || standing.License.State != registry.Penalized {
		t.Errorf("%+v %v", standing.License, err)
	}
	if row := standing.National(registry.DateOf(c.Config.Clock())); row.State != "07" || row.Operation != "05" {
		t.Errorf("%+v", row)
	}
}
