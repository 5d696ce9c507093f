// Package machines lends tests hosts of their own: each is a set of Linux
// namespaces with a copy of this machine's files that nobody else sees, a network
// address, and a systemd that runs units. It must be imported by tests only.
package machines

import (
	"bufio"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

//go:embed boot.sh
var bootScript string

// Room is hosts on one switch.
type Room struct {
	t      testing.TB
	folder string
	// Medium is the folder that every host has at /media/tongzheng.
	Medium string
	sw     *process
	next   int
}

// patience is how long a host may take to start.
const patience = time.Minute

// Open makes a room without hosts. authority is the certificate (PEM) of who
// signs for the web there, names the hosts' addresses. The test is skipped where
// the kernel does not let it make namespaces.
func Open(t testing.TB, authority []byte, names map[string]string) *Room {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("hosts of their own need root")
	}
	for _, program := range []string{"unshare", "nsenter", "ip", "pivot_root", "/lib/systemd/systemd"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("hosts of their own need %s: %v", program, err)
		}
	}
	if out, err := exec.Command("unshare", "-n", "-m", "-u", "-p", "-i", "-C", "-f", "sh", "-c",
		"mount --make-rprivate / && mount -t cgroup2 cgroup2 /mnt && ip link add probe type bridge").CombinedOutput(); err != nil {
		t.Skipf("this machine does not permit hosts of their own: %v %s", err, out)
	}
	r := &Room{t: t, folder: t.TempDir()}
	r.Medium = filepath.Join(r.folder, "medium")
	var hosts strings.Builder
	hosts.WriteString("127.0.0.1 localhost\n")
	for name, address := range names {
		fmt.Fprintf(&hosts, "%s %s\n", address, name)
	}
	for _, err := range []error{os.Mkdir(r.Medium, 0o755),
		os.WriteFile(filepath.Join(r.folder, "hosts"), []byte(hosts.String()), 0o644),
		os.WriteFile(filepath.Join(r.folder, "authority.pem"), authority, 0o644)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	r.sw = r.start(exec.Command("unshare", "-n", "sleep", "infinity"))
	own, err := os.Readlink("/proc/self/ns/net")
	for began := time.Now(); err == nil; time.Sleep(time.Millisecond) {
		var its string
		its, err = os.Readlink(fmt.Sprintf("/proc/%d/ns/net", r.sw.pid()))
		if err == nil && its != own {
			break // it has left this machine's network
		}
		if time.Since(began) > patience {
			t.Fatal("no network of its own for the switch")
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	r.inNet(r.sw.pid(), "ip link add switch type bridge", "ip link set switch up")
	return r
}

// Host is one host.
type Host struct {
	room  *Room
	Name  string
	first int // its first process, as this machine counts
	main  *process
	shell *Shell
}

// Start starts a host.
func (r *Room) Start(name, address string) *Host {
	r.t.Helper()
	folder := filepath.Join(r.folder, strconv.Itoa(r.next))
	r.next++
	if err := os.MkdirAll(filepath.Join(folder, "mount"), 0o755); err != nil {
		r.t.Fatal(err)
	}
	for _, shared := range []string{"medium", "hosts", "authority.pem"} {
		if err := os.Symlink(filepath.Join(r.folder, shared), filepath.Join(folder, shared)); err != nil {
			r.t.Fatal(err)
		}
	}
	for _, own := range []string{"secrets", "records"} { // They outlive the host of this name.
		at := filepath.Join(r.folder, own, name)
		if err := errors.Join(os.MkdirAll(at, 0o700), os.Symlink(at, filepath.Join(folder, own))); err != nil {
			r.t.Fatal(err)
		}
	}
	h := &Host{room: r, Name: name}
	h.main = r.start(exec.Command("unshare", "-n", "-m", "-u", "-p", "-i", "-C", "-f", "--kill-child", "bash", "-c", bootScript, "boot", folder, name))
	var last string
	for began := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		if time.Since(began) > patience || h.main.ended() {
			r.t.Fatalf("host %s does not start: %s %s", name, last, h.main.said())
		}
		if h.first = child(h.main.pid()); h.first == 0 {
			continue
		}
		out, err := exec.Command("nsenter", "-t", strconv.Itoa(h.first), "-a", "systemctl", "is-system-running").CombinedOutput()
		if last = strings.TrimSpace(string(out)); err == nil || last == "degraded" {
			break
		}
	}
	cable := fmt.Sprintf("port%d", r.next)
	if out, err := exec.Command("ip", "link", "add", cable, "netns", strconv.Itoa(r.sw.pid()), "type", "veth", "peer", "name", "eth0", "netns", strconv.Itoa(h.first)).CombinedOutput(); err != nil {
		r.t.Fatalf("connecting %s: %v %s", name, err, out)
	}
	r.inNet(r.sw.pid(), "ip link set "+cable+" master switch up")
	r.inNet(h.first, "ip link set lo up", "ip addr add "+address+"/24 dev eth0", "ip link set eth0 up")
	h.shell = h.Session()
	return h
}

// Kill ends a host with everything on it at once, as when its power is cut and its
// disks are gone.
func (h *Host) Kill() {
	_ = syscall.Kill(h.first, syscall.SIGKILL) // it may have ended
	<-h.main.done
}

// Command is a program that runs on the host, without a session.
func (h *Host) Command(args ...string) *exec.Cmd {
	return exec.Command("nsenter", append([]string{"-t", strconv.Itoa(h.first), "-a"}, args...)...)
}

// Run types commands into the host's session, and returns what they said.
func (h *Host) Run(commands string) (string, error) { return h.shell.Run(commands) }

// Shell is a session of root on a host. It ends with the first command that
// fails.
type Shell struct {
	in  io.WriteCloser
	out *bufio.Reader
	cmd *exec.Cmd
	n   int
}

// Session opens a further session.
func (h *Host) Session() *Shell {
	h.room.t.Helper()
	cmd := h.Command("env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8", "DEBIAN_FRONTEND=noninteractive", "bash")
	in, err := cmd.StdinPipe()
	if err != nil {
		h.room.t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		h.room.t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		h.room.t.Fatal(err)
	}
	h.room.t.Cleanup(func() { in.Close(); _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return &Shell{in: in, out: bufio.NewReader(out), cmd: cmd}
}

// Run types commands and waits for their end. Commands read nothing of what is
// typed after them.
func (s *Shell) Run(commands string) (string, error) {
	s.n++
	mark := fmt.Sprintf("@@ end of block %d @@", s.n)
	if _, err := fmt.Fprintf(s.in, "set -euo pipefail\n{ :\n%s\n} < /dev/null\nprintf '\\n%%s\\n' '%s'\n", commands, mark); err != nil {
		return "", err
	}
	var said strings.Builder
	for {
		line, err := s.out.ReadString('\n')
		if strings.TrimSuffix(line, "\n") == mark {
			return said.String(), nil
		}
		said.WriteString(line)
		if err != nil {
			return said.String(), errors.New("a command failed")
		}
	}
}

// inNet runs commands in the network of a process.
func (r *Room) inNet(pid int, lines ...string) {
	r.t.Helper()
	for _, line := range lines {
		args := append([]string{"-t", strconv.Itoa(pid), "-n"}, strings.Fields(line)...)
		if out, err := exec.Command("nsenter", args...).CombinedOutput(); err != nil {
			r.t.Fatalf("%s: %v %s", line, err, out)
		}
	}
}

// child is the one child of a process; 0 while there is none.
func child(pid int) int {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(raw), " ")
	found, _ := strconv.Atoi(first)
	return found
}

// process is one that ends with the test, however that ends.
type process struct {
	cmd  *exec.Cmd
	out  *heard
	done chan struct{}
}

// heard keeps what a process says.
type heard struct {
	mu   sync.Mutex
	text strings.Builder
}

func (h *heard) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.text.Write(p)
}

func (r *Room) start(cmd *exec.Cmd) *process {
	r.t.Helper()
	p := &process{cmd: cmd, out: &heard{}, done: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = p.out, p.out
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	started := make(chan error, 1)
	go func() {
		// The kernel takes the thread that starts it for the parent.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // it is ended by a signal
		}
		close(p.done)
	}()
	if err := <-started; err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-p.done
	})
	return p
}

func (p *process) pid() int { return p.cmd.Process.Pid }

func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

func (p *process) said() string {
	p.out.mu.Lock()
	defer p.out.mu.Unlock()
	return p.out.text.String()
}
