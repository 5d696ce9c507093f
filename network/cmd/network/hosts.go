package main

import (
	"context"
	"fmt"
	"time"

	"tongzheng/network"
)

func issue(_ context.Context, n *network.Network, args []string) error {
	return n.Issue(args[0])
}

func genesis(ctx context.Context, n *network.Network, _ []string) error {
	return n.Genesis(ctx)
}

func writeSettings(ctx context.Context, n *network.Network, _ []string) error {
	return n.Settings(ctx)
}

func client(_ context.Context, n *network.Network, args []string) error {
	return n.Client(args[0], args[1])
}

func join(ctx context.Context, n *network.Network, args []string) error {
	return n.Join(ctx, args[0])
}

func approve(ctx context.Context, n *network.Network, args []string) error {
	return n.Redefine(ctx, args[0], args[1], args[2], false)
}

func commit(ctx context.Context, n *network.Network, args []string) error {
	switch len(args) {
	case 1:
		return n.CommitAll(ctx, args[0])
	case 3:
		return n.Redefine(ctx, args[0], args[1], args[2], true)
	}
	return errUsage
}

func endorses(ctx context.Context, n *network.Network, args []string) error {
	return n.Endorses(ctx, args[0], time.Minute)
}

// update runs one step of a configuration update.
func update(ctx context.Context, n *network.Network, args []string) error {
	switch {
	case len(args) == 1 && args[0] == "prepare":
		file, err := n.PrepareMemberships(ctx)
		if err == nil {
			fmt.Println(file)
		}
		return err
	case len(args) == 2 && args[0] == "prepare":
		m, err := network.LoadMember(args[1])
		if err != nil {
			return err
		}
		file, err := n.PrepareJoin(ctx, m)
		if err == nil {
			fmt.Println(file)
		}
		return err
	case len(args) == 2 && args[0] == "renew":
		file, err := n.PrepareRenewal(ctx, args[1])
		if err == nil {
			fmt.Println(file)
		}
		return err
	case len(args) == 3 && args[0] == "sign":
		return n.SignUpdate(ctx, args[1], args[2])
	case len(args) == 3 && args[0] == "submit":
		return n.SubmitUpdate(ctx, args[1], args[2])
	}
	return errUsage
}
