package network

import (
	"net"
	"strconv"
	"strings"
	"testing"
)

// TestChosenPorts: a new network leaves ports to whoever listens there, a founded
// one keeps its own, and a member that joins finds room.
func TestChosenPorts(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := taken.Addr().(*net.TCPAddr).Port
	open := func(ports string) *Network {
		d := ganzhou(t)
		d.Members[3].Orderer.Port = port
		n, err := Open(d, Options{Root: t.TempDir(), Ports: ports})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	n := open(PortsAuto)
	release, err := n.choosePorts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	release()
	if err := n.portsFree(); err != nil || n.d.Validate() != nil || n.d.Members[3].Orderer.Port == port {
		t.Errorf("chosen ports: %v %+v", err, n.d.Members[3].Orderer)
	}
	first := n.d.Members[0].Orderer.Port
	if first < firstBlock || first > lastBlock {
		t.Errorf("first port %d", first)
	}

	// The member's own ports are taken, or those of a member.
	for _, at := range []int{port, first} {
		m, err := n.PlaceMember(Member{ID: "huichang", MSP: "HuichangMSP",
			Peer: &PeerNode{Host: "127.0.0.1", Port: at, Chaincode: at + 1, Operations: at + 2}, Service: &ServiceNode{Host: "127.0.0.1", Port: at + 3}})
		if err != nil || m.Peer.Port == at || !n.fits(m) {
			t.Errorf("a member that joins: %v %+v", err, m.Peer)
		}
	}

	n = open("30100")
	if _, err := n.choosePorts(t.Context()); err != nil || n.d.Members[0].Orderer.Port != 30100 {
		t.Errorf("a first port: %v %+v", err, n.d.Members[0].Orderer)
	}
	if _, err := open("80").choosePorts(t.Context()); err == nil {
		t.Error("port 80 was accepted")
	}
	if err := writeFile(n.genesis(), []byte("a block"), 0o644); err != nil {
		t.Fatal(err)
	}
	for ports, refused := range map[string]bool{PortsAuto: false, "30100": false, strconv.Itoa(first): true} {
		n.opts.Ports = ports
		_, err := n.choosePorts(t.Context())
		if (err != nil) != refused || n.d.Members[0].Orderer.Port != 30100 {
			t.Errorf("a founded network and -ports %s: %v", ports, err)
		}
		if refused && !strings.Contains(err.Error(), "keeps the ports") {
			t.Error(err)
		}
	}
}
