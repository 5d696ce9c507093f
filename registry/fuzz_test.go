package registry_test

import (
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tongzheng/registry"
)

// seed adds the frozen vectors of one kind, whole and damaged.
func seed(f *testing.F, pattern string) {
	f.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", pattern+".golden"))
	if err != nil || len(paths) == 0 {
		f.Fatalf("no seeds %s: %v", pattern, err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		line, _, _ := strings.Cut(strings.TrimPrefix(string(text), "bytes "), "\n")
		raw, err := hex.DecodeString(line)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
		f.Add(raw[:len(raw)/2])
		f.Add(append(bytes.Clone(raw), 0))
		f.Add(append([]byte{2}, raw[1:]...))
	}
	f.Add([]byte{})
	f.Add([]byte{1})
	f.Add([]byte{1, 0xa0})
	f.Add([]byte{1, 0xf6})
	f.Add([]byte{1, 0xbf, 0xff})
	f.Add([]byte{1, 0xa1, 0x01, 0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
}

// FuzzDecodeEntry: what reads has one spelling, and nothing crashes.
func FuzzDecodeEntry(f *testing.F) {
	seed(f, "entry-*")
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, err := registry.DecodeEntry(raw)
		if e == nil {
			return
		}
		if !bytes.Equal(e.Bytes(), raw) {
			t.Errorf("%x reads, and is written %x", raw, e.Bytes())
		}
		_ = e.Author() + e.Digest().String()
		if err == nil && e.Order != nil {
			if record, err := e.Order.Decode(); err != nil || record.Check() != nil {
				t.Errorf("an order that passed holds no good record: %v", err)
			}
		}
	})
}

// FuzzDecodeBatch: as above for what a transaction carries.
func FuzzDecodeBatch(f *testing.F) {
	seed(f, "batch")
	f.Fuzz(func(t *testing.T, raw []byte) {
		var b registry.Batch
		if registry.Decode(raw, &b) != nil {
			return
		}
		again, err := registry.Encode(b)
		if err != nil || !bytes.Equal(again, raw) {
			t.Errorf("%x reads, and is written %x (%v)", raw, again, err)
		}
		for _, e := range b.Entries {
			if e == nil {
				return // Execute refuses the batch before it asks more
			}
		}
		for _, author := range b.AuthorsOf() {
			_ = registry.AuthorshipMessage(b.Namespace, b.DigestsOf(author))
		}
	})
}

// FuzzIdentifier: the packed form is read as it was written, or not at all.
func FuzzIdentifier(f *testing.F) {
	packed, err := goldenID.MarshalBinary()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(packed)
	f.Add(packed[:20])
	f.Add(append([]byte{0, 0}, packed[2:]...))
	f.Add(bytes.Repeat([]byte{0xff}, 60))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, raw []byte) {
		var id registry.Identifier
		if id.UnmarshalBinary(raw) != nil {
			return
		}
		again, err := id.MarshalBinary()
		if err != nil || !bytes.Equal(again, raw) {
			t.Fatalf("%x reads as %s, which is written %x (%v)", raw, id, again, err)
		}
		if id.IsZero() {
			return
		}
		if parsed, err := registry.ParseIdentifier(id.String()); err != nil || parsed != id {
			t.Errorf("%s does not parse: %v", id, err)
		}
	})
}
