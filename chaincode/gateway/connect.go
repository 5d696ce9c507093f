package gateway

import (
	"context"
	"crypto/x509"
	"sync"
	"time"

	"github.com/hyperledger/fabric-gateway/pkg/client"
	"github.com/hyperledger/fabric-gateway/pkg/hash"
	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"

	"tongzheng/chaincode/gateway/handover"
	"tongzheng/registry"
)

const (
	// maxMessage lets the largest block through (10 MiB of transactions).
	maxMessage = 64 << 20
	// shunFor is how long a peer that did not answer is asked last.
	shunFor = 5 * time.Second
)

// identityOf is one member's client identity with a way to each peer.
type identityOf struct {
	profile *profile
	*clientKey
	links   []*link // own peer first
	watched []*link // asked for their heights and for nothing else (Config.OwnPeers)
}

// link is an identity's way to one peer's gateway service.
type link struct {
	endpoint
	gateway *client.Gateway
	network *client.Network
	state   *peerState
}

// peerState is what is known of a peer, shared by all identities.
type peerState struct {
	conn *grpc.ClientConn
	mu   sync.Mutex
	bad  time.Time // when it last did not answer
}

func (s *peerState) shunned() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Since(s.bad) < shunFor
}

func (s *peerState) shun() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bad = time.Now()
}

// disconnected tells that there is no connection now.
func (s *peerState) disconnected() bool { return s.conn.GetState() != connectivity.Ready }

// dial connects to a peer, lazily: a peer that is away does not keep the
// process from starting.
func dial(p *profile, e endpoint) (*peerState, error) {
	pemBytes, err := p.read(e.TLSRoots)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pemBytes) {
		return nil, registry.Errorf(registry.CodeInternal, "profile", "no TLS authority of %s", e.Member)
	}
	conn, err := grpc.NewClient(e.Address,
		grpc.WithTransportCredentials(credentials.NewClientTLSFromCert(roots, "")),
		// A peer that is cut off is noticed although nothing resets the connection.
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 10 * time.Second, Timeout: 4 * time.Second}),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage), grpc.MaxCallSendMsgSize(maxMessage)),
		// The gateway's default back-off reaches two minutes: too long for a peer
		// that was restarted.
		grpc.WithConnectParams(connectParams()))
	if err != nil {
		return nil, registry.Errorf(registry.CodeUnavailable, "", "connecting to %s", e.Address).WithCause(err)
	}
	return &peerState{conn: conn}, nil
}

// newIdentity opens the ways of a member's client; own: other members' peers are
// watched only.
func newIdentity(p *profile, peers map[string]*peerState, own bool) (*identityOf, error) {
	signs, err := newClientKey(p)
	if err != nil {
		return nil, err
	}
	who := &identityOf{profile: p, clientKey: signs}
	for _, e := range p.endpoints() {
		state := peers[e.Address]
		if state == nil {
			if state, err = dial(p, e); err != nil {
				return nil, err
			}
			peers[e.Address] = state
		}
		gw, err := client.Connect(signs, client.WithSign(signs.sign), client.WithHash(hash.SHA256), client.WithClientConnection(state.conn))
		if err != nil {
			return nil, badIdentity(p, err)
		}
		way := &link{endpoint: e, gateway: gw, network: gw.GetNetwork(p.Channel), state: state}
		if own && e.MSP != p.MSP {
			who.watched = append(who.watched, way)
		} else {
			who.links = append(who.links, way)
		}
	}
	return who, nil
}

// way is the link as the hand-over of transactions sees it.
func (l *link) way() handover.Way {
	return handover.Way{Member: l.Member, Gateway: l.gateway, Channel: l.network.Name(),
		Connected: func() bool { return !l.state.disconnected() }, Silent: l.state.shun}
}

// ways are the links of order.
func (i *identityOf) ways() []handover.Way {
	var ways []handover.Way
	for _, l := range i.order() {
		ways = append(ways, l.way())
	}
	return ways
}

// order lists the ways to try: own peer first, those that did not answer last.
func (i *identityOf) order() []*link {
	var good, bad []*link
	for _, l := range i.links {
		if l.state.shunned() {
			bad = append(bad, l)
		} else {
			good = append(good, l)
		}
	}
	return append(good, bad...)
}

// each tries one way after the other until one answers, be it with an error
// of its own. within bounds each try.
func (i *identityOf) each(ctx context.Context, within time.Duration, do func(context.Context, *link) error) error {
	var err error
	for _, l := range i.order() {
		one, cancel := context.WithTimeout(ctx, within)
		err = do(one, l)
		late := one.Err() != nil
		cancel()
		if ctx.Err() != nil || !handover.Unreachable(err) {
			break
		}
		// A peer that answers, but does not reach a member that is away, is as
		// good as before for everybody else's entries.
		if late || l.state.disconnected() {
			l.state.shun()
		}
	}
	return err
}
