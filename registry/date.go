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

// AddYears returns the same day n years later, 29 February becoming 1 March.
func (d Date) AddYears(n int) Date { return d.AddMonths(12 * n) }

// AddMonths returns the same day n months later; what a month does not have runs
// over into the next.
func (d Date) AddMonths(n int) Date {
	return Date(time.Unix(int64(d)*86400, 0).UTC().AddDate(0, n, 0).Unix() / 86400)
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
