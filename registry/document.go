package registry

import (
	"time"

	"tongzheng/registry/sm"
)

// ElectronicDocument is what Renderer draws as an OFD package.
type ElectronicDocument struct {
	Content    Content
	Type       *LicenseType
	IssuerName string
	Issued     Date
	QRText     string // token-only URL
	Demo       bool   // marked as demonstration data
}

// PaperSheet is what Renderer draws as a PDF page.
type PaperSheet struct {
	Document  ElectronicDocument
	Copy      CopyKind
	Page      string // A3, A4
	Blank     Blank
	Printing  uint32
	QRText    string // full form, with the signed payload
	Seal      string // seal id, whose impression is shown
	Overprint *Overprint
}

// Overprint prints values only, on pre-printed stock, moved by millimetres.
type Overprint struct{ X, Y float64 }

// SealJob is one act to seal or register.
type SealJob struct {
	Intent    Intent
	Approvals []Approval
	Version   *Opened // version acts: what the new version says
	Present   *Opened // what the license says now: version acts after the issue, and acts that are signed at a signing page
}

// TagRequest asks a signer for the tag of a holder (HolderTag), for a draft.
type TagRequest struct {
	Organization string // whose draft it is
	Type         string // license type, one that bars holders
	TypeVersion  int
	Holder       Holder
	Draft        string // what the registry knows the draft by; the use log keeps its digest
}

// Subject stands for the draft in the signer's use log: nothing of the holder is
// in it.
func (r *TagRequest) Subject() sm.Digest {
	return sm.Tagged("tongzheng tag request v1", []byte(r.Organization+"\x00"+r.Type+"\x00"+r.Draft))
}

// SealResult is a sealed document and its entry.
type SealResult struct {
	Sealed []byte
	Entry  *Entry
	Parts  *SealParts // what Sealed is composed of, beside the unsealed document; nil for one of before
}

// SealParts are what sealing adds to an unsealed document: from both the sealed one
// is composed, the same bytes for ever (registry/pack).
type SealParts struct {
	Form      uint8     `cbor:"1,keyasint"` // of composition
	Root      string    `cbor:"2,keyasint"` // path of Document.xml in the package
	Signature []byte    `cbor:"3,keyasint"` // Signature.xml
	Value     []byte    `cbor:"4,keyasint"` // SignedValue.dat
	Sealed    sm.Digest `cbor:"5,keyasint"` // SM3 of the sealed document

	SealFrom int `cbor:"6,keyasint,omitempty"` // where the SESeal stands in Value: what all licenses of a seal share
	SealTo   int `cbor:"7,keyasint,omitempty"` // both 0 when it does not
}

// QRRequest is what the QR code of one printing says.
type QRRequest struct {
	Public     string // scheme://host[/path]: counts under rules that know no service only
	Identifier Identifier
	Printing   Printing
	HolderName string
	Effective  Date
	Expires    Date
}

// DocumentReport is what checking a sealed package found.
type DocumentReport struct {
	Checks     []Check
	Identifier Identifier // from the metadata; zero when absent
	Fields     []sm.Field // metadata
	SealDigest sm.Digest  // SM3 of Signature.xml
	SealName   string
	SealedAt   time.Time
	Signer     string // subject of the signer's certificate
}

// QRReport is what checking a scanned text found.
type QRReport struct {
	Token      Token
	Address    string // that it leads to, before /v/
	Checks     []Check
	Payload    bool // the fragment was there
	Identifier Identifier
	Printing   uint32
	Blank      string
	List       uint32
	Index      uint32
	Holder     string
	Effective  Date
	Expires    Date
}
