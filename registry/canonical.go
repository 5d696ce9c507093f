package registry

import (
	"bytes"

	"github.com/fxamacker/cbor/v2"
)

// FormatVersion begins the canonical bytes of everything signed or anchored.
// Verifiers keep every version they ever read.
const FormatVersion = 1

var (
	canonicalEncoder = mustEncoder()
	strictDecoder    = mustDecoder()
)

func mustEncoder() cbor.EncMode {
	mode, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		panic(err)
	}
	return mode
}

func mustDecoder() cbor.DecMode {
	mode, err := cbor.DecOptions{
		DupMapKey:         cbor.DupMapKeyEnforcedAPF,
		IndefLength:       cbor.IndefLengthForbidden,
		TagsMd:            cbor.TagsForbidden,
		ExtraReturnErrors: cbor.ExtraDecErrorUnknownField,
		MaxNestedLevels:   8,
		MaxArrayElements:  65536,
		MaxMapPairs:       4096,
	}.DecMode()
	if err != nil {
		panic(err)
	}
	return mode
}

// Encode writes canonical bytes: the format version in one byte, then
// deterministic CBOR (RFC 8949 §4.2.1) with integer keys.
func Encode(value any) ([]byte, error) {
	body, err := canonicalEncoder.Marshal(value)
	if err != nil {
		return nil, Errorf(CodeEntryForm, "", "cannot be encoded").WithCause(err)
	}
	return append([]byte{FormatVersion}, body...), nil
}

// mustEncode is for values of our own types that cannot fail to encode once
// validated.
func mustEncode(value any) []byte {
	raw, err := Encode(value)
	if err != nil {
		panic(err)
	}
	return raw
}

// Decode reads canonical bytes and refuses every other spelling of the same
// value, so that one value has one digest.
func Decode(raw []byte, into any) error {
	if len(raw) == 0 || raw[0] != FormatVersion {
		return Errorf(CodeEntryForm, "", "unknown format version")
	}
	if err := strictDecoder.Unmarshal(raw[1:], into); err != nil {
		return Errorf(CodeEntryForm, "", "cannot be decoded").WithCause(err)
	}
	again, err := Encode(into)
	if err != nil || !bytes.Equal(again, raw) {
		return Errorf(CodeEntryForm, "", "not in canonical form")
	}
	return nil
}
