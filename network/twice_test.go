package network_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tongzheng/network"
	"tongzheng/network/networktest"
)

// TestTwice does everything a second time beside a running network: nothing is
// started again, nothing written under what runs, and each process finds the
// others after a restart.
func TestTwice(t *testing.T) {
	t.Parallel()
	n := networktest.Start(t, networktest.Options{})
	for _, step := range []struct {
		name string
		do   func(*testing.T, *network.Network)
	}{
		{"up", testUpTwice}, {"beside", testBeside}, {"heals", testHeals}, {"add member", testJoinTwice},
		{"renewal", testRenewal}, {"restarts", testRestarts}, {"runs", testRuns},
	} {
		if !t.Run(step.name, func(t *testing.T) { step.do(t, n) }) {
			return // The next would wait for what is not there.
		}
	}
}

// pids are the running processes by name.
func pids(n *network.Network) map[string]int {
	all := map[string]int{}
	for _, s := range n.Status() {
		all[s.Name] = s.PID
	}
	return all
}

// same wants every process of before running still.
func same(t *testing.T, n *network.Network, before map[string]int) {
	t.Helper()
	now := pids(n)
	for name, pid := range before {
		if pid == 0 || now[name] != pid {
			t.Errorf("%s was process %d and is %d", name, pid, now[name])
		}
	}
}

// written are the times of all files that the network command writes: what
// processes write themselves is left out.
func written(t *testing.T, n *network.Network) map[string]time.Time {
	t.Helper()
	root := filepath.Dir(filepath.Dir(n.ProfilePath("city")))
	times := map[string]time.Time{}
	must(t, filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		switch {
		case e.IsDir() && (e.Name() == "data" || e.Name() == "logs"):
			return fs.SkipDir
		case e.IsDir() || strings.HasSuffix(path, ".lock"):
			return nil
		}
		info, err := e.Info()
		times[path] = info.ModTime()
		return err
	}))
	return times
}

func testUpTwice(t *testing.T, n *network.Network) {
	files, running := written(t, n), pids(n)
	must(t, n.Up(networktest.Within(t)))
	same(t, n, running)
	for path, at := range written(t, n) {
		if !files[path].Equal(at) {
			t.Errorf("%s was written under a running network", path)
		}
	}
}

// testHeals: up starts what is missing, and gives a running peer back what it
// lost.
func testHeals(t *testing.T, n *network.Network) {
	running := pids(n)
	builds := filepath.Join(filepath.Dir(filepath.Dir(n.ProfilePath("city"))), "members", "city", "peer", "data", "externalbuilder", "builds")
	folders, err := filepath.Glob(filepath.Join(builds, "*"))
	if err != nil || len(folders) != len(n.Description().Namespaces) {
		t.Fatalf("what the peer keeps: %v %v", folders, err)
	}
	must(t, os.RemoveAll(folders[0]))
	must(t, os.Remove(filepath.Join(folders[1], "release", "chaincode", "server", "connection.json")))
	for _, name := range []string{"orderer.yudu", "peer.xingguo", "service.city"} {
		must(t, n.Kill(name))
		delete(running, name)
	}
	must(t, n.Up(networktest.Within(t)))
	same(t, n, running)
	endorses(t, n)
}

func testJoinTwice(t *testing.T, n *network.Network) {
	m := networktest.Joining(t, n.Description())
	began := time.Now()
	must(t, n.AddMember(t.Context(), m))
	first, running := time.Since(began), pids(n)
	must(t, n.AddMember(t.Context(), m))
	t.Logf("joined in %s, again in %s", first, time.Since(began)-first)
	same(t, n, running)
	must(t, n.Up(networktest.Within(t)))
	same(t, n, running)
	must(t, put(t, n, m.ID, m.ID, "twice", "1"))
}

// testRestarts stops and starts one process after the other.
func testRestarts(t *testing.T, n *network.Network) {
	for _, p := range n.Processes() {
		began := time.Now()
		must(t, n.Stop(p.Name))
		must(t, n.Start(p.Name))
		endorses(t, n)
		if p.Kind == network.KindOrderer && networktest.Exhaustive() { // A new leader takes its time.
			must(t, put(t, n, "city", "city", "after "+p.Name, "1"))
		}
		t.Logf("%s: %s", p.Name, time.Since(began).Round(time.Millisecond))
	}
	must(t, n.Ready(networktest.Within(t)))
}

// endorses wants every member's gateway to have work endorsed.
func endorses(t *testing.T, n *network.Network) {
	t.Helper()
	errs := make(chan error)
	members := n.Description().PeerMembers()
	for _, m := range members {
		go func() { errs <- n.Endorses(t.Context(), m.ID, networktest.Patience) }()
	}
	var all error
	for range members {
		all = errors.Join(all, <-errs)
	}
	must(t, all)
}
