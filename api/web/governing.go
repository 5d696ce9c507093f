package web

import (
	"tongzheng/registry"
	"tongzheng/registry/explain"
	"tongzheng/registry/office"
)

// Signing is the way to the signing page for what a page shows; nil when the account
// has no passkey.
type Signing struct {
	Post   string // form that leads there
	Hidden []Pair // its fields, name and value
}

// Orders is the list of order sheets.
type Orders struct{ Sheets []*office.OrderSheet }

// Order is one order sheet.
type Order struct {
	Sheet   *office.OrderSheet
	Lines   []OrderLine
	Asked   int
	Awaits  []string // members whose signers have not signed yet
	Sign    *Signing
	Refusal *Pair
}

// OrderLine is one order: the record that it sets, and the one that the ledger
// has now (empty: none, or the same).
type OrderLine struct {
	Kind                      Pair
	Name, Organization, Basis string
	New                       bool           // the ledger has no such record
	Lines                     []explain.Line // field by field, beside the record that the ledger has
}

// RecordName is a record kind's name in both languages.
func RecordName(kind registry.RecordKind) Pair {
	chinese, english := explain.Kind(kind)
	return Pair{Chinese: chinese, English: english}
}

var sheetWords = map[office.SheetStep]Pair{
	office.SheetOpen: {"待签署", "open"}, office.SheetSet: {"已上链", "set"}, office.SheetRefused: {"被拒绝", "refused"}, office.SheetDropped: {"已放弃", "dropped"},
}
