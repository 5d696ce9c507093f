package signer

import (
	"bytes"
	"math/big"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"tongzheng/registry"
	"tongzheng/registry/sm"
	"tongzheng/signer/check"
)

func TestSealedOFDHolds(t *testing.T) {
	f := newFixture(t)
	sealed, digest, err := SealOFD(f.keys, unsealedOFD(), f.job())
	must(t, err)
	report, err := check.OFD(sealed, f.roots, f.now.AddDate(1, 0, 0), check.Options{})
	must(t, err)
	if !report.Integrity() || !report.Trusted() {
		t.Fatalf("%+v", report.Checks)
	}
	for _, c := range report.Checks {
		if c.Result != registry.Passed && c.Code != "revocation-not-checked" {
			t.Errorf("%+v", c)
		}
	}
	facts := report.Seals[0]
	if facts.Digest != digest || facts.SealID != testSealID || !facts.SignedAt.Equal(f.now) || !facts.StampedAt.Equal(f.now) || facts.SignerKey != f.signer {
		t.Errorf("%+v", facts)
	}
	if report.DocumentID != "0123456789abcdef0123456789abcdef" || len(report.Metadata) != 2 || report.Metadata[1] != (sm.Field{Name: "CZZT", Value: "𠮷祥饭店"}) {
		t.Errorf("%q %+v", report.DocumentID, report.Metadata)
	}
	again, _, err := SealOFD(f.keys, unsealedOFD(), f.job())
	must(t, err)
	if !bytes.Equal(sealed, again) {
		t.Error("the same job gave other bytes")
	}
}

func TestUnknownRootsKeepIntegrity(t *testing.T) {
	sealed := newFixture(t).sealed(t)
	other := newFixture(t)
	for name, roots := range map[string]*check.Roots{"none": nil, "others": other.roots} {
		report, err := check.OFD(sealed, roots, testMoment, check.Options{})
		must(t, err)
		if !report.Integrity() || report.Trusted() {
			t.Errorf("%s: integrity %v trusted %v", name, report.Integrity(), report.Trusted())
		}
	}
}

// expect asserts that the check fails with the code.
func expect(t *testing.T, report check.Report, name registry.CheckName, code string) {
	t.Helper()
	for _, c := range report.Checks {
		if c.Name == name && c.Code == code && (c.Result == registry.Failed || c.Unverifiable()) && c.Chinese != "" && c.English != "" {
			return
		}
	}
	t.Errorf("no check %s failed with %s: %+v", name, code, report.Checks)
}

func TestForgeriesAreNamed(t *testing.T) {
	f := newFixture(t)
	good := f.sealed(t)
	outsider := newFixture(t)
	change := func(edit func([]file) []file) []byte { return zipOf(edit(unzip(t, good))...) }
	edit := func(name, from, to string) []byte {
		return change(func(files []file) []file {
			for i := range files {
				if files[i].name == name {
					files[i].data = strings.Replace(files[i].data, from, to, 1)
				}
			}
			return files
		})
	}
	without := func(name string) []byte {
		return change(func(files []file) []file {
			var kept []file
			for _, x := range files {
				if x.name != name {
					kept = append(kept, x)
				}
			}
			return kept
		})
	}
	cases := []struct {
		name   string
		pkg    []byte
		check  registry.CheckName
		code   string
		intact bool // integrity holds all the same
	}{
		{"holder altered", edit("OFD.xml", "𠮷祥饭店", "吉祥饭店"), registry.CheckReferences, "reference-digest", false},
		{"page altered", edit("Doc_0/Pages/Page_0/Content.xml", "食品", "药品"), registry.CheckReferences, "reference-digest", false},
		{"reference rewritten", edit("Doc_0/Signs/Sign_0/Signature.xml", "Boundary=\"140", "Boundary=\"14"), registry.CheckDataHash, "data-hash", false},
		{"unreferenced file", change(func(x []file) []file { return append(x, file{"Doc_0/Pages/Page_0/Annot.xml", "<a/>"}) }), registry.CheckCoverage, registry.WhyNotCovered, false},
		{"missing file", without("Doc_0/PublicRes.xml"), registry.CheckReferences, registry.WhyPackage, false},
		{"missing value", without("Doc_0/Signs/Sign_0/SignedValue.dat"), registry.CheckSignature, registry.WhyPackage, false},
		{"doubled entry", change(func(x []file) []file { return append(x, file{"OFD.xml", "<other/>"}) }), registry.CheckPackage, registry.WhyPackage, false},
		{"no signature left", edit("OFD.xml", "<ofd:Signatures>/Doc_0/Signs/Signatures.xml</ofd:Signatures>", ""), registry.CheckSignature, registry.WhyNotSealed, false},
		{"weak digest", edit("Doc_0/Signs/Sign_0/Signature.xml", ` CheckMethod="1.2.156.10197.1.401"`, ""), registry.CheckReferences, registry.WhyForm, false},
		{"hidden local entry", append([]byte("PK\x03\x04hidden"), good...), registry.CheckPackage, registry.WhyPackage, false},
		{"wrong maker signature", f.forge(t, f.with(t, f.badSeal(t))), registry.CheckSealMaker, "seal-maker-signature", false},
		{"signer not on the list", f.forge(t, f.otherSigner(t)), registry.CheckSigner, "signer-not-listed", true},
		{"expired seal", f.forge(t, f.with(t, f.sealUntil(t, f.now.Add(-time.Second)))), registry.CheckSealPeriod, "seal-expired", true},
		{"seal not yet valid", f.forge(t, f.with(t, f.sealFrom(t, f.now.Add(time.Hour)))), registry.CheckSealPeriod, "seal-not-yet-valid", true},
		{"seal by an outsider", outsider.sealed(t), registry.CheckTrust, "maker-untrusted", true},
		{"seal made with a signer's key", f.forge(t, f.with(t, f.homemadeSeal(t))), registry.CheckTrust, "maker-untrusted", true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			report, err := check.OFD(c.pkg, f.roots, f.now, check.Options{})
			must(t, err)
			expect(t, report, c.check, c.code)
			if report.Integrity() != c.intact || report.Integrity() && report.Trusted() {
				t.Errorf("integrity %v, trusted %v", report.Integrity(), report.Trusted())
			}
		})
	}
}

// TestShownSealReplaced: packages sealed before had the seal in a file of its own,
// too, which must be the seal that was signed.
func TestShownSealReplaced(t *testing.T) {
	sealed, err := os.ReadFile("check/testdata/sealed-v4.ofd")
	must(t, err)
	pem, err := os.ReadFile("check/testdata/roots.pem")
	must(t, err)
	roots, err := check.ParseRoots(pem)
	must(t, err)
	report, err := check.OFD(sealed, roots, testMoment, check.Options{})
	must(t, err)
	if !report.Integrity() || !report.Trusted() {
		t.Fatalf("%+v", report.Checks)
	}
	files := unzip(t, sealed)
	for i := range files {
		if strings.HasSuffix(files[i].name, "Seal.esl") {
			files[i].data = strings.Replace(files[i].data, "IHDR", "IHDS", 1)
		}
	}
	report, err = check.OFD(zipOf(files...), roots, testMoment, check.Options{})
	must(t, err)
	expect(t, report, registry.CheckSealMaker, "seal-differs")
}

func (f *fixture) with(t *testing.T, seal []byte) OFDJob {
	t.Helper()
	job := f.job()
	job.Seal = seal
	if _, _, err := SealOFD(f.keys, unsealedOFD(), job); registry.CodeOf(err) != registry.CodeSealState {
		t.Errorf("the signer itself did not refuse: %v", err)
	}
	return job
}

// badSeal carries a maker's signature over other bytes.
func (f *fixture) badSeal(t *testing.T) []byte {
	seal, err := check.ParseSeal(f.seal)
	must(t, err)
	signature, err := f.keys.Sign(f.maker(t), []byte("something else"))
	must(t, err)
	if len(signature) != len(seal.Signature) {
		t.Skip("signatures of different length")
	}
	return bytes.Replace(f.seal, seal.Signature, signature, 1)
}

func (f *fixture) sealUntil(t *testing.T, until time.Time) []byte {
	spec := f.spec()
	spec.From, spec.Until = until.AddDate(-1, 0, 0), until
	seal, err := MakeSeal(f.keys, f.maker(t), spec)
	must(t, err)
	return seal
}

func (f *fixture) sealFrom(t *testing.T, from time.Time) []byte {
	spec := f.spec()
	spec.From = from
	seal, err := MakeSeal(f.keys, f.maker(t), spec)
	must(t, err)
	return seal
}

// homemadeSeal is made by someone whose certificate is good for signing only.
func (f *fixture) homemadeSeal(t *testing.T) []byte {
	id, err := f.auth.ActKey("另一机关（演示）", "11360700MB1234567X")
	must(t, err)
	seal, err := MakeSeal(f.keys, id, f.spec())
	must(t, err)
	return seal
}

// otherSigner uses the seal with a certificate that is not on its list, of the
// same key holder: a re-issued certificate means that the seal is made again.
func (f *fixture) otherSigner(t *testing.T) OFDJob {
	id, err := f.auth.Rotate(SealLabel(testSealID))
	must(t, err)
	job := f.job()
	job.Signer = id
	if _, _, err := SealOFD(f.keys, unsealedOFD(), job); registry.CodeOf(err) != registry.CodeSealState {
		t.Errorf("the signer itself did not refuse: %v", err)
	}
	return job
}

func TestOneChangedByteAnywhere(t *testing.T) {
	f := newFixture(t)
	files := unzip(t, f.sealed(t))
	for i := range files {
		step := len(files[i].data)/40 + 1
		for at := 0; at < len(files[i].data); at += step {
			changed := append([]file(nil), files...)
			raw := []byte(files[i].data)
			raw[at] ^= 1
			changed[i].data = string(raw)
			report, err := check.OFD(zipOf(changed...), f.roots, f.now, check.Options{})
			if err == nil && report.Integrity() && report.Trusted() {
				t.Errorf("%s byte %d: still trusted", files[i].name, at)
			}
		}
	}
}

func TestRevocation(t *testing.T) {
	f := newFixture(t)
	sealed := f.sealed(t)
	serial := f.certificate(t, f.signer).SerialNumber
	list := func(at time.Time) []*smx509.RevocationList {
		f.now = f.now.AddDate(0, 1, 0)
		defer func() { f.now = testMoment }()
		der, err := f.auth.RevocationList([]Revoked{{big.NewInt(7), at}, {serial, at}}, 1, f.now.AddDate(0, 1, 0))
		must(t, err)
		crl, err := check.ParseRevocationList(der)
		must(t, err)
		return []*smx509.RevocationList{crl}
	}
	before, err := check.OFD(sealed, f.roots, f.now.AddDate(0, 1, 0), check.Options{CRLs: list(f.now.Add(-time.Hour))})
	must(t, err)
	expect(t, before, registry.CheckCertificate, "certificate-revoked-before")
	if before.Trusted() || !before.Integrity() {
		t.Error("revoked before signing: must not be trusted, integrity holds")
	}
	after, err := check.OFD(sealed, f.roots, f.now.AddDate(0, 1, 0), check.Options{CRLs: list(f.now.Add(time.Hour))})
	must(t, err)
	if note, ok := after.First(registry.CheckCertificate, registry.Noted); !ok || note.Code != "certificate-revoked-after" || !after.Trusted() {
		t.Errorf("revoked after signing: %+v", after.Checks)
	}
	stale, err := check.OFD(sealed, f.roots, f.now.AddDate(1, 0, 0), check.Options{CRLs: list(f.now.Add(time.Hour))})
	must(t, err)
	if !stale.Trusted() {
		t.Error("an old list does not change what was signed")
	}
	job := f.job()
	job.Options.CRLs = list(f.now.Add(-time.Hour))
	if _, _, err := SealOFD(f.keys, unsealedOFD(), job); registry.CodeOf(err) != registry.CodeSealState {
		t.Errorf("the signer used a revoked certificate: %v", err)
	}
}

func TestTimeStampMustFit(t *testing.T) {
	f := newFixture(t)
	job := f.job()
	tsa := job.Stamper.(*TimeStampAuthority)
	token, err := tsa.StampMessage([]byte("a signature"))
	must(t, err)
	ts, err := check.VerifyTimeStamp(token, []byte("a signature"))
	must(t, err)
	if !ts.At.Equal(f.now) {
		t.Error(ts.At)
	}
	if _, err := check.VerifyTimeStamp(token, []byte("another")); err == nil {
		t.Error("a token for other bytes passed")
	}
	for at := range token {
		changed := append([]byte(nil), token...)
		changed[at] ^= 1
		if _, err := check.VerifyTimeStamp(changed, []byte("a signature")); err == nil {
			t.Errorf("byte %d changed and the token passed", at)
		}
	}
	early := &TimeStampAuthority{Keys: f.keys, Key: tsa.Key, Clock: func() time.Time { return f.now.Add(-time.Minute * 30) }}
	job.Stamper = early
	report, err := check.OFD(f.forge(t, job), f.roots, f.now, check.Options{})
	must(t, err)
	expect(t, report, registry.CheckTimeStamp, "time-stamp-early")
	job.Stamper = &TimeStampAuthority{Keys: f.keys, Key: f.signer, Clock: tsa.Clock}
	report, err = check.OFD(f.forge(t, job), f.roots, f.now, check.Options{})
	must(t, err)
	expect(t, report, registry.CheckTimeStamp, "time-stamp-wrong")
}

func TestImportSeal(t *testing.T) {
	f := newFixture(t)
	seal, key, err := ImportSeal(f.keys, f.seal, f.roots, f.now, check.Options{})
	must(t, err)
	if key != f.signer || seal.ID != testSealID || seal.Picture.Width != 42 {
		t.Errorf("%v %+v", key, seal)
	}
	if _, _, err := ImportSeal(f.keys, f.seal, f.roots, f.now.AddDate(5, 0, 0), check.Options{}); registry.CodeOf(err) != registry.CodeSealState {
		t.Errorf("expired: %v", err)
	}
	if _, _, err := ImportSeal(newFixture(t).keys, f.seal, f.roots, f.now, check.Options{}); registry.CodeOf(err) != registry.CodeSealState {
		t.Errorf("foreign keys: %v", err)
	}
	if _, _, err := ImportSeal(f.keys, f.seal[:100], f.roots, f.now, check.Options{}); registry.CodeOf(err) != registry.CodeMalformed {
		t.Errorf("cut short: %v", err)
	}
}
