package registry

import (
	"slices"

	"tongzheng/registry/sm"
)

// Digest is what governors approve: the order in canonical bytes. Two of them
// sign it; the signer asks for both (signer.Service.RegisterOrder).
func (o *Order) Digest() sm.Digest { return sm.Tagged("tongzheng order v1", mustEncode(o)) }

// Sensitive tells whether records of the kind say who may sign what: once the
// ledger is open, their orders take two governors and nothing else.
func (k RecordKind) Sensitive() bool {
	return slices.Contains([]RecordKind{KindRules, KindOrganization, KindApprover, KindPolicy}, k)
}
