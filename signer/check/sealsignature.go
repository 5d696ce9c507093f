package check

import (
	"bytes"
	"encoding/asn1"
	"errors"
	"fmt"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"tongzheng/registry/sm"
)

// SealSignature is a decoded SES_Signature (电子签章数据). Times are UTC.
type SealSignature struct {
	Form         Form
	Version      int
	Signed       []byte // DER of TBS_Sign: the bytes the stamper signed
	Seal         *Seal
	Time         time.Time // timeInfo; zero when a v1 value holds no DER time
	DataHash     []byte    // digest of Signature.xml
	PropertyInfo string    // path of Signature.xml in the package
	SignerCert   []byte
	Algorithm    asn1.ObjectIdentifier
	Signature    []byte // ASN.1 SM2 signature
	TimeStamp    []byte // RFC 3161 token, DER; nil when none

	timeInfo []byte // as a v1 value holds it
}

// ParseSealSignature decodes an SES_Signature of GB/T 38540-2020 §7 (v4),
// GM/T 0031-2014 (v1) or GM/T 0031-2025 (v5), strictly.
func ParseSealSignature(der []byte) (*SealSignature, error) {
	r := whole(der)
	body, _ := r.sequence("SES_Signature")
	s := &SealSignature{}
	tbs, raw := body.sequence("TBS_Sign")
	s.Signed = raw
	if body.err == nil && body.s.PeekASN1Tag(cbasn1.BIT_STRING) {
		s.Form = Form1
		s.readTBS1(tbs)
		s.Signature = body.bits("signature")
	} else {
		s.Form = Form4
		s.readTBS(tbs)
		if s.Version >= 5 {
			s.Form = Form5
		}
		s.SignerCert = body.octets("signer certificate")
		s.Algorithm = body.oid("signature algorithm")
		s.Signature = body.bits("signature")
		if token, ok := body.optional(0, "time stamp"); ok {
			s.TimeStamp = token.bits("time stamp")
			body.join(token, "time stamp")
		}
	}
	body.join(tbs, "TBS_Sign")
	r.join(body, "SES_Signature")
	return s, r.end("SES_Signature")
}

// ValueProblem computes the signatures of a SES_Signature over the Signature.xml with a
// digest: the stamper's, under the certificate in it, and the time stamp's over that.
// It is what a signer asks of a value before it hands it out; seal, chains and
// document are judged elsewhere.
func ValueProblem(value []byte, digest sm.Digest) error {
	sig, err := ParseSealSignature(value)
	if err != nil {
		return fmt.Errorf("the signature's value: %w", err)
	}
	cert, _, err := readCertificate(sig.SignerCert)
	switch {
	case err != nil:
		return fmt.Errorf("the signature's certificate: %w", err)
	case !bytes.Equal(sig.DataHash, digest[:]):
		return errors.New("the signature is over another document")
	case !sm2Algorithm(sig.Algorithm) || verifySM2(publicKey(cert), sig.Signed, sig.Signature) != valueHolds:
		return errors.New("the signature does not hold under its certificate")
	case len(sig.TimeStamp) == 0:
		return nil
	}
	stamp, err := VerifyTimeStamp(sig.TimeStamp, sig.Signature)
	if err == nil && stamp.At.Add(clockSlack).Before(sig.Time) {
		err = errors.New("the time stamp is of before the signature")
	}
	return err
}

func (s *SealSignature) readTBS(tbs *reader) {
	s.Version = tbs.integer("version")
	s.Seal = tbs.seal()
	s.Time = tbs.moment("timeInfo", true)
	s.DataHash = tbs.bits("dataHash")
	s.PropertyInfo = tbs.text("propertyInfo", cbasn1.IA5String, cbasn1.UTF8String)
	tbs.extensions()
}

// readTBS1 reads the 2014 form; timeInfo is a BIT STRING there, holding a DER
// time, and signer certificate and algorithm are inside the signed part.
func (s *SealSignature) readTBS1(tbs *reader) {
	s.Version = tbs.integer("version")
	s.Seal = tbs.seal()
	s.timeInfo = tbs.bitsOrOctets("timeInfo")
	s.Time = derTime(s.timeInfo)
	s.DataHash = tbs.bitsOrOctets("dataHash")
	s.PropertyInfo = tbs.text("propertyInfo", cbasn1.IA5String, cbasn1.UTF8String)
	s.SignerCert = tbs.octets("signer certificate")
	s.Algorithm = tbs.oid("signature algorithm")
}

func (r *reader) bitsOrOctets(what string) []byte {
	if r.err == nil && r.s.PeekASN1Tag(cbasn1.OCTET_STRING) {
		return r.octets(what)
	}
	return r.bits(what)
}

func derTime(raw []byte) time.Time {
	r := &reader{s: cryptobyte.String(raw)}
	t := r.anyTime("timeInfo")
	if r.end("timeInfo") != nil {
		return time.Time{}
	}
	return t
}
