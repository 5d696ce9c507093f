package pack

import (
	"bytes"
	"fmt"
	"path"
	"regexp"
	"strings"

	"tongzheng/registry"
)

// FormOne is the one form of composition so far: the unsealed package's entries as
// they stand, OFD.xml with the list of signatures named, then the list,
// Signature.xml and SignedValue.dat, all of these stored. The seal stands in
// SignedValue.dat alone: GB/T 33190 leaves Seal.esl out where it pleases, and the
// tax authority's invoices do.
const FormOne = 1

// Paths of what sealing adds, under the folder of the document.
type Paths struct{ List, Signature, Value string }

// PathsIn names them for a document whose root is Document.xml at root.
func PathsIn(root string) Paths {
	signs := path.Join(path.Dir(root), "Signs")
	return Paths{path.Join(signs, "Signatures.xml"), path.Join(signs, "Sign_0", "Signature.xml"), path.Join(signs, "Sign_0", "SignedValue.dat")}
}

// What stands in the list of signatures: ids are xs:ID, which begin with a letter.
const (
	SignatureID = "s001" // of the signature
	StampID     = "s002" // of its StampAnnot; the highest id given
)

const rootFile = "OFD.xml"

// Compose makes the sealed package. It is one pure function of its arguments, and
// what a form makes of them never changes.
func Compose(unsealed []byte, parts *registry.SealParts) ([]byte, error) {
	if parts.Form != FormOne {
		return nil, fmt.Errorf("composing a sealed package: form %d is not known here", parts.Form)
	}
	entries, err := Frame(unsealed, parts.Root)
	if err != nil {
		return nil, err
	}
	return Complete(entries, parts), nil
}

// Complete adds the signature to a frame.
func Complete(frame []Entry, parts *registry.SealParts) []byte {
	at := PathsIn(parts.Root)
	return Write(append(frame, Store(at.Signature, parts.Signature), Store(at.Value, parts.Value)), FirstDay)
}

// Frame is the sealed package as far as Signature.xml refers to it: all entries but
// that file and the signature's value. It lies in unsealed where it can.
func Frame(unsealed []byte, root string) ([]Entry, error) {
	entries, err := Read(unsealed)
	if err != nil {
		return nil, fmt.Errorf("composing a sealed package: %w", err)
	}
	at, found := PathsIn(root), false
	framed := make([]Entry, 0, len(entries)+3)
	for _, e := range entries {
		if strings.HasSuffix(e.Name, "/") {
			continue // a folder
		}
		switch e.Name {
		case at.List, at.Signature, at.Value:
			return nil, registry.Errorf(registry.CodeMalformed, "file", "the unsealed package has %s already", e.Name)
		case rootFile:
			if e, err = naming(e, at.List); err != nil {
				return nil, err
			}
			found = true
		}
		framed = append(framed, e)
	}
	if !found {
		return nil, registry.Errorf(registry.CodeMalformed, "file", "the unsealed package has no OFD.xml")
	}
	return append(framed, Store(at.List, list(at))), nil
}

var closingBody = regexp.MustCompile(`</((?:[A-Za-z_][\w.-]*:)?)DocBody\s*>`)

// naming has OFD.xml name the list of signatures.
func naming(e Entry, list string) (Entry, error) {
	data, err := e.Content()
	if err != nil {
		return e, fmt.Errorf("composing a sealed package: OFD.xml: %w", err)
	}
	found := closingBody.FindAllSubmatchIndex(data, -1)
	if len(found) != 1 {
		return e, registry.Errorf(registry.CodeMalformed, "file", "OFD.xml: want one document")
	}
	prefix, where := string(data[found[0][2]:found[0][3]]), found[0][0]
	entry := "<" + prefix + "Signatures>/" + list + "</" + prefix + "Signatures>"
	return Store(e.Name, bytes.Join([][]byte{data[:where], []byte(entry), data[where:]}, nil)), nil
}

// list is Signatures.xml.
func list(at Paths) []byte {
	return []byte(`<?xml version="1.0" encoding="UTF-8"?>` + "\n" +
		`<ofd:Signatures xmlns:ofd="http://www.ofdspec.org/2016"><ofd:MaxSignId>` + StampID + `</ofd:MaxSignId>` +
		`<ofd:Signature ID="` + SignatureID + `" Type="Seal" BaseLoc="/` + at.Signature + `"/></ofd:Signatures>`)
}
