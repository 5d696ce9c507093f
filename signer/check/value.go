package check

import (
	"bytes"
	"crypto/ecdsa"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"tongzheng/registry/sm"
)

// outcome is what computing a signature showed.
type outcome int

const (
	valueHolds    outcome = iota
	valueHoldsOdd         // it holds, though its integers are not written as DER asks
	valueDiffers          // computed, and it does not fit
	valueForm             // not the ASN.1 form of GB/T 35276: nothing was computed
)

// verifySM2 computes an SM2 signature with SM3 over message. Values of another
// form than the standard's are told apart from those that do not fit.
func verifySM2(pub *ecdsa.PublicKey, message, signature []byte) outcome {
	if sm.Verify(pub, message, signature) {
		return valueHolds
	}
	raw, ok := looseIntegers(signature)
	if !ok {
		return valueForm
	}
	if der, err := sm.RawToASN1(raw); err == nil && !bytes.Equal(der, signature) && sm.Verify(pub, message, der) {
		return valueHoldsOdd
	}
	return valueDiffers
}

// looseIntegers reads r and s of an ASN.1 signature, whose integers some
// devices write without the zero in front, or with several.
func looseIntegers(signature []byte) (raw []byte, ok bool) {
	r := whole(signature)
	body, _ := r.sequence("signature")
	for range 2 {
		var n cryptobyte.String
		if body.err != nil || !body.s.ReadASN1(&n, cbasn1.INTEGER) || len(n) == 0 {
			return nil, false
		}
		value := new(big.Int).SetBytes(n)
		if value.BitLen() > 256 {
			return nil, false
		}
		raw = append(raw, value.FillBytes(make([]byte, 32))...)
	}
	r.join(body, "signature")
	return raw, r.end("signature") == nil
}

// bareValue tells whether a file is a signature value and nothing else: r ‖ s,
// or their ASN.1 form.
func bareValue(value []byte) bool {
	if len(value) == sm.RawSignatureSize {
		return true
	}
	_, ok := looseIntegers(value)
	return ok
}

// unarmored takes the base64 or PEM off a value that some producers write as
// text.
func unarmored(value []byte) []byte {
	const sequence = 0x30
	if len(value) > 1 && value[0] == sequence && value[1] >= 0x80 {
		return value // DER with a length of its own: no text begins so
	}
	if block, _ := pem.Decode(value); block != nil {
		return block.Bytes
	}
	if plain, ok := fromBase64(value); ok && len(plain) > 0 && plain[0] == sequence {
		return plain
	}
	return value
}

// fromBase64 decodes text that is base64 throughout, broken into lines or not.
func fromBase64(text []byte) ([]byte, bool) {
	text = bytes.TrimSpace(text)
	plain := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	n, err := base64.StdEncoding.Decode(plain, text)
	return plain[:n], err == nil
}

// sm2Algorithm tells whether an algorithm is SM2 with SM3, under one of the
// names that are in use.
func sm2Algorithm(oid asn1.ObjectIdentifier) bool {
	return oid.Equal(OIDSM2WithSM3) || oid.Equal(oidSM2Sign) || oid.Equal(oidSM2)
}
