package registry_test

import (
	"slices"
	"strings"
	"testing"
	"unicode"

	"tongzheng/registry"
)

// hidden are characters of every kind that no text may have, with what is
// wrong about them.
var hidden = map[string]rune{
	"control": 0x07, "line break": '\n', "delete": 0x7f, "next line": 0x85, "no-break space": 0xa0, "soft hyphen": 0xad,
	"grapheme joiner": 0x34f, "Arabic letter mark": 0x61c, "Hangul filler": 0x115f, "Hangul half filler": 0x3164, "halfwidth filler": 0xffa0,
	"Khmer inherent vowel": 0x17b4, "thin space": 0x2009, "zero-width space": 0x200b, "zero-width joiner": 0x200d, "right-to-left mark": 0x200f,
	"line separator": 0x2028, "right-to-left override": 0x202e, "word joiner": 0x2060, "isolate": 0x2066, "braille blank": 0x2800,
	"variation selector": 0xfe0f, "byte order mark": 0xfeff, "annotation": 0xfff9, "object": 0xfffc, "replacement": 0xfffd, "no character": 0xffff,
	"tag": 0xe0041, "ideographic variation": 0xe0100, "Kangxi radical": 0x2f08, "radical": 0x2ed7, "compatibility ideograph": 0xf9d1, "its supplement": 0x2f80a,
}

// The one rule for text, in a line, a paragraph and anywhere in a record.
func TestOneRuleForText(t *testing.T) {
	for name, r := range hidden {
		text := "兴国" + string(r) + "县"
		line, everywhere := registry.CheckText("f", text, 100), registry.CheckTexts(map[string]any{"a": []string{"x", text}})
		if registry.CodeOf(line) != registry.CodeFieldForm || !strings.Contains(line.Error(), "character 3 is U+") {
			t.Errorf("%s in a line: %v", name, line)
		}
		if registry.CodeOf(everywhere) != registry.CodeFieldForm || !strings.Contains(everywhere.Error(), "(a)") {
			t.Errorf("%s in a record: %v", name, everywhere)
		}
		if err := registry.CheckParagraph("f", text, 100); (err == nil) != (r == '\n') {
			t.Errorf("%s in a paragraph: %v", name, err)
		}
		if err := registry.CheckTexts(map[string]any{"kinds" + string(r): 1}); err == nil {
			t.Errorf("%s in a name", name)
		}
	}
	for _, good := range []string{"", "张　三", "𠮷野家（演示）", "阿依古丽·买买提", "O'Neil & Sons – №5", "﨑", "ᠮᠣᠩᠭᠣᠯ\u180eᠠ ᠪᠠ\u202fᠶᠢᠨ", "བོད", "ئۇيغۇر"} {
		if err := registry.CheckText("f", good, 100); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{" a", "a\u3000", "\xff", strings.Repeat("字", 101)} {
		if registry.CheckText("f", bad, 100) == nil {
			t.Errorf("%q", bad)
		}
	}
	if err := registry.CheckParagraph("f", "一\r\n\t二\n", 100); err != nil {
		t.Error(err)
	}
}

// What Unicode calls a control, a format character or ignorable is of the
// table, apart from signs that are drawn.
func TestInvisibleIsComplete(t *testing.T) {
	drawn := []rune{0x600, 0x601, 0x602, 0x603, 0x604, 0x605, 0x6dd, 0x70f, 0x890, 0x891, 0x8e2, 0x110bd, 0x110cd}
	for r := rune(0); r <= unicode.MaxRune; r++ {
		of := unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) ||
			unicode.Is(unicode.Zs, r) && r != ' ' && r != 0x3000
		if of && !registry.Invisible(r) && !slices.Contains(drawn, r) {
			t.Errorf("U+%04X", r)
		}
		if registry.Invisible(r) && (unicode.IsLetter(r) && !of || unicode.IsDigit(r)) {
			t.Errorf("U+%04X is seen", r)
		}
	}
}

// Rules version 1 keep what they accepted; since version 2 an entry's texts are
// held against the one rule.
func TestTextsByRules(t *testing.T) {
	minimal := minimalIntent()
	in := &minimal
	in.Decision = "兴行审〔2026〕1\u00ad号"
	e := &registry.Entry{Intent: in, Recording: in.Recording, Approvals: fill32(2)}
	first, second := &registry.Rules{Version: registry.RulesOfBeginning}, &registry.Rules{Version: registry.RulesOfRelations}
	for _, rules := range []*registry.Rules{nil, first} {
		if err := e.CheckUnder(rules); err != nil {
			t.Errorf("rules %v: %v", rules, err)
		}
	}
	if err := e.CheckUnder(second); registry.CodeOf(err) != registry.CodeFieldForm || !strings.Contains(err.Error(), "decision") {
		t.Error(err)
	}
	in.Decision = "兴行审〔2026〕1\u200b号"
	if e.CheckUnder(first) == nil {
		t.Error("rules version 1 refused a zero-width space")
	}
	order, err := registry.NewOrder(in.Organization, &registry.Matter{Code: "m", FullName: "取水\u2f0f许可"}, "依据", 1, 1, in.Previous)
	if err != nil {
		t.Fatal(err)
	}
	o := &registry.Entry{Order: order}
	if err := o.CheckUnder(first); err != nil {
		t.Error(err)
	}
	if registry.CodeOf(o.CheckUnder(second)) != registry.CodeFieldForm {
		t.Error("a radical in the name of a matter")
	}
}

// A citizen's number tells of a birth that can have been.
func TestBirthDay(t *testing.T) {
	today, _ := registry.ParseDate("2026-06-01")
	number := func(birth string) string {
		first := "360732" + birth + "001"
		for _, check := range "0123456789X" {
			if registry.CheckCitizenID(first+string(check), 20000) == nil || registry.CheckCitizenID(first+string(check), 60000) == nil {
				return first + string(check)
			}
		}
		return first + "?"
	}
	for birth, good := range map[string]bool{"19900101": true, "20260601": true, "20260602": false, "20991231": false, "18990101": true, "19700101": true} {
		err := registry.CheckHolderCode("111", number(birth), today)
		if (err == nil) != good || err != nil && registry.CodeOf(err) != registry.CodeCitizenID {
			t.Errorf("born %s: %v", birth, err)
		}
	}
	for _, birth := range []string{"18750101", "19900230", "00010101"} {
		for check := range 11 {
			if registry.CheckCitizenID("360732"+birth+"001"+string("0123456789X"[check]), today) == nil {
				t.Errorf("born %s", birth)
			}
		}
	}
}
