package web

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"tongzheng/registry"
)

// Every verdict has a shape of its own, a tone, and words on what to do.
func TestEveryVerdictHasALook(t *testing.T) {
	shapes := map[string]registry.Word{}
	for _, info := range registry.Words() {
		shape, ok := icons[string(info.Word)]
		if other, taken := shapes[shape]; !ok || taken {
			t.Errorf("%s: no shape of its own (%s)", info.Word, other)
		}
		shapes[shape] = info.Word
		if tones[info.Word] == "" || len(guidance[info.Word].Lines) == 0 {
			t.Errorf("%s: no tone, or no word on what to do", info.Word)
		}
	}
	if len(guidance) != len(registry.Words()) || len(tones) != len(registry.Words()) {
		t.Error("rows for verdicts that do not exist")
	}
}

// docs/verdicts.md lists the verdicts as they are, each with its picture.
func TestVerdictsDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../docs/verdicts.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, info := range registry.Words() {
		sharing := "–"
		if r := (&registry.Verdict{Word: info.Word}).Sharing(false); r != nil {
			sharing = r.Code
		}
		line := fmt.Sprintf("| `%s` | %s | %s |", info.Word, info.Chinese, info.English)
		_, rest, found := strings.Cut(string(doc), line)
		rest, _, _ = strings.Cut(rest, "\n")
		if !found || !strings.Contains(rest, "| "+sharing+" |") {
			t.Errorf("docs/verdicts.md has no row %s … %s", line, sharing)
		}
		if _, err := os.Stat("../../docs/pictures/public-" + string(info.Word) + ".png"); err != nil {
			t.Error(err)
		}
	}
}
