package exchange

import (
	"testing"

	"tongzheng/registry"
)

// TestNothingBeside: beside what a document is composed of there is no place for another.
func TestNothingBeside(t *testing.T) {
	raw, err := registry.Encode(&carried{Facts: facts{Fields: map[string]string{}}, Secret: []byte{1}, Type: []byte("{}"), Receipt: []byte("{}"),
		Approvals: []registry.Approval{}, Parts: &registry.SealParts{Form: 1}, Sealed: make([]byte, 1000)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Unpack(raw); registry.CodeOf(err) != registry.CodeMalformed {
		t.Error(err)
	}
}
