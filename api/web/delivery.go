package web

import (
	"tongzheng/registry"
	"tongzheng/registry/office"
)

// Deliveries is the queue of results to hand over.
type Deliveries struct {
	Act  string // that the rows wait for; empty: any
	Acts []registry.Act
	Rows []DeliveryRow
	Next string // cursor of the next page
}

// DeliveryRow is one thing that the paper of a license waits for. URL is the form
// of the act, empty when the account may not do it now; Download is the sheet for
// the printer.
type DeliveryRow struct {
	office.SearchItem
	Due           office.PaperDue
	Identifier    registry.Identifier // of the version concerned
	URL, Download string
}

// RelationName is how a relation is said in both languages.
func RelationName(is registry.Relation) Pair { return Pair{is.Chinese(), string(is)} }

var dueWords = map[registry.Act]Pair{
	registry.Print: {"待打印", "to be printed"}, registry.Reprint: {"待重打", "to be printed again"},
	registry.Deliver: {"待送达", "to be delivered"}, registry.Recover: {"待收回", "to be recovered"},
}

// DueName says what paper waits for.
func DueName(act registry.Act) Pair { return dueWords[act] }
