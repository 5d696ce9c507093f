package postgres_test

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
)

// TestLife takes one license through issue, change and cancellation and looks
// at everything the store tells on the way.
func TestLife(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.issue(1)
	id := r.Proceeding.Intent.Identifier
	w.must(w.Reserve(ctx(), r))
	v, err := w.Version(ctx(), id.Base(), 1)
	w.must(err)
	if !reflect.DeepEqual(v.Facts, r.Version.Facts) || !bytes.Equal(v.Secret, r.Version.Secret) || !bytes.Equal(v.Unsealed, r.Version.Unsealed) ||
		v.Released || v.Sealed != nil || v.Intent != r.Proceeding.Digest || v.Identifier != id {
		t.Fatalf("version came back otherwise: %+v", v)
	}
	e, l := w.anchor(r, nil)
	p, err := w.Proceeding(ctx(), r.Proceeding.Digest)
	w.must(err)
	if p.Step != office.StepAnchored || p.Entry.Digest() != e.Digest() || !reflect.DeepEqual(p.Receipt, receiptFor(e)) ||
		p.Intent.Digest() != p.Digest || p.Remark != "备注" || !p.Created.Equal(w.now()) {
		t.Fatalf("proceeding came back otherwise: %+v", p)
	}
	if v, err = w.Version(ctx(), id.Base(), 1); err != nil || !v.Released || v.Pending || string(v.Sealed) != "sealed "+id.String() {
		t.Fatalf("not released: %+v %v", v, err)
	}
	w.wantRecord(id.Base(), l, nil)

	change := w.next(registry.Change, e)
	w.must(w.Reserve(ctx(), change))
	w.wantRecord(id.Base(), l, change.Proceeding)
	e, l = w.anchor(change, l)
	cancel := w.next(registry.Cancel, e)
	w.must(w.Reserve(ctx(), cancel))
	_, l = w.anchor(cancel, l)
	w.wantRecord(id.Base(), l, nil)
	if l.State != registry.Cancelled {
		t.Fatal("not cancelled")
	}
	history, err := w.History(ctx(), id.Base())
	w.must(err)
	if len(history) != 3 || history[0].Intent.Act != registry.Issue || history[2].Intent.Act != registry.Cancel {
		t.Fatalf("history: %v", history)
	}
	printings, err := w.Printings(ctx(), id.Base())
	w.must(err)
	if len(printings) != 3 || printings[2].Identifier.Version != 2 || !reflect.DeepEqual(printings[1], r.Printings[1]) {
		t.Fatalf("printings: %+v", printings)
	}
	_, err = w.Version(ctx(), id.Base(), 3)
	w.wantCode(err, registry.CodeNotFound)
}

func (w *world) wantRecord(base string, l *registry.License, flying *office.Proceeding) {
	w.t.Helper()
	got, err := w.Record(ctx(), base)
	w.must(err)
	if got.Type != typeCode || got.State != l.State || got.Version != l.Version || got.Sequence != l.Sequence || got.Head != l.Head {
		w.t.Fatalf("row %+v, ledger %+v", got, l)
	}
	if (got.InFlight == nil) != (flying == nil) || flying != nil && got.InFlight.Digest != flying.Digest {
		w.t.Fatalf("in flight: %+v, want %+v", got.InFlight, flying)
	}
}

func TestStepsRefuseOutOfTurn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.issue(1)
	digest, seal := r.Proceeding.Digest, sealedAct(r)
	_, err := w.Proceeding(ctx(), digest)
	w.wantCode(err, registry.CodeNotFound)
	w.must(w.Reserve(ctx(), r))
	before := w.rows()

	w.wantCode(w.Sealed(ctx(), seal), registry.CodeActState)
	w.wantCode(w.Anchored(ctx(), digest, receiptFor(seal.Entry), nil), registry.CodeActState)
	w.wantCode(w.Submitting(ctx(), []sm.Digest{digest}, "tx"), registry.CodeActState)
	w.wantCode(w.ReleasePending(ctx(), digest, clerk), registry.CodeActState)
	if after := w.rows(); after != before {
		t.Fatalf("something was left behind:\n%s\n%s", before, after)
	}
	_, err = w.AddApproval(ctx(), digest, 0, approvalBy("k1"), false, clerk)
	w.must(err)
	_, err = w.AddApproval(ctx(), digest, 1, approvalBy("k1"), true, clerk)
	w.wantCode(err, registry.CodeApprovalTwice)
	_, err = w.AddApproval(ctx(), digest, 0, approvalBy("k2"), true, clerk)
	w.wantCode(err, registry.CodeStale)
	_, err = w.AddApproval(ctx(), digest, 1, approvalBy("k2"), true, clerk)
	w.must(err)
	_, err = w.AddApproval(ctx(), digest, 2, approvalBy("k3"), true, clerk)
	w.wantCode(err, registry.CodeActState)

	other := w.issue(2)
	w.wantCode(w.Sealed(ctx(), office.SealedAct{Intent: digest, Entry: sealedAct(other).Entry, Sealed: []byte("x")}), registry.CodeInternal)
	w.must(w.Sealed(ctx(), seal))
	w.must(w.Sealed(ctx(), seal)) // again: harmless
	w.wantCode(w.Drop(ctx(), digest, clerk), registry.CodeActState)
	w.wantCode(w.Anchored(ctx(), digest, receiptFor(sealedAct(other).Entry), nil), registry.CodeInternal)
	w.must(w.Submitting(ctx(), []sm.Digest{digest, digest}, "tx 1"))
	p, err := w.Proceeding(ctx(), digest)
	w.must(err)
	if p.Transaction != "tx 1" {
		t.Fatal("transaction not kept")
	}
	w.must(w.Anchored(ctx(), digest, receiptFor(seal.Entry), nil))
	w.must(w.Anchored(ctx(), digest, receiptFor(seal.Entry), nil))
	w.must(w.Refused(ctx(), digest, office.StepSealed, registry.CodeSealState, "late")) // it has gone on
	if p, err = w.Proceeding(ctx(), digest); err != nil || p.Step != office.StepAnchored {
		t.Fatalf("a late refusal undid what was anchored: %+v %v", p, err)
	}
}

// TestRefused: nothing released, numbers and blanks free again, a task for the
// unit, and the refused sheet still found by its token.
func TestRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.issue(1)
	w.must(w.Reserve(ctx(), r))
	e, l := w.anchor(r, nil)
	change := w.next(registry.Change, e)
	w.must(w.Reserve(ctx(), change))
	w.seal(change)
	w.must(w.ReleasePending(ctx(), change.Proceeding.Digest, clerk))
	base := e.Intent.Identifier.Base()
	v, err := w.Version(ctx(), base, 2)
	w.must(err)
	if !v.Released || !v.Pending {
		t.Fatalf("not released as pending: %+v", v)
	}
	w.must(w.Refused(ctx(), change.Proceeding.Digest, office.StepSealed, registry.CodeSealState, "seal suspended"))
	w.must(w.Refused(ctx(), change.Proceeding.Digest, office.StepSealed, registry.CodeSealState, "seal suspended"))
	if v, err = w.Version(ctx(), base, 2); err != nil || v.Released || v.Pending || v.Intent != change.Proceeding.Digest {
		t.Fatalf("still released: %+v %v", v, err)
	}
	tasks, err := w.Tasks(ctx(), bureau)
	w.must(err)
	if len(tasks) != 1 || tasks[0].Kind != "refused" || tasks[0].Code != registry.CodeSealState || tasks[0].Act != registry.Change ||
		tasks[0].Identifier.Version != 2 || tasks[0].Detail != "seal suspended; paper was let out as pending: recall it" {
		t.Fatalf("tasks: %+v", tasks)
	}
	if ref, err := w.ByToken(ctx(), change.Printings[0].Token); err != nil || ref.Identifier.Version != 2 {
		t.Fatalf("refused sheet not found: %v %v", ref, err)
	}
	if list, err := w.Printings(ctx(), base); err != nil || len(list) != 2 {
		t.Fatalf("printings: %v %v", list, err)
	}
	w.wantRecord(base, l, nil)

	// The same version number again, by another intent.
	w.wait(time.Minute)
	again := w.next(registry.Change, e)
	w.must(w.Reserve(ctx(), again))
	w.anchor(again, l)
	if v, err = w.Version(ctx(), base, 2); err != nil || v.Intent != again.Proceeding.Digest || !v.Released {
		t.Fatalf("second attempt: %+v %v", v, err)
	}
	if ref, err := w.ByToken(ctx(), again.Printings[0].Token); err != nil || !reflect.DeepEqual(*ref, again.Printings[0]) {
		t.Fatalf("token leads to the refused attempt: %+v %v", ref, err)
	}
	w.must(w.CloseTask(ctx(), change.Proceeding.Digest, clerk))
	w.wantCode(w.CloseTask(ctx(), change.Proceeding.Digest, clerk), registry.CodeNotFound)
}

// TestDropAndFileAgain: a dropped act frees the license; the same act word for
// word has the same digest and begins anew.
func TestDropAndFileAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.issue(1)
	w.must(w.Reserve(ctx(), r))
	e, l := w.anchor(r, nil)
	cancel := w.next(registry.Cancel, e)
	w.must(w.Reserve(ctx(), cancel))
	w.wantCode(w.Reserve(ctx(), cancel), registry.CodeActInProgress)
	w.approve(cancel)
	w.wantCode(w.Drop(ctx(), cancel.Proceeding.Digest, clerk, office.StepReserved), registry.CodeActState)
	w.must(w.Drop(ctx(), cancel.Proceeding.Digest, clerk))
	w.wantCode(w.Drop(ctx(), cancel.Proceeding.Digest, clerk), registry.CodeActState)
	if tasks, err := w.Tasks(ctx(), ""); err != nil || len(tasks) != 0 {
		t.Fatalf("tasks: %v %v", tasks, err)
	}
	w.must(w.Reserve(ctx(), cancel))
	p, err := w.Proceeding(ctx(), cancel.Proceeding.Digest)
	w.must(err)
	if p.Step != office.StepReserved || len(p.Approvals) != 0 {
		t.Fatalf("did not begin anew: %+v", p)
	}
	if tasks, err := w.Tasks(ctx(), bureau); err != nil || len(tasks) != 1 || tasks[0].Kind != "approval" {
		t.Fatalf("tasks: %v %v", tasks, err)
	}
	w.anchor(cancel, l)
	w.wantCode(w.Reserve(ctx(), cancel), registry.CodeActInProgress)
}

// TestWaiting: acts of others that wait are listed like one's own tasks, with the
// name that they would make of the license; what goes on or was dropped is not.
func TestWaiting(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.issue(1)
	w.must(w.Reserve(ctx(), r))
	want := func(n int, about office.Reservation) {
		t.Helper()
		own, err := w.Tasks(ctx(), bureau)
		w.must(err)
		others, err := w.Waiting(ctx(), []string{bureau, city})
		w.must(err)
		if len(others) != n || !reflect.DeepEqual(own, others) {
			t.Fatalf("own tasks %+v, seen by others %+v, want %d", own, others, n)
		}
		for _, task := range others {
			if task.Kind != "approval" || task.Intent != about.Proceeding.Digest || task.HolderName != r.Version.Facts.Holder.Name || task.Number != r.Version.Facts.Number {
				t.Errorf("%+v", task)
			}
		}
		if none, err := w.Waiting(ctx(), []string{city}); err != nil || len(none) != 0 {
			t.Errorf("another's: %+v %v", none, err)
		}
	}
	want(1, r)
	e, _ := w.anchor(r, nil)
	want(0, r)
	cancel := w.next(registry.Cancel, e)
	w.must(w.Reserve(ctx(), cancel))
	want(1, cancel)
	w.must(w.Drop(ctx(), cancel.Proceeding.Digest, clerk))
	want(0, cancel)
}

func TestKeepQR(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.issue(1)
	w.must(w.Reserve(ctx(), r))
	token := r.Printings[1].Token
	for _, text := range []string{"first", "second"} {
		if kept, err := w.KeepQR(ctx(), token, text); err != nil || kept != "first" {
			t.Fatalf("kept %q: %v", kept, err)
		}
	}
	if ref, err := w.ByToken(ctx(), token); err != nil || ref.QR != "first" {
		t.Fatalf("%+v %v", ref, err)
	}
	_, err := w.KeepQR(ctx(), registry.Token{1}, "x")
	w.wantCode(err, registry.CodeNotFound)
	_, err = w.ByToken(ctx(), registry.Token{1})
	w.wantCode(err, registry.CodeNotFound)
}

// TestDropWaitsForTheWorker: what a worker is sealing is not dropped under it.
func TestDropWaitsForTheWorker(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.issue(1)
	w.must(w.Reserve(ctx(), r))
	w.approve(r)
	w.wait(office.SealFirst)
	leased, err := w.Lease(ctx(), []office.Step{office.StepApproved}, 10, w.now().Add(time.Minute))
	w.must(err)
	if len(leased) != 1 {
		t.Fatalf("leased %d", len(leased))
	}
	w.wantCode(w.Drop(ctx(), r.Proceeding.Digest, clerk), registry.CodeStale)
	w.wait(2 * time.Minute)
	w.must(w.Drop(ctx(), r.Proceeding.Digest, clerk))
}
