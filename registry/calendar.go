package registry

import (
	"slices"
	"strconv"
	"time"
)

// Calendar says which days of a year are working days: as the State Council
// announces them every year, data of the city. Saturdays and Sundays are off
// unless On names them.
type Calendar struct {
	Year     int    `cbor:"1,keyasint" json:"year"`
	Off      []Date `cbor:"2,keyasint,omitempty" json:"off,omitempty"` // holidays on weekdays
	On       []Date `cbor:"3,keyasint,omitempty" json:"on,omitempty"`  // weekend days that are worked
	Document string `cbor:"4,keyasint" json:"document"`
}

// Kind implements GovernanceRecord.
func (*Calendar) Kind() RecordKind { return KindCalendar }

// Name implements GovernanceRecord.
func (c *Calendar) Name() string { return strconv.Itoa(c.Year) }

// Check tells whether the record is well formed.
func (c *Calendar) Check() error {
	if c.Year < 1971 || c.Year > 9999 || c.Document == "" {
		return recordError("calendar", "year and document are required")
	}
	for _, d := range slices.Concat(c.Off, c.On) {
		if d.year() != c.Year {
			return recordError("calendar", "%s is not in %d", d, c.Year)
		}
	}
	return nil
}

// Calendars are the years at hand.
type Calendars []*Calendar

// Working tells whether a day is a working day. ok is false when its year is
// not at hand: then only weekends count as off.
func (cs Calendars) Working(d Date) (working, ok bool) {
	weekday := time.Unix(int64(d)*86400, 0).UTC().Weekday()
	working = weekday != time.Saturday && weekday != time.Sunday
	for _, c := range cs {
		if c.Year != d.year() {
			continue
		}
		switch {
		case slices.Contains(c.Off, d):
			return false, true
		case slices.Contains(c.On, d):
			return true, true
		}
		return working, true
	}
	return working, false
}

// Add counts n working days after a day (before it, for a negative n); the day
// itself does not count. known is false when a year was not at hand.
func (cs Calendars) Add(d Date, n int) (day Date, known bool) {
	step, known := Date(1), true
	if n < 0 {
		step, n = -1, -n
	}
	for n > 0 {
		d += step
		working, ok := cs.Working(d)
		known = known && ok
		if working {
			n--
		}
	}
	return d, known
}

// DateOfUnix is the civil date at +08:00 of Unix seconds.
func DateOfUnix(seconds int64) Date { return DateOf(time.Unix(seconds, 0)) }

func (d Date) year() int { return time.Unix(int64(d)*86400, 0).UTC().Year() }
