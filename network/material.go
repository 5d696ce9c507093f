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
	var err error
	if l.authorityElsewhere(m) {
		err = l.complete(m)
	} else {
		err = l.issueAll(m)
	}
	if err != nil || m.Orderer == nil {
		return err
	}
	return l.publishOrderer(m)
}

func (l layout) issueAll(m Member) error {
	is, err := l.issuer(m)
	if err != nil {
		return err
	}
	if err := is.public(); err != nil {
		return err
	}
	for _, kind := range m.holders() {
		if err := is.holder(kind); err != nil {
			return err
		}
	}
	return nil
}

// authorityElsewhere tells that the member has authorities whose keys are not here:
// they belong offline, and others must not be founded in their place.
func (l layout) authorityElsewhere(m Member) bool {
	return isThere(l.identityRoots(m.ID)) && !(isThere(l.member(m.ID, "ca", "key.pem")) && isThere(l.member(m.ID, "tlsca", "key.pem")))
}

// complete wants every certificate of the member there.
func (l layout) complete(m Member) error {
	for _, kind := range m.holders() {
		for _, h := range holdings(m, kind) {
			if !isThere(l.member(m.ID, kind, h.certificate)) {
				return fmt.Errorf("%s.%s has no certificate (%s), and the keys of its authorities are elsewhere: bring members/%s/ca and tlsca back", kind, m.ID, h.use(), m.ID)
			}
		}
	}
	return nil
}

// issuer loads the member's authorities, or founds them.
func (l layout) issuer(m Member) (issuer, error) {
	ca, err := loadAuthority(l.member(m.ID, "ca"), m.Name, m.ID+" identity authority")
	if err != nil {
		return issuer{}, err
	}
	tls, err := loadAuthority(l.member(m.ID, "tlsca"), m.Name, m.ID+" TLS authority")
	if err != nil {
		return issuer{}, err
	}
	return issuer{layout: l, m: m, ca: ca, tls: tls, identity: ca.pem}, nil
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

// holder writes the folder of one of the member's holders of certificates: the
// authorities that it goes by, and its own keys and certificates.
func (is issuer) holder(kind string) error {
	for _, h := range holdings(is.m, kind) {
		var err error
		switch {
		case h.tls:
			err = writeFile(is.member(is.m.ID, kind, "tls", "ca.pem"), is.tls.pem, 0o644)
		case kind != HolderClient:
			err = is.mspRoots(is.member(is.m.ID, kind, "msp"))
		}
		if err != nil {
			return err
		}
	}
	return is.issueInto(kind, is.member(is.m.ID, kind))
}

// issueInto makes what is missing of a holder's keys and certificates in a folder
// that is laid out like the holder's.
func (is issuer) issueInto(kind, folder string) error {
	for _, h := range holdings(is.m, kind) {
		by := is.ca
		if h.tls {
			by = is.tls
		}
		if err := by.issue(h.leaf, filepath.Join(folder, h.certificate), filepath.Join(folder, h.key)); err != nil {
			return err
		}
	}
	return nil
}

// publishOrderer copies the certificates by which the other orderers know this
// one: the new ones while it is being renewed.
func (l layout) publishOrderer(m Member) error {
	for _, h := range holdings(m, KindOrderer) {
		raw, err := os.ReadFile(l.coming(m, KindOrderer, h))
		if err != nil {
			return fmt.Errorf("reading the orderer's certificate: %w", err)
		}
		to := "identity.pem"
		if h.tls {
			to = "tls.pem"
		}
		if err := writeFile(l.public(m.ID, "orderer", to), raw, 0o644); err != nil {
			return err
		}
	}
	return nil
}
