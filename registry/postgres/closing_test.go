package postgres_test

import (
	"testing"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
)

// TestClosings: the closing of a license whose row is another registry's waits in
// the queue with the approvals of its issue, once; where it no longer follows,
// another one takes its place; it stands in nobody's way.
func TestClosings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.issue(1)
	in, facts := r.Proceeding.Intent, r.Version.Facts
	in.Origin = &registry.Origin{Place: "360732"}
	in.Closes = &registry.Closing{Identifier: registry.Identifier{Type: typeCode, Issuer: "11360731DEM20018XP", Serial: "YD00001", Version: 2}, As: registry.Change,
		Sequence: 3, Head: sm.Sum([]byte("head")), Origin: &registry.Origin{Matter: matter, Grant: "g0", Place: "360732", Member: "yudu"}}
	r = w.reservation(in, &facts)
	w.must(w.Reserve(ctx(), r))
	w.seal(r)
	made := r.Proceeding.Intent
	closing := func(sequence uint64, previous sm.Digest) *office.Proceeding {
		in := made.ClosedBy(sequence, previous)
		return &office.Proceeding{Digest: in.Digest(), Intent: in, Step: office.StepApproved, Approvals: []registry.Approval{approvalBy("k1"), approvalBy("k2")}}
	}
	first := closing(1, sm.Digest{})
	bare := *first
	bare.Approvals = nil
	w.wantCode(w.QueueClosing(ctx(), &bare, sm.Digest{}), registry.CodeInternal)
	w.must(w.QueueClosing(ctx(), first, sm.Digest{}))
	later := closing(2, sm.Sum([]byte("oversight")))
	w.must(w.QueueClosing(ctx(), later, sm.Digest{})) // one is under way
	waiting := func(want *office.Proceeding) {
		t.Helper()
		list, err := w.Lease(ctx(), []office.Step{office.StepApproved}, 9, w.now().Add(time.Minute))
		w.must(err)
		if len(list) != 1 || list[0].Digest != want.Digest || len(list[0].Approvals) != 2 || list[0].Intent.Digest() != want.Digest {
			t.Fatalf("%d wait: %+v", len(list), list)
		}
		w.must(w.Release(ctx(), []sm.Digest{want.Digest}, 0))
	}
	waiting(first)
	w.must(w.QueueClosing(ctx(), later, first.Digest))
	waiting(later)
	w.must(w.QueueClosing(ctx(), closing(3, sm.Sum([]byte("again"))), first.Digest)) // that one is dropped: it has gone on
	history, err := w.History(ctx(), made.Closes.Identifier.Base())
	w.must(err)
	if len(history) != 2 || history[0].Step != office.StepDropped || history[1].Step != office.StepApproved {
		t.Fatalf("%d closings: %+v", len(history), history)
	}
	for range 2 {
		w.must(w.Remind(ctx(), office.Task{Organization: bureau, Kind: office.TaskEndedBefore, Intent: later.Digest, Code: registry.CodeActState, Detail: "revoked"}))
	}
	tasks, err := w.Tasks(ctx(), bureau)
	w.must(err)
	if len(tasks) != 1 || tasks[0].Kind != office.TaskEndedBefore || tasks[0].Act != registry.Replace {
		t.Errorf("tasks %+v", tasks)
	}
}
