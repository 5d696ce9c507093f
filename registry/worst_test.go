package registry_test

import (
	"testing"

	"tongzheng/registry"
)

// TestWorst: every word has its place, altered first and valid last, and of
// several codes the worst is told.
func TestWorst(t *testing.T) {
	for _, info := range registry.Words() {
		if (info.Word != registry.Valid) != info.Word.Worse(registry.Valid) {
			t.Errorf("%s against valid", info.Word)
		}
		for _, other := range registry.Words() {
			if other.Word != info.Word && other.Word.Worse(info.Word) == info.Word.Worse(other.Word) {
				t.Errorf("%s against %s", info.Word, other.Word)
			}
		}
		if info.Word != registry.Altered && !registry.Altered.Worse(info.Word) {
			t.Errorf("altered against %s", info.Word)
		}
	}
}
