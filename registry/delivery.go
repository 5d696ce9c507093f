package registry

import "strings"

// Delivery (送达) is who got a sheet, and how. It is personal, so it is kept as
// the remark of its act; the ledger has its digest (Intent.Evidence) only.
type Delivery struct {
	Receiver string `json:"receiver"`           // who took it
	Relation string `json:"relation,omitempty"` // holder, agent with a letter of attorney, …
	Courier  string `json:"courier,omitempty"`  // empty when handed over at the counter
	Number   string `json:"number,omitempty"`   // of the courier's slip
}

// Remark is the delivery in its one form, so that the digest can be made again
// from what a receipt says.
func (d Delivery) Remark() (string, error) {
	if d.Receiver == "" || (d.Courier == "") != (d.Number == "") {
		return "", Errorf(CodeMissing, "delivery", "who took it, and with a courier the number of the slip")
	}
	for _, part := range []string{d.Receiver, d.Relation, d.Courier, d.Number} {
		if strings.ContainsAny(part, "|\n") {
			return "", Errorf(CodeMalformed, "delivery", "no line breaks and no bars")
		}
		if err := CheckText("delivery", part, 100); err != nil {
			return "", err
		}
	}
	return strings.Join([]string{"送达", d.Receiver, d.Relation, d.Courier, d.Number}, "|"), nil
}

// ParseDelivery reads a remark back; false when it tells of no delivery.
func ParseDelivery(remark string) (Delivery, bool) {
	parts := strings.Split(remark, "|")
	if len(parts) != 5 || parts[0] != "送达" {
		return Delivery{}, false
	}
	return Delivery{parts[1], parts[2], parts[3], parts[4]}, true
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
		app.Remark, err = app.Delivery.Remark()
	}
	return err
}
