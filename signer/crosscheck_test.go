package signer

import (
	"crypto/ecdsa"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
	"tongzheng/signer/check"
)

// The tests of this file ask implementations that share no code with ours:
// OpenSSL 3 and sm-crypto-v2.

const distID = "1234567812345678"

func run(t *testing.T, name string, args ...string) (string, error) {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	return string(out), err
}

func needOpenSSL(t *testing.T) {
	t.Helper()
	out, err := run(t, "openssl", "version")
	if err != nil || !strings.HasPrefix(out, "OpenSSL 3") {
		t.Fatalf("OpenSSL 3 is needed for this test (package openssl): %s %v", out, err)
	}
}

func save(t *testing.T, dir, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	must(t, os.WriteFile(path, data, 0o600))
	return path
}

func publicPEM(t *testing.T, pub *ecdsa.PublicKey) []byte {
	t.Helper()
	spki, err := sm.MarshalPublicKey(pub)
	must(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki})
}

func sealSignatureOf(t *testing.T, pkg []byte) *check.SealSignature {
	t.Helper()
	for _, x := range unzip(t, pkg) {
		if strings.HasSuffix(x.name, "SignedValue.dat") {
			sig, err := check.ParseSealSignature([]byte(x.data))
			must(t, err)
			return sig
		}
	}
	t.Fatal("no SignedValue.dat")
	return nil
}

func TestOpenSSLVerifiesSealAndMakerSignatures(t *testing.T) {
	needOpenSSL(t)
	f := newFixture(t)
	sig := sealSignatureOf(t, f.sealed(t))
	cases := []struct {
		name              string
		key               sm.KeyID
		signed, signature []byte
	}{
		{"stamper over TBS_Sign", f.signer, sig.Signed, sig.Signature},
		{"maker over SES_SealInfo", f.maker(t), sig.Seal.Signed, sig.Seal.Signature},
	}
	for _, c := range cases {
		dir := t.TempDir()
		pub, err := f.keys.PublicKey(c.key)
		must(t, err)
		args := []string{"dgst", "-sm3", "-verify", save(t, dir, "pub.pem", publicPEM(t, pub)),
			"-sigopt", "distid:" + distID, "-signature", save(t, dir, "s.der", c.signature)}
		if out, err := run(t, "openssl", append(args, save(t, dir, "message", c.signed))...); err != nil || !strings.Contains(out, "Verified OK") {
			t.Errorf("%s: %s %v", c.name, out, err)
		}
		c.signed[len(c.signed)-1] ^= 1
		if out, err := run(t, "openssl", append(args, save(t, dir, "message", c.signed))...); err == nil {
			t.Errorf("%s: an altered message passed: %s", c.name, out)
		}
	}
}

func TestOpenSSLVerifiesCertificatesPairwise(t *testing.T) {
	needOpenSSL(t)
	f := newFixture(t)
	actKey, err := f.auth.ActKey("兴国县行政审批局（演示）", "11360732MB1234567X")
	must(t, err)
	dir := t.TempDir()
	file := func(id sm.KeyID) string {
		cert := f.certificate(t, id)
		return save(t, dir, string(id)+".pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}))
	}
	id := func(label string) sm.KeyID {
		k, ok := f.keys.Current(label)
		if !ok {
			t.Fatal(label)
		}
		return k
	}
	for _, pair := range []struct {
		issuer  string
		subject sm.KeyID
	}{
		{labelRoot, id(labelRoot)}, {labelRoot, id(labelSealMakerCA)}, {labelRoot, id(labelSignerCA)},
		{labelSealMakerCA, id(LabelSealMaker)}, {labelSignerCA, f.signer}, {labelSignerCA, actKey},
		{labelSignerCA, id(LabelQR)}, {labelSignerCA, id(LabelStatus)}, {labelSignerCA, id(LabelTimeStamp)},
	} {
		out, err := run(t, "openssl", "verify", "-partial_chain", "-trusted", file(id(pair.issuer)),
			"-attime", fmt.Sprint(f.now.Unix()), "-vfyopt", "distid:"+distID, file(pair.subject))
		if err != nil || !strings.Contains(out, ": OK") {
			t.Errorf("%s: %s %v", pair.issuer, out, err)
		}
		text, err := run(t, "openssl", "x509", "-noout", "-subject", "-nameopt", "utf8", "-in", file(pair.subject))
		if err != nil || !strings.Contains(text, developmentMark) {
			t.Errorf("subject does not say that it is for development: %s %v", text, err)
		}
	}
	roots, err := check.ParseRoots(f.roots.PEM())
	must(t, err)
	if string(roots.PEM()) != string(f.roots.PEM()) {
		t.Error("roots do not survive their PEM form")
	}
	// The marks before the blocks must not keep other tools from reading them.
	if out, err := run(t, "openssl", "crl2pkcs7", "-nocrl", "-certfile", save(t, dir, "roots.pem", f.roots.PEM())); err != nil {
		t.Errorf("roots.pem: %s", out)
	}
}

func TestOpenSSLReadsTimeStampAndKey(t *testing.T) {
	needOpenSSL(t)
	f := newFixture(t)
	dir := t.TempDir()
	id, _ := f.keys.Current(LabelTimeStamp)
	token, err := (&TimeStampAuthority{Keys: f.keys, Key: id, Clock: func() time.Time { return f.now }}).StampMessage([]byte("x"))
	must(t, err)
	out, err := run(t, "openssl", "ts", "-reply", "-token_in", "-in", save(t, dir, "token.der", token), "-token_out", "-text")
	digest := sm.Sum([]byte("x"))
	if err != nil || !strings.Contains(out, "sm3") || !strings.Contains(out, "Mar  2 01:30:00 2026 GMT") || !strings.Contains(out, fmt.Sprintf("%02x %02x %02x", digest[0], digest[1], digest[2])) {
		t.Errorf("time stamp: %v %s", err, out)
	}
	// Keys are PKCS #8 under AES that other tools open, given the passphrase.
	store, err := OpenFileStore(filepath.Join(dir, "keys"), []byte("correct horse"))
	must(t, err)
	key, err := store.Generate("qr", f.now)
	must(t, err)
	out, err = run(t, "openssl", "pkey", "-in", store.path(key, ".key"), "-passin", "pass:correct horse", "-noout", "-text_pub")
	if err != nil || !strings.Contains(out, "SM2") {
		t.Errorf("key file: %v %s", err, out)
	}
}

// javaScript installs sm-crypto-v2 once into the user's cache.
func javaScript(t *testing.T) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	lock, err := os.ReadFile("testdata/js/package-lock.json")
	must(t, err)
	digest := sm.Sum(lock)
	dir := filepath.Join(cache, "tongzheng", "signer-js-"+digest.String()[:16])
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "sm-crypto-v2", "package.json")); err == nil {
		return dir
	}
	must(t, os.MkdirAll(filepath.Dir(dir), 0o755))
	fresh, err := os.MkdirTemp(filepath.Dir(dir), "signer-js-new-")
	must(t, err)
	defer os.RemoveAll(fresh)
	for _, name := range []string{"package.json", "package-lock.json"} {
		data, err := os.ReadFile(filepath.Join("testdata/js", name))
		must(t, err)
		save(t, fresh, name, data)
	}
	install := exec.Command("npm", "ci", "--no-audit", "--no-fund")
	install.Dir = fresh
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("sm-crypto-v2 cannot be installed (node and npm are needed, and their registry): %v\n%s", err, out)
	}
	if err := os.Rename(fresh, dir); err != nil && !os.IsExist(err) { // another test process may have been first
		if _, statErr := os.Stat(dir); statErr != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestJavaScriptVerifiesQRAndSealSignature(t *testing.T) {
	dir := javaScript(t)
	f := newFixture(t)
	script, err := filepath.Abs("testdata/js/verify.js")
	must(t, err)
	verify := func(pub *ecdsa.PublicKey, message, signature []byte, form string) bool {
		spki, err := sm.MarshalPublicKey(pub)
		must(t, err)
		point := spki[len(spki)-65:] // 04 ‖ x ‖ y ends a SubjectPublicKeyInfo
		cmd := exec.Command("node", script, hex.EncodeToString(point), hex.EncodeToString(message), hex.EncodeToString(signature), form)
		cmd.Env = append(os.Environ(), "NODE_PATH="+filepath.Join(dir, "node_modules"))
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("node: %v %s", err, out)
		}
		return strings.TrimSpace(string(out)) == "true"
	}
	key, _ := f.keys.Current(LabelQR)
	pub, err := f.keys.PublicKey(key)
	must(t, err)
	token := registry.Token{1, 2, 3}
	text, err := SignQR(f.keys, key, "https://lic.example.gov.cn", token, testPayload(t))
	must(t, err)
	code, err := check.ParseQR(text)
	must(t, err)
	raw := code.SignedBytes()
	if !verify(pub, raw, code.Signature, "raw") {
		t.Error("sm-crypto-v2 refuses the QR signature")
	}
	raw[len(raw)-1] ^= 1
	if verify(pub, raw, code.Signature, "raw") {
		t.Error("sm-crypto-v2 accepts an altered payload: the test proves nothing")
	}
	sig := sealSignatureOf(t, f.sealed(t))
	pub, err = f.keys.PublicKey(f.signer)
	must(t, err)
	if !verify(pub, sig.Signed, sig.Signature, "der") {
		t.Error("sm-crypto-v2 refuses the seal signature")
	}
}

func testPayload(t testing.TB) check.QRPayload {
	t.Helper()
	id, err := registry.ParseIdentifier("1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U")
	must(t, err)
	effective, err := registry.ParseDate("2026-03-02")
	must(t, err)
	return check.QRPayload{Identifier: id, Printing: 2, Holder: "兴国县𠮷祥饭店（个体工商户）", Effective: effective,
		Expires: effective.AddYears(5) - 1, Blank: "JX00012345", List: 1, Index: 4711}
}
