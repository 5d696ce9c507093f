package signer

import (
	"crypto/ecdsa"
	"time"

	"tongzheng/registry/sm"
)

// KeyStore holds SM2 keys and makes signatures with them. Keys never leave it,
// so that a hardware module can stand behind it: with SDF (GM/T 0018) Sign is
// SDF_InternalSign_ECC over the hash of ZA and message, with PKCS #11 a vendor
// mechanism. Such a store must
//
//   - make a key or a certificate durable before it returns,
//   - allow concurrent use,
//   - sign with the signer id 1234567812345678 and return ASN.1 r and s.
//
// It may sign with a random nonce: nothing relies on equal signatures, because
// the service keeps what it sealed.
type KeyStore interface {
	// Generate makes a key. The label says what it is for (seal/…, act/…, qr);
	// a label may have several keys over time, the newest being current.
	Generate(label string, at time.Time) (sm.KeyID, error)
	// Current returns the newest key of a label; false when there is none.
	Current(label string) (sm.KeyID, bool)
	// Keys lists all keys, oldest first.
	Keys() []KeyInfo
	// PublicKey returns a key's public half. CodeNotFound.
	PublicKey(id sm.KeyID) (*ecdsa.PublicKey, error)
	// Sign makes an SM2 signature with SM3 over message, and returns none that
	// does not verify. CodeNotFound.
	Sign(id sm.KeyID, message []byte) ([]byte, error)
	// Certificate returns the key's certificate in DER, nil when it has none.
	Certificate(id sm.KeyID) ([]byte, error)
	// SetCertificate keeps the certificate beside its key.
	SetCertificate(id sm.KeyID, der []byte) error
}

// KeyInfo describes a key.
type KeyInfo struct {
	ID      sm.KeyID  `json:"id"`
	Label   string    `json:"label"`
	Created time.Time `json:"created"`
}

// SignRaw makes a signature as r ‖ s, 64 bytes: the form of act-key signatures
// on the ledger, of QR codes and of status lists.
func SignRaw(keys KeyStore, id sm.KeyID, message []byte) ([]byte, error) {
	der, err := keys.Sign(id, message)
	if err != nil {
		return nil, err
	}
	return sm.ASN1ToRaw(der)
}
