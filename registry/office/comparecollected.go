package office

import "tongzheng/registry"

// compareCollected holds the stored file and facts of a collected version
// against what was anchored.
func (o *Scan) compareCollected(f *find, made registry.Anchored) []registry.Check {
	in := made.Entry.Intent
	var checks []registry.Check
	if !f.uploaded { // else asCollected has looked at the file at hand
		checks = append(checks, collectedFile(f.version.Sealed, in))
	}
	if registry.FactsDigest(registry.Compose(f.kind, f.version.Facts).FieldRoot(f.version.Secret)) != in.Evidence {
		return append(checks, registry.Fail(registry.CheckContent, "content-altered", "库存的证照内容与账本登记的摘要不符", "the stored content does not match the digest on the ledger"))
	}
	return append(checks, registry.Pass(registry.CheckContent, "证照内容与账本登记一致；由两人录入，未从原件复算", "the content matches the digest on the ledger; two persons keyed it in, it was not recomputed from the file"))
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
