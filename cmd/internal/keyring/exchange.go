package keyring

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// ExchangeFolder is where a data folder has its keys for the exchange between members:
// of the transport (TLS 1.3, ECDSA P-256), not of the law, which rests on SM2.
const ExchangeFolder = "exchange"

// Exchange are those keys. The ledger says which one is in use; the others wait for an
// order, or have had theirs.
type Exchange struct {
	folder string

	mu   sync.Mutex
	keys map[sm.Digest]*tls.Certificate
}

// OpenExchange opens the keys of a data folder; make makes one where there is none.
func OpenExchange(data string, make bool) (*Exchange, error) {
	e := &Exchange{folder: filepath.Join(data, ExchangeFolder)}
	if err := e.read(); err != nil {
		return nil, err
	}
	if len(e.keys) > 0 || !make {
		return e, nil
	}
	_, err := e.Make()
	return e, err
}

// read reads the folder anew: a key that an operator made beside a running server is
// there when the ledger names it.
func (e *Exchange) read() error {
	names, err := filepath.Glob(filepath.Join(e.folder, "*.pem"))
	if err != nil {
		return err
	}
	keys := map[sm.Digest]*tls.Certificate{}
	for _, name := range names {
		pair, err := tls.LoadX509KeyPair(name, strings.TrimSuffix(name, ".pem")+".key")
		if err != nil {
			return fmt.Errorf("exchange key %s: %w", name, err)
		}
		keys[sm.Sum(pair.Leaf.RawSubjectPublicKeyInfo)] = &pair
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.keys = keys
	return nil
}

// Digests names the keys (Service.ExchangeKey).
func (e *Exchange) Digests() []sm.Digest {
	e.mu.Lock()
	defer e.mu.Unlock()
	digests := make([]sm.Digest, 0, len(e.keys))
	for d := range e.keys {
		digests = append(digests, d)
	}
	return digests
}

// Certificate is that of a key, with the key. CodeNotFound.
func (e *Exchange) Certificate(key sm.Digest) (*tls.Certificate, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if c := e.keys[key]; c != nil {
		return c, nil
	}
	return nil, registry.Errorf(registry.CodeNotFound, "exchange_key", "this registry does not have the exchange key %s", key)
}

// Renew reads keys that were made since; it tells nobody when that fails: the keys of
// before go on.
func (e *Exchange) Renew() error { return e.read() }

// Make makes a key with a certificate signed by itself, for which the ledger vouches by the
// digest: nothing in it counts but the key.
func (e *Exchange) Make() (sm.Digest, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return sm.Digest{}, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return sm.Digest{}, err
	}
	template := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: "Tongzheng exchange"}, NotBefore: time.Unix(0, 0),
		NotAfter: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return sm.Digest{}, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return sm.Digest{}, err
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return sm.Digest{}, err
	}
	digest := sm.Sum(certificate.RawSubjectPublicKeyInfo)
	if err := os.MkdirAll(e.folder, 0o700); err != nil {
		return sm.Digest{}, err
	}
	name := filepath.Join(e.folder, digest.String()[:16])
	// The key first: a certificate without one would keep the folder from being read.
	err = os.WriteFile(name+".key", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600)
	if err == nil {
		err = os.WriteFile(name+".pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600)
	}
	return digest, errors.Join(err, e.read())
}
