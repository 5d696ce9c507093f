package app_test

import (
	"archive/zip"
	"bytes"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tongzheng/cmd/citytest"
	"tongzheng/cmd/internal/demo"
	"tongzheng/cmd/internal/keyring"
	"tongzheng/cmd/internal/operator"
	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
	"tongzheng/signer"
	"tongzheng/signer/check"
	"tongzheng/soaktest"
)

// bundled makes the bundle of a license with two versions' worth of acts.
func (c *city) bundled(t *testing.T) (*office.Proceeding, []byte, *check.Roots) {
	t.Helper()
	p, _ := c.issued(t)
	raw, err := c.Office.Bundles.Bundle(t.Context(), c.as(t, "xg-acceptor"), p.Intent.Identifier)
	if err != nil {
		t.Fatal(err)
	}
	roots, err := check.ParseRoots(c.Keys.RootsPEM())
	if err != nil {
		t.Fatal(err)
	}
	return p, raw, roots
}

func verdictOf(t *testing.T, raw []byte, roots *check.Roots, opts check.BundleOptions) registry.Verdict {
	t.Helper()
	v, err := check.Bundle(raw, roots, time.Now(), opts)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestBundle: pinned roots alone tell what was in force on a day, and by whose
// word; without them nothing is trusted.
func TestBundle(t *testing.T) {
	c := inCity(t)
	p, raw, roots := c.bundled(t)
	if v := verdictOf(t, raw, roots, check.BundleOptions{}); v.Word != registry.Valid || v.Knowledge.AsOf.IsZero() {
		t.Fatalf("%s %+v", v.Word, v.Checks)
	}
	today := registry.DateOf(time.Now())
	for day, want := range map[registry.Date]registry.Word{today - 1: registry.NotFound, today: registry.Valid, today + 2: registry.UnknownNow} {
		if v := verdictOf(t, raw, roots, check.BundleOptions{AsOf: day}); v.Word != want {
			t.Errorf("as of %s: %s, want %s", day, v.Word, want)
		}
	}
	if v := verdictOf(t, raw, &check.Roots{}, check.BundleOptions{}); v.Word != registry.Untrusted {
		t.Errorf("without roots: %s %+v", v.Word, v.Checks)
	}
	revoke := then(p, registry.Revoke, "fraud")
	revoke.Decision, revoke.Case = "兴审撤〔2026〕77号", "XG2026-0077"
	r := c.propose(t, "/licenses/"+p.Intent.Identifier.String()+"/acts", "bundle-revoke-"+p.Digest.String(), revoke)
	c.sign(t, r, "xg-acceptor", "xg-approver")
	if r = c.end(t, r); r.Step != office.StepAnchored {
		t.Fatal(r.Step, r.Refusal, r.Detail)
	}
	later, err := c.Office.Bundles.Bundle(t.Context(), c.as(t, "xg-acceptor"), p.Intent.Identifier)
	if err != nil {
		t.Fatal(err)
	}
	if v := verdictOf(t, later, roots, check.BundleOptions{AsOf: today}); v.Word != registry.IsRevoked || v.Cause.Act != registry.Revoke {
		t.Errorf("撤销 reaches back: %s %+v", v.Word, v.Cause)
	}
}

// reseal seals a bundle as whoever has the key folder can, whatever it says.
func (c *city) reseal(t *testing.T, m *registry.Manifest, stamps [][]byte, files map[string][]byte) ([]byte, error) {
	t.Helper()
	keys := c.Keys.(*keyring.Keys).Store
	stamp, ok := keys.Current(signer.LabelTimeStamp)
	if !ok {
		t.Fatal("no time-stamp key")
	}
	seal, err := signer.RenewBundle(keys, &signer.TimeStampAuthority{Keys: keys, Key: stamp, Clock: time.Now}, m, stamps)
	if err != nil {
		t.Fatal(err)
	}
	return registry.EncodeBundle(m, seal, files)
}

// TestBundleRenewal: stamps are added and never taken away, outlive every
// certificate, and the chain of entries ends where the seal says.
func TestBundleRenewal(t *testing.T) {
	c := inCity(t)
	_, raw, roots := c.bundled(t)
	m, seal, files, err := registry.DecodeBundle(raw)
	if err != nil {
		t.Fatal(err)
	}
	renewed, err := c.reseal(t, m, seal.Stamps, files)
	if err != nil {
		t.Fatal(err)
	}
	if v := verdictOf(t, renewed, roots, check.BundleOptions{}); v.Word != registry.Valid {
		t.Errorf("renewed: %s %+v", v.Word, v.Checks)
	}
	_, again, _, err := registry.DecodeBundle(renewed)
	if err != nil || len(again.Stamps) != 2 {
		t.Fatal(len(again.Stamps), err)
	}
	again.Stamps = again.Stamps[1:] // the first stamp taken away
	short, err := registry.EncodeBundle(m, again, files)
	if err != nil {
		t.Fatal(err)
	}
	if v := verdictOf(t, short, roots, check.BundleOptions{}); v.Word == registry.Valid {
		t.Error("a stamp taken away is not found")
	}
	// Long after every certificate has ended, the stamps still tell when.
	v, err := check.Bundle(renewed, roots, time.Now().AddDate(30, 0, 0), check.BundleOptions{})
	if err != nil || v.Word != registry.Valid {
		t.Errorf("in 30 years: %s %v %+v", v.Word, err, v.Checks)
	}
	manifest := *m
	manifest.Sequence++
	forged, err := c.reseal(t, registry.NewManifest(manifest, files), nil, files)
	if err != nil {
		t.Fatal(err)
	}
	if v := verdictOf(t, forged, roots, check.BundleOptions{}); v.Word != registry.Altered {
		t.Errorf("another end of the chain: %s", v.Word)
	}
}

// TestBundleStamps: a bundle knows nothing from after its first time stamp, and
// a time stamp whose key was stolen says nothing.
func TestBundleStamps(t *testing.T) {
	c := inCity(t)
	_, raw, roots := c.bundled(t)
	m, seal, files, err := registry.DecodeBundle(raw)
	if err != nil {
		t.Fatal(err)
	}
	later := *m
	later.AsOf += 86400
	forged, err := c.reseal(t, registry.NewManifest(later, files), nil, files)
	if err != nil {
		t.Fatal(err)
	}
	if v := verdictOf(t, forged, roots, check.BundleOptions{}); v.Word != registry.Untrusted {
		t.Errorf("knowledge of tomorrow: %s %+v", v.Word, v.Checks)
	}
	stamp, err := check.VerifyTimeStampDigest(seal.Stamps[0], m.StampDigest(nil))
	if err != nil {
		t.Fatal(err)
	}
	spki := stamp.Certificate.RawSubjectPublicKeyInfo
	roots.Learn(&check.KeyList{Keys: []check.ListedKey{{ID: sm.KeyIDOf(spki), Use: check.KeyUseTimeStamp, Public: spki, NotBefore: 1, CompromisedAt: time.Now().Unix()}}})
	if v := verdictOf(t, raw, roots, check.BundleOptions{}); v.Word != registry.Untrusted {
		t.Errorf("a stolen time-stamp key: %s %+v", v.Word, v.Checks)
	}
}

// TestBundleEveryByte flips every 397th byte of a bundle, in make soak every
// single one. What the ZIP form lets an
// attacker recompute without a key — the checksum of the file that the byte
// stands in — is recomputed as well.
func TestBundleEveryByte(t *testing.T) {
	c := inCity(t)
	_, raw, roots := c.bundled(t)
	flipped(t, raw, 397, &operator.Anchors{Roots: roots}) // all of them take minutes
}

// networkBundle: a bundle from a real network verifies in a namespace that
// has no network interface, without a database, and has no byte that can be
// changed: in make test every 2003rd, in make soak every one.
func networkBundle(t *testing.T, at place) {
	dir := t.TempDir()
	a := openFor(t, at, nil)
	defer a.Close()
	city, err := demo.Read(a.Config.Data)
	if err != nil {
		t.Fatal(err)
	}
	id, err := registry.ParseIdentifier(city.Licenses[0].Identifier)
	if err != nil {
		t.Fatal(err)
	}
	clerk, err := city.Account("xg-acceptor")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := a.Office.Bundles.Bundle(t.Context(), clerk.Actor(), id)
	if err != nil {
		t.Fatal(err)
	}
	file, roots := filepath.Join(dir, "license.bundle"), filepath.Join(dir, "pinned.pem")
	for name, content := range map[string][]byte{file: raw, roots: a.RootsPEM()} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	alone := exec.Command("unshare", "--net", citytest.Program(t, "tongzheng"), "verify", "--roots", roots, file)
	if os.Geteuid() != 0 {
		alone.Args = slices.Insert(alone.Args, 1, "--map-root-user")
	}
	alone.Env = []string{}
	out, err := alone.CombinedOutput()
	if strings.Contains(string(out), "unshare failed") {
		t.Logf("no network namespaces here: %s", out)
	} else if err != nil || !strings.HasPrefix(string(out), string(registry.Valid)) {
		t.Errorf("in a namespace without interfaces: %v\n%s", err, out)
	}
	anchors, err := operator.ParseAnchors(a.RootsPEM())
	if err != nil {
		t.Fatal(err)
	}
	flipped(t, raw, 2003, anchors)
}

// flipped changes every step-th byte and wants it found.
func flipped(t *testing.T, raw []byte, step int, anchors *operator.Anchors) {
	t.Helper()
	if !accepted(raw, anchors) {
		t.Fatal("the bundle does not hold as it is: the test proves nothing")
	}
	step = soaktest.Count(step, 1)
	var undetected atomic.Int64
	var wait sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		wait.Add(1)
		go func() {
			defer wait.Done()
			random := rand.New(rand.NewPCG(1, uint64(w)))
			for i := w * step; i < len(raw); i += workers * step {
				bad := bytes.Clone(raw)
				bad[i] ^= byte(1 + random.IntN(255))
				mended := repaired(bad)
				if bytes.Equal(mended, raw) {
					mended = nil // the byte was the archive's own: mending took the flip back
				}
				if accepted(bad, anchors) || accepted(mended, anchors) {
					undetected.Add(1)
					t.Errorf("byte %d of %d: not found", i, len(raw))
				}
			}
		}()
	}
	wait.Wait()
	t.Logf("%d bytes, every %d. flipped, %d not found", len(raw), step, undetected.Load())
}

func accepted(raw []byte, anchors *operator.Anchors) bool {
	if raw == nil {
		return false
	}
	v, err := check.Bundle(raw, anchors.Roots, time.Now(), check.BundleOptions{Networks: anchors.Networks})
	return err == nil && v.Word != registry.Altered && v.Word != registry.Untrusted
}

// repaired writes the archive again with right checksums; nil when it cannot
// be read any more.
func repaired(raw []byte) []byte {
	archive, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return nil
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range archive.File {
		r, err := f.OpenRaw()
		if err != nil {
			return nil
		}
		content, err := io.ReadAll(r)
		if err != nil {
			return nil
		}
		head := &zip.FileHeader{Name: f.Name, Method: zip.Store, CRC32: crc32.ChecksumIEEE(content),
			CompressedSize64: uint64(len(content)), UncompressedSize64: uint64(len(content))}
		entry, err := w.CreateRaw(head)
		if err != nil {
			return nil
		}
		if _, err := entry.Write(content); err != nil {
			return nil
		}
	}
	if w.Close() != nil {
		return nil
	}
	return out.Bytes()
}
