// Package explain says what people sign in words: an intent, a governance order, a
// step of a case file, field by field and beside what was there before, with names
// and days in place of codes, keys and seconds. Whoever asks for a signature shows
// these lines; nothing of what is signed is left out.
//
// It must not decide anything, and must not shorten: a field without words of its
// own fails the test, not the reader.
package explain

import (
	"reflect"
	"strconv"

	"tongzheng/registry"
)

// Line is one field in words.
type Line struct {
	Chinese, English string // label
	Depth            int    // how far inside another field it stands
	Value            string // empty for a heading, and for what is gone
	Was              string // what stood there before; empty for nothing
	Changed          bool
}

// Explainer names what records name. Without records it shows codes.
type Explainer struct{ records registry.Records }

// New explains over governance records; nil for none.
func New(records registry.Records) *Explainer { return &Explainer{records} }

// Order says what a governance order sets, beside the record that it follows: nil
// for a new one. Fields that are and stay empty are left out.
func (e *Explainer) Order(order *registry.Order, before registry.GovernanceRecord) ([]Line, error) {
	record, err := order.Decode()
	if err != nil {
		return nil, err
	}
	now, was := e.flat(reflect.ValueOf(record)), map[string]field(nil)
	if before != nil && !reflect.ValueOf(before).IsNil() {
		was = byPath(e.flat(reflect.ValueOf(before)))
	}
	return compared(now, was), nil
}

// Head says what an order is, beside its record: by whom, on what, when, and after which
// order for the same record.
func (e *Explainer) Head(order *registry.Order) []Line {
	lines := []Line{{Chinese: "发令机关", English: "Ordered by", Value: e.Organization(order.Organization)}, {Chinese: "依据", English: "Basis", Value: order.Basis},
		{Chinese: "决定时间", English: "Decided", Value: instant("Order.Decided", order.Decided)},
		{Chinese: "本记录第几令", English: "Number among the record's orders", Value: strconv.FormatUint(order.Sequence, 10)}}
	if !order.Previous.IsZero() {
		lines = append(lines, Line{Chinese: "前一令", English: "Order before", Value: "SM3 " + order.Previous.String()})
	}
	return lines
}

// Intent says what an act is.
func (e *Explainer) Intent(in *registry.Intent) []Line {
	return compared(e.flat(reflect.ValueOf(in)), nil)
}

// Step says what a step of a case file states.
func (e *Explainer) Step(s *registry.CaseStatement) []Line {
	return compared(e.flat(reflect.ValueOf(s)), nil)
}

// Changed tells whether lines have anything that differs from before.
func Changed(lines []Line) bool {
	for _, l := range lines {
		if l.Changed {
			return true
		}
	}
	return false
}

// field is one value on its way to a line. Its path names it in both records.
type field struct {
	path  string
	label words
	depth int
	value string
}

func byPath(fields []field) map[string]field {
	at := map[string]field{}
	for _, f := range fields {
		at[f.path] = f
	}
	return at
}

// compared lays fields beside those of before: what is new or other is marked, and
// what is gone is shown where its neighbor stood. was is nil for nothing before: then
// nothing is marked.
func compared(now []field, was map[string]field) []Line {
	var lines []Line
	seen := map[string]bool{}
	for _, f := range now {
		seen[f.path] = true
		line := Line{Chinese: f.label.Chinese, English: f.label.English, Depth: f.depth, Value: f.value}
		if was != nil {
			old, there := was[f.path]
			line.Was, line.Changed = old.value, !there || old.value != f.value
			if !line.Changed {
				line.Was = ""
			}
		}
		lines = append(lines, line)
	}
	for _, path := range ordered(was) {
		if f := was[path]; !seen[path] {
			lines = append(lines, Line{Chinese: f.label.Chinese, English: f.label.English, Depth: f.depth, Was: f.value, Changed: true})
		}
	}
	return lines
}
