package check

import (
	"bytes"
	"compress/flate"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// texts are inputs of many kinds: one byte, one distance, all symbols, noise.
func texts(t testing.TB) map[string][]byte {
	random := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 100_000)
	skewed := make([]byte, 100_000)
	for i := range noise {
		noise[i] = byte(random.Uint32())
		skewed[i] = byte(min(random.ExpFloat64()*12, 255)) // long codes
	}
	all := map[string][]byte{"nothing": {}, "one": {7}, "run": bytes.Repeat([]byte{3}, 70_000), "noise": noise, "skewed": skewed,
		"mixed": append(bytes.Repeat(noise[:300], 200), skewed...)}
	for _, name := range []string{"package.go", "report.go"} {
		raw, err := os.ReadFile(filepath.FromSlash(name))
		if err != nil {
			t.Fatal(err)
		}
		all[name] = raw
	}
	return all
}

func deflate(t testing.TB, level int, text []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, level)
	if err == nil {
		_, err = w.Write(text)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestInflate: what compress/flate packs, at every level, comes back without
// its help; one byte more or less, before or behind, is not taken.
func TestInflate(t *testing.T) {
	for name, text := range texts(t) {
		for level := flate.HuffmanOnly; level <= flate.BestCompression; level++ {
			packed := deflate(t, level, text)
			out := make([]byte, len(text))
			if !inflate(out, packed) || !bytes.Equal(out, text) {
				t.Errorf("%s, level %d: not unpacked", name, level)
			}
			for what, taken := range map[string]bool{
				"too small": len(text) > 0 && inflate(make([]byte, len(text)-1), packed), "too large": inflate(make([]byte, len(text)+1), packed),
				"cut off": inflate(out, packed[:len(packed)-1]), "followed": inflate(out, append(packed[:len(packed):len(packed)], 0)),
			} {
				if taken {
					t.Errorf("%s, level %d: taken though %s", name, level, what)
				}
			}
		}
	}
}

// FuzzInflate: whatever inflate takes, compress/flate unpacks to the same
// bytes; a document cannot look different to two readers.
func FuzzInflate(f *testing.F) {
	for _, text := range texts(f) {
		for _, level := range []int{flate.HuffmanOnly, flate.BestSpeed, flate.BestCompression} {
			f.Add(deflate(f, level, text[:min(len(text), 5000)]))
		}
	}
	f.Add([]byte{0x4b, 0x04, 0x00})
	f.Fuzz(func(t *testing.T, packed []byte) {
		const most = 1 << 20
		rest := bytes.NewReader(packed)
		want, err := io.ReadAll(io.LimitReader(flate.NewReader(rest), most))
		if len(want) == most {
			return
		}
		out := make([]byte, len(want))
		if taken := inflate(out, packed); taken && (err != nil || !bytes.Equal(out, want)) {
			t.Fatalf("taken, but compress/flate says %v and %d bytes", err, len(want))
		}
	})
}

func BenchmarkInflate(b *testing.B) {
	text := texts(b)["package.go"]
	packed := deflate(b, flate.DefaultCompression, text)
	out := make([]byte, len(text))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if !inflate(out, packed) {
			b.Fatal("not unpacked")
		}
	}
}
