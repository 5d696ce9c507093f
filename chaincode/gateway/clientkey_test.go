package gateway

import (
	"os"
	"path/filepath"
	"testing"

	"tongzheng/chaincode/ledgertest"
	"tongzheng/network"
	"tongzheng/registry"
)

// clientRenewed: a registry's client gets a new certificate while the registry
// runs, and the old one is revoked.
func clientRenewed(t *testing.T, n *network.Network, l *Ledger, city *ledgertest.City) {
	member := ledgertest.MemberXingguo
	folder := filepath.Join(dataOf(n), "members", member, "client")
	before, who := l.CertificateEnds()[member], l.as(member)
	used := string(who.Credentials())
	if err := n.Renew(t.Context(), network.Renewal{Holders: []string{"client." + member}}); err != nil {
		t.Fatal(err)
	}
	l.renew()
	if string(who.Credentials()) == used || !l.CertificateEnds()[member].After(before) {
		t.Fatal("the client goes by its old certificate")
	}
	old, err := filepath.Glob(filepath.Join(folder, "retired", "*.pem"))
	if err != nil || len(old) != 1 {
		t.Fatalf("retired: %v %v", old, err)
	}
	if err := n.Revoke(t.Context(), member, readCertificate(t, old[0])); err != nil {
		t.Fatal(err)
	}
	submit(t, l, city.Batch(member, city.NewLicense().Next(registry.Issue)))

	// Files that do not belong together change nothing.
	key, err := os.ReadFile(filepath.Join(dataOf(n), "members", "city", "client", "key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "key.pem"), key, 0o600); err != nil {
		t.Fatal(err)
	}
	if changed, err := who.renew(); changed || registry.CodeOf(err) != registry.CodeInternal {
		t.Errorf("a key of another certificate: %v %v", changed, err)
	}
	submit(t, l, city.Batch(member, city.NewLicense().Next(registry.Issue)))
}
