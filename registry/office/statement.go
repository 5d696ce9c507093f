package office

import (
	"context"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// State verifies and signs what was found. Like Verify it stores nothing.
func (o *Scan) State(ctx context.Context, by registry.Actor, ask Asked) (*registry.SignedStatement, *Verification, error) {
	v, err := o.Verify(ctx, by, ask)
	if err != nil {
		return nil, nil, err
	}
	printing := uint32(0)
	if v.Public != nil && v.Public.Sheet != nil {
		printing = v.Public.Sheet.Number
	}
	signed := &registry.SignedStatement{Statement: registry.NewStatement(o.config.PublicURL, o.ledger, v.Verdict, printing)}
	if ask.File != nil {
		signed.Statement.File = sm.Sum(ask.File)
	}
	signed.Key, signed.Signature, err = o.status.SignStatus(ctx, signed.Statement.Message())
	return signed, v, err
}
