package check

import (
	"bytes"
	"compress/flate"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	fast "github.com/klauspost/compress/flate"
)

// squeezed is data as compressors of several kinds pack it.
func squeezed(t testing.TB, data []byte) (all [][]byte) {
	t.Helper()
	for level := -2; level <= 9; level++ {
		for i := range 2 {
			var out bytes.Buffer
			var w io.WriteCloser
			var err error
			if w, err = flate.NewWriter(&out, level); i == 1 {
				w, err = fast.NewWriter(&out, level)
			}
			if err == nil {
				_, err = w.Write(data)
			}
			if err == nil {
				err = w.Close()
			}
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, bytes.Clone(out.Bytes()))
		}
	}
	return all
}

// TestInflateWhole: what any compressor packs comes out as it was, and fills neither
// more nor less than its place; nearly all of it without the library.
func TestInflateWhole(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	noise, few := make([]byte, 70000), make([]byte, 70000)
	for i := range noise {
		noise[i], few[i] = byte(random.Uint32()), "abcdefgh"[min(7, int(random.ExpFloat64()))]
	}
	mixed := append(bytes.Clone(noise[:9000]), strings.Repeat("<ofd:TextObject ID=\"1\"/>", 900)...)
	for name, data := range map[string][]byte{"nothing": {}, "one": {7}, "run": bytes.Repeat([]byte{1}, 70000), "noise": noise, "few": few, "mixed": append(mixed, few...),
		"text": []byte(strings.Repeat("证照的边框与字形。The border of a license.\n", 3000))} {
		whole := 0
		for i, packed := range squeezed(t, data) {
			out := make([]byte, len(data))
			if !inflate(out, packed) || !bytes.Equal(out, data) {
				t.Errorf("%s, compressor %d: other bytes", name, i)
			}
			clear(out)
			if inflateWhole(out, packed) {
				whole++
				if !bytes.Equal(out, data) {
					t.Errorf("%s, compressor %d: other bytes, and it said yes", name, i)
				}
			}
			if len(data) > 0 && inflate(out[1:], packed) || inflate(append(out, 0), packed) || inflate(out, append(bytes.Clone(packed), 0)) ||
				len(packed) > 0 && inflate(out, packed[:len(packed)-1]) {
				t.Errorf("%s, compressor %d: a stream of another size passed", name, i)
			}
		}
		if (name == "few" || name == "mixed") && whole < 22 { // a code of one distance, as of runs, is the library's
			t.Errorf("%s: %d of 22 without the library", name, whole)
		}
	}
}

// FuzzInflate: what is said yes to, the standard library reads in the same way, to its
// last byte.
func FuzzInflate(f *testing.F) {
	for _, text := range []string{"", "a", strings.Repeat("ab", 300), "<ofd:Page>证照</ofd:Page>"} {
		for _, packed := range squeezed(f, []byte(text)) {
			f.Add(packed, uint16(len(text)))
		}
	}
	f.Fuzz(func(t *testing.T, packed []byte, size uint16) {
		out := make([]byte, size)
		if !inflateWhole(out, packed) {
			return
		}
		source := bytes.NewReader(packed)
		want, err := io.ReadAll(flate.NewReader(source))
		if err != nil || !bytes.Equal(out, want) || source.Len() > 0 {
			t.Errorf("the library reads %d bytes, %d left: %v", len(want), source.Len(), err)
		}
	})
}
