package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tongzheng/network"
)

// settings are the command's flags.
type settings struct {
	description, data, chaincode, members, ports string
	before, systemctl, update                    string
	isolated, throwaway, metrics                 bool
	target                                       network.Deployment
}

func defaults() settings {
	return settings{description: "network/ganzhou.yaml", data: ".data/network",
		target: network.Deployment{Root: "/var/lib/tongzheng", Tools: "/opt/tongzheng/bin", User: "tongzheng", Postgres: "/usr/lib/postgresql/15/bin"}}
}

// flagSet has every flag, with what s has as default: flags may stand before the
// command and after it.
func (s *settings) flagSet(name string) *flag.FlagSet {
	f := flag.NewFlagSet(name, flag.ContinueOnError)
	f.SetOutput(io.Discard) // We say what is wrong, once.
	f.StringVar(&s.data, "data", s.data, "data `folder` of the network")
	f.StringVar(&s.description, "description", s.description, "description of a new network, a `file`; an existing one has its own")
	f.StringVar(&s.chaincode, "chaincode", s.chaincode, "contract service `program`; \"test\": the tests' contract; needed for a new network, and to give stopped services another program")
	f.StringVar(&s.ports, "ports", s.ports, "`auto|number`: auto takes the description's ports, or a free block when they are taken; a number is the first port; an existing network keeps its own")
	f.StringVar(&s.members, "members", s.members, "only these members' processes, comma-separated `ids`: on a host of several")
	f.StringVar(&s.before, "before", s.before, "certificates that end before this: a number of `days` from now, or a time like 2031-06-30T00:00:00Z (default 60)")
	f.BoolVar(&s.metrics, "metrics", s.metrics, "print gauges")
	f.StringVar(&s.systemctl, "systemctl", s.systemctl, "where systemd runs the processes: the `command` that stops and starts units, e.g. \"sudo systemctl\"")
	f.StringVar(&s.update, "update", s.update, "an orderer's update that the others signed, a `file`")
	f.BoolVar(&s.isolated, "isolated", s.isolated, "run each host of the description in a Linux network namespace (root)")
	f.BoolVar(&s.throwaway, "throwaway", s.throwaway, "found the network anew and remove its folder afterwards; while another run uses the folder, a numbered one beside it is taken")
	f.StringVar(&s.target.Root, "install-root", s.target.Root, "data `folder` on the hosts: of everything that the processes keep")
	f.StringVar(&s.target.Tools, "install-tools", s.target.Tools, "`folder` of the programs on the hosts")
	f.StringVar(&s.target.User, "install-user", s.target.User, "`user` of the ledger's processes on the hosts; registry, signer and proxy have users of their own, named after it")
	f.StringVar(&s.target.Postgres, "install-postgres", s.target.Postgres, "`folder` of PostgreSQL's programs on the hosts")
	return f
}

// errHelp is not an error: somebody asked.
var errHelp = errors.New("help")

// parse reads flags, the command's name, and its flags and arguments.
func (s *settings) parse(args []string) (command, []string, error) {
	f := s.flagSet("network")
	if err := f.Parse(args); err != nil {
		return command{}, nil, asked(err, "network --help")
	}
	if f.NArg() == 0 || f.Arg(0) == "help" {
		return command{}, nil, errHelp
	}
	c, ok := find(f.Arg(0))
	if !ok {
		return command{}, nil, fmt.Errorf("%w: there is no command %q; network --help lists them", errUsage, f.Arg(0))
	}
	rest := s.flagSet(c.name)
	if err := rest.Parse(f.Args()[1:]); err != nil {
		return c, nil, asked(err, "network "+c.name+" --help")
	}
	if n := rest.NArg(); n < c.least || c.most >= 0 && n > c.most {
		return c, nil, fmt.Errorf("%w: usage: network %s", errUsage, strings.TrimSpace(c.name+" [flags] "+c.args))
	}
	if s.throwaway && c.name != "run" {
		return c, nil, fmt.Errorf("%w: -throwaway is for run", errUsage)
	}
	data, err := filepath.Abs(s.data)
	if err != nil {
		return c, nil, fmt.Errorf("data folder %q: %w", s.data, err)
	}
	s.data = data
	return c, rest.Args(), nil
}

func asked(err error, see string) error {
	if errors.Is(err, flag.ErrHelp) {
		return errHelp
	}
	return fmt.Errorf("%w: %w; see %s", errUsage, err, see)
}

// printHelp explains one command, or lists all.
func printHelp(c command) {
	s := defaults()
	if c.name == "" {
		fmt.Print("usage: network COMMAND [flags] [arguments]     (network COMMAND --help explains one)\n")
		for _, part := range sections {
			fmt.Printf("\n%s:\n", part.title)
			for _, c := range part.commands {
				const room = 24
				title := strings.TrimSpace(c.name + " " + c.args)
				if len(title) > room {
					title += "\n" + strings.Repeat(" ", room+2)
				}
				fmt.Printf("  %-*s %s\n", room, title, c.brief)
			}
		}
		fmt.Print("\nFlags (each command's help has those that make a difference to it):\n")
		printFlags(s.flagSet(""), nil)
		return
	}
	fmt.Printf("usage: network %s\n\n%s%s.\n", strings.TrimSpace(c.name+" [flags] "+c.args), strings.ToUpper(c.brief[:1]), c.brief[1:])
	if c.help != "" {
		fmt.Println(c.help)
	}
	fmt.Println("\nFlags:")
	printFlags(s.flagSet(""), append([]string{"data"}, c.flags...))
}

// printFlags prints the named flags, or all.
func printFlags(f *flag.FlagSet, names []string) {
	some := flag.NewFlagSet("", flag.ContinueOnError)
	some.SetOutput(os.Stdout)
	f.VisitAll(func(g *flag.Flag) {
		if names == nil || slices.Contains(names, g.Name) {
			some.Var(g.Value, g.Name, g.Usage)
		}
	})
	some.PrintDefaults()
}
