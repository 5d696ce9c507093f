// Package networktest starts real ledger networks for tests: on ports of their
// own, in a temporary folder, and without leaving processes behind, however the
// test ends. It must be imported by tests only.
package networktest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"tongzheng/network"
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
	// Change adjusts the description before the network is founded.
	Change func(*network.Description)
}

// startWithin includes founding on a busy machine, not the building of tools.
const startWithin = 2 * time.Minute

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

// Start founds a network and stops it when the test ends. When the test failed,
// the ends of all logs are printed.
func Start(t testing.TB, o Options) *network.Network {
	t.Helper()
	n := New(t, o)
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
	base := Ports(t)
	d.SetPorts(base)
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
		Root: filepath.Join(t.TempDir(), "network"), Tools: tools,
		Chaincode: o.Chaincode, ChaincodeArgs: o.ChaincodeArgs, ChaincodeEnv: o.ChaincodeEnv,
		Isolated: o.Isolated, DieWithParent: true, Log: t.Logf,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, n) })
	return n
}

// stop runs when the test's own context is gone.
func stop(t testing.TB, n *network.Network) {
	if t.Failed() {
		for _, s := range n.Status() {
			raw, _ := os.ReadFile(s.Log)
			t.Logf("==> %s (pid %d)\n%s", s.Name, s.PID, raw[max(0, len(raw)-2000):])
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
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

// Client runs the small client as a member and returns what it printed.
// Verb and call as in network/tools/gatewayprobe.
func Client(t testing.TB, n *network.Network, member, verb, namespace, call string, more ...string) (string, error) {
	t.Helper()
	return ClientOf(t, n, n.ProfilePath(member), verb, namespace, call, more...)
}

// ClientOf is Client with the profile of a Between.
func ClientOf(t testing.TB, n *network.Network, profile, verb, namespace, call string, more ...string) (string, error) {
	t.Helper()
	args := append([]string{verb, "-profile", profile, "-namespaces", namespace, "-call", call}, more...)
	cmd := exec.CommandContext(t.Context(), n.Tools().Path("gatewayprobe"), args...)
	var out, complaint strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("%s %s: %w: %s", verb, call, err, strings.TrimSpace(complaint.String()))
	}
	return out.String(), nil
}
