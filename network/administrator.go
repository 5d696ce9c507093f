package network

import "context"

// administrator is a member's administrator, in whose name Fabric's tools are
// run; the keys are on this machine.
type administrator struct {
	*site
	m Member
}

func (s *site) administrator(m Member) administrator { return administrator{s, m} }

// peer runs the peer tool against the member's own peer.
func (a administrator) peer(ctx context.Context, args ...string) ([]byte, error) {
	return runTool(ctx, command{path: a.opts.Tools.Path("peer"), args: args, env: a.env()})
}

func (a administrator) env() []string {
	env := []string{
		"FABRIC_CFG_PATH=" + a.opts.Tools.samples(), "FABRIC_LOGGING_SPEC=error",
		"CORE_PEER_LOCALMSPID=" + a.m.MSP, "CORE_PEER_MSPCONFIGPATH=" + a.member(a.m.ID, "admin", "msp"),
		"CORE_PEER_TLS_ENABLED=true", "CORE_PEER_TLS_ROOTCERT_FILE=" + a.tlsRoots(a.m.ID),
	}
	if a.m.Peer != nil {
		env = append(env, "CORE_PEER_ADDRESS="+address(a.m.Peer.Host, a.m.Peer.Port))
	}
	return env
}

// orderer are the arguments by which the peer tool sends to an orderer: the
// member's own, else the first that answers.
func (a administrator) orderer() []string {
	to := a.m
	if a.m.Orderer == nil || !reachable(a.m.Orderer) {
		for _, o := range a.d.OrdererMembers() {
			if reachable(o.Orderer) {
				to = o
				break
			}
		}
	}
	if to.Orderer == nil {
		to = a.d.OrdererMembers()[0]
	}
	return []string{"-o", address(to.Orderer.Host, to.Orderer.Port), "--tls", "--cafile", a.tlsRoots(to.ID)}
}

// osnadmin asks the member's orderer about its part in the channel.
func (a administrator) osnadmin(ctx context.Context, verb string, more ...string) ([]byte, error) {
	return runTool(ctx, command{path: a.opts.Tools.Path("osnadmin"), args: append([]string{
		"channel", verb, "--channelID", a.d.Channel, "-o", address(a.m.Orderer.Host, a.m.Orderer.Admin),
		"--ca-file", a.tlsRoots(a.m.ID), "--client-cert", a.member(a.m.ID, "admin", "tls", "cert.pem"),
		"--client-key", a.member(a.m.ID, "admin", "tls", "key.pem"),
	}, more...)})
}

func reachable(o *OrdererNode) bool { return dials(address(o.Host, o.Port)) }
