package network

import (
	"context"
	"fmt"
	"net"
	"strings"
	"time"

	"tongzheng/network/probe"
)

// readyWithin limits the wait for endorsements. A restart after a crash may
// first have to wait for the orderers to choose a leader.
const readyWithin = 3 * time.Minute

// Ready waits until every peer of this machine answers the probe in every open
// namespace, and until a gateway gathers all endorsements that a namespace
// needs. Ports that listen prove nothing: for some seconds after a start peers
// do not know of each other, and a gateway finds no set of endorsers.
func (mc *machine) Ready(ctx context.Context) error {
	for _, p := range mc.Processes() {
		err := retry(ctx, stepWithin, p.Name, func() error {
			pid, ok := mc.sup.running(p.Name)
			if !ok {
				return final{fmt.Errorf("not running, see %s", mc.sup.logFile(p.Name))}
			}
			if !answers(pid, p) {
				return fmt.Errorf("does not listen on all of %s", strings.Join(p.Ports, ", "))
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return inParallel(mc.ownPeers(), func(m Member) error { return mc.Endorses(ctx, m.ID, readyWithin) })
}

// Endorses waits until a member's gateway can have the probe endorsed in every
// open namespace: by the member's own peer, and by all that the policy names.
func (s *site) Endorses(ctx context.Context, id string, within time.Duration) error {
	m, ok := s.d.Member(id)
	if !ok || m.Peer == nil {
		return fmt.Errorf("no member %q with a peer", id)
	}
	err := inParallel(m.seats(), func(seat Member) error { return s.probe(ctx, seat, s.d.OpenNamespaces(), within) })
	if err != nil {
		return err
	}
	// The proof that the ledger is founded, also on hosts that did not commit.
	return s.markFounded()
}

func (s *site) probe(ctx context.Context, m Member, namespaces []string, within time.Duration) error {
	name := strings.TrimPrefix(m.process(KindPeer), KindPeer+".") // "city", or "peer-2.city"
	client, err := probe.Open(s.profile(m.ID), address(m.Peer.Host, m.Peer.Port))
	if err != nil {
		return fmt.Errorf("endorsement through %s: %w", name, err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	if err := client.Ready(ctx, namespaces, s.d.Probe); err != nil {
		return fmt.Errorf("endorsement through %s: %w", name, err)
	}
	return nil
}

func dials(at string) bool {
	conn, err := net.DialTimeout("tcp", at, time.Second)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}
