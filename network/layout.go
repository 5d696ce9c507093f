package network

import "path/filepath"

// layout names the files of a network below its data folder. The same layout
// is used on one machine and on each host of a multi-host deployment, where
// members/ holds the host's own member only.
//
//	ganzhou.yaml (network.yaml)   effective description
//	channel/                      configtx.yaml, genesis.block
//	packages/                     one deterministic chaincode package per namespace
//	public/<member>/              what a member hands to the others: no keys
//	members/<member>/             keys, settings and data of a member's processes
//	profiles/<member>.json        what a client of the ledger needs
//	run/, logs/                   process ids, logs
//	network.lock, users.lock      who changes the network, which runs use it
//	after-the-last-run            what becomes of it then; see Run
type layout struct{ root string }

func (l layout) at(parts ...string) string {
	return filepath.Join(append([]string{l.root}, parts...)...)
}

func (l layout) description() string { return l.at("network.yaml") }
func (l layout) founded() string     { return l.at("founded") }
func (l layout) genesis() string     { return l.at("channel", "genesis.block") }
func (l layout) profile(m string) string {
	return l.at("profiles", m+".json")
}

// connectionFile tells a member's peer where the service of a namespace is.
func (l layout) connectionFile(m Member, ns string) string {
	return l.peer(m, "services", ns+".json")
}

// peer and service are below the folders of a member's peer and of its service.
func (l layout) peer(m Member, parts ...string) string {
	return l.member(m.ID, append([]string{m.folder(KindPeer)}, parts...)...)
}

func (l layout) service(m Member, parts ...string) string {
	return l.member(m.ID, append([]string{m.folder(KindService)}, parts...)...)
}
func (l layout) packageFile(ns string) string { return l.at("packages", ns+".tar.gz") }
func (l layout) pids() string                 { return l.at("run") }
func (l layout) logs() string                 { return l.at("logs") }

func (l layout) member(m string, parts ...string) string {
	return l.at(append([]string{"members", m}, parts...)...)
}

func (l layout) public(m string, parts ...string) string {
	return l.at(append([]string{"public", m}, parts...)...)
}

// tlsRoots is the certificate every TLS server of a member is issued under.
func (l layout) tlsRoots(m string) string { return l.public(m, "msp", "tlscacerts", "tlsca.pem") }

// revocations is the list of the member's identities that are good no longer.
func (l layout) revocations(m string) string { return l.public(m, "msp", "crls", "crl.pem") }

// identityRoots is the certificate the member's identities are issued under.
func (l layout) identityRoots(m string) string { return l.public(m, "msp", "cacerts", "ca.pem") }
