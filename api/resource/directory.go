package resource

import (
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Members are the registries on the ledger, by member.
type Members struct {
	Members []Member `json:"members"`
}

// Member is one registry as the ledger names it, and what the registry that answers
// holds of its keys.
type Member struct {
	Member    string          `json:"member"`
	Operator  string          `json:"operator"`
	Name      string          `json:"name"` // of the operator
	Public    string          `json:"public"`
	Home      string          `json:"home,omitempty"`
	Anchors   sm.Digest       `json:"anchors,omitzero"`
	KeyList   sm.Digest       `json:"key_list,omitzero"`
	KeyNumber uint64          `json:"key_number,omitempty"`
	Deputy    registry.Deputy `json:"deputy,omitzero"`
	StatusKey sm.KeyID        `json:"status_key,omitempty"` // that signs its status lists now, by the key list held
	Own       bool            `json:"own"`
	Fits      bool            `json:"fits"`             // the keys held are those that the ledger names
	Why       string          `json:"why,omitempty"`    // where they are not: keys-elsewhere, keys-older
	Number    uint64          `json:"number,omitempty"` // of the key list held
	Since     time.Time       `json:"since,omitzero"`   // when it was taken

	// Order is the record that the operator would order: own keys that the ledger does
	// not name yet. Nil: nothing to order.
	Order *registry.Service `json:"order,omitempty"`
}
