package web

import (
	"tongzheng/registry"
	"tongzheng/registry/office"
)

// Listing is the list of licenses with what the ledger says of each today.
type Listing struct {
	Query office.SearchQuery
	Steps []office.Step
	Rows  []ListRow
	Next  string // cursor of the next page
	Names bool   // the account may look licenses up by number and holder

	Relations []registry.Relation // to choose from
}

// ListRow is one license. Word is empty before it is recorded.
type ListRow struct {
	office.SearchItem
	Word registry.Word
}
