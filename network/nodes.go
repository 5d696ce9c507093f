package network

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"
)

// peerSettings are the differences from Fabric's sample core.yaml. Paths are
// relative to the file, so that a member's folder can be moved to its host.
func peerSettings(d *Description, m Member) tree {
	at := address(m.Peer.Host, m.Peer.Port)
	return tree{
		"peer.id":             m.process(KindPeer),
		"peer.networkId":      d.Name,
		"peer.listenAddress":  listenAddress(m.Peer.Host, m.Peer.Port),
		"peer.address":        at,
		"peer.localMspId":     m.MSP,
		"peer.mspConfigPath":  "msp",
		"peer.fileSystemPath": "data",
		// Must be unique per peer, else it panics, even with contracts as services.
		"peer.chaincodeListenAddress": address("127.0.0.1", m.Peer.Chaincode),
		"peer.chaincodeAddress":       address("127.0.0.1", m.Peer.Chaincode),
		"peer.tls.enabled":            true,
		"peer.tls.cert.file":          "tls/cert.pem",
		"peer.tls.key.file":           "tls/key.pem",
		"peer.tls.rootcert.file":      "tls/ca.pem",
		"peer.tls.clientRootCAs":      tree{"files": []string{"tls/ca.pem"}},
		"peer.gossip.bootstrap":       others(m),
		"peer.gossip.endpoint":        at,
		// Without it the peer is unknown to other members: no endorsement plans.
		"peer.gossip.externalEndpoint": at,
		// How soon other members learn of this peer's contracts and height.
		"peer.gossip.publishStateInfoInterval": "1s",
		"peer.gossip.requestStateInfoInterval": "1s",
		// Peers that start together find each other at a second try. The defaults
		// (25 s apart, 120 tries) delay the first endorsement by 25 s, and make a
		// peer give up on members that stay away for an hour.
		"peer.gossip.reconnectInterval":     "1s",
		"peer.gossip.maxConnectionAttempts": 1 << 30,
		// The default of 30 s stalls the peer after an orderer dies.
		"peer.deliveryclient.blockCensorshipTimeoutKey": "3s",
		// A peer that is cut off (no reset, just silence) is noticed in seconds.
		"peer.keepalive.minInterval":             "5s",
		"peer.keepalive.client.interval":         "10s",
		"peer.keepalive.client.timeout":          "5s",
		"peer.keepalive.deliveryClient.interval": "10s",
		"peer.keepalive.deliveryClient.timeout":  "5s",
		"peer.gateway.dialTimeout":               "5s",
		"peer.gateway.endorsementTimeout":        "15s",
		// No Docker: an empty endpoint keeps the peer from asking for it.
		"vm.endpoint": "",
		"chaincode.externalBuilders": []any{tree{
			"name": builderName, "path": "builder", "propagateEnvironment": []string{builderEnv, builderHome},
		}},
		// Contracts answer from current state only; the history index would cost
		// a write per key for nothing.
		"ledger.history.enableHistoryDatabase": false,
		"operations.listenAddress":             address("127.0.0.1", m.Peer.Operations),
		"metrics.provider":                     "prometheus",
	}
}

// others are the member's other peers, by which a peer finds the rest; its own address
// where there is none.
func others(m Member) string {
	var all []string
	for _, seat := range m.seats() {
		if seat.seat != m.seat {
			all = append(all, address(seat.Peer.Host, seat.Peer.Port))
		}
	}
	if len(all) == 0 {
		return address(m.Peer.Host, m.Peer.Port)
	}
	return strings.Join(all, " ")
}

// ordererSettings are the differences from Fabric's sample orderer.yaml.
func ordererSettings(m Member) tree {
	host := m.Orderer.Host
	if net.ParseIP(host) == nil {
		host = "0.0.0.0"
	}
	return tree{
		"General.ListenAddress":   host,
		"General.ListenPort":      m.Orderer.Port,
		"General.LocalMSPID":      m.MSP,
		"General.LocalMSPDir":     "msp",
		"General.BootstrapMethod": "none",
		"General.TLS.Enabled":     true,
		"General.TLS.PrivateKey":  "tls/key.pem",
		"General.TLS.Certificate": "tls/cert.pem",
		"General.TLS.RootCAs":     []string{"tls/ca.pem"},
		// Orderers authenticate each other with their TLS certificates.
		"General.Cluster.ClientCertificate":   "tls/cert.pem",
		"General.Cluster.ClientPrivateKey":    "tls/key.pem",
		"General.Keepalive.ServerMinInterval": "5s",
		"FileLedger.Location":                 "data",
		"Consensus.WALDir":                    "data/wal",
		"Consensus.SnapDir":                   "data/snapshots",
		"ChannelParticipation.Enabled":        true,
		"Admin.ListenAddress":                 listenAddress(m.Orderer.Host, m.Orderer.Admin),
		"Admin.TLS.Enabled":                   true,
		"Admin.TLS.Certificate":               "tls/cert.pem",
		"Admin.TLS.PrivateKey":                "tls/key.pem",
		"Admin.TLS.RootCAs":                   []string{"tls/ca.pem"},
		"Admin.TLS.ClientAuthRequired":        true,
		"Admin.TLS.ClientRootCAs":             []string{"tls/ca.pem"},
		"Operations.ListenAddress":            address("127.0.0.1", m.Orderer.Operations),
		"Metrics.Provider":                    "prometheus",
		// The default of 2 minutes keeps an orderer that was away from hearing the
		// others, and so from voting, for as long after its return.
		"General.Backoff.MaxDelay": "3s",
	}
}

// overlay reads a sample configuration and sets the dotted keys in it.
func overlay(sample string, settings tree) ([]byte, error) {
	raw, err := os.ReadFile(sample)
	if err != nil {
		return nil, fmt.Errorf("reading the sample configuration: %w", err)
	}
	config := tree{}
	if err := yaml.Unmarshal(raw, &config); err != nil {
		return nil, fmt.Errorf("sample %s: %w", filepath.Base(sample), err)
	}
	for key, value := range settings {
		path := strings.Split(key, ".")
		at := config
		for _, step := range path[:len(path)-1] {
			next, ok := at[step].(tree)
			if !ok {
				next = tree{}
				at[step] = next
			}
			at = next
		}
		at[path[len(path)-1]] = value
	}
	return yaml.Marshal(config)
}

// writeSettings writes what a process reads when it starts, from the description.
func (s *site) writeSettings(p Process) error {
	m := p.of
	switch p.Kind {
	case KindOrderer:
		return s.writeOverlay("orderer.yaml", ordererSettings(m), s.member(m.ID, "orderer"))
	case KindService:
		out, err := s.services(m)
		if err != nil {
			return err
		}
		return writeFile(s.service(m, "services.json"), out, 0o644)
	}
	if err := s.writeOverlay("core.yaml", peerSettings(s.d, m), s.peer(m)); err != nil {
		return err
	}
	if err := writeBuilder(s.peer(m, "builder", "bin")); err != nil {
		return err
	}
	return s.writeConnections(m, true)
}

// writeOverlay writes a sample configuration with settings of ours into a folder.
func (s *site) writeOverlay(sample string, settings tree, folder string) error {
	out, err := overlay(filepath.Join(s.opts.Tools.samples(), sample), settings)
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(folder, sample), out, 0o644)
}

// writeConnections tells the member's peer where the member's own contract
// services are, one file per namespace; the builder copies it when Fabric
// "builds" the package of the namespace. Unless all are asked for, files that
// exist stay: the peer that runs was started with them.
func (s *site) writeConnections(m Member, all bool) error {
	for _, ns := range s.d.Namespaces {
		path := s.connectionFile(m, ns)
		if _, err := os.Stat(path); err == nil && !all {
			continue
		}
		out, err := s.connection(m, ns)
		if err != nil {
			return err
		}
		if err := writeFile(path, out, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// connection is how a member's peer reaches the service of a namespace.
func (s *site) connection(m Member, ns string) ([]byte, error) {
	pem := map[string]string{}
	for name, path := range map[string]string{
		"client_key": s.peer(m, "tls", "key.pem"), "client_cert": s.peer(m, "tls", "cert.pem"),
		"root_cert": s.tlsRoots(m.ID),
	} {
		raw, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("reading the peer's TLS files: %w", err)
		}
		pem[name] = string(raw)
	}
	out, err := json.MarshalIndent(tree{
		"address": address(m.Service.Host, s.d.servicePort(*m.Service, ns)), "domain": m.Service.Host,
		"dial_timeout": "3s", "tls_required": true, "client_auth_required": true,
		"client_key": pem["client_key"], "client_cert": pem["client_cert"], "root_cert": pem["root_cert"],
	}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encoding a service connection: %w", err)
	}
	return out, nil
}

// Services is the file a contract service reads: environment variable
// CHAINCODE_SERVICES names it. Paths are relative to the file.
type Services struct {
	Network string `json:"network"`
	Channel string `json:"channel"`
	Member  string `json:"member"`
	MSP     string `json:"msp_id"`
	// Lead is the member whose endorsement every namespace needs.
	Lead string `json:"lead"`
	TLS  struct {
		Certificate string `json:"certificate"`
		Key         string `json:"key"`
		// ClientRoots signs the only peers that may connect: the member's own.
		ClientRoots string `json:"client_roots"`
	} `json:"tls"`
	Services []Service `json:"services"`
}

// Service is one namespace to serve.
type Service struct {
	Namespace string `json:"namespace"`
	// ChaincodeID is the Fabric package id the peer expects at this address.
	ChaincodeID string `json:"chaincode_id"`
	Listen      string `json:"listen"`
}

// services is the content of a member's services file.
func (s *site) services(m Member) ([]byte, error) {
	f := Services{Network: s.d.Name, Channel: s.d.Channel, Member: m.ID, MSP: m.MSP, Lead: s.d.Lead}
	f.TLS.Certificate, f.TLS.Key, f.TLS.ClientRoots = "tls/cert.pem", "tls/key.pem", "tls/ca.pem"
	for _, ns := range s.d.Namespaces {
		pkg, err := chaincodePackage(ns)
		if err != nil {
			return nil, err
		}
		f.Services = append(f.Services, Service{
			Namespace: ns, ChaincodeID: packageID(ns, pkg),
			Listen: listenAddress(m.Service.Host, s.d.servicePort(*m.Service, ns)),
		})
	}
	out, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encoding the services file: %w", err)
	}
	return append(out, '\n'), nil
}

// installService copies the contract program into the member's folder. A copy
// that exists stays unless replace is set or another program is given, so that
// a restart keeps the version that each member runs.
func (l layout) installService(m Member, program string, replace bool) error {
	if m.Service == nil {
		return nil
	}
	to := l.service(m, "chaincode")
	if _, err := os.Stat(to); err == nil && (!replace || program == "") {
		return nil
	}
	if program == "" {
		return fmt.Errorf("%s has no contract service program: name one with -chaincode", m.ID)
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
