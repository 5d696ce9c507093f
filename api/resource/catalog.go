package resource

import (
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// TypeList lists the catalog.
type TypeList struct {
	Items []*registry.LicenseType `json:"items"`
}

// TaskList lists what an organization has to attend to.
type TaskList struct {
	Items []Task `json:"items"`
}

// Task is something that an organization has to attend to: an act, or a step of a case
// file.
type Task struct {
	Kind         string              `json:"kind"`
	Organization string              `json:"organization"`
	Intent       sm.Digest           `json:"intent,omitzero"`     // of an act
	Identifier   registry.Identifier `json:"identifier,omitzero"` // likewise
	TypeName     string              `json:"type_name,omitempty"`
	Number       string              `json:"number,omitempty"`      // where the account may see names
	HolderName   string              `json:"holder_name,omitempty"` // likewise
	Case         string              `json:"case,omitempty"`
	Decision     string              `json:"decision,omitempty"`
	By           string              `json:"by,omitempty"` // who decides the act
	Act          registry.Act        `json:"act,omitempty"`
	Grant        string              `json:"grant,omitempty"`  // of a case
	Awaits       registry.CaseKind   `json:"awaits,omitempty"` // step that the case waits for
	Due          registry.Date       `json:"due,omitempty"`    // last day for it
	Code         registry.Code       `json:"code,omitempty"`
	Detail       string              `json:"detail,omitempty"`
	Other        string              `json:"other,omitempty"` // double: base of the other license with the number
	Created      time.Time           `json:"created"`
}

// KeyList is what a verifier needs: keys and trust anchors (PEM).
type KeyList struct {
	Keys  []PublishedKey `json:"keys"`
	Roots string         `json:"roots"`
}

// PublishedKey is one public key with its use and period.
type PublishedKey struct {
	ID           sm.KeyID  `json:"id"`
	Use          string    `json:"use"` // qr, status, time-stamp, ledger
	Public       []byte    `json:"public"`
	Certificate  []byte    `json:"certificate,omitempty"`
	Organization string    `json:"organization,omitempty"`
	From         time.Time `json:"from,omitzero"`
	Until        time.Time `json:"until,omitzero"`
}

// StatusListHeads names the status lists that are published.
type StatusListHeads struct {
	Lists []registry.StatusHead `json:"lists"`
}

// Readiness says which parts that a server needs are out of reach.
type Readiness struct {
	Parts map[string]string `json:"parts,omitempty"`
	Ready bool              `json:"ready"`

	Warnings map[string]string `json:"warnings,omitempty"` // what keeps nobody from working here
}
