package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
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
// still be shutting down; server processes that have not yet noticed that the
// first of them is gone, and hold its shared memory; a postmaster.pid whose
// number now belongs to another program. We hold the cluster's lock, so that
// nobody else uses it.
func (c *Cluster) clearStale(ctx context.Context) error {
	path := filepath.Join(c.dir, "postmaster.pid")
	raw, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	left, err := c.survivors()
	if err != nil {
		return err
	}
	first, _, _ := strings.Cut(string(raw), "\n")
	if pid, err := strconv.Atoi(strings.TrimSpace(first)); err == nil && slices.Contains(left, pid) {
		if err := syscall.Kill(pid, syscall.SIGINT); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("stopping the server a crash left behind (process %d): %w", pid, err)
		}
	}
	for deadline := time.Now().Add(30 * time.Second); len(left) > 0; {
		if time.Now().After(deadline) {
			return fmt.Errorf("server processes that a crash left behind do not end: %v", left)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
		if left, err = c.survivors(); err != nil {
			return err
		}
	}
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}

// survivors lists the server processes at work in our data folder: those who
// have ended and only wait for their parent have no folder any more.
func (c *Cluster) survivors() ([]int, error) {
	dir, err := filepath.EvalSymlinks(c.dir)
	if err != nil {
		return nil, err
	}
	all, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	var list []int
	for _, e := range all {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		name, err := os.ReadFile("/proc/" + e.Name() + "/comm")
		if err != nil || strings.TrimSpace(string(name)) != "postgres" {
			continue
		}
		if cwd, err := os.Readlink("/proc/" + e.Name() + "/cwd"); err == nil && cwd == dir {
			list = append(list, pid)
		}
	}
	return list, nil
}
