package exchange

import (
	"crypto/tls"
	"crypto/x509"

	"tongzheng/registry"
	"tongzheng/registry/exchange"
	"tongzheng/registry/sm"
)

// Identity is this registry's own end of a connection.
type Identity interface {
	// Certificate is that of the key with a digest (KeyDigest), with the key. CodeNotFound.
	Certificate(key sm.Digest) (*tls.Certificate, error)
}

// KeyDigest names a transport key: SM3 of the certificate's SubjectPublicKeyInfo. Nothing
// else of the certificate counts, not its dates either: no decision rests on a clock.
func KeyDigest(c *x509.Certificate) sm.Digest { return sm.Sum(c.RawSubjectPublicKeyInfo) }

// own is the certificate of the key that the ledger names now.
func own(d *exchange.Directory, id Identity) (*tls.Certificate, error) {
	members, key, err := d.Own()
	if err != nil {
		return nil, err
	}
	if len(members) == 0 {
		return nil, registry.Errorf(registry.CodeUnavailable, "", "the ledger names no exchange key of this registry")
	}
	return id.Certificate(key)
}

// peerKey is the key that the other end has shown to hold; zero for none.
func peerKey(state *tls.ConnectionState) sm.Digest {
	if state == nil || len(state.PeerCertificates) == 0 {
		return sm.Digest{}
	}
	return KeyDigest(state.PeerCertificates[0])
}

func stranger() error {
	return registry.Errorf(registry.CodeForbidden, "", "the ledger names no member with this key")
}

// serverTLS lets in whoever holds a key that the ledger names. Sessions are not taken up
// again: each connection is judged anew.
func serverTLS(d *exchange.Directory, id Identity) *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS13, ClientAuth: tls.RequireAnyClientCert, SessionTicketsDisabled: true, NextProtos: []string{"http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return own(d, id) },
		VerifyConnection: func(state tls.ConnectionState) error {
			members, err := d.MembersOf(peerKey(&state))
			if err == nil && len(members) == 0 {
				err = stranger()
			}
			return err
		}}
}

// clientTLS reaches one key and no other. Names and dates are not looked at, and no
// authority: the ledger has the key's digest.
func clientTLS(d *exchange.Directory, id Identity, key sm.Digest) *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS13, NextProtos: []string{"http/1.1"},
		InsecureSkipVerify:   true, // VerifyConnection compares the key with the ledger's
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return own(d, id) },
		VerifyConnection: func(state tls.ConnectionState) error {
			if key.IsZero() || peerKey(&state) != key {
				return registry.Errorf(registry.CodeUnavailable, "", "the other end does not hold the key that the ledger names")
			}
			return nil
		}}
}
