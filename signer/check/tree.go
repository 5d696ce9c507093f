package check

import (
	"maps"
	"strings"
)

// Tree is an element of a package's XML. Whoever draws a document reads it as
// the verifier does: with two readings one file could say two things.
type Tree = element

// ReadTree reads one XML file of a package within limits, without document
// types. Names are local: documents in the field differ in the namespace they
// write.
func ReadTree(data []byte, limits Limits) (*Tree, error) { return parseXML(data, limits.filled()) }

// Name is the element's, without a prefix.
func (e *element) Name() string { return e.name }

// Attr is the value of an attribute; empty when there is none.
func (e *element) Attr(name string) string { return e.attrs[name] }

// Text is the element's own text, blanks included.
func (e *element) Text() string { return string(e.text) }

// Children are its elements, in their order.
func (e *element) Children() []*Tree { return e.children }

// All are its children of a name; none of a nil element.
func (e *element) All(name string) []*Tree { return e.all(name) }

// One is its child of a name, nil when there is none; two are an error.
func (e *element) One(name string) (*Tree, error) {
	if e == nil {
		return nil, nil
	}
	return e.one(name)
}

// Value is the text of the child of a name, without blanks around it.
func (e *element) Value(name string) (string, error) {
	if e == nil {
		return "", nil
	}
	return e.value(name)
}

// Same tells whether two elements say the same.
func (e *element) Same(other *Tree) bool {
	if e.name != other.name || strings.TrimSpace(string(e.text)) != strings.TrimSpace(string(other.text)) ||
		!maps.Equal(e.attrs, other.attrs) || len(e.children) != len(other.children) {
		return false
	}
	for i, child := range e.children {
		if !child.Same(other.children[i]) {
			return false
		}
	}
	return true
}

// Resolve turns an ST_Loc in the file base into a name of the package.
func Resolve(base, loc string) (string, error) { return resolve(base, loc) }

// Stamp is one place where a signature of a package shows its seal (GB/T 33190
// §18.2.3). Boxes are as they are written, in millimeters.
type Stamp struct {
	Signature      string // path of Signature.xml
	Page           string // ID of the page
	Boundary, Clip string // Clip is empty when nothing is cut off
	// Picture is the impression in the signed value; nil when the value is no
	// SES_Signature or cannot be read.
	Picture *Picture
}

// Stamps lists where a package shows seals, in the order of its signatures. It
// verifies nothing: a picture says nothing of whether its signature holds.
func Stamps(p *Package, limits Limits) ([]Stamp, error) {
	limits = limits.filled()
	doc, _, err := readDocument(p, limits)
	if err != nil {
		return nil, err
	}
	var stamps []Stamp
	for i := range doc.signatures {
		s := &doc.signatures[i]
		root, err := parseXML(s.xml, limits)
		if err != nil {
			return nil, unreadable("a Signature.xml cannot be read", err)
		}
		info, err := root.one("SignedInfo")
		if err != nil {
			return nil, unreadable("a Signature.xml cannot be read", err)
		}
		shown := info.all("StampAnnot")
		if len(shown) == 0 {
			continue
		}
		picture := s.impression(p)
		for _, at := range shown {
			stamps = append(stamps, Stamp{Signature: s.path, Page: at.attrs["PageRef"], Boundary: at.attrs["Boundary"], Clip: at.attrs["Clip"], Picture: picture})
		}
	}
	return stamps, nil
}

// impression is the picture of the seal in the signature's value.
func (s *signature) impression(p *Package) *Picture {
	value, ok := p.Get(s.value)
	if !ok {
		return nil
	}
	sig, err := ParseSealSignature(unarmored(value))
	if err != nil || sig.Seal == nil {
		return nil
	}
	return &sig.Seal.Picture
}
