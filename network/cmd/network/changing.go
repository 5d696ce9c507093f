package main

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"

	"tongzheng/network"
)

func addMember(ctx context.Context, n *network.Network, args []string) error {
	m, err := network.LoadMember(args[0])
	if err != nil {
		return err
	}
	if m, err = n.PlaceMember(m); err != nil {
		return err
	}
	return n.AddMember(ctx, m)
}

func removeMember(ctx context.Context, n *network.Network, args []string) error {
	return n.RemoveMember(ctx, args[0])
}

func upgrade(ctx context.Context, n *network.Network, args []string) error {
	return n.Upgrade(ctx, args[0])
}

func renewPeer(ctx context.Context, n *network.Network, args []string) error {
	old, err := n.RenewPeer(ctx, args[0])
	if err == nil {
		fmt.Println("the old certificate:", old)
	}
	return err
}

func revoke(ctx context.Context, n *network.Network, args []string) error {
	if !n.Partial() && !n.Runs() {
		return errors.New("the network does not run: start it with up")
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
