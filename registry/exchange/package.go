package exchange

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"

	"github.com/fxamacker/cbor/v2"

	"tongzheng/registry"
	"tongzheng/registry/pack"
	"tongzheng/registry/sm"
)

// PackageMost is the most bytes of a package: an uploaded file has at most 10 MiB, and a
// package has one document, or an unsealed one with what sealing added.
const PackageMost = 16 << 20

// jsonMost is the most bytes of a catalog entry and of a receipt: no digest covers how they
// are written, nor all of what a receipt says.
const jsonMost = 1 << 20

// textMost is the most bytes of what lists find a version by: whatever a member had anchored,
// what the shelf cannot keep is put aside, and holds nothing up.
const textMost = 2000

// carried is a package in canonical bytes (docs/exchange.md): all from which a version's
// digests are computed again, and nothing that the ledger has.
type carried struct {
	Facts     facts               `cbor:"1,keyasint"`
	Secret    []byte              `cbor:"2,keyasint"` // of the license: salts of the field tree
	Type      []byte              `cbor:"3,keyasint"` // catalog entry, JSON
	Unsealed  []byte              `cbor:"4,keyasint,omitempty"`
	Parts     *registry.SealParts `cbor:"5,keyasint,omitempty"`
	Sealed    []byte              `cbor:"6,keyasint,omitempty"` // where there are no parts
	Approvals []registry.Approval `cbor:"7,keyasint"`
	Receipt   []byte              `cbor:"8,keyasint"` // JSON
}

// facts are registry.Facts as they travel.
type facts struct {
	Identifier registry.Identifier     `cbor:"1,keyasint"`
	Number     string                  `cbor:"2,keyasint"`
	IssuerName string                  `cbor:"3,keyasint"`
	HolderName string                  `cbor:"4,keyasint"`
	HolderCode string                  `cbor:"5,keyasint"`
	CodeType   registry.HolderCodeType `cbor:"6,keyasint"`
	Issued     registry.Date           `cbor:"7,keyasint"`
	Effective  registry.Date           `cbor:"8,keyasint"`
	Expires    registry.Date           `cbor:"9,keyasint"`
	Fields     map[string]string       `cbor:"10,keyasint"`
}

// formKey is where a package says its form. The whole, the first one, says none.
const formKey = 9

// carriedResult is a package of the form registry.CopyResult. It has nothing by which
// another field could be guessed: no secret, no document.
type carriedResult struct {
	Type      []byte            `cbor:"3,keyasint"` // catalog entry, JSON
	Form      registry.CopyForm `cbor:"9,keyasint"`
	FieldRoot sm.Digest         `cbor:"10,keyasint"`
	Document  sm.Digest         `cbor:"11,keyasint,omitzero"`
	Fields    []carriedField    `cbor:"12,keyasint"`
}

// carriedField is sm.FieldProof as it travels.
type carriedField struct {
	Name  string      `cbor:"1,keyasint"`
	Value string      `cbor:"2,keyasint"`
	Salt  []byte      `cbor:"3,keyasint"`
	Index int         `cbor:"4,keyasint"`
	Size  int         `cbor:"5,keyasint"`
	Path  []sm.Digest `cbor:"6,keyasint"`
}

// PackResult lays out what the result of a version tells.
func PackResult(t *registry.LicenseType, told *registry.Told) ([]byte, error) {
	c := &carriedResult{Form: registry.CopyResult, FieldRoot: told.FieldRoot, Document: told.Document}
	for _, f := range told.Fields {
		c.Fields = append(c.Fields, carriedField{f.Field.Name, f.Field.Value, f.Salt, f.Index, f.Size, f.Path})
	}
	var err error
	if c.Type, err = json.Marshal(t); err != nil {
		return nil, err
	}
	return registry.Encode(c)
}

// UnpackResult reads a package of the form registry.CopyResult strictly. It compares
// nothing yet. CodeMalformed, CodeTooLarge.
func UnpackResult(raw []byte) (*registry.LicenseType, *registry.Told, error) {
	var c carriedResult
	if err := registry.Decode(raw, &c); err != nil || c.Form != registry.CopyResult {
		return nil, nil, registry.Errorf(registry.CodeMalformed, "package", "not the package of a result").WithCause(err)
	}
	if len(c.Type) > jsonMost {
		return nil, nil, registry.Errorf(registry.CodeTooLarge, "package", "catalog entry over %d bytes", jsonMost)
	}
	told, t := &registry.Told{FieldRoot: c.FieldRoot, Document: c.Document}, &registry.LicenseType{}
	for _, f := range c.Fields {
		if len(f.Value) > textMost || strings.ContainsRune(f.Value, 0) {
			return nil, nil, registry.Errorf(registry.CodeMalformed, "package.fields", "text that no list can find")
		}
		told.Fields = append(told.Fields, sm.FieldProof{Field: sm.Field{Name: f.Name, Value: f.Value}, Salt: f.Salt, Index: f.Index, Size: f.Size, Path: f.Path})
	}
	if err := strictJSON(c.Type, t); err != nil {
		return nil, nil, registry.Errorf(registry.CodeMalformed, "package.type", "not a catalog entry").WithCause(err)
	}
	return t, told, nil
}

// formOf is the form that a package says it has. CodeMalformed for one that is not known
// here, CodeTooLarge.
func formOf(raw []byte) (registry.CopyForm, error) {
	if len(raw) > PackageMost {
		return 0, registry.Errorf(registry.CodeTooLarge, "package", "over %d bytes", PackageMost)
	}
	var keys map[uint64]cbor.RawMessage
	if err := registry.Decode(raw, &keys); err != nil {
		return 0, registry.Errorf(registry.CodeMalformed, "package", "not a package").WithCause(err)
	}
	said, stated := keys[formKey]
	if !stated {
		return registry.CopyWhole, nil
	}
	var form uint64
	if err := cbor.Unmarshal(said, &form); err != nil || form != uint64(registry.CopyResult) {
		return 0, registry.Errorf(registry.CodeMalformed, "package.form", "a form of package that is not known here")
	}
	return registry.CopyResult, nil
}

// Pack lays a version out as it travels.
func Pack(h *Held) ([]byte, error) {
	f := &h.Opened.Facts
	c := &carried{Secret: h.Opened.Secret, Unsealed: h.Opened.Unsealed, Parts: h.Parts, Approvals: h.Approvals,
		Facts: facts{f.Identifier, f.Number, f.IssuerName, f.Holder.Name, f.Holder.Code, f.Holder.CodeType, f.Issued, f.Effective, f.Expires, f.Fields}}
	if h.Parts == nil {
		c.Sealed = h.Sealed
	}
	if c.Facts.Fields == nil {
		c.Facts.Fields = map[string]string{}
	}
	if c.Approvals == nil {
		c.Approvals = []registry.Approval{}
	}
	var err error
	if c.Type, err = json.Marshal(h.Opened.Type); err != nil {
		return nil, err
	}
	if c.Receipt, err = json.Marshal(h.Receipt); err != nil {
		return nil, err
	}
	return registry.Encode(c)
}

// Unpack reads a package strictly. It compares nothing yet. CodeMalformed, CodeTooLarge.
func Unpack(raw []byte) (*Held, error) {
	if len(raw) > PackageMost {
		return nil, registry.Errorf(registry.CodeTooLarge, "package", "over %d bytes", PackageMost)
	}
	var c carried
	if err := registry.Decode(raw, &c); err != nil {
		return nil, registry.Errorf(registry.CodeMalformed, "package", "not a package").WithCause(err)
	}
	switch { // what stands under no digest would be kept for good
	case c.Parts != nil && len(c.Sealed) > 0:
		return nil, registry.Errorf(registry.CodeMalformed, "package", "the document, and what it is composed of")
	case len(c.Type) > jsonMost || len(c.Receipt) > jsonMost:
		return nil, registry.Errorf(registry.CodeTooLarge, "package", "catalog entry or receipt over %d bytes", jsonMost)
	}
	for _, text := range []string{c.Facts.Number, c.Facts.HolderName, c.Facts.HolderCode, c.Facts.IssuerName} {
		if len(text) > textMost || strings.ContainsRune(text, 0) {
			return nil, registry.Errorf(registry.CodeMalformed, "package.facts", "text that no list can find")
		}
	}
	h := &Held{Parts: c.Parts, Sealed: c.Sealed, Approvals: c.Approvals, Opened: registry.Opened{Secret: c.Secret, Unsealed: c.Unsealed, Type: &registry.LicenseType{},
		Facts: registry.Facts{Identifier: c.Facts.Identifier, Number: c.Facts.Number, IssuerName: c.Facts.IssuerName,
			Holder: registry.Holder{Name: c.Facts.HolderName, Code: c.Facts.HolderCode, CodeType: c.Facts.CodeType},
			Issued: c.Facts.Issued, Effective: c.Facts.Effective, Expires: c.Facts.Expires, Fields: c.Facts.Fields}}, Receipt: &registry.Receipt{}}
	if err := strictJSON(c.Type, h.Opened.Type); err != nil {
		return nil, registry.Errorf(registry.CodeMalformed, "package.type", "not a catalog entry").WithCause(err)
	}
	if err := strictJSON(c.Receipt, h.Receipt); err != nil {
		return nil, registry.Errorf(registry.CodeMalformed, "package.receipt", "not a receipt").WithCause(err)
	}
	return h, nil
}

func strictJSON(raw []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if d.More() {
		return registry.Errorf(registry.CodeMalformed, "", "more than one value")
	}
	return nil
}

// examiner holds packages against the ledger.
type examiner struct {
	view    View
	checker Checker
	clock   func() time.Time
}

// examine tells whether a package is the version that the ledger has, in the form that an
// organization here may have, and opens it: every digest is computed again and compared
// with the view's own entry, nothing is taken from the sender's word. CodeMalformed,
// CodeTooLarge, CodeContent, CodeReceipt; CodeForbidden for more than may be had, CodeNotYet
// for less.
func (x *examiner) examine(raw []byte, made registry.Anchored, form registry.CopyForm) (*registry.Copied, error) {
	said, err := formOf(raw)
	switch {
	case err != nil:
		return nil, err
	case said == registry.CopyWhole && form == registry.CopyResult:
		return nil, registry.Errorf(registry.CodeForbidden, "package.form", "the whole, where the result alone may be seen here")
	case said != form:
		return nil, registry.Errorf(registry.CodeNotYet, "package.form", "the result alone, where the whole may be seen here")
	}
	// 1. Catalog entry, identifier, period, and the content digest over fields and document.
	in := made.Entry.Intent
	record, err := registry.RecordOf[*registry.TypeRecord](records{x.view}, registry.KindType, registry.TypeName(in.Identifier.Type, in.TypeVersion))
	if err != nil {
		return nil, err
	}
	if record == nil {
		return nil, registry.Errorf(registry.CodeUnavailable, "type", "the ledger's record of the type has not been reached")
	}
	if form == registry.CopyResult {
		return told(raw, in, record)
	}
	return x.whole(raw, made, record)
}

// told opens the package of a result.
func told(raw []byte, in *registry.Intent, record *registry.TypeRecord) (*registry.Copied, error) {
	t, told, err := UnpackResult(raw)
	if err != nil {
		return nil, err
	}
	facts, err := told.Check(in, t, record)
	if err != nil {
		return nil, err
	}
	return &registry.Copied{Opened: registry.Opened{Type: t, Facts: facts}, Intent: in.Digest(), Told: told}, nil
}

// whole opens the package of a whole version, whose type has a record.
func (x *examiner) whole(raw []byte, made registry.Anchored, record *registry.TypeRecord) (*registry.Copied, error) {
	h, err := Unpack(raw)
	if err != nil {
		return nil, err
	}
	in := made.Entry.Intent
	if err := h.Opened.CheckStated(in, record); err != nil {
		return nil, err
	}
	if err := noOthers(&h.Opened); err != nil {
		return nil, err
	}
	// 2. Approvals.
	if registry.ApprovalsDigest(h.Approvals) != made.Entry.Approvals {
		return nil, registry.Errorf(registry.CodeContent, "approvals", "not the approvals whose digest stands on the ledger")
	}
	// 3. Receipt.
	if err := x.receipt(h.Receipt, made); err != nil {
		return nil, err
	}
	// 4. The sealed document.
	c := &registry.Copied{Opened: h.Opened, Intent: in.Digest(), Approvals: h.Approvals, Receipt: h.Receipt}
	c.Sealed, err = x.document(h, made)
	return c, err
}

// noOthers: fields that the catalog entry does not have stand under no digest.
func noOthers(o *registry.Opened) error {
	known := map[string]bool{}
	for _, rule := range o.Type.Fields {
		known[rule.Name] = true
	}
	for name := range o.Facts.Fields {
		if !known[name] {
			return registry.Errorf(registry.CodeContent, "fields", "fields that the type does not have")
		}
	}
	return nil
}

// receipt tells whether a receipt is of this entry where the ledger has it, signed for by a
// key that its organization has on the ledger. Who vouches for the root, whoever verifies a
// bundle asks; here the view is what counts.
func (x *examiner) receipt(r *registry.Receipt, made registry.Anchored) error {
	e, err := r.VerifyEntry()
	if err != nil {
		return err
	}
	if e.Digest() != made.Entry.Digest() || r.Namespace != made.Namespace || r.Transaction != made.Transaction || r.Height != made.Height || r.Recorded != made.Recorded {
		return registry.Errorf(registry.CodeReceipt, "receipt", "of another entry, or of another place on the ledger")
	}
	o, err := registry.RecordOf[*registry.Organization](records{x.view}, registry.KindOrganization, e.Author())
	if err != nil {
		return err
	}
	if o == nil {
		return registry.Errorf(registry.CodeUnavailable, "receipt", "the ledger's record of the author has not been reached")
	}
	for _, key := range o.ActKeys { // when it was in use, the ledger asked
		if key.ID == r.Author.Key {
			return r.VerifyAuthor(key.Public)
		}
	}
	return registry.Errorf(registry.CodeReceipt, "author", "%s has no act key %s", o.Code, r.Author.Key)
}

// document composes the sealed document, and checks it as a file that somebody hands in:
// the seal over it is the one that the entry names, and holds. Whether its signer is
// trusted here is asked when it is verified, not when it is kept.
func (x *examiner) document(h *Held, made registry.Anchored) ([]byte, error) {
	in := made.Entry.Intent
	if in.Collected != nil {
		if h.Parts != nil || registry.CollectedDigest(h.Sealed) != in.Content {
			return nil, registry.Errorf(registry.CodeContent, "sealed", "not the file that was collected")
		}
		return h.Sealed, nil
	}
	sealed := h.Sealed
	if h.Parts != nil {
		var err error
		if sm.Sum(h.Parts.Signature) != made.Entry.Seal {
			return nil, registry.Errorf(registry.CodeContent, "sealed", "not the signature that the ledger names")
		}
		if sealed, err = pack.Restore(h.Opened.Unsealed, h.Parts); err != nil {
			return nil, registry.Errorf(registry.CodeContent, "sealed", "does not make the document that was sealed").WithCause(err)
		}
	}
	report, err := x.checker.Document(sealed, x.clock())
	if err != nil {
		return nil, registry.Errorf(registry.CodeContent, "sealed", "cannot be read").WithCause(err)
	}
	if report.SealDigest != made.Entry.Seal {
		return nil, registry.Errorf(registry.CodeContent, "sealed", "not the signature that the ledger names")
	}
	for _, c := range report.Checks {
		if c.Name == registry.CheckPackage && c.Result != registry.Passed { // packed anew: not the file that was issued
			return nil, registry.Errorf(registry.CodeContent, "sealed", "%s: %s", c.Name, c.Code)
		}
		if c.Result == registry.Failed && !c.Name.Trust() && c.Name != registry.CheckIdentifier {
			return nil, registry.Errorf(registry.CodeContent, "sealed", "%s: %s", c.Name, c.Code)
		}
	}
	return sealed, nil
}

// found is what lists find a version by.
func found(o *registry.Opened) Found {
	return Found{Type: o.Facts.Identifier.Type, Number: o.Facts.Number, HolderName: o.Facts.Holder.Name, HolderCode: o.Facts.Holder.Code,
		IssuerName: o.Facts.IssuerName, Expires: o.Facts.Expires}
}
