// Package evidence is the proof that a Fabric network anchored a batch: an
// endorsed read. Peers of the city and of the member answered a read-only
// proposal — the batch's root and its transaction — and signed what they read,
// with the height at which it was written. The proof is laid out in canonical
// bytes and verified offline, against the members' authorities that the
// verifier pins.
//
// It must reach no network and needs no Fabric code, so that a phone's verifier
// can hold it; it says nothing of a license's present status.
package evidence

import (
	"encoding/pem"

	"tongzheng/chaincode/wire"
	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Evidence is what Receipt.Evidence holds, in canonical bytes, for a receipt of
// a Fabric network. What is signed is kept as it was signed; the fields before
// are for readers, and compared with it.
type Evidence struct {
	Ledger   string `cbor:"1,keyasint" json:"ledger"`   // the network's name
	Height   uint64 `cbor:"2,keyasint" json:"height"`   // of the block that wrote the root
	Number   uint64 `cbor:"3,keyasint" json:"number"`   // of the transaction in the block
	Contract string `cbor:"4,keyasint" json:"contract"` // version of the contract's definition
	Policy   string `cbor:"5,keyasint" json:"policy"`   // endorsement policy in force, in Fabric's notation
	// The read-only proposal: channel header, signature header and payload, as
	// hashed by the endorsers (Fabric's proposal hash).
	ChannelHeader   []byte `cbor:"6,keyasint" json:"channel_header"`
	SignatureHeader []byte `cbor:"7,keyasint" json:"signature_header"`
	Proposal        []byte `cbor:"8,keyasint" json:"proposal"`
	// Response is the proposal response payload that every endorser signed.
	Response     []byte        `cbor:"9,keyasint" json:"response"`
	Endorsements []Endorsement `cbor:"10,keyasint" json:"endorsements"`
}

// Endorsement is one peer's signature over Response and its own identity.
type Endorsement struct {
	MSP         string `cbor:"1,keyasint" json:"msp"`
	Certificate []byte `cbor:"2,keyasint" json:"certificate"` // DER
	// Root is the SHA-256 of the member's authority in force then (DER), which
	// issued Certificate.
	Root      []byte `cbor:"3,keyasint" json:"root"`
	Signature []byte `cbor:"4,keyasint" json:"signature"` // ECDSA, ASN.1
}

// Keys are what an endorsed read for a transaction asks for, in order: the
// batch's root and the transaction's own key.
func Keys(root sm.Digest, transaction string) []string {
	return []string{registry.RootKey(root), wire.TransactionKey(transaction)}
}

// Decode reads canonical bytes. CodeReceipt when they are no evidence.
func Decode(raw []byte) (*Evidence, error) {
	e := new(Evidence)
	if err := registry.Decode(raw, e); err != nil {
		return nil, fault("not an endorsed read").WithCause(err)
	}
	return e, nil
}

// Describe sets the fields for readers from what was signed.
func (e *Evidence) Describe(namespace string, root sm.Digest, transaction string) error {
	read, err := e.read(namespace, root, transaction)
	if err != nil {
		return err
	}
	e.Height, e.Number, e.Contract = read.height, read.number, read.contract
	return nil
}

// identity is the endorser's serialized identity (Fabric's msp.SerializedIdentity)
// as it was signed: membership id, then the certificate in PEM.
func (n Endorsement) identity() []byte {
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: n.Certificate})
	return appendBytes(appendBytes(nil, 1, []byte(n.MSP)), 2, certificate)
}

// NewEndorsement takes an endorsement apart: identity is the endorser's
// serialized identity as it was signed. It fails for an identity in another
// spelling than ours, which could not be put together again.
func NewEndorsement(identity, signature []byte) (Endorsement, error) {
	fields, err := parse(identity)
	if err != nil {
		return Endorsement{}, err
	}
	block, _ := pem.Decode(fields.bytes(2))
	if block == nil {
		return Endorsement{}, fault("an endorser without a certificate")
	}
	n := Endorsement{MSP: string(fields.bytes(1)), Certificate: block.Bytes, Signature: signature}
	if string(n.identity()) != string(identity) {
		return Endorsement{}, fault("the identity of %s is written in an unusual way", n.MSP)
	}
	return n, nil
}

func fault(format string, args ...any) *registry.Error {
	return registry.Errorf(registry.CodeReceipt, "evidence", format, args...)
}
