package render

import (
	"strings"
	"unicode"
)

const (
	noLineStart = "，。、；：？！）》」』】〕〉”’…—·,.;:?!)]}%％℃"
	noLineEnd   = "（《「『【〔〈“‘([{"
)

// wrap breaks text into lines no wider than width ems. Chinese breaks between
// any two characters, except before closing and after opening punctuation;
// Latin words and numbers stay whole unless longer than a line.
func (s *FontSet) wrap(st style, text string, width float64) []string {
	var lines []string
	line, used := "", 0.0
	flush := func() {
		if line = strings.TrimRight(line, " "); line != "" {
			lines = append(lines, line)
		}
		line, used = "", 0
	}
	for _, token := range tokens(text) {
		w := s.measure(st, token)
		if used+w > width && line != "" {
			flush()
			token = strings.TrimLeft(token, " ")
			w = s.measure(st, token)
		}
		if w <= width {
			line, used = line+token, used+w
			continue
		}
		for _, r := range token { // a word wider than a line: cut where it must
			w := s.measure(st, string(r))
			if used+w > width && line != "" {
				flush()
			}
			line, used = line+string(r), used+w
		}
	}
	flush()
	return lines
}

// tokens splits text into pieces that must not be broken.
func tokens(text string) []string {
	var out []string
	glue := false
	for _, r := range text {
		n := len(out)
		switch {
		case n > 0 && (glue || strings.ContainsRune(noLineStart, r)):
			out[n-1] += string(r)
		case n > 0 && latin(r) && latin(lastRune(out[n-1])):
			out[n-1] += string(r)
		default:
			out = append(out, string(r))
		}
		glue = strings.ContainsRune(noLineEnd, r)
	}
	return out
}

func latin(r rune) bool {
	return r < 0x2000 && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-/._@#&+'", r))
}

func lastRune(s string) rune {
	runes := []rune(s)
	return runes[len(runes)-1]
}
