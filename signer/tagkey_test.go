package signer

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// TestTagKeyIsHanded: from the city's signer to a member's, and to nobody who
// stands between.
func TestTagKeyIsHanded(t *testing.T) {
	open := func() (*FileStore, string) {
		dir := t.TempDir()
		s, err := OpenFileStore(dir, nil)
		must(t, err)
		return s, dir
	}
	city, _ := open()
	county, dir := open()
	other, _ := open()
	refused := func(what string, code registry.Code, err error) {
		t.Helper()
		if registry.CodeOf(err) != code {
			t.Errorf("%s: %v, want %s", what, err, code)
		}
	}
	request, err := county.ExchangeKey(testMoment)
	must(t, err)
	fingerprint := sm.Sum(request)
	_, err = city.HandTagKey(request, fingerprint)
	refused("nothing to hand on", registry.CodeNotFound, err)
	named, err := city.MakeTagKey()
	must(t, err)
	if again, err := city.MakeTagKey(); err != nil || again != named {
		t.Errorf("made twice: %s %v", again, err)
	}
	_, err = city.HandTagKey(request, sm.Sum([]byte("another")))
	refused("a request that somebody swapped", registry.CodeMalformed, err)
	_, err = city.HandTagKey([]byte("no key"), sm.Sum([]byte("no key")))
	refused("a request that is none", registry.CodeMalformed, err)
	handed, err := city.HandTagKey(request, fingerprint)
	must(t, err)
	key, err := city.TagKey()
	must(t, err)
	if bytes.Contains(handed, key) {
		t.Error("the key is readable on its way")
	}

	refused("without an exchange key", registry.CodeNotFound, other.TakeTagKey(handed, named))
	_, err = other.ExchangeKey(testMoment)
	must(t, err)
	refused("made for another signer", registry.CodeMalformed, other.TakeTagKey(handed, named))
	refused("a ledger that names none", registry.CodeRules, county.TakeTagKey(handed, sm.Digest{}))
	refused("not what the ledger names", registry.CodeMalformed, county.TakeTagKey(handed, sm.Sum([]byte("another"))))
	refused("nonsense", registry.CodeMalformed, county.TakeTagKey([]byte("nonsense"), named))
	damaged := bytes.Replace(handed, []byte("\n"), []byte("\nAAAA"), 1)
	refused("damaged on its way", registry.CodeMalformed, county.TakeTagKey(damaged, named))
	if digest, err := county.TagKeyDigest(); err != nil || !digest.IsZero() {
		t.Errorf("a refusal left a key: %s %v", digest, err)
	}
	must(t, county.TakeTagKey(handed, named))

	again, err := OpenFileStore(dir, nil)
	must(t, err)
	got, err := again.TagKey()
	must(t, err)
	if !bytes.Equal(got, key) {
		t.Error("another key was kept")
	}
	info, err := os.Stat(filepath.Join(dir, TagKeyFile))
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("%s has mode %v", TagKeyFile, info.Mode())
	}
	if kept, err := again.ExchangeKey(testMoment); err != nil || !bytes.Equal(kept, request) {
		t.Error("the exchange key was not kept")
	}
	must(t, os.WriteFile(filepath.Join(dir, TagKeyFile), []byte("short\n"), 0o600))
	if _, err := again.TagKey(); err == nil {
		t.Error("a damaged key is taken for one")
	}
}
