package office

import (
	"context"
	"fmt"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// remarkSalt is what keeps a short remark from being guessed by its digest on
// the ledger. It is derived, and disclosed with the remark to whoever may check.
func (d *common) remarkSalt(id registry.Identifier, sequence uint64) sm.Digest {
	return sm.MAC(d.config.TokenKey, fmt.Appendf(nil, "tongzheng remark salt v1\x00%s\x00%d", id, sequence))
}

// caseEvidence binds a decision to its case file: the digest of the file's end
// with the remark. Without a file it is the remark's digest alone.
func (o *Issuing) caseEvidence(ctx context.Context, app registry.Application, id registry.Identifier, sequence uint64) (sm.Digest, error) {
	var remark sm.Digest
	if app.Remark != "" {
		salt := o.remarkSalt(id, sequence)
		remark = sm.Tagged("tongzheng remark v1", append(salt[:], app.Remark...))
	}
	if o.cases == nil || app.Case == "" {
		return remark, nil
	}
	f, err := o.cases.read(ctx, app.Grant, app.Case)
	if err != nil || len(f.Steps) == 0 {
		return remark, err
	}
	return sm.Tagged("tongzheng case evidence v1", append(f.Digest[:], remark[:]...)), nil
}
