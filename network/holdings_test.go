package network

import (
	"crypto/tls"
	"os"
	"path/filepath"
	"testing"
)

// TestTaking: however far the taking of new certificates came, whoever goes on
// ends with the new ones, complete, and keeps the old identity for revocation.
func TestTaking(t *testing.T) {
	t.Parallel()
	m := Member{ID: "city", Name: "City", MSP: "CityMSP", Orderer: &OrdererNode{Host: "orderer.example"}}
	moves := []string{
		"", "msp/keystore/key_sk", "msp/signcerts/cert.pem", "tls/key.pem", "tls/cert.pem",
	}
	for done := range moves {
		s := &site{layout: layout{t.TempDir()}}
		n := &Network{site: s}
		if err := s.issueMember(m); err != nil {
			t.Fatal(err)
		}
		old := pairSerials(t, s.layout, m)
		h := holder{m, KindOrderer}
		if err := n.stage(h); err != nil {
			t.Fatal(err)
		}
		if err := n.stage(h); err != nil { // keeps what is there
			t.Fatal(err)
		}
		next, err := readCertificate(filepath.Join(s.next(m, KindOrderer), "tls", "cert.pem"))
		if err != nil {
			t.Fatal(err)
		}
		if got := pairSerials(t, s.layout, m); got != old {
			t.Errorf("changed before it was taken: %v", got)
		}
		if done > 0 { // interrupted after so many moves
			must(t, os.Rename(s.next(m, KindOrderer), s.taking(m, KindOrderer)))
			_, err := s.retire(m, KindOrderer, holdings(m, KindOrderer)[0])
			must(t, err)
			for _, file := range moves[1 : done+1] {
				must(t, os.Rename(filepath.Join(s.taking(m, KindOrderer), file), s.member(m.ID, KindOrderer, file)))
			}
		}
		must(t, s.take(m, KindOrderer))
		must(t, s.goOnTaking(m, KindOrderer)) // nothing is left to do
		now := pairSerials(t, s.layout, m)
		if now[0] == old[0] || now[1] != next.SerialNumber.Text(16) {
			t.Errorf("after %d moves: %v, before %v", done, now, old)
		}
		if !isThere(s.member(m.ID, KindOrderer, "retired", old[0]+".pem")) || s.begun(m, KindOrderer) {
			t.Errorf("after %d moves the old certificate is lost, or something is left", done)
		}
	}
}

// pairSerials are the serial numbers of an orderer's certificates, each of which
// fits its key.
func pairSerials(t *testing.T, l layout, m Member) (serials [2]string) {
	t.Helper()
	for i, h := range holdings(m, KindOrderer) {
		certificate := l.member(m.ID, KindOrderer, h.certificate)
		if _, err := tls.LoadX509KeyPair(certificate, l.member(m.ID, KindOrderer, h.key)); err != nil {
			t.Fatal(err)
		}
		parsed, err := readCertificate(certificate)
		must(t, err)
		serials[i] = parsed.SerialNumber.Text(16)
	}
	return serials
}

// TestAuthorityEnds: nothing is issued that ends after its authority.
func TestAuthorityEnds(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	ca, err := loadAuthority(folder, "City", "authority")
	must(t, err)
	ca.cert.NotAfter = ca.cert.NotBefore.AddDate(1, 0, 0)
	must(t, ca.issue(leaf{name: "peer.city", role: "peer"}, filepath.Join(folder, "leaf.pem"), filepath.Join(folder, "leaf.key")))
	issued, err := readCertificate(filepath.Join(folder, "leaf.pem"))
	must(t, err)
	if !issued.NotAfter.Equal(ca.cert.NotAfter) {
		t.Errorf("it ends %s, its authority %s", issued.NotAfter, ca.cert.NotAfter)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
