package registry

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Fold writes a name or a number in the one form in which two are compared:
// NFKC, lower case, one kind of bracket, middle dot and hyphen, invisible
// characters dropped, white space single and none at the ends. It is for
// comparing and searching alone: what is sealed, signed, hashed or shown stays
// as it was written. It never takes one character for another that merely
// looks like it: 𠮷 is not 吉.
func Fold(s string) string {
	var out strings.Builder
	out.Grow(len(s))
	space := false
	for _, r := range norm.NFKC.String(s) {
		if unicode.IsSpace(r) {
			space = true
			continue
		}
		if r = foldRune(r); r < 0 {
			continue
		}
		if space && out.Len() > 0 {
			out.WriteByte(' ')
		}
		space = false
		out.WriteRune(r)
	}
	return norm.NFKC.String(out.String()) // lower case may compose with what follows
}

// FoldNumber is Fold for the numbers of documents and cases (文号), in which white
// space says nothing.
func FoldNumber(s string) string { return strings.ReplaceAll(Fold(s), " ", "") }

// foldRune is a rune's form for comparison, -1 for one that is not seen.
func foldRune(r rune) rune {
	switch r {
	case '•', '‧', '∙', '⋅', '・', 'ꞏ', '᛫': // NFKC has taken ･ to ・ and U+0387 to ·
		return '·'
	case '〔', '【', '[', '❲', '〘':
		return '('
	case '〕', '】', ']', '❳', '〙':
		return ')'
	case '‐', '‒', '–', '—', '―', '−':
		return '-'
	}
	if Invisible(r) {
		return -1
	}
	// The orbit of a letter's cases holds σ and ς, K and the Kelvin sign: they
	// meet in the lower case of its upper case.
	return unicode.ToLower(unicode.ToUpper(r))
}

// TrimTyped takes off what copying and typing leave in a value: white space of
// all kinds at the ends, and wherever they stand soft hyphens, zero-width spaces
// and joiners, byte order marks. Line breaks within become spaces. It is for what
// is asked, never for what is stored.
func TrimTyped(s string) string {
	s = strings.Map(func(r rune) rune {
		switch r {
		case '\n', '\r', '\t':
			return ' '
		case '\u00ad', '\u200b', '\u200c', '\u200d', '\u2060', '\ufeff':
			return -1
		}
		return r
	}, s)
	return strings.TrimFunc(s, unicode.IsSpace)
}
