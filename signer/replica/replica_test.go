package replica_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"tongzheng/chaincode/embedded"
	"tongzheng/chaincode/ledgertest"
	"tongzheng/registry"
	"tongzheng/signer/replica"
)

// story is a small city's ledger: genesis, then an approver enrolled and ended.
func story(t *testing.T, city *ledgertest.City) []*registry.Commit {
	t.Helper()
	key := ledgertest.NewKey("node")
	ledger, err := embedded.Open(embedded.Config{Path: filepath.Join(t.TempDir(), "l.db"), Key: key.ID, Sign: key.SignRaw, Clock: city.Time})
	if err != nil {
		t.Fatal(err)
	}
	defer ledger.Close()
	ctx := context.Background()
	submit := func(b registry.Batch) {
		tx, err := ledger.Prepare(ctx, b)
		if err != nil {
			t.Fatal(err)
		}
		commit, err := ledger.Submit(ctx, tx)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range commit.Outcome.Results {
			if !r.Accepted() {
				t.Fatalf("%+v", r)
			}
		}
		city.Note(commit)
	}
	submit(city.Genesis())
	approver := newcomer(city)
	submit(city.Batch(registry.Governance, city.Order(city.Governing, approver)))
	approver.Until = city.Now + 1
	submit(city.Batch(registry.Governance, city.Order(city.Governing, approver)))
	var all []*registry.Commit
	stop := errors.New("no more")
	if err := ledger.Follow(ctx, 1, func(c *registry.Commit) error {
		if c == nil {
			return stop
		}
		all = append(all, c)
		return nil
	}); !errors.Is(err, stop) {
		t.Fatal(err)
	}
	return all
}

func newcomer(city *ledgertest.City) *registry.Approver {
	key := ledgertest.NewKey("newcomer")
	return &registry.Approver{KeyID: key.ID, Algorithm: registry.SM2SM3, Public: key.Public, Person: "p9", Organization: city.Xingguo.Code,
		Roles: []registry.Role{registry.RoleApprover}, From: city.Now - 1}
}

func open(t *testing.T, path string, founder *ledgertest.Key) *replica.Replica {
	t.Helper()
	r, err := replica.Open(path, func(k registry.ActKey) bool { return k.ID == founder.ID })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// TestFollows: record after record as on the ledger, over a restart and over
// repeats.
func TestFollows(t *testing.T) {
	city := ledgertest.NewCity()
	all := story(t, city)
	path := filepath.Join(t.TempDir(), "r.db")
	r := open(t, path, city.Governing.Act)
	until := func(want bool) {
		t.Helper()
		record, stored, err := r.Record(context.Background(), registry.KindApprover, string(newcomer(city).KeyID))
		if err != nil || stored == nil {
			t.Fatal(err)
		}
		if ended := record.(*registry.Approver).Until != 0; ended != want {
			t.Errorf("ended: %v", ended)
		}
	}
	for _, c := range all[:2] {
		if err := r.Append(c); err != nil {
			t.Fatal(err)
		}
	}
	until(false)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	r = open(t, path, city.Governing.Act)
	for _, c := range all { // two of them again
		if err := r.Append(c); err != nil {
			t.Fatal(err)
		}
	}
	until(true)
	if height, err := r.Height(); err != nil || height != 3 {
		t.Errorf("height %d: %v", height, err)
	}
}

// TestLyingRegistry: what whoever owns the registry can show the signer.
func TestLyingRegistry(t *testing.T) {
	city := ledgertest.NewCity()
	all := story(t, city)
	ctx := context.Background()
	wants := func(what string, r *replica.Replica, c *registry.Commit, code registry.Code) {
		t.Helper()
		if err := r.Append(c); registry.CodeOf(err) != code {
			t.Errorf("%s: %v, want %s", what, err, code)
		}
	}
	fresh := func() *replica.Replica { return open(t, filepath.Join(t.TempDir(), "r.db"), city.Governing.Act) }

	// A ledger of the thief's own making, with keys of his own.
	wants("another founder", open(t, filepath.Join(t.TempDir(), "r.db"), ledgertest.NewKey("somebody")), all[0], registry.CodeLedgerDamaged)

	r := fresh()
	wants("a later commit first", r, all[1], registry.CodeSequenceGap)
	wants("genesis", r, all[0], "")

	// An approver that nobody ordered: the outcome claims it was accepted.
	thief := ledgertest.NewKey("thief")
	forged := *all[1]
	order := *forged.Batch.Entries[0].Order
	approver := newcomer(city)
	approver.KeyID, approver.Public = thief.ID, thief.Public
	raw, err := registry.Encode(approver)
	if err != nil {
		t.Fatal(err)
	}
	order.Record = raw
	forged.Batch.Entries = []*registry.Entry{{Order: &order}}
	wants("an order that nobody signed", r, &forged, registry.CodeLedgerDamaged)
	if record, _, err := r.Record(ctx, registry.KindApprover, string(thief.ID)); record != nil || err != nil {
		t.Errorf("the thief's key is known: %v %v", record, err)
	}

	// The end of a key turned into a refusal.
	wants("enrollment", r, all[1], "")
	hidden := *all[2]
	hidden.Outcome.Results = []registry.EntryResult{{Code: registry.CodeOrderNotAllowed}}
	wants("an accepted order shown as refused", r, &hidden, registry.CodeLedgerDamaged)

	// Another story after this one was told.
	other := *all[1]
	other.Transaction = "another"
	wants("the same height told otherwise", r, &other, registry.CodeLedgerDamaged)
	wants("the truth", r, all[2], "")
}
