package check

import (
	"errors"

	"tongzheng/registry/sm"
)

// Outline is what someone who seals a package needs to know of it.
type Outline struct {
	DocumentID string
	Root       string   // path of Document.xml
	Pages      []string // IDs of the pages, in order
	Metadata   []sm.Field
	Sealed     bool // some document of the package has signatures already
}

// ReadOutline interprets OFD.xml and Document.xml of a package with exactly
// one document.
func ReadOutline(p *Package, limits Limits) (Outline, error) {
	var out Outline
	limits = limits.filled()
	doc, flaws, err := readDocument(p, limits)
	if err != nil {
		return out, err
	}
	if flaws = append(flaws, p.Flaws...); len(flaws) > 0 {
		return out, unreadable("the package is not sound: "+flaws[0].Code, nil)
	}
	raw, _ := p.Get("OFD.xml")
	root, err := parseXML(raw, limits)
	if err != nil {
		return out, unreadable("OFD.xml cannot be read", err)
	}
	bodies := root.all("DocBody")
	if len(bodies) != 1 {
		return out, unreadable("want exactly one document in the package", nil)
	}
	main, err := bodies[0].value("DocRoot")
	if err == nil {
		out.Root, err = resolve("OFD.xml", main)
	}
	if err != nil {
		return out, unreadable("DocRoot cannot be read", err)
	}
	out.DocumentID, out.Metadata = doc.id, doc.metadata
	out.Sealed = len(bodies[0].all("Signatures")) > 0
	out.Pages, err = pages(p, out.Root, limits)
	if err != nil {
		return out, unreadable("Document.xml cannot be read", err)
	}
	return out, nil
}

func pages(p *Package, root string, limits Limits) ([]string, error) {
	raw, ok := p.Get(root)
	if !ok {
		return nil, errors.New("it is not in the package")
	}
	document, err := parseXML(raw, limits)
	if err != nil {
		return nil, err
	}
	list, err := document.one("Pages")
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, page := range list.all("Page") {
		ids = append(ids, page.attrs["ID"])
	}
	if len(ids) == 0 {
		return nil, errors.New("it has no page")
	}
	return ids, nil
}
