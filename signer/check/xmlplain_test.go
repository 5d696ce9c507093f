package check

import (
	"fmt"
	"maps"
	"slices"
	"testing"
)

// sameXML compares what matters of two trees.
func sameXML(a, b *element) error {
	if a.name != b.name || string(a.text) != string(b.text) || !maps.Equal(a.attrs, b.attrs) || len(a.children) != len(b.children) {
		return fmt.Errorf("%s %q %v %d, %s %q %v %d", a.name, a.text, a.attrs, len(a.children), b.name, b.text, b.attrs, len(b.children))
	}
	for i := range a.children {
		if err := sameXML(a.children[i], b.children[i]); err != nil {
			return err
		}
	}
	return nil
}

var plainXML = []string{
	`<a/>`, ` <a b="1" c='2"'> x <b/> y </a> ` + "\n",
	`<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<ofd:OFD xmlns:ofd="http://www.ofdspec.org/2016" Version="1.0"><ofd:DocBody>证照</ofd:DocBody ></ofd:OFD>`,
}

// oddXML is for encoding/xml to take or refuse.
var oddXML = []string{
	``, `a`, `<a>`, `<a></b>`, `<a/><b/>`, `<a>&lt;</a>`, `<a b="&#65;"/>`, `<a><![CDATA[x]]></a>`, `<a>]]></a>`, `<a><!-- --></a>`, `<!DOCTYPE a><a/>`,
	`<a b="1" b="2"/>`, `<a b="1"c="2"/>`, `<a b=1/>`, `<a b/>`, `<x:a xmlns:y="u"></y:a>`, `<a:b:c/>`, `<:a/>`, `<a:/>`, `<1/>`, `<a x:b="1"/>`, `<a p:q="1" xmlns:p="xmlns"/>`,
	"<a>\r\n</a>", "<a>\x00</a>", "<a>\xff</a>", "<a>\uffff</a>", "\ufeff<a/>", `<?xml version="1.1"?><a/>`, `<?xml version="1.0" encoding="GBK"?><a/>`,
	`<a b="<"/>`, `<名/>`, `<a/>text`, `<a></a b="1">`, `< a/>`, `<a / >`, `<xmlns:a/>`, `<a xmlns:="1"/>`, `<a.b-c/>`, `<a:1/>`,
}

func TestPlainXML(t *testing.T) {
	limits := Limits{}.filled()
	for _, text := range plainXML {
		if parsePlain([]byte(text), limits) == nil {
			t.Errorf("not taken: %s", text)
		}
	}
	for _, text := range append(slices.Clone(plainXML), oddXML...) {
		comparePlain(t, []byte(text))
	}
	limits.XMLDepth, limits.XMLNodes = 2, 3
	for text, taken := range map[string]bool{`<a><b/><c/></a>`: true, `<a><b><c/></b></a>`: false, `<a><b/><c/><d/></a>`: false} {
		if (parsePlain([]byte(text), limits) != nil) != taken {
			t.Errorf("limits: %s", text)
		}
	}
}

func comparePlain(t *testing.T, text []byte) {
	t.Helper()
	limits := Limits{XMLDepth: 8, XMLNodes: 100}.filled()
	fast := parsePlain(text, limits)
	if fast == nil {
		return
	}
	slow, err := parseAny(text, limits)
	if err == nil {
		err = sameXML(fast, slow)
	}
	if err != nil {
		t.Errorf("%q is read otherwise by encoding/xml: %v", text, err)
	}
}

// FuzzPlainXML: whatever is taken as plain, encoding/xml reads the same.
func FuzzPlainXML(f *testing.F) {
	for _, text := range append(slices.Clone(plainXML), oddXML...) {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) { comparePlain(t, text) })
}
