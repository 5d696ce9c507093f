package sm

import (
	"crypto/ecdsa"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// SignerID is the default signer id of SM2 signatures (GM/T 0009 §10).
const SignerID = "1234567812345678"

// RawSignatureSize is the length of r ‖ s.
const RawSignatureSize = 64

// KeyID names a public key: the first 16 bytes of SM3 over its
// SubjectPublicKeyInfo (DER), as 32 hexadecimal digits.
type KeyID string

// KeyIDOf returns the id of a SubjectPublicKeyInfo in DER.
func KeyIDOf(spki []byte) KeyID {
	d := Sum(spki)
	return KeyID(hex.EncodeToString(d[:16]))
}

// MarshalPublicKey writes SubjectPublicKeyInfo DER, for SM2 and P-256 keys.
func MarshalPublicKey(pub *ecdsa.PublicKey) ([]byte, error) {
	return smx509.MarshalPKIXPublicKey(pub)
}

// ParsePublicKey reads SubjectPublicKeyInfo DER of an SM2 or a P-256 key.
func ParsePublicKey(spki []byte) (*ecdsa.PublicKey, error) {
	key, err := smx509.ParsePKIXPublicKey(spki)
	if err != nil {
		return nil, fmt.Errorf("public key: %w", err)
	}
	pub, ok := key.(*ecdsa.PublicKey)
	if !ok {
		return nil, errors.New("public key: neither SM2 nor P-256")
	}
	return pub, nil
}

// IsSM2 tells whether the key lies on the SM2 curve.
func IsSM2(pub *ecdsa.PublicKey) bool { return pub != nil && sm2.IsSM2PublicKey(pub) }

// Verify checks an ASN.1 SM2 signature with SM3 over message (GB/T 32918.2),
// with the default signer id.
func Verify(pub *ecdsa.PublicKey, message, signature []byte) bool {
	return IsSM2(pub) && sm2.VerifyASN1WithSM2(pub, nil, message, signature)
}

// VerifyRaw checks an SM2 signature given as r ‖ s, 64 bytes.
func VerifyRaw(pub *ecdsa.PublicKey, message, signature []byte) bool {
	der, err := RawToASN1(signature)
	return err == nil && Verify(pub, message, der)
}

// RawToASN1 turns r ‖ s into the ASN.1 form.
func RawToASN1(raw []byte) ([]byte, error) {
	if len(raw) != RawSignatureSize {
		return nil, errors.New("SM2 signature: want 64 bytes")
	}
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1BigInt(new(big.Int).SetBytes(raw[:32]))
		b.AddASN1BigInt(new(big.Int).SetBytes(raw[32:]))
	})
	return b.Bytes()
}

// ASN1ToRaw turns the ASN.1 form into r ‖ s.
func ASN1ToRaw(der []byte) ([]byte, error) {
	var r, s big.Int
	input := cryptobyte.String(der)
	var body cryptobyte.String
	if !input.ReadASN1(&body, asn1.SEQUENCE) || !input.Empty() ||
		!body.ReadASN1Integer(&r) || !body.ReadASN1Integer(&s) || !body.Empty() ||
		r.Sign() <= 0 || s.Sign() <= 0 || r.BitLen() > 256 || s.BitLen() > 256 {
		return nil, errors.New("SM2 signature: not an ASN.1 pair of integers")
	}
	raw := make([]byte, RawSignatureSize)
	r.FillBytes(raw[:32])
	s.FillBytes(raw[32:])
	return raw, nil
}
