package network

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"
	"time"
)

// fetchWithin limits the wait for the orderers' view of the channel.
const fetchWithin = time.Minute

// AddMember lets a member with a peer and a contract service, but no orderer,
// into the running network; existing members go on meanwhile, apart from the
// restart of each contract service, one at a time. It can be repeated after an
// interruption. All administrators' keys must be on this machine; across hosts
// the runbook has the same steps one by one.
func (n *Network) AddMember(ctx context.Context, m Member) error {
	if m.Orderer != nil || m.Peer == nil {
		return fmt.Errorf("a member joins a running network with a peer and without an orderer")
	}
	d, err := n.d.With(m)
	if err != nil {
		return err
	}
	// 1. Keys of the new member, settings and services for the new namespace.
	before := n.d
	if err := n.adopt(ctx, d); err != nil {
		n.d = before
		return err
	}
	// 2. The channel learns of the organization.
	n.opts.Log("letting %s into the channel", m.ID)
	if err := n.changeMembers(ctx, d); err != nil {
		n.d = before
		return err
	}
	if err := d.Save(n.description()); err != nil {
		return err
	}
	// 3. Contract services take up the new namespace, one member at a time.
	others := slices.DeleteFunc(before.OpenNamespaces(), func(ns string) bool { return ns == m.ID })
	for _, old := range seatsOf(before.PeerMembers()) {
		current, err := n.knowsServices(old)
		if err != nil {
			return err
		}
		if old.ID == m.ID || current {
			continue // An earlier, interrupted run got this far.
		}
		if err := n.bounceService(ctx, old, others); err != nil {
			return err
		}
	}
	// 4. The new member's processes start and catch up with the ledger.
	n.opts.Log("starting the processes of %s", m.ID)
	if err := n.startMember(ctx, m); err != nil {
		return err
	}
	// 5. Packages; then definitions: the new namespace, the namespaces that any
	//    other member may endorse in, and the new member's consent to the rest.
	err = inParallel(d.PeerMembers(), func(p Member) error { return n.Install(ctx, p.ID) })
	if err != nil {
		return err
	}
	if err := n.redefine(ctx, d, m.ID); err != nil {
		return err
	}
	return n.Ready(ctx)
}

// redefine commits what a new member changes and has it approve the rest.
func (n *Network) redefine(ctx context.Context, d *Description, joined string) error {
	changed := []string{Governance, d.Lead, joined}
	err := inParallel(changed, func(ns string) error {
		// An earlier run may have got this far.
		if current, err := n.inForce(ctx, ns); current || err != nil {
			return err
		}
		return n.approveAndCommit(ctx, []string{ns})
	})
	if err != nil {
		return err
	}
	m, _ := d.Member(joined)
	return inParallel(d.OpenNamespaces(), func(ns string) error {
		if slices.Contains(changed, ns) {
			return nil
		}
		// Without its own approval a peer does not run a contract, and could
		// not read the namespace.
		at, err := n.committedSequence(ctx, m, ns)
		if err != nil {
			return err
		}
		return n.approve(ctx, m, ns, at)
	})
}

// adopt makes d the description and writes the files that follow from it.
func (n *Network) adopt(ctx context.Context, d *Description) error {
	n.d = d
	if err := n.relink(ctx); err != nil {
		return err
	}
	if err := n.portsFree(); err != nil {
		return err
	}
	if err := n.writeFiles(); err != nil {
		return err
	}
	// What running peers are going to build. They have the rest.
	for _, m := range seatsOf(n.ownPeers()) {
		if err := n.writeConnections(m, false); err != nil {
			return err
		}
	}
	return nil
}

// knowsServices tells whether a member's contract service runs, and was started
// with every namespace of the description: its file is written when it starts.
func (n *Network) knowsServices(m Member) (bool, error) {
	want, err := n.services(m)
	if err != nil {
		return false, err
	}
	have, err := os.ReadFile(n.service(m, "services.json"))
	return err == nil && bytes.Equal(have, want) && n.Running(m.process(KindService)), nil
}

func (n *Network) startMember(ctx context.Context, m Member) error {
	for _, p := range n.memberProcesses(m) {
		if err := n.startProcess(p); err != nil {
			return err
		}
	}
	return n.JoinPeer(ctx, m.ID)
}

// bounceService restarts a member's contract service and waits until the
// member endorses again, so that never more than one service is away.
func (n *Network) bounceService(ctx context.Context, m Member, namespaces []string) error {
	name := m.process(KindService)
	if err := n.Stop(name); err != nil {
		return err
	}
	if err := n.Start(name); err != nil {
		return err
	}
	return n.probe(ctx, m, namespaces, readyWithin)
}

// Upgrade replaces the contract service of each named member (all, when none is
// named) by another program, one member after the other; each must endorse
// again before the next is touched. Old and new must give equal results, which
// the contract arranges by rule versions that a ledger key activates.
func (n *Network) Upgrade(ctx context.Context, program string, members ...string) error {
	for _, m := range seatsOf(n.ownPeers()) {
		if len(members) > 0 && !slices.Contains(members, m.ID) {
			continue
		}
		if err := n.installService(m, program, true); err != nil {
			return err
		}
		if err := n.bounceService(ctx, m, n.d.OpenNamespaces()); err != nil {
			return fmt.Errorf("upgrading %s: %w", m.ID, err)
		}
		n.opts.Log("%s runs the new contract service", m.ID)
	}
	if len(members) == 0 {
		n.opts.Chaincode = program
	}
	return nil
}

// RemoveMember takes a member without orderer out of the running network. Its
// right to read and write ends with the first step, and it is not asked. Its
// namespace stays readable; acts on its licenses go through oversight. Its data
// folder is left where it is.
func (n *Network) RemoveMember(ctx context.Context, id string) error {
	d, err := n.d.Without(id, time.Now().UTC().Truncate(time.Second))
	if err != nil {
		return err
	}
	// 1. The channel forgets the organization; orderers and peers now refuse it.
	if err := n.changeMembers(ctx, d); err != nil {
		return err
	}
	// 2. Its processes stop.
	gone, _ := n.d.Member(id)
	for _, p := range n.memberProcesses(gone) {
		if err := n.Stop(p.Name); err != nil {
			return err
		}
	}
	n.d = d
	if err := d.Save(n.description()); err != nil {
		return err
	}
	// 3. The rules that named it are written anew.
	if err := n.approveAndCommit(ctx, []string{Governance, d.Lead}); err != nil {
		return err
	}
	if err := n.writeProfiles(); err != nil {
		return err
	}
	return n.Ready(ctx)
}

// With is the description with a member more; a member that is in already with
// the same settings gives an equal description.
func (d *Description) With(m Member) (*Description, error) {
	next := d.Clone()
	next.Former = slices.DeleteFunc(next.Former, func(f Former) bool { return f.ID == m.ID })
	if _, in := next.Member(m.ID); !in {
		next.Members = append(next.Members, m.clone())
	}
	if m.Peer != nil && !slices.Contains(next.Namespaces, m.ID) {
		next.Namespaces = append(next.Namespaces, m.ID)
	}
	if err := next.Validate(); err != nil {
		return nil, fmt.Errorf("with %s: %w", m.ID, err)
	}
	return next, nil
}

// Without is the description with a member less; its namespace stays, and so
// does what it endorsed before it left.
func (d *Description) Without(id string, left time.Time) (*Description, error) {
	m, in := d.Member(id)
	if !in {
		return nil, fmt.Errorf("no member %q", id)
	}
	if m.Orderer != nil {
		return nil, fmt.Errorf("%s orders blocks: the set of orderers is not changed by this step", id)
	}
	next := d.Clone()
	next.Members = slices.DeleteFunc(next.Members, func(o Member) bool { return o.ID == id })
	next.Former = append(next.Former, Former{ID: m.ID, MSP: m.MSP, Left: left})
	if err := next.Validate(); err != nil {
		return nil, fmt.Errorf("without %s: %w", id, err)
	}
	return next, nil
}
