package network

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Kinds of process; a process is named kind.member, e.g. "orderer.city".
const (
	KindOrderer = "orderer"
	KindPeer    = "peer"
	KindService = "service"
)

// Process is one program of a member, as it is started by hand, by this package
// or by systemd.
type Process struct {
	Name   string
	Kind   string
	Member string
	// Host is the host name or address in the description.
	Host string
	// Path, Args, Env (additions) and Dir as for exec.Cmd.
	Path string
	Args []string
	Env  []string
	Dir  string
	// Ports are the addresses that must be free before and answer after.
	Ports []string

	of     Member // with the seat that the process belongs to
	folder string // below the member's
}

// supervisor starts and stops processes and remembers them in pid files, so
// that a later run of the command finds them.
type supervisor struct {
	layout
	// dieWithParent has the kernel kill the processes with ours: for tests.
	dieWithParent bool
	starts        chan startRequest
}

type startRequest struct {
	cmd  *exec.Cmd
	done chan error
}

// pidRecord names a process beyond doubt: a bare process id may be another
// program's after a reboot.
type pidRecord struct {
	PID int `json:"pid"`
	// Ticks is the kernel's start time of the process.
	Ticks uint64 `json:"start_ticks"`
	// Since is when it was started; records of earlier versions lack it.
	Since time.Time `json:"since,omitzero"`
}

func newSupervisor(l layout, dieWithParent bool) *supervisor {
	s := &supervisor{layout: l, dieWithParent: dieWithParent, starts: make(chan startRequest)}
	// The kernel's "die with parent" follows the starting thread, not the
	// process, so one thread that lives as long as we do starts everything.
	go func() {
		runtime.LockOSThread()
		for r := range s.starts {
			r.done <- r.cmd.Start()
		}
	}()
	return s
}

func (s *supervisor) pidFile(name string) string {
	return filepath.Join(s.pids(), name+".json")
}

func (s *supervisor) logFile(name string) string {
	return filepath.Join(s.logs(), name+".log")
}

// start starts a process unless it runs. Its output goes to its log.
func (s *supervisor) start(p Process, netns string) error {
	if _, ok := s.running(p.Name); ok {
		return nil
	}
	if err := os.MkdirAll(s.logs(), 0o755); err != nil {
		return fmt.Errorf("making the log folder: %w", err)
	}
	s.turnLog(p.Name)
	log, err := os.OpenFile(s.logFile(p.Name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("opening the log of %s: %w", p.Name, err)
	}
	defer log.Close()
	path, args := p.Path, p.Args
	if netns != "" {
		path, args = "ip", append([]string{"netns", "exec", netns, p.Path}, p.Args...)
	}
	cmd, err := s.launch(func() *exec.Cmd {
		cmd := exec.Command(path, args...)
		cmd.Dir, cmd.Env = p.Dir, append(os.Environ(), p.Env...)
		cmd.Stdout, cmd.Stderr = log, log
		// A session of its own: a Ctrl-C at the terminal must not stop the ledger.
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		if s.dieWithParent {
			cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
		}
		return cmd
	})
	if err != nil {
		return fmt.Errorf("starting %s: %w", p.Name, err)
	}
	// Reap it when it ends; until then it would look alive.
	go cmd.Wait()
	ticks, err := startTicks(cmd.Process.Pid)
	if err != nil {
		return fmt.Errorf("%s ended at once, see its log: %w", p.Name, err)
	}
	record, err := json.Marshal(pidRecord{cmd.Process.Pid, ticks, time.Now().Truncate(time.Second)})
	if err != nil {
		return fmt.Errorf("recording %s: %w", p.Name, err)
	}
	return writeFile(s.pidFile(p.Name), record, 0o644)
}

// launch starts a command. A program that was written a moment ago can be busy:
// a process that is just being started elsewhere holds the file until it has
// become its own program, so it is tried again.
func (s *supervisor) launch(command func() *exec.Cmd) (*exec.Cmd, error) {
	for try := 0; ; try++ {
		cmd := command()
		request := startRequest{cmd, make(chan error, 1)}
		s.starts <- request
		err := <-request.done
		if !errors.Is(err, syscall.ETXTBSY) || try == busyTries {
			return cmd, err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// busyTries is how often a busy program is tried again: some seconds.
const busyTries = 500

// turnLog sets a large log aside, keeping one. It is best effort: a process is
// not kept from starting by its log.
func (s *supervisor) turnLog(name string) {
	const large = 64 << 20
	if info, err := os.Stat(s.logFile(name)); err == nil && info.Size() > large {
		_ = os.Rename(s.logFile(name), s.logFile(name)+".old")
	}
}

// running tells whether the recorded process still is the one we started.
func (s *supervisor) running(name string) (pid int, ok bool) {
	r, ok := s.record(name)
	return r.PID, ok
}

// record is what was written down of a process that runs.
func (s *supervisor) record(name string) (pidRecord, bool) {
	raw, err := os.ReadFile(s.pidFile(name))
	if err != nil {
		return pidRecord{}, false
	}
	var r pidRecord
	if json.Unmarshal(raw, &r) != nil {
		return pidRecord{}, false
	}
	ticks, err := startTicks(r.PID)
	if err != nil || ticks != r.Ticks {
		return pidRecord{}, false
	}
	return r, true
}

// ended reports a process that was started here and runs no more, with the end
// of its log. A process under another supervisor is not ours to judge.
func (s *supervisor) ended(name string) error {
	if _, err := os.Stat(s.pidFile(name)); err != nil {
		return nil
	}
	if _, ok := s.running(name); ok {
		return nil
	}
	raw, _ := os.ReadFile(s.logFile(name))
	return fmt.Errorf("%s ended: %s", name, strings.TrimSpace(string(raw[max(0, len(raw)-600):])))
}

// signal sends to the process group, so that helpers of the program go along.
func (s *supervisor) signal(name string, sig syscall.Signal) error {
	pid, ok := s.running(name)
	if !ok {
		return fmt.Errorf("%s is not running", name)
	}
	if err := syscall.Kill(-pid, sig); err != nil {
		return fmt.Errorf("signaling %s: %w", name, err)
	}
	return nil
}

// stop asks the process to end and makes it end after the grace period.
func (s *supervisor) stop(name string, grace time.Duration) error {
	if _, ok := s.running(name); !ok {
		os.Remove(s.pidFile(name))
		return nil
	}
	// A frozen process cannot hear the request.
	if err := errors.Join(s.signal(name, syscall.SIGTERM), s.signal(name, syscall.SIGCONT)); err != nil {
		if _, ok := s.running(name); ok {
			return err
		}
	}
	if s.gone(name, grace) {
		return nil
	}
	return s.kill(name)
}

// kill ends the process at once, as a power failure would.
func (s *supervisor) kill(name string) error {
	if err := s.signal(name, syscall.SIGKILL); err != nil {
		return err
	}
	if !s.gone(name, 10*time.Second) {
		return fmt.Errorf("%s survived being killed", name)
	}
	return nil
}

func (s *supervisor) gone(name string, within time.Duration) bool {
	for end := time.Now().Add(within); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if _, ok := s.running(name); !ok {
			os.Remove(s.pidFile(name))
			return true
		}
	}
	return false
}

// startTicks reads the start time of a live process from the kernel.
func startTicks(pid int) (uint64, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// The program name may hold spaces and parentheses; fields count after it.
	_, rest, ok := strings.Cut(string(raw[strings.LastIndexByte(string(raw), ')'):]), " ")
	fields := strings.Fields(rest)
	if !ok || len(fields) < 20 {
		return 0, fmt.Errorf("unexpected process status of %d", pid)
	}
	if fields[0] == "X" || fields[0] == "Z" && !threads(pid) {
		return 0, fmt.Errorf("process %d has ended", pid)
	}
	return strconv.ParseUint(fields[19], 10, 64)
}

// threads tells whether a process whose first thread ended has others still. They
// hold its files and ports until the last of them is gone.
func threads(pid int) bool {
	tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	return err == nil && len(tasks) > 1
}

// memory is the resident size of a process in bytes.
func memory(pid int) int64 {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(raw))
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}
