package signer

import (
	"bytes"
	"encoding/asn1"
	"fmt"
	"math/big"
	"sync/atomic"
	"time"

	"github.com/emmansun/gmsm/smx509"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"tongzheng/registry/sm"
	"tongzheng/signer/check"
)

// TimeStampAuthority is the development time-stamp authority: RFC 3161 tokens
// with SM3 and SM2. Production uses a licensed authority through the same
// interface.
type TimeStampAuthority struct {
	Keys  KeyStore
	Key   sm.KeyID
	Clock func() time.Time

	parsed atomic.Pointer[smx509.Certificate]
}

// anyPolicy (RFC 5280 §4.2.1.4): development tokens are made under no policy.
var anyPolicy = asn1.ObjectIdentifier{2, 5, 29, 32, 0}

// StampMessage stamps SM3 of a message.
func (a *TimeStampAuthority) StampMessage(message []byte) ([]byte, error) {
	return a.StampDigest(sm.Sum(message))
}

// StampDigest makes a token (ContentInfo, DER) over a digest.
func (a *TimeStampAuthority) StampDigest(digest sm.Digest) ([]byte, error) {
	cert, err := a.certificate()
	if err != nil {
		return nil, err
	}
	der := cert.Raw
	at := a.Clock().UTC().Truncate(time.Second)
	info, err := tstInfo(digest, at)
	if err != nil {
		return nil, fmt.Errorf("time stamp: %w", err)
	}
	attributes, err := stampAttributes(info, der)
	if err != nil {
		return nil, fmt.Errorf("time stamp: %w", err)
	}
	// Signed under the tag SET OF, written under [0] (RFC 5652 §5.4).
	signature, err := a.Keys.Sign(a.Key, attributes)
	if err != nil {
		return nil, fmt.Errorf("time stamp: %w", err)
	}
	return signedToken(info, attributes, cert, signature)
}

// certificate is the authority's, parsed once.
func (a *TimeStampAuthority) certificate() (*smx509.Certificate, error) {
	der, err := certificateOf(a.Keys, a.Key)
	if err != nil {
		return nil, err
	}
	if known := a.parsed.Load(); known != nil && bytes.Equal(known.Raw, der) {
		return known, nil
	}
	cert, err := smx509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("time stamp: %w", err)
	}
	a.parsed.Store(cert)
	return cert, nil
}

// tstInfo writes TSTInfo (RFC 3161 §2.4.2). The serial number is derived from
// digest and time: two tokens with one number say the same.
func tstInfo(digest sm.Digest, at time.Time) ([]byte, error) {
	serial := sm.Tagged("tongzheng time-stamp serial v1", append(at.AppendFormat(nil, time.RFC3339), digest[:]...))
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		b.AddASN1ObjectIdentifier(anyPolicy)
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			addAlgorithm(b, check.OIDSM3)
			b.AddASN1OctetString(digest[:])
		})
		b.AddASN1BigInt(new(big.Int).SetBytes(serial[:16]))
		addTime(b, at)
	})
	return b.Bytes()
}

// stampAttributes writes the signed attributes in DER order: by their bytes,
// which here is by length.
func stampAttributes(info, cert []byte) ([]byte, error) {
	infoDigest, certDigest := sm.Sum(info), sm.Sum(cert)
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) {
		addAttribute(b, check.OIDContentType, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(check.OIDTSTInfo) })
		addAttribute(b, check.OIDMessageDigest, func(b *cryptobyte.Builder) { b.AddASN1OctetString(infoDigest[:]) })
		addAttribute(b, check.OIDSigningCertV2, func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { // SigningCertificateV2
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { // certs
					b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { // ESSCertIDv2
						addAlgorithm(b, check.OIDSM3)
						b.AddASN1OctetString(certDigest[:])
					})
				})
			})
		})
	})
	return b.Bytes()
}

func addAttribute(b *cryptobyte.Builder, oid asn1.ObjectIdentifier, value cryptobyte.BuilderContinuation) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oid)
		b.AddASN1(cbasn1.SET, value)
	})
}

func addAlgorithm(b *cryptobyte.Builder, oid asn1.ObjectIdentifier) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oid) })
}

// signedToken writes the ContentInfo with SignedData of version 3.
func signedToken(info, attributes []byte, cert *smx509.Certificate, signature []byte) ([]byte, error) {
	context := func(n uint8) cbasn1.Tag { return cbasn1.Tag(n).ContextSpecific().Constructed() }
	implicit := append([]byte(nil), attributes...)
	implicit[0] = byte(context(0))
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(check.OIDSignedData)
		b.AddASN1(context(0), func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1Int64(3)
				b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) { addAlgorithm(b, check.OIDSM3) })
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
					b.AddASN1ObjectIdentifier(check.OIDTSTInfo)
					b.AddASN1(context(0), func(b *cryptobyte.Builder) { b.AddASN1OctetString(info) })
				})
				b.AddASN1(context(0), func(b *cryptobyte.Builder) { b.AddBytes(cert.Raw) })
				b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) {
					b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
						b.AddASN1Int64(1)
						b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
							b.AddBytes(cert.RawIssuer)
							b.AddASN1BigInt(cert.SerialNumber)
						})
						addAlgorithm(b, check.OIDSM3)
						b.AddBytes(implicit)
						addAlgorithm(b, check.OIDSM2WithSM3)
						b.AddASN1OctetString(signature)
					})
				})
			})
		})
	})
	return b.Bytes()
}
