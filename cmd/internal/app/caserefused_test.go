package app_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"tongzheng/cmd/citytest"
	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
)

// refusedSteps: a step that the ledger refuses is no step, is a task of whoever took it, and
// its place is free again at the home.
func (x *crossing) refusedSteps(t *testing.T) {
	const number = "兴教受〔2026〕5号"
	x.accepted(t, number)
	examine := registry.CaseStatement{Case: number, Kind: registry.CaseExamine, Result: registry.Forward}
	x.refuses(t, x.county, registry.CodeOrderNotAllowed)
	if _, err := x.take(t, x.county, "xg-examiner", examine, ""); registry.CodeOf(err) != registry.CodeOrderNotAllowed {
		t.Fatalf("refused by the ledger: %v", err)
	}
	x.faults[x.county].refuse("")
	x.refusedTask(t, x.county, "xg-examiner", number, registry.CodeOrderNotAllowed)
	x.asks(t, number)
	x.at(t, x.county, number, 4)
	x.at(t, x.city, number, 4)
	confirm := registry.CaseStatement{Case: number, Kind: registry.CaseSealConfirm}
	x.refuses(t, x.city, registry.CodeOrderNotAllowed)
	x.faults[x.city].setHeld(x.city.Office.Cases.Drive) // the round comes between
	if _, err := x.take(t, x.city, "gz-education-seal", confirm, ""); registry.CodeOf(err) != registry.CodeOrderNotAllowed {
		t.Fatalf("refused by the ledger: %v", err)
	}
	x.faults[x.city].setHeld(nil)
	x.faults[x.city].refuse("")
	x.refusedTask(t, x.city, "gz-education-seal", number, registry.CodeOrderNotAllowed)
	x.at(t, x.county, number, 4) // nothing is held
	x.must(t, x.city, "gz-education-seal", confirm, "")
	x.at(t, x.city, number, 5)
	x.at(t, x.county, number, 5)
}

// overtaken: a step that waits at the city for the ledger, and whose place the county, put
// back from before, gave to another one, is a task, and the file goes on.
func (x *crossing) overtaken(t *testing.T) {
	const number = "兴教受〔2026〕6号"
	x.accepted(t, number)
	x.asks(t, number)
	x.at(t, x.city, number, 4)
	x.refuses(t, x.city, registry.CodeUnavailable)
	if f, err := x.take(t, x.city, "gz-education-seal", registry.CaseStatement{Case: number, Kind: registry.CaseSealConfirm}, ""); err != nil || !f.Held.Awaited() {
		t.Fatalf("%+v %v", f, err)
	}
	execute(t, ownerOf(t, x.county), `DELETE FROM case_held WHERE case_number = $1`, number)
	x.must(t, x.county, "xg-examiner", registry.CaseStatement{Case: number, Kind: registry.CaseSuspend, Procedure: registry.ProcedureHearing, Document: "听〔2026〕1号"}, "")
	eventually(t, "the step is over", func() bool {
		kept, err := x.city.Store.Cases.Case(t.Context(), x.grant.ID, number)
		return err == nil && len(kept.Steps) == 5 && kept.Held != nil && kept.Held.State == office.HeldRefused && kept.Held.Refusal == registry.CodeStale
	})
	x.faults[x.city].refuse("")
	x.refusedTask(t, x.city, "gz-education-seal", number, registry.CodeStale)
}

// refusedLater: what the home refuses when nobody waits for the answer any more is a task; a
// clock may be ahead by seconds, and no more.
func (x *crossing) refusedLater(t *testing.T) {
	const number = "兴教受〔2026〕8号"
	x.accepted(t, number)
	now := time.Now().Unix()
	for _, ahead := range []int64{3, 60} {
		by, step, err := x.signedStep(t, x.county, "xg-acceptor", registry.CaseStatement{Case: number, Kind: registry.CaseOpinion}, "钟快")
		if err != nil {
			t.Fatal(err)
		}
		step.Statement.At = now + ahead
		_, err = x.county.Office.Cases.Record(t.Context(), by, x.sign(t, x.county, "xg-acceptor", step.Statement, "钟快"))
		if refused := err != nil && strings.Contains(err.Error(), "clock"); refused != (ahead > 5) {
			t.Errorf("signed %d s ahead: %v", ahead, err)
		}
	}
	x.asks(t, number)
	kept := x.at(t, x.city, number, 5)
	_, step, err := x.signedStep(t, x.city, "gz-education-seal", registry.CaseStatement{Case: number, Kind: registry.CaseSealConfirm}, "")
	if err != nil {
		t.Fatal(err)
	}
	step.Statement.At = kept.Steps[4].Statement.At - 1
	step = x.sign(t, x.city, "gz-education-seal", step.Statement, "")
	if err := x.city.Store.Cases.HoldStep(t.Context(), office.HeldStep{HeldStep: registry.HeldStep{Step: step}, State: office.HeldAsked}, sm.Digest{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the refusal is kept", func() bool {
		kept, err := x.city.Store.Cases.Case(t.Context(), x.grant.ID, number)
		return err == nil && kept.Held != nil && kept.Held.State == office.HeldRefused
	})
	x.refusedTask(t, x.city, "gz-education-seal", number, registry.CodeDateOrder)
}

// refuses has a registry's ledger refuse orders, at the longest until the test is over.
func (x *crossing) refuses(t *testing.T, n *citytest.Neighbor, code registry.Code) {
	t.Helper()
	x.faults[n].refuse(code)
	t.Cleanup(func() { x.faults[n].refuse("") })
}

func (x *crossing) refusedTask(t *testing.T, n *citytest.Neighbor, login, number string, code registry.Code) {
	t.Helper()
	who, err := n.Demo.Account(login)
	if err != nil {
		t.Fatal(err)
	}
	tasks, err := n.Office.Reading.Tasks(t.Context(), who.Actor())
	if err != nil || !slices.ContainsFunc(tasks, func(task office.Task) bool {
		return task.Kind == office.TaskCaseRefused && task.Case == number && task.Code == code
	}) {
		t.Errorf("%s has no task: %+v %v", login, tasks, err)
	}
}
