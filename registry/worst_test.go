package registry_test

import (
	"testing"

	"tongzheng/registry"
)

// TestWorst: every verdict but valid is worse than valid, and of several codes
// the worst is told.
func TestWorst(t *testing.T) {
	for _, info := range registry.Words() {
		if (info.Word != registry.Valid) != info.Word.Worse(registry.Valid) {
			t.Errorf("%s against valid", info.Word)
		}
		if info.Word != registry.Altered && !registry.Altered.Worse(info.Word) {
			t.Errorf("altered against %s", info.Word)
		}
	}
}
