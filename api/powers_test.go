package api_test

import (
	"encoding/json"
	"slices"
	"testing"

	"tongzheng/registry"
)

// Who answers for a license, by date, from the ledger alone.
func TestPowersByDate(t *testing.T) {
	s := openSite(t)
	p, _ := s.apply(t, "/api/v1/licenses", s.food(t), nil)
	p = s.approve(t, p)
	path := "/api/v1/licenses/" + p.Identifier + "/powers"
	answer := s.do(t, request{method: "GET", path: path, as: "xg-system"}).want(t, 200)
	var a registry.Accountability
	if err := json.Unmarshal(answer.body, &a); err != nil {
		t.Fatal(err)
	}
	unit, _ := s.plan.Organization("xg-approval")
	above, _ := s.plan.Organization("xg-gov")
	if a.Decider.Code != unit.Code || a.Grant != "xg-direct-001" || a.Seal != "xg-approval-seal" || a.SealThen != registry.SealInUse ||
		a.Defendant.Code != unit.Code || a.File.Code != unit.Code || a.Review.Code != above.Code ||
		!slices.ContainsFunc(a.MayAct, func(h registry.PowerHeld) bool { return h.Grant == "xg-direct-001" }) ||
		slices.ContainsFunc(a.MayAct, func(h registry.PowerHeld) bool { return h.Organization.Code != unit.Code }) {
		t.Errorf("%s", answer.body)
	}
	s.do(t, request{method: "GET", path: path + "?as_of=2020-01-01", as: "xg-system"}).problem(t, 404, registry.CodeNotFound, "day")
	s.do(t, request{method: "GET", path: path + "?as_of=yesterday", as: "xg-system"}).problem(t, 422, registry.CodeDateForm, "as_of")
	s.do(t, request{method: "GET", path: path, as: "yd-system"}).problem(t, 404, registry.CodeNotFound, "identifier")
}
