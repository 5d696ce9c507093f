package ledgertest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"tongzheng/registry"
)

// rivals are two transactions that both take the license's next step.
func (s *suite) rivals(t *testing.T, n int) (*License, []registry.Transaction) {
	t.Helper()
	l := s.issued(t, 1)[0]
	txs := make([]registry.Transaction, n)
	for i := range txs {
		in := l.Intent(registry.Annotate)
		in.Decision += string(rune('A' + i)) // different entries
		var err error
		if txs[i], err = s.Ledger.Prepare(s.ctx, s.Batch(MemberXingguo, s.Entry(in))); err != nil {
			t.Fatal(err)
		}
	}
	return l, txs
}

// testConflict: of two transactions executed over the same state one commits; the
// other is not written at all, and can be made again.
func testConflict(t *testing.T, s *suite) {
	if s.Conflict == nil {
		t.Skip("this ledger cannot be made to conflict on purpose")
	}
	_, txs := s.rivals(t, 2)
	first, second := s.Conflict(txs[0], txs[1])
	if first != nil || registry.CodeOf(second) != registry.CodeLedgerConflict {
		t.Fatalf("first %v, second %v", first, second)
	}
	if c, err := s.Ledger.Lookup(s.ctx, MemberXingguo, txs[1].ID); registry.CodeOf(err) != registry.CodeNotFound {
		t.Errorf("the one in conflict: %v %v", c, err)
	}
	again := s.submit(t, txs[1].Batch)
	wantCodes(t, again, registry.CodeSequenceTaken)
}

// testRace: however many go for one step at once, one gets it; those that meet it
// on the way find it taken when they come again.
func testRace(t *testing.T, s *suite) {
	_, txs := s.rivals(t, 8)
	commits, faults := make([]*registry.Commit, len(txs)), make([]error, len(txs))
	var all sync.WaitGroup
	for i := range txs {
		all.Go(func() { commits[i], faults[i] = Settle(s.ctx, s.Ledger, txs[i].Batch, registry.CodeLedgerConflict) })
	}
	all.Wait()
	won := 0
	for i, c := range commits {
		switch {
		case faults[i] != nil:
			t.Errorf("transaction %d: %v", i, faults[i])
		case c.Outcome.Results[0].Accepted():
			won++
		case c.Outcome.Results[0].Code != registry.CodeSequenceTaken:
			t.Errorf("transaction %d: %+v", i, c.Outcome)
		}
	}
	if won != 1 {
		t.Errorf("%d of %d got the same step", won, len(txs))
	}
}

// testTwice: a transaction id is committed once.
func testTwice(t *testing.T, s *suite) {
	l := s.NewLicense()
	tx, err := s.Ledger.Prepare(s.ctx, s.Batch(MemberXingguo, l.Next(registry.Issue)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Ledger.Lookup(s.ctx, MemberXingguo, tx.ID); registry.CodeOf(err) != registry.CodeNotFound {
		t.Errorf("prepared, not submitted: %v", err)
	}
	first, err := s.Ledger.Submit(s.ctx, tx)
	for registry.CodeOf(err) == registry.CodeUnavailable && s.ctx.Err() == nil {
		first, err = s.Ledger.Submit(s.ctx, tx) // the same one: what came of it is unknown
	}
	if err != nil {
		t.Fatal(err)
	}
	switch again, err := s.Ledger.Submit(s.ctx, tx); {
	case err == nil && again.Height != first.Height:
		t.Errorf("committed again at %d, first at %d", again.Height, first.Height)
	case err != nil && registry.CodeOf(err) != registry.CodeLedgerConflict && registry.CodeOf(err) != registry.CodeUnavailable:
		t.Errorf("submitted again: %v", err)
	}
	found, err := s.Ledger.Lookup(s.ctx, MemberXingguo, tx.ID)
	if err != nil || found.Height != first.Height || !sameCommit(first, found) {
		t.Errorf("looked up: %+v %v", found, err)
	}
	if other, err := s.Ledger.Prepare(s.ctx, tx.Batch); err != nil || other.ID == tx.ID {
		t.Errorf("a new transaction needs a new id: %v", err)
	}
	n := 0
	for _, c := range s.all(t, first.Height) {
		if c.Transaction == tx.ID {
			n++
		}
	}
	if n != 1 {
		t.Errorf("in the ledger %d times", n)
	}
	s.holds(t, l)
}

func testDryRun(t *testing.T, s *suite) {
	l := s.NewLicense()
	good := l.Intent(registry.Issue)
	bad := good
	bad.Identifier.Serial, bad.Ground = "XG9999999", "none"
	b := s.Batch(MemberXingguo, s.Entry(good), s.Entry(bad))
	b.Authors = nil // signatures come later
	outcome, err := s.Ledger.DryRun(s.ctx, b)
	if err != nil {
		t.Fatal(err)
	}
	if r := outcome.Results; len(r) != 2 || !r[0].Accepted() || r[1].Code != registry.CodeGround {
		t.Errorf("%+v", outcome)
	}
	s.holds(t, l) // nothing there
	s.accept(t, MemberXingguo, l.Next(registry.Issue))
}

// testReceipts: every accepted entry has one that holds offline, and none that
// holds for anything else.
func testReceipts(t *testing.T, s *suite) {
	var entries []*registry.Entry
	for range 5 {
		entries = append(entries, s.Entry(s.NewLicense().Intent(registry.Issue)))
	}
	entries[1].Intent.Ground = "none"
	c := s.codes(t, MemberXingguo, entries, "", registry.CodeGround, "", "", "")
	evidence, err := s.Ledger.Evidence(s.ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := registry.NewReceipt(c, 1); err == nil {
		t.Error("a refused entry has no receipt")
	}
	for i := range entries {
		if i == 1 {
			continue
		}
		r, err := registry.NewReceipt(c, i)
		if err != nil {
			t.Fatal(err)
		}
		r.Ledger, r.Evidence = s.Ledger.Name(), evidence
		testReceipt(t, s, r, entries[i], entries[1])
	}
}

func testReceipt(t *testing.T, s *suite, r *registry.Receipt, e, other *registry.Entry) {
	t.Helper()
	if err := s.Verify(r); err != nil {
		t.Errorf("receipt: %v", err)
	}
	if got, err := r.VerifyEntry(); err != nil || got.Digest() != e.Digest() {
		t.Errorf("receipt is for another entry: %v", err)
	}
	if err := r.VerifyAuthor(s.Xingguo.Act.Public); err != nil {
		t.Errorf("author: %v", err)
	}
	if r.VerifyAuthor(s.Yudu.Act.Public) == nil {
		t.Error("another's act key passed")
	}
	for name, change := range map[string]func(r *registry.Receipt){
		"another entry":       func(r *registry.Receipt) { r.Entry = other.Bytes() },
		"another height":      func(r *registry.Receipt) { r.Height++ },
		"another transaction": func(r *registry.Receipt) { r.Transaction = "00" },
		"another namespace":   func(r *registry.Receipt) { r.Namespace = MemberYudu },
		"another time":        func(r *registry.Receipt) { r.Recorded++ },
		"another index":       func(r *registry.Receipt) { r.Index = (r.Index + 1) % r.Size },
		"another ledger":      func(r *registry.Receipt) { r.Ledger += "x" },
		"another root":        func(r *registry.Receipt) { r.Root[0] ^= 1 },
		"evidence cut":        func(r *registry.Receipt) { r.Evidence = r.Evidence[:len(r.Evidence)-1] },
		"evidence altered": func(r *registry.Receipt) {
			r.Evidence = slices.Clone(r.Evidence)
			r.Evidence[len(r.Evidence)-1] ^= 1
		},
	} {
		bad := *r
		change(&bad)
		if s.Verify(&bad) == nil {
			t.Errorf("a receipt with %s passed", name)
		}
	}
}

var errEnough = errors.New("enough")

// all follows the ledger from a height to its end.
func (s *suite) all(t *testing.T, from uint64) []*registry.Commit {
	t.Helper()
	var commits []*registry.Commit
	err := s.Ledger.Follow(s.ctx, from, func(c *registry.Commit) error {
		if c == nil {
			return errEnough
		}
		commits = append(commits, c)
		return nil
	})
	if !errors.Is(err, errEnough) {
		t.Fatalf("following: %v", err)
	}
	return commits
}

// testFollow: every commit once, in order, from any height; then word that nothing
// is new, and new ones as they come.
func testFollow(t *testing.T, s *suite) {
	whole := s.all(t, 0)
	seen := map[string]bool{}
	for i, c := range whole {
		if seen[c.Transaction] || i > 0 && c.Height < whole[i-1].Height {
			t.Fatalf("commit %d: transaction %s at %d", i, c.Transaction, c.Height)
		}
		seen[c.Transaction] = true
		if found, err := s.Ledger.Lookup(s.ctx, c.Batch.Namespace, c.Transaction); err != nil || !sameCommit(found, c) {
			t.Fatalf("commit %d is looked up otherwise: %v", i, err)
		}
	}
	for _, at := range []int{len(whole) / 3, len(whole) - 1} {
		rest := s.all(t, whole[at].Height)
		first := slices.IndexFunc(whole, func(c *registry.Commit) bool { return c.Height == whole[at].Height })
		if len(rest) != len(whole)-first || rest[0].Transaction != whole[first].Transaction {
			t.Errorf("from height %d: %d commits, want %d", whole[at].Height, len(rest), len(whole)-first)
		}
	}
	testFollowLive(t, s, whole[len(whole)-1].Height)
}

func testFollowLive(t *testing.T, s *suite, from uint64) {
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	news, ended := make(chan string, 100), make(chan error, 1)
	beats := 0
	go func() {
		ended <- s.Ledger.Follow(ctx, from, func(c *registry.Commit) error {
			if c != nil {
				news <- c.Transaction
			} else if beats++; beats == 3 {
				news <- "beat"
			}
			return nil
		})
	}()
	for word := range news {
		if word == "beat" {
			break
		}
	}
	c := s.accept(t, MemberXingguo, s.NewLicense().Next(registry.Issue))
	select {
	case word := <-news:
		if word != c.Transaction {
			t.Errorf("followed %s, want %s", word, c.Transaction)
		}
	case <-s.ctx.Done():
		t.Error("a new commit did not come")
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("after the end: %v", err)
	}
}

func sameCommit(a, b *registry.Commit) bool {
	left, errLeft := registry.Encode([]any{a.Height, a.Transaction, a.Batch, a.Outcome})
	right, errRight := registry.Encode([]any{b.Height, b.Transaction, b.Batch, b.Outcome})
	return errLeft == nil && errRight == nil && string(left) == string(right)
}

// testClock: a whole proposal is refused when client and node are minutes apart,
// unless the rules declare a simulated clock.
func testClock(t *testing.T, s *suite) {
	s.Advance(400 * 24 * time.Hour) // the suite's own ledger does not mind
	s.accept(t, MemberXingguo, s.NewLicense().Next(registry.Issue))
	if s.Timed == nil {
		t.Skip("no ledger with a real clock")
	}
	real := &suite{Harness: Harness{Ledger: s.Timed}, City: NewCity(), ctx: s.ctx}
	real.Rules.Simulated = false
	now := time.Now().Unix()
	real.Rules.GenesisUntil = now + 3600 // the city is older than its ledger
	for _, apart := range []int64{-600, 600} {
		real.Now = now + apart
		real.refusedWhole(t, real.Genesis(), registry.CodeClock)
	}
	real.Now = now
	real.submit(t, real.Genesis())
	real.Now = now - 600
	b := real.Batch(MemberXingguo, real.Entry(real.NewLicense().Intent(registry.Issue)))
	real.refusedWhole(t, b, registry.CodeClock)
	if _, err := real.Ledger.DryRun(s.ctx, b); registry.CodeOf(err) != registry.CodeClock {
		t.Errorf("dry run: %v", err)
	}
	real.Now = now
	real.accept(t, MemberXingguo, real.Entry(real.NewLicense().Intent(registry.Issue)))
}
