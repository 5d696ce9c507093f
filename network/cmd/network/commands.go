package main

import (
	"context"

	"tongzheng/network"
)

// command is one of ours: what its help says, and what it needs before it is done.
type command struct {
	name, args, brief string
	// help is the rest of what there is to say.
	help string
	// least and most count the arguments; most -1: any number.
	least, most int
	// flags are those that make a difference to it, besides -data.
	flags []string
	do    func(ctx context.Context, n *network.Network, args []string) error
	needs
}

// needs are what a command takes for granted.
type needs struct {
	// founds: the folder may be empty, and is made.
	founds bool
	// locks: nobody else may change the folder meanwhile.
	locks bool
	// tools: Fabric's programs.
	tools bool
	// running: the network runs, at least in part.
	running bool
}

// section is a part of the list of commands.
type section struct {
	title    string
	commands []command
}

// sections are all commands, in the order of the help.
var sections = []section{
	{"Running", []command{
		{"up", "", "found the network, or start what does not run of it", `Returns when every peer endorses in every namespace. Beside a running network it
starts what is missing and leaves the rest alone. Services that do not run get
the program of -chaincode. The network then stays up until "down", whatever runs
end beside it.`,
			0, 0, []string{"description", "chaincode", "ports", "members", "isolated"}, up, needs{founds: true, locks: true, tools: true}},
		{"run", "-- COMMAND [ARGUMENT...]", "have a command use the network", `Brings the network up and runs COMMAND with the folder of the profiles in
TONGZHENG_LEDGER. Signals are passed on, once; the exit status is COMMAND's. At
its end the network is stopped, unless another run uses it or "up" was called for
it. COMMAND has a process group of its own and reads no terminal.`,
			1, -1, []string{"throwaway", "description", "chaincode", "ports"}, nil, needs{}},
		{"down", "", "stop every process", "Keys, ledger and logs stay.", 0, 0, []string{"members", "isolated"}, down, needs{locks: true}},
		{"restart", "[PROCESS...]", "stop and start processes on their data (default: all)", "Processes are named as by status.",
			0, -1, []string{"chaincode", "members", "isolated"}, restart, needs{locks: true, tools: true}},
		{"status", "", "processes, since when and where they listen, memory, leader", "Ends with 1 when a process does not run.",
			0, 0, []string{"members", "isolated"}, status, needs{}},
		{name: "certificates", brief: "every certificate of this machine's members and when it ends", help: `The one that ends first stands first. Ends with 1 when one ends within the days, or
before the time, of -before. With -metrics it prints gauges for a node exporter's
textfile folder instead.`,
			flags: []string{"before", "metrics", "members"}},
		{"logs", "[PROCESS...]", "print the ends of logs (default: all)", "", 0, -1, []string{"members"}, logs, needs{}},
		{"clean", "", "stop, and delete keys, ledger and logs", "Refused while a run uses the network.",
			0, 0, []string{"members", "isolated"}, clean, needs{locks: true}},
		{"tools", "", "build the Fabric tools if they are out of date", "The first time takes some minutes.", 0, 0, nil, nil, needs{tools: true}},
	}},
	{"Changing (the network keeps running)", []command{
		{"add-member", "FILE", "let a member in", `FILE describes one member like the entries of the description. With -ports auto
it gets free ports when those in FILE are taken. Repeated, it goes on where it was
interrupted. Without -chaincode it runs the lead's contract service.`,
			1, 1, []string{"chaincode", "ports", "isolated"}, addMember, needs{locks: true, tools: true, running: true}},
		{"remove-member", "ID", "let a member without orderer go", "Its licenses stay readable.", 1, 1, []string{"isolated"}, removeMember,
			needs{locks: true, tools: true, running: true}},
		{name: "renew", args: "[HOLDER...]", brief: "new keys and certificates before the old ones end", help: `Of all that end within the days, or before the time, of -before; of the holders
named (as by certificates: orderer.city, client.city), whenever theirs end. One
after the other: each is back at work before the next is stopped, and an orderer's
certificates stand in the channel before it uses them. Repeated, it goes on where
it was interrupted. On a host of several the other members sign an orderer's update
first (RUNBOOK.md).`,
			most: -1, flags: []string{"before", "members", "systemctl", "update", "isolated"}, needs: needs{locks: true, tools: true}},
		{"renew-peer", "ID", "new key and certificate for a member's peer", "Prints the file of the old certificate, for revoke.", 1, 1,
			[]string{"isolated"}, renewPeer, needs{locks: true, tools: true, running: true}},
		{"revoke", "ID FILE", "revoke a certificate of a member (after renew-peer)", "With -members it writes the revocation list only; the members then sign an update.",
			2, 2, []string{"members"}, revoke, needs{locks: true, tools: true}},
		{"upgrade", "FILE", "replace the contract service of every member", "One member after the other (with -members: of those only); each endorses again before the next.",
			1, 1, []string{"members", "isolated"}, upgrade, needs{locks: true, tools: true, running: true}},
	}},
	{`Several hosts (RUNBOOK.md, which "units" writes, has the order)`, []command{
		{"units", "FOLDER", "units and settings of every host, and the runbook", "", 1, 1, []string{"description", "install-root", "install-tools", "install-user", "install-postgres"},
			nil, needs{}},
		{"issue", "ID", "keys and certificates of one member", "Makes what is missing.", 1, 1, []string{"description"}, issue, needs{founds: true, locks: true}},
		{"genesis", "", "genesis block, from all members' public folders", "Made once.", 0, 0, []string{"description"}, genesis, needs{founds: true, locks: true, tools: true}},
		{"settings", "", "settings, packages and profiles of -members", "Processes read them when they are started again.", 0, 0,
			[]string{"description", "chaincode", "members"}, writeSettings, needs{founds: true, locks: true, tools: true}},
		{"client", "ID FOLDER", "a member's profile with every file that it names, in a folder of its own", `For a registry or a signer, which run as other users. After settings.`, 2, 2,
			nil, client, needs{}},
		{"join", "ID", "orderer and peer join; packages installed, approved", "Waits for other members' orderers; can be repeated.", 1, 1, []string{"members"}, join, needs{tools: true}},
		{"commit", "ID [NS SEQ]", "put all new namespaces, or one definition, in force", "", 1, 3, []string{"members"}, commit, needs{tools: true}},
		{"approve", "ID NS SEQ", "consent to a namespace's next definition", "", 3, 3, []string{"members"}, approve, needs{tools: true}},
		{"endorses", "ID", "exit 0 when the member can have work endorsed", "Waits for a minute.", 1, 1, nil, endorses, needs{}},
		{"update", "prepare [FILE] | renew ID | sign FILE ID | submit FILE ID", "a configuration update, step by step", `prepare writes the update that lets in the member of FILE, or that takes up
revocation lists; renew writes the one that takes up the certificates of a member's
orderer; sign adds a member's signature; submit sends it as that member.`,
			1, 3, []string{"members"}, update, needs{locks: true, tools: true}},
	}},
}

func find(name string) (command, bool) {
	for _, s := range sections {
		for _, c := range s.commands {
			if c.name == name {
				return c, true
			}
		}
	}
	return command{}, false
}
