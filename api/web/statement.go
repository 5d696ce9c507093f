package web

import (
	"tongzheng/registry"
	"tongzheng/registry/office"
)

// Statement is the printable page of a verification that is kept.
type Statement struct {
	S    registry.Statement
	V    *office.Verification
	Text string // armored: what verifies later
}
