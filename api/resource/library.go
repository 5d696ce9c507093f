package resource

import (
	"time"

	"tongzheng/registry"
)

// Collection is the account of the copies of other members' licenses.
type Collection = registry.Collection

// CopyPage is a page of copies, the last taken over first.
type CopyPage struct {
	Items []CopyItem `json:"items"`
	Next  string     `json:"next,omitempty"`
}

// CopyItem is one license among the copies. Number and holder are there as far as the
// caller sees them.
type CopyItem struct {
	Identifier registry.Identifier `json:"identifier"` // of the newest version that is here
	Member     string              `json:"member"`     // whose registry has it
	Number     string              `json:"number,omitempty"`
	HolderName string              `json:"holder_name,omitempty"`
	IssuerName string              `json:"issuer_name"`
	Expires    registry.Date       `json:"expires"`
	Recorded   time.Time           `json:"recorded"`
	Relations  []registry.Relation `json:"relations"`
	Result     bool                `json:"result,omitempty"` // the result alone is here: the rest is withheld
}
