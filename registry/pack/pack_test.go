package pack

import (
	"archive/zip"
	"bytes"
	"io"
	"strings"
	"testing"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

const rootXML = `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<ofd:OFD xmlns:ofd="http://www.ofdspec.org/2016"><ofd:DocBody><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>`

func unsealedPackage() []byte {
	return Write([]Entry{
		Store("OFD.xml", []byte(rootXML)),
		Deflate("Doc_0/Document.xml", bytes.Repeat([]byte("<a/>"), 200), Fast),
		Deflate("Doc_0/Res/字体.ttf", bytes.Repeat([]byte{1, 2, 3}, 99), Once),
		Deflate("Doc_0/tiny", []byte("x"), Once),
	}, 44<<9|3<<5|2)
}

func testParts() *registry.SealParts {
	return &registry.SealParts{Form: FormOne, Root: "Doc_0/Document.xml", Signature: []byte("<Signature/>"), Value: []byte("before SEAL after"), SealFrom: 7, SealTo: 11}
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// TestOthersReadIt: archive/zip reads what is written here, and what it writes is
// read here.
func TestOthersReadIt(t *testing.T) {
	pkg := unsealedPackage()
	archive := must[*zip.Reader](t)(zip.NewReader(bytes.NewReader(pkg), int64(len(pkg))))
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	own := must[[]Entry](t)(Read(pkg))
	for i, f := range archive.File {
		data := must[[]byte](t)(io.ReadAll(must[io.ReadCloser](t)(f.Open())))
		if f.Name != own[i].Name || !bytes.Equal(data, must[[]byte](t)(own[i].Content())) || f.Flags&^0x800 != 0 || len(f.Extra) > 0 {
			t.Errorf("%+v", f.FileHeader)
		}
		if _, err := must[io.Writer](t)(w.Create(f.Name)).Write(data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for i, e := range must[[]Entry](t)(Read(out.Bytes())) {
		if e.Name != own[i].Name || !bytes.Equal(must[[]byte](t)(e.Content()), must[[]byte](t)(own[i].Content())) {
			t.Errorf("%s of archive/zip is read otherwise", e.Name)
		}
	}
	if own[3].Method != Stored || own[1].Method != Deflated {
		t.Error("what compression does not make smaller is stored")
	}
}

// TestComposedForEver: the bytes of form one are frozen. Whatever compressed the
// entries, they are copied.
func TestComposedForEver(t *testing.T) {
	unsealed := Write([]Entry{Store("OFD.xml", []byte(rootXML)),
		{Name: "Doc_0/Document.xml", Method: Deflated, CRC: 0x5f9c8c1d, Size: 3, Packed: []byte("as some compressor wrote it")}}, 44<<9|3<<5|2)
	sealed := must[[]byte](t)(Compose(unsealed, testParts()))
	const frozen = "f6651fb1a9e2395fe6153ef632681dcee93aadf9ce7c21bb8e7455e20ad5dd89"
	if digest := sm.Sum(sealed).String(); digest != frozen {
		t.Errorf("form one composes other bytes: %s", digest)
	}
	if !bytes.Contains(sealed, []byte("as some compressor wrote it")) {
		t.Error("an entry was not copied as it stood")
	}
	names := []string{"OFD.xml", "Doc_0/Document.xml", "Doc_0/Signs/Signatures.xml", "Doc_0/Signs/Sign_0/Signature.xml", "Doc_0/Signs/Sign_0/SignedValue.dat"}
	for i, e := range must[[]Entry](t)(Read(sealed)) {
		if e.Name != names[i] || i != 1 && e.Method != Stored {
			t.Errorf("entry %d: %s, method %d", i, e.Name, e.Method)
		}
	}
	other := testParts()
	other.Form = 9
	if _, err := Compose(unsealed, other); err == nil {
		t.Error("a form of the future was composed")
	}
}

// TestKept: parts come back from what was kept, with the seal named by its digest,
// and from a value that has none within.
func TestKept(t *testing.T) {
	unsealed, parts := unsealedPackage(), testParts()
	sealed := must[[]byte](t)(Compose(unsealed, parts))
	parts.Sealed = sm.Sum(sealed)
	raw, seal, err := Keep(parts)
	if err != nil || string(seal.DER) != "SEAL" || seal.Digest != sm.Sum([]byte("SEAL")) || bytes.Contains(raw, seal.DER) || !IsKept(raw) {
		t.Fatalf("%x %+v %v", raw, seal, err)
	}
	back := must[*registry.SealParts](t)(Kept(raw, func(d sm.Digest) ([]byte, error) { return seal.DER, nil }))
	if again := must[[]byte](t)(Restore(unsealed, back)); !bytes.Equal(again, sealed) {
		t.Error("other bytes came back")
	}
	if _, err := Kept(raw, func(sm.Digest) ([]byte, error) { return nil, nil }); err == nil {
		t.Error("composed without the seal")
	}
	forged := must[*registry.SealParts](t)(Kept(raw, func(sm.Digest) ([]byte, error) { return []byte("SEEL"), nil }))
	if _, err := Restore(unsealed, forged); registry.CodeOf(err) != registry.CodeContent {
		t.Errorf("another seal: %v", err)
	}
	parts.SealFrom, parts.SealTo = 0, 0
	raw, seal, err = Keep(parts)
	if err != nil || seal.DER != nil || !bytes.Contains(raw, []byte("SEAL")) {
		t.Errorf("%x %+v %v", raw, seal, err)
	}
	back = must[*registry.SealParts](t)(Kept(raw, nil))
	if again := must[[]byte](t)(Restore(unsealed, back)); !bytes.Equal(again, sealed) {
		t.Error("other bytes came back")
	}
	if _, err := Kept([]byte{0xa1}, nil); err == nil {
		t.Error("an unknown form was read")
	}
}

// FuzzRead: no input makes it panic, and what it reads lies in the input.
func FuzzRead(f *testing.F) {
	f.Add(unsealedPackage())
	f.Add([]byte(strings.Repeat("PK\x05\x06", 20)))
	f.Fuzz(func(t *testing.T, pkg []byte) {
		entries, err := Read(pkg)
		if err != nil {
			return
		}
		for _, e := range entries {
			if len(e.Packed) > len(pkg) {
				t.Error("an entry larger than its package")
			}
		}
		_, _ = Compose(pkg, testParts())
	})
}
