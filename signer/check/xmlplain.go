package check

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// parsePlain reads XML of the plainest kind, as programs write it: UTF-8,
// elements, attributes and text, nothing escaped, no comments, instructions or
// CDATA. It is several times as fast as encoding/xml and no judge of what is
// wrong: for anything else it returns nil, and encoding/xml is asked.
func parsePlain(data []byte, limits Limits) *element {
	const declaration = `<?xml version="1.0" encoding="UTF-8"?>`
	if !utf8.Valid(data) || bytes.Contains(data, []byte("\xef\xbf")) { // U+FFFE and U+FFFF are no characters
		return nil
	}
	p := plain{rest: bytes.TrimPrefix(data, []byte(declaration)), limits: limits}
	p.skipBlanks()
	root := p.element(0)
	if p.skipBlanks(); len(p.rest) > 0 {
		return nil
	}
	return root
}

// plain is one run over what is left of a document.
type plain struct {
	rest   []byte
	limits Limits
	nodes  int
}

func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' }

func (p *plain) skipBlanks() (skipped bool) {
	n := 0
	for n < len(p.rest) && blank(p.rest[n]) {
		n++
	}
	p.rest = p.rest[n:]
	return n > 0
}

// take removes one character if it is next.
func (p *plain) take(c byte) bool {
	if len(p.rest) == 0 || p.rest[0] != c {
		return false
	}
	p.rest = p.rest[1:]
	return true
}

// name takes an ASCII name; it may have one colon inside.
func (p *plain) name() (name []byte) {
	n, colons := 0, 0
	for ; n < len(p.rest); n++ {
		c := p.rest[n]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_':
			continue
		case n > 0 && (c >= '0' && c <= '9' || c == '-' || c == '.') && p.rest[n-1] != ':':
			continue
		case c == ':' && n > 0:
			colons++
			continue
		}
		break
	}
	if colons > 1 || n == 0 || p.rest[n-1] == ':' {
		return nil
	}
	name, p.rest = p.rest[:n], p.rest[n:]
	return name
}

// until takes characters that stand for themselves up to the end.
func (p *plain) until(end byte) (text []byte, ok bool) {
	for n, c := range p.rest {
		if c == end {
			text, p.rest = p.rest[:n], p.rest[n:]
			return text, true
		}
		if c < ' ' && c != '\t' && c != '\n' || c == '&' || c == '<' || c == ']' {
			return nil, false
		}
	}
	return nil, false
}

// element takes one element with all that is in it.
func (p *plain) element(depth int) *element {
	if p.nodes++; p.nodes > p.limits.XMLNodes || depth >= p.limits.XMLDepth || !p.take('<') {
		return nil
	}
	tag := p.name()
	if tag == nil {
		return nil
	}
	e := &element{name: local(tag)}
	for {
		apart := p.skipBlanks()
		switch {
		case p.take('/'):
			if p.take('>') {
				return e
			}
			return nil
		case p.take('>'):
			if p.content(e, tag, depth) {
				return e
			}
			return nil
		case !apart || !p.attribute(e):
			return nil
		}
	}
}

func local(tag []byte) string {
	return string(tag[bytes.IndexByte(tag, ':')+1:])
}

// attribute takes one; declarations of namespaces are passed over.
func (p *plain) attribute(e *element) bool {
	name := string(p.name())
	if name == "" || !p.take('=') || len(p.rest) == 0 || p.rest[0] != '"' && p.rest[0] != '\'' {
		return false
	}
	quote := p.rest[0]
	p.rest = p.rest[1:]
	value, ok := p.until(quote)
	if !ok || !p.take(quote) {
		return false
	}
	if name == "xmlns" || strings.HasPrefix(name, "xmlns:") {
		return true
	}
	if _, twice := e.attrs[name]; twice || strings.Contains(name, ":") {
		return false
	}
	if e.attrs == nil {
		e.attrs = map[string]string{}
	}
	e.attrs[name] = string(value)
	return true
}

// content takes text and elements up to the end tag.
func (p *plain) content(e *element, tag []byte, depth int) bool {
	for {
		text, ok := p.until('<')
		if !ok {
			return false
		}
		e.text = append(e.text, text...)
		if end, ok := bytes.CutPrefix(p.rest, []byte("</")); ok {
			end, ok = bytes.CutPrefix(end, tag)
			p.rest = end
			p.skipBlanks()
			return ok && p.take('>')
		}
		child := p.element(depth + 1)
		if child == nil {
			return false
		}
		e.children = append(e.children, child)
	}
}
