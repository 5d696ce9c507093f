package resource

import (
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// LicensePage is one page of a list.
type LicensePage struct {
	Items []LicenseItem `json:"items"`
	Next  string        `json:"next,omitempty"` // cursor; empty at the end
}

// LicenseItem is one license in a list.
type LicenseItem struct {
	Identifier registry.Identifier `json:"identifier"`
	TypeName   string              `json:"type_name"`
	Number     string              `json:"number"`
	HolderName string              `json:"holder_name"`
	IssuerName string              `json:"issuer_name"`
	Expires    registry.Date       `json:"expires"`
	LastAct    registry.Act        `json:"last_act"`
	Step       Step                `json:"step"`
	Updated    time.Time           `json:"updated"`
	Relations  []registry.Relation `json:"relations,omitempty"` // what the caller's organization is to it; holder and number are left out where none sees them
}

// License is one license, as much of it as the caller may see: with the sight
// result no holder's code and no fields, no codes of sheets and no ledger state;
// with the sight status neither number nor holder.
type License struct {
	Sight       registry.Right        `json:"sight"`      // content, result or status
	Identifier  registry.Identifier   `json:"identifier"` // of the version in force
	Type        string                `json:"type"`
	TypeName    string                `json:"type_name"`
	State       registry.State        `json:"state"`
	Verdict     registry.Verdict      `json:"verdict"`
	Versions    []Version             `json:"versions"`
	Printings   []Printing            `json:"printings"`
	Proceedings []Line                `json:"proceedings"`
	Ledger      *registry.License     `json:"ledger,omitempty"`
	National    *registry.NationalRow `json:"national,omitempty"`
	InFlight    *sm.Digest            `json:"in_flight,omitempty"`
	Relations   []registry.Relation   `json:"relations,omitempty"` // what the caller's organization is to it
	Actions     []registry.Offer      `json:"actions"`             // what the caller may apply for now
}

// DeliveryPage is one page of the queue of results to hand over.
type DeliveryPage struct {
	Items []DeliveryItem `json:"items"`
	Next  string         `json:"next,omitempty"` // cursor; empty at the end
}

// DeliveryItem is a license whose paper waits for the caller's organization.
type DeliveryItem struct {
	Identifier registry.Identifier `json:"identifier"` // newest version
	TypeName   string              `json:"type_name"`
	Number     string              `json:"number"`
	HolderName string              `json:"holder_name"`
	IssuerName string              `json:"issuer_name"`
	Relations  []registry.Relation `json:"relations"`
	Due        []PaperDue          `json:"due"`
}

// PaperDue is one thing that the paper waits for.
type PaperDue struct {
	registry.PaperDue
	Identifier registry.Identifier `json:"identifier"` // of the version concerned: where the act is posted
	Blank      string              `json:"blank,omitempty"`
	May        bool                `json:"may"` // the caller may apply for the act now
}

// Version is one version of a license.
type Version struct {
	Identifier registry.Identifier `json:"identifier"`
	Number     string              `json:"number,omitempty"`
	Issuer     string              `json:"issuer"`
	Holder     *registry.Holder    `json:"holder,omitempty"`      // content alone
	HolderName string              `json:"holder_name,omitempty"` // result alone
	Issued     registry.Date       `json:"issued"`
	Effective  registry.Date       `json:"effective"`
	Expires    registry.Date       `json:"expires"`
	Fields     map[string]string   `json:"fields,omitempty"`
	Released   bool                `json:"released"`
	Pending    bool                `json:"pending"`
	Intent     sm.Digest           `json:"intent"`

	Withheld      []string `json:"withheld,omitempty"`       // fields that its member gives this registry neither: the result alone is here
	NotRecomputed bool     `json:"not_recomputed,omitempty"` // collected: two persons keyed the fields in, the signer could not recompute them from the file
}

// Line is one act of a license's history.
type Line struct {
	Intent   sm.Digest     `json:"intent"`
	Act      registry.Act  `json:"act"`
	Version  int           `json:"version"`
	Step     Step          `json:"step"`
	Ground   string        `json:"ground,omitempty"`
	Decision string        `json:"decision,omitempty"`
	Decided  time.Time     `json:"decided"`
	Refusal  registry.Code `json:"refusal,omitempty"`
}

// FieldNames names the fields of a license to disclose.
type FieldNames struct {
	Fields []string `json:"fields"`
}
