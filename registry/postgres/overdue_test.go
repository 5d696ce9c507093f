package postgres_test

import (
	"testing"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/office"
)

// TestOverdueProposals: a proposal that nobody approves ends by itself after its
// time since the last signature, and frees all that it held; what is approved never
// does. The same act filed again begins anew.
func TestOverdueProposals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const month = 30 * 24 * time.Hour
	expire := func(want int) {
		t.Helper()
		n, err := w.Overdue.Expire(ctx(), w.now().Add(-month), 10, office.TaskExpired, registry.CodeProposalExpired)
		w.must(err)
		if n != want {
			t.Fatalf("%d ended, want %d", n, want)
		}
	}
	left, signed, approved := w.issue(1), w.issue(2), w.issue(3)
	for _, r := range []office.Reservation{left, signed, approved} {
		w.must(w.Reserve(ctx(), r))
	}
	w.approve(approved)
	w.wait(month - time.Hour)
	_, err := w.AddApproval(ctx(), signed.Proceeding.Digest, 0, approvalBy("k1"), false, clerk)
	w.must(err)
	expire(0)
	w.wait(time.Hour)
	expire(1)
	expire(0)
	p, err := w.Proceeding(ctx(), left.Proceeding.Digest)
	w.must(err)
	if p.Step != office.StepDropped || p.Refusal != registry.CodeProposalExpired {
		t.Fatalf("%s, %q", p.Step, p.Refusal)
	}
	tasks, err := w.Tasks(ctx(), bureau)
	w.must(err)
	if len(tasks) != 2 || tasks[0].Kind != office.TaskExpired || tasks[0].Code != registry.CodeProposalExpired || tasks[0].Intent != left.Proceeding.Digest {
		t.Fatalf("%+v", tasks)
	}
	trail, _, err := w.AuditTrail(ctx(), left.Proceeding.Digest.String(), 0, 1)
	w.must(err)
	if len(trail) != 1 || trail[0].Operation != "expire" || trail[0].Code != registry.CodeProposalExpired {
		t.Fatalf("%+v", trail)
	}
	_, err = w.AddApproval(ctx(), left.Proceeding.Digest, 0, approvalBy("k1"), true, clerk)
	w.wantCode(err, registry.CodeActState)
	again := w.issue(4)
	again.Proceeding.Intent.Decision = left.Proceeding.Intent.Decision
	again.Proceeding.Intent.Printings[1].Blank = left.Printings[1].Printing.Blank
	again = w.reservation(again.Proceeding.Intent, &again.Version.Facts)
	w.must(w.Reserve(ctx(), again)) // decision and blank are free
	w.wait(month)
	expire(2)
	if p, err = w.Proceeding(ctx(), approved.Proceeding.Digest); err != nil || p.Step != office.StepApproved {
		t.Fatalf("%s %v", p.Step, err)
	}
}
