package check

import (
	"bytes"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/emmansun/gmsm/smx509"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"tongzheng/registry/sm"
)

// TimeStamp is a verified RFC 3161 token. The message is bound to the moment
// by the named authority; whether that authority is trusted is another check.
type TimeStamp struct {
	At          time.Time
	Serial      *big.Int
	Policy      asn1.ObjectIdentifier
	Certificate *smx509.Certificate
}

// VerifyTimeStamp checks a time-stamp token over message; see
// VerifyTimeStampDigest.
func VerifyTimeStamp(token, message []byte) (*TimeStamp, error) {
	return VerifyTimeStampDigest(token, sm.Sum(message))
}

// VerifyTimeStampDigest checks a time-stamp token (RFC 3161 §2.4.2, SM3 and
// SM2) over a digest: imprint, signature, purpose and period of the authority's
// certificate, and that this very certificate is named inside the signature.
func VerifyTimeStampDigest(token []byte, digest sm.Digest) (*TimeStamp, error) {
	d, err := parseSignedData(token)
	if err != nil {
		return nil, fmt.Errorf("time stamp: %w", err)
	}
	if !d.contentType.Equal(OIDTSTInfo) || d.content == nil || d.signer.attributes == nil {
		return nil, errors.New("time stamp: not a TSTInfo with signed attributes")
	}
	cert, err := d.verify(d.content)
	if err != nil {
		return nil, fmt.Errorf("time stamp: %w", err)
	}
	if err := d.signer.namesCertificate(cert); err != nil {
		return nil, err
	}
	ts, imprint, err := parseTSTInfo(d.content)
	if err != nil {
		return nil, err
	}
	ts.Certificate = cert
	switch {
	case !bytes.Equal(imprint, digest[:]):
		return nil, errors.New("time stamp: made for other bytes")
	case !forTimeStamping(cert):
		return nil, errors.New("time stamp: the certificate is not for time stamping alone")
	case ts.At.Before(cert.NotBefore) || ts.At.After(cert.NotAfter):
		return nil, errors.New("time stamp: outside the certificate's period")
	}
	return ts, nil
}

// forTimeStamping asks for the one critical purpose of RFC 3161 §2.3.
func forTimeStamping(cert *smx509.Certificate) bool {
	critical := false
	for _, ext := range cert.Extensions {
		critical = critical || ext.Critical && ext.Id.Equal(OIDExtKeyUsage)
	}
	return critical && len(cert.UnknownExtKeyUsage) == 0 &&
		len(cert.ExtKeyUsage) == 1 && cert.ExtKeyUsage[0] == smx509.ExtKeyUsageTimeStamping
}

// namesCertificate checks ESSCertIDv2 (RFC 5035): without it a token could be
// shown with another certificate of the same key.
func (s *signerInfo) namesCertificate(cert *smx509.Certificate) error {
	bad := errors.New("time stamp: does not name its certificate")
	raw, ok := s.attr(OIDSigningCertV2)
	if !ok {
		return bad
	}
	r := whole(raw)
	outer, _ := r.sequence("SigningCertificateV2")
	list, _ := outer.sequence("certs")
	id, _ := list.sequence("ESSCertIDv2")
	algorithm := id.algorithm("hash algorithm")
	hash := id.octets("certHash")
	want := sm.Sum(cert.Raw)
	if id.err != nil || !algorithm.Equal(OIDSM3) || !bytes.Equal(hash, want[:]) {
		return bad
	}
	return nil
}

func parseTSTInfo(der []byte) (*TimeStamp, []byte, error) {
	r := whole(der)
	body, _ := r.sequence("TSTInfo")
	if body.integer("version") != 1 {
		body.fail("version")
	}
	ts := &TimeStamp{Serial: new(big.Int)}
	ts.Policy = body.oid("policy")
	imprint, _ := body.sequence("messageImprint")
	if !imprint.algorithm("imprint algorithm").Equal(OIDSM3) {
		imprint.fail("imprint algorithm")
	}
	hash := imprint.octets("imprint")
	body.join(imprint, "messageImprint")
	if body.err != nil || !body.s.ReadASN1Integer(ts.Serial) {
		body.fail("serial number")
	}
	ts.At = body.genTime()
	body.optionalTail()
	r.join(body, "TSTInfo")
	return ts, hash, r.end("TSTInfo")
}

// genTime is GeneralizedTime that may carry a fraction of a second, without
// trailing zeros (RFC 3161 §2.4.2).
func (r *reader) genTime() time.Time {
	copied := *r
	var text cryptobyte.String
	if copied.err == nil && copied.s.ReadASN1(&text, cbasn1.GeneralizedTime) && bytes.ContainsRune(text, '.') {
		t, err := time.Parse("20060102150405.999999999Z", string(text))
		if err != nil || bytes.HasSuffix(text, []byte("0Z")) {
			r.fail("genTime")
			return time.Time{}
		}
		*r = copied
		return t
	}
	return r.moment("genTime", false)
}

// optionalTail skips accuracy, ordering, nonce, tsa and extensions.
func (r *reader) optionalTail() {
	for _, tag := range []cbasn1.Tag{
		cbasn1.SEQUENCE, cbasn1.BOOLEAN, cbasn1.INTEGER,
		cbasn1.Tag(0).ContextSpecific().Constructed(), cbasn1.Tag(1).ContextSpecific().Constructed(),
	} {
		var ignored cryptobyte.String
		if r.err == nil && !r.s.ReadOptionalASN1(&ignored, nil, tag) {
			r.fail("TSTInfo")
		}
	}
}
