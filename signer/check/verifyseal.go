package check

import (
	"bytes"
	"crypto/sha256"
	"encoding/asn1"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// seal checks an SES_Signature: data hash, signature, seal, certificate, trust.
func (v *verifier) seal(rec recorder, s *signature, sig *SealSignature, facts *SealFacts) {
	facts.Form = sig.Form
	facts.SealID, facts.SealName = sig.Seal.ID, sig.Seal.Name
	facts.SealFrom, facts.SealUntil = sig.Seal.From, sig.Seal.Until
	if sig.Time.IsZero() {
		if sig.Time = s.written; sig.Time.IsZero() {
			sig.Time = textTime(strings.TrimSpace(string(sig.timeInfo)))
		}
		rec.note(registry.CheckSealPeriod, "signing-time-document", "")
	}
	facts.SignedAt = sig.Time

	checkDataHash(rec, s, sig, facts.Digest)
	signer := v.checkStamper(rec, sig, facts)
	v.checkSeal(rec, s, sig, facts)
	checkSealPeriod(rec, sig)
	stamped := v.checkTimeStamp(rec, sig, facts)
	if signer != nil {
		v.checkListed(rec, signer, sig.Time, stamped)
	}
	v.checkTrust(rec, sig.Seal, signer, sig.Time)
}

// checkDataHash: digest is that of Signature.xml. Which digest the signature
// has inside, its algorithm says: of one that is not known here, nothing is
// computed.
func checkDataHash(rec recorder, s *signature, sig *SealSignature, digest sm.Digest) {
	other := sha256.Sum256(s.xml) // as long as SM3: nothing was altered then
	switch {
	case !sm2Algorithm(sig.Algorithm): // checkStamper names it
	case len(sig.DataHash) != len(digest):
		rec.cannot(registry.CheckDataHash, registry.WhyForm, "data-hash-form", s.path)
	case bytes.Equal(other[:], sig.DataHash):
		rec.cannot(registry.CheckDataHash, registry.WhyForm, "data-hash-algorithm", "SHA-256")
	case !bytes.Equal(digest[:], sig.DataHash):
		rec.fail(registry.CheckDataHash, "data-hash", s.path)
	case strings.TrimPrefix(sig.PropertyInfo, "/") != s.path:
		rec.cannot(registry.CheckDataHash, registry.WhyForm, "property-path", s.path)
	default:
		rec.pass(registry.CheckDataHash, "签名文件未被改动", "Signature.xml was not altered")
	}
}

// checkSeal checks the maker's signature, that the seal shown is the seal
// signed, and the signer's place on its list.
func (v *verifier) checkSeal(rec recorder, s *signature, sig *SealSignature, facts *SealFacts) {
	same := v.checkShown(rec, s, sig)
	maker, odd, err := readCertificate(sig.Seal.MakerCert)
	if err != nil {
		rec.unreadable(registry.CheckSealMaker, "maker-form", err)
	} else {
		facts.MakerSubject = maker.Subject.String()
		facts.MakerKey = sm.KeyIDOf(maker.RawSubjectPublicKeyInfo)
		if odd {
			rec.note(registry.CheckSealMaker, "certificate-odd", facts.MakerSubject)
		}
		v.checkMaker(rec, s, sig.Seal, maker, same)
	}
	if len(sig.Seal.TimeStamp) > 0 {
		rec.note(registry.CheckSealMaker, "seal-time-stamp-not-understood", "")
	}
	switch listed, unknown := sig.Seal.lists(sig.SignerCert); {
	case listed:
		rec.pass(registry.CheckSigner, "签章者在印章的证书列表中", "the signer is on the seal's list")
	case unknown != "":
		rec.cannot(registry.CheckSigner, registry.WhyForm, "list-algorithm", unknown)
	default:
		rec.fail(registry.CheckSigner, "signer-not-listed", "")
	}
}

// checkShown compares Seal.esl with the seal in the signature. One that the
// signature's references hold is as it was when it was sealed, so that nothing
// was altered, whatever it is.
func (v *verifier) checkShown(rec recorder, s *signature, sig *SealSignature) (same bool) {
	if s.seal == "" {
		return false
	}
	if shown, ok := v.pkg.Get(s.seal); ok && bytes.Equal(shown, sig.Seal.Raw) {
		v.bound[s.seal] = true
		return true
	}
	for _, ref := range s.files {
		if digest, ok := v.digest(s.seal); ok && isSM3(s.method) && ref.path == s.seal && bytes.Equal(digest[:], ref.value) {
			rec.cannot(registry.CheckSealMaker, registry.WhyForm, "seal-differs", s.seal)
			return false
		}
	}
	if _, ok := v.pkg.Get(s.seal); ok {
		rec.fail(registry.CheckSealMaker, "seal-differs", s.seal)
	} else {
		rec.cannot(registry.CheckSealMaker, registry.WhyPackage, "reference-missing", s.seal)
	}
	return false
}

// checkMaker verifies a seal once: thousands of licenses carry the same, which its
// digest names. shown tells that the file of the seal is the SESeal in the
// signature: its digest the references ask for anyway.
func (v *verifier) checkMaker(rec recorder, s *signature, seal *Seal, maker *smx509.Certificate, shown bool) {
	var digest sm.Digest
	if shown {
		digest, shown = v.digest(s.seal)
	}
	if !shown {
		digest = sm.Sum(seal.Raw)
	}
	if _, known := makers.get(digest); !known {
		if !rec.signed(registry.CheckSealMaker, seal.Algorithm, verifySM2(publicKey(maker), seal.Signed, seal.Signature),
			[3]string{"maker-algorithm", "maker-raw", "seal-maker-signature"}) {
			return
		}
		makers.put(digest, struct{}{})
	}
	rec.pass(registry.CheckSealMaker, "制章者签名有效", "the seal maker's signature holds")
}

// signed records what a signature showed unless it holds, by the sentences for
// an algorithm that is not known, another form, and a value that does not fit.
func (r recorder) signed(name registry.CheckName, algorithm asn1.ObjectIdentifier, result outcome, say [3]string) bool {
	switch {
	case !sm2Algorithm(algorithm):
		r.cannot(name, registry.WhyForm, say[0], algorithm.String())
	case result == valueForm:
		r.cannot(name, registry.WhyForm, say[1], "")
	case result == valueDiffers:
		r.fail(name, say[2], "")
	default:
		if result == valueHoldsOdd {
			r.note(name, "signature-encoding", "")
		}
		return true
	}
	return false
}

// unreadable records a certificate that cannot be used: say is the sentence for
// one that cannot be read.
func (r recorder) unreadable(name registry.CheckName, say string, err error) {
	var other keyError
	if errors.As(err, &other) {
		r.cannot(name, registry.WhyForm, "key-algorithm", other.algorithm)
		return
	}
	r.cannot(name, registry.WhyCertificate, say, "")
}

func checkSealPeriod(rec recorder, sig *SealSignature) {
	period := fmt.Sprintf("%s – %s", day(sig.Seal.From), day(sig.Seal.Until))
	switch {
	case sig.Time.IsZero():
		rec.fail(registry.CheckSealPeriod, "signing-time-unknown", "")
	case sig.Time.Before(sig.Seal.From):
		rec.fail(registry.CheckSealPeriod, "seal-not-yet-valid", period)
	case sig.Time.After(sig.Seal.Until):
		rec.fail(registry.CheckSealPeriod, "seal-expired", period)
	default:
		rec.pass(registry.CheckSealPeriod, "签章时印章在有效期内", "used within the seal's period")
	}
}

func day(t time.Time) string { return t.In(registry.China).Format("2006-01-02") }

// checkTimeStamp returns the time of a stamp that can be trusted, zero without
// one. Of a stamp of a form that is not known here nothing is said: it may be
// one that was damaged.
func (v *verifier) checkTimeStamp(rec recorder, sig *SealSignature, facts *SealFacts) (trusted time.Time) {
	if len(sig.TimeStamp) == 0 {
		rec.note(registry.CheckTimeStamp, "time-stamp-none", "")
		return
	}
	ts, err := VerifyTimeStamp(sig.TimeStamp, sig.Signature)
	var unknown formError
	if errors.As(err, &unknown) {
		rec.cannot(registry.CheckTimeStamp, registry.WhyForm, "time-stamp-form", unknown.what)
		return
	}
	if err != nil {
		rec.fail(registry.CheckTimeStamp, "time-stamp-wrong", "")
		return
	}
	facts.StampedAt, facts.StampedBy = ts.At, ts.Certificate.Subject.String()
	if ts.At.Add(clockSlack).Before(sig.Time) {
		rec.fail(registry.CheckTimeStamp, "time-stamp-early", "")
		return
	}
	if _, err := v.roots.Chain(ts.Certificate, UseTimeStamp, ts.At); err != nil {
		rec.note(registry.CheckTimeStamp, "time-stamp-untrusted", "")
		return
	}
	rec.pass(registry.CheckTimeStamp, "时间戳有效", "the time stamp holds")
	if v.roots.stampStolen(ts) {
		rec.note(registry.CheckTimeStamp, "time-stamp-stolen", "")
		return
	}
	return ts.At
}

// signedData checks a signature without a seal (GB/T 35275).
func (v *verifier) signedData(rec recorder, s *signature, d *signedData, facts *SealFacts) {
	if facts.SignedAt = d.signer.signingTime(); facts.SignedAt.IsZero() {
		facts.SignedAt = s.written
	}
	rec.note(registry.CheckSealMaker, "signature-without-seal", "")
	cert, err := d.certificate()
	if err == nil {
		err = d.verify(cert, contentsOf(s.xml))
	}
	var form formError
	var key keyError
	switch {
	case (errors.Is(err, errDigest) || errors.Is(err, errSignature)) && d.verify(cert, otherContentsOf(s.xml)) == nil:
		rec.cannot(registry.CheckDataHash, registry.WhyForm, "data-hash-algorithm", s.path)
	case errors.Is(err, errNoCertificate):
		rec.cannot(registry.CheckSignature, registry.WhySignerUnknown, "signer-absent", "")
	case errors.Is(err, errCertificate), errors.As(err, &key):
		rec.unreadable(registry.CheckSignature, "certificate-form", err)
	case errors.As(err, &form):
		rec.cannot(registry.CheckSignature, registry.WhyForm, form.say, form.what)
	case errors.Is(err, errDigest):
		rec.fail(registry.CheckDataHash, "data-hash", s.path)
	case err != nil:
		rec.fail(registry.CheckSignature, "signature-wrong", "")
	}
	if err != nil {
		return
	}
	rec.pass(registry.CheckDataHash, "签名文件未被改动", "Signature.xml was not altered")
	rec.pass(registry.CheckSignature, "签名有效", "the signature holds")
	describe(cert, facts)
	if _, odd, _ := readCertificate(cert.Raw); odd {
		rec.note(registry.CheckCertificate, "certificate-odd", facts.SignerSubject)
	}
	v.checkNamed(rec, d, cert)
	v.checkCertificate(rec, cert, facts.SignedAt)
	v.checkListed(rec, cert, facts.SignedAt, time.Time{})
	if code, detail := v.judgeChain(cert, UseSigner, facts.SignedAt, "signer-untrusted"); code != "" {
		rec.fail(registry.CheckTrust, code, detail)
	} else {
		rec.pass(registry.CheckTrust, "签名者可信", "the signer leads to a pinned root")
	}
}

// checkNamed: a certificate that the signer named among the signed attributes
// (RFC 5035) is this very one, not another of the same key.
func (v *verifier) checkNamed(rec recorder, d *signedData, cert *smx509.Certificate) {
	if !d.signer.has(oidSigningCert) && !d.signer.has(OIDSigningCertV2) {
		return
	}
	err := d.signer.namesCertificate(cert)
	var form formError
	switch {
	case errors.As(err, &form):
		rec.cannot(registry.CheckSigner, registry.WhyForm, "signer-named-algorithm", form.what)
	case err != nil:
		rec.fail(registry.CheckSigner, "signer-named-otherwise", "")
	}
}
