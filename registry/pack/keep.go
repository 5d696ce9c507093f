package pack

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"sync/atomic"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// keptForm is the first byte of what Keep writes. Behind it stand the size of kept in
// canonical bytes, and these, deflated: Signature.xml is text.
const keptForm = 0x02

// kept are the parts without the seal, which all licenses of a seal share: a value
// of GB/T 38540 has it within.
type kept struct {
	Form      uint8     `cbor:"1,keyasint"`
	Root      string    `cbor:"2,keyasint"`
	Signature []byte    `cbor:"3,keyasint"`
	Before    []byte    `cbor:"4,keyasint"` // the value up to the seal
	Seal      sm.Digest `cbor:"5,keyasint,omitzero"`
	After     []byte    `cbor:"6,keyasint,omitempty"`
	Sealed    sm.Digest `cbor:"7,keyasint"`
}

// Keep writes parts down without the seal, which its digest names from then on, and
// returns the seal; zero when the value does not have it within and is kept whole.
func Keep(parts *registry.SealParts) (raw []byte, seal Seal, err error) {
	k := kept{Form: parts.Form, Root: parts.Root, Signature: parts.Signature, Before: parts.Value, Sealed: parts.Sealed}
	if from, to := parts.SealFrom, parts.SealTo; 0 < from && from < to && to <= len(parts.Value) {
		seal = named(parts.Value[from:to])
		k.Before, k.Seal, k.After = parts.Value[:from], seal.Digest, parts.Value[to:]
	}
	plain, err := registry.Encode(&k)
	if err != nil {
		return nil, seal, err
	}
	packed, _ := deflate(plain, Fast)
	return append(binary.AppendUvarint([]byte{keptForm}, uint64(len(plain))), packed...), seal, nil
}

// Seal is a SESeal with its digest.
type Seal struct {
	Digest sm.Digest
	DER    []byte
}

// lastSeal is the one that was digested last: a thousand licenses have the same.
var lastSeal atomic.Pointer[Seal]

func named(der []byte) Seal {
	if last := lastSeal.Load(); last != nil && bytes.Equal(last.DER, der) {
		return *last
	}
	seal := Seal{sm.Sum(der), bytes.Clone(der)}
	lastSeal.Store(&seal)
	return seal
}

// mostKept bounds what is read: a value of a seal that does not stand apart has its
// picture within.
const mostKept = 16 << 20

// IsKept tells whether raw is what Keep writes.
func IsKept(raw []byte) bool { return len(raw) > 0 && raw[0] == keptForm }

// Kept reads parts that were kept. seal returns the SESeal with a digest.
func Kept(raw []byte, seal func(sm.Digest) ([]byte, error)) (*registry.SealParts, error) {
	var k kept
	if !IsKept(raw) {
		return nil, fmt.Errorf("what was kept of a sealed document has a form that is not known here")
	}
	size, n := binary.Uvarint(raw[1:])
	if n <= 0 || size > mostKept {
		return nil, fmt.Errorf("what was kept of a sealed document is damaged")
	}
	plain, err := inflate(raw[1+n:], int(size))
	if err == nil {
		err = registry.Decode(plain, &k)
	}
	if err != nil {
		return nil, fmt.Errorf("what was kept of a sealed document: %w", err)
	}
	parts := &registry.SealParts{Form: k.Form, Root: k.Root, Signature: k.Signature, Value: k.Before, Sealed: k.Sealed}
	if !k.Seal.IsZero() {
		der, err := seal(k.Seal)
		if err != nil {
			return nil, err
		}
		if len(der) == 0 {
			return nil, fmt.Errorf("the seal %s of a sealed document is not here", k.Seal)
		}
		parts.Value = bytes.Join([][]byte{k.Before, der, k.After}, nil)
		parts.SealFrom, parts.SealTo = len(k.Before), len(k.Before)+len(der)
	}
	return parts, nil
}

// Restore composes a sealed document again and holds it against the digest that was
// taken when it was sealed.
func Restore(unsealed []byte, parts *registry.SealParts) ([]byte, error) {
	sealed, err := Compose(unsealed, parts)
	if err != nil {
		return nil, err
	}
	if sm.Sum(sealed) != parts.Sealed {
		return nil, registry.Errorf(registry.CodeContent, "sealed", "this is not the document that was sealed")
	}
	return sealed, nil
}
