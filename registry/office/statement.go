package office

import (
	"context"
	"slices"

	"tongzheng/registry"
)

// unsayable are verdicts that rest on what this registry keeps, or on no license at
// all: the signer, which knows the ledger alone, says nothing of them.
var unsayable = []registry.Word{registry.Pending, registry.NotFound, registry.UnknownNow}

// State verifies like Verify and has the signer say, from its own copy of the ledger,
// what it finds: a statement that can be kept (核验回执). CodeNoStatement when there is
// nothing to sign: nothing was found, it cannot be known now, or this registry's own
// rows say otherwise than the ledger.
func (o *Scan) State(ctx context.Context, by registry.Actor, ask Asked) (*registry.SignedStatement, *Verification, error) {
	v, found, err := o.verify(ctx, ask)
	if err != nil {
		return nil, nil, err
	}
	if slices.Contains(unsayable, v.Word) || found.identifier.IsZero() {
		return nil, v, registry.Errorf(registry.CodeNoStatement, "", "%s is not stated: ask again when the license is found and recorded", v.Word)
	}
	request := registry.StatementRequest{Identifier: found.identifier, File: ask.File, QR: ask.QR, Public: o.config.PublicURL}
	if found.ref != nil {
		request.Printing, request.Token = found.ref.Printing, found.ref.Token
	}
	if found.elsewhere != nil && found.ref == nil {
		request.Printing.Number, request.Token = found.printing, found.token
		request.Keys = o.members.Keys(found.elsewhere.Member)
	}
	signed, err := o.attester.State(ctx, request)
	if err != nil {
		return nil, v, err
	}
	if signed.Statement.Word != v.Word {
		return nil, v, registry.Errorf(registry.CodeNoStatement, "", "this registry says %s, the ledger as its signer has it %s", v.Word, signed.Statement.Word)
	}
	return signed, v, nil
}
