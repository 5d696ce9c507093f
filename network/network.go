package network

import (
	"context"
	"errors"
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

// Network is a described network with its data folder. Its methods are not safe
// for concurrent use, except the faults of faults.go.
type Network struct {
	d    *Description
	opts Options
	layout
	sup  *supervisor
	link *links
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
		return nil, fmt.Errorf("no network in %s and no description given", root)
	}
	n := &Network{d: d.Clone(), opts: opts, layout: l, sup: newSupervisor(l, opts.DieWithParent)}
	if opts.Isolated {
		if n.link, err = newLinks(n.d); err != nil {
			return nil, err
		}
	}
	return n, nil
}

// Description is a copy of the description in force.
func (n *Network) Description() *Description { return n.d.Clone() }

// Tools are the Fabric programs the network runs with.
func (n *Network) Tools() Tools { return n.opts.Tools }

// Founded tells whether the channel and the contracts have been set up, so that
// Up only has to start processes.
func (n *Network) Founded() bool {
	_, err := os.Stat(n.founded())
	return err == nil
}

// Up brings the network to the point where every peer endorses in every
// namespace: it founds a new one or starts an existing one on its data. It can
// be repeated after any interruption.
//
// On a host of several it starts the host's processes; founding is then a matter
// between hosts, see Join.
func (n *Network) Up(ctx context.Context) error {
	began := time.Now()
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
	n.opts.Log("processes run after %.1f s; waiting for endorsements", time.Since(began).Seconds())
	if err := n.Ready(ctx); err != nil {
		return err
	}
	n.opts.Log("ready after %.1f s", time.Since(began).Seconds())
	return nil
}

// launch writes the settings and starts what does not run.
func (n *Network) launch(ctx context.Context) error {
	if err := n.generate(ctx); err != nil {
		return err
	}
	if n.link != nil {
		if err := n.link.up(ctx); err != nil {
			return err
		}
	}
	if err := n.portsFree(); err != nil {
		return err
	}
	for _, p := range n.Processes() {
		if err := n.startProcess(p); err != nil {
			return err
		}
	}
	return nil
}

// generate writes all files that follow from the description. Keys and the
// genesis block are made once; settings are written anew each time.
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

// writeFiles writes everything but the genesis block and the description.
func (n *Network) writeFiles() error {
	for _, m := range n.own() {
		if err := n.issueMember(m); err != nil {
			return fmt.Errorf("issuing the certificates of %s: %w", m.ID, err)
		}
		if err := n.writeNodes(n.d, m, n.opts.Tools.samples()); err != nil {
			return fmt.Errorf("writing the settings of %s: %w", m.ID, err)
		}
		_, runs := n.sup.running(KindService + "." + m.ID)
		if err := n.installService(m, n.opts.Chaincode, !runs); err != nil {
			return err
		}
	}
	if err := n.writePackages(); err != nil {
		return err
	}
	return n.writeProfiles()
}

func (n *Network) writePackages() error {
	for _, ns := range n.d.Namespaces {
		pkg, err := chaincodePackage(ns)
		if err != nil {
			return err
		}
		if err := writeFile(n.packageFile(ns), pkg, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// makeGenesis makes the first block of the channel, once.
func (n *Network) makeGenesis(ctx context.Context) error {
	if _, err := os.Stat(n.genesis()); err == nil {
		return nil
	}
	part := n.genesis() + ".new"
	if err := n.genesisBlock(ctx, n.d, n.channel(), part); err != nil {
		return err
	}
	if err := os.Rename(part, n.genesis()); err != nil {
		return fmt.Errorf("keeping the genesis block: %w", err)
	}
	return nil
}

// genesisBlock makes a genesis block for a description.
func (n *Network) genesisBlock(ctx context.Context, d *Description, folder, out string) error {
	config, err := n.configtx(d)
	if err != nil {
		return err
	}
	if err := writeFile(filepath.Join(folder, "configtx.yaml"), config, 0o644); err != nil {
		return err
	}
	_, err = runTool(ctx, command{path: n.opts.Tools.Path("configtxgen"), args: []string{
		"-configPath", folder, "-profile", genesisProfile, "-channelID", d.Channel, "-outputBlock", out,
	}})
	if err != nil {
		return fmt.Errorf("making the genesis block: %w", err)
	}
	return nil
}

// own are the members whose processes and keys are on this machine.
func (n *Network) own() []Member {
	if len(n.opts.Members) == 0 {
		return n.d.Members
	}
	var own []Member
	for _, id := range n.opts.Members {
		if m, ok := n.d.Member(id); ok {
			own = append(own, m)
		}
	}
	return own
}

// ownPeers are own members with a peer.
func (n *Network) ownPeers() []Member {
	var own []Member
	for _, m := range n.own() {
		if m.Peer != nil {
			own = append(own, m)
		}
	}
	return own
}

// portsFree fails when something else listens where one of our stopped
// processes is going to: Fabric would end with a message in a log only.
func (n *Network) portsFree() error {
	var busy []error
	for _, p := range n.Processes() {
		if _, ok := n.sup.running(p.Name); ok {
			continue
		}
		for _, at := range p.Ports {
			if n.link == nil && !canListen(at) {
				busy = append(busy, fmt.Errorf("%s cannot listen on %s", p.Name, at))
			}
		}
	}
	return errors.Join(busy...)
}

// Down stops every process of this machine, contract services last, so that
// running endorsements can end.
func (n *Network) Down(ctx context.Context) error {
	var all []error
	for _, kind := range []string{KindPeer, KindOrderer, KindService} {
		var names []string
		for _, p := range n.Processes() {
			if p.Kind == kind {
				names = append(names, p.Name)
			}
		}
		all = append(all, inParallel(names, func(name string) error {
			return n.sup.stop(name, 10*time.Second)
		}))
	}
	if n.link != nil {
		all = append(all, n.link.down(ctx))
	}
	return errors.Join(all...)
}

// Clean stops the network and removes its data folder, ledger and keys included.
func (n *Network) Clean(ctx context.Context) error {
	if err := n.Down(ctx); err != nil {
		return err
	}
	if err := os.RemoveAll(n.root); err != nil {
		return fmt.Errorf("removing the data folder: %w", err)
	}
	return nil
}
