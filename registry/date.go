package registry

import (
	"fmt"
	"time"
)

// China is the zone of civil dates on licenses: +08:00, no daylight saving.
var China = time.FixedZone("+08:00", 8*60*60)

// Date is a civil date at +08:00, counted in days since 1970-01-01. Zero means
// no date. Its text form is 2006-01-02.
type Date int32

// LongTerm is how 长期 is written in license metadata (GB/T 36903): 9999-12-30.
const LongTerm Date = 2932895

// DateOf returns the civil date at +08:00 of an instant.
func DateOf(t time.Time) Date {
	return Date((t.Unix() + 8*60*60) / 86400)
}

// ParseDate reads 2006-01-02; the empty text is no date.
func ParseDate(s string) (Date, error) {
	if s == "" {
		return 0, nil
	}
	t, err := time.Parse("2006-01-02", s)
	if err != nil || t.Year() < 1971 {
		return 0, Errorf(CodeDateForm, "", "date %q: want YYYY-MM-DD, 1971 or later", s)
	}
	return Date(t.Unix() / 86400), nil
}

func (d Date) String() string {
	if d == 0 {
		return ""
	}
	return time.Unix(int64(d)*86400, 0).UTC().Format("2006-01-02")
}

// Start is the first instant of the day at +08:00.
func (d Date) Start() time.Time { return time.Unix(int64(d)*86400-8*60*60, 0).In(China) }

// AddYears returns the corresponding day n years later (AddMonths): 29 February
// becomes 28 February in a year that has none.
func (d Date) AddYears(n int) Date { return d.AddMonths(12 * n) }

// AddMonths returns the corresponding day n months later, or the end of that
// month where it has none: 31 August and six months, 28 or 29 February. It is
// the last day of a period whose first day does not count, as periods that an
// event begins (民法典 201, 202: 到期月的对应日为期间的最后一日；没有对应日的，
// 月末日为期间的最后一日).
func (d Date) AddMonths(n int) Date {
	day := d.addMonthsOver(n)
	t := time.Unix(int64(day)*86400, 0).UTC()
	if was := time.Unix(int64(d)*86400, 0).UTC().Day(); t.Day() != was {
		return day - Date(t.Day()) // ran over into the next month
	}
	return day
}

// addMonthsOver lets what a month does not have run over into the next: 29
// February becomes 1 March. Rules version 1 counted so.
func (d Date) addMonthsOver(n int) Date {
	return Date(time.Unix(int64(d)*86400, 0).UTC().AddDate(0, n, 0).Unix() / 86400)
}

// LastOf is the last day of a period of n months whose first day counts, as the
// terms printed on licenses do: the day before the corresponding day, or the
// end of that month where it has none. Five years from 1 September end on 31
// August; six months from 31 August on 28 or 29 February.
func (d Date) LastOf(n int) Date {
	if last := d.AddMonths(n); last != d.addMonthsOver(n) {
		return last
	}
	return d.AddMonths(n) - 1
}

// Chinese writes the date as licenses print it: 2026年11月21日, or 长期.
func (d Date) Chinese() string {
	switch d {
	case 0:
		return ""
	case LongTerm:
		return "长期"
	}
	t := time.Unix(int64(d)*86400, 0).UTC()
	return fmt.Sprintf("%d年%d月%d日", t.Year(), int(t.Month()), t.Day())
}

// MarshalText writes the text form.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads the text form.
func (d *Date) UnmarshalText(text []byte) error {
	parsed, err := ParseDate(string(text))
	*d = parsed
	return err
}
