package network

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
)

// The steps of a deployment on several hosts. Each member runs them on its own
// host with its own keys; what moves between hosts is public. RUNBOOK.md, which
// Units writes, has the order.

// errNoGenesis guards against a host inventing a ledger of its own.
var errNoGenesis = errors.New("no genesis block: take channel/genesis.block from the lead member and compare its SHA-256 with the others")

// Issue makes the keys and certificates of one member. Its public folder then
// goes to the other members.
func (s *site) Issue(id string) error {
	m, ok := s.d.Member(id)
	if !ok {
		return fmt.Errorf("no member %q", id)
	}
	return s.issueMember(m)
}

// Genesis makes the genesis block, once, from the public folders of all
// members.
func (c channel) Genesis(ctx context.Context) error {
	for _, m := range c.d.Members {
		if _, err := os.Stat(c.identityRoots(m.ID)); err != nil {
			return fmt.Errorf("the public folder of %s is missing: %w", m.ID, err)
		}
	}
	return c.makeGenesis(ctx)
}

// Settings writes everything this host's processes and clients read, for
// processes that another supervisor starts. Those that run read it when they are
// started again.
func (n *Network) Settings(ctx context.Context) error {
	if err := n.generate(ctx); err != nil {
		return err
	}
	for _, p := range n.Processes() {
		if err := n.prepareStart(p); err != nil {
			return err
		}
	}
	return nil
}

// Join has a member's orderer and peer take part in the channel, installs the
// packages, and approves every open namespace: the definition in force, or the
// coming one that counts this member in.
func (n *Network) Join(ctx context.Context, id string) error {
	m, ok := n.d.Member(id)
	if !ok {
		return fmt.Errorf("no member %q", id)
	}
	if err := n.JoinOrderer(ctx, id); err != nil {
		return err
	}
	if m.Peer == nil {
		return nil
	}
	if err := n.JoinPeer(ctx, id); err != nil {
		return err
	}
	if err := n.Install(ctx, id); err != nil {
		return err
	}
	return inParallel(n.d.OpenNamespaces(), func(ns string) error {
		at, err := n.committedSequence(ctx, m, ns)
		if err != nil {
			return err
		}
		err = n.approve(ctx, m, ns, max(at, 1))
		if differs(err) {
			// The others are going to let this member count: the next definition.
			return n.approve(ctx, m, ns, at+1)
		}
		return err
	})
}

// CommitAll puts every namespace that is not yet in force in force, as a member
// whose fellow members have approved.
func (cc contracts) CommitAll(ctx context.Context, id string) error {
	m, ok := cc.d.Member(id)
	if !ok || m.Peer == nil {
		return fmt.Errorf("%q is not a member with a peer", id)
	}
	err := inParallel(cc.d.OpenNamespaces(), func(ns string) error {
		at, err := cc.committedSequence(ctx, m, ns)
		if err != nil || at > 0 {
			return err
		}
		return cc.Commit(ctx, id, ns, 1)
	})
	if err != nil {
		return err
	}
	return cc.markFounded()
}

// Redefine approves (commit false) or commits a namespace's definition under a
// sequence number that the members agreed on.
func (cc contracts) Redefine(ctx context.Context, id, ns, sequence string, commit bool) error {
	m, ok := cc.d.Member(id)
	if !ok || m.Peer == nil {
		return fmt.Errorf("%q is not a member with a peer", id)
	}
	number, err := strconv.Atoi(sequence)
	if err != nil {
		return fmt.Errorf("sequence %q: %w", sequence, err)
	}
	if commit {
		return cc.Commit(ctx, id, ns, number)
	}
	return cc.approve(ctx, m, ns, number)
}

// PrepareJoin takes a member into the description and writes the unsigned
// configuration update that lets it in, channel/join-<id>.pb. The member's
// public folder must be here.
func (c channel) PrepareJoin(ctx context.Context, m Member) (string, error) {
	d, err := c.d.With(m)
	if err != nil {
		return "", err
	}
	out := c.at("channel", "join-"+m.ID+".pb")
	if err := c.PrepareUpdate(ctx, d, out); err != nil {
		return "", err
	}
	return out, d.Save(c.description())
}
