package registry

import "tongzheng/registry/sm"

// Opened is what a version says, with all that its content digest is made from
// (Content.Digest): whoever has it recomputes the digest. It is personal data and
// never reaches the ledger or a log.
type Opened struct {
	Type     *LicenseType // catalog entry that lays the facts out, of TypeRecord.Digest
	Facts    Facts
	Secret   []byte    // of the license, salts the fields
	Unsealed []byte    // document as approved, of the version that an act makes here
	Rendered sm.Digest // the signer's mark on that document (RenderMark)
	Document sm.Digest // of the version that it follows: the document's leaf (sm.Leaf) in its place
}

// FieldRoot is the root of the salted field tree.
func (o *Opened) FieldRoot() sm.Digest { return Compose(o.Type, o.Facts).FieldRoot(o.Secret) }

// Digest is the content digest of a version that was made here.
func (o *Opened) Digest() sm.Digest {
	document := o.Document
	if document.IsZero() {
		document = sm.Leaf(o.Unsealed)
	}
	return sm.Node(o.FieldRoot(), document)
}

// CheckStated tells whether the opened version is the one that an intent makes:
// CodeContent for other fields, another document or another type, and where
// identifier, period or, collected, evidence are not those that the version says.
// record is the type's record on the ledger.
func (o *Opened) CheckStated(in *Intent, record *TypeRecord) error {
	if err := checkKind(o.Type, in, record); err != nil {
		return err
	}
	switch {
	case o.Facts.Identifier != in.Identifier:
		return Errorf(CodeContent, "fields", "the fields are of another license or version")
	case o.Facts.Effective != in.Effective || o.Facts.Expires != in.Expires:
		return Errorf(CodeContent, "expires", "the fields say another period than was approved")
	case in.Collected == nil && (!o.Document.IsZero() || o.Digest() != in.Content):
		return Errorf(CodeContent, "unsealed", "these are not the fields and the document that were approved")
	case in.Collected != nil && len(o.Unsealed) > 0:
		return Errorf(CodeContent, "unsealed", "a collected version is sealed by who made it")
	case in.Collected != nil && FactsDigest(o.FieldRoot()) != in.Evidence:
		return Errorf(CodeContent, "fields", "these are not the fields that were approved")
	}
	return nil
}

// checkKind tells whether a catalog entry is the one that an intent's version is laid out
// by. CodeContent.
func checkKind(t *LicenseType, in *Intent, record *TypeRecord) error {
	if t == nil || t.Code != in.Identifier.Type || t.Version != in.TypeVersion || t.Digest() != record.Digest {
		return Errorf(CodeContent, "type", "not the catalog entry on the ledger, version %d of type %s", in.TypeVersion, in.Identifier.Type)
	}
	return nil
}

// CheckPresent tells whether the opened version is the one in force, as the
// ledger keeps the license: CodeContent otherwise. known is false when the ledger
// cannot tell: the version came from elsewhere, or was made under the first rules.
// record is the record of the type version that the license names.
func (o *Opened) CheckPresent(base string, l *License, record *TypeRecord) (known bool, err error) {
	switch {
	case o.Type == nil || o.Type.Version != l.Type || o.Type.Digest() != record.Digest:
		return false, Errorf(CodeContent, "present", "not the catalog entry on the ledger, version %d of the type", l.Type)
	case o.Facts.Identifier.Base() != base || o.Facts.Identifier.Version != l.Version:
		return false, Errorf(CodeContent, "present", "the license is at version %03d", l.Version)
	case o.Type.Source == Collected || l.Content.IsZero():
		return false, nil
	case o.Digest() != l.Content:
		return false, Errorf(CodeContent, "present", "these are not fields, secret and document of the version in force")
	}
	return true, nil
}

// CheckFacts tells whether the opened version says what its type lets it say: a
// holder of a kind that it is granted to, with a code that is one, and the type's
// fields. Tags are made of these. now is the day by which birth days are judged.
func (o *Opened) CheckFacts(now Date) error { return o.Facts.check(o.Type, now) }

// CheckHolderTag tells whether an intent carries the tag of the holder in the
// fields: CodeTag for another one, and for none where the type bars holders.
func (o *Opened) CheckHolderTag(key []byte, in *Intent, record *TypeRecord) error {
	if in.Holder.IsZero() && len(record.Bars) == 0 {
		return nil
	}
	if in.Holder != HolderTag(key, in.Identifier.Type, o.Facts.Holder) {
		return Errorf(CodeTag, "holder", "the tag is not that of the holder in the fields")
	}
	return nil
}

// CheckNumberTag tells whether an intent carries the tag of the license number in
// the fields: CodeTag for another one, and for none.
func (o *Opened) CheckNumberTag(in *Intent) error {
	if in.Number != NumberTag(in.Identifier.Type, o.Facts.Number) {
		return Errorf(CodeTag, "number", "the tag is not that of the license number in the fields")
	}
	return nil
}
