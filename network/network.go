package network

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Options say how a network is run on this machine.
type Options struct {
	// Root is the data folder: keys, settings, ledger, logs.
	Root string
	// Tools are the Fabric programs; see EnsureTools.
	Tools Tools
	// Chaincode is the contract service program. Each member's folder keeps its
	// own copy, so that members can run different versions; Up replaces the copies
	// of services that do not run. Empty: existing copies stay.
	Chaincode string
	// ChaincodeArgs and ChaincodeEnv are added for every member.
	ChaincodeArgs []string
	ChaincodeEnv  []string
	// Ports moves a new network to other ports than its description's: a first
	// port, PortsAuto or PortsApart. Empty: the description's.
	Ports string
	// Members limits processes and steps to these members' own, as on a host of
	// a multi-host deployment. Empty: all members.
	Members []string
	// DieWithParent has the kernel kill every process when ours ends.
	DieWithParent bool
	// Isolated runs each host of the description in a Linux network namespace
	// of its own, which CutOff can disconnect. Hosts must be addresses in one
	// /24 network; needs root.
	Isolated bool
	// Log hears what is going on; nil is silent.
	Log func(format string, args ...any)
}

// Network is a described network with its data folder. It offers what its parts
// offer; its own methods are the steps that need several of them. The methods are
// not safe for concurrent use, except those of faults.go and orderers.go.
type Network struct {
	// site is shared by all parts: who changes the description changes it for all.
	*site
	*machine
	channel
	contracts
	orderers
}

// Open prepares to work with a network. An existing data folder brings its own
// description, because members may have joined or left since; otherwise d is
// taken. Nothing is written or started.
func Open(d *Description, opts Options) (*Network, error) {
	root, err := filepath.Abs(opts.Root)
	if err != nil || opts.Root == "" {
		return nil, fmt.Errorf("data folder %q: %w", opts.Root, err)
	}
	opts.Root = root
	if opts.Log == nil {
		opts.Log = func(string, ...any) {}
	}
	l := layout{root}
	if _, err := os.Stat(l.description()); err == nil {
		if d, err = Load(l.description()); err != nil {
			return nil, err
		}
	} else if d == nil {
		return nil, fmt.Errorf("%s: %w", root, ErrNoNetwork)
	}
	s := &site{d: d.Clone(), opts: opts, layout: l}
	mc := &machine{site: s, sup: newSupervisor(l, opts.DieWithParent)}
	if opts.Isolated {
		if mc.link, err = newLinks(s.d); err != nil {
			return nil, err
		}
	}
	return &Network{site: s, machine: mc, channel: channel{s}, contracts: contracts{s}, orderers: orderers{mc}}, nil
}

// Up brings the network to the point where every peer endorses in every
// namespace: it founds a new one or starts an existing one on its data. It can
// be repeated after any interruption.
//
// On a host of several it starts the host's processes; founding is then a matter
// between hosts, see Join.
func (n *Network) Up(ctx context.Context) error {
	began := time.Now()
	release, err := n.choosePorts(ctx)
	if err != nil {
		return err
	}
	defer release()
	if err := n.launch(ctx); err != nil {
		return err
	}
	if !n.Founded() && len(n.opts.Members) > 0 {
		n.opts.Log("started; the ledger is not founded yet: join, then commit")
		return nil
	}
	if !n.Founded() {
		if err := n.found(ctx); err != nil {
			return err
		}
	}
	if err := n.seatSpares(ctx); err != nil {
		return err
	}
	release()
	n.opts.Log("processes run after %.1f s; waiting for endorsements", time.Since(began).Seconds())
	if err := n.Ready(ctx); err != nil {
		return err
	}
	n.opts.Log("ready after %.1f s", time.Since(began).Seconds())
	return nil
}

// launch writes what is missing and starts what does not run. What runs is left
// alone, and so are the files that it was started with.
func (n *Network) launch(ctx context.Context) error {
	if err := n.portsFree(); err != nil {
		return err
	}
	if err := n.generate(ctx); err != nil {
		return err
	}
	return n.startAll(ctx)
}

// generate writes the files that follow from the description, apart from the
// settings of processes: those are written when a process starts. Keys and the
// genesis block are made once.
func (n *Network) generate(ctx context.Context) error {
	if _, err := os.Stat(n.genesis()); err != nil && len(n.opts.Members) > 0 {
		return errNoGenesis
	}
	if err := n.writeFiles(); err != nil {
		return err
	}
	if err := n.makeGenesis(ctx); err != nil {
		return err
	}
	return n.d.Save(n.description())
}

// writeFiles writes what members are issued, contract services that do not run,
// packages and profiles. A member without a program gets the lead's.
func (n *Network) writeFiles() error {
	for _, m := range n.own() {
		if err := n.issueMember(m); err != nil {
			return fmt.Errorf("issuing the certificates of %s: %w", m.ID, err)
		}
		for _, seat := range m.seats() {
			if err := n.installService(seat, n.programFor(seat), !n.Running(seat.process(KindService))); err != nil {
				return err
			}
		}
	}
	if err := n.writePackages(); err != nil {
		return err
	}
	return n.writeProfiles()
}

// programFor is the contract service program that a member's service is to have, if
// it is to have another than it has.
func (n *Network) programFor(m Member) string {
	lead := n.member(n.d.Lead, KindService, "chaincode")
	if n.opts.Chaincode == "" && !isThere(n.service(m, "chaincode")) && isThere(lead) {
		return lead
	}
	return n.opts.Chaincode
}

// Clean stops the network and removes its data folder, ledger and keys included.
func (n *Network) Clean(ctx context.Context) error {
	if err := n.Down(ctx); err != nil {
		return err
	}
	return n.remove()
}
