package network

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// Validity of what the network command issues. A production deployment brings
// certificates of the members' own authority; the layout is the same.
const (
	authorityYears = 15
	leafYears      = 5
)

// lowS signs with the smaller of the two valid S values. Fabric's identities
// are compared after S has been made small, so a certificate issued with a
// large S would not equal itself.
type lowS struct{ key *ecdsa.PrivateKey }

func (s lowS) Public() crypto.PublicKey { return s.key.Public() }

func (s lowS) Sign(r io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	der, err := s.key.Sign(r, digest, opts)
	if err != nil {
		return nil, err
	}
	var sig struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &sig); err != nil {
		return nil, fmt.Errorf("reading our own signature: %w", err)
	}
	n := elliptic.P256().Params().N
	if sig.S.Cmp(new(big.Int).Rsh(n, 1)) > 0 {
		sig.S.Sub(n, sig.S)
	}
	return asn1.Marshal(sig)
}

// authority is a member's certificate authority, for identities or for TLS.
type authority struct {
	cert *x509.Certificate
	pem  []byte
	key  lowS
	// away is the file that the key is missing from; empty when it is here.
	away string
}

// loadAuthority reads the authority kept in dir or founds it there. An authority
// whose key was put away is read without: it certifies nothing meanwhile, and no
// other one is founded in its place.
func loadAuthority(dir, organization, name string) (*authority, error) {
	certPath, keyPath := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	if _, err := os.Stat(certPath); os.IsNotExist(err) {
		if err := foundAuthority(certPath, keyPath, organization, name); err != nil {
			return nil, fmt.Errorf("founding %s: %w", name, err)
		}
	}
	certPEM, err := os.ReadFile(certPath)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	cert, err := parseCertificate(certPEM)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", certPath, err)
	}
	keyPEM, err := os.ReadFile(keyPath)
	if os.IsNotExist(err) {
		return &authority{cert: cert, pem: certPEM, away: keyPath}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the key of %s: %w", name, err)
	}
	block, _ := pem.Decode(keyPEM)
	if block == nil {
		return nil, fmt.Errorf("%s holds no PEM key", keyPath)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", keyPath, err)
	}
	ec, ok := key.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%s is not an ECDSA key", keyPath)
	}
	return &authority{cert: cert, pem: certPEM, key: lowS{ec}}, nil
}

func foundAuthority(certPath, keyPath, organization, name string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template, err := newTemplate(pkix.Name{CommonName: name, Organization: []string{organization}}, authorityYears)
	if err != nil {
		return err
	}
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}
	if template.SubjectKeyId, err = keyID(&key.PublicKey); err != nil {
		return err
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), lowS{key})
	if err != nil {
		return err
	}
	if err := writeKey(keyPath, key); err != nil {
		return err
	}
	// Written last: it says that the authority is complete.
	return writeFile(certPath, pemBlock("CERTIFICATE", der), 0o644)
}

// leaf describes a certificate to issue.
type leaf struct {
	name string
	// role is the organizational unit by which Fabric tells peers, orderers,
	// administrators and clients apart; empty for TLS.
	role string
	// hosts are the names and addresses a TLS certificate is for.
	hosts []string
}

// issue writes a new key and its certificate, unless they exist.
func (a *authority) issue(l leaf, certPath, keyPath string) error {
	if _, err := os.Stat(certPath); err == nil {
		return nil
	}
	if a.away != "" {
		return fmt.Errorf("certifying %s: the authority's key was put away: bring %s back", l.name, a.away)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("making a key for %s: %w", l.name, err)
	}
	subject := pkix.Name{CommonName: l.name, Organization: a.cert.Subject.Organization}
	if l.role != "" {
		subject.OrganizationalUnit = []string{l.role}
	}
	template, err := newTemplate(subject, leafYears)
	if err != nil {
		return err
	}
	if template.NotAfter.After(a.cert.NotAfter) {
		template.NotAfter = a.cert.NotAfter // It is not believed for longer.
	}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	if l.role == "" {
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	}
	for _, h := range l.hosts {
		if ip := net.ParseIP(h); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, h)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		return fmt.Errorf("certifying %s: %w", l.name, err)
	}
	if err := writeKey(keyPath, key); err != nil {
		return err
	}
	return writeFile(certPath, pemBlock("CERTIFICATE", der), 0o644)
}

func newTemplate(subject pkix.Name, years int) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, fmt.Errorf("drawing a serial number: %w", err)
	}
	now := time.Now().UTC()
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      subject,
		// Back-dated against clocks of other machines that run a little behind.
		NotBefore: now.Add(-10 * time.Minute),
		NotAfter:  now.AddDate(years, 0, 0),
	}, nil
}

func keyID(pub *ecdsa.PublicKey) ([]byte, error) {
	raw, err := pub.Bytes()
	if err != nil {
		return nil, fmt.Errorf("encoding a public key: %w", err)
	}
	sum := sha256.Sum256(raw)
	return sum[:], nil
}

func writeKey(path string, key *ecdsa.PrivateKey) error {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("encoding a private key: %w", err)
	}
	return writeFile(path, pemBlock("PRIVATE KEY", der), 0o600)
}

func pemBlock(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func parseCertificate(raw []byte) (*x509.Certificate, error) {
	block, _ := pem.Decode(raw)
	if block == nil {
		return nil, fmt.Errorf("no PEM certificate")
	}
	return x509.ParseCertificate(block.Bytes)
}

func readCertificate(path string) (*x509.Certificate, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading a certificate: %w", err)
	}
	return parseCertificate(raw)
}

// writeFile creates the folders above path and replaces the file in one step,
// so that an interrupted run leaves the old or the new content, never a part. A
// file that has the content already is not touched.
func writeFile(path string, content []byte, mode os.FileMode) error {
	if have, err := os.ReadFile(path); err == nil && bytes.Equal(have, content) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("making the folder of %s: %w", filepath.Base(path), err)
	}
	part := path + ".part"
	if err := os.WriteFile(part, content, mode); err != nil {
		return fmt.Errorf("writing %s: %w", filepath.Base(path), err)
	}
	if err := os.Rename(part, path); err != nil {
		return fmt.Errorf("replacing %s: %w", filepath.Base(path), err)
	}
	return nil
}
