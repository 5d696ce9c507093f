package web

import (
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
