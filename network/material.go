package network

import (
	"fmt"
	"os"
	"path/filepath"
)

// nodeUnits makes Fabric tell roles apart by the organizational unit of a
// certificate, so that a client certificate cannot endorse or order.
const nodeUnits = `NodeOUs:
  Enable: true
  ClientOUIdentifier: {Certificate: cacerts/ca.pem, OrganizationalUnitIdentifier: client}
  PeerOUIdentifier: {Certificate: cacerts/ca.pem, OrganizationalUnitIdentifier: peer}
  AdminOUIdentifier: {Certificate: cacerts/ca.pem, OrganizationalUnitIdentifier: admin}
  OrdererOUIdentifier: {Certificate: cacerts/ca.pem, OrganizationalUnitIdentifier: orderer}
`

// issuer issues everything one member needs.
type issuer struct {
	layout
	m        Member
	ca, tls  *authority
	identity []byte // PEM of the identity authority
}

// issueMember makes the keys and certificates of one member, keeping what
// exists. It needs nothing from other members: on separate hosts each member
// runs it alone and hands out its public folder only.
func (l layout) issueMember(m Member) error {
	ca, err := loadAuthority(l.member(m.ID, "ca"), m.Name, m.ID+" identity authority")
	if err != nil {
		return err
	}
	tls, err := loadAuthority(l.member(m.ID, "tlsca"), m.Name, m.ID+" TLS authority")
	if err != nil {
		return err
	}
	is := issuer{layout: l, m: m, ca: ca, tls: tls, identity: ca.pem}
	if err := is.public(); err != nil {
		return err
	}
	if err := is.persons(); err != nil {
		return err
	}
	return is.nodes()
}

// public writes the membership definition the other members use.
func (is issuer) public() error {
	return is.mspRoots(is.layout.public(is.m.ID, "msp"))
}

func (is issuer) mspRoots(dir string) error {
	for name, content := range map[string][]byte{
		"cacerts/ca.pem":       is.identity,
		"tlscacerts/tlsca.pem": is.tls.pem,
		"config.yaml":          []byte(nodeUnits),
	} {
		if err := writeFile(filepath.Join(dir, name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// persons issues the administrator and the registry's client identity.
func (is issuer) persons() error {
	if err := is.identityAt("admin", "admin", "admin"); err != nil {
		return err
	}
	if err := is.tlsAt("admin", "admin", nil); err != nil {
		return err
	}
	cert, key := is.member(is.m.ID, "client", "cert.pem"), is.member(is.m.ID, "client", "key.pem")
	return is.ca.issue(leaf{name: "registry." + is.m.ID, role: "client"}, cert, key)
}

// nodes issues identities and TLS certificates of the member's processes.
func (is issuer) nodes() error {
	if o := is.m.Orderer; o != nil {
		if err := is.node("orderer", "orderer", o.Host); err != nil {
			return err
		}
		if err := is.publishOrderer(); err != nil {
			return err
		}
	}
	if p := is.m.Peer; p != nil {
		if err := is.node("peer", "peer", p.Host); err != nil {
			return err
		}
		return is.tlsAt("service", "service."+is.m.ID, []string{is.m.Service.Host})
	}
	return nil
}

func (is issuer) node(folder, role, host string) error {
	if err := is.identityAt(folder, folder+"."+is.m.ID, role); err != nil {
		return err
	}
	hosts := []string{host}
	if host != "127.0.0.1" {
		// The member's own tools may reach the process over loopback.
		hosts = append(hosts, "127.0.0.1")
	}
	return is.tlsAt(folder, folder+"."+is.m.ID, hosts)
}

// identityAt makes members/<m>/<folder>/msp with a signing identity.
func (is issuer) identityAt(folder, name, role string) error {
	msp := is.member(is.m.ID, folder, "msp")
	if err := is.mspRoots(msp); err != nil {
		return err
	}
	return is.ca.issue(leaf{name: name, role: role},
		filepath.Join(msp, "signcerts", "cert.pem"), filepath.Join(msp, "keystore", "key_sk"))
}

func (is issuer) tlsAt(folder, name string, hosts []string) error {
	dir := is.member(is.m.ID, folder, "tls")
	if err := writeFile(filepath.Join(dir, "ca.pem"), is.tls.pem, 0o644); err != nil {
		return err
	}
	return is.tls.issue(leaf{name: name, hosts: hosts}, filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"))
}

// publishOrderer copies the certificates by which the other orderers know this one.
func (is issuer) publishOrderer() error {
	for from, to := range map[string]string{
		is.member(is.m.ID, "orderer", "msp", "signcerts", "cert.pem"): "identity.pem",
		is.member(is.m.ID, "orderer", "tls", "cert.pem"):              "tls.pem",
	} {
		raw, err := os.ReadFile(from)
		if err != nil {
			return fmt.Errorf("reading the orderer's certificate: %w", err)
		}
		if err := writeFile(is.layout.public(is.m.ID, "orderer", to), raw, 0o644); err != nil {
			return err
		}
	}
	return nil
}
