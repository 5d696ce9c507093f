package registry

import (
	"encoding/base32"
	"encoding/binary"

	"tongzheng/registry/sm"
)

// TokenSize is the length of a scan token: 128 bits.
const TokenSize = 16

// Token is what a QR code's URL carries instead of the license number: it can
// neither be guessed nor enumerated. Its text form is 26 characters of
// unpadded upper-case base32.
type Token [TokenSize]byte

var tokenText = base32.StdEncoding.WithPadding(base32.NoPadding)

// NewToken derives the token of one printing of one version from a backed-up
// key, so that it can be made again after a loss of the database. The place in
// the status list is never given twice, so the token of a refused attempt does
// not come back with the next one.
func NewToken(key []byte, id Identifier, printing Printing) Token {
	data := append([]byte("tongzheng token v1\x00"), id.String()...)
	data = binary.BigEndian.AppendUint32(append(data, 0), printing.Number)
	data = binary.BigEndian.AppendUint32(data, printing.List)
	data = binary.BigEndian.AppendUint32(data, printing.Index)
	mac := sm.MAC(key, data)
	return Token(mac[:TokenSize])
}

func (t Token) String() string { return tokenText.EncodeToString(t[:]) }

// URL is where a sheet's code leads, below a registry's public address.
func (t Token) URL(public string) string { return public + "/v/" + t.String() }

// ParseToken reads the text form; lower case is accepted, as some scanners
// change it.
func ParseToken(s string) (Token, error) {
	var t Token
	up := []byte(s)
	for i, c := range up {
		if c >= 'a' && c <= 'z' {
			up[i] = c - 'a' + 'A'
		}
	}
	raw, err := tokenText.DecodeString(string(up))
	if err != nil || len(raw) != TokenSize || tokenText.EncodeToString(raw) != string(up) {
		return t, Errorf(CodeMalformed, "token", "want 26 characters A-Z2-7")
	}
	copy(t[:], raw)
	return t, nil
}

// IsZero tells whether there is no token.
func (t Token) IsZero() bool { return t == Token{} }

// TokenDigestSize is the length of what the ledger keeps of a token: 128 bits, as
// many as the token has.
const TokenDigestSize = 16

// TokenDigest is what the ledger keeps of a token. Whoever has the sheet can make it
// of the sheet's token; nobody can make the token of it.
type TokenDigest [TokenDigestSize]byte

// Digest is what the ledger keeps of the token.
func (t Token) Digest() TokenDigest {
	d := sm.Tagged("tongzheng token digest v1", t[:])
	return TokenDigest(d[:TokenDigestSize])
}

// TokenDigests are the digests of tokens, one after the other: Entry.Tokens.
func TokenDigests(tokens []Token) (all []byte) {
	for _, t := range tokens {
		d := t.Digest()
		all = append(all, d[:]...)
	}
	return all
}

// TokenDigestOf is what the entry says of the i-th of its printings; false where it
// names no tokens.
func (e *Entry) TokenDigestOf(i int) (d TokenDigest, ok bool) {
	if i < 0 || len(e.Tokens) < (i+1)*TokenDigestSize {
		return d, false
	}
	return TokenDigest(e.Tokens[i*TokenDigestSize:][:TokenDigestSize]), true
}

// NamesTokens tells whether the entry's digests are those of the tokens of its
// printings. One that names none says nothing.
func (e *Entry) NamesTokens(tokens []Token) bool {
	return len(e.Tokens) == 0 || string(e.Tokens) == string(TokenDigests(tokens))
}
