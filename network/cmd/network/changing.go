package main

import (
	"context"

	"tongzheng/network"
)

func addMember(ctx context.Context, n *network.Network, args []string) error {
	if len(args) != 1 {
		return errUsage
	}
	m, err := network.LoadMember(args[0])
	if err != nil {
		return err
	}
	return n.AddMember(ctx, m)
}

func removeMember(ctx context.Context, n *network.Network, args []string) error {
	if len(args) != 1 {
		return errUsage
	}
	return n.RemoveMember(ctx, args[0])
}

func upgrade(ctx context.Context, n *network.Network, args []string) error {
	if len(args) != 1 {
		return errUsage
	}
	return n.Upgrade(ctx, args[0])
}
