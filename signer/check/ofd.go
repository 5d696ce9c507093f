package check

import (
	"encoding/base64"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// document is what the verifier needs of an OFD's structure (GB/T 33190).
type document struct {
	id         string
	metadata   []sm.Field
	lists      []string // paths of the Signatures.xml files
	signatures []signature
}

// signature is one entry of Signatures.xml with its Signature.xml.
type signature struct {
	id, kind  string // kind: Seal (the default) or Sign
	path      string // of Signature.xml
	xml       []byte
	method    string // CheckMethod as written
	files     []reference
	seal      string    // path of Seal.esl, empty when none is named
	value     string    // path of SignedValue.dat
	written   time.Time // SignatureDateTime, zero when it cannot be read
	malformed error     // why Signature.xml cannot be interpreted
}

type reference struct {
	path  string
	value []byte
}

// Kinds of signature (GB/T 33190 §18).
const (
	KindSeal = "Seal"
	KindSign = "Sign"
)

// readDocument interprets OFD.xml. An error means that the package is no OFD;
// flaws further inside are returned beside the document.
func readDocument(p *Package, limits Limits) (document, []Flaw, error) {
	var doc document
	raw, ok := p.Get("OFD.xml")
	if !ok {
		return doc, nil, unreadable("the package has no OFD.xml", nil)
	}
	root, err := parseXML(raw, limits)
	if err != nil {
		return doc, nil, unreadable("OFD.xml cannot be read", err)
	}
	bodies := root.all("DocBody")
	if root.name != "OFD" || len(bodies) == 0 {
		return doc, nil, unreadable("OFD.xml describes no document", nil)
	}
	var flaws []Flaw
	for i, body := range bodies {
		if err := doc.readBody(p, body, i == 0, limits); err != nil {
			flaws = append(flaws, Flaw{"package-structure", "OFD.xml"})
		}
	}
	for _, list := range doc.lists {
		err := doc.readSignatures(p, list, limits)
		if registry.CodeOf(err) == registry.CodeTooLarge {
			return doc, nil, err
		}
		if err != nil {
			flaws = append(flaws, Flaw{"package-structure", list})
		}
	}
	return doc, flaws, nil
}

func (doc *document) readBody(p *Package, body *element, first bool, limits Limits) error {
	info, err := body.one("DocInfo")
	if err != nil {
		return err
	}
	if first && info != nil {
		if doc.id, err = info.value("DocID"); err != nil {
			return err
		}
		datas, err := info.one("CustomDatas")
		if err != nil {
			return err
		}
		for _, data := range datas.all("CustomData") {
			doc.metadata = append(doc.metadata, sm.Field{Name: data.attrs["Name"], Value: strings.TrimSpace(string(data.text))})
		}
	}
	main, err := body.value("DocRoot")
	if err != nil {
		return err
	}
	name, err := resolve("OFD.xml", main)
	if err != nil {
		return err
	}
	if _, ok := p.Get(name); !ok {
		return errors.New("the file that DocRoot names is not there")
	}
	list, err := body.value("Signatures")
	if err != nil || list == "" {
		return err
	}
	if name, err = resolve("OFD.xml", list); err != nil {
		return err
	}
	doc.lists = append(doc.lists, name)
	return nil
}

func (doc *document) readSignatures(p *Package, list string, limits Limits) error {
	raw, ok := p.Get(list)
	if !ok {
		return errors.New("the file that Signatures names is not there")
	}
	root, err := parseXML(raw, limits)
	if err != nil {
		return err
	}
	if root.name != "Signatures" {
		return errors.New("not a list of signatures")
	}
	for _, entry := range root.all("Signature") {
		if len(doc.signatures) >= limits.Signatures {
			return tooLarge("more signatures than allowed")
		}
		name, err := resolve(list, entry.attrs["BaseLoc"])
		if err != nil {
			return err
		}
		s := signature{id: entry.attrs["ID"], kind: entry.attrs["Type"], path: name}
		if s.kind == "" {
			s.kind = KindSeal
		}
		if s.xml, ok = p.Get(name); !ok {
			s.malformed = errors.New("the file of the signature is missing")
		} else {
			s.malformed = s.read(p, limits)
		}
		doc.signatures = append(doc.signatures, s)
	}
	return nil
}

// read interprets Signature.xml (GB/T 33190 §18.2).
func (s *signature) read(p *Package, limits Limits) error {
	root, err := parseXML(s.xml, limits)
	if err != nil {
		return err
	}
	info, err := root.one("SignedInfo")
	if err != nil || info == nil || root.name != "Signature" {
		return errors.New("want SignedInfo once")
	}
	if err := s.readPaths(root, info); err != nil {
		return err
	}
	written, err := info.value("SignatureDateTime")
	if err != nil {
		return err
	}
	s.written = textTime(written)
	references, err := info.one("References")
	if err != nil || references == nil {
		return errors.New("want References once")
	}
	s.method = references.attrs["CheckMethod"]
	for _, ref := range references.all("Reference") {
		text, err := ref.value("CheckValue")
		if err != nil {
			return err
		}
		value, err := base64.StdEncoding.Strict().DecodeString(text)
		if err != nil {
			return fmt.Errorf("CheckValue: %w", err)
		}
		name, err := resolveReference(p, s.path, ref.attrs["FileRef"])
		if err != nil {
			return err
		}
		s.files = append(s.files, reference{name, value})
	}
	return nil
}

func (s *signature) readPaths(root, info *element) error {
	value, err := root.value("SignedValue")
	if err != nil {
		return err
	}
	if s.value, err = resolve(s.path, value); err != nil {
		return err
	}
	seal, err := info.one("Seal")
	if err != nil || seal == nil {
		return err
	}
	loc, err := seal.value("BaseLoc")
	if err != nil {
		return err
	}
	s.seal, err = resolve(s.path, loc)
	return err
}

// textTime reads a time written as text; without a zone it is Beijing's. Zero
// for anything else.
func textTime(text string) time.Time {
	for _, layout := range []string{"20060102150405Z0700", "20060102150405", "060102150405Z0700", time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05",
		"2006/01/02 15:04:05", "20060102150405.999Z0700", "20060102 150405"} {
		if t, err := time.ParseInLocation(layout, text, registry.China); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

// resolve turns an ST_Loc in the file base into a name of the package.
func resolve(base, loc string) (string, error) {
	loc = strings.TrimSpace(loc)
	name := strings.TrimPrefix(loc, "/")
	if name == loc {
		name = path.Join(path.Dir(base), loc)
	}
	if loc == "" || path.Clean(name) != name || name == "." || strings.HasPrefix(name, "..") || strings.HasPrefix(name, "/") {
		return "", fmt.Errorf("path %q leads nowhere in the package", loc)
	}
	return name, nil
}

// resolveReference also reads a FileRef without its leading slash from the
// package's root, as some producers write it; the digest decides anyway.
func resolveReference(p *Package, base, loc string) (string, error) {
	name, err := resolve(base, loc)
	if err != nil {
		return "", err
	}
	if _, ok := p.Get(name); !ok && !strings.HasPrefix(loc, "/") {
		if fromRoot, err := resolve("OFD.xml", loc); err == nil {
			if _, ok := p.Get(fromRoot); ok {
				return fromRoot, nil
			}
		}
	}
	return name, nil
}
