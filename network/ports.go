package network

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// How a new network comes by its ports, apart from a first port of its own.
const (
	// PortsAuto takes the description's ports, or the first free block when
	// something listens there.
	PortsAuto = "auto"
	// PortsApart takes a free block and leaves the description's ports to networks
	// that stay.
	PortsApart = "apart"
)

// Blocks of ports that are chosen from: below those that tests use, and below
// those that Linux gives to outgoing connections.
const (
	firstBlock = 10000
	lastBlock  = 19900
	blockSize  = 100
)

// choosePorts moves a new network to other ports as the options say. Nobody else
// chooses until release is called, which is when its processes listen. A network
// that has its first block keeps the ports that it was founded on.
func (n *Network) choosePorts(ctx context.Context) (release func(), err error) {
	release = func() {}
	switch wanted := n.opts.Ports; {
	case wanted == "":
		return release, nil
	case isThere(n.genesis()):
		return release, n.keepsPorts(wanted)
	case len(n.opts.Members) > 0 || n.link != nil:
		return release, errors.New("-ports is for a network on one machine: on several hosts, and on isolated ones, the description says the ports")
	case wanted != PortsAuto && wanted != PortsApart:
		return release, n.movePorts(wanted)
	}
	name := fmt.Sprintf("tongzheng-network-ports-%d.lock", os.Getuid())
	prepare := func() error { return nil }
	lock, err := waitLock(ctx, filepath.Join(os.TempDir(), name), "founding "+n.root, "this machine's free ports", prepare, n.opts.Log)
	if err != nil {
		return release, err
	}
	if n.opts.Ports == PortsAuto && n.d.canListen() {
		return lock.Unlock, nil
	}
	for base := firstBlock; base <= lastBlock; base += blockSize {
		if n.d.SetPorts(base); n.d.canListen() {
			n.opts.Log("on ports %d and up", base)
			return lock.Unlock, nil
		}
	}
	lock.Unlock()
	return release, fmt.Errorf("no free block of %d ports between %d and %d: name a first port with -ports", blockSize, firstBlock, lastBlock)
}

// movePorts takes a first port from the options.
func (n *Network) movePorts(wanted string) error {
	base, err := strconv.Atoi(wanted)
	if err != nil || base < 1024 || base > 65535-blockSize {
		return fmt.Errorf("-ports %s: a first port between 1024 and %d, or %s", wanted, 65535-blockSize, PortsAuto)
	}
	n.d.SetPorts(base)
	return n.d.Validate()
}

// keepsPorts says so when another first port was asked for than the network has.
func (n *Network) keepsPorts(wanted string) error {
	base, err := strconv.Atoi(wanted)
	if err != nil {
		return nil // any
	}
	for _, l := range n.d.listeners(n.d.Members[0]) {
		if l.port == base {
			return nil
		}
	}
	return fmt.Errorf("the network in %s keeps the ports that it was founded on: leave -ports away, or remove the network with clean", n.root)
}

// portsFree fails when something else listens where one of our stopped
// processes is going to: Fabric would end with a message in a log only. It names
// the first port of everybody who is in the way.
func (mc *machine) portsFree() error {
	if mc.link != nil {
		return nil
	}
	var busy []error
	told := map[string]bool{}
	for _, p := range mc.Processes() {
		if mc.Running(p.Name) {
			continue
		}
		for _, at := range p.Ports {
			if canListen(at) {
				continue
			}
			if who := whoListens(at); !told[who.key()] {
				told[who.key()] = true
				busy = append(busy, fmt.Errorf("%s cannot listen on %s: %s", p.Name, at, who.inTheWayOf(mc.site)))
			}
		}
	}
	return errors.Join(busy...)
}

// PlaceMember gives a member that joins free ports above those of the network,
// when the ports of its description are taken and the options say so.
func (n *Network) PlaceMember(m Member) (Member, error) {
	if _, in := n.d.Member(m.ID); in || n.opts.Ports == "" || m.Peer == nil {
		return m, nil
	}
	m = m.clone()
	d := &Description{Namespaces: append(append([]string{}, n.d.Namespaces...), m.ID), Members: []Member{m}}
	base, err := strconv.Atoi(n.opts.Ports)
	switch {
	case err == nil:
		d.SetPorts(base)
		return m, nil
	case d.canListen() && n.fits(m):
		return m, nil
	}
	for _, o := range n.d.Members {
		for _, l := range n.d.listeners(o) {
			base = max(base, l.port+1)
		}
	}
	for ; base <= 65535-blockSize; base += blockSize / 10 {
		if d.SetPorts(base); d.canListen() && n.fits(m) {
			return m, nil
		}
	}
	return m, fmt.Errorf("no free ports for %s: name a first port with -ports", m.ID)
}

// fits tells whether the description holds together with a member more.
func (n *Network) fits(m Member) bool {
	_, err := n.d.With(m)
	return err == nil
}

// canListen tells whether every port of the description is free.
func (d *Description) canListen() bool {
	for _, m := range d.Members {
		for _, l := range d.listeners(m) {
			if !canListen(listenAddress(l.host, l.port)) {
				return false
			}
		}
	}
	return true
}
