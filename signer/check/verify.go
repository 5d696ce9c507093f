package check

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// clockSlack is how far clocks of signer and verifier may differ.
const clockSlack = 5 * time.Minute

// OFD verifies a sealed OFD package in the order of GB/T 38540 §7 and beyond
// it. The error is only for input that cannot be read at all (registry codes
// malformed and too-large); everything else is a check in the report. The
// instant at is the verifier's now.
func OFD(pkg []byte, roots *Roots, at time.Time, opts Options) (Report, error) {
	var report Report
	limits := opts.Limits.filled()
	// The report holds texts of its own and nothing of the package.
	space := rooms.Get().(*room)
	defer func(whole []byte) { space.free = whole; rooms.Put(space) }(space.free)
	p, err := readPackage(pkg, limits, space)
	if err != nil {
		return report, err
	}
	doc, flaws, err := readDocument(p, limits)
	if err != nil {
		return report, err
	}
	report.DocumentID, report.Metadata = doc.id, doc.metadata
	all := recorder{checks: &report.Checks}
	checkPackage(all, append(p.Flaws, flaws...))
	if len(doc.signatures) == 0 {
		all.fail(registry.CheckSignature, "not-signed", "")
		return report, nil
	}
	v := verifier{pkg: p, roots: roots, at: at, opts: opts, bound: map[string]bool{}, digests: map[string]sm.Digest{}}
	for i := range doc.signatures {
		rec := all
		if len(doc.signatures) > 1 {
			rec.label = sentence{fmt.Sprintf("第%d个签名：", i+1), fmt.Sprintf("signature %d: ", i+1)}
		}
		report.Seals = append(report.Seals, v.signature(rec, &doc.signatures[i]))
	}
	v.checkCoverage(all, &doc)
	return report, nil
}

func checkPackage(rec recorder, flaws []Flaw) {
	for _, flaw := range flaws {
		rec.fail(registry.CheckPackage, flaw.Code, flaw.Name)
	}
	if len(flaws) == 0 {
		rec.pass(registry.CheckPackage, "文件结构完整", "the package is whole")
	}
}

// verifier carries what the checks of one package share.
type verifier struct {
	pkg   *Package
	roots *Roots
	at    time.Time
	opts  Options
	bound map[string]bool // files that some signature binds
	// digests are kept, so that a thousand references to one large file cost
	// one digest.
	digests map[string]sm.Digest
}

// digest returns the SM3 of a file; false when there is no such file.
func (v *verifier) digest(name string) (sm.Digest, bool) {
	if d, ok := v.digests[name]; ok {
		return d, true
	}
	data, ok := v.pkg.Get(name)
	if !ok {
		return sm.Digest{}, false
	}
	d := sm.Sum(data)
	v.digests[name] = d
	return d, true
}

func (v *verifier) signature(rec recorder, s *signature) SealFacts {
	facts := SealFacts{Path: s.path, Kind: s.kind, Digest: sm.Sum(s.xml)}
	v.bound[s.path] = true
	if s.malformed != nil {
		rec.fail(registry.CheckSignature, "signature-malformed", s.path)
		return facts
	}
	v.bound[s.value] = true
	v.checkReferences(rec, s)
	value, ok := v.pkg.Get(s.value)
	if !ok {
		rec.fail(registry.CheckSignature, "signature-value-missing", s.value)
		return facts
	}
	if s.kind == KindSign {
		if d, err := parseSignedData(value); err == nil {
			v.signedData(rec, s, d, &facts)
			return facts
		}
	}
	sig, err := ParseSealSignature(value)
	if err != nil {
		rec.fail(registry.CheckSignature, "signature-value-form", s.value)
		return facts
	}
	v.seal(rec, s, sig, &facts)
	return facts
}

// checkReferences recomputes every digest that Signature.xml lists.
func (v *verifier) checkReferences(rec recorder, s *signature) {
	if s.method != OIDSM3.String() && !strings.EqualFold(s.method, "SM3") {
		rec.fail(registry.CheckReferences, "reference-method", s.method)
		return
	}
	if len(s.files) == 0 {
		rec.fail(registry.CheckReferences, "reference-none", "")
		return
	}
	good := true
	seen := map[string]bool{}
	for _, ref := range s.files {
		v.bound[ref.path] = true
		digest, ok := v.digest(ref.path)
		code := ""
		switch {
		case seen[ref.path]:
			code = "reference-doubled"
		case !ok:
			code = "reference-missing"
		case !bytes.Equal(digest[:], ref.value):
			code = "reference-digest"
		}
		if code != "" {
			rec.fail(registry.CheckReferences, code, ref.path)
			good = false
		}
		seen[ref.path] = true
	}
	if good {
		rec.pass(registry.CheckReferences, "受保护的文件未被改动", "no covered file was altered")
	}
}

// checkCoverage names files that no signature binds. The list of signatures
// itself may be left out so that others can sign later (GB/T 33190 §18.1): a
// remark.
func (v *verifier) checkCoverage(rec recorder, doc *document) {
	lists := map[string]bool{}
	for _, name := range doc.lists {
		lists[name] = true
	}
	good := true
	for _, file := range v.pkg.Files {
		switch {
		case v.bound[file.Name]:
		case lists[file.Name]:
			rec.note(registry.CheckCoverage, "signature-list-not-covered", file.Name)
		default:
			rec.fail(registry.CheckCoverage, "file-not-covered", file.Name)
			good = false
		}
	}
	if good {
		rec.pass(registry.CheckCoverage, "所有内容均受签名保护", "every file is covered")
	}
}

// seal checks an SES_Signature: data hash, signature, seal, certificate, trust.
func (v *verifier) seal(rec recorder, s *signature, sig *SealSignature, facts *SealFacts) {
	facts.Form, facts.SignedAt = sig.Form, sig.Time
	facts.SealID, facts.SealName = sig.Seal.ID, sig.Seal.Name
	facts.SealFrom, facts.SealUntil = sig.Seal.From, sig.Seal.Until

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

// checkDataHash: digest is that of Signature.xml.
func checkDataHash(rec recorder, s *signature, sig *SealSignature, digest sm.Digest) {
	switch {
	case !bytes.Equal(digest[:], sig.DataHash):
		rec.fail(registry.CheckDataHash, "data-hash", s.path)
	case strings.TrimPrefix(sig.PropertyInfo, "/") != s.path:
		rec.fail(registry.CheckDataHash, "property-path", s.path)
	default:
		rec.pass(registry.CheckDataHash, "签名文件未被改动", "Signature.xml was not altered")
	}
}

// checkSeal checks the maker's signature, that the seal shown is the seal
// signed, and the signer's place on its list.
func (v *verifier) checkSeal(rec recorder, s *signature, sig *SealSignature, facts *SealFacts) {
	good := true
	if s.seal != "" {
		shown, ok := v.pkg.Get(s.seal)
		if !ok || !bytes.Equal(shown, sig.Seal.Raw) {
			rec.fail(registry.CheckSealMaker, "seal-differs", s.seal)
			good = false
		} else {
			v.bound[s.seal] = true
		}
	}
	if maker, err := parseCertificate(sig.Seal.MakerCert); err == nil {
		facts.MakerSubject = maker.Subject.String()
		facts.MakerKey = sm.KeyIDOf(maker.RawSubjectPublicKeyInfo)
	}
	if err := v.verifyMaker(s, sig.Seal, good); err != nil {
		rec.fail(registry.CheckSealMaker, "seal-maker-signature", "")
		good = false
	}
	if good {
		rec.pass(registry.CheckSealMaker, "制章者签名有效", "the seal maker's signature holds")
	}
	if len(sig.Seal.TimeStamp) > 0 {
		rec.note(registry.CheckSealMaker, "seal-time-stamp-not-understood", "")
	}
	if sig.Seal.Lists(sig.SignerCert) {
		rec.pass(registry.CheckSigner, "签章者在印章的证书列表中", "the signer is on the seal's list")
	} else {
		rec.fail(registry.CheckSigner, "signer-not-listed", "")
	}
}

// verifyMaker verifies a seal once: thousands of licenses carry the same. shown
// tells that the file of the seal is the SESeal in the signature, so that its
// digest, which the references ask for anyway, names the seal.
func (v *verifier) verifyMaker(s *signature, seal *Seal, shown bool) error {
	if !shown || s.seal == "" {
		return seal.VerifyMaker()
	}
	digest, ok := v.digest(s.seal)
	if _, known := makers.get(digest); ok && known {
		return nil
	}
	err := seal.VerifyMaker()
	if ok && err == nil {
		makers.put(digest, struct{}{})
	}
	return err
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
// one.
func (v *verifier) checkTimeStamp(rec recorder, sig *SealSignature, facts *SealFacts) (trusted time.Time) {
	if len(sig.TimeStamp) == 0 {
		rec.note(registry.CheckTimeStamp, "time-stamp-none", "")
		return
	}
	ts, err := VerifyTimeStamp(sig.TimeStamp, sig.Signature)
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
	facts.SignedAt = d.signer.signingTime()
	rec.note(registry.CheckSealMaker, "signature-without-seal", "")
	if d.content != nil && !bytes.Equal(d.content, s.xml) {
		rec.fail(registry.CheckDataHash, "data-hash", s.path)
		return
	}
	cert, err := d.verify(s.xml)
	switch {
	case err == errDigest:
		rec.fail(registry.CheckDataHash, "data-hash", s.path)
		return
	case err != nil:
		rec.fail(registry.CheckSignature, "signature-wrong", "")
		return
	}
	rec.pass(registry.CheckDataHash, "签名文件未被改动", "Signature.xml was not altered")
	rec.pass(registry.CheckSignature, "签名有效", "the signature holds")
	describe(cert, facts)
	v.checkCertificate(rec, cert, facts.SignedAt)
	if _, err := v.roots.Chain(cert, UseSigner, facts.SignedAt); err != nil {
		rec.fail(registry.CheckTrust, "signer-untrusted", "")
	} else {
		rec.pass(registry.CheckTrust, "签名者可信", "the signer leads to a pinned root")
	}
}
