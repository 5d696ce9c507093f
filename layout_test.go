// Package tongzheng is the root of the module. It holds no code, only the test
// that keeps the folders apart: docs/architecture.md explains the table.
package tongzheng

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// importTable says which of our packages a package may import; a prefix with
// /… stands for everything below it. Tests may import more: they compose.
var importTable = map[string][]string{
	"registry/sm":               {},
	"registry":                  {"registry/sm"},
	"registry/plan":             {"registry"},
	"registry/explain":          {"registry", "registry/sm"},
	"registry/gathertest":       {"registry", "registry/sm"},
	"registry/list":             {"registry"},
	"registry/pack":             {"registry", "registry/sm"},
	"registry/office":           {"registry", "registry/list", "registry/sm"},
	"registry/exchange":         {"registry", "registry/pack", "registry/sm"},
	"registry/postgres":         {"registry", "registry/exchange", "registry/pack", "registry/sm", "registry/office"},
	"registry/postgres/cluster": {},
	"registry/postgres/pgtest":  {"registry/postgres", "registry/postgres/cluster"},
	"registry/statusview":       {"registry", "registry/sm"},
	"chaincode":                 {"registry", "registry/sm"},
	"chaincode/embedded":        {"chaincode", "registry", "registry/sm"},
	"chaincode/wire":            {"registry"},
	"chaincode/evidence":        {"chaincode", "chaincode/wire", "registry", "registry/sm"},
	"chaincode/fabric":          {"chaincode", "chaincode/wire", "registry", "registry/sm"},
	"chaincode/gateway":         {"chaincode/evidence", "chaincode/gateway/handover", "chaincode/wire", "registry", "registry/sm"},
	"chaincode/ledgertest":      {"chaincode", "registry", "registry/sm"},
	"chaincode/reformtest":      {},
	"chaincode/lawtest":         {},
	"signer/check":              {"registry", "registry/sm"},
	"signer":                    {"registry", "registry/pack", "registry/sm", "signer/check"},
	"signer/page":               {"registry", "registry/explain", "registry/sm"},
	"signer/replica":            {"chaincode", "registry", "registry/sm"},
	"signer/remote":             {"registry", "registry/sm"},
	"signer/render":             {"registry", "registry/pack", "registry/sm"},
	"signer/draw":               {"registry", "registry/sm", "signer/check"},
	"signer/draw/child":         {"registry", "signer/draw"},
	"api":                       {"api/codes", "registry", "registry/sm", "registry/office", "api/httpx", "api/operate", "api/problem", "api/signin", "api/desk", "api/resource", "api/public", "api/console", "api/web"},
	"api/problem":               {"registry"},
	"api/httpx":                 {"registry", "registry/sm", "api/problem"},
	"api/signin":                {"registry", "registry/sm", "registry/office", "api/httpx", "api/problem"},
	"api/desk":                  {"registry", "registry/sm", "registry/office", "api/httpx", "api/signin", "api/resource"},
	"api/operate":               {"registry", "registry/list", "registry/sm", "registry/office", "api/httpx", "api/problem", "api/signin", "api/resource"},
	"api/resource":              {"registry", "registry/sm"},
	"api/client":                {"registry", "registry/sm", "api/problem", "api/resource"},
	"api/codes":                 {"registry"},
	"api/public":                {"registry", "registry/sm", "registry/office", "api/codes", "api/httpx", "api/problem", "api/signin", "api/resource", "api/web", "api/web/offline"},
	"api/exchange":              {"registry", "registry/exchange", "registry/sm", "api/httpx", "api/problem"},
	"api/console":               {"registry", "registry/sm", "registry/office", "api/httpx", "api/signin", "api/desk", "api/resource", "api/web", "registry/explain"},
	"api/browsertest":           {},
	"api/web":                   {"registry", "registry/explain", "registry/sm", "registry/office", "api/httpx", "api/problem"},
	"api/web/offline":           {},
	"network":                   {"…"},
	"network/…":                 {"…"},
	"soaktest":                  {},
	"cmd/internal/person":       {"registry", "registry/sm"},
	"cmd/internal/tables":       {"registry", "registry/list"},
	"cmd/internal/keyring":      {"api/resource", "api/public", "cmd/internal/person", "registry", "registry/sm", "signer", "signer/check", "signer/remote", "signer/render"},
	"cmd/internal/operating": {"api/operate", "api/resource", "cmd/internal/person", "cmd/internal/tables", "registry", "registry/list", "registry/office", "registry/postgres", "registry/sm",
		"signer", "signer/check", "signer/remote"},
	// The composition knows neither the operator's commands nor the demonstration.
	"cmd/internal/app": {"api", "api/codes", "api/exchange", "registry/exchange", "api/operate", "api/public", "api/resource", "api/signin", "chaincode/embedded", "chaincode/gateway", "cmd/internal/directory", "cmd/internal/keyring", "cmd/internal/operating", "cmd/internal/person", "cmd/internal/tables",
		"registry", "registry/office", "registry/postgres", "registry/postgres/cluster", "registry/sm", "registry/statusview",
		"signer", "signer/check", "signer/draw", "signer/draw/child", "signer/page", "signer/remote", "signer/render", "signer/replica"},
	"cmd/internal/directory": {"registry", "registry/sm", "signer/check"},
	"cmd/internal/operator": {"chaincode/evidence", "cmd/internal/app", "cmd/internal/keyring", "registry", "registry/office", "registry/sm",
		"signer", "signer/check", "signer/remote", "signer/render"},
	"cmd/internal/enrollment": {"cmd/internal/keyring", "registry", "registry/sm", "signer"},
	"cmd/internal/backup":     {"chaincode/embedded", "cmd/internal/app", "cmd/internal/operator", "registry", "registry/office", "registry/postgres/cluster", "registry/sm"},
	"cmd/internal/demo": {"api/client", "api/codes", "api/resource", "cmd/internal/app", "cmd/internal/enrollment", "cmd/internal/keyring", "cmd/internal/operating", "cmd/internal/operator", "cmd/internal/person",
		"registry", "registry/office", "registry/plan", "registry/postgres", "registry/sm", "signer/check", "signer/remote"},
	"cmd/…":                      {"…"},
	"chaincode/gateway/handover": {},
}

const module = "tongzheng/"

// TestImportTable: adapters never import one another, the pure packages stay
// pure, nothing imports cmd.
func TestImportTable(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for decoder := json.NewDecoder(strings.NewReader(string(out))); decoder.More(); {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := decoder.Decode(&p); err != nil {
			t.Fatal(err)
		}
		name, ours := strings.CutPrefix(p.ImportPath, module)
		if !ours {
			continue // the root itself
		}
		allowed, known := rowFor(name)
		if !known {
			t.Errorf("package %s has no row in the import table", name)
		}
		for _, imported := range p.Imports {
			if target, ours := strings.CutPrefix(imported, module); ours && !permits(allowed, target, name) {
				t.Errorf("%s must not import %s", name, target)
			}
		}
	}
}

func rowFor(name string) ([]string, bool) {
	if row, ok := importTable[name]; ok {
		return row, true
	}
	for prefix, row := range importTable {
		if below, ok := strings.CutSuffix(prefix, "…"); ok && strings.HasPrefix(name, below) {
			return row, true
		}
	}
	return nil, false
}

func permits(allowed []string, target, from string) bool {
	if strings.HasPrefix(target, "cmd/") && !strings.HasPrefix(from, "cmd/") {
		return false
	}
	for _, a := range allowed {
		if a == target || a == "…" {
			return true
		}
	}
	return false
}

// TestPureImports: the packages that every verifier compiles reach neither
// clock-driven nor outside-reaching parts of the library.
func TestPureImports(t *testing.T) {
	for _, pkg := range []string{"registry", "registry/sm", "chaincode"} {
		out, err := exec.Command("go", "list", "-f", `{{join .Imports "\n"}}`, "./"+pkg).Output()
		if err != nil {
			t.Fatal(err)
		}
		for _, imported := range strings.Fields(string(out)) {
			switch imported {
			case "os", "net", "net/http", "crypto/rand", "math/rand", "math/rand/v2", "log", "log/slog", "database/sql", "context", "sync":
				t.Errorf("%s is pure: it must not import %s", pkg, imported)
			}
		}
	}
}

// TestHouseStyle: every package says what it is for, and no file outgrows one
// room.
func TestHouseStyle(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", "{{.ImportPath}}\t{{.Doc}}", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		if path, doc, _ := strings.Cut(line, "\t"); doc == "" && path != "tongzheng" {
			t.Errorf("package %s has no package comment", path)
		}
	}
	files, err := exec.Command("git", "ls-files", "*.go").Output()
	if err != nil {
		t.Skip("not a git checkout: file lengths are not looked at")
	}
	for _, file := range strings.Fields(string(files)) {
		raw, err := os.ReadFile(filepath.FromSlash(file))
		if err != nil {
			continue // removed, not yet committed
		}
		if n := strings.Count(string(raw), "\n"); n > 600 {
			t.Errorf("%s has %d lines: split it", file, n)
		}
	}
}
