package gateway

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"tongzheng/chaincode/evidence"
	"tongzheng/chaincode/ledgertest"
	"tongzheng/network"
	"tongzheng/network/networktest"
	"tongzheng/registry"
	"tongzheng/registry/office"
)

var _ office.Ledger = (*Ledger)(nil)

var allMembers = []string{ledgertest.MemberCity, ledgertest.MemberXingguo, ledgertest.MemberYudu}

// programs is where the tests' programs are compiled to, each once.
var programs = struct {
	sync.Mutex
	folder string
}{}

func TestMain(m *testing.M) {
	var err error
	if programs.folder, err = os.MkdirTemp("", "tongzheng-gateway-"); err != nil {
		panic(err)
	}
	defer os.RemoveAll(programs.folder)
	networktest.Main(m)
}

// build compiles a program of this module, once.
func build(t testing.TB, name string, arguments ...string) string {
	t.Helper()
	programs.Lock()
	defer programs.Unlock()
	program := filepath.Join(programs.folder, name)
	if _, err := os.Stat(program); err == nil {
		return program
	}
	if out, err := exec.Command("go", append([]string{"build", "-o", program}, arguments...)...).CombinedOutput(); err != nil {
		t.Fatalf("building %s: %v\n%s", name, err, out)
	}
	return program
}

// buildService compiles the contract service.
func buildService(t testing.TB) string {
	t.Helper()
	return build(t, "tongzheng-chaincode", "tongzheng/cmd/tongzheng-chaincode")
}

// startNetwork founds a network that runs our contract.
func startNetwork(t testing.TB) *network.Network {
	t.Helper()
	networktest.Tools(t) // skips with -short before anything is built
	return networktest.Start(t, networktest.Options{Chaincode: buildService(t)})
}

// openLedger connects as the named members.
func openLedger(t testing.TB, n *network.Network, members ...string) *Ledger {
	t.Helper()
	var profiles []string
	for _, m := range members {
		profiles = append(profiles, n.ProfilePath(m))
	}
	return openWith(t, Config{Profiles: profiles})
}

// openWith connects, with the tests' patience unless config has its own.
func openWith(t testing.TB, config Config) *Ledger {
	t.Helper()
	if config.Settle == 0 {
		config.Settle = 3 * time.Second
	}
	if config.Patience == 0 {
		config.Patience = networktest.Patience
	}
	l, err := Open(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// found puts the city's genesis on a fresh ledger.
func found(t testing.TB, l *Ledger) *ledgertest.City {
	t.Helper()
	city := ledgertest.NewCity()
	city.Note(submit(t, l, city.Genesis()))
	city.Now = city.Rules.GenesisUntil + 60
	return city
}

// submit commits a batch and wants every entry accepted.
func submit(t testing.TB, l *Ledger, b registry.Batch) *registry.Commit {
	t.Helper()
	c, err := settled(t, l, b)
	if err != nil {
		t.Fatalf("submitting: %v", err)
	}
	for i, r := range c.Outcome.Results {
		if !r.Accepted() {
			t.Fatalf("entry %d: %s (%s)", i, r.Code, r.Field)
		}
	}
	return c
}

// settled brings a batch to its end, which is no conflict: a peer that judged it
// may have been behind.
func settled(t testing.TB, l *Ledger, b registry.Batch) (*registry.Commit, error) {
	t.Helper()
	return ledgertest.Settle(networktest.Within(t), l, b, registry.CodeLedgerConflict)
}

// once brings a batch to its end, which may be a conflict.
func once(t testing.TB, l *Ledger, b registry.Batch) (*registry.Commit, error) {
	t.Helper()
	return ledgertest.Settle(networktest.Within(t), l, b)
}

// try submits one transaction: for those whom nobody answers.
func try(ctx context.Context, l *Ledger, b registry.Batch) (*registry.Commit, error) {
	tx, err := l.Prepare(ctx, b)
	if err != nil {
		return nil, err
	}
	return l.Submit(ctx, tx)
}

// endorsedFor has a prepared transaction endorsed; nothing is handed over.
func endorsedFor(t testing.TB, l *Ledger, tx registry.Transaction) *endorsed {
	t.Helper()
	proposed, err := l.proposed(tx)
	if err != nil {
		t.Fatal(err)
	}
	var e *endorsed
	networktest.Eventually(t, "endorsements", func() (err error) {
		e, err = l.endorse(t.Context(), tx, proposed)
		return err
	})
	return e
}

// receiptOf lays out an entry's receipt with its evidence.
func receiptOf(t testing.TB, l *Ledger, c *registry.Commit, i int) *registry.Receipt {
	t.Helper()
	r, err := registry.NewReceipt(c, i)
	if err != nil {
		t.Fatal(err)
	}
	r.Ledger = l.Name()
	networktest.Eventually(t, "evidence", func() (err error) {
		r.Evidence, err = l.Evidence(t.Context(), c)
		return err
	})
	return r
}

// TestConformance: the network behaves like every ledger of ours.
func TestConformance(t *testing.T) {
	t.Parallel()
	n := startNetwork(t)
	ledgertest.Run(t, func(t *testing.T) ledgertest.Harness {
		l := openLedger(t, n, allMembers...)
		return ledgertest.Harness{
			Ledger: l,
			Verify: func(r *registry.Receipt) error {
				_, err := evidence.VerifyEvidence(r, l.Trust(), time.Now())
				return err
			},
			Conflict: func(first, second registry.Transaction) (error, error) { return bothOver(t, l, first, second) },
		}
	})
}

// bothOver has both transactions endorsed over one state, then commits them.
func bothOver(t *testing.T, l *Ledger, txs ...registry.Transaction) (error, error) {
	t.Helper()
	var ready []*endorsed
	for _, tx := range txs {
		ready = append(ready, endorsedFor(t, l, tx))
	}
	_, first := l.commit(t.Context(), ready[0])
	_, second := l.commit(t.Context(), ready[1])
	return first, second
}
