package check

import (
	"encoding/asn1"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Object identifiers of the Chinese cryptographic standards (GM/T 0006) and of
// the CMS forms that carry them.
var (
	OIDSM3           = asn1.ObjectIdentifier{1, 2, 156, 10197, 1, 401}
	OIDSM2WithSM3    = asn1.ObjectIdentifier{1, 2, 156, 10197, 1, 501}
	oidSM2           = asn1.ObjectIdentifier{1, 2, 156, 10197, 1, 301}
	oidSM2Sign       = asn1.ObjectIdentifier{1, 2, 156, 10197, 1, 301, 1}
	oidGMData        = asn1.ObjectIdentifier{1, 2, 156, 10197, 6, 1, 4, 2, 1}
	oidGMSignedData  = asn1.ObjectIdentifier{1, 2, 156, 10197, 6, 1, 4, 2, 2}
	oidData          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	OIDSignedData    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	OIDContentType   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	OIDMessageDigest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	OIDTSTInfo       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
	OIDExtKeyUsage   = asn1.ObjectIdentifier{2, 5, 29, 37}
	oidSigningCert   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 12}
	OIDSigningCertV2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
)

// errDER is wrapped by every decoding failure.
var errDER = errors.New("not the DER that the standard asks for")

// reader walks one DER value and keeps the first failure, so that a structure
// reads as a list of its fields.
type reader struct {
	s   cryptobyte.String
	err error
}

func (r *reader) fail(what string) {
	if r.err == nil {
		r.err = fmt.Errorf("%s: %w", what, errDER)
	}
}

// sequence enters the next SEQUENCE; raw is the whole element with its header.
func (r *reader) sequence(what string) (inner *reader, raw []byte) {
	var element, body cryptobyte.String
	if r.err == nil && r.s.ReadASN1Element(&element, cbasn1.SEQUENCE) {
		raw = element
		if copied := element; copied.ReadASN1(&body, cbasn1.SEQUENCE) {
			return &reader{s: body}, raw
		}
	}
	r.fail(what)
	return &reader{err: r.err}, nil
}

// join carries an inner reader's failure outward and insists that it is used up.
func (r *reader) join(inner *reader, what string) {
	switch {
	case r.err != nil:
	case inner.err != nil:
		r.err = inner.err
	case !inner.s.Empty():
		r.fail(what + ": has more than the standard knows")
	}
}

func (r *reader) integer(what string) int {
	var n int
	if r.err != nil || !r.s.ReadASN1Integer(&n) {
		r.fail(what)
	}
	return n
}

func (r *reader) octets(what string) []byte {
	var out cryptobyte.String
	if r.err != nil || !r.s.ReadASN1(&out, cbasn1.OCTET_STRING) {
		r.fail(what)
	}
	return out
}

func (r *reader) bits(what string) []byte {
	var out []byte
	if r.err != nil || !r.s.ReadASN1BitStringAsBytes(&out) {
		r.fail(what)
	}
	return out
}

func (r *reader) oid(what string) asn1.ObjectIdentifier {
	var out asn1.ObjectIdentifier
	if r.err != nil || !r.s.ReadASN1ObjectIdentifier(&out) {
		r.fail(what)
	}
	return out
}

// text reads a string of one of the given types and checks its alphabet.
func (r *reader) text(what string, tags ...cbasn1.Tag) string {
	var out cryptobyte.String
	var tag cbasn1.Tag
	if r.err != nil || !r.s.ReadAnyASN1(&out, &tag) {
		r.fail(what)
		return ""
	}
	for _, want := range tags {
		if tag != want {
			continue
		}
		if want == cbasn1.UTF8String && !utf8.Valid(out) || want != cbasn1.UTF8String && !ascii(out) {
			break
		}
		return string(out)
	}
	r.fail(what)
	return ""
}

func ascii(s []byte) bool {
	for _, c := range s {
		if c > 127 {
			return false
		}
	}
	return true
}

// moment reads GeneralizedTime (v4, v5) or UTCTime (v1), in UTC.
func (r *reader) moment(what string, utcAllowed bool) time.Time {
	var t time.Time
	if r.err != nil {
		return t
	}
	if r.s.PeekASN1Tag(cbasn1.UTCTime) && utcAllowed {
		if !r.s.ReadASN1UTCTime(&t) {
			r.fail(what)
		}
		return t.UTC()
	}
	if !r.s.ReadASN1GeneralizedTime(&t) {
		r.fail(what)
	}
	return t.UTC()
}

// optional enters an explicit context tag when it is there.
func (r *reader) optional(number uint8, what string) (inner *reader, ok bool) {
	var body cryptobyte.String
	if r.err != nil {
		return nil, false
	}
	if !r.s.ReadOptionalASN1(&body, &ok, cbasn1.Tag(number).ContextSpecific().Constructed()) {
		r.fail(what)
		return nil, false
	}
	return &reader{s: body}, ok
}

// whole reads the one element that data must be.
func whole(data []byte) *reader { return &reader{s: cryptobyte.String(data)} }

func (r *reader) end(what string) error {
	if r.err == nil && !r.s.Empty() {
		r.fail(what + ": bytes follow it")
	}
	return r.err
}
