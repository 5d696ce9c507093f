package gateway

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"tongzheng/chaincode/ledgertest"
	"tongzheng/network"
	"tongzheng/network/networktest"
	"tongzheng/registry"
)

// unclearAnswers: the orderers' answer does not say whether they took a batch,
// because the answer is lost, or the request is. Submit knows in the end, with
// one transaction; without patience it says that it does not know.
func unclearAnswers(t *testing.T, n *network.Network, city *ledgertest.City) {
	var lock sync.Mutex // the city's
	batch := func() registry.Batch {
		lock.Lock()
		defer lock.Unlock()
		return city.Batch(ledgertest.MemberXingguo, city.NewLicense().Next(registry.Issue))
	}
	for name, faults := range map[string]map[string]networktest.Fault{
		"failed but persisted":               {"Submit": networktest.AnswerLost(1)},
		"failed":                             {"Submit": networktest.RequestLost(1)},
		"persisted, and nobody knows as yet": {"Submit": networktest.AnswerLost(1), "CommitStatus": networktest.RequestLost(2)},
		"in order, and nobody knows as yet":  {"CommitStatus": networktest.RequestLost(2)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			between := networktest.NewBetween(t, n, ledgertest.MemberXingguo)
			for method, fault := range faults {
				between.On(method, fault)
			}
			l := openWith(t, Config{Profiles: []string{between.Profile()}})
			c := submit(t, l, batch())
			if sent := slices.Compact(between.Sent()); len(sent) != 1 || sent[0] != c.Transaction {
				t.Errorf("transactions made: %v, committed: %s", sent, c.Transaction)
			}
		})
	}
	t.Run("nobody knows in time", func(t *testing.T) {
		t.Parallel()
		outOfTime(t, n, batch())
	})
}

// outOfTime: all requests are lost for as long as Submit waits. Its error is no
// failure; asked later, the ledger says never, until the same transaction is
// handed in again.
func outOfTime(t *testing.T, n *network.Network, b registry.Batch) {
	between := networktest.NewBetween(t, n, ledgertest.MemberXingguo)
	between.On("Submit", networktest.RequestLost(1<<60))
	l := openWith(t, Config{Profiles: []string{between.Profile()}, Settle: time.Second, Patience: 2 * time.Second})
	tx, err := l.Prepare(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	networktest.Eventually(t, "a transaction that was handed over in vain", func() error {
		if _, err = l.Submit(t.Context(), tx); len(between.Sent()) == 0 {
			return err // not endorsed
		}
		return nil
	})
	if registry.CodeOf(err) != registry.CodeUnavailable {
		t.Errorf("out of time: %v", err)
	}
	if c := ledgertest.UntilKnown(networktest.Within(t), l, b.Namespace, tx.ID); c != nil {
		t.Errorf("never handed over: %+v", c)
	}
	between.On("Submit", nil)
	var c *registry.Commit
	networktest.Eventually(t, "the commit", func() (err error) {
		c, err = l.Submit(context.WithoutCancel(t.Context()), tx)
		return err
	})
	if found, err := l.Lookup(t.Context(), b.Namespace, tx.ID); err != nil || found.Height != c.Height {
		t.Errorf("looked up: %+v %v, committed at %d", found, err, c.Height)
	}
}
