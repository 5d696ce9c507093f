package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// signerChild is a signer process on the instance's own data folder: the same
// files as a signer in this process has, in another address space. It is
// started again when it dies, and ends with this process.
type signerChild struct {
	Address string // unix:///path
	program string
	args    []string
	said    io.Writer
	stop    context.CancelFunc
	ended   sync.WaitGroup
}

// signerProgram is where make puts it: beside this program.
func signerProgram() (string, error) {
	program, err := os.Executable()
	if err != nil {
		return "", err
	}
	path := filepath.Join(filepath.Dir(program), "tongzheng-signer")
	if _, err := os.Stat(path); err != nil {
		return "", usage("--signer-process: %s is not there: make build", path)
	}
	return path, nil
}

// socketMost is how long a socket's path may be (unix(7): 108 with its end).
const socketMost = 100

func startSignerChild(w *world, program string, c *serveCommand) (*signerChild, error) {
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return nil, err
	}
	socket := filepath.Join(c.Data, "signer.sock")
	if len(socket) > socketMost {
		return nil, usage("%s is too long for a socket: name a shorter data folder", socket)
	}
	child := &signerChild{Address: "unix://" + socket, program: program, said: w.stderr}
	child.args = []string{"serve", "--data", c.Data, "--listen", child.Address, "--sign-listen", c.SignListen}
	if c.SignURL != "" {
		child.args = append(child.args, "--sign-url", c.SignURL)
	}
	if _, seeded := os.Stat(filepath.Join(c.Data, "demo.json")); c.DemoCity || seeded == nil {
		child.args = append(child.args, "--open-orders")
	}
	if c.Tags != 0 {
		child.args = append(child.args, "--tags-per-hour", strconv.Itoa(c.Tags))
	}
	for _, keeper := range c.Keepers {
		child.args = append(child.args, "--keeper", keeper)
	}
	if c.Ledger != "" && c.Ledger != "embedded" {
		child.args = append(child.args, "--ledger", c.Ledger)
	}
	var ctx context.Context
	ctx, child.stop = context.WithCancel(context.Background())
	child.ended.Add(1)
	go child.keep(ctx)
	return child, nil
}

// keep runs the process again and again. The kernel ends a child with the
// thread that started it, so this one is kept.
func (s *signerChild) keep(ctx context.Context) {
	defer s.ended.Done()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for ctx.Err() == nil {
		cmd := exec.CommandContext(ctx, s.program, s.args...)
		cmd.Stderr = s.said
		// A Ctrl-C is for this process, which ends the child when it is done.
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
		cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
		cmd.WaitDelay = 15 * time.Second
		err := cmd.Run()
		if ctx.Err() != nil {
			return
		}
		fmt.Fprintln(s.said, "tongzheng: 签名进程结束，重新启动 the signer process ended and is started again:", err)
		select {
		case <-ctx.Done():
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// Close ends the process.
func (s *signerChild) Close() error {
	s.stop()
	s.ended.Wait()
	return nil
}
