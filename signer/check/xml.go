package check

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// element is one XML element. Names are local: documents in the field differ
// in the namespace they write.
type element struct {
	name     string
	attrs    map[string]string
	text     []byte
	children []*element
}

// parseXML reads one document within limits and without document types.
func parseXML(data []byte, limits Limits) (*element, error) {
	if len(data) > limits.XMLBytes {
		return nil, errors.New("XML: the file is larger than allowed")
	}
	if root := parsePlain(data, limits); root != nil {
		return root, nil
	}
	return parseAny(data, limits)
}

// parseAny reads what is not plain, or says what is wrong with it.
func parseAny(data []byte, limits Limits) (*element, error) {
	decoder := xml.NewDecoder(bytes.NewReader(data))
	var root *element
	var stack []*element
	nodes := 0
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("XML: %w", err)
		}
		switch t := token.(type) {
		case xml.Directive:
			return nil, errors.New("XML: document types are not allowed")
		case xml.StartElement:
			e, err := newElement(t)
			if err != nil {
				return nil, err
			}
			if nodes++; nodes > limits.XMLNodes || len(stack) >= limits.XMLDepth {
				return nil, errors.New("XML: larger or deeper than allowed")
			}
			switch {
			case len(stack) > 0:
				parent := stack[len(stack)-1]
				parent.children = append(parent.children, e)
			case root != nil:
				return nil, errors.New("XML: two root elements")
			default:
				root = e
			}
			stack = append(stack, e)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			if len(stack) > 0 {
				top := stack[len(stack)-1]
				top.text = append(top.text, t...)
			} else if len(bytes.Trim(t, " \t\r\n\ufeff")) > 0 {
				return nil, errors.New("XML: text outside the root element")
			}
		}
	}
	if root == nil {
		return nil, errors.New("XML: no element")
	}
	return root, nil
}

func newElement(t xml.StartElement) (*element, error) {
	e := &element{name: t.Name.Local, attrs: map[string]string{}}
	for _, a := range t.Attr {
		if a.Name.Space == "xmlns" || a.Name.Local == "xmlns" {
			continue
		}
		if _, twice := e.attrs[a.Name.Local]; twice {
			return nil, fmt.Errorf("XML: attribute %s twice", a.Name.Local)
		}
		e.attrs[a.Name.Local] = a.Value
	}
	return e, nil
}

// all returns the children of a name.
func (e *element) all(name string) []*element {
	var out []*element
	if e == nil {
		return nil
	}
	for _, c := range e.children {
		if c.name == name {
			out = append(out, c)
		}
	}
	return out
}

// one returns the child of a name that must not stand there twice: two would
// be read differently by different programs. It is nil when there is none.
func (e *element) one(name string) (*element, error) {
	found := e.all(name)
	switch len(found) {
	case 0:
		return nil, nil
	case 1:
		return found[0], nil
	}
	return nil, fmt.Errorf("XML: %s stands twice in %s", name, e.name)
}

// value is the text of the child of a name, without blanks around it.
func (e *element) value(name string) (string, error) {
	child, err := e.one(name)
	if child == nil || err != nil {
		return "", err
	}
	return strings.TrimSpace(string(child.text)), nil
}
