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
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// mutated are the files whose refusals are taken out one by one: all that the
// contract judges by. Whether an entry is well formed by itself is for the
// fuzz tests and golden files.
var mutated = []string{"registry/powers.go", "registry/order.go", "registry/license.go", "registry/handover.go", "registry/examination.go", "registry/statute.go",
	"chaincode/execute.go", "chaincode/claims.go", "chaincode/view.go", "chaincode/rules.go"}

// site is one refusal in the source: a condition under which an error is
// returned, or one of several joined by or.
type site struct {
	file, function string
	line           int
	text           string
}

func (s site) String() string { return fmt.Sprintf("%s:%d %s: %s", s.file, s.line, s.function, s.text) }

// instrument rewrites every refusal's condition c into (c) && !off(n), each side
// of an or by itself, numbered from first, and returns the new source with what it found.
func instrument(t *testing.T, root, file string, first int, off string) ([]byte, []site) {
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
		call := &ast.CallExpr{Fun: ast.NewIdent(off), Args: []ast.Expr{&ast.BasicLit{Kind: token.INT, Value: strconv.Itoa(n)}}}
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

const offSource = `package %s

import "os"

var offNumber = os.Getenv("LAWTEST_OFF")

func %s(n int) bool { return offNumber == itoaOff(n) }

func itoaOff(n int) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoaOff(n/10) + string(rune('0'+n%%10))
}
`

// TestEveryCheckIsMissed takes out one refusal after another and wants the
// short walk to fail each time. The changed source is an overlay of one build
// of this very package; nothing of it can reach a program.
func TestEveryCheckIsMissed(t *testing.T) {
	if os.Getenv("LAWTEST_OFF") != "" {
		t.Skip("this is the changed build")
	}
	if testing.Short() {
		t.Skip("builds and runs this package once per check")
	}
	binary, sites := build(t)
	if out, ok := walkWith(binary, "none"); !ok {
		t.Fatalf("the walk fails with every check in place:\n%s", out)
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	var survived []string
	work := make(chan int)
	for range max(1, runtime.NumCPU()) {
		all.Go(func() {
			for n := range work {
				if _, ok := walkWith(binary, strconv.Itoa(n)); ok {
					mu.Lock()
					survived = append(survived, sites[n].String())
					mu.Unlock()
				}
			}
		})
	}
	for n, s := range sites {
		if reason := equivalent(s); reason == "" {
			work <- n
		}
	}
	close(work)
	all.Wait()
	slices.Sort(survived)
	t.Logf("%d checks", len(sites))
	for _, s := range survived {
		t.Errorf("taken out and not missed: %s", s)
	}
}

// build compiles this package's tests over the changed source.
func build(t *testing.T) (string, []site) {
	t.Helper()
	overlay, sites := changedSource(t)
	binary := filepath.Join(t.TempDir(), "walk.test")
	if out, err := exec.Command("go", "test", "-c", "-overlay", overlay, "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("the changed source does not build: %v\n%s", err, out)
	}
	return binary, sites
}

// changedSource writes the source in which each check can be taken out, as an
// overlay for go build; LAWTEST_OFF says which one is.
func changedSource(t *testing.T) (list string, sites []site) {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	overlay := map[string]string{}
	write := func(file string, source []byte) {
		path := filepath.Join(dir, strings.ReplaceAll(file, "/", "_"))
		if err := os.WriteFile(path, source, 0o600); err != nil {
			t.Fatal(err)
		}
		overlay[filepath.Join(root, file)] = path
	}
	for _, file := range mutated {
		source, found := instrument(t, root, file, len(sites), "checkIsOff")
		sites = append(sites, found...)
		write(file, source)
	}
	for _, pkg := range []string{"registry", "chaincode"} {
		write(pkg+"/zz_off.go", fmt.Appendf(nil, offSource, pkg, "checkIsOff"))
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

func walkWith(binary, number string) (string, bool) {
	c := exec.Command(binary, "-test.run", "^TestShortWalk$", "-test.timeout", "60s")
	c.Env = append(os.Environ(), "LAWTEST_OFF="+number)
	out, err := c.CombinedOutput()
	return string(out), err == nil
}

// equivalent says why a check cannot be missed by any walk: without it another
// one refuses the very same, or it only reports an error of the machine.
func equivalent(s site) string {
	for _, e := range equivalents {
		if e.function == s.function && e.text == s.text {
			return e.why
		}
	}
	return ""
}

const restsCheck = "restsOn asked when the entrustment was recorded, and grants are append-only"

var equivalents = []struct{ function, text, why string }{
	{"run", "err != nil", "the state cannot be read: no law"},
	{"load", "err != nil", "the state cannot be read: no law"},
	{"loadMembers", "err != nil", "the state cannot be read: no law"},
	{"read", "err != nil", "the state cannot be read: no law"},
	{"order", "err != nil", "Entry.Check has decoded the record before"},
	{"DecodeStored", "err != nil", "the contract reads what it wrote"},
	{"DecodeStored", "record == nil", "the contract reads what it wrote"},
	{"known", "p.Actor == nil", "an organization that is not registered has no key that signs for it"},
	{"checkOrganizationOrder", "old == nil", "an organization that is not registered has no key that signs for it"},
	{"checkPrintings", "p.Instance == nil", "a serial that was issued keeps its instance"},
	{"inForce", "u == nil", restsCheck}, {"inForce", "u.Matter != g.Matter", restsCheck}, {"inForce", "u.Decider != g.Decider", restsCheck},
	{"inForce", "u.Mode != ModeOwn && u.Mode != ModeDirect", restsCheck},
	{"checkGrantReferences", "h.Start == 0", "Operating is not zero here, and the start is compared with it"},
	{"checkSignatures", "err != nil", "a registered key was parsed when it was registered"},
	{"applyRenewal", "day > l.Expires", "taken back, the renewal no longer carries the license: applyTerm refuses"},
	{"ApplyOversight", "!ok", "Entry.Check knows the act"},
	{"known", "p.Rules == nil", "checkRules refuses the whole batch before"},
	{"checkRulesOrder", "now.Version < before.Version", "version 1 is the first: nothing is older"},
	{"signedBy", "!ok", "no key, no public key: the next line refuses"},
	{"signedBy", "err != nil", "a registered key was parsed when it was registered"},
}
