package check

import (
	"crypto/x509/pkix"
	"slices"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// checkStamper checks the stamper's signature and certificate and returns the
// certificate, nil when it cannot be read.
func (v *verifier) checkStamper(rec recorder, sig *SealSignature, facts *SealFacts) *smx509.Certificate {
	cert, odd, err := readCertificate(sig.SignerCert)
	if err != nil {
		rec.unreadable(registry.CheckSignature, "certificate-form", err)
		return nil
	}
	describe(cert, facts)
	if odd {
		rec.note(registry.CheckCertificate, "certificate-odd", facts.SignerSubject)
	}
	if rec.signed(registry.CheckSignature, sig.Algorithm, verifySM2(publicKey(cert), sig.Signed, sig.Signature),
		[3]string{"signature-algorithm", "signature-raw", "signature-wrong"}) {
		rec.pass(registry.CheckSignature, "签章者签名有效", "the stamper's signature holds")
	}
	v.checkCertificate(rec, cert, sig.Time)
	return cert
}

func describe(cert *smx509.Certificate, facts *SealFacts) {
	facts.SignerSubject = cert.Subject.String()
	facts.SignerSerial = serialText(cert.SerialNumber)
	facts.SignerKey = sm.KeyIDOf(cert.RawSubjectPublicKeyInfo)
}

// checkCertificate judges the signer's certificate at the time of signing.
func (v *verifier) checkCertificate(rec recorder, cert *smx509.Certificate, signed time.Time) {
	code, detail := v.judgeCertificate(cert, signed)
	if code != "" {
		rec.fail(registry.CheckCertificate, code, detail)
		return
	}
	v.checkRevocation(rec, cert, signed)
}

// judgeCertificate returns the code of what is wrong with the certificate, or
// nothing.
func (v *verifier) judgeCertificate(cert *smx509.Certificate, signed time.Time) (code, detail string) {
	switch {
	case signed.IsZero():
		return "signing-time-unknown", ""
	case signed.After(v.at.Add(clockSlack)):
		return "signing-time-future", ""
	case signed.Before(cert.NotBefore) || signed.After(cert.NotAfter):
		return "certificate-period", day(cert.NotBefore) + " – " + day(cert.NotAfter)
	case len(cert.UnhandledCriticalExtensions) > 0: // first: one of them may be the usage
		return "certificate-extension", ""
	case !forSigning(cert):
		return "certificate-usage", ""
	}
	return "", ""
}

// forSigning tells whether the key usage, if stated, allows signatures, and the
// extended one, if stated, anything but time stamps and answers about
// certificates: keys for those sign nothing else (RFC 3161 §2.3, RFC 6960
// §4.2.2.2).
func forSigning(cert *smx509.Certificate) bool {
	const signing = smx509.KeyUsageDigitalSignature | smx509.KeyUsageContentCommitment
	stated := slices.ContainsFunc(cert.Extensions, func(e pkix.Extension) bool { return e.Id.Equal(oidKeyUsage) })
	if stated && cert.KeyUsage&signing == 0 {
		return false
	}
	for _, use := range cert.ExtKeyUsage {
		if use != smx509.ExtKeyUsageTimeStamping && use != smx509.ExtKeyUsageOCSPSigning {
			return true
		}
	}
	for _, use := range cert.UnknownExtKeyUsage {
		if !use.Equal(oidOCSPSigning) {
			return true
		}
	}
	return len(cert.ExtKeyUsage)+len(cert.UnknownExtKeyUsage) == 0
}

// checkRevocation: revoked before signing is invalid, after is a remark.
func (v *verifier) checkRevocation(rec recorder, cert *smx509.Certificate, signed time.Time) {
	var state Revocation
	if chain, err := v.roots.Chain(cert, UseSigner, signed); err == nil {
		state = revocation(cert, chain[1], v.opts.CRLs, v.at)
	}
	switch {
	case state.Revoked && !state.At.After(signed):
		rec.fail(registry.CheckCertificate, "certificate-revoked-before", day(state.At))
		return
	case state.Revoked:
		rec.note(registry.CheckCertificate, "certificate-revoked-after", day(state.At))
	case !state.Known:
		rec.note(registry.CheckCertificate, "revocation-not-checked", "")
	case state.Stale:
		rec.note(registry.CheckCertificate, "revocation-list-old", day(state.AsOf))
	}
	rec.pass(registry.CheckCertificate, "签章者证书在签章时有效", "the signer's certificate was good when signing")
}

// checkTrust looks for the chains of signer and seal maker, each for its own
// use, and for revoked authorities in between.
func (v *verifier) checkTrust(rec recorder, seal *Seal, signer *smx509.Certificate, signed time.Time) {
	code, detail := v.judgeMaker(seal)
	if code == "" && signer != nil {
		code, detail = v.judgeChain(signer, UseSigner, signed, "signer-untrusted")
	}
	if code != "" {
		rec.fail(registry.CheckTrust, code, detail)
		return
	}
	if signer != nil {
		rec.pass(registry.CheckTrust, "签章者和制章者可信", "signer and seal maker lead to a pinned root")
	}
}

func (v *verifier) judgeMaker(seal *Seal) (code, detail string) {
	maker, err := parseCertificate(seal.MakerCert)
	if err != nil {
		return "maker-untrusted", ""
	}
	if code, detail := v.judgeChain(maker, UseSealMaker, seal.Created, "maker-untrusted"); code != "" {
		return code, detail
	}
	switch {
	case seal.Created.Before(maker.NotBefore) || seal.Created.After(maker.NotAfter):
		return "maker-period", day(maker.NotBefore) + " – " + day(maker.NotAfter)
	case !forSigning(maker) || len(maker.UnhandledCriticalExtensions) > 0:
		return "maker-usage", ""
	}
	chain, err := v.roots.Chain(maker, UseSealMaker, seal.Created)
	if err != nil {
		return "maker-untrusted", ""
	}
	if state := revocation(maker, chain[1], v.opts.CRLs, v.at); state.Revoked && !state.At.After(seal.Created) {
		return "maker-revoked", day(state.At)
	}
	return "", ""
}

// judgeChain finds the chain and looks for revoked authorities in it.
func (v *verifier) judgeChain(leaf *smx509.Certificate, use Use, when time.Time, otherwise string) (code, detail string) {
	chain, err := v.roots.Chain(leaf, use, when)
	if err != nil {
		return otherwise, ""
	}
	for i := 1; i+1 < len(chain); i++ {
		if state := revocation(chain[i], chain[i+1], v.opts.CRLs, v.at); state.Revoked && !state.At.After(when) {
			return "authority-revoked", day(state.At)
		}
	}
	return "", ""
}

// CertificateProblem tells why a certificate may not sign at the given time,
// or nil: its period, usage, chain for the use and revocation. The signer asks
// it before it signs (GB/T 38540 §7, step 1).
func CertificateProblem(der []byte, roots *Roots, use Use, at time.Time, opts Options) error {
	cert, err := parseCertificate(der)
	if err != nil {
		return registry.Errorf(registry.CodeSealState, "certificate", "it cannot be read").WithCause(err)
	}
	v := verifier{roots: roots, at: at, opts: opts}
	code, detail := v.judgeCertificate(cert, at)
	if code == "" {
		code, detail = v.judgeChain(cert, use, at, "signer-untrusted")
	}
	if code == "" {
		chain, err := roots.Chain(cert, use, at)
		if err == nil && revocation(cert, chain[1], opts.CRLs, at).Revoked {
			code = "certificate-revoked-before"
		}
	}
	return problem("certificate", code, detail)
}

// SealProblem tells why a seal may not be used at the given time, or nil: the
// maker's signature, certificate and chain, and the seal's own period.
func SealProblem(seal *Seal, roots *Roots, at time.Time, opts Options) error {
	if err := seal.VerifyMaker(); err != nil {
		return problem("seal", "seal-maker-signature", "").(*registry.Error).WithCause(err)
	}
	v := verifier{roots: roots, at: at, opts: opts}
	code, detail := v.judgeMaker(seal)
	switch {
	case code != "":
	case at.Before(seal.From):
		code = "seal-not-yet-valid"
	case at.After(seal.Until):
		code = "seal-expired"
	}
	return problem("seal", code, detail)
}

// problem makes a coded error of a finding; the finding's own code leads the
// detail, so that logs and callers see the same word as the verifier's.
func problem(field, code, detail string) error {
	if code == "" {
		return nil
	}
	if detail != "" {
		detail = " (" + detail + ")"
	}
	return registry.Errorf(registry.CodeSealState, field, "%s: %s%s", code, sentences[code].en, detail)
}
