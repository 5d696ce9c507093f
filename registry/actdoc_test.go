package registry_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"tongzheng/registry"
)

var writeDocs = flag.Bool("write-docs", false, "write docs/acts.md from the act table")

// diagram is the act table as a Mermaid state diagram: acts that keep a
// license where it is share one edge.
func diagram() string {
	type edge struct{ from, to string }
	labels := map[edge][]string{}
	var edges []edge
	for _, rule := range registry.Acts() {
		if rule.Class == registry.ClassPaper {
			continue
		}
		for _, from := range rule.From {
			to, err := from.Next(rule.Act)
			if err != nil {
				panic(err)
			}
			if rule.Act.Rules() {
				to = registry.Effective // unless something else stands on the license
			}
			e := edge{from.String(), to.String()}
			if from == registry.StateNone {
				e.from = "[*]"
			}
			if !slices.Contains(edges, e) {
				edges = append(edges, e)
			}
			labels[e] = append(labels[e], rule.Name+" "+rule.Chinese)
		}
	}
	var out strings.Builder
	out.WriteString("```mermaid\nstateDiagram-v2\n")
	for _, e := range edges {
		fmt.Fprintf(&out, "    %s --> %s: %s\n", e.from, e.to, strings.Join(labels[e], " · "))
	}
	out.WriteString("```\n")
	return out.String()
}

func actsDocument() string {
	var out strings.Builder
	out.WriteString("# The act table\n\nWritten from `registry/act.go` by `go test ./registry -run TestActsDocument -write-docs`; the test fails when they differ. SQL constraints and OpenAPI enums are compared with the same table.\n\n")
	out.WriteString(diagram())
	out.WriteString("\n| act | 中文 | class | allowed from | leads to | superior may | statute |\n|---|---|---|---|---|---|---|\n")
	for _, r := range registry.Acts() {
		var from []string
		for _, s := range r.From {
			from = append(from, s.String())
		}
		to, superior := "as it was", ""
		if r.To != registry.StateNone {
			to = r.To.String()
		}
		if r.Act.Rules() {
			to = "effective, or what else stands"
		}
		switch {
		case r.Act == registry.Revoke || r.Act.Rules():
			superior = "yes"
		case r.Superior:
			superior = "where the type cites a statute"
		}
		fmt.Fprintf(&out, "| `%s` | %s | %s | %s | %s | %s | %s |\n", r.Name, r.Chinese, r.Class, strings.Join(from, ", "), to, superior, r.Statute)
	}
	out.WriteString("\nA superior's `revoke` (撤销) is also possible on a license that was withdrawn, penalized or cancelled: it alone reaches back to the start. " +
		"A `reinstate` undoes one act by a ruling, and the cancellation that followed from it; a `stay` takes its effect away until a second entry ends it. " +
		"A `cancel` on the ground `expired` waits for the expiry, and is refused while a renewal counts as granted; an `annotate` on the ground `renewal-refused` ends a renewal that was accepted, in time only, and a `reinstate` can annul that. " +
		"A `replace` is nobody's to apply for: it follows from the issue with which a successor in another member makes a license of its own in place of this one, and comes through governance once that issue is on the ledger. On a license that ended in between it ties the two and leaves the state.\n")
	out.WriteString("\n## Sheets of paper\n\n| act | from | to |\n|---|---|---|\n")
	for _, r := range registry.Acts() {
		for p := registry.PrintingLive; p <= registry.PrintingDestroyed; p++ {
			if next, err := p.Next(r.Act); err == nil {
				fmt.Fprintf(&out, "| `%s` | %s | %s |\n", r.Name, p, next)
			}
		}
	}
	out.WriteString("\n`print` and `reprint` make a new live sheet; `reprint` names the sheet it replaces.\n")
	return out.String()
}

// documented holds a document against the text that its table makes.
func documented(t *testing.T, path, text string) {
	t.Helper()
	if *writeDocs {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if have, err := os.ReadFile(path); err != nil || string(have) != text {
		t.Errorf("%s differs from its table: write it again with -write-docs (%v)", path, err)
	}
}

// TestActsDocument: the documented table and diagrams are the one in the code.
func TestActsDocument(t *testing.T) {
	documented(t, "../docs/acts.md", actsDocument())
	for _, readme := range []string{"../README.md", "../README.zh-CN.md"} {
		if have, err := os.ReadFile(readme); err != nil || !strings.Contains(string(have), diagram()) {
			t.Errorf("%s does not show the act table's diagram (%v)", readme, err)
		}
	}
}
