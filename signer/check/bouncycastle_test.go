package check_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/emmansun/gmsm/smx509"

	"tongzheng/registry"
	"tongzheng/signer/check"
)

const bouncyCastle = "bouncycastle"

// Answers that many files share.
var (
	oddly       = answer{whole, "certificate-odd"}
	sealless    = answer{whole, "signature-without-seal"}
	nobody      = answer{registry.Unverifiable, registry.WhySignerUnknown}
	unreadable  = answer{registry.Unverifiable, registry.WhyCertificate}
	uncovered   = answer{registry.Unverifiable, registry.WhyNotCovered}
	missing     = answer{registry.Unverifiable, registry.WhyPackage}
	outOfPeriod = answer{registry.Untrusted, "certificate-period"}
	notToSign   = answer{registry.Untrusted, "certificate-usage"}
	limitedKey  = answer{registry.Untrusted, "certificate-extension"}
	noAuthority = answer{registry.Untrusted, "signer-untrusted"}
	wrongStamp  = answer{registry.Untrusted, "time-stamp-wrong"}
	wrongHash   = answer{registry.Altered, "data-hash"}
	wrongValue  = answer{registry.Altered, "signature-wrong"}
)

// What must be said of the files of BouncyCastle, by what they are:
// docs/verdicts.md and the standards say it, not the verifier.
var (
	bouncySeals = map[string]answer{
		"seal-v1": good, "seal-v4": good, "seal-v5": good, "seal-twice": good, "seal-middle": good,
		"seal-v5-stamped":      {whole, "seal-time-stamp-not-understood"},
		"seal-v1-time-text":    {whole, "signing-time-document"},
		"seal-v1-time-words":   {whole, "signing-time-document"},
		"seal-v1-time-general": good,
		"seal-base64":          good, "seal-pem": good,
		"seal-list-sm3": good, "seal-list-sm3-word": good, "seal-list-sha256": good, "seal-list-md5": unsupported,
		"seal-extension": good, "seal-extension-critical": unsupported,
		"seal-algorithm-301": good, "seal-algorithm-301.1": good,

		"raw-stamper": unsupported, "raw-maker": unsupported, "raw-alone": nobody,
		"algorithm-rsa": unsupported, "algorithm-rsa-maker": unsupported, "algorithm-ecdsa": unsupported, "algorithm-sm2-sha256": unsupported,
		"digest-sha256": unsupported, "digest-md5": unsupported,
		"wrong-signature": wrongValue, "wrong-key": wrongValue, "wrong-certificate": wrongValue,
		"wrong-signature-maker": {registry.Altered, "seal-maker-signature"},
		"wrong-hash":            wrongHash, "wrong-signature-xml": wrongHash,
		"wrong-page":     {registry.Altered, "reference-digest"},
		"uncovered-page": uncovered, "uncovered-ofd": uncovered, "uncovered-added": uncovered,
		"uncovered-list": {whole, "signature-list-not-covered"},
		"missing-page":   missing, "missing-value": missing,
		"other-seal": {registry.Altered, "seal-differs"}, "other-seal-covered": unsupported,
		"list-without-signer": {registry.Untrusted, "signer-not-listed"}, "list-without-signer-digest": {registry.Untrusted, "signer-not-listed"},
		"period-seal-over": {registry.Untrusted, "seal-expired"}, "period-seal-to-come": {registry.Untrusted, "seal-not-yet-valid"},
		"period-future":     {registry.Untrusted, "signing-time-future"},
		"untrusted-stamper": noAuthority, "untrusted-maker": {registry.Untrusted, "maker-untrusted"},
	}
	bouncyMessages = map[string]answer{
		"message-gm-xml": sealless, "message-gm-detached": sealless, "message-gm-sm3": sealless, "message-gm-attributes": sealless,
		"message-gm-sm3-attributes": sealless, "message-gm-detached-attributes": sealless, "message-gm-ber": sealless, "message-gm-ber-sm3": sealless,
		"message-cms-xml": sealless, "message-cms-detached": sealless, "message-cms-sm3": sealless, "message-cms-attributes": sealless,
		"message-cms-sm3-attributes": sealless, "message-cms-detached-attributes": sealless, "message-cms-ber": sealless, "message-cms-ber-sm3": sealless,
		"message-base64": sealless, "message-base64-lines": sealless, "message-pem": sealless, "message-ber-base64": sealless,
		"message-sm3-base64": sealless, "message-algorithm-301": sealless, "message-chain": sealless, "message-key-id": sealless,
		"message-names-itself": sealless, "message-stamped": sealless, "message-middle": sealless,

		"message-names-another": {registry.Untrusted, "signer-named-otherwise"},
		"message-sha256":        unsupported, "message-sha256-detached": unsupported, "message-sha256-attributes": unsupported, "message-sm3-hex": unsupported,
		"message-no-certificate": nobody, "message-another-certificate": nobody,
		"message-two-signers": unsupported, "message-rsa": unsupported, "message-ecdsa": unsupported, "message-sm2-sha256": unsupported, "message-raw": unsupported,
		"message-wrong-signature": wrongValue, "message-wrong-signature-ber": wrongValue,
		"message-other-content": wrongHash, "message-other-content-sm3": wrongHash, "message-other-shown": wrongHash, "message-other-detached": wrongHash,
		"message-future": {registry.Untrusted, "signing-time-future"}, "message-before-certificate": outOfPeriod,
		"message-untrusted": noAuthority, "message-of-time-stamper": notToSign,
	}
	bouncyCertificates = map[string]answer{
		"ia5-email-utf8": oddly, "ia5-email-gbk": oddly, "printable-chinese": oddly, "printable-star": oddly, "utf8-gbk": oddly,
		"numeric-letters": oddly, "visible-chinese": oddly, "octets-as-name": oddly,
		"bmp": good, "t61-gbk": good, "t61-utf8": good, "utf8-empty": good, "universal": good,
		"country-word": good, "subject-empty": good, "subject-several": good,
		"serial-negative": oddly, "serial-very-negative": oddly, "serial-0": oddly, "serial-long": oddly, "serial-very-long": oddly,
		"times-general": good, "times-short": good, "times-zone": good,
		"times-turned": outOfPeriod, "expired": outOfPeriod, "to-come": outOfPeriod,

		"own": good, "netscape": good, "policies-critical": good, "key-id-critical": good, "constraints-empty": good, "constraints-not-critical": good,
		"own-twice": oddly, "names-twice": oddly, "names-chinese": oddly, "names-broken": oddly, "names-empty": oddly, "points-broken": oddly,
		"own-critical": limitedKey, "constraints-broken": limitedKey, "usage-twice": limitedKey,
		"version-1": oddly, "version-1-bare": good, "version-1-encryption": notToSign,

		"usage-none": good, "usage-not-critical": good, "usage-zeros": good, "usage-long": good, "usage-nine": good,
		"usage-empty": notToSign, "usage-encryption": notToSign, "usage-authority": notToSign,
		"usage-octets": limitedKey, "usage-octets-not-critical": limitedKey, "usage-padding": limitedKey,
		"purpose-mail": good, "purpose-mail-critical": good, "purpose-own": good, "purpose-own-critical": good,
		"purpose-stamping-and-mail": good, "purpose-ocsp": notToSign, "purpose-stamping": notToSign, "purpose-stamping-critical": notToSign,

		"algorithm-null": good, "algorithm-null-outside": oddly, "algorithm-other": noAuthority,
		"key-compressed": unreadable, "key-by-sm2": oddly, "key-parameters": oddly,
		"wrong-signature": noAuthority, "of-no-authority": noAuthority,
	}
	bouncyStamps = map[string]answer{
		"names-sha1": good, "names-sha256": good, "names-sha384": good, "names-sha512": good, "names-sm3": good,
		"names-sha1-serial": good, "names-sha256-serial": good, "names-sha384-serial": good, "names-sha512-serial": good, "names-sm3-serial": good,
		"imprint-sha256": good, "imprint-sha512": good, "imprint-sha1": unsupported, "imprint-sha3256": unsupported,
		"rich": good, "response": good, "ber": good, "chain": good, "by-hand": good, "odd-certificate": good,
		"without-certificate": unsupported, "rsa": unsupported, "refused": unsupported,
		"other": wrongStamp, "early": {registry.Untrusted, "time-stamp-early"}, "after-certificate": wrongStamp, "expired-authority": wrongStamp,
		"untrusted":    {whole, "time-stamp-untrusted"},
		"names-nobody": wrongStamp, "names-another": wrongStamp, "not-critical": wrongStamp, "not-for-stamping": wrongStamp, "wrong-signature": wrongStamp,
	}
)

// stampHeld tells of which stamps nothing but that they hold is to be said.
func stampHeld(name string) bool {
	return strings.HasPrefix(name, "stamp-") && bouncyStamps[strings.TrimPrefix(name, "stamp-")] == good
}

// TestBouncyCastle: documents sealed with objects made by BouncyCastle, sound
// and broken, answer as the standards and docs/verdicts.md say.
func TestBouncyCastle(t *testing.T) {
	want := map[string]answer{}
	maps.Copy(want, bouncySeals)
	maps.Copy(want, bouncyMessages)
	for name, a := range bouncyCertificates {
		want["certificate-"+name] = a
	}
	for name, a := range bouncyStamps {
		want["stamp-"+name] = a
	}
	files, err := filepath.Glob(filepath.Join("testdata", bouncyCastle, "*.ofd"))
	if err != nil {
		t.Fatal(err)
	}
	roots := rootsIn(t, bouncyCastle+"/roots.pem")
	seen := map[string]bool{}
	for _, path := range files {
		name := strings.TrimSuffix(filepath.Base(path), ".ofd")
		seen[name] = true
		t.Run(name, func(t *testing.T) {
			a, ok := want[name]
			if !ok {
				t.Fatal("not in the table")
			}
			file, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			a.check(t, file, roots)
			v := judged(t, file, roots)
			odd := slices.ContainsFunc(v.Checks, func(c registry.Check) bool { return c.Code == "certificate-odd" })
			if a == good && odd && !strings.HasPrefix(name, "certificate-") && name != "stamp-odd-certificate" {
				t.Error("a certificate of the usual form is called odd")
			}
			held := slices.ContainsFunc(v.Checks, func(c registry.Check) bool {
				return c.Name == registry.CheckTimeStamp && c.Result == registry.Passed
			})
			if held != (stampHeld(name) || name == "seal-v5-stamped") {
				t.Errorf("the stamp holds: %v", held)
			}
		})
	}
	for name := range want {
		if !seen[name] {
			t.Errorf("%s is in the table and not among the files", name)
		}
	}
}

// TestBouncyCastleLists: a revocation list says the same of a seal and of
// SignedData, of whoever signed and of the authorities above; one by another
// authority of the same name says nothing. So does the key list.
func TestBouncyCastleLists(t *testing.T) {
	for _, c := range []struct {
		file, list string
		want       answer
	}{
		{"seal-v4", "stamper-before", answer{registry.Untrusted, "certificate-revoked-before"}},
		{"message-gm-xml", "stamper-before", answer{registry.Untrusted, "certificate-revoked-before"}},
		{"seal-v4", "stamper-after", answer{whole, "certificate-revoked-after"}},
		{"message-cms-attributes", "stamper-after", answer{whole, "certificate-revoked-after"}},
		{"seal-v1", "stamper-old", answer{whole, "revocation-list-old"}},
		{"seal-v5", "stranger", answer{whole, "revocation-not-checked"}},
		{"message-gm-xml", "stranger", answer{whole, "revocation-not-checked"}},
		{"seal-v4", "maker-before", answer{registry.Untrusted, "maker-revoked"}},
		{"seal-middle", "middle-before", answer{registry.Untrusted, "authority-revoked"}},
		{"message-middle", "middle-before", answer{registry.Untrusted, "authority-revoked"}},
	} {
		t.Run(c.file+" "+c.list, func(t *testing.T) {
			crl, err := check.ParseRevocationList(sample(t, filepath.Join(bouncyCastle, c.list+".crl")))
			if err != nil {
				t.Fatal(err)
			}
			c.want.held(t, &check.Checker{Roots: rootsIn(t, bouncyCastle+"/roots.pem"), Options: check.Options{CRLs: []*smx509.RevocationList{crl}}},
				sample(t, filepath.Join(bouncyCastle, c.file+".ofd")))
		})
	}
	for _, name := range []string{"seal-v4", "message-gm-xml"} {
		file := sample(t, filepath.Join(bouncyCastle, name+".ofd"))
		roots := rootsIn(t, bouncyCastle+"/roots.pem")
		report, err := check.OFD(file, roots, sampleNow, check.Options{})
		if err != nil {
			t.Fatal(err)
		}
		stolen := check.ListedKey{ID: report.Seals[0].SignerKey, CompromisedAt: sampleNow.Unix()}
		roots.Learn(&check.KeyList{Keys: []check.ListedKey{stolen}})
		answer{registry.Untrusted, "key-stolen"}.held(t, &check.Checker{Roots: roots}, file)
	}
}
