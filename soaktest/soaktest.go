// Package soaktest says how long tests that could go on for hours run: as long
// as `make test` has time for, or, with TONGZHENG_EXHAUSTIVE set as `make soak`
// does, until everything is tried. It must be imported by tests only.
package soaktest

import "os"

// Variable asks for the exhaustive runs; any value but the empty one does.
const Variable = "TONGZHENG_EXHAUSTIVE"

// Asked tells whether the exhaustive runs are wanted.
func Asked() bool { return os.Getenv(Variable) != "" }

// Count is how often something is tried: usually, or in an exhaustive run.
func Count(usually, exhaustive int) int {
	if Asked() {
		return exhaustive
	}
	return usually
}
