package embedded

import (
	"context"
	"path/filepath"
	"testing"

	"tongzheng/chaincode"
	"tongzheng/chaincode/ledgertest"
	"tongzheng/registry"
)

var (
	ctx           = context.Background()
	checkpointKey = ledgertest.NewKey("checkpoint")
)

// openTest opens a ledger file for a test.
func openTest(t *testing.T, path string) *Ledger {
	t.Helper()
	l, err := Open(Config{Path: path, Key: checkpointKey.ID, Sign: checkpointKey.SignRaw})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func TestConformance(t *testing.T) {
	var ledger *Ledger
	ledgertest.Run(t, func(t *testing.T) ledgertest.Harness {
		dir := t.TempDir()
		ledger = openTest(t, filepath.Join(dir, "ledger"))
		return ledgertest.Harness{
			Ledger: ledger,
			Timed:  openTest(t, filepath.Join(dir, "timed")),
			Verify: func(r *registry.Receipt) error {
				_, err := registry.VerifyCheckpoint(r, checkpointKey.Public)
				return err
			},
			Conflict: func(first, second registry.Transaction) (error, error) {
				return bothOver(t, ledger, first, second)
			},
		}
	})
	report, err := ledger.Verify(t.Context())
	if err != nil || report.Accepted == 0 || report.Refused == 0 {
		t.Fatalf("the suite's ledger: %+v %v", report, err)
	}
}

// bothOver executes both transactions over one state, then commits them.
func bothOver(t *testing.T, l *Ledger, txs ...registry.Transaction) (error, error) {
	t.Helper()
	var proposals []*proposal
	for _, tx := range txs {
		p := &proposal{id: tx.ID, done: make(chan struct{})}
		var err error
		if p.raw, p.batch, err = spell(tx.Batch); err == nil {
			err = l.simulate(p, chaincode.Execute)
		}
		if err != nil {
			t.Fatal(err)
		}
		proposals = append(proposals, p)
	}
	for _, p := range proposals {
		l.queue <- p
		<-p.done
	}
	return proposals[0].err, proposals[1].err
}
