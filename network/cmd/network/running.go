package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"tongzheng/network"
)

func up(ctx context.Context, n *network.Network, _ []string) error {
	if err := n.Keep(); err != nil {
		return err
	}
	if err := n.Up(ctx); err != nil {
		return err
	}
	for _, m := range n.Description().PeerMembers() {
		fmt.Println(m.ID, n.ProfilePath(m.ID))
	}
	return nil
}

func down(ctx context.Context, n *network.Network, _ []string) error {
	used, err := n.InUse()
	if err != nil {
		return err
	}
	if used {
		say("a run still uses this network")
		err = n.LetGo()
	}
	return errors.Join(err, n.Down(ctx))
}

func restart(ctx context.Context, n *network.Network, names []string) error {
	if len(names) == 0 {
		if err := n.Down(ctx); err != nil {
			return err
		}
		return n.Up(ctx)
	}
	for _, name := range names {
		if err := errors.Join(n.Stop(name), n.Start(name)); err != nil {
			return err
		}
	}
	return n.Ready(ctx)
}

func status(ctx context.Context, n *network.Network, _ []string) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "PROCESS\tSTATE\tSINCE\tPID\tMEMORY\tADDRESSES")
	stopped := 0
	for _, s := range n.Status() {
		if s.PID == 0 {
			stopped++
			fmt.Fprintf(w, "%s\tstopped\t-\t-\t-\t%s\n", s.Name, strings.Join(s.Ports, " "))
			continue
		}
		state, since := "running", "-"
		if !s.Answers {
			state = "starting"
		}
		if !s.Since.IsZero() {
			since = s.Since.Local().Format(time.DateTime)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d MiB\t%s\n", s.Name, state, since, s.PID, s.Memory>>20, strings.Join(s.Ports, " "))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if leader, err := n.Leader(ctx); err == nil {
		fmt.Println("leader:", leader)
	}
	if stopped > 0 {
		return fmt.Errorf("%d processes do not run; up starts them", stopped)
	}
	return nil
}

// logs prints the end of each log: the whole may be long.
func logs(_ context.Context, n *network.Network, names []string) error {
	const tail = 8 << 10
	wanted := map[string]bool{}
	for _, name := range names {
		wanted[name] = true
	}
	for _, s := range n.Status() {
		if len(names) > 0 && !wanted[s.Name] {
			continue
		}
		fmt.Println("==>", s.Log)
		raw, err := os.ReadFile(s.Log)
		if err != nil {
			fmt.Println("(none)")
			continue
		}
		os.Stdout.Write(raw[max(0, len(raw)-tail):])
	}
	return nil
}

func clean(ctx context.Context, n *network.Network, _ []string) error {
	used, err := n.InUse()
	if err != nil {
		return err
	}
	if used {
		return errors.New("a run still uses this network: end it first, then its ledger can be removed")
	}
	return n.Clean(ctx)
}
