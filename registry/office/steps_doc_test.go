package office_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// useCases names the functions whose numbered comments are a section of
// docs/use-cases.md, together and in order.
var useCases = map[string]struct {
	file  string
	funcs []string
}{
	"Propose": {"propose.go", []string{"propose"}},
	"Approve": {"approve.go", []string{"Approve"}},
	"Seal":    {"seal.go", []string{"Seal"}},
	"Anchor":  {"anchor.go", []string{"Anchor", "anchorBatch"}},
	"Paper":   {"paper.go", []string{"Paper"}},
	"Verify":  {"verify.go", []string{"verify"}},
}

var (
	numberedLine    = regexp.MustCompile(`(?m)^(\d+)\. `)
	receiver        = regexp.MustCompile(`\nfunc \(o \*[A-Z][a-z]+\) `)
	numberedComment = regexp.MustCompile(`(?m)^\s*// (\d+)\. `)
)

// TestUseCasesInStep: the numbered steps of the code are those of the document.
func TestUseCasesInStep(t *testing.T) {
	raw, err := os.ReadFile("../../docs/use-cases.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, use := range useCases {
		_, section, ok := strings.Cut(string(raw), "\n## "+name+" — ")
		if !ok {
			t.Errorf("docs/use-cases.md has no section %s", name)
			continue
		}
		section, _, _ = strings.Cut(section, "\n## ")
		code, err := os.ReadFile(use.file)
		if err != nil {
			t.Fatal(err)
		}
		var bodies string
		for _, f := range use.funcs {
			_, body, ok := strings.Cut(receiver.ReplaceAllString(string(code), "\nfunc "), "\nfunc "+f+"(")
			if !ok {
				t.Fatalf("%s has no function %s", use.file, f)
			}
			body, _, _ = strings.Cut(body, "\n}\n")
			bodies += body + "\n"
		}
		if doc, code := numbers(numberedLine, section), numbers(numberedComment, bodies); doc != code {
			t.Errorf("%s: the document numbers %s, the code %s", name, doc, code)
		}
	}
}

func numbers(re *regexp.Regexp, text string) string {
	var all []string
	for _, m := range re.FindAllStringSubmatch(text, -1) {
		all = append(all, m[1])
	}
	return strings.Join(all, " ")
}
