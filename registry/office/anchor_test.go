package office

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// twoMembers is everything that anchoring asks for until the ledger's answer: a
// ledger on which Xingguo's batch goes on only when Yudu's has come.
type twoMembers struct {
	AnchorQueue
	Sealer
	Ledger
	yudu chan struct{}
}

// twoMembersView knows every organization, each a member of its own.
type twoMembersView struct{ StatusView }

func (twoMembersView) Record(kind registry.RecordKind, name string) (registry.GovernanceRecord, *registry.Stored, error) {
	if kind == registry.KindRules {
		return &registry.Rules{Version: 1}, &registry.Stored{}, nil
	}
	return &registry.Organization{Code: name, Member: name}, &registry.Stored{}, nil
}

func (w *twoMembers) Authorship(_ context.Context, organization, _ string, _ []*registry.Entry) (registry.Authorship, error) {
	return registry.Authorship{Organization: organization}, nil
}

func (w *twoMembers) Prepare(_ context.Context, batch registry.Batch) (registry.Transaction, error) {
	return registry.Transaction{ID: batch.Namespace, Batch: batch}, nil
}

func (w *twoMembers) Submit(ctx context.Context, tx registry.Transaction) (*registry.Commit, error) {
	if tx.Batch.Namespace == "yudu" {
		close(w.yudu)
	}
	select {
	case <-w.yudu:
	case <-ctx.Done():
	}
	return nil, registry.Errorf(registry.CodeUnavailable, "", "not known yet")
}

func (w *twoMembers) Submitting(context.Context, []sm.Digest, string) error     { return nil }
func (w *twoMembers) Release(context.Context, []sm.Digest, time.Duration) error { return nil }

// some is an identifier of the right form.
var some = registry.Identifier{Type: "11100000MB0143028R003", Issuer: "11360732DEM20018XP", Serial: "A100001", Version: 1}

// TestMembersDoNotWaitForEachOther: proceedings of two members are taken up
// together; the ledger does not answer for the first.
func TestMembersDoNotWaitForEachOther(t *testing.T) {
	w := &twoMembers{yudu: make(chan struct{})}
	o := &Anchoring{common: &common{view: twoMembersView{}, clock: time.Now, log: slog.New(slog.DiscardHandler)}, queue: w, sealer: w, ledger: w}
	var sealed []*Proceeding
	for _, member := range []string{"xingguo", "yudu"} {
		in := registry.Intent{Identifier: registry.Identifier{Issuer: member}, Organization: member, Grant: "g1"}
		sealed = append(sealed, &Proceeding{Digest: sm.Sum([]byte(member)), Step: StepSealed, Intent: in, Entry: &registry.Entry{Intent: &registry.Intent{Identifier: some, Organization: member}}})
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := o.Anchor(ctx, sealed); err != nil {
		t.Fatal(err)
	}
	select {
	case <-w.yudu:
	default:
		t.Error("Yudu's was never handed in")
	}
	if ctx.Err() != nil {
		t.Error("Yudu's waited for Xingguo's")
	}
}

// TestBatchesByBytes: a batch stays below the bound, in order, nothing left out.
func TestBatchesByBytes(t *testing.T) {
	var all []*Proceeding
	for i := range 10 {
		in := registry.Intent{Identifier: some, Decision: strings.Repeat("号", i)}
		all = append(all, &Proceeding{Entry: &registry.Entry{Intent: &in}})
	}
	large := len(all[9].Entry.Bytes())
	var joined []*Proceeding
	for _, batch := range byBytes(all, 2*large) {
		size := 0
		for _, p := range batch {
			size += len(p.Entry.Bytes())
		}
		if size > 2*large || len(batch) == 0 {
			t.Errorf("%d bytes in a batch of %d", size, len(batch))
		}
		joined = append(joined, batch...)
	}
	if !slices.Equal(joined, all) {
		t.Error("not the same proceedings in the same order")
	}
	if alone := byBytes(all, 1); len(alone) != len(all) {
		t.Errorf("%d batches, want each alone", len(alone))
	}
}

// TestGatherWait: a lone act waits ten milliseconds, one in a flood until forty after
// the transaction before it; none when the transaction is full, and as long as the
// configuration says when it says so.
func TestGatherWait(t *testing.T) {
	o := &Anchoring{common: &common{}}
	if wait := o.gatherWait(false); wait != gatherFor {
		t.Errorf("alone it waits %v", wait)
	}
	last := time.Now().Add(time.Hour) // far away: the machine may pause between two lines
	o.gathered = last
	if wait := o.gatherWait(false); wait < time.Minute || !o.gathered.Equal(last.Add(gatherApart)) {
		t.Errorf("in a flood it waits %v, and the transactions are %v apart", wait, o.gathered.Sub(last))
	}
	o.gathered = time.Now().Add(-gatherApart)
	if wait := o.gatherWait(false); wait != gatherFor {
		t.Errorf("later it waits %v", wait)
	}
	if wait := o.gatherWait(true); wait != 0 {
		t.Errorf("full, it waits %v", wait)
	}
	for _, configured := range []time.Duration{-1, time.Second} {
		o.config.GatherFor = configured
		if wait := o.gatherWait(false); wait != max(configured, 0) {
			t.Errorf("told %v, it waits %v", configured, wait)
		}
	}
}
