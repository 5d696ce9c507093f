package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"syscall"

	"tongzheng/network"
)

// ledgerEnv tells a command where the profiles are.
const ledgerEnv = "TONGZHENG_LEDGER"

// run has a command use the network.
func run(ctx context.Context, s settings, argv []string) error {
	if s.members != "" || s.isolated {
		return fmt.Errorf("%w: run is for a network on one machine, without -members and -isolated", errUsage)
	}
	if s.throwaway && s.ports == network.PortsAuto {
		s.ports = network.PortsApart
	}
	if _, err := exec.LookPath(argv[0]); err != nil {
		return fmt.Errorf("the command cannot be run: %w", err)
	}
	tools, err := network.EnsureTools(ctx, say)
	if err != nil {
		return err
	}
	r := network.Run{
		Root: s.data, Throwaway: s.throwaway, Doing: "run " + strings.Join(argv, " "), Log: say,
		Open: func(root string) (*network.Network, error) { return s.open(root, tools) },
	}
	err = r.Do(ctx, func(profiles string) error { return obey(ctx, argv, profiles) })
	// The command's status is kept, whatever was wrong at the end.
	if status := (exitStatus{}); errors.As(err, &status) && err != error(status) {
		say("network: %v", err)
	}
	return err
}

// obey runs the command, passes signals on, and returns its status. The command
// has a process group of its own: what a terminal sends to ours does not reach it
// a second time.
func obey(ctx context.Context, argv []string, profiles string) error {
	// They stay caught when the command has ended: the network is stopped then.
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, append(endings(), syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2)...)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), ledgerEnv+"="+profiles)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if info, err := os.Stdin.Stat(); err == nil && info.Mode()&os.ModeCharDevice == 0 {
		cmd.Stdin = os.Stdin
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	runtime.LockOSThread() // The kernel takes the thread that starts it for the parent.
	defer runtime.UnlockOSThread()
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting the command: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case s := <-signals:
			if number, ok := s.(syscall.Signal); ok {
				_ = syscall.Kill(-cmd.Process.Pid, number) // It may have ended just now.
			}
		case err := <-ended:
			return statusOf(err)
		}
	}
}

// statusOf is a command's end as a shell would tell it; nil when it went well.
func statusOf(err error) error {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return err
	}
	if by, ok := exit.Sys().(syscall.WaitStatus); ok && by.Signaled() {
		return exitStatus{128 + int(by.Signal())}
	}
	return exitStatus{exit.ExitCode()}
}
