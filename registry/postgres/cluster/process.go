package cluster

import (
	"context"
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

// process is the running postmaster.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
	err  error         // how, once done
	log  string        // path of its log
}

// launch starts the postmaster so that it ends when this process ends, however
// that happens.
func (c *Cluster) launch() (*process, error) {
	p := &process{done: make(chan struct{}), log: filepath.Join(c.dir, "server.log")}
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	p.cmd = exec.Command(c.Program("postgres"), "-D", c.dir)
	c.account.apply(p.cmd, c.dir)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	// The kernel sends this when the *thread* that forked ends. The goroutine
	// below keeps its thread until the server is gone.
	p.cmd.SysProcAttr.Pdeathsig = syscall.SIGINT // fast shutdown
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			p.err = p.cmd.Wait()
		}
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("starting the database server: %w", err)
	}
	return p, nil
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// failure tells why the server ended by itself.
func (p *process) failure() error {
	raw, _ := os.ReadFile(p.log)
	if len(raw) > 2000 {
		raw = raw[len(raw)-2000:]
	}
	return fmt.Errorf("the database server ended: %v: %s", p.err, strings.TrimSpace(string(raw)))
}

// stop asks for a fast shutdown, then harder.
func (p *process) stop() error {
	for _, step := range []struct {
		signal syscall.Signal
		wait   time.Duration
	}{{syscall.SIGINT, 30 * time.Second}, {syscall.SIGQUIT, 5 * time.Second}, {syscall.SIGKILL, 5 * time.Second}} {
		if err := p.cmd.Process.Signal(step.signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return fmt.Errorf("stopping the database server: %w", err)
		}
		select {
		case <-p.done:
			return nil
		case <-time.After(step.wait):
		}
	}
	return errors.New("the database server does not end")
}

// clearStale deals with what a killed predecessor left: its server, which may
// still be shutting down, or a postmaster.pid whose number now belongs to
// another program. We hold the cluster's lock, so nobody else uses it.
func (c *Cluster) clearStale(ctx context.Context) error {
	path := filepath.Join(c.dir, "postmaster.pid")
	raw, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	first, _, _ := strings.Cut(string(raw), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(first))
	if err != nil || pid <= 1 || !c.serves(pid) {
		return os.Remove(path)
	}
	if err := syscall.Kill(pid, syscall.SIGINT); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("stopping the server a crash left behind (process %d): %w", pid, err)
	}
	for deadline := time.Now().Add(30 * time.Second); c.serves(pid); {
		if time.Now().After(deadline) {
			return fmt.Errorf("the server that a crash left behind (process %d) does not end", pid)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}

// serves tells whether a process is a server at work in our data folder.
func (c *Cluster) serves(pid int) bool {
	proc := "/proc/" + strconv.Itoa(pid)
	name, err := os.ReadFile(proc + "/comm")
	if err != nil || strings.TrimSpace(string(name)) != "postgres" {
		return false
	}
	cwd, err := os.Readlink(proc + "/cwd")
	if err != nil {
		return false
	}
	dir, err := filepath.EvalSymlinks(c.dir)
	return err == nil && cwd == dir
}
