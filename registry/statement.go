package registry

import (
	"bytes"
	"encoding/base64"
	"strings"

	"tongzheng/registry/sm"
)

// Statement (核验回执) is one verification in a form that can be kept: the word
// that was said of a license, as of when, by whom. It holds nothing personal.
type Statement struct {
	By         string           `cbor:"1,keyasint" json:"by"` // address of the registry that checked
	Ledger     string           `cbor:"2,keyasint" json:"ledger"`
	Identifier Identifier       `cbor:"3,keyasint,omitzero" json:"identifier,omitzero"`
	Printing   uint32           `cbor:"4,keyasint,omitempty" json:"printing,omitempty"`
	Word       Word             `cbor:"5,keyasint" json:"verdict"`
	Version    int              `cbor:"6,keyasint,omitempty" json:"current_version,omitempty"`
	Cause      Cause            `cbor:"7,keyasint,omitzero" json:"cause,omitzero"`
	AsOf       int64            `cbor:"8,keyasint" json:"as_of"` // the ledger was known up to then, Unix seconds
	Height     uint64           `cbor:"9,keyasint" json:"height"`
	At         int64            `cbor:"10,keyasint" json:"at"`                     // of the verification
	File       sm.Digest        `cbor:"11,keyasint,omitzero" json:"file,omitzero"` // SM3 of the file that was checked
	Checks     []StatementCheck `cbor:"12,keyasint,omitempty" json:"checks,omitempty"`
}

// StatementCheck is one check and its result.
type StatementCheck struct {
	_      struct{}  `cbor:",toarray"`
	Name   CheckName `json:"name"`
	Result Result    `json:"result"`
	Code   string    `json:"code,omitempty"`
}

// SignedStatement is a statement under a status key.
type SignedStatement struct {
	Statement Statement `cbor:"1,keyasint" json:"statement"`
	Key       sm.KeyID  `cbor:"2,keyasint" json:"key"`
	Signature []byte    `cbor:"3,keyasint" json:"signature"` // r ‖ s
}

// NewStatement writes down a verdict.
func NewStatement(by, ledger string, v Verdict, printing uint32) Statement {
	s := Statement{By: by, Ledger: ledger, Identifier: v.Identifier, Printing: printing, Word: v.Word, Version: v.Version, Cause: v.Cause,
		AsOf: v.Knowledge.AsOf.Unix(), Height: v.Knowledge.Height, At: v.At.Unix()}
	if v.Knowledge.AsOf.IsZero() {
		s.AsOf = 0
	}
	for _, c := range v.Checks {
		s.Checks = append(s.Checks, StatementCheck{Name: c.Name, Result: c.Result, Code: c.Code})
	}
	return s
}

// Message is what the status key signs.
func (s *Statement) Message() []byte {
	return append([]byte("tongzheng statement v1\x00"), mustEncode(s)...)
}

const (
	statementBegin = "-----BEGIN TONGZHENG STATEMENT-----"
	statementEnd   = "-----END TONGZHENG STATEMENT-----"
)

// Armor is the statement as lines of text that survive a printed page, a mail,
// a chat.
func (s *SignedStatement) Armor() string {
	text := base64.StdEncoding.EncodeToString(mustEncode(s))
	var out strings.Builder
	out.WriteString(statementBegin + "\n")
	for len(text) > 64 {
		out.WriteString(text[:64] + "\n")
		text = text[64:]
	}
	out.WriteString(text + "\n" + statementEnd + "\n")
	return out.String()
}

// IsStatement tells whether a text holds an armored statement.
func IsStatement(text []byte) bool { return bytes.Contains(text, []byte(statementBegin)) }

// ParseStatement finds the one armored statement in a text, a saved page
// included. It verifies nothing.
func ParseStatement(text []byte) (*SignedStatement, error) {
	bad := func(why string) error { return Errorf(CodeMalformed, "statement", "%s", why) }
	if len(text) > 1<<20 {
		return nil, Errorf(CodeTooLarge, "statement", "over 1 MiB")
	}
	_, rest, ok := strings.Cut(string(text), statementBegin)
	body, after, ended := strings.Cut(rest, statementEnd)
	if !ok || !ended || strings.Contains(after, statementBegin) {
		return nil, bad("want one statement between its two lines")
	}
	// Browsers and editors write some characters of base64 as entities.
	body = strings.NewReplacer("&#43;", "+", "&#61;", "=", "&#47;", "/").Replace(body)
	raw, err := base64.StdEncoding.Strict().DecodeString(strings.Join(strings.Fields(body), ""))
	if err != nil {
		return nil, bad("damaged")
	}
	s := new(SignedStatement)
	if err := Decode(raw, s); err != nil {
		return nil, bad("damaged")
	}
	return s, nil
}

// Disclosure shows some fields of a license and proves them, the others stay
// hidden: paths to the field root, which with the document's leaf gives the
// content digest of an anchored entry.
type Disclosure struct {
	Receipt   Receipt         `json:"receipt"` // of the entry that made the version
	FieldRoot sm.Digest       `json:"field_root"`
	Document  sm.Digest       `json:"document"` // leaf of the unsealed document
	Fields    []sm.FieldProof `json:"fields"`
}

// Verify tells whether the fields are those of the entry, once the receipt is
// verified. CodeReceipt otherwise.
func (d *Disclosure) Verify(e *Entry) error {
	if e.Intent == nil || !e.Intent.Act.MakesVersion() || sm.Node(d.FieldRoot, d.Document) != e.Intent.Content {
		return Errorf(CodeReceipt, "field_root", "not the content that the entry names")
	}
	for _, f := range d.Fields {
		if !f.Verify(d.FieldRoot) {
			return Errorf(CodeReceipt, "fields", "field %s is not proven", f.Field.Name)
		}
	}
	return nil
}
