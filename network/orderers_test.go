package network_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"tongzheng/network"
	"tongzheng/network/networktest"
)

// TestOrderers kills orderers under a stream: one that follows, the one that
// leads, and two at once.
func TestOrderers(t *testing.T) {
	t.Parallel()
	n := networktest.Start(t, networktest.Options{})
	leader := networktest.Leader(t, n)
	var followers []string
	for _, m := range n.Description().OrdererMembers() {
		if name := network.KindOrderer + "." + m.ID; name != leader {
			followers = append(followers, name)
		}
	}

	finish := stream(t, n, "city", "city", "follower", length())
	must(t, n.Kill(followers[0]))
	finish()
	if now := networktest.Leader(t, n); now != leader {
		t.Errorf("%s leads after a follower died", now)
	}
	must(t, n.Start(followers[0]))
	networktest.Level(t, n) // Three of four are needed below.

	finish = stream(t, n, "city", "city", "leader", length())
	must(t, n.Kill(leader))
	finish()
	next := networktest.Leader(t, n, leader)
	testTwoAway(t, n, leader, next)
}

// testTwoAway: with two of four away nothing is ordered, and nothing is lost
// either. One is away already.
func testTwoAway(t *testing.T, n *network.Network, away, leader string) {
	var other string
	for _, m := range n.Description().OrdererMembers() {
		if name := network.KindOrderer + "." + m.ID; name != away && name != leader {
			other = name
		}
	}
	eventuallyLevel(t, n, 3)
	must(t, n.Kill(other))
	before := n.Heights(t.Context())
	between := networktest.NewBetween(t, n, "city")
	const count = 16
	finish := begin(t, networktest.ClientOf(t, between.Profile(), ""), "city", "two away", count)
	handed := map[string]int{} // how often, by transaction
	networktest.Eventually(t, "every client hands its transaction over, and again", func() error {
		for _, id := range between.Sent() {
			handed[id]++
		}
		if len(handed) < 8 || slices.Min(slices.Collect(maps.Values(handed))) < 2 {
			return fmt.Errorf("handed over: %v", handed)
		}
		return nil
	})
	if now := n.Heights(t.Context()); !maps.Equal(before, now) || len(now) != 2 {
		t.Errorf("two of four orderers: heights %v became %v", before, now)
	}
	if got := get(t, n, "city", "city", "two away-0"); got != "" {
		t.Errorf("committed without a quorum: %q", got)
	}
	began := time.Now()
	must(t, n.Start(away))
	must(t, n.Start(other))
	finish()
	t.Logf("all through %s after the start of the others", time.Since(began).Round(time.Millisecond))
	for _, id := range between.Sent() {
		handed[id]++
	}
	if len(handed) != count {
		t.Errorf("%d transactions were made for %d calls", len(handed), count)
	}
	networktest.Level(t, n)
}

// eventuallyLevel waits until count orderers answer and have the same blocks.
func eventuallyLevel(t *testing.T, n *network.Network, count int) {
	t.Helper()
	networktest.Eventually(t, "orderers level", func() error {
		heights := slices.Collect(maps.Values(n.Heights(t.Context())))
		if len(heights) != count || slices.Min(heights) != slices.Max(heights) {
			return fmt.Errorf("heights %v", heights)
		}
		return nil
	})
}

// leads lists a member first, so that its orderer is the first to lead.
func leads(id string) func(*network.Description) {
	return func(d *network.Description) {
		i := slices.IndexFunc(d.Members, func(m network.Member) bool { return m.ID == id })
		m := d.Members[i]
		d.Members = slices.Insert(slices.Delete(d.Members, i, i+1), 0, m)
	}
}

// TestSeparateHosts runs every member on a host of its own and cuts a county off,
// together with its orderer, which leads: packets vanish, no connection is reset.
func TestSeparateHosts(t *testing.T) {
	t.Parallel()
	n := networktest.Start(t, networktest.Options{Isolated: true, Change: leads("yudu")})
	must(t, put(t, n, "xingguo", "xingguo", "a", "1"))
	leader := networktest.Leader(t, n) // Yudu's, unless a busy machine gave it up already.

	// The others go on.
	must(t, n.CutOff(t.Context(), "yudu"))
	begin(t, networktest.Client(t, n, "city"), "xingguo", "county cut off", 50)()
	must(t, put(t, n, "city", network.Governance, "cut off", "1"))
	if now := networktest.Leader(t, n, "orderer.yudu"); now == leader {
		t.Logf("%s led before, too", now)
	}
	if answer, err := pinged(t, n, "yudu"); err == nil {
		t.Errorf("a member that is cut off answered %q", answer)
	}
	must(t, n.Reconnect(t.Context(), "yudu"))
	began := time.Now()
	must(t, n.Endorses(t.Context(), "yudu", networktest.Patience))
	eventually(t, n, "yudu", network.Governance, "cut off", "1")
	must(t, put(t, n, "yudu", "yudu", "a", "1"))
	t.Logf("the county works %s after the reconnection", time.Since(began).Round(time.Millisecond))
	networktest.Level(t, n)
	t.Logf("all orderers level %s after the reconnection", time.Since(began).Round(time.Millisecond))
}

func pinged(t *testing.T, n *network.Network, member string) (string, error) {
	ctx, cancel := networktest.For(t, 3*time.Second)
	defer cancel()
	return networktest.Client(t, n, member).Evaluate(ctx, member, "ping")
}

// TestLeaderCutOff: packets to the auditor, which leads and endorses nothing,
// vanish.
func TestLeaderCutOff(t *testing.T) {
	networktest.ForSoak(t)
	t.Parallel()
	n := networktest.Start(t, networktest.Options{Isolated: true, Change: leads("audit")})
	leader := networktest.Leader(t, n)
	member := leader[len(network.KindOrderer)+1:]
	must(t, n.CutOff(t.Context(), member))
	begin(t, networktest.Client(t, n, "city"), "xingguo", "leader cut off", 50)()
	must(t, n.Reconnect(t.Context(), member))
	networktest.Level(t, n)
	networktest.Leader(t, n, leader)
}
