package render

import (
	"encoding/xml"
	"math"
	"strconv"
	"strings"
)

// xmlWriter writes elements of the ofd namespace. encoding/xml would repeat the
// namespace on every element, which not all readers understand.
type xmlWriter struct {
	out strings.Builder
}

func (x *xmlWriter) start(name string, attributes ...string) {
	x.open(name, attributes)
	x.out.WriteString(">")
}

func (x *xmlWriter) end(name string) { x.out.WriteString("</ofd:" + name + ">") }

// leaf writes an element with text only, or an empty one.
func (x *xmlWriter) leaf(name, text string, attributes ...string) {
	x.open(name, attributes)
	if text == "" {
		x.out.WriteString("/>")
		return
	}
	x.out.WriteString(">")
	x.escape(text)
	x.end(name)
}

func (x *xmlWriter) open(name string, attributes []string) {
	if x.out.Len() == 0 {
		x.out.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n")
	}
	x.out.WriteString("<ofd:" + name)
	for i := 0; i+1 < len(attributes); i += 2 {
		x.out.WriteString(" " + attributes[i] + `="`)
		x.escape(attributes[i+1])
		x.out.WriteString(`"`)
	}
}

func (x *xmlWriter) escape(text string) {
	_ = xml.EscapeText(&x.out, []byte(text)) // a strings.Builder does not fail
}

func (x *xmlWriter) bytes() []byte { return []byte(x.out.String()) }

// number writes a measure to the micrometer.
func number(v float64) string {
	return strconv.FormatFloat(math.Round(v*1000)/1000+0, 'f', -1, 64)
}

func boxText(b Box) string {
	return number(b.X) + " " + number(b.Y) + " " + number(b.Width) + " " + number(b.Height)
}

func colorText(c ink) string {
	return strconv.Itoa(int(c.R)) + " " + strconv.Itoa(int(c.G)) + " " + strconv.Itoa(int(c.B))
}
