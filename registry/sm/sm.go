// Package sm holds the pure cryptography that every verifier of Tongzheng needs:
// SM3 digests, verification of SM2 signatures, RFC 6962 trees over SM3 and the
// salted field tree of a license.
//
// It makes no signature, reads no clock and draws no random number, so that it
// compiles into the contract, the server and the browser alike.
package sm

import (
	"crypto/hmac"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"

	"github.com/emmansun/gmsm/sm3"
)

// Size is the length of an SM3 digest in bytes (GB/T 32905).
const Size = sm3.Size

// Digest is an SM3 digest. Its text form is 64 lower-case hexadecimal digits.
type Digest [Size]byte

// Sum returns the SM3 digest of data.
func Sum(data []byte) Digest { return sm3.Sum(data) }

// Tagged returns SM3(tag ‖ 0x00 ‖ data): a digest that cannot be mistaken for
// one made for another purpose.
func Tagged(tag string, data []byte) Digest {
	h := sm3.New()
	h.Write([]byte(tag))
	h.Write([]byte{0})
	h.Write(data)
	var d Digest
	h.Sum(d[:0])
	return d
}

// MAC returns HMAC-SM3(key, data).
func MAC(key, data []byte) Digest {
	m := newMAC(key)
	m.Write(data)
	var d Digest
	m.Sum(d[:0])
	return d
}

func newMAC(key []byte) hash.Hash { return hmac.New(sm3.New, key) }

// IsZero tells whether the digest was never set.
func (d Digest) IsZero() bool { return d == Digest{} }

func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// MarshalText writes the hexadecimal form; a zero digest is the empty text.
func (d Digest) MarshalText() ([]byte, error) {
	if d.IsZero() {
		return nil, nil
	}
	return []byte(d.String()), nil
}

// UnmarshalText reads the hexadecimal form; the empty text is the zero digest.
func (d *Digest) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = Digest{}
		return nil
	}
	parsed, err := ParseDigest(string(text))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}

// ParseDigest reads 64 hexadecimal digits.
func ParseDigest(s string) (Digest, error) {
	var d Digest
	raw, err := hex.DecodeString(s)
	if err != nil || len(raw) != Size {
		return d, fmt.Errorf("SM3 digest %q: want %d hexadecimal digits", s, 2*Size)
	}
	copy(d[:], raw)
	return d, nil
}

// MarshalBinary and UnmarshalBinary let canonical encodings carry a digest as
// 32 bytes; a zero digest is empty.
func (d Digest) MarshalBinary() ([]byte, error) {
	if d.IsZero() {
		return []byte{}, nil
	}
	return d[:], nil
}

// UnmarshalBinary reads what MarshalBinary wrote.
func (d *Digest) UnmarshalBinary(raw []byte) error {
	switch len(raw) {
	case 0:
		*d = Digest{}
	case Size:
		copy(d[:], raw)
	default:
		return errors.New("SM3 digest: want 0 or 32 bytes")
	}
	return nil
}
