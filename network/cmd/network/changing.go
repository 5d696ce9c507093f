package main

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"

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

func renewPeer(ctx context.Context, n *network.Network, args []string) error {
	if len(args) != 1 {
		return errUsage
	}
	old, err := n.RenewPeer(ctx, args[0])
	if err == nil {
		fmt.Println("the old certificate:", old)
	}
	return err
}

func revoke(ctx context.Context, n *network.Network, args []string) error {
	if len(args) != 2 {
		return errUsage
	}
	raw, err := os.ReadFile(args[1])
	if err != nil {
		return err
	}
	block, _ := pem.Decode(raw)
	if block == nil {
		return fmt.Errorf("%s holds no PEM certificate", args[1])
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return fmt.Errorf("%s: %w", args[1], err)
	}
	return n.Revoke(ctx, args[0], certificate)
}
