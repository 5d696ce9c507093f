package signer

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"tongzheng/registry"
	"tongzheng/registry/pack"
	"tongzheng/registry/sm"
	"tongzheng/signer/check"
)

// compressed is the unsealed document as a compressor of the level packs it; 99 is
// none at all.
func compressed(t *testing.T, level int) []byte {
	t.Helper()
	if level == 99 {
		var entries []pack.Entry
		for _, f := range unzip(t, unsealedOFD()) {
			entries = append(entries, pack.Store(f.name, []byte(f.data)))
		}
		return pack.Write(entries, pack.FirstDay)
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	w.RegisterCompressor(zip.Deflate, func(to io.Writer) (io.WriteCloser, error) { return flate.NewWriter(to, level) })
	for _, f := range unzip(t, unsealedOFD()) {
		entry, err := w.Create(f.name)
		must(t, err)
		_, err = entry.Write([]byte(f.data))
		must(t, err)
	}
	must(t, w.Close())
	return out.Bytes()
}

// TestSealedAgain: made twice, after a restart, after key rotation and a new seal,
// and whatever compressor made the document, then or since: the same bytes, of
// which the entries are the unsealed document's own.
func TestSealedAgain(t *testing.T) {
	s := newStage(t)
	jobs, first := map[int]registry.SealJob{}, map[int]*registry.SealResult{}
	for i, level := range []int{flate.HuffmanOnly, flate.BestSpeed, flate.DefaultCompression, flate.BestCompression, 99} {
		job := s.job()
		job.Intent.Identifier.Serial = fmt.Sprintf("20260001%02d", i)
		job.Version.Unsealed = compressed(t, level)
		s.restate(&job)
		jobs[level], first[level] = job, s.seal(job)
	}
	again := func(when string) {
		t.Helper()
		for level, job := range jobs {
			result, err := s.service.Seal(t.Context(), job)
			if err != nil {
				t.Fatalf("%s, level %d: refused: %v", when, level, err)
			}
			if !bytes.Equal(result.Sealed, first[level].Sealed) || result.Entry.Digest() != first[level].Entry.Digest() {
				t.Errorf("%s, level %d: other bytes", when, level)
			}
			composed, err := pack.Restore(job.Version.Unsealed, result.Parts)
			if err != nil || !bytes.Equal(composed, first[level].Sealed) {
				t.Errorf("%s, level %d: the parts compose other bytes: %v", when, level, err)
			}
		}
	}
	again("twice")
	s.reopen()
	again("after a restart")
	s.rotateSeal()
	s.fixture.now = s.now.Add(time.Hour)
	again("after key rotation")
	s.reopen()
	again("after key rotation and a restart")
	for level, job := range jobs {
		unsealed, err := pack.Read(job.Version.Unsealed)
		must(t, err)
		sealed, err := pack.Read(first[level].Sealed)
		must(t, err)
		for i, e := range unsealed {
			if e.Name != "OFD.xml" && (sealed[i].Name != e.Name || !bytes.Equal(sealed[i].Packed, e.Packed)) {
				t.Errorf("level %d: %s was not copied as it stood", level, e.Name)
			}
		}
	}
	// The same files, compressed otherwise, are not the document that was approved.
	other := jobs[flate.BestSpeed]
	version := *other.Version
	version.Unsealed = compressed(t, flate.HuffmanOnly)
	other.Version = &version
	s.refuses(other, registry.CodeContent)
	other.Version = nil
	s.refuses(other, registry.CodeContent)
}

// TestKeptActsOfBefore: acts that were kept with their whole document are answered
// with it, though nobody brings the unsealed one; what is kept today is small.
func TestKeptActsOfBefore(t *testing.T) {
	s := newStage(t)
	job := s.job()
	result := s.seal(job)
	digest := job.Intent.Digest()
	var today int
	must(t, s.service.db.View(func(tx *bbolt.Tx) error {
		raw := tx.Bucket(bucketActs).Get(digest[:])
		today = len(raw)
		if raw[0] != keptFormTwo {
			t.Errorf("kept in form %x", raw[0])
		}
		return nil
	}))
	if most := len(result.Parts.Value) + len(result.Parts.Signature) + len(result.Entry.Bytes()); today > most {
		t.Errorf("%d bytes are kept, more than %d of the parts", today, most)
	}
	before, err := registry.Encode(&keptAct{Entry: result.Entry.Bytes(), Sealed: []byte("a document sealed by the version before")})
	must(t, err)
	must(t, s.service.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(bucketActs).Put(digest[:], before) }))
	s.reopen()
	job.Version = nil
	old := s.seal(job)
	if string(old.Sealed) != "a document sealed by the version before" || old.Parts != nil || old.Entry.Digest() != result.Entry.Digest() {
		t.Errorf("%q %v", old.Sealed, old.Parts)
	}
}

// lyingKeys signs other bytes than it was asked to, once told.
type lyingKeys struct {
	KeyStore
	lies bool
}

func (k *lyingKeys) Sign(id sm.KeyID, message []byte) ([]byte, error) {
	if k.lies {
		message = append([]byte("not "), message...)
	}
	return k.KeyStore.Sign(id, message)
}

// TestNothingLeavesUnverified: also between two documents that are read back, no
// signature and no time stamp leaves that does not hold, whatever key store and
// authority stand behind the signer; nothing is kept of it, and the same act is sealed
// when they are sound again.
func TestNothingLeavesUnverified(t *testing.T) {
	s := newStage(t)
	keys := &lyingKeys{KeyStore: s.cfg.Keys}
	s.cfg.Keys = keys
	s.reopen()
	s.seal(s.job()) // is read back
	sound := s.cfg.Stamps.(*TimeStampAuthority)
	for i, c := range []struct {
		name  string
		stamp *TimeStampAuthority
		lies  bool
	}{
		{"a signature over other bytes", sound, true},
		{"a time stamp over other bytes", &TimeStampAuthority{Keys: &lyingKeys{keys.KeyStore, true}, Key: sound.Key, Clock: sound.Clock}, false},
		{"a time stamp of before", &TimeStampAuthority{Keys: keys, Key: sound.Key, Clock: func() time.Time { return s.now.Add(-time.Hour) }}, false},
		{"a time stamp by a key that is not for it", &TimeStampAuthority{Keys: keys, Key: s.signer, Clock: sound.Clock}, false},
	} {
		job := s.job()
		job.Intent.Identifier.Serial = fmt.Sprintf("20260002%02d", i)
		for n := range job.Intent.Printings { // places of their own
			job.Intent.Printings[n].Index += uint32(100 + 10*i)
		}
		s.restate(&job)
		keys.lies, s.service.cfg.Stamps = c.lies, c.stamp
		if result, err := s.service.Seal(t.Context(), job); err == nil {
			t.Errorf("%s left the signer: %d bytes", c.name, len(result.Sealed))
		}
		if act, err := s.service.kept(job.Intent.Digest()); act != nil || err != nil {
			t.Errorf("%s was kept: %v", c.name, err)
		}
		keys.lies, s.service.cfg.Stamps = false, sound
		result := s.seal(job)
		report, err := check.OFD(result.Sealed, s.roots, s.now, check.Options{})
		if err != nil || !report.Integrity() || !report.Trusted() || !report.Canonical {
			t.Errorf("sound again, not read back: %v %+v", err, report.Checks)
		}
	}
}
