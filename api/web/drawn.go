package web

import (
	"encoding/base64"
	"html/template"

	"tongzheng/registry"
)

// Drawn is a document as pages show it: a picture that is part of the page, or
// why there is none.
type Drawn struct {
	Picture template.URL // data address of one SVG
	Pages   int
	Why     *Pair // it could not be drawn
}

// NewDrawn makes it of a drawing. As a picture an SVG runs nothing and loads
// nothing, whatever is in it.
func NewDrawn(d *registry.Drawing) *Drawn {
	//nolint:gosec // base64 of our own SVG
	return &Drawn{Picture: template.URL("data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString(d.Whole())), Pages: len(d.Pages)}
}

// Undrawn says why a document is not shown.
func Undrawn(code registry.Code) *Drawn {
	return &Drawn{Why: &Pair{Chinese: code.Chinese(), English: code.English()}}
}
