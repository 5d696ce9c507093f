package app

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
	"net"
	"os"
	"time"
)

// TLSDev asks for a development certificate: phones allow camera and
// installation only over HTTPS. Production terminates TLS before this process,
// or gives files.
const TLSDev = "dev"

// developmentTLS loads the development certificate of a data folder, or makes
// one for a year: P-256, this machine's addresses, self-signed. Browsers warn
// until it is accepted, as they should.
func (a *App) developmentTLS() (*tls.Config, error) {
	certFile, keyFile := a.path("tls-dev.pem"), a.path("tls-dev.key")
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err == nil && time.Now().Before(pair.Leaf.NotAfter) {
		return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("development certificate: %w (delete %s to make another)", err, certFile)
	}
	if err := makeCertificate(certFile, keyFile); err != nil {
		return nil, fmt.Errorf("development certificate: %w", err)
	}
	if pair, err = tls.LoadX509KeyPair(certFile, keyFile); err != nil {
		return nil, fmt.Errorf("development certificate: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}

func makeCertificate(certFile, keyFile string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return err
	}
	now := time.Now()
	template := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: "Tongzheng DEVELOPMENT ONLY"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(1, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, DNSNames: []string{"localhost"}, BasicConstraintsValid: true}
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return err
	}
	for _, address := range addresses {
		if network, ok := address.(*net.IPNet); ok {
			template.IPAddresses = append(template.IPAddresses, network.IP)
		}
	}
	if name, err := os.Hostname(); err == nil {
		template.DNSNames = append(template.DNSNames, name)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	if err := os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600); err != nil {
		return err
	}
	return os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644)
}

// secured puts TLS before the listener when it is asked for.
func (a *App) secured(listener net.Listener) (net.Listener, error) {
	switch a.Config.TLS {
	case "":
		return listener, nil
	case TLSDev:
		config, err := a.developmentTLS()
		if err != nil {
			return nil, err
		}
		return tls.NewListener(listener, config), nil
	}
	return nil, fmt.Errorf("TONGZHENG_TLS=%s: want %s or nothing", a.Config.TLS, TLSDev)
}
