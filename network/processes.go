package network

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"sync"
)

// Processes lists this machine's processes in starting order.
func (n *Network) Processes() []Process {
	var ps []Process
	for _, m := range n.own() {
		ps = append(ps, n.memberProcesses(m)...)
	}
	return ps
}

func (n *Network) memberProcesses(m Member) []Process {
	var ps []Process
	logging := "FABRIC_LOGGING_SPEC=" + n.d.Logging
	if o := m.Orderer; o != nil {
		ps = append(ps, Process{
			Name: KindOrderer + "." + m.ID, Kind: KindOrderer, Member: m.ID, Host: o.Host,
			Path: n.opts.Tools.Path("orderer"), Dir: n.member(m.ID, "orderer"),
			Env: []string{"FABRIC_CFG_PATH=" + n.member(m.ID, "orderer"), logging},
			Ports: []string{
				listenAddress(o.Host, o.Port), listenAddress(o.Host, o.Admin), address("127.0.0.1", o.Operations),
			},
		})
	}
	if m.Peer == nil {
		return ps
	}
	service := Process{
		Name: KindService + "." + m.ID, Kind: KindService, Member: m.ID, Host: m.Service.Host,
		Path: n.member(m.ID, "service", "chaincode"), Args: n.opts.ChaincodeArgs, Dir: n.member(m.ID, "service"),
		Env: append([]string{"CHAINCODE_SERVICES=" + n.member(m.ID, "service", "services.json")}, n.opts.ChaincodeEnv...),
	}
	for _, ns := range n.d.Namespaces {
		service.Ports = append(service.Ports, listenAddress(m.Service.Host, n.d.servicePort(*m.Service, ns)))
	}
	peer := Process{
		Name: KindPeer + "." + m.ID, Kind: KindPeer, Member: m.ID, Host: m.Peer.Host,
		Path: n.opts.Tools.Path("peer"), Args: []string{"node", "start"}, Dir: n.member(m.ID, "peer"),
		Env: []string{
			"FABRIC_CFG_PATH=" + n.member(m.ID, "peer"), logging,
			builderEnv + "=" + n.member(m.ID, "peer", "services"),
			// The one path that Fabric does not take relative to the settings.
			"CORE_LEDGER_SNAPSHOTS_ROOTDIR=" + n.member(m.ID, "peer", "data", "snapshots"),
		},
		Ports: []string{
			listenAddress(m.Peer.Host, m.Peer.Port), address("127.0.0.1", m.Peer.Chaincode),
			address("127.0.0.1", m.Peer.Operations),
		},
	}
	return append(ps, service, peer)
}

// process finds one by name.
func (n *Network) process(name string) (Process, error) {
	for _, p := range n.Processes() {
		if p.Name == name {
			return p, nil
		}
	}
	return Process{}, fmt.Errorf("no process %q on this machine", name)
}

func (n *Network) startProcess(p Process) error {
	if p.Kind == KindPeer {
		// The peer keeps what the builder gave it; forgetting it makes a changed
		// service address or certificate effective at every start.
		if err := os.RemoveAll(n.member(p.Member, "peer", "data", "externalbuilder")); err != nil {
			return fmt.Errorf("forgetting built packages: %w", err)
		}
	}
	return n.sup.start(p, n.netns(p.Host))
}

// netns is the Linux network namespace of a host, empty when not isolated.
func (n *Network) netns(host string) string {
	if n.link == nil {
		return ""
	}
	return n.link.name(host)
}

// installService copies the contract program into the member's folder. A copy
// that exists stays unless replace is set or another program is given, so that
// a restart keeps the version that each member runs.
func (n *Network) installService(m Member, program string, replace bool) error {
	if m.Service == nil {
		return nil
	}
	to := n.member(m.ID, "service", "chaincode")
	if _, err := os.Stat(to); err == nil && (!replace || program == "") {
		return nil
	}
	if program == "" {
		return fmt.Errorf("no contract service program given for %s", m.ID)
	}
	from, err := os.Open(program)
	if err != nil {
		return fmt.Errorf("opening the contract service program: %w", err)
	}
	defer from.Close()
	// A new file, not a changed one: the old program may be running.
	part := to + ".part"
	out, err := os.OpenFile(part, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o755)
	if err != nil {
		return fmt.Errorf("creating the contract service of %s: %w", m.ID, err)
	}
	_, err = io.Copy(out, from)
	if err = errors.Join(err, out.Close()); err != nil {
		return fmt.Errorf("copying the contract service of %s: %w", m.ID, err)
	}
	if err := os.Rename(part, to); err != nil {
		return fmt.Errorf("replacing the contract service of %s: %w", m.ID, err)
	}
	return nil
}

// State is what status tells about a process.
type State struct {
	Process
	PID int // 0: not running
	// Answers tells whether it listens on every port.
	Answers bool
	// Memory is the resident size in bytes.
	Memory int64
	Log    string
}

// Status looks at every process of this machine.
func (n *Network) Status() []State {
	var states []State
	for _, p := range n.Processes() {
		s := State{Process: p, Log: n.sup.logFile(p.Name)}
		if pid, ok := n.sup.running(p.Name); ok {
			s.PID, s.Memory = pid, memory(pid)
			s.Answers = answers(pid, p)
		}
		states = append(states, s)
	}
	return states
}

// answers tells whether a process listens on all its ports. The kernel is
// asked: trying to connect would leave a failed TLS handshake in the log.
func answers(pid int, p Process) bool {
	for _, at := range p.Ports {
		_, text, _ := net.SplitHostPort(at)
		port, err := strconv.Atoi(text)
		if err != nil || !listening(pid, port) {
			return false
		}
	}
	return true
}

func canListen(at string) bool {
	l, err := net.Listen("tcp", at)
	if err != nil {
		return false
	}
	l.Close()
	return true
}

// inParallel runs one function for each item at once and joins their errors.
func inParallel[T any](items []T, do func(T) error) error {
	errs := make([]error, len(items))
	var wait sync.WaitGroup
	for i, item := range items {
		wait.Go(func() { errs[i] = do(item) })
	}
	wait.Wait()
	return errors.Join(errs...)
}
