package gateway

import (
	"context"
	"os/exec"
	"path/filepath"
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

// buildService compiles the contract service.
func buildService(t testing.TB) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "tongzheng-chaincode")
	if out, err := exec.Command("go", "build", "-o", program, "tongzheng/cmd/tongzheng-chaincode").CombinedOutput(); err != nil {
		t.Fatalf("building the contract service: %v\n%s", err, out)
	}
	return program
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
	l, err := Open(Config{Profiles: profiles, Settle: 3 * time.Second})
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
	c, err := try(t.Context(), l, b)
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

func try(ctx context.Context, l *Ledger, b registry.Batch) (*registry.Commit, error) {
	tx, err := l.Prepare(ctx, b)
	if err != nil {
		return nil, err
	}
	return l.Submit(ctx, tx)
}

// receiptOf lays out an entry's receipt with its evidence.
func receiptOf(t testing.TB, l *Ledger, c *registry.Commit, i int) *registry.Receipt {
	t.Helper()
	r, err := registry.NewReceipt(c, i)
	if err != nil {
		t.Fatal(err)
	}
	r.Ledger = l.Name()
	if r.Evidence, err = l.Evidence(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	return r
}

// TestConformance: the network behaves like every ledger of ours.
func TestConformance(t *testing.T) {
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
		proposed, err := l.proposed(tx)
		if err != nil {
			t.Fatal(err)
		}
		e, err := l.endorse(t.Context(), tx, proposed)
		if err != nil {
			t.Fatal(err)
		}
		ready = append(ready, e)
	}
	_, first := l.commit(t.Context(), ready[0])
	_, second := l.commit(t.Context(), ready[1])
	return first, second
}
