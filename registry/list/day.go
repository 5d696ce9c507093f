package list

import (
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"tongzheng/registry"
)

var (
	scientific = regexp.MustCompile(`^[+-]?\d+([.,]\d+)?[Ee][+-]\d+$`)
	// dayForm is a day as people write it; a weekday and a time may follow.
	dayForm   = regexp.MustCompile(`^(\d{4}) ?([-/.年]) ?(\d{1,2}) ?([-/.月]) ?(\d{1,2})( ?日)?(?: ?\(?(?:星期|周|礼拜)[一二三四五六日天]\)?)?(.*)$`)
	timeForm  = regexp.MustCompile(`^[ T,]*(?:(?:上午|下午|凌晨|中午|晚上) ?)?\d{1,2} ?[:时点].{0,30}$`)
	compact   = regexp.MustCompile(`^(\d{4})(\d{2})(\d{2})(?:\d{6})?$`)
	dayCount  = regexp.MustCompile(`^(\d{5})(?:\.\d+)?$`)
	numerals  = strings.NewReplacer("〇", "0", "○", "0", "零", "0", "一", "1", "二", "2", "三", "3", "四", "4", "五", "5", "六", "6", "七", "7", "八", "8", "九", "9")
	inChinese = regexp.MustCompile(`^([〇○零一二三四五六七八九]{4})年([〇零一二三四五六七八九十]{1,3})月([〇零一二三四五六七八九十]{1,3})日$`)
)

// The days that a bare number can stand for: 1971 to 2119.
const (
	firstCount = 25934
	lastCount  = 80354
)

// ParseDay reads a civil day at +08:00 as people and spreadsheets write it:
// 2026-06-01, 2026/6/1, 2026.6.1, 20260601, 2026年6月1日, 二〇二六年六月一日, full-width
// or not, with a time behind it or not. A bare number of five digits is a day
// count from 1899-12-30. Days without a year in front are refused: nobody can
// tell their months.
func ParseDay(text string) (registry.Date, bool) {
	folded := spaced(text)
	if t, err := time.Parse(time.RFC3339, folded); err == nil {
		return dated(registry.DateOf(t).String())
	}
	if m := inChinese.FindStringSubmatch(folded); m != nil {
		return fromParts(numerals.Replace(m[1]), ten(m[2]), ten(m[3]))
	}
	if m := compact.FindStringSubmatch(folded); m != nil {
		return fromParts(m[1], m[2], m[3])
	}
	if dayCount.MatchString(folded) {
		n, err := strconv.ParseFloat(folded, 64)
		day := OfCount(n, false)
		return day, err == nil && day != 0
	}
	m := dayForm.FindStringSubmatch(folded)
	if m == nil || (m[2] == "年") != (m[4] == "月") || m[2] != "年" && m[2] != m[4] {
		return 0, false
	}
	if rest := m[7]; rest != "" && (!timeForm.MatchString(rest) || m[6] == "" && rest[0] >= '0' && rest[0] <= '9') {
		return 0, false // else 2026/6/110:30 could be either of two days
	}
	return fromParts(m[1], m[3], m[5])
}

// spaced is a text in half width without what nobody sees, every run of white
// space being one space.
func spaced(text string) string {
	visible := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case registry.Invisible(r):
			return -1
		}
		return r
	}, norm.NFKC.String(text))
	return strings.Join(strings.Fields(visible), " ")
}

// OfCount is the day that a spreadsheet's day count stands for, zero for one
// outside our time. The time of the day is left out.
func OfCount(count float64, since1904 bool) registry.Date {
	if since1904 {
		count += 1462
	}
	if count < firstCount || count >= lastCount {
		return 0
	}
	return registry.Date(int(count+1e-9) - 25569)
}

// fromParts is the day of year, month and day in digits.
func fromParts(year, month, day string) (registry.Date, bool) {
	if len(month) < 2 {
		month = "0" + month
	}
	if len(day) < 2 {
		day = "0" + day
	}
	return dated(year + "-" + month + "-" + day)
}

func dated(text string) (registry.Date, bool) {
	d, err := registry.ParseDate(text)
	return d, err == nil && d != 0
}

// ten reads a Chinese numeral up to 99: 六, 十, 十一, 二十, 二十一.
func ten(text string) string {
	switch before, after, has := strings.Cut(text, "十"); {
	case !has:
		return numerals.Replace(text)
	case before == "" && after == "":
		return "10"
	case before == "":
		return "1" + numerals.Replace(after)
	case after == "":
		return numerals.Replace(before) + "0"
	default:
		return numerals.Replace(before + after)
	}
}
