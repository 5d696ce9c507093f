package draw

import (
	"math"
	"strconv"
	"strings"

	"tongzheng/signer/check"
)

// file is one opened package: the document, or a seal's picture in it.
type file struct {
	pkg       *check.Package
	spent     *budget
	document  string // path of Document.xml
	area      box    // of pages that say none of their own
	pages     []pageRef
	templates map[string]templateRef
	shared    *resources
	notes     map[string][]string // annotation files by page ID
	stamps    []check.Stamp
	trees     map[string]*check.Tree
	fonts     map[string]*face
	images    map[string]*picture
}

type pageRef struct{ id, path string }

type templateRef struct{ path, order string }

// box is a rectangle in millimeters.
type box struct{ x, y, w, h float64 }

// open reads OFD.xml and Document.xml of a package with exactly one document.
func open(p *check.Package, spent *budget) (*file, error) {
	if len(p.Flaws) > 0 {
		return nil, malformed("the package is not sound: %s", p.Flaws[0].Code)
	}
	f := &file{pkg: p, spent: spent, templates: map[string]templateRef{}, notes: map[string][]string{}, trees: map[string]*check.Tree{},
		fonts: map[string]*face{}, images: map[string]*picture{}}
	root, err := f.tree("OFD.xml", "OFD")
	if err != nil {
		return nil, err
	}
	bodies := root.All("DocBody")
	if len(bodies) != 1 {
		return nil, notDrawn("%d documents in one package", len(bodies))
	}
	loc, err := bodies[0].Value("DocRoot")
	if err != nil {
		return nil, malformed("OFD.xml names its document twice")
	}
	if f.document, err = f.resolve("OFD.xml", loc); err != nil {
		return nil, err
	}
	return f, f.readDocument()
}

func (f *file) readDocument() error {
	document, err := f.tree(f.document, "Document")
	if err != nil {
		return err
	}
	common, err := document.One("CommonData")
	if err != nil || common == nil {
		return malformed("Document.xml has not one CommonData")
	}
	if f.area, err = physicalBox(common, "PageArea"); err != nil {
		return err
	}
	if f.shared, err = f.readResources(nil, f.document, common, "PublicRes", "DocumentRes"); err != nil {
		return err
	}
	for _, t := range common.All("TemplatePage") {
		id := t.Attr("ID")
		if _, twice := f.templates[id]; twice || id == "" {
			return malformed("template %q stands twice", id)
		}
		path, err := f.resolve(f.document, t.Attr("BaseLoc"))
		if err != nil {
			return err
		}
		f.templates[id] = templateRef{path, t.Attr("ZOrder")}
	}
	if err := f.readPages(document); err != nil {
		return err
	}
	return f.readAnnotations(document)
}

func (f *file) readPages(document *check.Tree) error {
	list, err := document.One("Pages")
	if err != nil {
		return malformed("Document.xml has two lists of pages")
	}
	seen := map[string]bool{}
	for _, page := range list.All("Page") {
		id := page.Attr("ID")
		if seen[id] || id == "" {
			return malformed("page %q stands twice", id)
		}
		seen[id] = true
		path, err := f.resolve(f.document, page.Attr("BaseLoc"))
		if err != nil {
			return err
		}
		f.pages = append(f.pages, pageRef{id, path})
	}
	if len(f.pages) == 0 {
		return malformed("the document has no page")
	}
	var count int
	return f.spent.spend(&count, len(f.pages), f.spent.limits.Pages, "pages")
}

// readAnnotations notes which files annotate which page (GB/T 33190 §15).
func (f *file) readAnnotations(document *check.Tree) error {
	loc, err := document.Value("Annotations")
	if err != nil {
		return malformed("Document.xml has two lists of annotations")
	}
	if loc == "" {
		return nil
	}
	path, err := f.resolve(f.document, loc)
	if err != nil {
		return err
	}
	list, err := f.tree(path, "Annotations")
	if err != nil {
		return err
	}
	for _, page := range list.All("Page") {
		loc, err := page.Value("FileLoc")
		if err != nil {
			return malformed("an annotated page names two files")
		}
		one, err := f.resolve(path, loc)
		if err != nil {
			return err
		}
		f.notes[page.Attr("PageID")] = append(f.notes[page.Attr("PageID")], one)
	}
	return nil
}

// knowStamps refuses a seal on a page that there is not: a reader would have to
// guess where it stands.
func (f *file) knowStamps() error {
	for _, s := range f.stamps {
		known := false
		for _, page := range f.pages {
			known = known || page.id == s.Page
		}
		if !known {
			return malformed("a seal stands on page %q, which there is not", s.Page)
		}
	}
	return nil
}

// tree reads an XML file once.
func (f *file) tree(path, name string) (*check.Tree, error) {
	t, ok := f.trees[path]
	if !ok {
		raw, there := f.pkg.Get(path)
		if !there {
			return nil, malformed("the package has no %s", path)
		}
		if err := f.spent.tree(len(raw)); err != nil {
			return nil, err
		}
		var err error
		if t, err = check.ReadTree(raw, f.spent.limits.Package); err != nil {
			return nil, malformed("%s cannot be read", path)
		}
		f.trees[path] = t
	}
	if t.Name() != name {
		return nil, malformed("%s is no %s", path, name)
	}
	return t, nil
}

func (f *file) resolve(base, loc string) (string, error) {
	path, err := check.Resolve(base, loc)
	if err != nil {
		return "", malformed("a path leads nowhere in the package")
	}
	return path, nil
}

// physicalBox reads the PhysicalBox of a page area; a zero box when it has none.
func physicalBox(of *check.Tree, name string) (box, error) {
	area, err := of.One(name)
	if err != nil {
		return box{}, malformed("two %s in one place", name)
	}
	text, err := area.Value("PhysicalBox")
	if err != nil || text == "" {
		return box{}, err
	}
	return parseBox(text)
}

func parseBox(text string) (box, error) {
	v, err := numbers(text)
	if err != nil || len(v) != 4 || v[2] < 0 || v[3] < 0 {
		return box{}, malformed("%q is no box", short(text))
	}
	return box{v[0], v[1], v[2], v[3]}, nil
}

// mostNumber is the largest measure that is read.
const mostNumber = 1e6

func parseNumber(text string) (float64, error) {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(v) || math.Abs(v) > mostNumber {
		return 0, malformed("%q is no measure", short(text))
	}
	return v, nil
}

func numbers(text string) ([]float64, error) {
	fields := strings.Fields(text)
	out := make([]float64, 0, len(fields))
	for _, field := range fields {
		v, err := parseNumber(field)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// numberAttr reads an attribute; fallback when there is none.
func numberAttr(t *check.Tree, name string, fallback float64) (float64, error) {
	text := strings.TrimSpace(t.Attr(name))
	if text == "" {
		return fallback, nil
	}
	return parseNumber(text)
}

func boolAttr(t *check.Tree, name string, fallback bool) bool {
	switch strings.TrimSpace(t.Attr(name)) {
	case "true", "1":
		return true
	case "false", "0":
		return false
	}
	return fallback
}

// short keeps what a stranger wrote from filling an error.
func short(s string) string {
	if len(s) > 40 {
		return strings.ToValidUTF8(s[:40], "") + "…"
	}
	return s
}
