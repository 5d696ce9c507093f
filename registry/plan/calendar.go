package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tongzheng/registry"
)

// Calendar is a year's holidays as the yearly notice lists them.
type Calendar struct {
	Year     int             `yaml:"year"`
	Document string          `yaml:"document"`
	Holidays []string        `yaml:"holidays"` // 2026-01-01, or first..last
	Worked   []registry.Date `yaml:"worked"`   // weekend days that are worked
}

// record is the calendar as the ledger holds it: of the holidays only those
// that would be working days.
func (c Calendar) record() (*registry.Calendar, error) {
	record := &registry.Calendar{Year: c.Year, Document: c.Document, On: c.Worked}
	for _, holiday := range c.Holidays {
		first, last, ranged := strings.Cut(holiday, "..")
		if !ranged {
			last = first
		}
		from, err := registry.ParseDate(first)
		if err != nil {
			return nil, err
		}
		to, err := registry.ParseDate(last)
		if err != nil || to < from {
			return nil, fmt.Errorf("calendar %d: holiday %s", c.Year, holiday)
		}
		for day := from; day <= to; day++ {
			if !weekend(day) {
				record.Off = append(record.Off, day)
			}
		}
	}
	if i := slices.IndexFunc(c.Worked, func(d registry.Date) bool { return !weekend(d) }); i >= 0 {
		return nil, fmt.Errorf("calendar %d: %s is no weekend day", c.Year, c.Worked[i])
	}
	return record, record.Check()
}

func weekend(d registry.Date) bool {
	weekday := d.Start().Weekday()
	return weekday == time.Saturday || weekday == time.Sunday
}

// CalendarRecords are the calendars of working days, by which statutory days
// are counted.
func (p *Plan) CalendarRecords() []*registry.Calendar {
	var records []*registry.Calendar
	for _, c := range p.Calendars {
		record, err := c.record()
		if err != nil {
			panic(err) // Load has checked it
		}
		records = append(records, record)
	}
	return records
}
