package registry

import (
	"encoding/base64"

	"tongzheng/registry/sm"
)

// Recording says how an entry comes to the ledger.
type Recording uint8

const (
	Timely   Recording = iota
	Register           // historical license or late grant: original dates, "registered later"
	Genesis            // only at the ledger's start
)

// Entry is what one act puts on the ledger: exactly one of Intent and Order.
type Entry struct {
	Intent    *Intent   `cbor:"1,keyasint,omitempty" json:"intent,omitempty"`
	Order     *Order    `cbor:"2,keyasint,omitempty" json:"order,omitempty"`
	Approvals sm.Digest `cbor:"3,keyasint,omitzero" json:"approvals"`   // ApprovalsDigest
	Sealed    int64     `cbor:"4,keyasint,omitempty" json:"sealed"`     // Unix seconds; version acts only
	Seal      sm.Digest `cbor:"5,keyasint,omitzero" json:"seal_digest"` // SM3 of Signature.xml; version acts only
	Recording Recording `cbor:"6,keyasint,omitempty" json:"recording"`  //

	// Tokens are the TokenDigests of Intent.Printings, in their order, one after the
	// other; empty where the signer named none. Since RulesOfRelations.
	Tokens []byte `cbor:"7,keyasint,omitempty" json:"tokens,omitempty"`

	known sm.Digest // Digest, once Batch.Freeze computed it; not encoded
}

// Order sets one governance record. Sequence counts the orders for that
// record from 1; Previous is the last one's entry digest.
type Order struct {
	Kind         RecordKind `cbor:"1,keyasint" json:"kind"`
	Record       []byte     `cbor:"2,keyasint" json:"record"` // canonical bytes of the record
	Organization string     `cbor:"3,keyasint" json:"organization"`
	Sequence     uint64     `cbor:"4,keyasint" json:"sequence"`
	Previous     sm.Digest  `cbor:"5,keyasint,omitzero" json:"previous"`
	Basis        string     `cbor:"6,keyasint,omitempty" json:"basis"` // document
	Decided      int64      `cbor:"7,keyasint" json:"decided"`
}

const entryTag = "tongzheng entry v1"

// Bytes are the entry's canonical bytes.
func (e *Entry) Bytes() []byte { return mustEncode(e) }

// Digest names the entry: head of its license, leaf of its batch.
func (e *Entry) Digest() sm.Digest {
	if !e.known.IsZero() {
		return e.known
	}
	return sm.Tagged(entryTag, e.Bytes())
}

// DecodeEntry reads canonical bytes.
func DecodeEntry(raw []byte) (*Entry, error) {
	e := new(Entry)
	if err := Decode(raw, e); err != nil {
		return nil, err
	}
	return e, e.Check()
}

// Check tells whether the entry is well formed.
func (e *Entry) Check() error {
	switch {
	case (e.Intent == nil) == (e.Order == nil):
		return Errorf(CodeEntryForm, "", "an entry has an intent or an order")
	case e.Intent != nil && e.Recording != e.Intent.Recording:
		return Errorf(CodeEntryForm, "recording", "not what was approved")
	case e.Recording > Genesis:
		return Errorf(CodeEntryForm, "recording", "unknown kind of recording")
	case e.Order != nil && len(e.Tokens) > 0:
		return Errorf(CodeEntryForm, "tokens", "an order prints nothing")
	case e.Order != nil:
		return e.checkOrder()
	}
	if err := e.Intent.Check(); err != nil {
		return err
	}
	if n := len(e.Tokens); n > 0 && n != TokenDigestSize*len(e.Intent.Printings) {
		return Errorf(CodeEntryForm, "tokens", "%d bytes for %d printings", n, len(e.Intent.Printings))
	}
	sealed := e.Intent.Seals()
	if sealed != (e.Sealed != 0) || sealed == e.Seal.IsZero() {
		return Errorf(CodeEntryForm, "sealed", "sealing time and seal digest belong to acts that make a version here, and to these only")
	}
	if e.Approvals.IsZero() {
		return Errorf(CodeEntryForm, "approvals", "the approvals' digest is missing")
	}
	return nil
}

// CheckUnder is Check by the rules in force: since RulesOfRelations every text
// is held against the one rule for text (CheckText), and before them no entry
// names tokens. rules is nil before the ledger has any.
func (e *Entry) CheckUnder(rules *Rules) error {
	if err := e.Check(); err != nil {
		return err
	}
	if !rules.Since(RulesOfRelations) {
		if rules != nil && len(e.Tokens) > 0 {
			return Errorf(CodeEntryForm, "tokens", "they belong to rules version %d", RulesOfRelations)
		}
		return nil
	}
	if e.Order != nil {
		return e.Order.CheckTexts()
	}
	return e.Intent.checkCharacters()
}

// CheckTexts holds the texts of an order and its record against CheckText.
func (o *Order) CheckTexts() error {
	if err := checkCharacters("basis", o.Basis); err != nil {
		return err
	}
	record, err := o.Decode()
	if err != nil {
		return err
	}
	return CheckTexts(record)
}

func (e *Entry) checkOrder() error {
	o := e.Order
	if len(o.Organization) != 18 || o.Sequence == 0 || o.Decided <= 0 || (o.Sequence == 1) != o.Previous.IsZero() ||
		e.Sealed != 0 || !e.Seal.IsZero() {
		return Errorf(CodeEntryForm, "order", "organization, sequence, previous and decided do not fit")
	}
	if err := checkTextFirst("basis", o.Basis, 100); err != nil {
		return err
	}
	record, err := o.Decode()
	if err != nil {
		return err
	}
	return record.Check()
}

// Decode reads the order's record.
func (o *Order) Decode() (GovernanceRecord, error) {
	record := NewRecord(o.Kind)
	if record == nil {
		return nil, Errorf(CodeEntryForm, "kind", "no record kind %q", o.Kind)
	}
	if err := Decode(o.Record, record); err != nil {
		return nil, err
	}
	return record, nil
}

// NewOrder makes the order that sets record after previous (nil when first).
func NewOrder(organization string, record GovernanceRecord, basis string, decided int64, sequence uint64, previous sm.Digest) (*Order, error) {
	if err := record.Check(); err != nil {
		return nil, err
	}
	raw, err := Encode(record)
	if err != nil {
		return nil, err
	}
	return &Order{Kind: record.Kind(), Record: raw, Organization: organization,
		Sequence: sequence, Previous: previous, Basis: basis, Decided: decided}, nil
}

// Author is the organization whose act key signs for the entry; empty for an
// entry without intent and order, which Check refuses.
func (e *Entry) Author() string {
	switch {
	case e.Order != nil:
		return e.Order.Organization
	case e.Intent != nil:
		return e.Intent.Organization
	}
	return ""
}

// Sequence is the entry's place in its own chain; zero as Author is empty.
func (e *Entry) Sequence() uint64 {
	switch {
	case e.Order != nil:
		return e.Order.Sequence
	case e.Intent != nil:
		return e.Intent.Sequence
	}
	return 0
}

// LicenseKey is the ledger key of a license in its issuer's namespace, and of
// its oversight record in governance. Hashed keys are short: each stands twice
// in every transaction.
func LicenseKey(base string) string { return "l" + shortKey(base) }

// BlankKey is the ledger key that a used blank takes.
func BlankKey(typeCode string, b Blank) string {
	return "b" + shortKey(typeCode+"."+b.Form+"."+b.Run+"."+b.Number)
}

// RootKey is the ledger key of a batch root.
func RootKey(root sm.Digest) string { return "root/" + root.String() }

// shortKey is 144 bits of SM3: 24 characters.
func shortKey(name string) string { return digestKey(sm.Sum([]byte(name)), 18) }

// digestKey is the beginning of a digest in base64url.
func digestKey(d sm.Digest, bytes int) string { return base64.RawURLEncoding.EncodeToString(d[:bytes]) }
