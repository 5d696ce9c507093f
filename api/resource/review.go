package resource

import (
	"time"

	"tongzheng/registry"
)

// ReviewDraft is a review file (调阅案卷) to be opened.
type ReviewDraft struct {
	Number   string                `json:"number"` // 案号
	Kind     registry.ReviewKind   `json:"kind"`
	Basis    string                `json:"basis"`    // document or statute
	Licenses []registry.Identifier `json:"licenses"` // of any version
}

// ReviewFile is a review file of the caller's organization. Within it, while it is
// open, the caller sees what its licenses say.
type ReviewFile struct {
	Number       string              `json:"number"`
	Kind         registry.ReviewKind `json:"kind"`
	Organization string              `json:"organization"`
	Basis        string              `json:"basis"`
	Opened       time.Time           `json:"opened"`
	OpenedBy     string              `json:"opened_by"` // account
	Closed       time.Time           `json:"closed,omitzero"`
	ClosedBy     string              `json:"closed_by,omitempty"`
	Licenses     []ReviewedLicense   `json:"licenses,omitempty"` // of one file; lists say only how many
	Count        int                 `json:"count"`
}

// ReviewedLicense is a license that a review file names, with what the ledger
// says of it today.
type ReviewedLicense struct {
	Identifier registry.Identifier `json:"identifier"`
	Verdict    registry.Word       `json:"verdict"`
}

// ReviewList lists review files, open ones first.
type ReviewList struct {
	Items []ReviewFile `json:"items"`
}

// Statistics counts licenses of the caller's organization and of those below it.
type Statistics struct {
	Items []Count `json:"items"`
}

// Count is how many licenses of a type an issuer has in a state today.
type Count struct {
	Type       string        `json:"type"`
	TypeName   string        `json:"type_name"`
	Issuer     string        `json:"issuer"`
	IssuerName string        `json:"issuer_name"`
	Verdict    registry.Word `json:"verdict"`
	Licenses   int           `json:"licenses"`
}
