package network

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"time"
)

// RenewPeer gives a member's peer a new key and certificate, for identity and
// TLS, under the same authorities, and restarts it; the others go on. It returns
// the file of the old identity certificate: what that one endorsed stays good
// until the certificate ends, or is revoked (see Revoke). Nobody else has to
// change anything, because members are known by their authorities.
func (n *Network) RenewPeer(ctx context.Context, id string) (old string, err error) {
	m, ok := n.d.Member(id)
	if !ok || m.Peer == nil {
		return "", fmt.Errorf("no member %q with a peer", id)
	}
	h := holder{m, KindPeer}
	if old, err = n.retire(m, KindPeer, holdings(m, KindPeer)[0]); err != nil {
		return "", err
	}
	if err := n.renew(ctx, Renewal{}, h); err != nil {
		return "", err
	}
	n.opts.Log("%s has a new certificate", h.name())
	return old, n.Ready(ctx)
}

// Revoke puts a certificate of a member on its authority's revocation list, from
// now on, and tells the channel: peers and orderers then refuse the identity.
// Verifiers of receipts read the list, with its times, from the profiles.
// Fabric itself knows no times: revoke a node's certificate after RenewPeer.
// On a host of several it writes the list only; the members then sign the
// update (see PrepareMemberships).
func (n *Network) Revoke(ctx context.Context, id string, certificate *x509.Certificate) error {
	m, ok := n.d.Member(id)
	if !ok {
		return fmt.Errorf("no member %q", id)
	}
	if _, err := os.Stat(n.member(id, "ca", "key.pem")); err != nil {
		return fmt.Errorf("the authority of %s: %w", id, err)
	}
	ca, err := loadAuthority(n.member(id, "ca"), m.Name, id+" identity authority")
	if err != nil {
		return err
	}
	if err := certificate.CheckSignatureFrom(ca.cert); err != nil {
		return fmt.Errorf("not a certificate of %s: %w", id, err)
	}
	if err := ca.revoke(n.revocations(id), certificate.SerialNumber); err != nil {
		return err
	}
	if len(n.opts.Members) > 0 {
		n.opts.Log("wrote %s: hand it to all members, who then sign an update", n.revocations(id))
		return nil
	}
	if err := n.changeMembers(ctx, n.d); err != nil {
		return err
	}
	return n.writeProfiles()
}

// PrepareMemberships writes the unsigned configuration update by which the
// channel takes up the members' public folders as they are here, revocation
// lists included: channel/memberships.pb.
func (c channel) PrepareMemberships(ctx context.Context) (string, error) {
	out := c.at("channel", "memberships.pb")
	return out, c.PrepareUpdate(ctx, c.d, out)
}

// revoke adds a serial number to the list in a file.
func (a *authority) revoke(file string, serial *big.Int) error {
	now := time.Now().UTC().Truncate(time.Second)
	next := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: now, NextUpdate: now.AddDate(leafYears, 0, 0)}
	switch raw, err := os.ReadFile(file); {
	case err == nil:
		block, _ := pem.Decode(raw)
		if block == nil {
			return fmt.Errorf("%s holds no revocation list", file)
		}
		list, err := x509.ParseRevocationList(block.Bytes)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		next.Number.Add(list.Number, next.Number)
		next.RevokedCertificateEntries = list.RevokedCertificateEntries
	case !os.IsNotExist(err):
		return fmt.Errorf("reading %s: %w", filepath.Base(file), err)
	}
	for _, e := range next.RevokedCertificateEntries {
		if e.SerialNumber.Cmp(serial) == 0 {
			return nil // an earlier, interrupted run got this far
		}
	}
	next.RevokedCertificateEntries = append(next.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: serial, RevocationTime: now})
	der, err := x509.CreateRevocationList(rand.Reader, next, a.cert, a.key)
	if err != nil {
		return fmt.Errorf("signing a revocation list: %w", err)
	}
	return writeFile(file, pemBlock("X509 CRL", der), 0o644)
}
