package registry

import "tongzheng/registry/sm"

// What a registry asks of its member's signer about the ledger. It hands over what
// it wants to know of, never what is to be said: the signer composes the answer
// from its own copy of the ledger.

// TokenRequest asks for the tokens of printings of one license version (NewToken),
// under the deployment's token key, which only signers have.
type TokenRequest struct {
	Identifier Identifier
	Printings  []Printing
}

// ListsRequest asks for the signer's status lists.
type ListsRequest struct {
	Have  []ListHeight // lists that the caller has, with the heights of their codes
	Valid int64        // seconds from a list's time to its nextUpdate; the signer caps it
}

// ListHeight names a state of a list.
type ListHeight struct {
	_      struct{} `cbor:",toarray"`
	List   uint32
	Height uint64
}

// SignedLists are all lists of a signer in one state of the ledger.
type SignedLists struct {
	Block   Block
	Members []string // whose publications the signer composes
	Lists   []SignedList
}

// SignedList is one list: its codes in full, or what changed since a height that
// the caller named.
type SignedList struct {
	Head      StatusHead
	Key       sm.KeyID
	Signature []byte // SM2 over Head.Message, r ‖ s
	Full      bool
	Codes     []byte // ListCodes; only when Full
	Since     uint64
	Changes   []ListChange // since Since; only when not Full
	Member    string       `cbor:",omitempty"` // whose list it is, where it is signed as that member's deputy
}

// StatementRequest asks for a statement about a file, a scanned text, a token with
// the printing that it is registered for, or a license version.
type StatementRequest struct {
	File       []byte // sealed OFD
	QR         string // scanned text with a payload
	Token      Token
	Identifier Identifier
	Printing   Printing   // zero: the license itself
	Public     string     // address of the registry: counts under rules that know no service only
	Keys       MemberKeys // of another member, whose paper it is: held against the ledger's digests
}

// BundleStatus is where the chains of a license stand: what the head of a bundle
// says of the ledger.
type BundleStatus struct {
	Ledger            string
	Block             Block
	Sequence          uint64 // entries of the license
	Head              sm.Digest
	OversightSequence uint64
	OversightHead     sm.Digest
}

// BundleRequest asks for the stamps and the seal of a bundle. Stamps are those that
// it has.
type BundleRequest struct {
	Manifest Manifest
	Stamps   [][]byte
}

// PublicationRequest asks what a member is to publish: the root over the lists that
// were signed last. An empty member stands for the whole deployment, under rules
// that know no service.
type PublicationRequest struct{ Member string }

// ReadFrom fills the manifest's words about the ledger.
func (m *Manifest) ReadFrom(s *BundleStatus) {
	m.Ledger, m.AsOf, m.Height = s.Ledger, s.Block.Time, s.Block.Height
	m.Sequence, m.Head, m.OversightSequence, m.OversightHead = s.Sequence, s.Head, s.OversightSequence, s.OversightHead
}
