package gateway

import (
	"context"
	"fmt"
	"testing"
	"time"

	"tongzheng/chaincode/ledgertest"
	"tongzheng/network"
	"tongzheng/network/networktest"
	"tongzheng/registry"
)

// TestCutOff lets packets vanish under a stream of issues: the peer that this
// process uses as gateway, then every other one. Needs root, for hosts of their
// own.
func TestCutOff(t *testing.T) {
	t.Parallel()
	networktest.Tools(t)
	n := networktest.Start(t, networktest.Options{Chaincode: buildService(t), Isolated: true})
	city := found(t, openLedger(t, n, allMembers...))
	l := openLedger(t, n, ledgertest.MemberXingguo) // acts as Xingguo, through Xingguo's peer
	beats := make(chan time.Time, 1000)
	seen := make(chan string, 1000)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- l.Follow(ctx, 0, func(c *registry.Commit) error {
			if c == nil {
				beats <- time.Now()
			} else {
				seen <- c.Transaction
			}
			return nil
		})
	}()
	defer func() { cancel(); <-ended }()
	where := &town{City: city}
	xingguo, yudu := newStream(t, l, where, ledgertest.MemberXingguo), newStream(t, l, where, ledgertest.MemberYudu)
	matters := 0
	order := func() *registry.Commit {
		where.Lock()
		defer where.Unlock()
		matters++
		m := &registry.Matter{Code: fmt.Sprintf("0001310000%02d", matters), FullName: "测试事项"}
		return submit(t, l, city.Batch(registry.Governance, city.Order(city.Governing, m)))
	}
	followed := func(c *registry.Commit) {
		t.Helper()
		for {
			select {
			case id := <-seen:
				if id == c.Transaction {
					return
				}
			case <-time.After(networktest.Patience):
				t.Fatal("the commit was not followed")
			}
		}
	}
	followed(order())

	// The gateway peer is gone without a word; city and Yudu go on.
	if err := n.CutOff(t.Context(), ledgertest.MemberXingguo); err != nil {
		t.Fatal(err)
	}
	cut := time.Now()
	c := order()
	t.Logf("committed %.1f s after the gateway peer was cut off", time.Since(cut).Seconds())
	followed(c)
	t.Logf("followed %.1f s after", time.Since(cut).Seconds())
	began := time.Now()
	order()
	t.Logf("the next one took %.1f s", time.Since(began).Seconds())
	// Xingguo's own issues wait; Yudu's, through the same client, go on.
	waiting := queued(t, xingguo, yudu)
	// So they do once the other orderers lost their connections to Xingguo's.
	networktest.Eventually(t, "connections given up", func() error { return n.Forgotten(t.Context(), ledgertest.MemberXingguo) })
	yudu.longest.Store(0)
	yudu.goesOn(few())
	t.Logf("connections given up %.1f s after; Yudu's longest since then %d ms", time.Since(cut).Seconds(), yudu.longest.Load())
	if err := n.Reconnect(t.Context(), ledgertest.MemberXingguo); err != nil {
		t.Fatal(err)
	}
	followed(order())
	xingguo.drained(waiting)
	xingguo.end()
	yudu.end()

	oneVoice(t, n, beats)
}

// oneVoice: only one peer can be heard. It may be the one that is cut off, so
// its word that nothing is new is not passed on.
func oneVoice(t *testing.T, n *network.Network, beats <-chan time.Time) {
	others := []string{ledgertest.MemberXingguo, ledgertest.MemberYudu}
	for _, m := range others {
		if err := n.CutOff(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	// The word of before the cut may still be on its way; then there is none, for
	// longer than it takes to ask several times.
	for end, silent := time.Now().Add(networktest.Patience), false; !silent; {
		select {
		case <-beats:
			if time.Now().After(end) {
				t.Fatal("one peer's word passed for the ledger's")
			}
		case <-time.After(5 * time.Second):
			silent = true
		}
	}
	for _, m := range others {
		if err := n.Reconnect(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case <-beats:
	case <-time.After(networktest.Patience):
		t.Error("no word after everything was connected again")
	}
}
