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

// VerifyTimeStamp checks a time-stamp token (RFC 3161 §2.4.2) over message:
// imprint, signature, purpose and period of the authority's certificate, and
// that this very certificate is named inside the signature. The signature is
// SM2 with SM3; the digests may be SM3 or of the SHA-2 family.
func VerifyTimeStamp(token, message []byte) (*TimeStamp, error) {
	return verifyTimeStamp(token, func(algorithm asn1.ObjectIdentifier) ([]byte, bool) { return digestOf(algorithm, message) })
}

// VerifyTimeStampDigest is VerifyTimeStamp for a message of which the SM3
// digest is known alone.
func VerifyTimeStampDigest(token []byte, digest sm.Digest) (*TimeStamp, error) {
	return verifyTimeStamp(token, func(algorithm asn1.ObjectIdentifier) ([]byte, bool) { return digest[:], algorithm.Equal(OIDSM3) })
}

func verifyTimeStamp(token []byte, imprintOf func(asn1.ObjectIdentifier) ([]byte, bool)) (*TimeStamp, error) {
	d, err := parseSignedData(tokenOf(token))
	if err != nil {
		return nil, formError{"time-stamp-form", err.Error()}
	}
	if !d.contentType.Equal(OIDTSTInfo) || d.content == nil || d.signer.attributes == nil {
		return nil, errors.New("time stamp: not a TSTInfo with signed attributes")
	}
	cert, err := d.certificate()
	if err == nil {
		err = d.verify(cert, [][]byte{d.content})
	}
	if err == nil {
		err = d.signer.namesCertificate(cert)
	}
	if err != nil {
		return nil, stampError(err)
	}
	ts, algorithm, imprint, err := parseTSTInfo(d.content)
	if err != nil {
		return nil, err
	}
	ts.Certificate = cert
	want, known := imprintOf(algorithm)
	switch {
	case !known:
		return nil, formError{"time-stamp-form", algorithm.String()}
	case !bytes.Equal(imprint, want):
		return nil, errors.New("time stamp: made for other bytes")
	case !forTimeStamping(cert):
		return nil, errors.New("time stamp: the certificate is not for time stamping alone")
	case ts.At.Before(cert.NotBefore) || ts.At.After(cert.NotAfter):
		return nil, errors.New("time stamp: outside the certificate's period")
	}
	return ts, nil
}

// stampError keeps what was computed and does not fit apart from what could not
// be computed: a key or certificate that cannot be used, or none.
func stampError(err error) error {
	var key keyError
	switch {
	case errors.As(err, &key):
		return formError{"time-stamp-form", key.algorithm}
	case errors.Is(err, errNoCertificate), errors.Is(err, errCertificate):
		return formError{"time-stamp-form", err.Error()}
	}
	return fmt.Errorf("time stamp: %w", err)
}

// tokenOf takes the token out of a whole TimeStampResp, which some producers
// store.
func tokenOf(der []byte) []byte {
	der = definite(der)
	r := whole(der)
	outer, _ := r.sequence("TimeStampResp")
	status, _ := outer.sequence("status")
	if granted := status.integer("status"); status.err != nil || granted > 1 || r.end("TimeStampResp") != nil {
		return der
	}
	if _, token := outer.sequence("token"); outer.err == nil && outer.s.Empty() {
		return token
	}
	return der
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

// namesCertificate checks ESSCertIDv2 (RFC 5035), or ESSCertID (RFC 2634):
// without it a token could be shown with another certificate of the same key.
func (s *signerInfo) namesCertificate(cert *smx509.Certificate) error {
	raw, ok := s.attr(OIDSigningCertV2)
	second := ok
	if !ok {
		raw, ok = s.attr(oidSigningCert)
	}
	r := whole(raw)
	outer, _ := r.sequence("SigningCertificate")
	list, _ := outer.sequence("certs")
	id, _ := list.sequence("ESSCertID")
	algorithm := oidSHA1
	if second {
		algorithm = oidSHA256 // RFC 5035: the default, which DER leaves out
		if id.err == nil && id.s.PeekASN1Tag(cbasn1.SEQUENCE) {
			algorithm = id.anyAlgorithm("hash algorithm")
		}
	}
	hash := id.octets("certHash")
	if !ok || id.err != nil {
		return errors.New("does not name its certificate")
	}
	want, known := certificateDigest(algorithm, cert.Raw)
	switch {
	case !known:
		return formError{"time-stamp-form", algorithm.String()}
	case !bytes.Equal(hash, want):
		return errors.New("names another certificate")
	}
	return nil
}

func parseTSTInfo(der []byte) (ts *TimeStamp, algorithm asn1.ObjectIdentifier, hash []byte, err error) {
	r := whole(der)
	body, _ := r.sequence("TSTInfo")
	if body.integer("version") != 1 {
		body.fail("version")
	}
	ts = &TimeStamp{Serial: new(big.Int)}
	ts.Policy = body.oid("policy")
	imprint, _ := body.sequence("messageImprint")
	algorithm = imprint.anyAlgorithm("imprint algorithm")
	hash = imprint.octets("imprint")
	body.join(imprint, "messageImprint")
	if body.err != nil || !body.s.ReadASN1Integer(ts.Serial) {
		body.fail("serial number")
	}
	ts.At = body.genTime()
	body.optionalTail()
	r.join(body, "TSTInfo")
	return ts, algorithm, hash, r.end("TSTInfo")
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
