package gateway

import (
	"fmt"
	"testing"
	"time"

	"tongzheng/chaincode/ledgertest"
	"tongzheng/network"
	"tongzheng/network/networktest"
)

// TestTwoPeers: of the city's two peers, each with a contract service, one is killed
// under a stream of issues, which the city has to endorse. They go on, through the
// other peer; what was killed catches up. Then orderers' certificates are renewed under
// the same stream.
func TestTwoPeers(t *testing.T) {
	t.Parallel()
	networktest.Tools(t)
	n := networktest.Start(t, networktest.Options{Chaincode: buildService(t), Spare: "city"})
	l := openLedger(t, n, "city")
	s := newStream(t, l, &town{City: found(t, l)}, ledgertest.MemberXingguo)
	s.goesOn(few())
	for _, away := range [][]string{
		{"peer.city", "service.city"}, {"service.city"}, {"peer-2.city", "service-2.city"}, {"service-2.city"},
	} {
		s.longest.Store(0)
		began := time.Now()
		for _, name := range away {
			if err := n.Kill(name); err != nil {
				t.Fatal(err)
			}
		}
		s.goesOn(few())
		t.Logf("%v away: %d issues in %s, the longest took %d ms", away, few(), time.Since(began).Round(time.Millisecond), s.longest.Load())
		for _, name := range away {
			if err := n.Start(name); err != nil {
				t.Fatal(err)
			}
		}
		if err := n.Endorses(t.Context(), "city", networktest.Patience); err != nil {
			t.Fatal(err)
		}
		level(t, n, l)
	}
	ordererCertificates(t, n, s)
	s.end()
}

// ordererCertificates renews orderers, the leading one among them, while licenses are
// issued.
func ordererCertificates(t *testing.T, n *network.Network, s *stream) {
	t.Helper()
	leader := networktest.Leader(t, n)
	renewal := network.Renewal{Holders: []string{leader}}
	for _, m := range n.Description().OrdererMembers() {
		name := network.KindOrderer + "." + m.ID
		if name != leader && (networktest.Exhaustive() || len(renewal.Holders) < 2) {
			renewal.Holders = append(renewal.Holders, name)
		}
	}
	s.longest.Store(0)
	began, before := time.Now(), s.done.Load()
	if err := n.Renew(t.Context(), renewal); err != nil {
		t.Fatal(err)
	}
	t.Logf("%v renewed in %s; %d licenses were issued meanwhile", renewal.Holders, time.Since(began).Round(time.Millisecond), s.done.Load()-before)
	s.goesOn(few())
	t.Logf("the longest took %d ms", s.longest.Load())
}

// level waits until each of the city's peers has what any peer has now.
func level(t *testing.T, n *network.Network, l *Ledger) {
	t.Helper()
	who := l.as("city")
	networktest.Eventually(t, "the city's peers level", func() error {
		most := uint64(0)
		for _, via := range who.links {
			height, err := heightOf(t.Context(), via)
			if err != nil {
				return err
			}
			most = max(most, height)
		}
		for _, via := range who.links {
			if height, err := heightOf(t.Context(), via); err != nil {
				return err
			} else if via.Member == "city" && height < most {
				return fmt.Errorf("%s has %d of %d blocks", via.Address, height, most)
			}
		}
		return nil
	})
	if own := len(n.Description().Members[0].Spares) + 1; own != 2 || who.links[0].Member != "city" || who.links[1].Member != "city" {
		t.Errorf("the city has %d peers, and asks %s, then %s", own, who.links[0].Address, who.links[1].Address)
	}
}
