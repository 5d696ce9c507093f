package office

import (
	"strings"

	"tongzheng/registry"
)

// Delivery (送达) is who got a sheet, and how. It is personal, so it is kept as
// the remark of its act; the ledger has its digest (Intent.Evidence) only.
type Delivery struct {
	Receiver string // who took it
	Relation string // holder, agent with a letter of attorney, …
	Courier  string // empty when handed over at the counter
	Number   string // of the courier's slip
}

// Remark is the delivery in its one form, so that the digest can be made again
// from what a receipt says.
func (d Delivery) Remark() (string, error) {
	if d.Receiver == "" || (d.Courier == "") != (d.Number == "") {
		return "", registry.Errorf(registry.CodeMissing, "delivery", "who took it, and with a courier the number of the slip")
	}
	for _, part := range []string{d.Receiver, d.Relation, d.Courier, d.Number} {
		if strings.ContainsAny(part, "|\n") {
			return "", registry.Errorf(registry.CodeMalformed, "delivery", "no line breaks and no bars")
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
