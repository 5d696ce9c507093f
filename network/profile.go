package network

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Profile is the file a client of the ledger reads: profiles/<member>.json, one
// per member, because a client acts as one member. File names in it are
// relative to the profile.
type Profile struct {
	Network string `json:"network"`
	Channel string `json:"channel"`
	// Lead is the member whose endorsement every namespace needs.
	Lead string `json:"lead"`
	// Member and MSP are whom the client acts for.
	Member string `json:"member"`
	MSP    string `json:"msp_id"`
	// Gateway is the member's own peer, the first. A client may use another of Peers while
	// it is away; the identity stays the same.
	Gateway Endpoint `json:"gateway"`
	// Certificate and Key (PKCS #8, ECDSA P-256) are the client's identity.
	Certificate string `json:"certificate"`
	Key         string `json:"key"`
	// Peers are all members' peers.
	Peers []Endpoint `json:"peers"`
	// Namespaces in order of founding.
	Namespaces []ProfileNamespace `json:"namespaces"`
	// Roots are the identity authorities of the members, former ones included:
	// what receipts verify against.
	Roots []ProfileRoot `json:"roots"`
}

// Endpoint is a TLS server of a member.
type Endpoint struct {
	Member string `json:"member"`
	MSP    string `json:"msp_id"`
	// Address is host:port; the certificate is for that host.
	Address  string `json:"address"`
	TLSRoots string `json:"tls_roots"`
}

// ProfileNamespace is a chaincode name and who must endorse in it.
type ProfileNamespace struct {
	Name string `json:"name"`
	// Policy is in Fabric's notation; empty for a closed namespace, which is
	// only read.
	Policy string `json:"policy,omitempty"`
}

// ProfileRoot is a member's identity authority.
type ProfileRoot struct {
	Member      string `json:"member"`
	MSP         string `json:"msp_id"`
	Certificate string `json:"certificate"`
	// Revocations is the authority's revocation list; empty when it has none.
	Revocations string `json:"revocations,omitempty"`
	// Left is when the member left; its endorsements count before.
	Left time.Time `json:"left,omitzero"`
}

// ProfilePath is where a member's profile lies.
func (s *site) ProfilePath(member string) string { return s.profile(member) }

// writeProfiles writes the profiles of this machine's members.
func (s *site) writeProfiles() error {
	for _, m := range s.ownPeers() {
		p := Profile{
			Network: s.d.Name, Channel: s.d.Channel, Lead: s.d.Lead, Member: m.ID, MSP: m.MSP,
			Gateway:     s.endpoint(m),
			Certificate: s.fromProfile(s.member(m.ID, "client", "cert.pem")),
			Key:         s.fromProfile(s.member(m.ID, "client", "key.pem")),
		}
		for _, o := range seatsOf(s.d.PeerMembers()) {
			p.Peers = append(p.Peers, s.endpoint(o))
		}
		for _, ns := range s.d.Namespaces {
			rule, _ := s.d.Policy(ns)
			p.Namespaces = append(p.Namespaces, ProfileNamespace{Name: ns, Policy: rule})
		}
		for _, o := range s.d.Members {
			p.Roots = append(p.Roots, s.profileRoot(o.ID, o.MSP, time.Time{}))
		}
		for _, o := range s.d.Former {
			p.Roots = append(p.Roots, s.profileRoot(o.ID, o.MSP, o.Left))
		}
		out, err := json.MarshalIndent(p, "", "  ")
		if err != nil {
			return fmt.Errorf("encoding the profile of %s: %w", m.ID, err)
		}
		if err := writeFile(s.profile(m.ID), append(out, '\n'), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (l layout) profileRoot(member, msp string, left time.Time) ProfileRoot {
	r := ProfileRoot{Member: member, MSP: msp, Certificate: l.fromProfile(l.identityRoots(member)), Left: left}
	if _, err := os.Stat(l.revocations(member)); err == nil {
		r.Revocations = l.fromProfile(l.revocations(member))
	}
	return r
}

func (l layout) endpoint(m Member) Endpoint {
	return Endpoint{
		Member: m.ID, MSP: m.MSP, Address: address(m.Peer.Host, m.Peer.Port),
		TLSRoots: l.fromProfile(l.tlsRoots(m.ID)),
	}
}

func (l layout) fromProfile(path string) string {
	rel, err := filepath.Rel(l.at("profiles"), path)
	if err != nil {
		return path // Both are below the data folder: cannot happen.
	}
	return rel
}
