package network

import (
	"fmt"
	"slices"
	"strings"
)

// runbook is what the form of the runbook shows.
type runbook struct {
	Deployment
	Name  string
	Rows  []row
	Hosts []place
	// Registries are the hosts with a registry; Lead is that of the ledger's lead,
	// Others are the others, and Lost is the one that chapter 8 takes for lost.
	Registries, Others []place
	Lead               place
	Lost               *place
	// AllPeers are the members that endorse.
	AllPeers string
	Orderers int
	Kept     int
}

// row is a line of the table of processes.
type row struct{ Member, Host, Process, Ports string }

// place is a host with what the steps on it name.
type place struct {
	host
	// Each are the ids of the members on it, Peers of those with a peer, for
	// loops of the shell.
	Each, Peers string
	// Ledger are the units of the ledger's processes.
	Ledger []string
	// Further are the organizations beside the one that runs the registry.
	Further []Organization
}

func writeRunbook(path string, d *Description, to Deployment) error {
	book := runbook{Deployment: to, Name: d.Name, Orderers: len(d.OrdererMembers()), Kept: kept, Rows: rowsOf(d)}
	var peers []string
	for _, m := range d.PeerMembers() {
		peers = append(peers, m.ID)
	}
	book.AllPeers = strings.Join(peers, ",")
	for _, h := range hostsOf(d, to) {
		p := placeOf(d, h)
		book.Hosts = append(book.Hosts, p)
		switch {
		case h.Leads:
			book.Lead = p
		case h.Registry != nil:
			book.Others = append(book.Others, p)
		}
		if h.Registry != nil {
			book.Registries = append(book.Registries, p)
		}
	}
	if len(book.Others) > 0 {
		book.Lost = &book.Others[0]
	}
	return writeForm(path, "runbook.md.tmpl", book)
}

func placeOf(d *Description, h host) place {
	p := place{host: h, Each: strings.ReplaceAll(h.Members, ",", " ")}
	var peers []string
	for _, id := range strings.Fields(p.Each) {
		m, _ := d.Member(id)
		if m.Orderer != nil && m.Orderer.Host == h.Host {
			p.Ledger = append(p.Ledger, unitName(id, KindOrderer))
		}
		if m.Peer == nil {
			continue
		}
		for _, seat := range m.seats() {
			if seat.Service.Host == h.Host {
				p.Ledger = append(p.Ledger, unitName(id, seat.folder(KindService)))
			}
			if seat.Peer.Host == h.Host {
				p.Ledger = append(p.Ledger, unitName(id, seat.folder(KindPeer)))
				if !slices.Contains(peers, id) {
					peers = append(peers, id)
				}
			}
		}
	}
	p.Peers = strings.Join(peers, " ")
	if h.Registry != nil {
		p.Further = h.Registry.Organizations[1:]
	}
	return p
}

func rowsOf(d *Description) []row {
	var rows []row
	for _, m := range d.Members {
		if o := m.Orderer; o != nil {
			rows = append(rows, row{m.ID, o.Host, "orderer", fmt.Sprintf("%d from all members; %d (administration) from the member itself", o.Port, o.Admin)})
		}
		for _, seat := range m.seats() {
			rows = append(rows,
				row{m.ID, seat.Peer.Host, seat.folder(KindPeer), fmt.Sprintf("%d from all members and clients", seat.Peer.Port)},
				row{m.ID, seat.Service.Host, seat.folder(KindService), fmt.Sprintf("%d and up, one per namespace, from this peer only", seat.Service.Port)})
		}
		if r := m.Registry; r != nil {
			rows = append(rows,
				row{m.ID, r.Host, "proxy", "80 and 443 from everywhere: " + r.PublicName() + ", " + r.SignName()},
				row{m.ID, r.Host, "registry", fmt.Sprintf("%d from the other members' registries", r.Exchange)})
		}
	}
	return rows
}
