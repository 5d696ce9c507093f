package network_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"tongzheng/network"
	"tongzheng/network/networktest"
)

// TestSpareJoins gives a member of a running network a second peer, which works while
// the first is down. For make soak: TestTwoPeers of chaincode/gateway has one from the
// beginning.
func TestSpareJoins(t *testing.T) {
	networktest.ForSoak(t)
	t.Parallel()
	n := networktest.Start(t, networktest.Options{})
	must(t, put(t, n, "yudu", "yudu", "before", "1"))
	d := n.Description()
	i := slices.IndexFunc(d.Members, func(m network.Member) bool { return m.ID == "yudu" })
	first := networktest.Joining(t, d).Peer.Port
	d.Members[i].Spares = []network.Spare{{
		Peer:    &network.PeerNode{Host: "127.0.0.1", Port: first, Chaincode: first + 1, Operations: first + 2},
		Service: &network.ServiceNode{Host: "127.0.0.1", Port: first + 3},
	}}
	root := filepath.Dir(filepath.Dir(n.ProfilePath("city")))
	must(t, d.Save(filepath.Join(root, "network.yaml")))
	with, err := network.Open(nil, network.Options{Root: root, Tools: n.Tools(), DieWithParent: true, Log: t.Logf})
	must(t, err)
	t.Cleanup(func() { _ = with.Down(context.Background()) })
	running := pids(n)
	must(t, with.Up(networktest.Within(t)))
	same(t, n, running)
	must(t, with.Kill("peer.yudu"))
	must(t, with.Kill("service.yudu"))
	second := networktest.ClientOf(t, with.ProfilePath("yudu"), fmt.Sprintf("127.0.0.1:%d", first))
	_, err = second.Submit(networktest.Within(t), "yudu", "put", "seated", "1")
	must(t, err)
	must(t, with.Up(networktest.Within(t)))
	eventually(t, with, "yudu", "yudu", "seated", "1")
	eventually(t, with, "yudu", "yudu", "before", "1")
}
