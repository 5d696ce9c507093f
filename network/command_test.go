package network_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"tongzheng/network"
	"tongzheng/network/networktest"
)

// commander runs the network command.
type commander struct {
	t       *testing.T
	program string
	env     []string
}

func newCommander(t *testing.T, tools network.Tools) commander {
	t.Helper()
	c := commander{t, filepath.Join(t.TempDir(), "network"), append(os.Environ(), network.ToolsEnv+"="+filepath.Dir(tools.Path("peer")))}
	if out, err := exec.Command("go", "build", "-o", c.program, "tongzheng/network/cmd/network").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return c
}

// output is what a command said so far.
type output struct {
	mu   sync.Mutex
	said bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.said.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.said.String()
}

// started is a command under way.
type started struct {
	t   *testing.T
	cmd *exec.Cmd
	out *output
}

// start starts a command in a process group of its own, as a shell does.
func (c commander) start(args ...string) started {
	c.t.Helper()
	s := started{c.t, exec.Command(c.program, args...), &output{}}
	s.cmd.Env, s.cmd.Stdout, s.cmd.Stderr = c.env, s.out, s.out
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	must(c.t, s.cmd.Start())
	return s
}

// ends waits for the command and wants this status.
func (s started) ends(status int) string {
	s.t.Helper()
	err := s.cmd.Wait()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		s.t.Fatal(err)
	}
	if got := s.cmd.ProcessState.ExitCode(); got != status {
		s.t.Errorf("network %s: status %d, want %d: %s", strings.Join(s.cmd.Args[1:], " "), got, status, s.out)
	}
	return s.out.String()
}

// says waits until the command has said something.
func (s started) says(words string) {
	s.t.Helper()
	networktest.Eventually(s.t, words, func() error {
		if said := s.out.String(); !strings.Contains(said, words) {
			return fmt.Errorf("it said: %s", said)
		}
		return nil
	})
}

// TestCommand is what the command says where no network is needed.
func TestCommand(t *testing.T) {
	t.Parallel()
	c := newCommander(t, networktest.Tools(t))
	for _, name := range []string{"up", "run", "down", "restart", "status", "logs", "clean", "tools", "add-member", "remove-member",
		"certificates", "renew", "renew-peer", "revoke", "upgrade", "units", "issue", "genesis", "settings", "join", "commit", "approve", "endorses", "update"} {
		if said := c.start(name, "--help").ends(0); !strings.HasPrefix(said, "usage: network "+name+" [flags]") || !strings.Contains(said, "-data folder") {
			t.Errorf("%s --help: %s", name, said)
		}
	}
	c.start("fly").ends(2)
	c.start("up", "twice").ends(2)
	c.start("up", "-throwaway").ends(2)
	none := filepath.Join(t.TempDir(), "none")
	c.start("down", "-data", none).ends(0)
	c.start("clean", "-data", none).ends(0)
	for _, name := range []string{"status", "restart", "logs"} {
		if said := c.start(name, "-data", none).ends(1); !strings.Contains(said, none+": there is no network") {
			t.Errorf("%s without a network: %s", name, said)
		}
	}
	c.start("up", "-data", none, "-description", "none.yaml").ends(1)
	if _, err := os.Stat(none); err == nil {
		t.Error("a folder was made for no network")
	}
	folder := filepath.Join(t.TempDir(), "network")
	d, err := network.Load("ganzhou.yaml")
	must(t, err)
	must(t, d.Save(filepath.Join(folder, "network.yaml")))
	if said := c.start("add-member", "-data", folder, "huichang.yaml").ends(1); !strings.Contains(said, "does not run: start it with up") {
		t.Errorf("a member joined a network that does not run: %s", said)
	}
	testLocks(t, c, folder)
}

// testLocks: a command waits for whoever is at work on its folder, and not for
// the dead.
func testLocks(t *testing.T, c commander, folder string) {
	lock, err := network.LockFolder(t.Context(), folder, "up", false, t.Logf)
	must(t, err)
	waiting := c.start("down", "-data", folder)
	waiting.says(fmt.Sprintf(`waiting for "up" (process %d, since `, os.Getpid()))
	interrupted := c.start("down", "-data", folder)
	interrupted.says("waiting for")
	must(t, interrupted.cmd.Process.Signal(os.Interrupt))
	if said := interrupted.ends(130); !strings.Contains(said, "gave up waiting") {
		t.Errorf("interrupted: %s", said)
	}
	lock.Unlock()
	waiting.ends(0)

	holder := exec.Command("sh", "-c", `exec 9>>"$0"; flock 9; exec sleep 1000`, filepath.Join(folder, "network.lock"))
	must(t, holder.Start())
	networktest.Eventually(t, "a lock that is held", func() error {
		f, err := os.Open(filepath.Join(folder, "network.lock"))
		must(t, err)
		defer f.Close()
		if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
			return errors.New("it is free")
		}
		return nil
	})
	waiting = c.start("clean", "-data", folder)
	waiting.says("waiting for")
	must(t, holder.Process.Kill())
	_ = holder.Wait() // It was killed.
	waiting.ends(0)
	if _, err := os.Stat(folder); err == nil {
		t.Error("the folder is still there")
	}
}

// testBeside uses a network that runs by the command.
func testBeside(t *testing.T, n *network.Network) {
	c := newCommander(t, n.Tools())
	root := filepath.Dir(filepath.Dir(n.ProfilePath("city")))
	file := filepath.Join(t.TempDir(), "description.yaml")
	must(t, n.Description().Save(file))
	said := c.start("status", "-data", root).ends(0)
	for _, p := range n.Processes() {
		if !strings.Contains(said, p.Name) || !strings.Contains(said, strings.Join(p.Ports, " ")) {
			t.Errorf("status is silent on %s: %s", p.Name, said)
		}
	}
	// A run beside a network that somebody started leaves it up.
	running := pids(n)
	c.start("run", "-data", root, "--", "sh", "-c", `test -s "$TONGZHENG_LEDGER/city.json" && exit 7`).ends(7)
	c.start("run", "-data", root, "--", "no-such-program").ends(1)
	same(t, n, running)
	// Another network on the same ports: the message says whose they are.
	other := filepath.Join(t.TempDir(), "other")
	if said := c.start("up", "-data", other, "-description", file, "-chaincode", "test").ends(1); !strings.Contains(said, "the network in "+root+" listens there (orderer.city, process ") {
		t.Errorf("ports of another network: %s", said)
	}
	testThrowaway(t, c, n, file)
	same(t, n, running)
}

// script notes signals in a file, and ends with 9 when it is asked to.
const script = `trap 'echo int' INT; trap 'exit 9' TERM; echo ready in "$TONGZHENG_LEDGER"; while :; do sleep 0.05; done`

// testThrowaway has a network of its own on other ports, used by two runs, and
// removed when its run is ended as from a terminal: everybody in the foreground
// hears of it, and the command once.
func testThrowaway(t *testing.T, c commander, n *network.Network, file string) {
	folder := filepath.Join(t.TempDir(), "thrown")
	t.Cleanup(func() { _ = exec.Command(c.program, "clean", "-data", folder).Run() })
	first := c.start("run", "-throwaway", "-data", folder, "-description", file, "-chaincode", "test", "-ports", "auto", "--", "sh", "-c", script)
	first.says("ready in " + folder + "/profiles")
	d, err := network.Load(filepath.Join(folder, "network.yaml"))
	must(t, err)
	if d.Members[0].Orderer.Port == n.Description().Members[0].Orderer.Port {
		t.Error("two networks on the same ports")
	}
	c.start("run", "-data", folder, "--", "true").ends(0)
	if said := c.start("clean", "-data", folder).ends(1); !strings.Contains(said, "a run still uses this network") {
		t.Errorf("removed under a run: %s", said)
	}
	c.start("status", "-data", folder).ends(0)
	must(t, syscall.Kill(-first.cmd.Process.Pid, syscall.SIGINT))
	first.says("int")
	must(t, first.cmd.Process.Signal(syscall.SIGTERM))
	if said := first.ends(9); strings.Count("\n"+said, "\nint\n") != 1 || strings.Contains(said, "exit status") {
		t.Errorf("interrupted once: %s", said)
	}
	if _, err := os.Stat(folder); err == nil {
		t.Error("the folder is still there")
	}
}

// testRuns: of two runs the last stops a network that neither found running.
func testRuns(t *testing.T, n *network.Network) {
	c := newCommander(t, n.Tools())
	root := filepath.Dir(filepath.Dir(n.ProfilePath("city")))
	must(t, n.Down(t.Context()))
	first := c.start("run", "-data", root, "--", "sh", "-c", script)
	first.says("ready")
	second := c.start("run", "-data", root, "--", "sh", "-c", script)
	second.says("ready")
	must(t, first.cmd.Process.Signal(syscall.SIGTERM))
	first.ends(9)
	c.start("status", "-data", root).ends(0)
	must(t, put(t, n, "city", "city", "second", "1"))
	must(t, second.cmd.Process.Signal(syscall.SIGTERM))
	second.ends(9)
	if n.Runs() {
		t.Error("the network outlived its runs")
	}
}
