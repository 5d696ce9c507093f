package network_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tongzheng/network"
	"tongzheng/network/networktest"
	"tongzheng/network/probe"
)

func TestMain(m *testing.M) { networktest.Main(m) }

// put and get go through a member's gateway.
func put(t *testing.T, n *network.Network, member, ns, key, value string) error {
	t.Helper()
	_, err := networktest.Client(t, n, member).Submit(networktest.Within(t), ns, "put", key, value)
	return err
}

func get(t *testing.T, n *network.Network, member, ns, key string) string {
	t.Helper()
	out, err := networktest.Client(t, n, member).Evaluate(networktest.Within(t), ns, "get", key)
	must(t, err)
	return out
}

// refused wants a member's entry never endorsed, for some seconds, through its
// own peer or that of the member that via names.
func refused(t *testing.T, n *network.Network, what, member, via, ns string) {
	t.Helper()
	ctx, cancel := networktest.For(t, 3*time.Second)
	defer cancel()
	_, err := networktest.ClientOf(t, n.ProfilePath(member), via).Submit(ctx, ns, "put", "refused", "1")
	if none := new(probe.NotEndorsed); !errors.As(err, &none) {
		t.Errorf("%s: %v", what, err)
	}
}

// eventually reads until the member's peer has caught up: a commit is reported
// by the gateway that was used, and other peers follow.
func eventually(t *testing.T, n *network.Network, member, ns, key, want string) {
	t.Helper()
	client := networktest.Client(t, n, member)
	networktest.Eventually(t, fmt.Sprintf("%s/%s at %s", ns, key, member), func() error {
		got, err := client.Evaluate(networktest.Within(t), ns, "get", key)
		if err == nil && got != want {
			err = fmt.Errorf("it reads %q, want %q", got, want)
		}
		return err
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// stream submits count transactions in the background, and returns when the
// first of them is on the ledger. The function it returns waits for the rest,
// and fails the test unless every one of them was committed.
func stream(t *testing.T, n *network.Network, member, ns, prefix string, count int) func() {
	t.Helper()
	finish := begin(t, networktest.Client(t, n, member), ns, prefix, count)
	eventually(t, n, member, ns, prefix+"-0", "0")
	return finish
}

func begin(t *testing.T, client *probe.Client, ns, prefix string, count int) func() {
	t.Helper()
	done := make(chan probe.Outcome, 1)
	go func() { done <- client.Stream(networktest.Within(t), ns, prefix, count, 8) }()
	return func() {
		t.Helper()
		out := <-done
		if out.Committed != count {
			t.Errorf("of %d transactions %d were committed: %v", count, out.Committed, out.Errors)
		}
		t.Logf("%s: longest %d ms, %d retries", prefix, out.Longest.Milliseconds(), out.Retried)
	}
}

// length is how many transactions a stream has.
func length() int {
	if networktest.Exhaustive() {
		return 300
	}
	return 60
}

// TestNetwork runs the life of one network, in order.
func TestNetwork(t *testing.T) {
	t.Parallel()
	n := networktest.Start(t, networktest.Options{})
	next := filepath.Join(t.TempDir(), "next") // Later restarts use it again.
	t.Run("entries", func(t *testing.T) { testEntries(t, n) })
	t.Run("unclear answers", func(t *testing.T) { testUnclear(t, n) })
	t.Run("endorsement", func(t *testing.T) { testEndorsement(t, n) })
	t.Run("peers and services", func(t *testing.T) { testPeersAndServices(t, n) })
	t.Run("upgrade", func(t *testing.T) { testUpgrade(t, n, next) })
	t.Run("restart", func(t *testing.T) { testRestart(t, n) })
}

func testEntries(t *testing.T, n *network.Network) {
	for _, m := range n.Description().PeerMembers() {
		must(t, put(t, n, m.ID, m.ID, "first", "by "+m.ID))
	}
	must(t, put(t, n, "city", network.Governance, "grant", "1"))
	eventually(t, n, "city", "xingguo", "first", "by xingguo")
	// A contract reads another namespace on the same peer.
	eventually(t, n, "yudu", network.Governance, "grant", "1")
	got, err := networktest.Client(t, n, "yudu").Evaluate(networktest.Within(t), "yudu", "look", network.Governance, "grant")
	if err != nil || got != "1" {
		t.Errorf("read across namespaces: %q %v", got, err)
	}
}

// testEndorsement has two wrong peers sign a county's entry. They are willing,
// and the orderers order it; every peer must mark it invalid.
func testEndorsement(t *testing.T, n *network.Network) {
	city := networktest.Client(t, n, "city")
	err := city.SubmitBy(networktest.Within(t), []string{"CityMSP", "YuduMSP"}, "xingguo", "put", "forged", "1")
	if invalid := new(probe.Invalid); !errors.As(err, &invalid) || !strings.Contains(err.Error(), "ENDORSEMENT_POLICY_FAILURE") {
		t.Errorf("city and Yudu wrote in Xingguo's name: %v", err)
	}
	must(t, city.SubmitBy(networktest.Within(t), []string{"CityMSP", "XingguoMSP"}, "xingguo", "put", "joint", "1"))
	eventually(t, n, "xingguo", "xingguo", "joint", "1") // ordered after the forged one
	if got := get(t, n, "xingguo", "xingguo", "forged"); got != "" {
		t.Errorf("forged entry is in the state: %q", got)
	}
}

func testPeersAndServices(t *testing.T, n *network.Network) {
	// A county's peer dies: the others go on, its own namespace waits.
	must(t, n.Kill("peer.yudu"))
	must(t, put(t, n, "xingguo", "xingguo", "alone", "1"))
	must(t, put(t, n, "city", network.Governance, "alone", "1"))
	refused(t, n, "the city wrote in Yudu's namespace without Yudu", "city", "", "yudu")
	must(t, n.Start("peer.yudu"))
	must(t, n.Endorses(t.Context(), "yudu", networktest.Patience))
	must(t, put(t, n, "yudu", "yudu", "back", "1"))

	// The contract service that every namespace needs dies and returns.
	finish := stream(t, n, "xingguo", "xingguo", "service", length())
	must(t, n.Kill("service.city"))
	must(t, n.Start("service.city"))
	finish()

	// A frozen gateway peer answers nobody; thawed, it has lost nothing.
	must(t, n.Freeze("peer.xingguo"))
	must(t, put(t, n, "city", "city", "frozen", "1"))
	must(t, n.Thaw("peer.xingguo"))
	must(t, n.Endorses(t.Context(), "xingguo", networktest.Patience))
	eventually(t, n, "xingguo", "city", "frozen", "1")
}

// testUpgrade replaces the contract service one member at a time under load.
func testUpgrade(t *testing.T, n *network.Network, program string) {
	script := "#!/bin/sh\nTESTCC_VERSION=next exec " + n.Tools().Path("testcc") + "\n"
	must(t, os.WriteFile(program, []byte(script), 0o755))
	finish := stream(t, n, "city", "city", "upgrade", length())
	must(t, n.Upgrade(t.Context(), program))
	finish()
	for _, m := range n.Description().PeerMembers() {
		got, err := networktest.Client(t, n, m.ID).Evaluate(networktest.Within(t), m.ID, "version")
		if err != nil || got != "next" {
			t.Errorf("%s runs version %q: %v", m.ID, got, err)
		}
	}
}

func testRestart(t *testing.T, n *network.Network) {
	must(t, n.Down(t.Context()))
	for _, s := range n.Status() {
		if s.PID != 0 {
			t.Errorf("%s still runs", s.Name)
		}
	}
	began := time.Now()
	must(t, n.Up(networktest.Within(t)))
	t.Logf("restart on data: %s", time.Since(began).Round(time.Millisecond))
	eventually(t, n, "xingguo", "yudu", "first", "by yudu")
	must(t, put(t, n, "xingguo", "xingguo", "again", "1"))
}

// TestPortTaken: the message names the process and the address.
func TestPortTaken(t *testing.T) {
	n := networktest.New(t, networktest.Options{})
	d := n.Description()
	city, _ := d.Member("city")
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", city.Peer.Port))
	must(t, err)
	defer listener.Close()
	err = n.Up(networktest.Within(t))
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("peer.city cannot listen on 127.0.0.1:%d", city.Peer.Port)) {
		t.Errorf("port taken: %v", err)
	}
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("(process %d) listens there", os.Getpid())) {
		t.Errorf("it does not say who: %v", err)
	}
	for _, s := range n.Status() {
		if s.PID != 0 {
			t.Errorf("%s was started", s.Name)
		}
	}
}
