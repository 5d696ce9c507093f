package check

import (
	"bytes"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Bounds of what is rewritten: SignedData has some fifteen levels.
const (
	berDepth = 24
	berMost  = 8 << 20
)

// definite writes a BER value with definite lengths, and octet strings that
// come in pieces as one, as DER has both. Producers that stream write SignedData
// so. What is no such value comes back as it is.
func definite(ber []byte) []byte {
	if len(ber) > berMost || settled(ber, berDepth) {
		return ber
	}
	out, rest, ok := definiteElement(ber, berDepth)
	if !ok || len(rest) > 0 {
		return ber
	}
	return out
}

// settled tells whether nothing of a value is to be written otherwise: every length in
// it is definite, and no octet string comes in pieces.
func settled(ber []byte, depth int) bool {
	for s := cryptobyte.String(ber); len(s) > 0; {
		tag := s[0]
		var body cryptobyte.String
		var kind cbasn1.Tag
		if depth == 0 || tag == octetTag|constructed || !s.ReadAnyASN1(&body, &kind) {
			return false
		}
		if tag&constructed != 0 && !settled(body, depth-1) {
			return false
		}
	}
	return true
}

const (
	constructed = 0x20
	indefinite  = 0x80
	octetTag    = 0x04
)

// definiteElement rewrites the first element of ber and returns what follows
// it. It is false for tags of several bytes and for lengths that fit nothing.
func definiteElement(ber []byte, depth int) (out, rest []byte, ok bool) {
	if len(ber) < 2 || ber[0]&0x1f == 0x1f || depth == 0 {
		return nil, nil, false
	}
	tag := ber[0]
	if ber[1] == indefinite {
		if tag&constructed == 0 {
			return nil, nil, false
		}
		parts, rest, ok := definiteParts(ber[2:], depth)
		if !ok || !bytes.HasPrefix(rest, []byte{0, 0}) {
			return nil, nil, false
		}
		out, ok = joinParts(tag, parts)
		return out, rest[2:], ok
	}
	s := cryptobyte.String(ber)
	var element, body cryptobyte.String
	var kind cbasn1.Tag
	if !s.ReadAnyASN1Element(&element, &kind) {
		return nil, nil, false
	}
	if tag&constructed == 0 {
		return element, s, true
	}
	if again := element; !again.ReadAnyASN1(&body, &kind) {
		return nil, nil, false
	}
	parts, end, ok := definiteParts(body, depth)
	if !ok || len(end) > 0 {
		return nil, nil, false
	}
	out, ok = joinParts(tag, parts)
	return out, s, ok
}

// definiteParts rewrites elements up to the end or the mark of one.
func definiteParts(body []byte, depth int) (parts [][]byte, rest []byte, ok bool) {
	for rest = body; len(rest) > 0 && !bytes.HasPrefix(rest, []byte{0, 0}); {
		var part []byte
		if part, rest, ok = definiteElement(rest, depth-1); !ok {
			return nil, nil, false
		}
		parts = append(parts, part)
	}
	return parts, rest, true
}

func joinParts(tag byte, parts [][]byte) ([]byte, bool) {
	if tag == octetTag|constructed {
		for i, part := range parts {
			s := cryptobyte.String(part)
			var piece cryptobyte.String
			if !s.ReadASN1(&piece, octetTag) {
				return nil, false
			}
			parts[i] = piece
		}
		tag = octetTag
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.Tag(tag), func(b *cryptobyte.Builder) {
		for _, part := range parts {
			b.AddBytes(part)
		}
	})
	out, err := b.Bytes()
	return out, err == nil
}
