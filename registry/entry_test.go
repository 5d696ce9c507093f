package registry_test

import (
	"testing"

	"tongzheng/registry"
)

// An entry with neither intent nor order must be refused, not crash the
// contract that asks for its author.
func TestEmptyEntry(t *testing.T) {
	e := &registry.Entry{}
	if e.Author() != "" || e.Sequence() != 0 || registry.CodeOf(e.Check()) != registry.CodeEntryForm {
		t.Fatal(e.Author(), e.Sequence(), e.Check())
	}
	b := registry.Batch{Entries: []*registry.Entry{e}}
	if got := b.AuthorsOf(); len(got) != 1 || got[0] != "" {
		t.Fatal(got)
	}
}
