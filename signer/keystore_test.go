package signer

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

func TestFileStoreKeepsKeysEncrypted(t *testing.T) {
	for name, passphrase := range map[string][]byte{"secret file": nil, "passphrase": []byte("correct horse")} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s, err := OpenFileStore(dir, passphrase)
			must(t, err)
			first, err := s.Generate("qr", testMoment)
			must(t, err)
			second, err := s.Generate("qr", testMoment)
			must(t, err)
			signature, err := SignRaw(s, first, []byte("m"))
			must(t, err)

			again, err := OpenFileStore(dir, passphrase)
			must(t, err)
			if id, ok := again.Current("qr"); !ok || id != second || len(again.Keys()) != 2 || again.Keys()[0].ID != first {
				t.Errorf("current %v, keys %v", id, again.Keys())
			}
			pub, err := again.PublicKey(first)
			must(t, err)
			same, err := SignRaw(again, first, []byte("m"))
			must(t, err)
			if !bytes.Equal(signature, same) || !sm.VerifyRaw(pub, []byte("m"), signature) {
				t.Error("a reopened store signs differently")
			}
			checkFiles(t, dir, s, first)
			if _, err := again.Sign("00", nil); registry.CodeOf(err) != registry.CodeNotFound {
				t.Error(err)
			}
		})
	}
}

func checkFiles(t *testing.T, dir string, s *FileStore, id sm.KeyID) {
	t.Helper()
	d := s.open[id].D.FillBytes(make([]byte, 32))
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	must(t, err)
	for _, name := range names {
		raw, err := os.ReadFile(name)
		must(t, err)
		info, err := os.Stat(name)
		must(t, err)
		if bytes.Contains(raw, d) || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, or a key in the clear", filepath.Base(name), info.Mode())
		}
	}
}

func TestFileStoreRefusesWhatIsNotItsOwn(t *testing.T) {
	dir := t.TempDir()
	s, err := OpenFileStore(dir, []byte("one"))
	must(t, err)
	id, err := s.Generate("act/x", testMoment)
	must(t, err)
	wrong, err := OpenFileStore(dir, []byte("two"))
	must(t, err)
	if _, err := wrong.Sign(id, []byte("m")); err == nil {
		t.Error("a wrong passphrase opened a key")
	}
	other, err := s.Generate("act/y", testMoment)
	must(t, err)
	raw, err := os.ReadFile(s.path(other, ".key"))
	must(t, err)
	must(t, os.WriteFile(s.path(id, ".key"), raw, 0o600))
	swapped, err := OpenFileStore(dir, []byte("one"))
	must(t, err)
	if _, err := swapped.Sign(id, []byte("m")); err == nil {
		t.Error("a key file in another's place was used")
	}
	f := newFixture(t)
	if err := s.SetCertificate(id, f.cert); registry.CodeOf(err) != registry.CodeMalformed {
		t.Errorf("a certificate of another key was taken: %v", err)
	}
}

func TestAuthorityContinuesAndRotates(t *testing.T) {
	f := newFixture(t)
	before := len(f.keys.Keys())
	again, err := OpenAuthority(f.keys, func() time.Time { return f.now.AddDate(1, 0, 0) })
	must(t, err)
	roots, err := again.Roots()
	must(t, err)
	if len(f.keys.Keys()) != before || !bytes.Equal(roots.PEM(), f.roots.PEM()) {
		t.Error("a second start made new keys")
	}
	// A first start cut short between key and certificate is continued.
	id, _ := f.keys.Current(LabelStatus)
	must(t, os.Remove(f.keys.path(id, ".crt")))
	_, err = OpenAuthority(f.keys, f.auth.clock)
	must(t, err)
	if cert := f.certificate(t, id); cert.NotBefore.After(f.now) {
		t.Error("the certificate was not made again by the authority's clock")
	}
	for _, label := range []string{LabelQR, LabelTimeStamp, LabelSealMaker, SealLabel(testSealID)} {
		fresh, err := f.auth.Rotate(label)
		must(t, err)
		if now, _ := f.keys.Current(label); now != fresh {
			t.Errorf("%s: not current", label)
		}
	}
	if _, err := f.auth.Rotate(labelSignerCA); err == nil {
		t.Error("an authority's own key was rotated like a subject's")
	}
}
