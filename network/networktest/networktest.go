// Package networktest starts real ledger networks for tests: on ports of their
// own, in a temporary folder, and without leaving processes behind, however the
// test ends. It must be imported by tests only.
package networktest

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tongzheng/network"
	"tongzheng/network/probe"
)

// Options choose what a test network is made of; the zero value is the network
// of network/ganzhou.yaml with the tests' minimal contract.
type Options struct {
	// Chaincode is the contract service program; empty for the minimal contract.
	Chaincode     string
	ChaincodeArgs []string
	ChaincodeEnv  []string
	// Isolated gives each member a host of its own (root and iproute2, else the
	// test is skipped); needed for CutOff.
	Isolated bool
	// Spare is a member that has two peers, with a contract service each.
	Spare string
	// Change adjusts the description before the network is founded.
	Change func(*network.Description)
}

const (
	// logging has, beside errors, what orderers complain of: each other, leaders,
	// connections.
	logging = "error:orderer.consensus=warn:orderer.common.cluster=warn:peer.blocksprovider=warn"
	// logEnd is how much of each log is printed after a failure.
	logEnd = 4000
)

// startWithin includes founding on a busy machine, not the building of tools.
const startWithin = 5 * time.Minute

// Tools finds or builds the Fabric tools; a first build takes some minutes.
func Tools(t testing.TB) network.Tools {
	t.Helper()
	if testing.Short() {
		t.Skip("a real network is not started with -short")
	}
	tools, err := network.EnsureTools(t.Context(), t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	return tools
}

// founding keeps the networks of a package from starting all at once: one after
// the other, the first ones are at work, or wait, while the next come up.
var founding sync.Mutex

// Start founds a network and stops it when the test ends. When the test failed,
// the ends of all logs are printed.
func Start(t testing.TB, o Options) *network.Network {
	t.Helper()
	n := New(t, o)
	founding.Lock()
	defer founding.Unlock()
	ctx, cancel := context.WithTimeout(t.Context(), startWithin)
	defer cancel()
	if err := n.Up(ctx); err != nil {
		t.Fatalf("starting the network: %v", err)
	}
	return n
}

// New prepares a network without starting it; it is stopped when the test ends.
func New(t testing.TB, o Options) *network.Network {
	t.Helper()
	tools := Tools(t)
	d, err := network.Load(filepath.Join(repository(t), "network", "ganzhou.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range d.Members {
		if m.ID == o.Spare {
			peer, service := *m.Peer, *m.Service
			d.Members[i].Spares = append(m.Spares, network.Spare{Peer: &peer, Service: &service})
		}
	}
	base := Ports(t)
	d.SetPorts(base)
	d.Logging = logging
	if o.Isolated {
		needIsolation(t)
		// The slot number keeps networks of concurrent tests apart.
		slot := (base - firstPort) / portsPerSlot
		d.Name = fmt.Sprintf("t%d", slot)
		d.SetHosts(func(member string) string { return HostOf(d, slot, member) })
	}
	if o.Change != nil {
		o.Change(d)
	}
	if o.Chaincode == "" {
		o.Chaincode = tools.Path("testcc")
	}
	n, err := network.Open(d, network.Options{
		Root: root(t, (base-firstPort)/portsPerSlot), Tools: tools,
		Chaincode: o.Chaincode, ChaincodeArgs: o.ChaincodeArgs, ChaincodeEnv: o.ChaincodeEnv,
		Isolated: o.Isolated, DieWithParent: true, Log: t.Logf,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, n) })
	return n
}

// root is the data folder of the network on a block of ports: in memory when
// there is room, because ten processes that flush every block to a disk are what
// takes longest. Tests end processes, never the machine: nothing is lost that a
// disk would keep.
func root(t testing.TB, slot int) string {
	t.Helper()
	const memory, room = "/dev/shm", 2 << 30
	var info syscall.Statfs_t
	if err := syscall.Statfs(memory, &info); err != nil || info.Bavail*uint64(info.Bsize) < room {
		return filepath.Join(t.TempDir(), "network")
	}
	// The block is ours alone; what is there was left by a test that was killed.
	folder := filepath.Join(memory, fmt.Sprintf("tongzheng-network-%d-%d", os.Getuid(), slot))
	if err := errors.Join(os.RemoveAll(folder), os.Mkdir(folder, 0o700)); err != nil {
		return filepath.Join(t.TempDir(), "network")
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) }) // Runs after the processes have ended.
	return filepath.Join(folder, "network")
}

// stop runs when the test's own context is gone.
func stop(t testing.TB, n *network.Network) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if t.Failed() {
		leader, err := n.Leader(ctx)
		t.Logf("the orderers' leader: %s (%v); their heights: %v", leader, err, n.Heights(ctx))
		for _, s := range n.Status() {
			raw, _ := os.ReadFile(s.Log)
			t.Logf("==> %s (pid %d)\n%s", s.Name, s.PID, raw[max(0, len(raw)-logEnd):])
		}
	}
	if err := n.Down(ctx); err != nil {
		t.Errorf("stopping the network: %v", err)
	}
}

// HostOf is the address of a member's isolated host.
func HostOf(d *network.Description, slot int, member string) string {
	number := len(d.Members) + 10
	for i, m := range d.Members {
		if m.ID == member {
			number = i + 10
		}
	}
	return fmt.Sprintf("10.213.%d.%d", slot, number)
}

const (
	// Below the range that Linux gives to outgoing connections.
	firstPort    = 20000
	portsPerSlot = 100
	slots        = 120
	// joiningPorts, at the end of a block, are for a member that joins.
	joiningPorts = 20
)

// Ports reserves a block of 100 ports for the test process: tests of several
// packages start networks at the same time. It returns the first.
func Ports(t testing.TB) int {
	t.Helper()
	for slot := range slots {
		name := filepath.Join(os.TempDir(), fmt.Sprintf("tongzheng-ports-%d.lock", slot))
		f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o666)
		if err != nil {
			continue // Another user's.
		}
		if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
			f.Close()
			continue
		}
		t.Cleanup(func() { f.Close() })
		return firstPort + slot*portsPerSlot
	}
	t.Fatal("no free block of ports")
	return 0
}

func needIsolation(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("network namespaces need root")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("network namespaces need iproute2")
	}
	if out, err := exec.Command("unshare", "--net", "true").CombinedOutput(); err != nil {
		t.Skipf("no network namespaces here: %s", out)
	}
}

// repository is the folder that holds this module.
func repository(t testing.TB) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		t.Fatalf("finding the repository: %v", err)
	}
	return filepath.Dir(strings.TrimSpace(string(out)))
}

// Patience is how long a state may take that a test waits for. A busy machine
// takes its time; only what never comes fails a test.
const Patience = 8 * time.Minute

// Exhaustive tells whether the long form of tests was asked for: make soak.
func Exhaustive() bool { return os.Getenv("TONGZHENG_EXHAUSTIVE") != "" }

// ForSoak skips a test that make test has a shorter one for.
func ForSoak(t testing.TB) {
	t.Helper()
	if !Exhaustive() {
		t.Skip("for make soak")
	}
}

// Main runs the tests of a package whose networks are apart from each other,
// four at a time, on however few cores: most of the time they wait. A -parallel
// of the command line is obeyed. To be called by TestMain.
func Main(m *testing.M) {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if !given {
		_ = flag.Set("test.parallel", "4") // The flag is there, and 4 a number.
	}
	m.Run()
}

// Client is the small client of a member, through the member's own peer.
func Client(t testing.TB, n *network.Network, member string) *probe.Client {
	t.Helper()
	return ClientOf(t, n.ProfilePath(member), "")
}

// ClientOf is Client with a profile, such as that of a Between, and through the
// peer of the member that via names, if any. It is closed when the test ends.
func ClientOf(t testing.TB, profile, via string) *probe.Client {
	t.Helper()
	c, err := probe.Open(profile, via)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// Leader waits until the orderers agree on a leader that is none of those
// excepted.
func Leader(t testing.TB, n *network.Network, except ...string) string {
	t.Helper()
	var leader string
	Eventually(t, "a leader", func() (err error) {
		if leader, err = n.Leader(t.Context()); err == nil && slices.Contains(except, leader) {
			err = fmt.Errorf("%s leads", leader)
		}
		return err
	})
	return leader
}

// Level waits until all orderers have all blocks.
func Level(t testing.TB, n *network.Network) {
	t.Helper()
	if err := n.Level(t.Context(), Patience); err != nil {
		t.Fatal(err)
	}
}

// Eventually repeats a step until it succeeds; the test fails when it never does.
func Eventually(t testing.TB, what string, step func() error) {
	t.Helper()
	for end := time.Now().Add(Patience); ; time.Sleep(100 * time.Millisecond) {
		err := step()
		if err == nil {
			return
		}
		if time.Now().After(end) || t.Context().Err() != nil {
			t.Fatalf("waiting for %s: %v", what, err)
		}
	}
}

// Within is a context that ends with the test, or with Patience.
func Within(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), Patience)
	t.Cleanup(cancel)
	return ctx
}

// For is a context that ends after a while: for what must not happen in it.
func For(t testing.TB, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.Context(), d)
}

// Joining is a county that is not in the network yet, on ports of the network's
// own block: what is reserved for a test ends with it, and its network later.
func Joining(t testing.TB, d *network.Description) network.Member {
	t.Helper()
	m, err := network.LoadMember(filepath.Join(repository(t), "network", "huichang.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	base := math.MaxInt
	for _, o := range d.OrdererMembers() {
		base = min(base, o.Orderer.Port)
	}
	base += portsPerSlot - joiningPorts
	m.Peer.Port, m.Peer.Chaincode, m.Peer.Operations, m.Service.Port = base, base+1, base+2, base+3
	return m
}
