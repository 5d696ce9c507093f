package evidence

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"math/big"
	"slices"
	"time"

	"tongzheng/registry"
)

// Trust is what a verifier pins: the network, and the authority of each member.
type Trust struct {
	Ledger  string   `json:"ledger"`  // the network's name
	Channel string   `json:"channel"` //
	Lead    string   `json:"lead"`    // member whose endorsement every namespace needs: the city
	Members []Member `json:"members"` //
}

// Member is one member's membership and authority.
type Member struct {
	ID  string `json:"id"` // name of its namespace
	MSP string `json:"msp"`
	// Roots are the certificates (DER) that issue the member's identities; more
	// than one after a renewal.
	Roots [][]byte `json:"roots"`
	// Revocations are the authority's revocation lists (DER), if any.
	Revocations [][]byte `json:"revocations,omitempty"`
	// Left is when a former member left: it endorses no more from then on.
	Left time.Time `json:"left,omitzero"`
}

// peerUnit is the organizational unit that Fabric gives to peers: a client's
// certificate does not endorse.
const peerUnit = "peer"

// VerifyEvidence tells whether a receipt of a Fabric network holds: the entry
// stands under the root, and peers of the city and of the namespace's member
// signed that their ledgers have this root, of this transaction, size and time,
// at this height. at is when the evidence is known to have existed: the time
// of the receipt's time stamp, once that is verified; else now. Certificates
// must be valid and not revoked then, and their members not have left. It returns the entry that the receipt
// proves; CodeReceipt with what is wrong otherwise. The author's signature is
// Receipt.VerifyAuthor's.
func VerifyEvidence(r *registry.Receipt, trust *Trust, at time.Time) (*registry.Entry, error) {
	entry, err := r.VerifyEntry()
	if err != nil {
		return nil, err
	}
	e, err := Decode(r.Evidence)
	if err != nil {
		return nil, err
	}
	read, err := e.read(r.Namespace, r.Root, r.Transaction)
	if err != nil {
		return nil, err
	}
	switch {
	case r.Ledger != trust.Ledger || e.Ledger != trust.Ledger || read.channel != trust.Channel:
		return nil, fault("of ledger %s, channel %s", e.Ledger, read.channel)
	case e.Height != read.height || e.Number != read.number || e.Contract != read.contract:
		return nil, fault("the description does not fit what was signed")
	case r.Height != read.height:
		return nil, fault("written at height %d", read.height)
	case r.Size != read.root.Count || r.Recorded != read.root.Time:
		return nil, fault("the batch had %d entries, recorded at %d", read.root.Count, read.root.Time)
	}
	signers, err := e.signers(trust, at)
	if err != nil {
		return nil, err
	}
	return entry, e.satisfied(r.Namespace, trust, signers)
}

// signers verifies every endorsement and lists who endorsed, by member id.
func (e *Evidence) signers(trust *Trust, at time.Time) ([]Member, error) {
	var signers []Member
	for _, n := range e.Endorsements {
		i := slices.IndexFunc(trust.Members, func(m Member) bool { return m.MSP == n.MSP })
		if i < 0 {
			return nil, fault("endorsed by %s, which is not among the members", n.MSP)
		}
		member := trust.Members[i]
		if slices.ContainsFunc(signers, func(m Member) bool { return m.MSP == member.MSP }) {
			return nil, fault("endorsed twice by %s", n.MSP)
		}
		certificate, err := member.certificate(n, at)
		if err != nil {
			return nil, err
		}
		if !member.Left.IsZero() && !at.Before(member.Left) {
			return nil, fault("%s left at %s", n.MSP, member.Left.Format(time.RFC3339))
		}
		public, ok := certificate.PublicKey.(*ecdsa.PublicKey)
		if !ok {
			return nil, fault("%s endorses with an unknown kind of key", n.MSP)
		}
		if !lowS(public, n.Signature) {
			return nil, fault("the endorsement of %s is not in the one form that Fabric accepts", n.MSP)
		}
		digest := sha256.Sum256(append(slices.Clone(e.Response), n.identity()...))
		if !ecdsa.VerifyASN1(public, digest[:], n.Signature) {
			return nil, fault("the endorsement of %s does not hold", n.MSP)
		}
		signers = append(signers, member)
	}
	return signers, nil
}

// lowS tells whether a signature has the smaller of its two valid S values.
// Peers count no other (Fabric, bccsp/utils): else everybody could make a second
// signature out of the first.
func lowS(public *ecdsa.PublicKey, signature []byte) bool {
	var parts struct{ R, S *big.Int }
	rest, err := asn1.Unmarshal(signature, &parts)
	half := new(big.Int).Rsh(public.Params().N, 1)
	return err == nil && len(rest) == 0 && parts.S.Cmp(half) <= 0
}

// certificate checks an endorser's certificate against the member's pinned
// authority.
func (m Member) certificate(n Endorsement, at time.Time) (*x509.Certificate, error) {
	certificate, err := x509.ParseCertificate(n.Certificate)
	if err != nil {
		return nil, fault("the certificate of %s", n.MSP).WithCause(err)
	}
	pool := x509.NewCertPool()
	var issuer *x509.Certificate
	for _, raw := range m.Roots {
		root, err := x509.ParseCertificate(raw)
		if err != nil {
			return nil, fault("the pinned authority of %s", n.MSP).WithCause(err)
		}
		pool.AddCert(root)
		if digest := sha256.Sum256(raw); bytes.Equal(digest[:], n.Root) {
			issuer = root
		}
	}
	if issuer == nil {
		return nil, fault("the authority of %s is not the one in the evidence", n.MSP)
	}
	chains, err := certificate.Verify(x509.VerifyOptions{Roots: pool, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	if err != nil {
		return nil, fault("the certificate of %s at %s", n.MSP, at.Format(time.RFC3339)).WithCause(err)
	}
	if chain := chains[0]; !chain[len(chain)-1].Equal(issuer) {
		return nil, fault("the certificate of %s is of another authority", n.MSP)
	}
	if !slices.Contains(certificate.Subject.OrganizationalUnit, peerUnit) {
		return nil, fault("%s endorsed with a certificate that is no peer's", n.MSP)
	}
	return certificate, m.notRevoked(certificate, issuer, at)
}

func (m Member) notRevoked(certificate, issuer *x509.Certificate, at time.Time) error {
	for _, raw := range m.Revocations {
		list, err := x509.ParseRevocationList(raw)
		if err != nil {
			return fault("the pinned revocation list of %s", m.MSP).WithCause(err)
		}
		if !bytes.Equal(list.RawIssuer, issuer.RawSubject) {
			continue // of another authority of this member
		}
		if err := list.CheckSignatureFrom(issuer); err != nil {
			return fault("the pinned revocation list of %s", m.MSP).WithCause(err)
		}
		for _, revoked := range list.RevokedCertificateEntries {
			if revoked.SerialNumber.Cmp(certificate.SerialNumber) == 0 && !revoked.RevocationTime.After(at) {
				return fault("the certificate of %s was revoked at %s", m.MSP, revoked.RevocationTime.Format(time.RFC3339))
			}
		}
	}
	return nil
}

// satisfied evaluates who endorsed: by the policy that the evidence says was in
// force, and by the rule that every verifier knows without being told — the
// city and the namespace's member; for governance and the city's own
// namespace, the city and any other.
func (e *Evidence) satisfied(namespace string, trust *Trust, signers []Member) error {
	policy, err := ParsePolicy(e.Policy)
	if err != nil {
		return fault("the policy in force").WithCause(err)
	}
	if !policy.Satisfied(func(principal string) bool {
		return slices.ContainsFunc(signers, func(m Member) bool { return principal == m.MSP+"."+peerUnit })
	}) {
		return fault("the policy in force asks for more endorsements: %s", e.Policy)
	}
	lead, other := false, false
	for _, m := range signers {
		switch {
		case m.ID == trust.Lead:
			lead = true
		case namespace == registry.Governance, namespace == trust.Lead, m.ID == namespace:
			other = true
		}
	}
	if !lead || !other {
		return fault("not endorsed by both the city and the member that the namespace needs")
	}
	return nil
}
