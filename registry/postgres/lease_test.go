package postgres_test

import (
	"sync"
	"testing"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
)

// TestLeaseNeverTwice: eight workers empty the queue; no license is handed out
// twice while its lease runs.
func TestLeaseNeverTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const licenses = 40
	for i := range licenses {
		r := w.issue(i + 1)
		w.must(w.Reserve(ctx(), r))
		w.approve(r)
	}
	w.wait(office.SealFirst)
	var mu sync.Mutex
	held := map[string]int{}
	codes := together(func(int) error {
		for {
			list, err := w.Lease(ctx(), []office.Step{office.StepApproved, office.StepSealed}, 3, w.now().Add(time.Minute))
			if err != nil || len(list) == 0 {
				return err
			}
			mu.Lock()
			for _, p := range list {
				held[p.Intent.Identifier.Base()]++
			}
			mu.Unlock()
		}
	})
	if codes[""] != workers {
		t.Fatalf("%v", codes)
	}
	// A worker may have passed over rows that another one had locked for a
	// moment; nobody may have got one twice.
	list, err := w.Lease(ctx(), []office.Step{office.StepApproved}, 100, w.now().Add(time.Minute))
	w.must(err)
	for _, p := range list {
		held[p.Intent.Identifier.Base()]++
	}
	if len(held) != licenses {
		t.Fatalf("%d of %d handed out", len(held), licenses)
	}
	for base, n := range held {
		if n != 1 {
			t.Errorf("%s handed out %d times", base, n)
		}
	}
}

func TestLeaseOrderAndRelease(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var all []sm.Digest
	for i := range 3 {
		r := w.issue(i + 1)
		w.must(w.Reserve(ctx(), r))
		w.approve(r)
		all = append(all, r.Proceeding.Digest)
	}
	lease := func(most int) []*office.Proceeding {
		list, err := w.Lease(ctx(), []office.Step{office.StepApproved}, most, w.now().Add(time.Minute))
		w.must(err)
		return list
	}
	if list := lease(5); len(list) != 0 {
		t.Fatalf("handed out while whoever completed the approvals is sealing")
	}
	w.wait(office.SealFirst)
	if list := lease(2); len(list) != 2 || list[0].Digest != all[0] || list[1].Digest != all[1] {
		t.Fatalf("not the oldest two in order")
	}
	if list := lease(5); len(list) != 1 || list[0].Digest != all[2] {
		t.Fatalf("not the third")
	}
	w.must(w.Release(ctx(), all[:1], 0))
	if list := lease(5); len(list) != 1 || list[0].Digest != all[0] {
		t.Fatalf("release did not give the first back")
	}
	w.must(w.Release(ctx(), all[1:2], 10*time.Second))
	if list := lease(5); len(list) != 0 {
		t.Fatalf("handed out before its wait was over")
	}
	w.wait(11 * time.Second)
	if list := lease(5); len(list) != 1 || list[0].Digest != all[1] {
		t.Fatalf("not handed out after its wait")
	}
	w.wait(2 * time.Minute)
	if list := lease(5); len(list) != 3 {
		t.Fatalf("%d after all leases ran out", len(list))
	}
	_, err := w.Lease(ctx(), []office.Step{office.StepAnchored}, 5, w.now())
	w.wantCode(err, registry.CodeInternal)
}

// TestApprovedOutlivesItsRequest: whose last signature was kept and who was then never
// heard of again has left the act to a worker, when SealFirst is over and not before,
// and also when it dies in the moment of committing. One that lets go, or has sealed,
// keeps nobody waiting.
func TestApprovedOutlivesItsRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	died, failed, sealed := w.issue(1), w.issue(2), w.issue(3)
	for _, r := range []office.Reservation{died, failed, sealed} {
		w.must(w.Reserve(ctx(), r))
		w.approve(r)
	}
	lease := func(want ...office.Reservation) {
		t.Helper()
		list, err := w.Lease(ctx(), []office.Step{office.StepApproved, office.StepSealed}, 10, w.now().Add(time.Minute))
		w.must(err)
		if len(list) != len(want) {
			t.Fatalf("%d handed out, want %d", len(list), len(want))
		}
		for i, p := range list {
			if p.Digest != want[i].Proceeding.Digest {
				t.Errorf("handed out %s", p.Intent.Identifier)
			}
		}
	}
	w.must(w.Release(ctx(), []sm.Digest{failed.Proceeding.Digest}, 0))
	w.must(w.Sealed(ctx(), sealedAct(sealed)))
	lease(failed, sealed)
	w.wait(office.SealFirst - time.Second)
	lease()
	w.wait(time.Second)
	lease(died)
	w.must(w.Sealed(ctx(), sealedAct(died)))
	p, err := w.Proceeding(ctx(), died.Proceeding.Digest)
	w.must(err)
	if p.Step != office.StepSealed {
		t.Errorf("the worker left it %s", p.Step)
	}
}

// TestSubmittingAllOrNone: one proceeding that is not sealed stops them all.
func TestSubmittingAllOrNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sealed, reserved := w.issue(1), w.issue(2)
	w.must(w.Reserve(ctx(), sealed))
	w.must(w.Reserve(ctx(), reserved))
	w.seal(sealed)
	w.wantCode(w.Submitting(ctx(), []sm.Digest{sealed.Proceeding.Digest, reserved.Proceeding.Digest}, "tx"), registry.CodeActState)
	p, err := w.Proceeding(ctx(), sealed.Proceeding.Digest)
	w.must(err)
	if p.Transaction != "" {
		t.Fatal("half of a batch has a transaction")
	}
}

func TestAllot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	instance := registry.Instance{Issuer: bureau, Prefix: "X1", Lists: []uint32{7, 9}}
	ask := office.AllotRequest{Instance: instance, Serial: true, Type: typeCode, Scope: "360732.2026", Printings: 3}
	var mu sync.Mutex
	serials, sequences, indexes := map[string]bool{}, map[int]bool{}, map[[2]uint32]bool{}
	codes := together(func(int) error {
		for range 5 {
			a, err := w.Allot(ctx(), ask)
			if err != nil {
				return err
			}
			mu.Lock()
			serials[a.Serial], sequences[a.Sequence] = true, true
			for i := range uint32(3) {
				indexes[[2]uint32{a.List, a.Index + i}] = true
			}
			mu.Unlock()
		}
		return nil
	})
	if codes[""] != workers || len(serials) != 40 || len(sequences) != 40 || len(indexes) != 120 {
		t.Fatalf("%v: %d serials, %d sequences, %d indexes", codes, len(serials), len(sequences), len(indexes))
	}
	if !serials["X100001"] || !serials["X100040"] || !indexes[[2]uint32{7, 0}] {
		t.Fatalf("serials %v", serials)
	}
	if a, err := w.Allot(ctx(), office.AllotRequest{Instance: instance}); err != nil || a != (registry.Allotment{}) {
		t.Fatalf("nothing asked for, got %+v %v", a, err)
	}
	// The end of a list: the next one; then none.
	w.must(w.RaiseCounters(ctx(), bureau, "X1", 100000, map[uint32]uint32{7: registry.StatusListSize - 3}))
	a, err := w.Allot(ctx(), ask)
	w.must(err)
	if a.List != 9 || a.Index != 0 || a.Serial != "X1100001" {
		t.Fatalf("no move to the next list: %+v", a)
	}
	a, err = w.Allot(ctx(), office.AllotRequest{Instance: instance, Printings: 2})
	w.must(err)
	if a.List != 7 || a.Index != registry.StatusListSize-2 {
		t.Fatalf("the last two of a list were not used: %+v", a)
	}
	w.must(w.RaiseCounters(ctx(), bureau, "X1", 1, map[uint32]uint32{9: registry.StatusListSize - 1, 7: 5}))
	before, err := w.Allot(ctx(), office.AllotRequest{Instance: instance, Serial: true})
	w.must(err)
	_, err = w.Allot(ctx(), ask)
	w.wantCode(err, registry.CodeListRange)
	after, err := w.Allot(ctx(), office.AllotRequest{Instance: instance, Serial: true})
	w.must(err)
	if before.Serial != "X1100002" || after.Serial != "X1100003" {
		t.Fatalf("a refused allotment took a serial: %s then %s", before.Serial, after.Serial)
	}
}

// TestLeaseLeavesDamagedRows: a row that somebody spoiled waits; the others do
// not.
func TestLeaseLeavesDamagedRows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	spoiled, sound := w.issue(1), w.issue(2)
	w.must(w.Reserve(ctx(), spoiled))
	w.must(w.Reserve(ctx(), sound))
	w.must(w.sql(`UPDATE proceeding SET canonical = '\xff' WHERE intent = $1`, spoiled.Proceeding.Digest[:]))
	got, err := w.Lease(ctx(), []office.Step{office.StepReserved}, 10, w.now().Add(time.Minute))
	w.must(err)
	if len(got) != 1 || got[0].Digest != sound.Proceeding.Digest {
		t.Errorf("leased %d: %+v", len(got), got)
	}
}
