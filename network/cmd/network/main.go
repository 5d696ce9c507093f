// Command network runs the real ledger network of native processes: it founds
// it, starts, stops and looks at it, adds and removes members, and generates
// what a deployment on several hosts needs.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"tongzheng/network"
)

const usage = `usage: network [flags] COMMAND [arguments]

Running:
  up                      found the network, or start it on its data; returns
                          when every peer endorses in every namespace
  down                    stop every process
  restart [PROCESS...]    stop and start processes on their data (default: all)
  status                  processes, memory, leader
  logs [PROCESS...]       print the ends of logs
  clean                   stop and delete keys, ledger and logs
  tools                   build the Fabric tools if they are out of date

Changing (the network keeps running):
  add-member FILE         let a member in; FILE describes one member like the
                          entries of the description
  remove-member ID        let a member without orderer go
  renew-peer ID           new key and certificate for a member's peer
  revoke ID FILE          revoke a certificate of a member (after renew-peer)
  upgrade FILE            replace the contract service of every member (or of
                          those in -members), one after the other

Several hosts (RUNBOOK.md, which "units" writes, has the order):
  units FOLDER            systemd units of every host, and the runbook
  issue ID                keys and certificates of one member
  genesis                 genesis block, from all members' public folders
  settings                settings, packages and profiles of -members
  join ID                 orderer and peer join; packages installed, approved
  commit ID [NS SEQ]      put all new namespaces, or one definition, in force
  approve ID NS SEQ       consent to a namespace's next definition
  endorses ID             exit 0 when the member can have work endorsed
  update prepare [FILE]   write the configuration update that lets a member in,
                          or that takes up revocation lists
  update sign FILE ID     add a member's signature
  update submit FILE ID   send it, signed, as that member

Flags:
`

// settings are the command's flags.
type settings struct {
	description, data, chaincode, members string
	isolated                              bool
	target                                network.Deployment
}

func main() {
	var s settings
	flags := flag.NewFlagSet("network", flag.ExitOnError)
	flags.StringVar(&s.description, "description", "network/ganzhou.yaml", "description of a new network")
	flags.StringVar(&s.data, "data", ".data/network", "data folder")
	flags.StringVar(&s.chaincode, "chaincode", "", "contract service program; \"test\": the tests' contract; needed for a new network, and to give stopped services another program")
	flags.StringVar(&s.members, "members", "", "only these members' processes, comma-separated: on a host of several")
	flags.BoolVar(&s.isolated, "isolated", false, "run each host of the description in a Linux network namespace (root)")
	flags.StringVar(&s.target.Root, "install-root", "/opt/tongzheng/network", "units: data folder on the hosts")
	flags.StringVar(&s.target.Tools, "install-tools", "/opt/tongzheng/bin", "units: programs on the hosts")
	flags.StringVar(&s.target.User, "install-user", "tongzheng", "units: user of the processes")
	flags.Usage = func() {
		fmt.Fprint(os.Stderr, usage)
		flags.PrintDefaults()
	}
	_ = flags.Parse(os.Args[1:])
	if flags.NArg() == 0 {
		flags.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, s, flags.Arg(0), flags.Args()[1:])
	if errors.Is(err, errUsage) {
		flags.Usage()
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "network:", err)
		os.Exit(1)
	}
}

var errUsage = errors.New("usage")

func run(ctx context.Context, s settings, name string, args []string) error {
	known := map[string]func(context.Context, *network.Network, []string) error{
		"up": up, "down": down, "restart": restart, "status": status, "logs": logs, "clean": clean,
		"add-member": addMember, "remove-member": removeMember, "upgrade": upgrade,
		"renew-peer": renewPeer, "revoke": revoke,
		"issue": issue, "genesis": genesis, "settings": writeSettings, "join": join, "commit": commit,
		"approve": approve, "endorses": endorses, "update": update,
		"units": func(_ context.Context, n *network.Network, args []string) error {
			if len(args) != 1 {
				return errUsage
			}
			return n.Units(args[0], s.target)
		},
	}
	log := func(format string, a ...any) { fmt.Fprintf(os.Stderr, format+"\n", a...) }
	do, ok := known[name]
	if !ok && name != "tools" {
		return errUsage
	}
	tools, err := network.EnsureTools(ctx, log)
	if err != nil || name == "tools" {
		return err
	}
	n, err := open(s, tools, log)
	if err != nil {
		return err
	}
	return do(ctx, n, args)
}

func open(s settings, tools network.Tools, log func(string, ...any)) (*network.Network, error) {
	var d *network.Description
	if _, err := os.Stat(s.description); err == nil {
		if d, err = network.Load(s.description); err != nil {
			return nil, err
		}
	}
	if s.chaincode == "test" {
		s.chaincode = tools.Path("testcc")
	}
	o := network.Options{
		Root: s.data, Tools: tools, Chaincode: s.chaincode, Isolated: s.isolated, Log: log,
	}
	if s.members != "" {
		o.Members = strings.Split(s.members, ",")
	}
	return network.Open(d, o)
}
