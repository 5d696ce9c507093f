package draw

import (
	"path"
	"strings"

	"tongzheng/signer/check"
)

// resources are what the objects of a page refer to by ID (GB/T 33190 §7.9):
// those of the page first, then those of the document.
type resources struct {
	above  *resources
	things map[string]thing // by kind and ID
}

type thing struct {
	tree *check.Tree
	base string // path of the folder that its files lie in, with a slash at the end
}

// Kinds of resources that are drawn.
var resourceKinds = map[string]string{"Fonts": "Font", "MultiMedias": "MultiMedia", "DrawParams": "DrawParam",
	"ColorSpaces": "ColorSpace", "CompositeGraphicUnits": "CompositeGraphicUnit"}

// readResources reads the files that of names under the given names. An ID that
// means two things is refused: two readers would draw two documents.
func (f *file) readResources(above *resources, base string, of *check.Tree, names ...string) (*resources, error) {
	r := &resources{above: above, things: map[string]thing{}}
	read := map[string]bool{}
	for _, name := range names {
		for _, loc := range of.All(name) {
			where, err := f.resolve(base, loc.Text())
			if err != nil {
				return nil, err
			}
			if read[where] {
				continue
			}
			read[where] = true
			if err := f.readResource(r, where); err != nil {
				return nil, err
			}
		}
	}
	return r, nil
}

func (f *file) readResource(r *resources, where string) error {
	root, err := f.tree(where, "Res")
	if err != nil {
		return err
	}
	folder := path.Dir(where)
	if loc := strings.TrimSpace(root.Attr("BaseLoc")); loc != "" && loc != "." && loc != "./" {
		if folder, err = f.resolve(where, strings.TrimSuffix(loc, "/")); err != nil {
			return err
		}
	}
	for _, list := range root.Children() {
		kind, known := resourceKinds[list.Name()]
		if !known {
			continue
		}
		for _, one := range list.All(kind) {
			key := kind + " " + one.Attr("ID")
			if before, twice := r.things[key]; twice && (!before.tree.Same(one) || before.base != folder+"/") {
				return malformed("the document has two of %s", short(key))
			}
			r.things[key] = thing{one, folder + "/"}
		}
	}
	return nil
}

// get finds a resource.
func (r *resources) get(kind, id string) (thing, bool) {
	for ; r != nil; r = r.above {
		if found, ok := r.things[kind+" "+strings.TrimSpace(id)]; ok {
			return found, true
		}
	}
	return thing{}, false
}

// data returns the file that a resource names in a child.
func (f *file) data(t thing, child string) (where string, raw []byte, err error) {
	loc, err := t.tree.Value(child)
	if err != nil {
		return "", nil, malformed("a resource names two files")
	}
	if loc == "" {
		return "", nil, nil
	}
	if where, err = f.resolve(t.base, loc); err != nil {
		return "", nil, err
	}
	raw, ok := f.pkg.Get(where)
	if !ok {
		return "", nil, malformed("the package has no %s", where)
	}
	return where, raw, nil
}
