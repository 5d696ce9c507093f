package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"tongzheng/network"
)

func say(format string, a ...any) { fmt.Fprintf(os.Stderr, format+"\n", a...) }

// execute does what the arguments ask for.
func execute(ctx context.Context, args []string) error {
	s := defaults()
	c, rest, err := s.parse(args)
	if errors.Is(err, errHelp) {
		printHelp(c)
		return nil
	}
	if err != nil {
		return err
	}
	switch c.name {
	case "tools":
		_, err := network.EnsureTools(ctx, say)
		return err
	case "run":
		return run(ctx, s, rest)
	case "units":
		n, err := s.open(s.data, network.Tools{})
		if err != nil {
			return err
		}
		return n.Units(rest[0], s.target)
	}
	return s.change(ctx, c, rest)
}

// change does a command on the network of the data folder.
func (s settings) change(ctx context.Context, c command, args []string) error {
	var tools network.Tools
	if c.tools {
		var err error
		if tools, err = network.EnsureTools(ctx, say); err != nil {
			return err
		}
	}
	if _, err := os.Stat(s.data); err != nil && !c.founds {
		return s.absent(c)
	}
	if c.founds { // Before the folder is made.
		if _, err := s.open(s.data, tools); err != nil {
			return err
		}
	}
	if c.locks {
		lock, err := network.LockFolder(ctx, s.data, c.name, c.founds, say)
		if errors.Is(err, network.ErrNoNetwork) {
			return s.absent(c) // The one we waited for removed it.
		}
		if err != nil {
			return err
		}
		defer lock.Unlock()
	}
	if !c.founds {
		s.description = "" // The network has its own.
	}
	n, err := s.open(s.data, tools)
	if errors.Is(err, network.ErrNoNetwork) && !c.founds {
		return s.absent(c)
	}
	if err != nil {
		return err
	}
	if c.running && !n.Runs() {
		return fmt.Errorf("the network in %s does not run: start it with up", s.data)
	}
	switch c.name { // They ask for their flags.
	case "certificates":
		return certificates(n, s)
	case "renew":
		return renew(ctx, n, s, args)
	}
	return c.do(ctx, n, args)
}

// absent is the answer when the data folder holds no network: to stop and to
// remove it is done then.
func (s settings) absent(c command) error {
	if c.name == "down" || c.name == "clean" {
		say("there is no network in %s", s.data)
		return nil
	}
	return fmt.Errorf("%s: %w", s.data, network.ErrNoNetwork)
}

// open opens the network of a folder.
func (s settings) open(root string, tools network.Tools) (*network.Network, error) {
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
		Root: root, Tools: tools, Chaincode: s.chaincode, Ports: s.ports, Isolated: s.isolated, Log: say,
	}
	if s.members != "" {
		o.Members = strings.Split(s.members, ",")
	}
	n, err := network.Open(d, o)
	if errors.Is(err, network.ErrNoNetwork) && s.description != "" {
		return nil, fmt.Errorf("there is no network in %s, and no file %s that describes a new one: name one with -description", root, s.description)
	}
	return n, err
}
