package network_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"tongzheng/chaincode/gateway/handover"
	"tongzheng/network"
	"tongzheng/network/networktest"
)

// testUnclear: the orderers' answer to a transaction is an error that does not
// say whether they took it, or says that they did, in vain. A client counts up by one, and the count is one
// higher, by one transaction, whether or not the first try was persisted.
func testUnclear(t *testing.T, n *network.Network) {
	for name, faults := range map[string]map[string]networktest.Fault{
		"failed but persisted":               {"Submit": networktest.AnswerLost(1)},
		"failed":                             {"Submit": networktest.RequestLost(1)},
		"failed twice, then persisted":       {"Submit": networktest.RequestLost(2)},
		"taken, and forgotten":               {"Submit": networktest.Forgotten(1)},
		"persisted, and nobody knows as yet": {"Submit": networktest.AnswerLost(1), "CommitStatus": networktest.RequestLost(2)},
		"in order, and nobody knows as yet":  {"CommitStatus": networktest.RequestLost(2)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			between := networktest.NewBetween(t, n, "xingguo")
			for method, fault := range faults {
				between.On(method, fault)
			}
			got, err := networktest.ClientOf(t, between.Profile(), "").Submit(networktest.Within(t), "xingguo", "add", name)
			if err != nil || got != "1" {
				t.Errorf("counted up: %q %v", got, err)
			}
			if sent := slices.Compact(between.Sent()); len(sent) != 1 {
				t.Errorf("transactions made: %v", sent)
			}
			eventually(t, n, "city", "xingguo", name, "1")
		})
	}
	t.Run("never", func(t *testing.T) {
		t.Parallel()
		testNever(t, n)
	})
	t.Run("at once", func(t *testing.T) {
		t.Parallel()
		testCounting(t, n)
	})
}

// testNever: every request is lost. The error says that the outcome is unknown,
// and of which transaction.
func testNever(t *testing.T, n *network.Network) {
	between := networktest.NewBetween(t, n, "xingguo")
	handed := make(chan struct{})
	var calls atomic.Int64
	between.On("Submit", func(func() error) error {
		if calls.Add(1) == 2 {
			close(handed)
		}
		return networktest.Unclear()
	})
	ctx, cancel := networktest.For(t, networktest.Patience)
	defer cancel()
	go func() { <-handed; cancel() }()
	_, err := networktest.ClientOf(t, between.Profile(), "").Submit(ctx, "xingguo", "add", "never")
	sent := between.Sent()
	if unknown := new(handover.Unknown); !errors.As(err, &unknown) || len(slices.Compact(sent)) != 1 || unknown.ID != sent[0] || !strings.Contains(err.Error(), sent[0]) {
		t.Errorf("an outcome that stayed unknown: %v, transactions %v", err, sent)
	}
	if got := get(t, n, "city", "xingguo", "never"); got != "" {
		t.Errorf("counted up in vain: %q", got)
	}
}

// testCounting: several clients count up one key at once. Most of their
// transactions meet another's in the peers' comparison of versions and are made
// anew, two thirds of the answers are lost; the count is right all the same.
func testCounting(t *testing.T, n *network.Network) {
	const clients, each = 3, 2
	between := networktest.NewBetween(t, n, "xingguo")
	var calls atomic.Int64
	between.On("Submit", func(pass func() error) error {
		switch calls.Add(1) % 3 {
		case 0:
			_ = pass()
			return networktest.Unclear()
		case 1:
			return networktest.Unclear()
		}
		return pass()
	})
	client := networktest.ClientOf(t, between.Profile(), "")
	errs := make(chan error, clients)
	for range clients {
		go func() {
			var failed error
			for range each {
				_, err := client.Submit(networktest.Within(t), "xingguo", "add", "at once")
				failed = errors.Join(failed, err)
			}
			errs <- failed
		}()
	}
	for range clients {
		must(t, <-errs)
	}
	eventually(t, n, "city", "xingguo", "at once", fmt.Sprint(clients*each))
}
