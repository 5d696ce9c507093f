package registry

import (
	"encoding/json"
	"slices"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"
)

// invisible are the characters that nobody sees: controls, soft hyphen, signs
// of direction, of zero width, fillers, variation selectors, tags, spaces that
// look like another. The table is written out, so that all who judge a text
// judge alike whatever edition of Unicode their compiler knows.
var invisible = &unicode.RangeTable{R16: []unicode.Range16{
	{0x0000, 0x001f, 1}, {0x007f, 0x00a0, 1}, {0x00ad, 0x00ad, 1}, {0x034f, 0x034f, 1}, {0x061c, 0x061c, 1},
	{0x115f, 0x1160, 1}, {0x1680, 0x1680, 1}, {0x17b4, 0x17b5, 1}, {0x180b, 0x180f, 1}, {0x2000, 0x200f, 1},
	{0x2028, 0x202f, 1}, {0x205f, 0x206f, 1}, {0x2800, 0x2800, 1}, {0x3164, 0x3164, 1}, {0xfdd0, 0xfdef, 1},
	{0xfe00, 0xfe0f, 1}, {0xfeff, 0xfeff, 1}, {0xffa0, 0xffa0, 1}, {0xfff0, 0xffff, 1},
}, R32: []unicode.Range32{{0x13430, 0x1343f, 1}, {0x1bca0, 0x1bca3, 1}, {0x1d173, 0x1d17a, 1}, {0xe0000, 0xe0fff, 1}}, LatinOffset: 3}

// lookalike are the characters that look like an ideograph and are another:
// radicals (Kangxi 康熙部首 among them), compatibility ideographs. The twelve
// ideographs that stand among the latter and are none are left out.
var lookalike = &unicode.RangeTable{R16: []unicode.Range16{
	{0x2e80, 0x2fdf, 1}, {0xf900, 0xfa0d, 1}, {0xfa10, 0xfa10, 1}, {0xfa12, 0xfa12, 1}, {0xfa15, 0xfa1e, 1}, {0xfa20, 0xfa20, 1},
	{0xfa22, 0xfa22, 1}, {0xfa25, 0xfa26, 1}, {0xfa2a, 0xfaff, 1},
}, R32: []unicode.Range32{{0x2f800, 0x2fa1f, 1}}}

// ofMongolian are the invisible characters that shape Mongolian letters and
// belong to its spelling. They are text behind a Mongolian letter only.
var ofMongolian = &unicode.RangeTable{R16: []unicode.Range16{{0x180b, 0x180f, 1}, {0x202f, 0x202f, 1}}}

// Invisible tells whether nobody sees the character. White space that people
// type (space, ideographic space) is none; line breaks are.
func Invisible(r rune) bool { return unicode.Is(invisible, r) }

// CheckText refuses what cannot stand in one line of a license, a decision or a
// record: too long, not UTF-8, outer white space, a character that nobody sees
// or that looks like another. It is the one rule for all text; texts are kept
// as they were typed, never mended.
func CheckText(field, value string, maxRunes int) error {
	if err := checkLength(field, value, maxRunes); err != nil {
		return err
	}
	if strings.TrimSpace(value) != value {
		return Errorf(CodeFieldForm, field, "white space at an end")
	}
	return checkCharacters(field, value)
}

// CheckParagraph is CheckText for a text that may have line breaks and outer
// white space: remarks, opinions.
func CheckParagraph(field, value string, maxRunes int) error {
	if err := checkLength(field, value, maxRunes); err != nil {
		return err
	}
	return checkCharacters(field, strings.NewReplacer("\r\n", " ", "\n", " ", "\t", " ").Replace(value))
}

func checkLength(field, value string, maxRunes int) error {
	if !utf8.ValidString(value) {
		return Errorf(CodeFieldForm, field, "not valid UTF-8")
	}
	if n := utf8.RuneCountInString(value); n > maxRunes {
		return Errorf(CodeFieldForm, field, "%d characters, at most %d", n, maxRunes)
	}
	return nil
}

func checkCharacters(field, value string) error {
	place, mongolian := 0, false
	for _, r := range value {
		place++
		if r >= ' ' && r <= '~' {
			mongolian = false
			continue
		}
		shapes := mongolian && unicode.Is(ofMongolian, r)
		switch {
		case unicode.Is(invisible, r) && !shapes, unicode.Is(unicode.Noncharacter_Code_Point, r), r == utf8.RuneError:
			return Errorf(CodeFieldForm, field, "character %d is U+%04X, which nobody sees: type the text without it", place, r)
		case unicode.Is(lookalike, r):
			return Errorf(CodeFieldForm, field, "character %d is U+%04X, a radical or compatibility form that only looks like an ideograph: type it, do not copy it", place, r)
		}
		mongolian = shapes || r >= 0x1820 && r <= 0x18aa
	}
	return nil
}

// CheckTexts holds every text in a thing's JSON form against the rule of
// CheckText, lengths and outer white space apart. The error names the field.
func CheckTexts(thing any) error {
	raw, err := json.Marshal(thing)
	if err != nil {
		return Errorf(CodeMalformed, "", "not a JSON value").WithCause(err)
	}
	var value any
	if err := json.Unmarshal(raw, &value); err != nil {
		return Errorf(CodeMalformed, "", "not a JSON value").WithCause(err)
	}
	return checkValue("", value)
}

func checkValue(field string, value any) error {
	switch v := value.(type) {
	case string:
		return checkCharacters(field, v)
	case []any:
		for _, one := range v {
			if err := checkValue(field, one); err != nil {
				return err
			}
		}
	case map[string]any:
		names := make([]string, 0, len(v))
		for name := range v {
			names = append(names, name)
		}
		sort.Strings(names) // all who judge name the same field
		for _, name := range names {
			below := strings.TrimPrefix(field+"."+name, ".")
			if err := checkCharacters(below, name); err != nil {
				return Errorf(CodeOf(err), field, "a name in it: %s", err.(*Error).Detail)
			}
			if err := checkValue(below, v[name]); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkTextFirst is what rules version 1 ask of a text on the ledger. What they
// accepted stays on it.
func checkTextFirst(field, value string, maxRunes int) error {
	if err := checkLength(field, value, maxRunes); err != nil {
		return err
	}
	if strings.TrimSpace(value) != value {
		return Errorf(CodeFieldForm, field, "white space at an end")
	}
	hidden := func(r rune) bool {
		return r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r >= 0x200b && r <= 0x200f ||
			r >= 0x202a && r <= 0x202e || r >= 0x2060 && r <= 0x206f || r == 0xfeff || r == utf8.RuneError
	}
	if slices.ContainsFunc([]rune(value), hidden) {
		return Errorf(CodeFieldForm, field, "control or invisible character")
	}
	return nil
}
