package gateway

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"sync/atomic"
	"time"

	"github.com/hyperledger/fabric-gateway/pkg/identity"

	"tongzheng/registry"
)

// renewedEvery is how often the client's certificate is looked at: it is renewed
// weeks before it ends, and whoever revokes the old one does so later.
const renewedEvery = time.Minute

// clientKey is a member's client identity, as the profile's files have it. It
// follows the files while the process runs: a certificate is renewed beside it.
type clientKey struct {
	profile *profile
	current atomic.Pointer[signingPair]
}

type signingPair struct {
	identity *identity.X509Identity
	ends     time.Time
	sign     identity.Sign
}

func newClientKey(p *profile) (*clientKey, error) {
	c := &clientKey{profile: p}
	pair, err := c.read()
	if err != nil {
		return nil, err
	}
	c.current.Store(pair)
	return c, nil
}

// read reads the files; a key that is not the certificate's is an error.
func (c *clientKey) read() (*signingPair, error) {
	p := c.profile
	rawCertificate, err := p.read(p.Certificate)
	if err != nil {
		return nil, err
	}
	rawKey, err := p.read(p.Key)
	if err != nil {
		return nil, err
	}
	certificate, err := identity.CertificateFromPEM(rawCertificate)
	if err != nil {
		return nil, badIdentity(p, err)
	}
	pair := &signingPair{ends: certificate.NotAfter}
	if pair.identity, err = identity.NewX509Identity(p.MSP, certificate); err != nil {
		return nil, badIdentity(p, err)
	}
	key, err := identity.PrivateKeyFromPEM(rawKey)
	if err != nil {
		return nil, badIdentity(p, err)
	}
	if !fits(certificate, key) {
		return nil, badIdentity(p, nil)
	}
	if pair.sign, err = identity.NewPrivateKeySign(key); err != nil {
		return nil, badIdentity(p, err)
	}
	return pair, nil
}

func badIdentity(p *profile, cause error) error {
	return registry.Errorf(registry.CodeInternal, "profile", "the client identity of %s", p.Member).WithCause(cause)
}

// fits tells whether the key is the certificate's.
func fits(certificate *x509.Certificate, key any) bool {
	holder, ok := key.(interface{ Public() crypto.PublicKey })
	if !ok {
		return false
	}
	public, ok := holder.Public().(interface{ Equal(crypto.PublicKey) bool })
	return ok && public.Equal(certificate.PublicKey)
}

// renew takes up new files, once they are complete. A proposal that is under way
// meanwhile is refused by the peers, and made again by whoever wanted it.
func (c *clientKey) renew() (bool, error) {
	pair, err := c.read()
	if err != nil || bytes.Equal(pair.identity.Credentials(), c.Credentials()) {
		return false, err
	}
	c.current.Store(pair)
	return true, nil
}

// MspID is the member, as Fabric names it.
func (c *clientKey) MspID() string { return c.profile.MSP }

// Credentials is the certificate in PEM.
func (c *clientKey) Credentials() []byte { return c.current.Load().identity.Credentials() }

func (c *clientKey) sign(digest []byte) ([]byte, error) { return c.current.Load().sign(digest) }

// renewed looks for new certificates until the ledger is closed.
func (l *Ledger) renewed() {
	tick := time.NewTicker(renewedEvery)
	defer tick.Stop()
	for {
		select {
		case <-l.closed:
			return
		case <-tick.C:
			l.renew()
		}
	}
}

func (l *Ledger) renew() {
	for _, who := range l.identities {
		switch changed, err := who.renew(); {
		case err != nil: // The one in use goes on.
			l.config.Log.Warn("reading the ledger client's certificate again", "member", who.profile.Member, "error", err)
		case changed:
			l.config.Log.Info("the ledger client's certificate was renewed", "member", who.profile.Member, "ends", who.ends())
		}
	}
}

// ends is when the certificate in use ends.
func (c *clientKey) ends() time.Time { return c.current.Load().ends }

// CertificateEnds is when each client certificate in use ends, by member.
func (l *Ledger) CertificateEnds() map[string]time.Time {
	ends := map[string]time.Time{}
	for _, who := range l.identities {
		ends[who.profile.Member] = who.ends()
	}
	return ends
}
