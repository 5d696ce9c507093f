package registry

import (
	"errors"
	"strings"
	"unicode"
)

// Delivery (送达) is who got a sheet, and how. It is personal, so it is kept as
// the remark of its act; the ledger has its digest (Intent.Evidence) only.
type Delivery struct {
	Receiver string `json:"receiver"`           // who took it
	Relation string `json:"relation,omitempty"` // holder, agent with a letter of attorney, …
	Courier  string `json:"courier,omitempty"`  // empty when handed over at the counter
	Number   string `json:"number,omitempty"`   // of the courier's slip

	IDChecked string `json:"id_checked,omitempty"` // kind of identity document that was looked at, never its number
}

// Faults lists everything that is wrong with the delivery on its ground (empty while
// none is chosen), by field (delivery.receiver and the like); none for one that can
// be kept.
func (d Delivery) Faults(ground string) (faults []*Error) {
	fault := func(code Code, field, format string, args ...any) {
		faults = append(faults, Errorf(code, "delivery."+field, format, args...))
	}
	if d.Receiver == "" {
		fault(CodeMissing, "receiver", "who took the sheet")
	}
	sent := ground == GroundByCourier
	switch {
	case d.Courier == "" && (sent || d.Number != ""):
		fault(CodeMissing, "courier", "who brought it, and whose slip it is")
	case d.Courier != "" && (ground == GroundAtCounter || ground == GroundElectronic):
		fault(CodeMalformed, "courier", "no courier brings what is collected at the counter or delivered electronically")
	}
	if (sent || d.Courier != "") && d.Number == "" {
		fault(CodeMissing, "number", "of the courier's slip")
	}
	for _, part := range []struct{ field, text string }{{"receiver", d.Receiver}, {"relation", d.Relation}, {"courier", d.Courier}, {"number", d.Number}, {"id_checked", d.IDChecked}} {
		var coded *Error
		if strings.ContainsAny(part.text, "|\n") {
			fault(CodeMalformed, part.field, "no line breaks and no bars")
		} else if err := CheckText("delivery."+part.field, part.text, 100); errors.As(err, &coded) {
			faults = append(faults, coded)
		}
	}
	if digitsIn(d.IDChecked) > 4 {
		fault(CodeMalformed, "id_checked", "the kind of document alone: numbers of identity documents are not kept")
	}
	return faults
}

func digitsIn(text string) (n int) {
	for _, c := range text {
		if unicode.IsDigit(c) {
			n++
		}
	}
	return n
}

// Remark is the delivery in its one form, so that the digest can be made again
// from what a receipt says. The error names every fault.
func (d Delivery) Remark(ground string) (string, error) {
	if faults := d.Faults(ground); len(faults) == 1 {
		return "", faults[0]
	} else if len(faults) > 1 {
		var all []string
		for _, fault := range faults {
			all = append(all, fault.Field+": "+fault.Detail)
		}
		return "", Errorf(faults[0].Code, "delivery", "%s", strings.Join(all, "; "))
	}
	parts := []string{"送达", d.Receiver, d.Relation, d.Courier, d.Number}
	if d.IDChecked != "" {
		parts = append(parts, d.IDChecked)
	}
	return strings.Join(parts, "|"), nil
}

// ParseDelivery reads a remark back; false when it tells of no delivery.
func ParseDelivery(remark string) (Delivery, bool) {
	parts := strings.Split(remark, "|")
	if len(parts) != 5 && len(parts) != 6 || parts[0] != "送达" {
		return Delivery{}, false
	}
	d := Delivery{Receiver: parts[1], Relation: parts[2], Courier: parts[3], Number: parts[4]}
	if len(parts) == 6 {
		d.IDChecked = parts[5]
	}
	return d, true
}

// Delivered writes the delivery into the remark. An act of delivery says who
// took the sheet, here or in the remark; by courier, with the slip's number.
func (app *Application) Delivered() (err error) {
	switch {
	case app.Delivery != nil && (app.Act != Deliver || app.Remark != ""):
		return Errorf(CodeUnknownField, "delivery", "a delivery belongs to the act deliver, in place of a remark")
	case app.Act != Deliver:
		return nil
	case app.Delivery == nil && app.Remark == "":
		return Errorf(CodeMissing, "delivery", "who took the sheet")
	case app.Delivery != nil:
		app.Remark, err = app.Delivery.Remark(app.Ground)
	}
	return err
}
