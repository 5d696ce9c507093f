package check_test

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tongzheng/registry"
	"tongzheng/signer/check"
	"tongzheng/soaktest"
)

// sole tells what the verifier sees of a package, and whether it says that
// everybody sees the same.
func sole(data []byte) (shown, bool) {
	p, err := check.ReadPackage(data, check.Limits{})
	if err != nil || len(p.Flaws) > 0 {
		return nil, false
	}
	files := shown{}
	for _, f := range p.Files {
		files[f.Name] = string(f.Data)
	}
	return files, true
}

// agree tells whether the two other readers see what the verifier sees.
func agree(t testing.TB, data []byte, files shown) bool {
	t.Helper()
	front, err := readFromFront(data)
	if err != nil || !maps.Equal(front, files) {
		t.Errorf("from the front: %v %d files, want %d", err, len(front), len(files))
		return false
	}
	directory, err := readByDirectory(data)
	if err != nil || !maps.Equal(directory, files) {
		t.Errorf("by the directory: %v %d files, want %d", err, len(directory), len(files))
		return false
	}
	return true
}

var honestPage = strings.Repeat("<page>第一页</page>", 20)

// honestZips are packages in the forms that honest writers use.
func honestZips(t testing.TB) map[string][]byte {
	t.Helper()
	times := field(0x5455, "\x07aaaabbbbcccc")
	zips := map[string][]byte{
		"stored and deflated":     zipBytes(zipTail{}, zipPart{name: "OFD.xml", data: ofdXML}, zipPart{name: "D/D.xml", data: honestPage, deflate: true}),
		"descriptors":             zipBytes(zipTail{}, zipPart{name: "OFD.xml", data: ofdXML, deflate: true, descriptor: 1}, zipPart{name: "D/D.xml", data: honestPage, deflate: true, descriptor: 2}),
		"an empty file described": zipBytes(zipTail{}, zipPart{name: "OFD.xml", data: ofdXML}, zipPart{name: "D/e", deflate: true, descriptor: 1}, zipPart{name: "D/f", descriptor: 1}),
		"stored and described":    zipBytes(zipTail{}, zipPart{name: "OFD.xml", data: ofdXML, descriptor: 1}),
		"zip64":                   zipBytes(zipTail{wide: true}, zipPart{name: "OFD.xml", data: ofdXML, wide: true, dirWide: true}, zipPart{name: "D/D.xml", data: honestPage, deflate: true, descriptor: 1, wide: true}),
		"times": zipBytes(zipTail{}, zipPart{name: "OFD.xml", data: ofdXML, local: times, dir: field(0x5455, "\x07aaaa")},
			zipPart{name: "D/D.xml", data: honestPage, local: field(0x7875, "\x01\x04aaaa\x04bbbb"), dir: field(0x000a, "\x00\x00\x00\x00\x01\x00\x18\x00"+strings.Repeat("t", 24))}),
		"a Unicode path": zipBytes(zipTail{}, zipPart{name: "D/页.xml", data: honestPage, local: pathField("D/页.xml", "D/页.xml"), dir: pathField("D/页.xml", "D/页.xml")}),
		"aligned":        zipBytes(zipTail{}, zipPart{name: "OFD.xml", data: ofdXML, local: make([]byte, 3)}, zipPart{name: "D/D.xml", data: honestPage, local: field(0xd935, "\x04\x00\x00\x00\x00")}),
		"folders":        zipBytes(zipTail{}, zipPart{name: "D/"}, zipPart{name: "D/D.xml", data: honestPage}, zipPart{name: "OFD.xml", data: ofdXML}),
		"nothing":        zipBytes(zipTail{}),
	}
	files, err := filepath.Glob("testdata/zips/*.zip") // of Info-ZIP, Java and Python
	if err != nil || len(files) < 8 {
		t.Fatal(files, err)
	}
	more, err := filepath.Glob("testdata/ofd/*.ofd")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range append(files, more...) {
		if zips[path], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	zips["sealed"], _ = goldenPackage(t)
	return zips
}

func TestHonestPackagesAreTaken(t *testing.T) {
	for name, data := range honestZips(t) {
		t.Run(name, func(t *testing.T) {
			files, ok := sole(data)
			if !ok {
				p, err := check.ReadPackage(data, check.Limits{})
				t.Fatalf("refused: %v %+v", err, p)
			}
			agree(t, data, files)
		})
	}
}

// crafted are packages in which something is hidden, made of the files of one.
func crafted(files []check.File) map[string][]byte {
	const page, other = "Doc_0/Pages/Page_0/Content.xml", "%PDF-1.7 another document"
	with := func(tail zipTail, change func(p *zipPart)) []byte {
		var parts []zipPart
		for _, f := range files {
			p := zipPart{name: f.Name, data: string(f.Data), deflate: true}
			if f.Name == page && change != nil {
				change(&p)
			}
			parts = append(parts, p)
		}
		return zipBytes(tail, parts...)
	}
	plain := with(zipTail{}, nil)
	inner := zipBytes(zipTail{}, zipPart{name: page, data: other})
	return map[string][]byte{
		"a page behind a stream":           with(zipTail{}, func(p *zipPart) { p.behind = other }),
		"a page behind a described stream": with(zipTail{}, func(p *zipPart) { p.behind, p.descriptor = other, 1 }),
		"a PDF in a local extra field":     with(zipTail{}, func(p *zipPart) { p.local = field(0x4444, other) }),
		"a PDF in a time":                  with(zipTail{}, func(p *zipPart) { p.local = field(0x5455, "\x01aaaa"+other) }),
		"a PDF in an extra field":          with(zipTail{}, func(p *zipPart) { p.dir = field(0x4444, other) }),
		"a PDF as padding":                 with(zipTail{}, func(p *zipPart) { p.local = field(0xd935, "\x04\x00"+other) }),
		"bytes behind the end":             append(bytes.Clone(plain), other...),
		"another package behind the end":   append(bytes.Clone(plain), inner...),
		"bytes before":                     append([]byte(other), plain...),
		"bytes before, offsets right":      with(zipTail{}, func(p *zipPart) { p.before = other }),
		"bytes before the directory":       with(zipTail{gap: other}, nil),
		"an entry that no directory has":   with(zipTail{gap: string(inner[:len(inner)-80])}, nil),
		"a comment":                        with(zipTail{comment: other}, nil),
		"a comment that is a package":      with(zipTail{comment: string(inner)}, nil),
		"a comment of an entry":            with(zipTail{}, func(p *zipPart) { p.comment = other }),
		"another local name":               with(zipTail{}, func(p *zipPart) { p.localName = "Doc_0/Pages/Page_0/Contens.xml" }),
		"another local size":               with(zipTail{}, func(p *zipPart) { p.badSize, p.deflate = ^uint32(9), false }),
		"another local checksum":           with(zipTail{}, func(p *zipPart) { p.badSum = 1 }),
		"a local flag":                     with(zipTail{}, func(p *zipPart) { p.localFlags = 8 }),
		"a flag that is not known":         with(zipTail{}, func(p *zipPart) { p.flags = 1 << 5 }),
		"a path that renames":              with(zipTail{}, func(p *zipPart) { p.local = pathField(page, "Doc_0/Other.xml") }),
		"a path that renames in front":     with(zipTail{}, func(p *zipPart) { p.dir = pathField(page, "Doc_0/Other.xml") }),
		"a directory elsewhere":            with(zipTail{moved: 1}, nil),
		"a field twice":                    with(zipTail{}, func(p *zipPart) { p.local = append(field(0x5455, "\x01aaaa"), field(0x5455, "\x01bbbb")...) }),
		"a field that is cut":              with(zipTail{}, func(p *zipPart) { p.local = append(u16(nil, 0x5455, 90), "\x01aaaa"...) }),
	}
}

// TestNothingIsHidden: packages of a sealed document that another program would
// show with something else in it are never whole.
func TestNothingIsHidden(t *testing.T) {
	golden, roots := goldenPackage(t)
	p, err := check.ReadPackage(golden, check.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if v := judged(t, golden, roots); v.Word != whole {
		t.Fatalf("the document itself: %s", v.Word)
	}
	for name, pkg := range crafted(p.Files) {
		t.Run(name, func(t *testing.T) {
			report, err := check.OFD(pkg, roots, sampleNow, check.Options{})
			if err != nil {
				if registry.CodeOf(err) != registry.CodeMalformed {
					t.Error(err)
				}
				return
			}
			if report.Integrity() {
				t.Error("it was believed")
			}
			if c, ok := report.First(registry.CheckPackage, registry.Unknown); !ok || c.Code != registry.WhyPackage {
				t.Errorf("%+v", report.Checks)
			}
		})
	}
}

// mutant changes a package a little, at random: bytes, numbers of headers,
// pieces taken out, doubled or moved.
func mutant(r *rand.Rand, seeds [][]byte) []byte {
	data := bytes.Clone(seeds[r.IntN(len(seeds))])
	for range 1 + r.IntN(3) {
		if len(data) < 8 {
			return data
		}
		at := r.IntN(len(data))
		switch r.IntN(7) {
		case 0:
			data[at] ^= 1 << r.IntN(8)
		case 1:
			data[at] = byte(r.IntN(256))
		case 2: // a number of a header, where headers are
			marks := []string{"PK\x01\x02", "PK\x03\x04", "PK\x05\x06", "PK\x07\x08"}
			if found := bytes.Index(data[at:], []byte(marks[r.IntN(len(marks))])); found >= 0 {
				data[min(at+found+r.IntN(46), len(data)-1)] += byte(r.IntN(9) - 4)
			}
		case 3:
			end := min(len(data), at+1+r.IntN(40))
			data = append(data[:at:at], data[end:]...)
		case 4:
			end := min(len(data), at+1+r.IntN(90))
			data = append(data[:end:end], data[at:]...)
		case 5:
			data = append(data[:at:at], append([]byte(strings.Repeat("\x00", r.IntN(9))), data[at:]...)...)
		case 6: // the head of one and the tail of another
			other := seeds[r.IntN(len(seeds))]
			data = append(data[:at:at], other[min(r.IntN(len(other)+1), len(other)):]...)
		}
	}
	return data
}

// liar writes a package with a few things in it that are not as they should be,
// and everything else right.
func liar(r *rand.Rand) []byte {
	maybe := func(n int) bool { return r.IntN(n) == 0 }
	extras := [][]byte{nil, field(0x5455, "\x01aaaa"), field(0x5455, "\x03aaaabbbb"), make([]byte, 1+r.IntN(5)), field(0xd935, "\x04\x00\x00"), field(0x7875, "\x01\x01a\x01b"),
		field(0x4444, "x"), pathField("a", "b"), field(0xcafe, ""), field(1, strings.Repeat("\x00", 8*r.IntN(4)))}
	var parts []zipPart
	for i := range 1 + r.IntN(3) {
		p := zipPart{name: string(rune('a'+i)) + ".xml", data: honestPage[:r.IntN(len(honestPage))], deflate: maybe(2), descriptor: r.IntN(3), wide: maybe(6), dirWide: maybe(6)}
		p.local, p.dir = extras[r.IntN(len(extras))], extras[r.IntN(len(extras))]
		if maybe(6) {
			p.local = pathField(p.name, p.name)
		}
		for _, lie := range []func(){func() { p.localName = "z.xml" }, func() { p.localData = honestPage[:r.IntN(90)+1] }, func() { p.behind = "PK\x07\x08" }, func() { p.before = "x" },
			func() { p.badSize = uint32(r.IntN(5)) - 2 }, func() { p.badSum = 1 }, func() { p.flags = 1 << r.IntN(16) }, func() { p.localFlags = 1 << r.IntN(16) },
			func() { p.comment = "c" }, func() { p.name = "a.xml" }, func() { p.name = "页" }} {
			if maybe(30) {
				lie()
			}
		}
		parts = append(parts, p)
	}
	tail := zipTail{wide: maybe(6)}
	for _, lie := range []func(){func() { tail.gap = "x" }, func() { tail.behind = "x" }, func() { tail.comment = "x" }, func() { tail.moved = 1 }} {
		if maybe(30) {
			lie()
		}
	}
	return zipBytes(tail, parts...)
}

// TestTwoReadersSeeTheSame: whatever is taken of mutated and mendacious
// packages, a reader that goes by the directory and one that reads from the
// front see the very files that were verified.
func TestTwoReadersSeeTheSame(t *testing.T) {
	var seeds [][]byte
	for _, data := range honestZips(t) {
		if len(data) < 2<<10 {
			seeds = append(seeds, data)
		}
	}
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	taken, times := 0, soaktest.Count(100_000, 10_000_000)
	for i := range times { // both kinds by turns
		data := []byte(nil)
		if i%2 == 0 {
			data = mutant(r, seeds)
		} else {
			data = liar(r)
		}
		files, ok := sole(data)
		if !ok {
			continue
		}
		if taken++; !agree(t, data, files) {
			t.Fatalf("seed %d, package %d:\n%q", seed, i, data)
		}
	}
	if taken < times/100 || taken > times*9/10 {
		t.Errorf("%d of %d were taken: this tries nothing", taken, times)
	}
	t.Logf("%d of %d taken", taken, times)
}

func FuzzTwoReaders(f *testing.F) {
	for _, data := range honestZips(f) {
		if len(data) < 2<<10 {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if files, ok := sole(data); ok {
			agree(t, data, files)
		}
	})
}
