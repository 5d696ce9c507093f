package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"tongzheng/cmd/internal/app"
	"tongzheng/cmd/internal/demo"
)

type neighborsCommand struct {
	Data       string            `env:"TONGZHENG_DATA" default:".data" type:"path" help:"数据目录 Folder of the run: each member's data folder below it (city, xingguo), and exchange, where their operators leave what they hand each other."`
	Ledger     string            `env:"TONGZHENG_LEDGER" default:"embedded" help:"账本 Folder of the network's member profiles; each instance gets its own member's alone. embedded: a look around without a network, all in one process."`
	Members    []string          `name:"member" default:"city,xingguo" help:"成员 Members of the demonstration city to start a registry of, the city first."`
	Listen     map[string]string `placeholder:"MEMBER=HOST:PORT" help:"监听地址 Where a member's registry listens; 127.0.0.1:8080, 8081, … in the order of the members when absent."`
	SignListen map[string]string `placeholder:"MEMBER=HOST:PORT" help:"签署页监听地址 Where its signer's page listens; 127.0.0.1:8090, 8091, … when absent."`
	ExchangeAt map[string]string `name:"exchange-listen" placeholder:"MEMBER=HOST:PORT" help:"成员间交换监听地址 Where a member's registry listens for the others'; 127.0.0.1:8100, 8101, … when absent."`
	Strangers  bool              `help:"互不登记 Tell the ledger of addresses alone: keys, address on paper, exchange and library are left to be ordered by hand, as docs/operations.md says. Until then neither judges the other's papers."`
	Database   map[string]string `name:"database-url" placeholder:"MEMBER=URL" help:"PostgreSQL URL of a member's database; without it a private cluster runs under its data folder."`
	Owner      map[string]string `name:"owner-url" placeholder:"MEMBER=URL" help:"URL of the role that migrates; the database URL when absent."`
	Verbose    bool              `short:"v" help:"多输出 Say more."`
}

// Help is the longer help of the command.
func (*neighborsCommand) Help() string {
	return `市、县各自运行一套登记系统，共用一个账本网络。 Starts one "tongzheng serve" for each member, each with
its own data folder, PostgreSQL, signer process, keys, accounts (demo.json) and its own member's
Fabric identity, all on one network that is up already: make run LEDGER=fabric starts that too.
The first start seeds the demonstration city, each member its own part: the city orders the plan
and registers the county's enrollment; the county files its seals, enrolls its people and issues.
A second start goes on from the folders. Ctrl-C 停止 stops all; when one ends, the others are stopped.

With the embedded ledger, which is one process's own, both registries and their signers are in this
process: two of everything, but for the ledger, and nothing that keeps their keys apart.`
}

// Ports on which the first member listens when none are named; the others follow.
const (
	firstPort     = 8080
	firstSignPort = 8090
	firstExchange = 8100
)

// neighbor is one member's instance.
type neighbor struct {
	*child
	member string
	data   string
	listen string
	args   []string
	config app.Config // as far as the enrollment goes
}

// Run starts the instances and serves until interrupted.
func (c *neighborsCommand) Run(w *world) error {
	all, err := c.neighbors()
	if err != nil {
		return err
	}
	// The counties' operators hand the city's what there is to hand first.
	for _, n := range all {
		if err := demo.Prepare(w.ctx, n.config, demo.Part{Member: n.member, Exchange: c.exchange(), Known: !c.Strangers}); err != nil {
			return fmt.Errorf("%s: %w", n.member, err)
		}
	}
	g := newGroup(w)
	begin := c.begin
	if c.embedded() {
		begin = c.beginHere
	}
	if err := begin(g, all); err != nil {
		return errors.Join(err, g.stop())
	}
	ready := make(chan error, 1)
	go func() { ready <- c.tell(g.running, w, all) }()
	select {
	case err := <-ready:
		if err != nil && g.running.Err() == nil {
			return errors.Join(err, g.stop())
		}
	case <-g.running.Done():
	}
	<-g.running.Done() // interrupted, or one has ended
	return g.stop()
}

func (c *neighborsCommand) embedded() bool { return c.Ledger == "" || c.Ledger == "embedded" }

// begin starts a process for each.
func (c *neighborsCommand) begin(g *group, all []*neighbor) error {
	program, err := os.Executable()
	if err == nil {
		_, err = signerProgram() // each starts its own
	}
	if err != nil {
		return err
	}
	for _, n := range all {
		if n.child, err = g.start(n.member, program, n.args); err != nil {
			return fmt.Errorf("starting the instance of %s: %w", n.member, err)
		}
	}
	return nil
}

// beginHere opens each in this process, on the first one's embedded ledger.
func (c *neighborsCommand) beginHere(g *group, all []*neighbor) error {
	var lead *app.App
	for _, n := range all {
		n.config.Beside, n.config.Log = lead, logger(g.w, c.Verbose)
		part := demo.Part{Member: n.member, Exchange: c.exchange(), Known: !c.Strangers, Say: func(format string, args ...any) {
			g.tell(n.member, g.w.stdout, fmt.Sprintf(format, args...))
		}}
		a, err := demo.OpenPart(g.running, n.config, part)
		if err != nil {
			return fmt.Errorf("%s: %w", n.member, err)
		}
		if lead == nil {
			lead = a
		}
		if n.child, err = g.serve(n.member, a); err != nil {
			return fmt.Errorf("%s: %w", n.member, err)
		}
	}
	return nil
}

func (c *neighborsCommand) exchange() string { return filepath.Join(c.Data, "exchange") }

// neighbors are the instances that the flags ask for.
func (c *neighborsCommand) neighbors() ([]*neighbor, error) {
	for _, name := range []string{"TONGZHENG_DATABASE_URL", "TONGZHENG_SIGNER", "TONGZHENG_TLS"} {
		if os.Getenv(name) != "" {
			return nil, usage("%s is for one instance: unset it, each member has its own here, over plain HTTP", name)
		}
	}
	for _, named := range []map[string]string{c.Listen, c.SignListen, c.ExchangeAt, c.Database, c.Owner} {
		for member := range named {
			if !slices.Contains(c.Members, member) {
				return nil, usage("no instance of %q is started: --member names %s", member, strings.Join(c.Members, ", "))
			}
		}
	}
	var all []*neighbor
	for i, member := range c.Members {
		n, err := c.neighbor(member, i)
		if err != nil {
			return nil, err
		}
		all = append(all, n)
	}
	return all, nil
}

func (c *neighborsCommand) neighbor(member string, i int) (*neighbor, error) {
	at := func(named map[string]string, port int) (string, error) {
		address := named[member]
		if address == "" {
			address = fmt.Sprintf("127.0.0.1:%d", port+i)
		}
		if _, port, err := net.SplitHostPort(address); err != nil || port == "0" {
			return "", usage("%s: want %s=HOST:PORT, a port that stays: the ledger names it", address, member)
		}
		free, err := net.Listen("tcp", address)
		if err != nil {
			return "", usage("%v: choose another address for %s (--listen, --sign-listen, --exchange-listen)", err, member)
		}
		return address, free.Close()
	}
	profile := filepath.Join(c.Ledger, member+".json")
	if _, err := os.Stat(profile); err != nil && !c.embedded() {
		return nil, usage("%s: no profile of member %s there; is the network up (make network-up)? %v", profile, member, err)
	}
	n := &neighbor{member: member, data: filepath.Join(c.Data, member)}
	var sign string
	var err error
	if n.listen, err = at(c.Listen, firstPort); err != nil {
		return nil, err
	}
	if sign, err = at(c.SignListen, firstSignPort); err != nil {
		return nil, err
	}
	exchange := ""
	if !c.Strangers {
		if exchange, err = at(c.ExchangeAt, firstExchange); err != nil {
			return nil, err
		}
	}
	n.config = app.Config{Data: n.data, Listen: n.listen, SignListen: sign, ExchangeListen: exchange, DatabaseURL: c.Database[member], OwnerURL: c.Owner[member], Offline: offlineFolder("")}
	n.args = []string{"serve", "--demo-member", member, "--demo-exchange", c.exchange(), "--data", n.data, "--listen", n.listen, "--sign-listen", sign,
		"--ledger", profile, "--signer-process"}
	for flag, value := range map[string]string{"--database-url": n.config.DatabaseURL, "--owner-url": n.config.OwnerURL} {
		if value != "" {
			n.args = append(n.args, flag, value)
		}
	}
	if c.Strangers {
		n.args = append(n.args, "--demo-strangers")
	} else {
		n.args = append(n.args, "--exchange-listen", exchange)
	}
	if c.Verbose {
		n.args = append(n.args, "--verbose")
	}
	return n, nil
}

// tell waits until every instance is ready and says to a newcomer what there is.
func (c *neighborsCommand) tell(ctx context.Context, w *world, all []*neighbor) error {
	for _, n := range all {
		if err := n.awaitReady(ctx, w, n.listen); err != nil {
			return err
		}
	}
	fmt.Fprintf(w.stdout, "\n全部就绪 all are ready. 同一账本，各自的数据库、密钥、账号 one ledger; databases, keys and accounts of their own.\n")
	for _, n := range all {
		city, err := demo.Read(n.data)
		if err != nil {
			return err
		}
		fmt.Fprintf(w.stdout, "\n%s\n  控制台 console   %s\n  签署页 signing   %s\n", n.member, city.Console, city.Sign)
		printDemo(w, n.data, city)
	}
	fmt.Fprintln(w.stdout, "\nCtrl-C 停止 stops all of them; a second start goes on from these folders.")
	return nil
}

// environment is this process's, without what names one address or folder: each
// instance is told its own.
func environment() []string {
	own := []string{"TONGZHENG_DATA=", "TONGZHENG_LEDGER=", "TONGZHENG_LISTEN=", "TONGZHENG_SIGN_LISTEN=", "TONGZHENG_EXCHANGE_LISTEN=", "TONGZHENG_PUBLIC_URL=", "TONGZHENG_SIGN_URL=",
		"TONGZHENG_SIGNER_DATA=", "TONGZHENG_SIGNER_LEDGER=", "TONGZHENG_DATABASE_OWNER_URL="}
	return slices.DeleteFunc(os.Environ(), func(v string) bool {
		return slices.ContainsFunc(own, func(name string) bool { return strings.HasPrefix(v, name) })
	})
}

// instanceProcess is the process of an instance.
func instanceProcess(program string, args []string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Env = environment()
	return cmd
}
