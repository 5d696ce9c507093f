package app_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tongzheng/cmd/citytest"
	"tongzheng/cmd/internal/app"
	"tongzheng/network"
	"tongzheng/network/networktest"
	"tongzheng/registry"
	"tongzheng/registry/office"
)

// handedOver is the fault of a process that is killed when orderers have its
// transaction and too few of them live to order it.
var handedOver = fault{"orderers", "killed when handed over"}

// TestNetwork tests, on one real network and one city seeded on it: bundles, the
// registry's faults, a signer process with a peer of its own.
func TestNetwork(t *testing.T) {
	t.Parallel()
	networktest.Tools(t)
	n := networktest.Start(t, networktest.Options{Chaincode: citytest.Program(t, "tongzheng-chaincode")})
	at := placeOf(citytest.Lend(t, app.Config{Ledger: filepath.Dir(n.ProfilePath("city")), PublicURL: "http://localhost:1"}))
	t.Run("bundle", func(t *testing.T) { networkBundle(t, at) })
	t.Run("faults", func(t *testing.T) { networkFaults(t, n, at) })
	t.Run("signer", func(t *testing.T) { signerOnNetwork(t, n, at) })
}

// networkFaults kills the registry process between submit and commit on a
// real network. Started again on its data, it brings the license onto the
// ledger once: not lost, not doubled, not called refused.
func networkFaults(t *testing.T, n *network.Network, at place) {
	next := 0
	for _, f := range []fault{{"submitting", "killed before"}, {"submitting", "killed after"}, {"ledger", "killed before"},
		{"ledger", "killed amid 10ms"}, {"ledger", "killed amid 40ms"}, {"ledger", "killed amid 80ms"}, {"ledger", "killed amid 150ms"},
		{"ledger", "killed after"}, {"anchored", "killed before"}, {"anchored", "killed after"}} {
		next++
		number := next
		t.Run(f.String(), func(t *testing.T) {
			struckProcess(t, at, f, number)
			a := openFor(t, at, nil)
			defer a.Close()
			once(t, a, number)
		})
	}
	t.Run("in a stream", func(t *testing.T) {
		const first = 100
		struckProcess(t, at, fault{"ledger", killedInStream}, first)
		a := openFor(t, at, nil)
		defer a.Close()
		steps := map[office.Step]int{}
		for i := first; i < first+streamLength; i++ {
			page, err := a.Store.Search(t.Context(), office.SearchQuery{Text: holderOf(i), Limit: 10})
			if err != nil {
				t.Fatal(err)
			}
			for _, item := range page.Items {
				steps[item.Step]++
			}
		}
		t.Logf("killed with licenses at %v", steps)
		issueStream(t.Context(), a, first) // the clerks' systems ask again
		for i := first; i < first+streamLength; i++ {
			once(t, a, i)
		}
	})
	t.Run("handed over, committed while it was dead", func(t *testing.T) {
		next++
		orderersAway(t, n, func() { struckProcess(t, at, handedOver, next) })
		a := openFor(t, at, nil)
		defer a.Close()
		once(t, a, next)
	})
	t.Run("handed over, started before anything is ordered", func(t *testing.T) {
		next++
		var a *app.App
		orderersAway(t, n, func() {
			struckProcess(t, at, handedOver, next)
			a = openFor(t, at, nil)
			undecided(t, a, next)
		})
		defer a.Close()
		once(t, a, next)
	})
}

// orderersAway runs do while two of four orderers are dead, and waits for the
// block with what do handed over.
func orderersAway(t *testing.T, n *network.Network, do func()) {
	t.Helper()
	names := []string{"orderer.audit", "orderer.yudu"}
	for _, name := range names {
		if err := n.Kill(name); err != nil {
			t.Fatal(err)
		}
	}
	do()
	before := n.Heights(t.Context())
	for _, name := range names {
		if err := n.Start(name); err != nil {
			t.Fatal(err)
		}
	}
	began := time.Now()
	for n.Heights(t.Context())["city"] <= before["city"] {
		if time.Since(began) > patience {
			t.Fatal("what was handed over is not ordered")
		}
		time.Sleep(500 * time.Millisecond)
	}
	t.Logf("ordered %.0f s after the orderers' return", time.Since(began).Seconds())
}

// undecided: for longer than the ledger's client takes a transaction to be under
// way, nobody is told that it failed or that it succeeded.
func undecided(t *testing.T, a *app.App, i int) {
	t.Helper()
	for end := time.Now().Add(25 * time.Second); time.Now().Before(end); {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		p, err := issueOne(ctx, a, i)
		cancel()
		if p != nil && p.Step != office.StepSealed || p == nil && err != nil && registry.CodeOf(err).Kind() != registry.KindUnavailable {
			t.Fatalf("without orderers: %+v %v", p, err)
		}
	}
}

// testLog prints errors. In a process with the fault handedOver it is where the
// process dies: the gateway says that orderers have the transaction.
func testLog() *slog.Logger {
	text := slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})
	if os.Getenv(faultVariable) == handedOver.String() {
		return slog.New(fatalLog{text})
	}
	return slog.New(text)
}

type fatalLog struct{ slog.Handler }

func (fatalLog) Enabled(context.Context, slog.Level) bool { return true }

func (l fatalLog) Handle(ctx context.Context, r slog.Record) error {
	if strings.HasPrefix(r.Message, "handed over, unclear") {
		die()
	}
	return nil
}
