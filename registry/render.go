package registry

import "tongzheng/registry/sm"

// RenderRequest asks a signer to render the electronic license of a version that is
// being proposed. The signer is the only renderer: what it renders carries its mark, and
// it seals no other document (Opened.Rendered).
type RenderRequest struct {
	Identifier Identifier
	Printing   Printing     // the electronic one, whose token the document's code carries
	Type       *LicenseType // catalog entry that lays the facts out
	Facts      Facts
	Secret     []byte // of the license, salts the fields
	Public     string // address that the code leads to, where the ledger does not say it (Service)
}

// RenderedDocument is an unsealed document as a signer rendered it.
type RenderedDocument struct {
	Unsealed []byte    // OFD package
	Content  sm.Digest // content digest over fields and document (Content.Digest)
	Mark     sm.Digest // RenderMark
}

// renderMark is what a mark says.
type renderMark struct {
	Identifier Identifier `cbor:"1,keyasint"`
	Number     uint32     `cbor:"2,keyasint"` // of the printing, with its place in a status list
	List       uint32     `cbor:"3,keyasint"`
	Index      uint32     `cbor:"4,keyasint"`
	Type       sm.Digest  `cbor:"5,keyasint"` // of the catalog entry: labels and order
	Issuer     string     `cbor:"6,keyasint"` // name, beside the fields
	Issued     Date       `cbor:"7,keyasint"`
	Content    sm.Digest  `cbor:"8,keyasint"` // over fields and document (Content.Digest)
}

// RenderMark is the signer's mark on a document: HMAC-SM3 by its token key over what
// the document was rendered from, and the document (content). kind is the digest of the
// catalog entry. A document with other outlines than its fields, or of other fields, has
// none.
func RenderMark(key []byte, printing Printing, kind sm.Digest, facts *Facts, content sm.Digest) (sm.Digest, error) {
	said, err := Encode(&renderMark{Identifier: facts.Identifier, Number: printing.Number, List: printing.List, Index: printing.Index, Type: kind,
		Issuer: facts.IssuerName, Issued: facts.Issued, Content: content})
	if err != nil {
		return sm.Digest{}, err
	}
	return sm.MAC(key, append([]byte("tongzheng rendered v1\x00"), said...)), nil
}
