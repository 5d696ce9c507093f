package network_test

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"tongzheng/network"
	"tongzheng/network/networktest"
)

// testUnclear: the orderers' answer to a transaction is an error that does not
// say whether they took it. A client counts up by one, and the count is one
// higher, by one transaction, whether or not the first try was persisted.
func testUnclear(t *testing.T, n *network.Network) {
	between := networktest.NewBetween(t, n, "xingguo")
	add := func(key string, more ...string) (string, error) {
		return networktest.ClientOf(t, n, between.Profile(), "submit", "xingguo", call("add", key), more...)
	}
	for name, faults := range map[string]map[string]networktest.Fault{
		"failed but persisted":               {"Submit": networktest.AnswerLost(1)},
		"failed":                             {"Submit": networktest.RequestLost(1)},
		"failed twice, then persisted":       {"Submit": networktest.RequestLost(2)},
		"persisted, and nobody knows as yet": {"Submit": networktest.AnswerLost(1), "CommitStatus": networktest.RequestLost(2)},
		"in order, and nobody knows as yet":  {"CommitStatus": networktest.RequestLost(2)},
	} {
		t.Run(name, func(t *testing.T) {
			for _, method := range []string{"Submit", "CommitStatus"} {
				between.On(method, faults[method])
			}
			between.Sent()
			if got, err := add(name); err != nil || got != "1" {
				t.Errorf("counted up: %q %v", got, err)
			}
			if sent := slices.Compact(between.Sent()); len(sent) != 1 {
				t.Errorf("transactions made: %v", sent)
			}
			eventually(t, n, "city", "xingguo", name, "1")
		})
	}
	t.Run("never", func(t *testing.T) {
		between.On("Submit", networktest.RequestLost(1<<60))
		between.On("CommitStatus", nil)
		between.Sent()
		_, err := add("never", "-within", "5s")
		sent := between.Sent()
		if err == nil || len(sent) == 0 || !strings.Contains(err.Error(), "unknown") || !strings.Contains(err.Error(), sent[0]) {
			t.Errorf("an outcome that stayed unknown: %v, transactions %v", err, sent)
		}
		between.On("Submit", nil)
		if got := get(t, n, "city", "xingguo", "never"); got != "" {
			t.Errorf("counted up in vain: %q", got)
		}
	})
	t.Run("at once", func(t *testing.T) { testCounting(t, n, between) })
}

// testCounting: several clients count up one key at once. Most of their
// transactions meet another's in the peers' comparison of versions and are made
// anew, a third of the answers are lost; the count is right all the same.
func testCounting(t *testing.T, n *network.Network, between *networktest.Between) {
	const clients, each = 4, 3
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
	defer between.On("Submit", nil)
	errs := make(chan error, clients)
	for range clients {
		go func() {
			for range each {
				if _, err := networktest.ClientOf(t, n, between.Profile(), "submit", "xingguo", call("add", "at once")); err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	for range clients {
		must(t, <-errs)
	}
	eventually(t, n, "city", "xingguo", "at once", fmt.Sprint(clients*each))
}
