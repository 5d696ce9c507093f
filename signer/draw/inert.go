package draw

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
)

// What a picture made here may have: elements with their attributes.
var inertElements = map[string][]string{
	"svg":   {"xmlns", "width", "height", "viewBox", "role"},
	"title": nil, "desc": nil,
	"path": {"d", "fill", "fill-opacity", "fill-rule", "clip-rule", "opacity", "transform", "stroke", "stroke-width", "stroke-opacity",
		"stroke-linejoin", "stroke-linecap", "stroke-miterlimit", "stroke-dasharray", "stroke-dashoffset"},
	"image":    {"width", "height", "preserveAspectRatio", "opacity", "transform", "href"},
	"g":        {"opacity", "clip-path"},
	"clipPath": {"id"},
}

// Inert holds a picture that came from another process against what this
// package writes: outlines, data pictures and words, nothing that acts or leads
// anywhere.
func Inert(svg []byte) error {
	decoder := xml.NewDecoder(bytes.NewReader(svg))
	for elements := 0; ; {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) && elements > 0 {
			return nil
		}
		if err != nil {
			return malformed("a picture that is not well-formed")
		}
		switch t := token.(type) {
		case xml.StartElement:
			if elements++; (t.Name.Local == "svg") != (elements == 1) || !inertElement(t) {
				return malformed("a picture with a %s that is none of ours", short(t.Name.Local))
			}
		case xml.ProcInst, xml.Directive, xml.Comment:
			return malformed("a picture with more than elements")
		}
	}
}

func inertElement(t xml.StartElement) bool {
	allowed, known := inertElements[t.Name.Local]
	if !known || t.Name.Space != "http://www.w3.org/2000/svg" {
		return false
	}
	for _, a := range t.Attr {
		if a.Name.Space != "" || !slices.Contains(allowed, a.Name.Local) {
			return false
		}
		switch {
		case a.Name.Local == "href":
			kind, _, ok := strings.Cut(a.Value, ";base64,")
			if !ok || kind != "data:image/png" && kind != "data:image/jpeg" {
				return false
			}
		case a.Name.Local == "clip-path":
			if !strings.HasPrefix(a.Value, "url(#c") || !strings.HasSuffix(a.Value, ")") || strings.Count(a.Value, "(") != 1 {
				return false
			}
		case strings.Contains(a.Value, "url(") || strings.Contains(a.Value, ":") && a.Name.Local != "xmlns":
			return false
		}
	}
	return true
}
