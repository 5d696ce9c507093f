package ledgertest

import (
	"context"
	"testing"
	"time"

	"tongzheng/registry"
)

// Ledger is the port that the suite asks (office.Ledger, said again so that
// office's own tests can use this package).
type Ledger interface {
	Name() string
	Prepare(ctx context.Context, batch registry.Batch) (registry.Transaction, error)
	Submit(ctx context.Context, tx registry.Transaction) (*registry.Commit, error)
	Lookup(ctx context.Context, namespace, id string) (*registry.Commit, error)
	DryRun(ctx context.Context, batch registry.Batch) (*registry.Outcome, error)
	Read(ctx context.Context, namespace string, keys []string) ([][]byte, error)
	Follow(ctx context.Context, from uint64, fn func(*registry.Commit) error) error
	Evidence(ctx context.Context, c *registry.Commit) ([]byte, error)
}

// Harness is a ledger under test.
type Harness struct {
	// Ledger has no block of ours yet; the suite opens it with a simulated
	// clock and shares it among all tests.
	Ledger Ledger
	// Timed is another empty ledger, which the suite opens with a real clock;
	// nil where a second one is too dear.
	Timed Ledger
	// Verify checks a receipt with its evidence offline.
	Verify func(r *registry.Receipt) error
	// Conflict executes two transactions over the same state, then commits
	// them in order. Nil where that cannot be forced: the suite then only
	// races them.
	Conflict func(first, second registry.Transaction) (errFirst, errSecond error)
}

// suite is one run: one ledger, one city, tests in order. Its methods are what
// several tests do with the ledger; the tests themselves are functions of it.
type suite struct {
	Harness
	*City
	ctx context.Context
}

// Run runs the whole suite against a fresh ledger.
func Run(t *testing.T, open func(t *testing.T) Harness) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
	defer cancel()
	s := &suite{Harness: open(t), City: NewCity(), ctx: ctx}
	t.Run("before genesis", func(t *testing.T) { testBeforeGenesis(t, s) })
	if !t.Run("genesis", func(t *testing.T) { testGenesis(t, s) }) {
		t.Fatal("without genesis nothing else can be asked")
	}
	for _, test := range []struct {
		name string
		run  func(t *testing.T, s *suite)
	}{
		{"life of a license", testLife},
		{"orders", testOrders},
		{"one bad entry", testOneBadEntry},
		{"batches that cannot be judged", testBadBatches},
		{"sequence and repeats", testSequence},
		{"powers", testPowers},
		{"blanks", testBlanks},
		{"namespaces", testNamespaces},
		{"authorship", testAuthorship},
		{"replacement", testReplacement},
		{"times", testTimes},
		{"grants", testGrantsOverTime},
		{"review needs its agreement", testReview},
		{"seal suspended between", testSealSuspended},
		{"act table", testActTable},
		{"printing table", testPrintingTable},
		{"oversight", testOversight},
		{"oversight table", testOversightTable},
		{"oversight over acts", testOversightOverActs},
		{"claims", testClaims},
		{"conflict", testConflict},
		{"race", testRace},
		{"same transaction twice", testTwice},
		{"dry run", testDryRun},
		{"receipts", testReceipts},
		{"follow", testFollow},
		{"clock", testClock},
		{"tenures", testTenures},
		{"law", testLaw},
		{"time of orders", testOrderTimes},
		{"numbers", testNumbers},
		{"decisions", testDecisions},
		{"number blocks", testNumberBlocks},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, s) })
	}
}

// submit commits a batch and keeps what it ordered.
func (s *suite) submit(t *testing.T, b registry.Batch) *registry.Commit {
	t.Helper()
	// In conflict: a peer that judged the batch was behind.
	c, err := Settle(s.ctx, s.Ledger, b, registry.CodeLedgerConflict)
	if err != nil {
		t.Fatalf("submitting: %v", err)
	}
	s.Note(c)
	return c
}

// accept submits entries and wants all of them accepted.
func (s *suite) accept(t *testing.T, namespace string, entries ...*registry.Entry) *registry.Commit {
	t.Helper()
	c := s.submit(t, s.Batch(namespace, entries...))
	for i, result := range c.Outcome.Results {
		if !result.Accepted() {
			t.Fatalf("entry %d of %d refused: %s (%s)", i+1, len(entries), result.Code, result.Field)
		}
	}
	return c
}

// codes submits entries and wants these codes, "" for accepted.
func (s *suite) codes(t *testing.T, namespace string, entries []*registry.Entry, want ...registry.Code) *registry.Commit {
	t.Helper()
	c := s.submit(t, s.Batch(namespace, entries...))
	wantCodes(t, c, want...)
	return c
}

func wantCodes(t *testing.T, c *registry.Commit, want ...registry.Code) {
	t.Helper()
	if len(c.Outcome.Results) != len(want) {
		t.Fatalf("%d results, want %d", len(c.Outcome.Results), len(want))
	}
	for i, result := range c.Outcome.Results {
		if result.Code != want[i] {
			t.Errorf("entry %d: %q (%s), want %q", i+1, result.Code, result.Field, want[i])
		}
	}
}

// refusedWhole submits a batch and wants the whole of it refused.
func (s *suite) refusedWhole(t *testing.T, b registry.Batch, want registry.Code) {
	t.Helper()
	if c, err := Settle(s.ctx, s.Ledger, b, registry.CodeLedgerConflict); registry.CodeOf(err) != want {
		t.Errorf("whole batch: %v %v, want %s", c, err, want)
	}
}

// holds compares the ledger's license and oversight with what the city expects.
func (s *suite) holds(t *testing.T, l *License) {
	t.Helper()
	key := registry.LicenseKey(l.Identifier.Base())
	s.holdsValue(t, l.Namespace, key, l.State != nil, l.State)
	s.holdsValue(t, registry.Governance, key, l.Oversight != nil, l.Oversight)
}

func (s *suite) holdsValue(t *testing.T, namespace, key string, present bool, want any) {
	t.Helper()
	values, err := s.Ledger.Read(s.ctx, namespace, []string{key})
	if err != nil || len(values) != 1 {
		t.Fatalf("reading %s: %d values, %v", namespace, len(values), err)
	}
	if !present {
		if values[0] != nil {
			t.Errorf("%s has a value where there must be none", namespace)
		}
		return
	}
	raw, err := registry.Encode(want)
	if err != nil || string(raw) != string(values[0]) {
		t.Errorf("%s holds %x, want %x (%v)", namespace, values[0], raw, err)
	}
}

// issued begins licenses and issues them in one batch.
func (s *suite) issued(t *testing.T, n int) []*License {
	t.Helper()
	licenses, entries := make([]*License, n), make([]*registry.Entry, n)
	for i := range licenses {
		licenses[i] = s.NewLicense()
		entries[i] = licenses[i].Next(registry.Issue)
	}
	s.accept(t, MemberXingguo, entries...)
	return licenses
}

// set orders a record by an organization and wants it accepted.
func (s *suite) set(t *testing.T, by *Organization, record registry.GovernanceRecord) {
	t.Helper()
	s.accept(t, registry.Governance, s.Order(by, record))
}

func grantOf(c *City, id string) *registry.Grant {
	for _, r := range c.grants() {
		if r.Name() == id {
			return r.(*registry.Grant)
		}
	}
	panic("ledgertest: no grant " + id)
}

func sealOf(c *City, id string) *registry.SealRecord {
	for _, r := range c.seals() {
		if r.Name() == id {
			return r.(*registry.SealRecord)
		}
	}
	panic("ledgertest: no seal " + id)
}
