package network_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tongzheng/network"
	"tongzheng/network/networktest"
)

// put and get go through a member's gateway.
func put(t *testing.T, n *network.Network, member, ns, key, value string) error {
	t.Helper()
	_, err := networktest.Client(t, n, member, "submit", ns, call("put", key, value))
	return err
}

func get(t *testing.T, n *network.Network, member, ns, key string) string {
	t.Helper()
	out, err := networktest.Client(t, n, member, "evaluate", ns, call("get", key))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// eventually reads until the member's peer has caught up: a commit is reported
// by the gateway that was used, and other peers follow.
func eventually(t *testing.T, n *network.Network, member, ns, key, want string) {
	t.Helper()
	var got string
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		if got = get(t, n, member, ns, key); got == want {
			return
		}
	}
	t.Fatalf("%s reads %q in %s/%s, want %q", member, got, ns, key, want)
}

func call(words ...string) string {
	raw, err := json.Marshal(words)
	if err != nil {
		panic(err) // Strings always encode.
	}
	return string(raw)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// summary is what the client's stream prints.
type summary struct {
	Committed, Failed, Unknown, Retried int
	MaxMs                               int `json:"max_ms"`
	Errors                              []string
}

// stream submits count transactions in the background; the function it returns
// waits and fails the test unless every one of them was committed.
func stream(t *testing.T, n *network.Network, member, ns, prefix string, count int) func() summary {
	t.Helper()
	type result struct {
		out string
		err error
	}
	done := make(chan result, 1)
	go func() {
		out, err := networktest.Client(t, n, member, "stream", ns, call(prefix),
			"-count", fmt.Sprint(count), "-at-once", "8", "-within", "2m")
		done <- result{out, err}
	}()
	return func() summary {
		t.Helper()
		r := <-done
		must(t, r.err)
		var s summary
		if err := json.Unmarshal([]byte(r.out), &s); err != nil {
			t.Fatalf("stream printed %q: %v", r.out, err)
		}
		if s.Committed != count {
			t.Errorf("of %d transactions %d were committed, %d failed, %d unknown: %v", count, s.Committed, s.Failed, s.Unknown, s.Errors)
		}
		t.Logf("%s: longest %d ms, %d retries", prefix, s.MaxMs, s.Retried)
		return s
	}
}

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// TestNetwork runs the life of one network, in order.
func TestNetwork(t *testing.T) {
	n := networktest.Start(t, networktest.Options{})
	next := filepath.Join(t.TempDir(), "next") // Later restarts use it again.
	t.Run("entries", func(t *testing.T) { testEntries(t, n) })
	t.Run("unclear answers", func(t *testing.T) { testUnclear(t, n) })
	t.Run("endorsement", func(t *testing.T) { testEndorsement(t, n) })
	t.Run("orderers", func(t *testing.T) { testOrderers(t, n) })
	t.Run("peers and services", func(t *testing.T) { testPeersAndServices(t, n) })
	t.Run("upgrade", func(t *testing.T) { testUpgrade(t, n, next) })
	t.Run("restart", func(t *testing.T) { testRestart(t, n) })
	t.Run("members", func(t *testing.T) { testMembers(t, n) })
}

func testEntries(t *testing.T, n *network.Network) {
	for _, m := range n.Description().PeerMembers() {
		must(t, put(t, n, m.ID, m.ID, "first", "by "+m.ID))
	}
	must(t, put(t, n, "city", network.Governance, "grant", "1"))
	eventually(t, n, "city", "xingguo", "first", "by xingguo")
	// A contract reads another namespace on the same peer.
	got, err := networktest.Client(t, n, "yudu", "evaluate", "yudu", call("look", network.Governance, "grant"))
	if err != nil || got != "1" {
		t.Errorf("read across namespaces: %q %v", got, err)
	}
}

// testEndorsement has two wrong peers sign a county's entry. They are willing,
// and the orderers order it; every peer must mark it invalid.
func testEndorsement(t *testing.T, n *network.Network) {
	err := n.InvokeAt(within(t, 30*time.Second), "city", "xingguo", []string{"put", "forged", "1"}, "city", "yudu")
	if err == nil || !strings.Contains(err.Error(), "ENDORSEMENT_POLICY_FAILURE") {
		t.Errorf("city and Yudu wrote in Xingguo's name: %v", err)
	}
	if got := get(t, n, "xingguo", "xingguo", "forged"); got != "" {
		t.Errorf("forged entry is in the state: %q", got)
	}
	must(t, n.InvokeAt(within(t, 30*time.Second), "city", "xingguo", []string{"put", "joint", "1"}, "city", "xingguo"))
}

func testOrderers(t *testing.T, n *network.Network) {
	leader, err := n.Leader(t.Context())
	must(t, err)
	var followers []string
	for _, m := range n.Description().OrdererMembers() {
		if name := network.KindOrderer + "." + m.ID; name != leader {
			followers = append(followers, name)
		}
	}

	finish := stream(t, n, "city", "city", "follower", 150)
	must(t, n.Kill(followers[0]))
	if s := finish(); s.MaxMs > 9000 { // Well below what a dead leader costs.
		t.Errorf("a dead follower cost %d ms", s.MaxMs)
	}
	must(t, n.Start(followers[0]))
	must(t, n.Level(t.Context(), time.Minute)) // Three of four are needed below.

	finish = stream(t, n, "city", "city", "leader", 150)
	time.Sleep(300 * time.Millisecond)
	must(t, n.Kill(leader))
	finish()
	if now, err := n.Leader(t.Context()); err != nil || now == leader {
		t.Errorf("leader after %s died: %q %v", leader, now, err)
	}

	// With two away nothing is ordered; nothing is lost either.
	var other string
	for _, f := range followers[1:] {
		if now, _ := n.Leader(t.Context()); f != now {
			other = f
		}
	}
	must(t, n.Kill(other))
	finish = stream(t, n, "city", "city", "two away", 20)
	time.Sleep(3 * time.Second)
	must(t, n.Start(leader))
	must(t, n.Start(other))
	finish()
	must(t, n.Level(t.Context(), time.Minute))
}

func testPeersAndServices(t *testing.T, n *network.Network) {
	// A county's peer dies: the others go on, its own namespace waits.
	must(t, n.Kill("peer.yudu"))
	must(t, put(t, n, "xingguo", "xingguo", "alone", "1"))
	must(t, put(t, n, "city", network.Governance, "alone", "1"))
	if err := put(t, n, "city", "yudu", "alone", "1"); err == nil {
		t.Error("the city wrote in Yudu's namespace without Yudu")
	}
	must(t, n.Start("peer.yudu"))
	must(t, n.Endorses(within(t, time.Minute), "yudu", time.Minute))
	must(t, put(t, n, "yudu", "yudu", "back", "1"))

	// The contract service that every namespace needs dies and returns.
	finish := stream(t, n, "xingguo", "xingguo", "service", 150)
	must(t, n.Kill("service.city"))
	must(t, n.Start("service.city"))
	finish()

	// A frozen gateway peer answers nobody; thawed, it has lost nothing.
	must(t, n.Freeze("peer.xingguo"))
	must(t, put(t, n, "city", "city", "frozen", "1"))
	must(t, n.Thaw("peer.xingguo"))
	must(t, n.Endorses(within(t, time.Minute), "xingguo", time.Minute))
	eventually(t, n, "xingguo", "city", "frozen", "1")
}

// testUpgrade replaces the contract service one member at a time under load.
func testUpgrade(t *testing.T, n *network.Network, program string) {
	script := "#!/bin/sh\nTESTCC_VERSION=next exec " + n.Tools().Path("testcc") + "\n"
	must(t, os.WriteFile(program, []byte(script), 0o755))
	finish := stream(t, n, "city", "city", "upgrade", 300)
	must(t, n.Upgrade(within(t, time.Minute), program))
	finish()
	for _, m := range n.Description().PeerMembers() {
		got, err := networktest.Client(t, n, m.ID, "evaluate", m.ID, call("version"))
		if err != nil || got != "next" {
			t.Errorf("%s runs version %q: %v", m.ID, got, err)
		}
	}
}

func testRestart(t *testing.T, n *network.Network) {
	must(t, n.Down(within(t, time.Minute)))
	for _, s := range n.Status() {
		if s.PID != 0 {
			t.Errorf("%s still runs", s.Name)
		}
	}
	began := time.Now()
	must(t, n.Up(within(t, time.Minute)))
	t.Logf("restart on data: %s", time.Since(began).Round(time.Millisecond))
	eventually(t, n, "xingguo", "yudu", "first", "by yudu")
	must(t, put(t, n, "xingguo", "xingguo", "again", "1"))
}

func testMembers(t *testing.T, n *network.Network) {
	base := networktest.Ports(t)
	m := network.Member{
		ID: "huichang", Name: "Huichang County", MSP: "HuichangMSP",
		Peer:    &network.PeerNode{Host: "127.0.0.1", Port: base, Chaincode: base + 1, Operations: base + 2},
		Service: &network.ServiceNode{Host: "127.0.0.1", Port: base + 10},
	}
	finish := stream(t, n, "city", "city", "joining", 300)
	began := time.Now()
	must(t, n.AddMember(within(t, 2*time.Minute), m))
	t.Logf("member added: %s", time.Since(began).Round(time.Millisecond))
	finish()
	must(t, put(t, n, "huichang", "huichang", "first", "by huichang"))
	eventually(t, n, "huichang", "yudu", "first", "by yudu")
	// It counts as another member in oversight.
	must(t, n.InvokeAt(within(t, 30*time.Second), "city", network.Governance, []string{"put", "seen", "1"}, "city", "huichang"))
	// It survives a restart of everything.
	must(t, n.Down(within(t, time.Minute)))
	must(t, n.Up(within(t, time.Minute)))

	began = time.Now()
	must(t, n.RemoveMember(within(t, 2*time.Minute), "huichang"))
	t.Logf("member removed: %s", time.Since(began).Round(time.Millisecond))
	if n.Running("peer.huichang") {
		t.Error("the removed member's peer still runs")
	}
	if _, err := networktest.Client(t, n, "huichang", "submit", "huichang", call("put", "late", "1"), "-via", "city", "-within", "10s"); err == nil {
		t.Error("a removed member wrote")
	}
	if err := put(t, n, "city", "huichang", "late", "1"); err == nil {
		t.Error("the city wrote in the namespace of a member that left")
	}
	if got := get(t, n, "city", "huichang", "first"); got != "by huichang" {
		t.Errorf("the removed member's entries read %q", got)
	}
	must(t, put(t, n, "city", network.Governance, "oversight", "1"))

	// A member may come back.
	must(t, n.AddMember(within(t, 2*time.Minute), m))
	must(t, put(t, n, "huichang", "huichang", "second", "1"))
	eventually(t, n, "huichang", "huichang", "first", "by huichang")
}

// TestSeparateHosts runs every member on a host of its own and cuts a county off.
func TestSeparateHosts(t *testing.T) {
	n := networktest.Start(t, networktest.Options{Isolated: true})
	ctx := within(t, 3*time.Minute)
	must(t, put(t, n, "xingguo", "xingguo", "a", "1"))

	// A county is cut off, together with its orderer: the others go on.
	must(t, n.CutOff(ctx, "yudu"))
	stream(t, n, "city", "xingguo", "county cut off", 50)()
	must(t, put(t, n, "city", network.Governance, "cut off", "1"))
	if _, err := networktest.Client(t, n, "yudu", "evaluate", "yudu", call("ping"), "-within", "3s"); err == nil {
		t.Error("a member that is cut off answered")
	}
	must(t, n.Reconnect(ctx, "yudu"))
	began := time.Now()
	must(t, n.Endorses(ctx, "yudu", time.Minute))
	eventually(t, n, "yudu", network.Governance, "cut off", "1")
	must(t, put(t, n, "yudu", "yudu", "a", "1"))
	t.Logf("the county works %s after the reconnection", time.Since(began).Round(time.Millisecond))
	must(t, n.Level(ctx, 2*time.Minute))
	t.Logf("all orderers level %s after the reconnection", time.Since(began).Round(time.Millisecond))
}

// TestLeaderCutOff: packets to the leading orderer vanish. The auditor is listed
// first, so that it leads.
func TestLeaderCutOff(t *testing.T) {
	n := networktest.Start(t, networktest.Options{Isolated: true, Change: func(d *network.Description) {
		last := len(d.Members) - 1
		d.Members = append([]network.Member{d.Members[last]}, d.Members[:last]...)
	}})
	ctx := within(t, 3*time.Minute)
	leader, err := n.Leader(ctx)
	if err != nil || leader != "orderer.audit" {
		t.Errorf("leader: %q %v", leader, err)
	}
	must(t, n.CutOff(ctx, "audit"))
	stream(t, n, "city", "xingguo", "leader cut off", 50)()
	must(t, n.Reconnect(ctx, "audit"))
	must(t, n.Level(ctx, 2*time.Minute))
	if leader, err := n.Leader(ctx); err != nil || leader == "orderer.audit" {
		t.Errorf("leader afterwards: %q %v", leader, err)
	}
}

// TestPortTaken: the message names the process and the address.
func TestPortTaken(t *testing.T) {
	n := networktest.New(t, networktest.Options{})
	d := n.Description()
	city, _ := d.Member("city")
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", city.Peer.Port))
	must(t, err)
	defer listener.Close()
	err = n.Up(within(t, time.Minute))
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("peer.city cannot listen on 127.0.0.1:%d", city.Peer.Port)) {
		t.Errorf("port taken: %v", err)
	}
	for _, s := range n.Status() {
		if s.PID != 0 {
			t.Errorf("%s was started", s.Name)
		}
	}
}

// TestCommandHelp: the command explains itself and rejects nonsense.
func TestCommandHelp(t *testing.T) {
	program := filepath.Join(t.TempDir(), "network")
	out, err := exec.Command("go", "build", "-o", program, "tongzheng/network/cmd/network").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	out, _ = exec.Command(program, "--help").CombinedOutput()
	for _, word := range []string{"up", "down", "status", "add-member", "remove-member", "units", "-data"} {
		if !strings.Contains(string(out), word) {
			t.Errorf("--help does not mention %s", word)
		}
	}
	if err := exec.Command(program, "fly").Run(); err == nil {
		t.Error("an unknown command was accepted")
	}
}
