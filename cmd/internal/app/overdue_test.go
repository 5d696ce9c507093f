package app_test

import (
	"testing"
	"time"

	"tongzheng/cmd/internal/demo"
	"tongzheng/registry"
	"tongzheng/registry/office"
)

// TestProposalEnds: what nobody approves in time ends by itself, says why, and is a
// task of whoever filed it; the same application begins anew.
func TestProposalEnds(t *testing.T) {
	t.Parallel()
	a := openFor(t, ownPlace(t), nil)
	defer a.Close()
	city, err := demo.Read(a.Config.Data)
	if err != nil {
		t.Fatal(err)
	}
	acceptor, err := city.Account("xg-acceptor")
	if err != nil {
		t.Fatal(err)
	}
	by, app := acceptor.Actor(), application(a, acceptor.Code, 1)
	p, err := a.Office.Issuing.Propose(t.Context(), by, app, office.Idempotency{})
	if err != nil {
		t.Fatal(err)
	}
	ends := func(after time.Duration, want office.Step, code registry.Code) {
		t.Helper()
		told := a.Told
		told.ProposalFor = after
		o, err := office.New(a.Ports, told)
		if err != nil {
			t.Fatal(err)
		}
		if err := o.Anchoring.Expire(t.Context()); err != nil {
			t.Fatal(err)
		}
		if p, err = o.Reading.Proceeding(t.Context(), by, p.Digest); err != nil || p.Step != want || p.Refusal != code {
			t.Fatalf("after %s: %s, %q: %v", after, p.Step, p.Refusal, err)
		}
	}
	ends(0, office.StepReserved, "") // thirty days
	time.Sleep(1100 * time.Millisecond)
	ends(time.Nanosecond, office.StepDropped, registry.CodeProposalExpired)
	tasks, err := a.Office.Reading.Tasks(t.Context(), by)
	if err != nil || len(tasks) == 0 || tasks[0].Kind != office.TaskExpired || tasks[0].Intent != p.Digest {
		t.Fatalf("%+v: %v", tasks, err)
	}
	if _, err := a.Office.Issuing.Propose(t.Context(), by, app, office.Idempotency{}); err != nil {
		t.Errorf("again: %v", err)
	}
}
