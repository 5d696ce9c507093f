// Command mended tells whether Fabric is built here with the mends of
// network/mend.go. For tests only.
package main

import (
	"context"
	"fmt"
	"log"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hyperledger/fabric-lib-go/common/flogging"
	"github.com/hyperledger/fabric-lib-go/common/metrics/disabled"
	"github.com/hyperledger/fabric-protos-go-apiv2/gossip"
	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/discovery"
	"github.com/hyperledger/fabric/gossip/gossip/channel"
	"github.com/hyperledger/fabric/gossip/metrics"
	"github.com/hyperledger/fabric/gossip/protoext"
	"github.com/hyperledger/fabric/orderer/common/cluster"
	"google.golang.org/grpc"
)

func main() {
	if err := vanished(); err != nil {
		log.Fatal(err)
	}
	if err := overtaken(); err != nil {
		log.Fatal(err)
	}
}

// vanished: an orderer's stream to one that never answers is given up. Without
// the mend nothing would ever wake it, and the runtime says so.
func vanished() error {
	orderer := &cluster.RemoteContext{
		Logger:    flogging.MustGetLogger("mended"),
		ProbeConn: func(*grpc.ClientConn) error { return nil },
		GetStreamFunc: func(ctx context.Context) (cluster.StepClientStream, error) {
			<-ctx.Done() // As long as gRPC connects.
			return nil, ctx.Err()
		},
	}
	if _, err := orderer.NewStream(time.Hour); err == nil {
		return fmt.Errorf("a stream to an orderer that never answered")
	}
	return nil
}

// overtaken: a peer signs what it says of itself, and has a new contract before
// the signature is ready. What it says in the end names the contract.
func overtaken() error {
	p := &peer{signing: make(chan struct{}), newer: make(chan struct{})}
	ch := channel.NewGossipChannel(common.PKIidType("peer"), api.OrgIdentityType("org"), nil, common.ChannelID("licenses"), p,
		members{}, metrics.NewGossipMetrics(&disabled.Provider{}).MembershipMetrics, nil)
	defer ch.Stop()
	p.slow.Store(true)
	var before sync.WaitGroup
	before.Go(func() { ch.UpdateChaincodes(nil) })
	<-p.signing
	ch.UpdateChaincodes([]*gossip.Chaincode{{Name: "xingguo", Version: "1"}})
	close(p.newer)
	before.Wait()
	if has := ch.Self().GetStateInfo().GetProperties().GetChaincodes(); len(has) != 1 {
		return fmt.Errorf("a peer with one contract says of itself: %v", has)
	}
	return nil
}

// peer is a gossip channel's surroundings: nobody else is there, and a slow
// signature is not ready before newer is closed.
type peer struct {
	channel.Adapter
	slow           atomic.Bool // the next signature is
	signing, newer chan struct{}
}

func (p *peer) Sign(m *gossip.GossipMessage) (*protoext.SignedGossipMessage, error) {
	if p.slow.Swap(false) {
		close(p.signing)
		<-p.newer
	}
	return protoext.NoopSign(m)
}

func (p *peer) GetConf() channel.Config {
	return channel.Config{PublishStateInfoInterval: time.Hour, RequestStateInfoInterval: time.Hour, PullInterval: time.Hour,
		StateInfoCacheSweepInterval: time.Hour, TimeForMembershipTracker: time.Hour, BlockExpirationInterval: time.Hour, MaxBlockCountToStore: 1}
}

func (p *peer) Gossip(*protoext.SignedGossipMessage)                     {}
func (p *peer) GetMembership() []discovery.NetworkMember                 { return nil }
func (p *peer) Lookup(common.PKIidType) *discovery.NetworkMember         { return nil }
func (p *peer) GetOrgOfPeer(common.PKIidType) api.OrgIdentityType        { return nil }
func (p *peer) GetIdentityByPKIID(common.PKIidType) api.PeerIdentityType { return nil }

// members is a channel of nobody.
type members struct{}

func (members) SequenceNumber() uint64 { return 1 }
func (members) Members() []api.OrgIdentityType {
	return []api.OrgIdentityType{api.OrgIdentityType("org")}
}
func (members) AnchorPeersOf(api.OrgIdentityType) []api.AnchorPeer { return nil }
