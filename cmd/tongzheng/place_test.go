package main

import (
	"encoding/json"
	"testing"
)

// TestPlaced: issue --place completes an application, and overrules none.
func TestPlaced(t *testing.T) {
	for _, test := range []struct{ application, place, want string }{
		{`{"grant":"g"}`, "360732", `{"grant":"g","place":"360732"}`},
		{`{"grant":"g"}`, "", `{"grant":"g"}`},
		{`{"place":"360731"}`, "360732", ""},
		{`[]`, "360732", ""},
	} {
		got, err := placed(json.RawMessage(test.application), test.place)
		if string(got) != test.want || (err != nil) != (test.want == "") {
			t.Errorf("%s at %q: %s, %v", test.application, test.place, got, err)
		}
	}
}
