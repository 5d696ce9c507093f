package office

import (
	"context"

	"tongzheng/registry"
)

// Collect (归集) takes a version that a ministry's or province's system made and
// sealed: it is anchored as it came, under the identifier that it came with,
// and never sealed again. The intent binds the file (registry.CollectedDigest)
// and what the registry says of it (registry.FactsDigest). app.Collected names
// the system; its seal's digest is read from an OFD file, and asked for with
// any other.
func (o *Issuing) Collect(ctx context.Context, by registry.Actor, app registry.Application, file []byte, key Idempotency) (*Proceeding, error) {
	p, err := o.collect(ctx, by, app, file, key)
	if code := registry.CodeOf(err); err != nil && code != registry.CodeInternal {
		o.refused(ctx, by, "collect "+app.Act.String(), app, err)
	}
	return p, err
}

func (o *Issuing) collect(ctx context.Context, by registry.Actor, app registry.Application, file []byte, key Idempotency) (*Proceeding, error) {
	if app.Collected == nil || app.Collected.System == "" || len(file) == 0 {
		return nil, registry.Errorf(registry.CodeMissing, "collected", "the file as it came, and the system that made it")
	}
	from := *app.Collected
	report, err := o.checker.Document(file, o.now())
	switch {
	case err == nil && !report.Identifier.IsZero() && app.Act == registry.Issue && report.Identifier != app.Identifier:
		return nil, registry.Errorf(registry.CodeMalformed, "file", "the file is of another license")
	case err == nil && !from.Seal.IsZero() && !report.SealDigest.IsZero() && from.Seal != report.SealDigest:
		return nil, registry.Errorf(registry.CodeMalformed, "collected.seal", "not the digest of the file's seal")
	case err == nil && from.Seal.IsZero():
		from.Seal = report.SealDigest
	}
	if from.Seal.IsZero() {
		return nil, registry.Errorf(registry.CodeMissing, "collected.seal", "SM3 of the file's signature object: it cannot be read from this file")
	}
	app.Collected = &from
	return o.propose(ctx, by, app, file, key)
}
