package app_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tongzheng/cmd/citytest"
	"tongzheng/cmd/internal/app"
	"tongzheng/cmd/internal/demo"
	"tongzheng/cmd/internal/person"
	"tongzheng/network"
	"tongzheng/registry"
	"tongzheng/registry/sm"
	"tongzheng/signer/remote"
)

// pki writes an authority and a certificate for each name into a folder.
func pki(t *testing.T, dir string, names ...string) {
	t.Helper()
	key, template := ecKey(t), certificate("authority")
	template.IsCA, template.KeyUsage = true, x509.KeyUsageCertSign
	keep := func(name string, der []byte, own *ecdsa.PrivateKey) {
		t.Helper()
		secret, err := x509.MarshalPKCS8PrivateKey(own)
		if err != nil {
			t.Fatal(err)
		}
		for file, block := range map[string]*pem.Block{name + ".pem": {Type: "CERTIFICATE", Bytes: der}, name + ".key": {Type: "PRIVATE KEY", Bytes: secret}} {
			if err := os.WriteFile(filepath.Join(dir, file), pem.EncodeToMemory(block), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	authority, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keep("authority", authority, key)
	for _, name := range names {
		own := ecKey(t)
		der, err := x509.CreateCertificate(rand.Reader, certificate(name), template, &own.PublicKey, key)
		if err != nil {
			t.Fatal(err)
		}
		keep(name, der, own)
	}
}

func ecKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func certificate(name string) *x509.Certificate {
	return &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), BasicConstraintsValid: true, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
}

// tlsFiles are one side's files in the folder; none when it is empty.
func tlsFiles(dir, name string) remote.TLSFiles {
	if dir == "" {
		return remote.TLSFiles{}
	}
	return remote.TLSFiles{Certificate: filepath.Join(dir, name+".pem"), Key: filepath.Join(dir, name+".key"), Authority: filepath.Join(dir, "authority.pem")}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// TestSignerOverTLS: registry and signer on two machines, as far as TLS knows:
// a license goes through, and whoever has no certificate of the right authority
// gets no answer, on either side.
func TestSignerOverTLS(t *testing.T) {
	t.Parallel()
	dir, certificates, strangers := t.TempDir(), t.TempDir(), t.TempDir()
	pki(t, certificates, "signer", "registry")
	pki(t, strangers, "registry", "signer")
	address := "https://" + freeAddress(t)
	config := citytest.Lend(t, app.Config{Listen: "127.0.0.1:0"})
	movedKeys(t, config.Data, dir)
	child := startSigner(t, dir, signerAtVariable+"="+address, signerTLSVariable+"="+certificates)
	config.Signer, config.SignerTLS = address, tlsFiles(certificates, "registry")
	ctx := context.Background()
	a, err := demo.Open(ctx, config)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if _, err := issueOne(ctx, a, 0); err != nil {
		t.Fatal(err)
	}
	once(t, a, 0)
	mixed := tlsFiles(strangers, "registry")
	mixed.Authority = filepath.Join(certificates, "authority.pem") // believes the signer, is not believed
	misled := tlsFiles(certificates, "registry")
	misled.Authority = filepath.Join(strangers, "authority.pem") // is believed, does not believe the signer
	for name, files := range map[string]remote.TLSFiles{"a stranger": mixed, "a stranger's signer": misled} {
		config, err := files.Config()
		if err != nil {
			t.Fatal(err)
		}
		client, err := remote.Dial(remote.Config{Address: address, TLS: config, Tries: 1})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.Describe(ctx); registry.CodeOf(err) != registry.CodeUnavailable {
			t.Errorf("%s: %v", name, err)
		}
	}
	keepsEnds(t, a, func() { _ = child.Process.Kill(); _ = child.Wait() })
}

// keepsEnds: neither who gives up looking at the certificates nor a signer that is
// gone takes from the metrics when its certificate ends.
func keepsEnds(t *testing.T, a *app.App, kill func()) {
	t.Helper()
	look := func(ctx context.Context) []string {
		t.Helper()
		list, err := a.Desk.Certificates.Certificates(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return list.Unknown
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if unknown := look(gone); len(unknown) > 0 {
		t.Errorf("who gave up left %v unknown", unknown)
	}
	kill()
	if unknown := look(t.Context()); !slices.Contains(unknown, "signer") {
		t.Errorf("without a signer %v are unknown", unknown)
	}
	gauges := metrics(a)
	for _, told := range []string{"tongzheng_certificates_unknown{use=\"signer\"} 1\n", "tongzheng_certificates_unknown{use=\"authority\"} 0\n", ",use=\"signer\"} "} {
		if !strings.Contains(gauges, told) {
			t.Errorf("nobody tells %s", told)
		}
	}
}

// signerOnNetwork: the signer process asks its own member's peer of a real
// network, with a profile of its own; the registry tells it nothing of the
// ledger. A license goes through, and a key that only the registry claims to
// know is refused. The keys of the place are the signer's from now on.
func signerOnNetwork(t *testing.T, n *network.Network, at place) {
	const number = 900
	dir, err := os.MkdirTemp("", "tzs") // socket paths are short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	movedKeys(t, at.Data, dir)
	startSigner(t, dir, signerLedgerVariable+"="+n.ProfilePath("city"))
	address := "unix://" + filepath.Join(dir, "s.sock")
	ctx := context.Background()
	at.Signer = address
	a := openFor(t, at, nil)
	defer a.Close()
	p, err := issueOne(ctx, a, number)
	if err != nil {
		t.Fatal(err)
	}
	once(t, a, number)
	if _, err := os.Stat(filepath.Join(dir, "replica.db")); !os.IsNotExist(err) {
		t.Errorf("the signer keeps a replica: %v", err)
	}
	client, err := remote.Dial(remote.Config{Address: address})
	if err != nil {
		t.Fatal(err)
	}
	if p, err = a.Office.Reading.Wait(ctx, deciders(&p.Intent), p.Digest); err != nil || p.Entry == nil {
		t.Fatalf("%+v %v", p, err)
	}
	in := registry.Intent{Act: registry.Annotate, Identifier: p.Intent.Identifier, Sequence: 2, Previous: p.Entry.Digest(), TypeVersion: p.Intent.TypeVersion,
		Grant: p.Intent.Grant, Organization: p.Intent.Organization, Ground: "yearly-check", Decided: time.Now().Unix()}
	invented, err := person.Key(filepath.Join(t.TempDir(), "invented.pem"))
	if err != nil {
		t.Fatal(err)
	}
	approval, err := person.Approve(invented, in.Digest())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Register(ctx, registry.SealJob{Intent: in, Approvals: []registry.Approval{approval, approval}}); registry.CodeOf(err) != registry.CodeApprovalUnknown {
		t.Errorf("a key that is not on the ledger: %v", err)
	}
	city, err := demo.Read(a.Config.Data)
	if err != nil {
		t.Fatal(err)
	}
	var approvals []registry.Approval
	for _, login := range []string{"xg-acceptor", "xg-approver"} {
		account, err := city.Account(login)
		if err != nil {
			t.Fatal(err)
		}
		key, err := person.Key(filepath.Join(a.Config.Data, account.KeyFile))
		if err != nil {
			t.Fatal(err)
		}
		if approval, err = person.Approve(key, in.Digest()); err != nil {
			t.Fatal(err)
		}
		approvals = append(approvals, approval)
	}
	// Its own peer away, it asks nobody else: it waits.
	if err := n.Kill("peer.city"); err != nil {
		t.Fatal(err)
	}
	job := registry.SealJob{Intent: in, Approvals: approvals}
	if _, err := client.Register(ctx, job); registry.CodeOf(err) != registry.CodeUnavailable {
		t.Errorf("without its own peer: %v", err)
	}
	if err := n.Start("peer.city"); err != nil {
		t.Fatal(err)
	}
	for began := time.Now(); time.Since(began) < patience; time.Sleep(500 * time.Millisecond) {
		if _, err = client.Register(ctx, job); registry.CodeOf(err) != registry.CodeUnavailable {
			break
		}
	}
	if entry, err := client.Register(ctx, job); err != nil || entry.Approvals == (sm.Digest{}) {
		t.Errorf("keys that the peer has: %v", err)
	}
}
