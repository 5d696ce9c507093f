package check_test

import (
	"archive/zip"
	"bytes"
	"hash/crc32"
	"os"
	"slices"
	"strings"
	"testing"

	"tongzheng/registry"
	"tongzheng/signer/check"
)

type entry struct {
	name string
	data string
}

func zipOf(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		f, err := w.Create(e.name)
		if err == nil {
			_, err = f.Write([]byte(e.data))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const ofdXML = `<ofd:OFD xmlns:ofd="http://www.ofdspec.org/2016"><ofd:DocBody><ofd:DocInfo><ofd:DocID>1</ofd:DocID></ofd:DocInfo><ofd:DocRoot>D/D.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>`

// lyingSize makes a ZIP whose directory claims one byte for a large file.
func lyingSize(t testing.TB) []byte {
	t.Helper()
	pkg := zipOf(t, entry{"OFD.xml", strings.Repeat(" ", 1<<20)})
	at := bytes.Index(pkg, []byte("PK\x01\x02"))
	copy(pkg[at+24:], []byte{1, 0, 0, 0})
	return pkg
}

func manySignatures(t testing.TB) []byte {
	t.Helper()
	listed := strings.Replace(ofdXML, "</ofd:DocBody>", "<ofd:Signatures>S.xml</ofd:Signatures></ofd:DocBody>", 1)
	return zipOf(t, entry{"OFD.xml", listed}, entry{"D/D.xml", "<a/>"},
		entry{"S.xml", "<Signatures>" + strings.Repeat(`<Signature BaseLoc="/x"/>`, 20) + "</Signatures>"})
}

func TestUnreadableInput(t *testing.T) {
	limits := check.Limits{PackageBytes: 1 << 20, Entries: 20, FileBytes: 1 << 18, TotalBytes: 1 << 19, XMLDepth: 10, XMLNodes: 100, XMLBytes: 1 << 16, Signatures: 5}
	var many []entry
	for i := range 30 {
		many = append(many, entry{"f" + strings.Repeat("x", i), ""})
	}
	big := strings.Repeat("\x00", 1<<18)
	cases := []struct {
		name string
		pkg  []byte
		code registry.Code
	}{
		{"nothing", nil, registry.CodeMalformed},
		{"text", []byte("not a zip at all"), registry.CodeMalformed},
		{"cut short", zipOf(t, entry{"OFD.xml", ofdXML})[:60], registry.CodeMalformed},
		{"no OFD.xml", zipOf(t, entry{"a.xml", "<a/>"}), registry.CodeMalformed},
		{"OFD.xml is no XML", zipOf(t, entry{"OFD.xml", "<<<"}), registry.CodeMalformed},
		{"no document", zipOf(t, entry{"OFD.xml", "<OFD/>"}), registry.CodeMalformed},
		{"document type", zipOf(t, entry{"OFD.xml", `<!DOCTYPE OFD [<!ENTITY a "b">]>` + ofdXML}), registry.CodeMalformed},
		{"deep", zipOf(t, entry{"OFD.xml", strings.Repeat("<OFD>", 50) + strings.Repeat("</OFD>", 50)}), registry.CodeMalformed},
		{"wide", zipOf(t, entry{"OFD.xml", "<OFD>" + strings.Repeat("<a/>", 500) + "</OFD>"}), registry.CodeMalformed},
		{"long", zipOf(t, entry{"OFD.xml", "<OFD>" + strings.Repeat("a<!-- -->", 10000) + "</OFD>"}), registry.CodeMalformed},
		{"many signatures", manySignatures(t), registry.CodeTooLarge},
		{"bomb: one file", zipOf(t, entry{"OFD.xml", big + big}), registry.CodeTooLarge},
		{"bomb: together", zipOf(t, entry{"a", big}, entry{"b", big}, entry{"c", big}), registry.CodeTooLarge},
		{"bomb: lying size", lyingSize(t), ""},
		{"many entries", zipOf(t, many...), registry.CodeTooLarge},
		{"large package", bytes.Repeat([]byte("x"), 2<<20), registry.CodeTooLarge},
		{"parent folder", zipOf(t, entry{"../OFD.xml", ofdXML}), registry.CodeMalformed},
		{"inner parent folder", zipOf(t, entry{"D/../../x", "x"}), registry.CodeMalformed},
		{"absolute", zipOf(t, entry{"/etc/passwd", "x"}), registry.CodeMalformed},
		{"backslash", zipOf(t, entry{`D\D.xml`, "x"}), registry.CodeMalformed},
		{"drive", zipOf(t, entry{"C:x", "x"}), registry.CodeMalformed},
		{"zero byte", zipOf(t, entry{"OFD.xml\x00", "x"}), registry.CodeMalformed},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			report, err := check.OFD(c.pkg, nil, sampleNow, check.Options{Limits: limits})
			switch {
			case c.code != "" && registry.CodeOf(err) != c.code:
				t.Errorf("want %s: %v", c.code, err)
			case c.code == "" && err == nil && report.Integrity():
				t.Error("was believed")
			}
		})
	}
}

func TestFlawsAreNamed(t *testing.T) {
	cases := []struct {
		name, says string
		pkg        []byte
	}{
		{"names that differ in case", "one name", zipOf(t, entry{"OFD.xml", ofdXML}, entry{"D/D.xml", "<a/>"}, entry{"d/d.XML", "<b/>"})},
		{"names that differ in a dot", "one name", zipOf(t, entry{"OFD.xml", ofdXML}, entry{"D/D.xml", "<a/>"}, entry{"D/D.xml.", "<b/>"})},
		{"a file that is a folder", "one name", zipOf(t, entry{"OFD.xml", ofdXML}, entry{"D/D.xml", "<a/>"}, entry{"D/D.xml/x", "<b/>"})},
		{"missing document", "structure", zipOf(t, entry{"OFD.xml", ofdXML})},
		{"two DocRoots", "structure", zipOf(t, entry{"OFD.xml", strings.Replace(ofdXML, "<ofd:DocRoot>", "<ofd:DocRoot>x</ofd:DocRoot><ofd:DocRoot>", 1)}, entry{"D/D.xml", "<a/>"})},
		{"damaged entry", "damaged", damaged(t)},
		{"local name differs", "different things", renamedLocally(t)},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			report, err := check.OFD(c.pkg, nil, sampleNow, check.Options{})
			if err != nil {
				t.Fatal(err)
			}
			named := slices.ContainsFunc(report.Checks, func(ch registry.Check) bool {
				return ch.Code == registry.WhyPackage && ch.Unverifiable() && strings.Contains(ch.English, c.says)
			})
			if !named || report.Integrity() {
				t.Errorf("%+v", report.Checks)
			}
		})
	}
}

func damaged(t *testing.T) []byte {
	t.Helper()
	pkg := zipOf(t, entry{"OFD.xml", ofdXML}, entry{"D/D.xml", "<a/>"})
	at := bytes.LastIndex(pkg, []byte("PK\x01\x02"))
	pkg[at+16] ^= 1 // CRC of the second entry in the directory
	return pkg
}

func renamedLocally(t *testing.T) []byte {
	t.Helper()
	pkg := zipOf(t, entry{"OFD.xml", ofdXML}, entry{"D/D.xml", "<a/>"})
	return bytes.Replace(pkg, []byte("D/D.xml"), []byte("D/E.xml"), 1) // the first is the local header
}

func goldenPackage(t testing.TB) (pkg []byte, roots *check.Roots) {
	t.Helper()
	pkg, err := os.ReadFile("testdata/sealed-v4.ofd")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("testdata/roots.pem")
	if err != nil {
		t.Fatal(err)
	}
	if roots, err = check.ParseRoots(text); err != nil {
		t.Fatal(err)
	}
	return pkg, roots
}

func TestGoldenPackage(t *testing.T) {
	pkg, roots := goldenPackage(t)
	report, err := check.OFD(pkg, roots, sampleNow, check.Options{})
	if err != nil || !report.Integrity() || !report.Trusted() || !report.Canonical {
		t.Fatalf("%v %+v", err, report.Checks)
	}
}

func TestRootsAreReadStrictly(t *testing.T) {
	for _, bad := range []string{"", "hello", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"} {
		if _, err := check.ParseRoots([]byte(bad)); registry.CodeOf(err) != registry.CodeMalformed {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func FuzzOFD(f *testing.F) {
	pkg, roots := goldenPackage(f)
	f.Add(pkg)
	f.Add(zipOf(f, entry{"OFD.xml", ofdXML}, entry{"D/D.xml", "<a/>"}))
	f.Add(zipOf(f, entry{"../OFD.xml", ofdXML}))
	f.Add(lyingSize(f))
	limits := check.Limits{FileBytes: 1 << 20, TotalBytes: 2 << 20}
	sum := crc32.ChecksumIEEE(pkg)
	f.Fuzz(func(t *testing.T, data []byte) {
		report, err := check.OFD(data, roots, sampleNow, check.Options{Limits: limits})
		if err != nil && registry.CodeOf(err) == registry.CodeInternal {
			t.Errorf("uncoded error: %v", err)
		}
		// Only the ZIP's wrapping may differ from the one sealed package.
		if err == nil && report.Integrity() && report.Trusted() && crc32.ChecksumIEEE(data) != sum {
			sameFiles(t, pkg, data)
		}
	})
}

func sameFiles(t *testing.T, a, b []byte) {
	t.Helper()
	first, err := check.ReadPackage(a, check.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	second, err := check.ReadPackage(b, check.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range first.Files {
		got, ok := second.Get(file.Name)
		if !ok || !bytes.Equal(got, file.Data) && !strings.HasSuffix(file.Name, "Signatures.xml") {
			t.Errorf("%s differs and the package was trusted", file.Name)
		}
	}
	if len(first.Files) != len(second.Files) {
		t.Error("a package with other files was trusted")
	}
}
