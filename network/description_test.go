package network

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/asn1"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func ganzhou(t *testing.T) *Description {
	t.Helper()
	d, err := Load("ganzhou.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestPolicies(t *testing.T) {
	d := ganzhou(t)
	want := map[string]string{
		"governance": "AND('CityMSP.peer',OR('XingguoMSP.peer','YuduMSP.peer'))",
		"city":       "AND('CityMSP.peer',OR('XingguoMSP.peer','YuduMSP.peer'))",
		"xingguo":    "AND('CityMSP.peer','XingguoMSP.peer')",
		"yudu":       "AND('CityMSP.peer','YuduMSP.peer')",
	}
	for _, ns := range d.Namespaces {
		if got, ok := d.Policy(ns); !ok || got != want[ns] {
			t.Errorf("policy of %s: %s", ns, got)
		}
	}
}

func TestJoiningAndLeaving(t *testing.T) {
	d := ganzhou(t)
	m, err := LoadMember("huichang.yaml")
	if err != nil {
		t.Fatal(err)
	}
	joined, err := d.With(m)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := joined.Policy(Governance); !strings.Contains(got, "HuichangMSP.peer") {
		t.Errorf("governance does not count the new member: %s", got)
	}
	left, err := joined.Without("huichang", time.Unix(1, 0))
	if err != nil {
		t.Fatal(err)
	}
	if _, open := left.Policy("huichang"); open {
		t.Error("the namespace of a member that left is still open")
	}
	if len(left.Former) != 1 || left.Former[0].MSP != "HuichangMSP" {
		t.Errorf("nobody can verify what the member endorsed: %+v", left.Former)
	}
	if again, err := left.With(m); err != nil || len(again.Former) != 0 {
		t.Errorf("back again: %+v %v", again, err)
	}
	if len(left.Namespaces) != 5 {
		t.Errorf("a namespace was forgotten, ports of later ones would move: %v", left.Namespaces)
	}
	if _, err := d.Without("yudu", time.Unix(1, 0)); err == nil {
		t.Error("an orderer was removed")
	}
}

func TestDescriptionRefuses(t *testing.T) {
	for name, change := range map[string]func(*Description){
		"three orderers":   func(d *Description) { d.Members[3].Orderer = nil },
		"two on one port":  func(d *Description) { d.Members[1].Peer.Port = d.Members[0].Orderer.Port },
		"services overlap": func(d *Description) { d.Members[1].Service.Port = d.Members[0].Service.Port + 3 },
		"same MSP":         func(d *Description) { d.Members[1].MSP = d.Members[0].MSP },
		"no namespace":     func(d *Description) { d.Namespaces = d.Namespaces[:3] },
		"unknown lead":     func(d *Description) { d.Lead = "province" },
		"lead only orders": func(d *Description) { d.Lead = "audit" },
		"shell in a name":  func(d *Description) { d.Members[0].ID = "a;b" },
		"spare by itself":  func(d *Description) { d.Members[3].Spares = []Spare{{d.Members[0].Peer, d.Members[0].Service}} },
		"half a spare": func(d *Description) {
			d.Members[0].Spares = []Spare{{Peer: &PeerNode{Host: "h", Port: 1, Chaincode: 2, Operations: 3}}}
		},
		"no time": func(d *Description) { d.Ordering.LeaderTimeout = "soon" },
	} {
		d := ganzhou(t)
		change(d)
		if d.Validate() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	bad := filepath.Join(t.TempDir(), "bad.yaml")
	raw, err := os.ReadFile("ganzhou.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(bad, append(raw, "prot: 1\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(bad); err == nil {
		t.Error("an unknown key was accepted")
	}
}

// TestPackageIsFrozen: members agree on this id; if it moves, a running ledger
// no longer starts its contracts.
func TestPackageIsFrozen(t *testing.T) {
	a, err := chaincodePackage(Governance)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := chaincodePackage(Governance)
	if !bytes.Equal(a, b) {
		t.Error("two packages of one namespace differ")
	}
	const frozen = "governance:9bbd916fd338c5da665b90badd0e2459f5e67030def8cd025fbb166589afb437"
	if got := packageID(Governance, a); got != frozen {
		t.Errorf("package id is %s", got)
	}
}

func TestCertificatesHaveLowS(t *testing.T) {
	l := layout{t.TempDir()}
	half := new(big.Int).Rsh(elliptic.P256().Params().N, 1)
	for _, m := range ganzhou(t).Members {
		if err := l.issueMember(m); err != nil {
			t.Fatal(err)
		}
		ca, err := loadAuthority(l.member(m.ID, "ca"), "", "")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range []string{l.identityRoots(m.ID), l.tlsRoots(m.ID), l.member(m.ID, "client", "cert.pem")} {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			cert, err := parseCertificate(raw)
			if err != nil {
				t.Fatal(err)
			}
			var sig struct{ R, S *big.Int }
			if _, err := asn1.Unmarshal(cert.Signature, &sig); err != nil || sig.S.Cmp(half) > 0 {
				t.Errorf("%s: large S", file)
			}
			if _, ok := cert.PublicKey.(*ecdsa.PublicKey); !ok {
				t.Errorf("%s: not an ECDSA key", file)
			}
		}
		roots := x509.NewCertPool()
		roots.AddCert(ca.cert)
		raw, _ := os.ReadFile(l.member(m.ID, "client", "cert.pem"))
		cert, _ := parseCertificate(raw)
		if _, err := cert.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}); err != nil {
			t.Errorf("client of %s: %v", m.ID, err)
		}
	}
}
