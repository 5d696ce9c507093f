package exchange

import (
	"strings"
	"testing"

	"tongzheng/registry"
)

// TestUnpackRefuses: beside what a document is composed of there is no place for another,
// and what lists find a version by fits into a row.
func TestUnpackRefuses(t *testing.T) {
	for what, change := range map[string]func(*carried){
		"two documents": func(c *carried) { c.Parts, c.Sealed = &registry.SealParts{Form: 1}, make([]byte, 1000) },
		"zero byte":     func(c *carried) { c.Facts.HolderName = "a\x00b" },
		"long number":   func(c *carried) { c.Facts.Number = strings.Repeat("1", 3000) },
	} {
		c := &carried{Facts: facts{Fields: map[string]string{}}, Secret: []byte{1}, Type: []byte("{}"), Receipt: []byte("{}"), Approvals: []registry.Approval{}}
		for step, want := range []registry.Code{"", registry.CodeMalformed} {
			if step == 1 {
				change(c)
			}
			raw, err := registry.Encode(c)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := Unpack(raw); registry.CodeOf(err) != want || want == "" && err != nil {
				t.Errorf("%s, step %d: %v", what, step, err)
			}
		}
	}
}
