package check

import (
	"archive/zip"
	"bytes"
	"strings"
	"testing"

	"tongzheng/registry/sm"
)

// zipped is a package with one deflated file.
func zipped(t *testing.T, name, content string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	entry, err := w.Create(name)
	if err == nil {
		_, err = entry.Write([]byte(content))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestTemplatesAreRemembered: a template page that was met before is found by all of
// its bytes. One that differs anywhere is unpacked and digested by itself, and so is
// one that is large, damaged, or lies elsewhere.
func TestTemplatesAreRemembered(t *testing.T) {
	const name = "Doc_0/Tpls/Tpl_0/Content.xml"
	border := strings.Repeat("<ofd:PathObject/>", 500)
	reads := func(pkg []byte, name, content string) *Package {
		t.Helper()
		p, err := ReadPackage(pkg, Limits{})
		if err != nil || len(p.Flaws) > 0 {
			t.Fatalf("%v %v", err, p.Flaws)
		}
		data, _ := p.Get(name)
		digest, ok := p.Digest(name)
		if string(data) != content || !ok || digest != sm.Sum([]byte(content)) {
			t.Errorf("%s is read as %.40q", name, data)
		}
		return p
	}
	pkg := zipped(t, name, border)
	first, second := reads(pkg, name, border), reads(bytes.Clone(pkg), name, border)
	if &first.Files[0].Data[0] != &second.Files[0].Data[0] {
		t.Error("a border was unpacked twice")
	}
	reads(zipped(t, name, border+" "), name, border+" ")
	reads(pkg, name, border)
	for _, other := range []string{"Doc_0/Pages/Page_0/Content.xml", "Tpls/Content.xml"} {
		if p := reads(zipped(t, other, border), other, border); !p.Files[0].digest.IsZero() {
			t.Errorf("%s was remembered", other)
		}
	}
	if large := strings.Repeat("x", templateSize+1); !reads(zipped(t, name, large), name, large).Files[0].digest.IsZero() {
		t.Error("a large one was remembered")
	}
	// The same header over other data: nothing of the first is believed of it.
	for at := bytes.Index(pkg, []byte(name)) + len(name); at < bytes.LastIndex(pkg, []byte("PK\x07\x08")); at++ {
		changed := bytes.Clone(pkg)
		changed[at] ^= 1
		if p, err := ReadPackage(changed, Limits{}); err == nil && len(p.Flaws) == 0 {
			t.Errorf("byte %d of a border changed, and nothing is said", at)
		}
	}
	if _, err := ReadPackage(pkg, Limits{FileBytes: int64(len(border)) - 1}); err == nil {
		t.Error("a limit does not hold for what is remembered")
	}
	for i := range 3 * templatesMost {
		some := border + strings.Repeat("!", i)
		reads(zipped(t, name, some), name, some)
	}
	if n := len(templates.values); n > templatesMost {
		t.Errorf("%d are remembered", n)
	}
}
