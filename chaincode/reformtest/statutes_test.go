package reformtest

import (
	"slices"
	"testing"

	"tongzheng/registry"
)

// Supervision stays with the regulators when approval has gone over: they
// penalize, and answer for that; they neither withdraw nor cancel.
func TestPlanXingguoRegulatorsPenalize(t *testing.T) {
	t.Parallel()
	w := xingguo(t)
	w.handover("xg-takeover")
	w.clock("2024-02-01")
	l, in := w.issue("xg-direct-001")
	w.do(l, in, "")
	g, _ := w.Grant("xg-direct-001")
	if len(g.Regulators) == 0 || slices.Contains(g.Regulators, g.Decider) {
		t.Fatalf("regulators %v", g.Regulators)
	}
	by := func(id string, act registry.Act) registry.Intent {
		in := w.intent(l, g.ID, act)
		in.Organization = w.code(id)
		return in
	}
	regulator := g.Regulators[0]
	w.do(l, by("xg-education", registry.Penalize), registry.CodeGrantMode) // supervises other matters
	w.do(l, by(regulator, registry.Withdraw), registry.CodeGrantMode)
	w.do(l, by(regulator, registry.Cancel), registry.CodeGrantMode)
	penalty := by(regulator, registry.Penalize)
	penalty.Holder = in.Holder // 吊销 bars (食品安全法135条)
	w.do(l, penalty, "")
	a := w.answers(l, "2024-02-02")
	if a.State != registry.Penalized || a.Defendant.Code != w.code("xg-approval") || len(a.Regulators) != len(g.Regulators) || a.Regulators[0].Code != w.code(regulator) {
		t.Errorf("%+v", a)
	}
}

// A license got by fraud bars its holder for three years (行政许可法79条): in the
// county that revoked it, and in all of the city when the city did.
func TestPlanXingguoFraudBarsHolder(t *testing.T) {
	t.Parallel()
	w := xingguo(t)
	w.handover("xg-takeover")
	w.clock("2024-02-01")
	l, in := w.issue("xg-direct-001")
	w.do(l, in, "")
	again := func(grant string, want registry.Code) {
		t.Helper()
		l, anew := w.issue(grant)
		anew.Holder = in.Holder
		w.do(l, anew, want)
	}
	revoke := w.intent(l, "xg-direct-001", registry.Revoke)
	revoke.Ground, revoke.Holder = "fraud", in.Holder
	w.clock("2024-03-01")
	revoke.Decided = w.now
	w.do(l, revoke, "")
	w.clock("2027-03-01")
	again("xg-direct-001", registry.CodeBarred)
	w.clock("2027-03-02")
	again("xg-direct-001", "")
}

// A food license is renewed on an application of fifteen working days before
// its end, holidays left out: for 20 October 2026 that is 22 September.
func TestPlanXingguoRenewalInWorkingDays(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		day  string
		want registry.Code
	}{{"2026-09-20", ""}, {"2026-09-22", ""}, {"2026-09-23", registry.CodeActState}} {
		w := xingguo(t)
		w.handover("xg-takeover")
		w.clock("2026-02-02")
		l, in := w.issue("xg-direct-001")
		in.Expires = day("2026-10-20")
		w.do(l, in, "")
		w.clock(test.day)
		w.do(l, w.intent(l, "xg-direct-001", registry.AcceptRenewal), test.want)
	}
}
