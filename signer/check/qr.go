package check

import (
	"bytes"
	"crypto/ecdsa"
	"encoding/base32"
	"encoding/hex"
	"strings"
	"unicode/utf8"

	"github.com/fxamacker/cbor/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// QR codes on paper: {prefix}/v/{TOKEN}#{PAYLOAD}. Prefix is scheme, host and
// perhaps a path, in lower case; everything after /v/ is in upper case, so
// that a code writes it compactly. TOKEN is 128 bits, PAYLOAD the deterministic
// CBOR map followed by a raw SM2 signature, both in unpadded base32 (RFC 4648
// §6). Paper cannot be recalled: these bytes are frozen under qrFormat.
const (
	qrTag    = "tongzheng qr v1\x00"
	qrFormat = 1
	// MaxQRBytes bounds map and signature together, so that a code stays at
	// 65 modules or fewer at level M for prefixes up to 30 characters.
	MaxQRBytes = 190
	// qrPath separates the prefix from the token.
	qrPath       = "/v/"
	maxQRText    = 1024
	maxBlankText = 20
	keyHintSize  = 8
)

var qrBase32 = base32.StdEncoding.WithPadding(base32.NoPadding)

// parseToken reads the 26 characters in their one form.
func parseToken(s string) (registry.Token, error) {
	token, err := registry.ParseToken(s)
	if err == nil && token.String() != s {
		err = registry.Errorf(registry.CodeMalformed, "token", "want upper case, as it was printed")
	}
	return token, err
}

// KeyHint is the first 8 bytes of a key id: it finds the QR key that signed.
type KeyHint [keyHintSize]byte

// KeyHintOf shortens a key id.
func KeyHintOf(id sm.KeyID) (KeyHint, error) {
	var hint KeyHint
	raw, err := hex.DecodeString(string(id))
	if err != nil || len(raw) != 16 {
		return hint, registry.Errorf(registry.CodeMalformed, "key", "want a key id of 32 hexadecimal digits")
	}
	copy(hint[:], raw)
	return hint, nil
}

// QRPayload is what a sheet's code says.
type QRPayload struct {
	Identifier registry.Identifier
	Printing   uint32 // number of the sheet within its version
	Holder     string // as printed; only its beginning when HolderDigest is set
	// HolderDigest is the beginning of SM3 over the full name in UTF-8; nil
	// unless the name was cut.
	HolderDigest []byte
	Effective    registry.Date
	Expires      registry.Date
	Blank        string // number of the blank, empty without numbered stock
	List         uint32 // status list id
	Index        uint32 // this sheet's place in it
	Key          KeyHint
}

// wirePayload is the CBOR map (RFC 8949 §4.2.1 core deterministic encoding).
type wirePayload struct {
	Format       uint8  `cbor:"1,keyasint"`
	Identifier   []byte `cbor:"2,keyasint"`
	Printing     uint32 `cbor:"3,keyasint"`
	Holder       []byte `cbor:"4,keyasint"` // GB 18030
	HolderDigest []byte `cbor:"5,keyasint,omitempty"`
	Effective    int32  `cbor:"6,keyasint"`
	Expires      int32  `cbor:"7,keyasint"`
	Blank        string `cbor:"8,keyasint,omitempty"`
	List         uint32 `cbor:"9,keyasint"`
	Index        uint32 `cbor:"10,keyasint"`
	Key          []byte `cbor:"11,keyasint"`
}

var (
	cborEncode = mustMode(cbor.CoreDetEncOptions().EncMode())
	cborDecode = mustMode(cbor.DecOptions{
		DupMapKey: cbor.DupMapKeyEnforcedAPF, IndefLength: cbor.IndefLengthForbidden, TagsMd: cbor.TagsForbidden,
		ExtraReturnErrors: cbor.ExtraDecErrorUnknownField, MaxNestedLevels: 4, MaxMapPairs: 16,
	}.DecMode())
)

func mustMode[T any](mode T, err error) T {
	if err != nil {
		panic(err) // constant options
	}
	return mode
}

func qrError(format string, args ...any) *registry.Error {
	return registry.Errorf(registry.CodeMalformed, "qr", format, args...)
}

// EncodeQR returns the CBOR map of a payload. Holder is the full name; it is
// cut at a character boundary, and HolderDigest set, when map and signature
// would not fit MaxQRBytes.
func EncodeQR(p QRPayload) ([]byte, error) {
	w, err := p.wire()
	if err != nil {
		return nil, err
	}
	const room = MaxQRBytes - sm.RawSignatureSize
	full, err := toGB18030(p.Holder)
	if err != nil {
		return nil, err
	}
	w.Holder = full
	raw, err := cborEncode.Marshal(w)
	if err != nil || len(raw) <= room {
		return raw, err
	}
	digest := sm.Sum([]byte(p.Holder))
	w.HolderDigest = digest[:8]
	name := p.Holder
	for len(raw) > room {
		if name == "" {
			return nil, qrError("the values are too long for a code even without the holder's name")
		}
		_, size := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-size]
		if w.Holder, err = toGB18030(name); err != nil {
			return nil, err
		}
		if raw, err = cborEncode.Marshal(w); err != nil {
			return nil, err
		}
	}
	return raw, nil
}

func (p QRPayload) wire() (wirePayload, error) {
	var w wirePayload
	id, err := p.Identifier.MarshalBinary()
	switch {
	case err != nil:
		return w, err
	case len(id) == 0:
		return w, qrError("identifier is required")
	case len(p.HolderDigest) != 0:
		return w, qrError("the holder's full name is wanted, not a cut one")
	case p.Effective < 0 || p.Expires < 0:
		return w, qrError("a date before 1970")
	case !goodBlank(p.Blank):
		return w, qrError("blank number: want at most %d printable ASCII characters", maxBlankText)
	}
	return wirePayload{
		Format: qrFormat, Identifier: id, Printing: p.Printing, Effective: int32(p.Effective), Expires: int32(p.Expires),
		Blank: p.Blank, List: p.List, Index: p.Index, Key: p.Key[:],
	}, nil
}

func goodBlank(s string) bool {
	return len(s) <= maxBlankText && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}

// toGB18030 encodes a name and makes sure that it comes back the same.
func toGB18030(s string) ([]byte, error) {
	raw, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(s))
	if err == nil && utf8.ValidString(s) {
		if back, err := simplifiedchinese.GB18030.NewDecoder().Bytes(raw); err == nil && string(back) == s {
			return raw, nil
		}
	}
	return nil, registry.Errorf(registry.CodeGlyph, "holder", "a character has no GB 18030 form")
}

// decodeQR reads a CBOR map strictly: only what EncodeQR would write.
func decodeQR(raw []byte) (QRPayload, error) {
	var w wirePayload
	var p QRPayload
	if err := cborDecode.Unmarshal(raw, &w); err != nil {
		return p, qrError("the payload is damaged").WithCause(err)
	}
	again, err := cborEncode.Marshal(w)
	if err != nil || !bytes.Equal(again, raw) {
		return p, qrError("the payload is not in its one form")
	}
	holder, err := simplifiedchinese.GB18030.NewDecoder().Bytes(w.Holder)
	if err != nil {
		return p, qrError("the holder's name is damaged").WithCause(err)
	}
	if back, err := toGB18030(string(holder)); err != nil || !bytes.Equal(back, w.Holder) {
		return p, qrError("the holder's name is damaged")
	}
	if err := p.Identifier.UnmarshalBinary(w.Identifier); err != nil {
		return p, err
	}
	switch {
	case w.Format != qrFormat:
		return p, qrError("format %d is not known here", w.Format)
	case p.Identifier.IsZero() || len(w.Key) != keyHintSize || w.Effective < 0 || w.Expires < 0 || !goodBlank(w.Blank):
		return p, qrError("a value is missing or out of range")
	case len(w.HolderDigest) != 0 && len(w.HolderDigest) != 8:
		return p, qrError("the digest of the holder's name has a wrong length")
	}
	p.Printing, p.Holder, p.HolderDigest = w.Printing, string(holder), w.HolderDigest
	p.Effective, p.Expires = registry.Date(w.Effective), registry.Date(w.Expires)
	p.Blank, p.List, p.Index = w.Blank, w.List, w.Index
	copy(p.Key[:], w.Key)
	return p, nil
}

// NamesHolder tells whether the payload's holder is the given full name.
func (p QRPayload) NamesHolder(full string) bool {
	if len(p.HolderDigest) == 0 {
		return p.Holder == full
	}
	digest := sm.Sum([]byte(full))
	return strings.HasPrefix(full, p.Holder) && bytes.Equal(digest[:8], p.HolderDigest)
}

// QRSigned returns the bytes a QR key signs: tag ‖ token ‖ CBOR.
func QRSigned(token registry.Token, payload []byte) []byte {
	signed := append([]byte(qrTag), token[:]...)
	return append(signed, payload...)
}

// QRText writes a code's text; a nil payload gives the form with the token
// alone, for sealed documents, small cards and stock with a code of its own.
func QRText(prefix string, token registry.Token, payload, signature []byte) (string, error) {
	if !goodPrefix(prefix) {
		return "", qrError("prefix: want a lower-case scheme, host and path, such as https://lic.example.gov.cn")
	}
	text := prefix + qrPath + token.String()
	if payload == nil {
		return text, nil
	}
	if len(signature) != sm.RawSignatureSize || len(payload)+len(signature) > MaxQRBytes {
		return "", qrError("payload and signature do not fit")
	}
	return text + "#" + qrBase32.EncodeToString(append(append([]byte(nil), payload...), signature...)), nil
}

// goodPrefix allows any lower-case web address without query or fragment.
func goodPrefix(prefix string) bool {
	host, ok := strings.CutPrefix(prefix, "https://")
	if !ok {
		host, ok = strings.CutPrefix(prefix, "http://")
	}
	return ok && host != "" && !strings.HasPrefix(host, "/") && !strings.HasSuffix(host, "/") &&
		!strings.ContainsFunc(host, func(r rune) bool {
			return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || strings.ContainsRune("-._~:/[]", r))
		})
}

// QR is a parsed code.
type QR struct {
	Prefix    string
	Token     registry.Token
	Payload   *QRPayload // nil in the form with the token alone
	Signature []byte     // r ‖ s
	signed    []byte
}

// ParseQR reads a code's text. The prefix may be any web address, for a code
// outlives the name it was printed under; everything else is read strictly.
// It verifies nothing: see VerifyQR.
func ParseQR(text string) (QR, error) {
	var code QR
	if len(text) > maxQRText {
		return code, registry.Errorf(registry.CodeTooLarge, "qr", "the text is longer than any code")
	}
	address, fragment, hasFragment := strings.Cut(text, "#")
	at := strings.LastIndex(address, qrPath)
	if at < 0 || !goodPrefix(address[:at]) {
		return code, qrError("not an address of the form …/v/TOKEN")
	}
	code.Prefix = address[:at]
	var err error
	if code.Token, err = parseToken(address[at+len(qrPath):]); err != nil {
		return code, err
	}
	if !hasFragment {
		return code, nil
	}
	raw, err := qrBase32.DecodeString(fragment)
	if err != nil || qrBase32.EncodeToString(raw) != fragment || len(raw) <= sm.RawSignatureSize || len(raw) > MaxQRBytes {
		return code, qrError("the part after # is damaged")
	}
	body := raw[:len(raw)-sm.RawSignatureSize]
	payload, err := decodeQR(body)
	if err != nil {
		return code, err
	}
	code.Payload, code.Signature = &payload, raw[len(body):]
	code.signed = QRSigned(code.Token, body)
	return code, nil
}

// QRKeys are the pinned QR keys by hint.
type QRKeys map[KeyHint]*ecdsa.PublicKey

// Add pins a key.
func (k QRKeys) Add(pub *ecdsa.PublicKey) error {
	spki, err := sm.MarshalPublicKey(pub)
	if err != nil {
		return err
	}
	hint, err := KeyHintOf(sm.KeyIDOf(spki))
	k[hint] = pub
	return err
}

// VerifyQR checks a code's signature. A code with the token alone gives
// Unknown. An unknown key is no altered code: a forger would bring one, but so
// does a key that is younger than what the verifier carries. It fails as a
// matter of trust.
func VerifyQR(code QR, keys QRKeys) registry.Check {
	const name = registry.CheckQRSignature
	if code.Payload == nil {
		return registry.CannotTell(name, "qr-token-only", "此码只含查验编号，没有签名，须联网查验", "the code carries a token alone: check online")
	}
	pub, ok := keys[code.Payload.Key]
	if !ok {
		return registry.Fail(registry.CheckTrust, "qr-key-unknown", "二维码签名密钥不在受信任之列", "the code is signed by a key that is not among the trusted ones")
	}
	if !sm.VerifyRaw(pub, code.signed, code.Signature) {
		return registry.Fail(name, "qr-signature-wrong", "二维码签名验证不通过，内容被改动或系伪造", "the code's signature does not hold: altered or forged")
	}
	return registry.Pass(name, "二维码签名有效", "the code's signature holds")
}

// SignedBytes returns what the QR key signed, for other implementations; nil
// in the form with the token alone.
func (c QR) SignedBytes() []byte { return bytes.Clone(c.signed) }
