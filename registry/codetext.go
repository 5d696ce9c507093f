package registry

import "strings"

// tokenLength is the length of a token's text.
const tokenLength = 26

// codePath stands before the token in a code's address.
const codePath = "/v/"

// ScannedToken reads a token as a scanner, a message or a person hands it on:
// what stands behind its 26 characters is not looked at. CodeMalformed for
// anything else.
func ScannedToken(s string) (Token, error) {
	s = trimScanned(s)
	return ParseToken(s[:min(len(s), tokenLength)])
}

// ScannedText brings a code's text to the form in which it was printed, as far
// as scanners and people change it: a byte order mark and white space around
// it, letters of the other case, an escaped or missing #, and what was glued
// behind token or signature. Any other text comes back as it is, without
// what stood around it. It makes no code of what is none: reading stays strict.
func ScannedText(text string) string {
	text = trimScanned(text)
	at := codeAt(text)
	if at < 0 {
		return text
	}
	prefix, rest := strings.ToLower(text[:at]), text[at+len(codePath):]
	token, err := ParseToken(rest[:min(len(rest), tokenLength)])
	if err != nil {
		return text
	}
	rest = rest[tokenLength:]
	mark := strings.IndexByte(rest, '#')
	if escaped := strings.Index(rest, "%23"); mark < 0 && escaped >= 0 {
		mark, rest = escaped, strings.Replace(rest, "%23", "#", 1)
	}
	out := prefix + codePath + token.String()
	if mark < 0 {
		return out
	}
	if payload := base32Start(rest[mark+1:]); payload != "" {
		out += "#" + payload
	}
	return out
}

// HasCode tells whether a text has the form of a code of ours: an address with
// a token. Whose it is only its verification says.
func HasCode(text string) bool {
	text = ScannedText(text)
	at := codeAt(text)
	if at < 0 {
		return false
	}
	_, err := ScannedToken(text[at+len(codePath):])
	return err == nil
}

// codeAt finds the last /v/ of an address, in either case; -1 without one.
func codeAt(text string) int {
	address, _, _ := strings.Cut(text, "#")
	lower := asciiLower(address)
	if !strings.HasPrefix(lower, "http://") && !strings.HasPrefix(lower, "https://") {
		return -1
	}
	return strings.LastIndex(lower, codePath)
}

// base32Start is the longest beginning of a text that base32 could have
// written, in upper case.
func base32Start(s string) string {
	end := strings.IndexFunc(s, func(r rune) bool {
		return !(r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r >= '2' && r <= '7')
	})
	if end >= 0 {
		s = s[:end]
	}
	return strings.ToUpper(s)
}

// asciiLower changes no length: positions in it are positions in the text.
func asciiLower(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r - 'A' + 'a'
		}
		return r
	}, s)
}

// trimScanned takes byte order marks, white space and invisible characters off
// both ends.
func trimScanned(s string) string {
	return strings.TrimFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f || r == 0xa0 || r == 0x3000 || Invisible(r) })
}
