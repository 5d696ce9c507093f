// Command network runs the real ledger network of native processes: it founds
// it, starts, stops and looks at it, adds and removes members, and generates
// what a deployment on several hosts needs.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), endings()...)
	defer stop()
	err := execute(ctx, os.Args[1:])
	var status exitStatus
	switch {
	case err == nil:
	case errors.As(err, &status):
		os.Exit(status.code)
	case errors.Is(err, errUsage):
		fmt.Fprintln(os.Stderr, "network:", err)
		os.Exit(2)
	case ctx.Err() != nil:
		doing, _, _ := strings.Cut(err.Error(), "\n") // Several members say the same.
		fmt.Fprintln(os.Stderr, "network: interrupted; the same command goes on where this one stopped:", doing)
		os.Exit(130)
	default:
		fmt.Fprintln(os.Stderr, "network:", err)
		os.Exit(1)
	}
}

// endings are the signals that end a command. A hang-up that whoever started us
// had ignored (nohup) stays ignored.
func endings() []os.Signal {
	all := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		all = append(all, syscall.SIGHUP)
	}
	return all
}

var errUsage = errors.New("wrong arguments")

// exitStatus is the status of a command that was run, to be kept.
type exitStatus struct{ code int }

func (s exitStatus) Error() string { return fmt.Sprintf("exit status %d", s.code) }
