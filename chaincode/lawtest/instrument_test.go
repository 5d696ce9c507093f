package lawtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// mutated are the files whose refusals are taken out one by one: all that the
// contract judges by. Whether an entry is well formed by itself is for the
// fuzz tests and golden files.
var mutated = []string{"registry/powers.go", "registry/order.go", "registry/ordertime.go", "registry/license.go", "registry/handover.go", "registry/examination.go", "registry/statute.go",
	"registry/origin.go", "registry/succession.go", "registry/tenure.go", "registry/ruling.go", "registry/stay.go", "registry/refusal.go", "registry/formality.go", "registry/bar.go", "registry/use.go", "registry/replace.go",
	"chaincode/execute.go", "chaincode/claims.go", "chaincode/view.go", "chaincode/rules.go"}

// site is one refusal in the source: a condition under which an error is
// returned, or one of several joined by or.
type site struct {
	file, function string
	line           int
	text           string
}

func (s site) String() string { return fmt.Sprintf("%s:%d %s: %s", s.file, s.line, s.function, s.text) }

// instrument rewrites every refusal's condition c into (c) && !checkIsOff(n),
// each side of an or by itself, numbered from first, and returns the new source
// with what it found. So checkIsOff is asked exactly when a check refuses.
func instrument(t *testing.T, root, file string, first int) ([]byte, []site) {
	t.Helper()
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, filepath.Join(root, file), nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	var sites []site
	function, seen := "", map[string]int{}
	var wrap func(c ast.Expr) ast.Expr
	wrap = func(c ast.Expr) ast.Expr {
		if either, ok := c.(*ast.BinaryExpr); ok && either.Op == token.LOR {
			either.X, either.Y = wrap(either.X), wrap(either.Y)
			return either
		}
		n := first + len(sites)
		var text bytes.Buffer
		_ = format.Node(&text, fset, c)
		s := site{file, function, fset.Position(c.Pos()).Line, strings.Join(strings.Fields(text.String()), " ")}
		if seen[s.function+s.text]++; seen[s.function+s.text] > 1 {
			s.text += fmt.Sprintf(" #%d", seen[s.function+s.text]) // the second one in its function
		}
		sites = append(sites, s)
		call := &ast.CallExpr{Fun: ast.NewIdent("checkIsOff"), Args: []ast.Expr{&ast.BasicLit{Kind: token.INT, Value: strconv.Itoa(n)}}}
		return &ast.BinaryExpr{X: &ast.ParenExpr{X: c}, Op: token.LAND, Y: &ast.UnaryExpr{Op: token.NOT, X: call}}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			function = n.Name.Name
		case *ast.SwitchStmt:
			if n.Tag != nil {
				return true
			}
			for _, c := range n.Body.List {
				clause := c.(*ast.CaseClause)
				if refuses(clause.Body) {
					for i, condition := range clause.List {
						clause.List[i] = wrap(condition)
					}
				}
			}
		case *ast.IfStmt:
			if refuses(n.Body.List) {
				n.Cond = wrap(n.Cond)
			}
		}
		return true
	})
	var out bytes.Buffer
	if err := format.Node(&out, fset, f); err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), sites
}

// refuses tells whether a block ends by returning an error of ours.
func refuses(body []ast.Stmt) bool {
	if len(body) == 0 {
		return false
	}
	ret, ok := body[len(body)-1].(*ast.ReturnStmt)
	if !ok || len(ret.Results) == 0 {
		return false
	}
	switch last := ret.Results[len(ret.Results)-1].(type) {
	case *ast.CallExpr:
		name := ""
		switch fun := last.Fun.(type) {
		case *ast.Ident:
			name = fun.Name
		case *ast.SelectorExpr:
			name = fun.Sel.Name
		}
		return name == "Errorf" || name == "refused"
	case *ast.Ident:
		return last.Name == "err" || last.Name == "signature" || last.Name == "bad"
	}
	return false
}

// The files that the changed build has more than the real one. A number in the
// environment takes a check out from the start, in programs; contract does so
// in this package's tests.
var added = map[string]string{
	"registry/zz_off.go": `package registry

import (
	"os"
	"strconv"
	"sync"
)

var offMutex sync.Mutex // a contract service judges many proposals at once
var offNumber, offRefused = offFromStart(), map[int]bool{}

func offFromStart() int {
	if n, err := strconv.Atoi(os.Getenv("` + offVariable + `")); err == nil {
		return n
	}
	return -1
}

func CheckIsOff(n int) bool {
	offMutex.Lock()
	defer offMutex.Unlock()
	offRefused[n] = true
	return n == offNumber
}

func TakeCheckOut(n int) {
	offMutex.Lock()
	defer offMutex.Unlock()
	offNumber = n
}

func ChecksThatRefused() (list []int) {
	offMutex.Lock()
	defer offMutex.Unlock()
	for n := range offRefused {
		list = append(list, n)
	}
	clear(offRefused)
	return list
}

func checkIsOff(n int) bool { return CheckIsOff(n) }
`,
	"chaincode/zz_off.go": `package chaincode

import "tongzheng/registry"

func checkIsOff(n int) bool { return registry.CheckIsOff(n) }
`,
	"chaincode/lawtest/zz_off_test.go": `package lawtest

import "tongzheng/registry"

func init() {
	contract.takeOut, contract.refused = registry.TakeCheckOut, registry.ChecksThatRefused
}
`,
}

const (
	offVariable = "LAWTEST_OFF"
	nothing     = -1 // is taken out
)

// contract is the changed build's contract. Its functions are nil in the real
// build.
var contract struct {
	takeOut func(n int)  // one check, until told otherwise
	refused func() []int // the checks that refused something since it was asked last
}

// changedSource writes the source in which each check can be taken out, as an
// overlay for go build. What needs a network is left out of this package's
// tests, so that they are quickly built.
func changedSource(t *testing.T) (list string, sites []site) {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	overlay := map[string]string{filepath.Join(root, "chaincode/lawtest/network_test.go"): ""}
	write := func(file string, source []byte) {
		path := filepath.Join(dir, strings.ReplaceAll(file, "/", "_"))
		if err := os.WriteFile(path, source, 0o600); err != nil {
			t.Fatal(err)
		}
		overlay[filepath.Join(root, file)] = path
	}
	for _, file := range mutated {
		source, found := instrument(t, root, file, len(sites))
		sites = append(sites, found...)
		write(file, source)
	}
	for file, source := range added {
		write(file, []byte(source))
	}
	raw, err := json.Marshal(map[string]any{"Replace": overlay})
	if err != nil {
		t.Fatal(err)
	}
	list = filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(list, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	return list, sites
}
