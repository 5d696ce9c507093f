package list

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"tongzheng/registry"
)

// textMost is how many characters a cell may have.
const textMost = 500

func (r *Record) cell(name string) Cell {
	if i, ok := r.at[name]; ok && i < len(r.cells) {
		return r.cells[i]
	}
	return Cell{}
}

// Fault notes what is wrong with a cell, once.
func (r *Record) Fault(name, reason string) {
	i := slices.IndexFunc(r.columns, func(c Column) bool { return c.Name == name })
	p := Problem{Cell: Address(r.at[name], r.Row), Column: r.columns[i], Value: shorten(oneLine(r.cell(name).Text)), Reason: reason}
	if p.Column.Private {
		p.Value = mask(p.Value)
	}
	if !slices.ContainsFunc(r.Problems, func(q Problem) bool { return q.Cell == p.Cell && q.Reason == reason }) {
		r.Problems = append(r.Problems, p)
	}
}

// shown is what a cell of text has in it; false when the cell is bad or empty.
func (r *Record) shown(name string) (string, bool) {
	c := r.cell(name)
	switch {
	case c.Fault != "":
		r.Fault(name, c.Fault)
		return "", false
	case c.Dated:
		r.Fault(name, "单元格是日期 the cell holds a date: format the column as text and type it again")
		return "", false
	}
	return c.Text, !blank(c.Text)
}

// Has tells whether the table has the column.
func (r *Record) Has(name string) bool { _, ok := r.at[name]; return ok }

// Text is a cell's text in one line, without outer white space.
func (r *Record) Text(name string) string {
	text, ok := r.shown(name)
	if !ok {
		return ""
	}
	text = oneLine(text)
	if err := registry.CheckText(name, text, textMost); err != nil {
		r.Fault(name, "文字不符合要求 "+detail(err))
		return ""
	}
	return text
}

// Key is the text of a name within a system: folded to half width, without
// white space and what nobody sees.
func (r *Record) Key(name string) string {
	text, ok := r.shown(name)
	if !ok {
		return ""
	}
	text = strings.TrimPrefix(squeeze(text), "'") // how people keep a spreadsheet from counting
	if err := registry.CheckText(name, text, textMost); err != nil {
		r.Fault(name, "文字不符合要求 "+detail(err))
		return ""
	}
	return text
}

// Code is a Key of letters, digits and ASCII signs.
func (r *Record) Code(name string) string {
	text := r.Key(name)
	if strings.ContainsFunc(text, func(c rune) bool { return c > unicode.MaxASCII }) {
		r.Fault(name, "不是代码 not a code: want letters and digits")
		return ""
	}
	return text
}

// Organization is a credit code (统一社会信用代码), its form and check character
// held against GB 32100. Some early real codes fail the check: one whose form
// holds passes when known says that it is registered.
func (r *Record) Organization(name string, known func(code string) bool) string {
	return r.creditCode(name, r.Key(name), known)
}

// Codes are several codes, with commas, semicolons, white space or line breaks
// between; sorted, each once.
func (r *Record) Codes(name string) (codes []string) {
	text, _ := r.shown(name)
	for _, one := range strings.FieldsFunc(text, func(c rune) bool { return unicode.IsSpace(c) || strings.ContainsRune(",;、，；", c) }) {
		one = strings.TrimPrefix(squeeze(one), "'")
		switch {
		case one == "":
		case strings.ContainsFunc(one, func(c rune) bool { return c > unicode.MaxASCII }):
			r.Fault(name, "不是代码 not a code: want letters and digits")
		default:
			codes = append(codes, one)
		}
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}

// Organizations are several of them, with commas, semicolons, white space or
// line breaks between.
func (r *Record) Organizations(name string, known func(code string) bool) []string {
	text, _ := r.shown(name)
	var codes []string
	for _, one := range strings.FieldsFunc(text, func(c rune) bool { return unicode.IsSpace(c) || strings.ContainsRune(",;、，；", c) }) {
		if one = squeeze(one); one == "" {
			continue
		}
		if code := r.creditCode(name, one, known); code != "" {
			codes = append(codes, code)
		}
	}
	return codes
}

func (r *Record) creditCode(name, text string, known func(code string) bool) string {
	if text == "" {
		return ""
	}
	code := strings.ToUpper(text)
	err := registry.CheckUSCC(code)
	if err == nil || registry.CodeOf(err) == registry.CodeUSCCCheck && known != nil && known(code) {
		return code
	}
	r.Fault(name, "不是统一社会信用代码 not a credit code: "+detail(err))
	return ""
}

// Day is a civil day.
func (r *Record) Day(name string) registry.Date {
	c := r.cell(name)
	if c.Fault != "" {
		r.Fault(name, c.Fault)
		return 0
	}
	if c.Dated && c.Day > 0 {
		return c.Day
	}
	if blank(c.Text) {
		return 0
	}
	if day, ok := ParseDay(c.Text); ok && !c.Dated {
		if c.Day != 0 && dayCount.MatchString(squeeze(c.Text)) {
			return c.Day // a number, by the date system of its workbook
		}
		return day
	}
	r.Fault(name, "日期无法识别 not a day: want 2026-06-01 or 2026年6月1日")
	return 0
}

// Yes is 是 or 否; an empty cell is 否.
func (r *Record) Yes(name string) bool {
	text, ok := r.shown(name)
	if !ok {
		return false
	}
	switch strings.ToLower(squeeze(text)) {
	case "是", "yes", "true", "1", "√", "✓":
		return true
	case "否", "no", "false", "0", "×":
	default:
		r.Fault(name, "请填是或否 want yes or no")
	}
	return false
}

// Choice is one of several words, by its Chinese or its English name.
func Choice[T ~string](r *Record, name string, words map[string]T) T {
	text, ok := r.shown(name)
	if !ok {
		return ""
	}
	folded := squeeze(text)
	if word, ok := words[folded]; ok {
		return word
	}
	var known []string
	for chinese, word := range words {
		if strings.EqualFold(folded, string(word)) {
			return word
		}
		known = append(known, chinese)
	}
	slices.Sort(known)
	r.Fault(name, "不是可填的值 want one of: "+strings.Join(known, "、"))
	return ""
}

// oneLine is a text without outer white space and line breaks: between
// ideographs a break means nothing, elsewhere it is a space.
func oneLine(text string) string {
	var out []rune
	broken := false
	for _, c := range strings.TrimFunc(text, unicode.IsSpace) {
		if c == '\n' || c == '\r' {
			broken = true
			continue
		}
		if broken && unicode.IsSpace(c) {
			continue
		}
		if last := len(out) - 1; broken && last >= 0 && !unicode.IsSpace(out[last]) && !(wide(out[last]) && wide(c)) {
			out = append(out, ' ')
		}
		broken = false
		out = append(out, c)
	}
	return string(out)
}

func wide(r rune) bool {
	return unicode.Is(unicode.Han, r) || r >= 0x3000 && r <= 0x303f || r >= 0xff00 && r <= 0xff65
}

func detail(err error) string {
	if coded, ok := err.(*registry.Error); ok {
		return coded.Detail
	}
	return err.Error()
}

// faultsMost is how many bad rows an error names.
const faultsMost = 50

// Faults is one error that names every problem of records, nil when there is
// none.
func Faults(records []*Record) error {
	var rows []string
	bad := 0
	for _, r := range records {
		if len(r.Problems) == 0 {
			continue
		}
		if bad++; bad > faultsMost {
			continue
		}
		var problems []string
		for _, p := range r.Problems {
			problems = append(problems, p.String())
		}
		rows = append(rows, fmt.Sprintf("第 %d 行 row %d: %s", r.Row, r.Row, strings.Join(problems, "；")))
	}
	if bad == 0 {
		return nil
	}
	if bad > faultsMost {
		rows = append(rows, fmt.Sprintf("及另外 %d 行 and %d more rows", bad-faultsMost, bad-faultsMost))
	}
	return registry.Errorf(registry.CodeMalformed, "row", "%d 行有误 bad rows: %s", bad, strings.Join(rows, "\n"))
}
