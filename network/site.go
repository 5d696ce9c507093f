package network

import (
	"fmt"
	"os"
)

// site is what one machine knows of a network: the description in force, the
// data folder, and which of the members have their processes and keys here.
type site struct {
	d    *Description
	opts Options
	layout
}

// Description is a copy of the description in force.
func (s *site) Description() *Description { return s.d.Clone() }

// Tools are the Fabric programs the network runs with.
func (s *site) Tools() Tools { return s.opts.Tools }

// Partial tells whether only some members' processes are here: a host of several.
func (s *site) Partial() bool { return len(s.opts.Members) > 0 }

// Founded tells whether the channel and the contracts have been set up, so that
// Up only has to start processes.
func (s *site) Founded() bool {
	_, err := os.Stat(s.founded())
	return err == nil
}

func (s *site) markFounded() error {
	if s.Founded() {
		return nil // Several members' probes end at the same time.
	}
	return writeFile(s.founded(), []byte("The channel and its contracts are set up.\n"), 0o644)
}

// own are the members whose processes and keys are on this machine.
func (s *site) own() []Member {
	if len(s.opts.Members) == 0 {
		return s.d.Members
	}
	var own []Member
	for _, id := range s.opts.Members {
		if m, ok := s.d.Member(id); ok {
			own = append(own, m)
		}
	}
	return own
}

// ownPeers are own members with a peer.
func (s *site) ownPeers() []Member {
	var own []Member
	for _, m := range s.own() {
		if m.Peer != nil {
			own = append(own, m)
		}
	}
	return own
}

// Processes lists this machine's processes in starting order.
func (s *site) Processes() []Process {
	var ps []Process
	for _, m := range s.own() {
		ps = append(ps, s.memberProcesses(m)...)
	}
	return ps
}

func (s *site) memberProcesses(m Member) []Process {
	var ps []Process
	logging := "FABRIC_LOGGING_SPEC=" + s.d.Logging
	if o := m.Orderer; o != nil {
		ps = append(ps, Process{
			Name: KindOrderer + "." + m.ID, Kind: KindOrderer, Member: m.ID, Host: o.Host,
			Path: s.opts.Tools.Path("orderer"), Dir: s.member(m.ID, "orderer"),
			Env: []string{"FABRIC_CFG_PATH=" + s.member(m.ID, "orderer"), logging},
			Ports: []string{
				listenAddress(o.Host, o.Port), listenAddress(o.Host, o.Admin), address("127.0.0.1", o.Operations),
			},
			of: m, folder: KindOrderer,
		})
	}
	for _, seat := range m.seats() {
		ps = append(ps, s.seatProcesses(seat, logging)...)
	}
	return ps
}

// seatProcesses are a peer and its contract service.
func (s *site) seatProcesses(m Member, logging string) []Process {
	service := Process{
		Name: m.process(KindService), Kind: KindService, Member: m.ID, Host: m.Service.Host,
		Path: s.service(m, "chaincode"), Args: s.opts.ChaincodeArgs, Dir: s.service(m),
		Env: append([]string{"CHAINCODE_SERVICES=" + s.service(m, "services.json")}, s.opts.ChaincodeEnv...),
		of:  m, folder: m.folder(KindService),
	}
	for _, ns := range s.d.Namespaces {
		service.Ports = append(service.Ports, listenAddress(m.Service.Host, s.d.servicePort(*m.Service, ns)))
	}
	peer := Process{
		Name: m.process(KindPeer), Kind: KindPeer, Member: m.ID, Host: m.Peer.Host,
		Path: s.opts.Tools.Path("peer"), Args: []string{"node", "start"}, Dir: s.peer(m),
		Env: []string{
			"FABRIC_CFG_PATH=" + s.peer(m), logging,
			builderEnv + "=" + s.peer(m, "services"),
			// The one path that Fabric does not take relative to the settings.
			"CORE_LEDGER_SNAPSHOTS_ROOTDIR=" + s.peer(m, "data", "snapshots"),
		},
		Ports: []string{
			listenAddress(m.Peer.Host, m.Peer.Port), address("127.0.0.1", m.Peer.Chaincode),
			address("127.0.0.1", m.Peer.Operations),
		},
		of: m, folder: m.folder(KindPeer),
	}
	return []Process{service, peer}
}

// process finds one by name.
func (s *site) process(name string) (Process, error) {
	for _, p := range s.Processes() {
		if p.Name == name {
			return p, nil
		}
	}
	return Process{}, fmt.Errorf("no process %q on this machine", name)
}
