package browsertest

import (
	"embed"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/chromedp/chromedp"
)

//go:embed axe
var axeFiles embed.FS

// axe is the program, npm axe-core (MPL-2.0), at the version of axe/package.json.
var axe = sync.OnceValues(func() (string, error) {
	sub, err := fs.Sub(axeFiles, "axe")
	if err != nil {
		return "", err
	}
	dir, err := Modules("axe", sub)
	if err != nil {
		return "", err
	}
	raw, err := os.ReadFile(filepath.Join(dir, "node_modules/axe-core/axe.min.js"))
	return string(raw), err
})

// Accessible fails for everything that axe finds on the page against WCAG 2.2
// level AA and its best practices.
func (b *Tab) Accessible(name string) {
	b.T.Helper()
	program, err := axe()
	if err != nil {
		b.T.Fatal(err)
	}
	if _, err := chromedp.Run(b.Ctx, chromedp.Evaluate[string](program+"\n;axe.version")); err != nil {
		b.T.Fatalf("%s: axe does not start: %v", name, err)
	}
	var found struct {
		Passes     int
		Violations []struct {
			ID, Impact, Help string
			Nodes            []struct{ HTML, Why string }
		}
	}
	raw := b.Value(`axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }).then((r) => JSON.stringify({
		passes: r.passes.length, violations: r.violations.map((v) => ({ id: v.id, impact: v.impact, help: v.help,
			nodes: v.nodes.map((n) => ({ html: n.html, why: n.failureSummary })) })) }))`)
	if err := json.Unmarshal([]byte(raw), &found); err != nil {
		b.T.Fatal(err)
	}
	if found.Passes < 5 {
		b.T.Errorf("%s: axe looked at nothing (%d rules passed)", name, found.Passes)
	}
	for _, v := range found.Violations {
		for _, n := range v.Nodes {
			b.T.Errorf("%s: axe %s (%s): %s\n%.300s\n%s", name, v.ID, v.Impact, v.Help, n.HTML, strings.Join(strings.Fields(n.Why), " "))
		}
	}
}
