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
func (o *Office) Collect(ctx context.Context, by registry.Actor, app registry.Application, file []byte, key Idempotency) (*Proceeding, error) {
	p, err := o.collect(ctx, by, app, file, key)
	if code := registry.CodeOf(err); err != nil && code != registry.CodeInternal {
		o.refused(ctx, by, "collect "+app.Act.String(), app, err)
	}
	return p, err
}

func (o *Office) collect(ctx context.Context, by registry.Actor, app registry.Application, file []byte, key Idempotency) (*Proceeding, error) {
	if app.Collected == nil || app.Collected.System == "" || len(file) == 0 {
		return nil, registry.Errorf(registry.CodeMissing, "collected", "the file as it came, and the system that made it")
	}
	from := *app.Collected
	report, err := o.Checker.Document(file, o.now())
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

// compareCollected holds the stored file and facts of a collected version
// against what was anchored.
func (o *Office) compareCollected(f *find, made registry.Anchored) []registry.Check {
	in := made.Entry.Intent
	var checks []registry.Check
	if !f.uploaded { // else asCollected has looked at the file at hand
		checks = append(checks, collectedFile(f.version.Sealed, in))
	}
	if registry.FactsDigest(registry.Compose(f.kind, f.version.Facts).FieldRoot(f.version.Secret)) != in.Evidence {
		return append(checks, registry.Fail(registry.CheckContent, "content-altered", "库存的证照内容与账本登记的摘要不符", "the stored content does not match the digest on the ledger"))
	}
	return append(checks, registry.Pass(registry.CheckContent, "证照内容与账本登记一致", "the content matches the digest on the ledger"))
}

func collectedFile(file []byte, in *registry.Intent) registry.Check {
	if registry.CollectedDigest(file) != in.Content {
		return registry.Fail(registry.CheckDocument, "document-replaced", "电子证照不是账本登记的那一份", "the document is not the one on the ledger")
	}
	return registry.Pass(registry.CheckDocument, "电子证照即账本登记的那一份", "the document is the one on the ledger")
}

// asCollected judges an uploaded file of a collected version by what was
// anchored as it came, not by whether this instance knows its maker's roots.
func asCollected(file []byte, f *find, q *registry.Question) {
	if file == nil || q.Standing == nil {
		return
	}
	if made, ok := q.Standing.VersionEntry(f.identifier.Version); ok && made.Entry.Intent.Collected != nil {
		q.Checks = []registry.Check{collectedFile(file, made.Entry.Intent)}
	}
}
