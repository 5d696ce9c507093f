package check

import (
	"bytes"
	"crypto/ecdsa"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Use is what a certificate authority's subjects are trusted for.
type Use string

// Uses of a pinned certificate. Without the split, anyone who holds an
// ordinary signer certificate could make a seal in another's name.
const (
	UseSigner    Use = "signer"
	UseSealMaker Use = "seal-maker"
	UseTimeStamp Use = "time-stamp"
	UseQR        Use = "qr"
)

const (
	useMark      = "# use:"
	networkBlock = "TONGZHENG NETWORK"
)

// Roots are the pinned certificates. A self-issued one is an anchor; others
// only help to build chains. Add must not run beside verification.
type Roots struct {
	entries []rootEntry
	// verified remembers which certificates which of the entries signed: chains
	// of one package share links, and those of one city's licenses even more.
	// Only what a pinned certificate signed is kept, so it cannot be flooded.
	verified sync.Map        // link → nothing
	members  []*listedMember // of one ledger, each with anchors and keys of its own
	keys     *KeyList        // what is known of the keys since; nil when no list is at hand
	carried  [][]byte        // status lists, as they were published
}

type link struct {
	child  sm.Digest // of the whole certificate
	issuer int       // index of the entry
}

func (r *Roots) signed(child *smx509.Certificate, issuer int) error {
	key := link{sm.Sum(child.Raw), issuer}
	if _, known := r.verified.Load(key); known {
		return nil
	}
	err := child.CheckSignatureFrom(r.entries[issuer].cert)
	if err == nil {
		r.verified.Store(key, nil)
	}
	return err
}

type rootEntry struct {
	cert *smx509.Certificate
	uses []Use // empty: any
}

// ParseRoots reads certificates in PEM. A line "# use: signer time-stamp"
// before a block limits what the certificates below that one are trusted for;
// a block without it is trusted for all.
func ParseRoots(text []byte) (*Roots, error) {
	roots := &Roots{}
	for len(bytes.TrimSpace(text)) > 0 {
		block, rest := pem.Decode(text)
		if block == nil {
			break
		}
		uses := usesBefore(text[:len(text)-len(rest)])
		text = rest
		if block.Type == memberBlock {
			if err := roots.addMember(block.Bytes); err != nil {
				return nil, err
			}
			continue
		}
		if block.Type == networkBlock {
			continue // members of a ledger network: for receipts, not for certificates
		}
		if block.Type == listBlock {
			roots.carried = append(roots.carried, block.Bytes)
			continue
		}
		if block.Type != "CERTIFICATE" {
			return nil, registry.Errorf(registry.CodeMalformed, "roots", "a PEM block is not a certificate")
		}
		if err := roots.Add(block.Bytes, uses...); err != nil {
			return nil, err
		}
	}
	if len(roots.entries)+len(roots.members) == 0 {
		return nil, registry.Errorf(registry.CodeMalformed, "roots", "no certificate in PEM form")
	}
	return roots, nil
}

func usesBefore(text []byte) []Use {
	var uses []Use
	for _, line := range strings.Split(string(text), "\n") {
		if strings.HasPrefix(line, "-----BEGIN") {
			break
		}
		if list, ok := strings.CutPrefix(strings.TrimSpace(line), useMark); ok {
			for _, use := range strings.Fields(list) {
				uses = append(uses, Use(use))
			}
		}
	}
	return uses
}

// Add pins one certificate in DER for the uses, or for all when none is given.
func (r *Roots) Add(der []byte, uses ...Use) error {
	cert, err := parseCertificate(der)
	if err != nil {
		return registry.Errorf(registry.CodeMalformed, "roots", "a certificate cannot be read").WithCause(err)
	}
	r.entries = append(r.entries, rootEntry{cert: cert, uses: uses})
	return nil
}

// PEM writes the roots so that ParseRoots reads them again.
func (r *Roots) PEM() []byte {
	var out bytes.Buffer
	for _, e := range r.entries {
		fmt.Fprintf(&out, "# %s\n", e.cert.Subject)
		if len(e.uses) > 0 {
			fmt.Fprintf(&out, "%s", useMark)
			for _, use := range e.uses {
				fmt.Fprintf(&out, " %s", use)
			}
			fmt.Fprintln(&out)
		}
		_ = pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: e.cert.Raw})
	}
	return out.Bytes()
}

// maxChain bounds the chains that are built; government chains have three or four.
const maxChain = 6

// Chain returns leaf and its issuers up to an anchor, each able to issue at
// the given time and trusted for the use.
func (r *Roots) Chain(leaf *smx509.Certificate, use Use, at time.Time) ([]*smx509.Certificate, error) {
	if r == nil || len(r.entries) == 0 {
		return nil, errors.New("no roots are given")
	}
	return r.climb([]*smx509.Certificate{leaf}, use, at)
}

func (r *Roots) climb(chain []*smx509.Certificate, use Use, at time.Time) ([]*smx509.Certificate, error) {
	last := chain[len(chain)-1]
	reason := errors.New("its issuer is not among the roots")
	for i, e := range r.entries {
		if !bytes.Equal(e.cert.RawSubject, last.RawIssuer) {
			continue
		}
		err := e.mayIssue(use, at, len(chain)-1)
		if err == nil {
			err = r.signed(last, i)
		}
		if err != nil {
			reason = err
			continue
		}
		longer := append(append([]*smx509.Certificate(nil), chain...), e.cert)
		if bytes.Equal(e.cert.RawSubject, e.cert.RawIssuer) {
			return longer, nil
		}
		if len(longer) >= maxChain {
			return nil, errors.New("the chain is too long")
		}
		full, err := r.climb(longer, use, at)
		if err == nil {
			return full, nil
		}
		reason = err
	}
	return nil, reason
}

func (e rootEntry) mayIssue(use Use, at time.Time, below int) error {
	switch {
	case len(e.uses) > 0 && !contains(e.uses, use):
		return fmt.Errorf("its issuer is not trusted as %s", use)
	case at.Before(e.cert.NotBefore) || at.After(e.cert.NotAfter):
		return errors.New("its issuer's certificate was not valid at that time")
	case len(e.cert.UnhandledCriticalExtensions) > 0 || e.cert.PermittedDNSDomainsCritical:
		return errors.New("its issuer's certificate has limits that are not known here")
	case (e.cert.MaxPathLen > 0 || e.cert.MaxPathLenZero) && below > e.cert.MaxPathLen:
		return errors.New("its issuer may not issue over so many steps")
	}
	return nil
}

func contains(uses []Use, use Use) bool {
	for _, u := range uses {
		if u == use {
			return true
		}
	}
	return false
}

// parseCertificate reads a certificate with an SM2 key. It is shared with other
// verifications and must not be changed.
func parseCertificate(der []byte) (*smx509.Certificate, error) {
	cert, _, err := readCertificate(der)
	return cert, err
}

// keptCert is a certificate with how it was read.
type keptCert struct {
	cert *smx509.Certificate
	odd  bool
}

// readCertificate also tells whether the certificate breaks the standard's form
// and was read as it stands.
func readCertificate(der []byte) (cert *smx509.Certificate, odd bool, err error) {
	if known, ok := certificates.get(string(der)); ok {
		return known.cert, known.odd, nil
	}
	der = bytes.Clone(der) // what it is a part of need not stay in memory
	if cert, err = smx509.ParseCertificate(der); err != nil || !sm.IsSM2(publicKey(cert)) || extendedBeforeItsTime(cert) {
		odd = true
		if cert, err = readAsItStands(der); err != nil {
			return nil, false, err
		}
	}
	odd = odd || breaksForm(cert)
	if len(der) <= keptCertificate {
		certificates.put(string(der), keptCert{cert, odd})
	}
	return cert, odd, nil
}

func publicKey(cert *smx509.Certificate) *ecdsa.PublicKey {
	pub, _ := cert.PublicKey.(*ecdsa.PublicKey)
	return pub
}

// Revocation is what a list says of a certificate.
type Revocation struct {
	Known   bool      // a signed list of its issuer was given
	Revoked bool      //
	At      time.Time // when it was revoked
	AsOf    time.Time // the newest list's date
	Stale   bool      // that list's nextUpdate had passed at the time of checking
}

// ParseRevocationList reads a certificate revocation list, DER or PEM.
func ParseRevocationList(data []byte) (*smx509.RevocationList, error) {
	if block, _ := pem.Decode(data); block != nil {
		data = block.Bytes
	}
	list, err := smx509.ParseRevocationList(data)
	if err != nil {
		return nil, registry.Errorf(registry.CodeMalformed, "crl", "revocation list cannot be read").WithCause(err)
	}
	return list, nil
}

// revocation looks for cert in the lists that its issuer signed.
func revocation(cert, issuer *smx509.Certificate, lists []*smx509.RevocationList, now time.Time) Revocation {
	var out Revocation
	for _, list := range lists {
		if !bytes.Equal(list.RawIssuer, issuer.RawSubject) || list.CheckSignatureFrom(issuer) != nil {
			continue
		}
		if !out.Known || list.ThisUpdate.After(out.AsOf) {
			out.AsOf = list.ThisUpdate
			out.Stale = !list.NextUpdate.IsZero() && now.After(list.NextUpdate)
		}
		out.Known = true
		for _, entry := range list.RevokedCertificateEntries {
			if entry.SerialNumber.Cmp(cert.SerialNumber) != 0 {
				continue
			}
			if !out.Revoked || entry.RevocationTime.Before(out.At) {
				out.At = entry.RevocationTime
			}
			out.Revoked = true
		}
	}
	return out
}
