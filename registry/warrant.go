package registry

import (
	"slices"

	"tongzheng/registry/sm"
)

// Warrant is what makes an order more than the registry's wish: two governors'
// signatures over the sheet that the order stands on, or, for an examination,
// the case file that its persons signed. The signer asks for it.
type Warrant struct {
	Sheet     []sm.Digest // orders signed together; empty: this order alone
	Approvals []Approval  // over registry.SheetDigest
	Case      []CaseStep
}

// Signed is the digest that the governors signed for an order.
// CodeApprovalSignature when the order is not on their sheet.
func (w *Warrant) Signed(order sm.Digest) (sm.Digest, error) {
	if len(w.Sheet) == 0 {
		return order, nil
	}
	if !slices.Contains(w.Sheet, order) {
		return order, Errorf(CodeApprovalSignature, "approvals", "the order is not on the sheet that was signed")
	}
	return SheetDigest(w.Sheet), nil
}
