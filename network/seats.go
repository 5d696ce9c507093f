package network

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// Spare is a further peer of a member, with a contract service of its own: while one
// is down the other answers.
type Spare struct {
	Peer    *PeerNode    `yaml:"peer"`
	Service *ServiceNode `yaml:"service"`
}

// seats are a member's peers, each as the member with this peer and its service: the
// first, and the spare ones.
func (m Member) seats() []Member {
	if m.Peer == nil {
		return nil
	}
	m.seat = 0
	all := []Member{m}
	for i, s := range m.Spares {
		one := m
		one.Peer, one.Service, one.seat = s.Peer, s.Service, i+1
		all = append(all, one)
	}
	return all
}

// folder names what belongs to a seat: "peer" for the first, "peer-2" for the next.
func (m Member) folder(kind string) string {
	if m.seat == 0 {
		return kind
	}
	return fmt.Sprintf("%s-%d", kind, m.seat+1)
}

// process names a seat's process: "peer.city", "peer-2.city".
func (m Member) process(kind string) string { return m.folder(kind) + "." + m.ID }

// seated takes a folder's name apart: its kind, and the member with that seat.
func (m Member) seated(folder string) (kind string, seat Member) {
	kind, number, spare := strings.Cut(folder, "-")
	if n, err := strconv.Atoi(number); spare && err == nil && n >= 2 && n-2 < len(m.Spares) {
		return kind, m.seats()[n-1]
	}
	return folder, m
}

// seatsOf are the seats of several members.
func seatsOf(members []Member) (all []Member) {
	for _, m := range members {
		all = append(all, m.seats()...)
	}
	return all
}

// seatSpares has spare peers take part that were added to the description of a running
// network.
func (n *Network) seatSpares(ctx context.Context) error {
	return inParallel(n.ownPeers(), func(m Member) error {
		if len(m.Spares) == 0 {
			return nil
		}
		if err := n.JoinPeer(ctx, m.ID); err != nil {
			return err
		}
		return n.Install(ctx, m.ID)
	})
}

// answering is the first of a member's seats whose peer can be reached; the first
// when none can.
func (m Member) answering() Member {
	for _, one := range m.seats() {
		if len(m.Spares) == 0 || dials(address(one.Peer.Host, one.Peer.Port)) {
			return one
		}
	}
	return m
}
