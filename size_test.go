package tongzheng

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The bounds of a house that can be read: what is larger is several things.
const (
	interfaceMost = 12 // methods, embedded ones of ours counted
	typeMost      = 45 // methods
)

// parsed is the module's own code, test files apart, by package.
func parsed(t *testing.T) map[string][]*ast.File {
	t.Helper()
	out, err := exec.Command("go", "list", "-f", "{{$d := .Dir}}{{range .GoFiles}}{{$.ImportPath}} {{$d}}/{{.}}\n{{end}}", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]*ast.File{}
	set := token.NewFileSet()
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		path, name, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok {
			continue
		}
		f, err := parser.ParseFile(set, filepath.FromSlash(name), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files[strings.TrimPrefix(path, module)] = append(files[strings.TrimPrefix(path, module)], f)
	}
	return files
}

// TestSizes: no interface asks for more than a consumer of it needs, no type
// does everything.
func TestSizes(t *testing.T) {
	files := parsed(t)
	interfaces, methods := map[string]*ast.InterfaceType{}, map[string]int{}
	for path, list := range files {
		for _, f := range list {
			ast.Inspect(f, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.TypeSpec:
					if i, ok := n.Type.(*ast.InterfaceType); ok {
						interfaces[path+"."+n.Name.Name] = i
					}
				case *ast.FuncDecl:
					if n.Recv != nil {
						methods[path+"."+receiverName(n.Recv.List[0].Type)]++
					}
				}
				return true
			})
		}
	}
	for name := range interfaces {
		if n := methodCount(interfaces, name, 0); n > interfaceMost {
			t.Errorf("interface %s has %d methods, at most %d: a consumer names the few that it needs", name, n, interfaceMost)
		}
	}
	for name, n := range methods {
		if n > typeMost {
			t.Errorf("type %s has %d methods, at most %d: it is several things", name, n, typeMost)
		}
	}
}

// methodCount counts the methods of an interface, with those of embedded
// interfaces that are ours.
func methodCount(interfaces map[string]*ast.InterfaceType, name string, depth int) (n int) {
	i, ok := interfaces[name]
	if !ok || depth > 8 {
		return 1 // another module's
	}
	pkg := name[:strings.LastIndex(name, ".")]
	for _, m := range i.Methods.List {
		switch e := m.Type.(type) {
		case *ast.FuncType:
			n += len(m.Names)
		case *ast.Ident:
			n += methodCount(interfaces, pkg+"."+e.Name, depth+1)
		case *ast.SelectorExpr:
			n += embeddedElsewhere(interfaces, e, depth)
		}
	}
	return n
}

// embeddedElsewhere finds an interface of another of our packages by its name.
func embeddedElsewhere(interfaces map[string]*ast.InterfaceType, e *ast.SelectorExpr, depth int) int {
	pkg, _ := e.X.(*ast.Ident)
	for name := range interfaces {
		if pkg != nil && strings.HasSuffix(name, pkg.Name+"."+e.Sel.Name) {
			return methodCount(interfaces, name, depth+1)
		}
	}
	return 1
}

func receiverName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return receiverName(e.X)
	case *ast.IndexExpr:
		return receiverName(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}

// TestVerifierIsSmall: the verifier that phones load carries neither templates
// nor a server nor a log.
func TestVerifierIsSmall(t *testing.T) {
	list := exec.Command("go", "list", "-deps", "./cmd/tongzheng-offline")
	list.Env = append(list.Environ(), "GOOS=js", "GOARCH=wasm")
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, dep := range strings.Fields(string(out)) {
		switch dep {
		case "html/template", "text/template", "net/http", "log/slog", module + "registry/office":
			t.Errorf("the browser's verifier carries %s", dep)
		}
	}
}
