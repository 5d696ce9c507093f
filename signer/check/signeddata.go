package check

import (
	"bytes"
	"encoding/asn1"
	"errors"
	"math/big"
	"sort"
	"time"

	"github.com/emmansun/gmsm/smx509"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"tongzheng/registry/sm"
)

// signedData is a decoded SignedData with one signer (GB/T 35275, RFC 5652).
type signedData struct {
	contentType asn1.ObjectIdentifier
	content     []byte // nil when detached
	certs       []*smx509.Certificate
	signer      signerInfo
}

type signerInfo struct {
	issuer     []byte // DER of the issuer's name
	serial     *big.Int
	digest     asn1.ObjectIdentifier
	attributes []attribute // nil when the content is signed directly
	attrRaw    []byte      // attributes as they stand, under the SET tag
	algorithm  asn1.ObjectIdentifier
	signature  []byte
}

type attribute struct {
	raw   []byte
	oid   asn1.ObjectIdentifier
	value []byte // the one element of the value set
}

// parseSignedData decodes a ContentInfo with SignedData, of the GB/T 35275 or
// the PKCS #7 object identifiers.
func parseSignedData(der []byte) (*signedData, error) {
	r := whole(der)
	outer, _ := r.sequence("ContentInfo")
	if kind := outer.oid("content type"); !kind.Equal(oidGMSignedData) && !kind.Equal(OIDSignedData) {
		outer.fail("content type")
	}
	wrapped, ok := outer.optional(0, "SignedData")
	if !ok {
		outer.fail("SignedData")
		return nil, outer.err
	}
	body, _ := wrapped.sequence("SignedData")
	d := &signedData{}
	d.read(body)
	wrapped.join(body, "SignedData")
	outer.join(wrapped, "SignedData")
	r.join(outer, "ContentInfo")
	if err := r.end("ContentInfo"); err != nil {
		return nil, err
	}
	return d, nil
}

func (d *signedData) read(body *reader) {
	if v := body.integer("version"); v != 1 && v != 3 {
		body.fail("version")
	}
	body.digestAlgorithms()
	content, _ := body.sequence("encapContentInfo")
	d.contentType = content.oid("eContentType")
	if inner, ok := content.optional(0, "eContent"); ok {
		d.content = inner.octets("eContent")
		content.join(inner, "eContent")
	}
	body.join(content, "encapContentInfo")
	if certs, ok := body.optional(0, "certificates"); ok {
		for certs.err == nil && !certs.s.Empty() {
			_, raw := certs.sequence("certificate")
			if cert, err := parseCertificate(raw); err == nil {
				d.certs = append(d.certs, cert)
			}
		}
		body.join(certs, "certificates")
	}
	if crls, ok := body.optional(1, "crls"); ok {
		crls.s = nil
	}
	var set cryptobyte.String
	if body.err != nil || !body.s.ReadASN1(&set, cbasn1.SET) {
		body.fail("signerInfos")
		return
	}
	signers := &reader{s: set}
	d.signer.read(signers)
	body.join(signers, "signerInfos: one signer")
}

// digestAlgorithms are hints for stream readers; here only SM3 may stand.
func (r *reader) digestAlgorithms() {
	var set cryptobyte.String
	if r.err != nil || !r.s.ReadASN1(&set, cbasn1.SET) {
		r.fail("digestAlgorithms")
		return
	}
	list := &reader{s: set}
	for list.err == nil && !list.s.Empty() {
		if !list.algorithm("digestAlgorithms").Equal(OIDSM3) {
			list.fail("digestAlgorithms")
		}
	}
	r.join(list, "digestAlgorithms")
}

func (s *signerInfo) read(r *reader) {
	body, _ := r.sequence("SignerInfo")
	if body.integer("signer version") != 1 {
		body.fail("signer version")
	}
	sid, _ := body.sequence("issuerAndSerialNumber")
	_, s.issuer = sid.sequence("issuer")
	s.serial = new(big.Int)
	if sid.err != nil || !sid.s.ReadASN1Integer(s.serial) {
		sid.fail("serial number")
	}
	body.join(sid, "issuerAndSerialNumber")
	s.digest = body.algorithm("digest algorithm")
	s.readAttributes(body)
	s.algorithm = body.algorithm("signature algorithm")
	s.signature = body.octets("signature")
	if unsigned, ok := body.optional(1, "unsigned attributes"); ok {
		unsigned.s = nil // not signed, so nothing is concluded from them
	}
	r.join(body, "SignerInfo")
}

func (s *signerInfo) readAttributes(body *reader) {
	if body.err != nil {
		return
	}
	start := body.s
	list, ok := body.optional(0, "signed attributes")
	if !ok {
		return
	}
	raw := append([]byte(nil), start[:len(start)-len(body.s)]...)
	raw[0] = byte(cbasn1.SET) // signed as a SET OF (RFC 5652 §5.4)
	s.attrRaw = raw
	s.attributes = []attribute{}
	for list.err == nil && !list.s.Empty() {
		item, itemRaw := list.sequence("attribute")
		a := attribute{raw: itemRaw, oid: item.oid("attribute type")}
		var set, value cryptobyte.String
		var tag cbasn1.Tag
		if item.err != nil || !item.s.ReadASN1(&set, cbasn1.SET) || !set.ReadAnyASN1Element(&value, &tag) || !set.Empty() {
			item.fail("attribute: one value")
		}
		a.value = value
		list.join(item, "attribute")
		s.attributes = append(s.attributes, a)
	}
	body.join(list, "signed attributes")
}

// attr returns the value of a signed attribute that stands there once.
func (s *signerInfo) attr(oid asn1.ObjectIdentifier) ([]byte, bool) {
	var found []byte
	count := 0
	for _, a := range s.attributes {
		if a.oid.Equal(oid) {
			found = a.value
			count++
		}
	}
	return found, count == 1
}

// certificate finds the signer's certificate among those carried.
func (d *signedData) certificate() (*smx509.Certificate, error) {
	for _, cert := range d.certs {
		if bytes.Equal(cert.RawIssuer, d.signer.issuer) && cert.SerialNumber.Cmp(d.signer.serial) == 0 {
			return cert, nil
		}
	}
	return nil, errors.New("the signer's certificate is not in the signature")
}

// verify checks the signature over content (detached or carried) and returns
// the signer's certificate.
func (d *signedData) verify(content []byte) (*smx509.Certificate, error) {
	cert, err := d.certificate()
	if err != nil {
		return nil, err
	}
	s := &d.signer
	if !s.digest.Equal(OIDSM3) {
		return nil, errors.New("the digest is not SM3")
	}
	if !s.algorithm.Equal(OIDSM2WithSM3) && !s.algorithm.Equal(oidSM2Sign) && !s.algorithm.Equal(oidSM2) {
		return nil, errors.New("the signature is not SM2 with SM3")
	}
	if s.attributes == nil {
		if sm.Verify(publicKey(cert), content, s.signature) {
			return cert, nil
		}
		return nil, errSignature
	}
	if err := d.checkAttributes(content); err != nil {
		return nil, err
	}
	for _, signed := range [][]byte{s.sortedAttributes(), s.attrRaw} {
		if sm.Verify(publicKey(cert), signed, s.signature) {
			return cert, nil
		}
	}
	return nil, errSignature
}

var (
	errSignature = errors.New("the signature does not fit")
	errDigest    = errors.New("the digest in the signature is not that of the content")
)

func (d *signedData) checkAttributes(content []byte) error {
	raw, ok := d.signer.attr(OIDMessageDigest)
	r := whole(raw)
	digest := r.octets("messageDigest")
	if !ok || r.end("messageDigest") != nil {
		return errors.New("no single messageDigest")
	}
	want := sm.Sum(content)
	if !bytes.Equal(digest, want[:]) {
		return errDigest
	}
	raw, ok = d.signer.attr(OIDContentType)
	r = whole(raw)
	kind := r.oid("contentType")
	if !ok || r.end("contentType") != nil {
		return errors.New("no single contentType")
	}
	// Signatures in the field mix the GB/T 35275 and the PKCS #7 name of data.
	plain := func(o asn1.ObjectIdentifier) bool { return o.Equal(oidData) || o.Equal(oidGMData) }
	if !kind.Equal(d.contentType) && !(plain(kind) && plain(d.contentType)) {
		return errors.New("contentType differs from the content")
	}
	return nil
}

// sortedAttributes is the DER form of the SET OF that is signed; some signers
// sign them as they stand instead.
func (s *signerInfo) sortedAttributes() []byte {
	items := make([][]byte, len(s.attributes))
	for i, a := range s.attributes {
		items[i] = a.raw
	}
	sort.Slice(items, func(i, j int) bool { return bytes.Compare(items[i], items[j]) < 0 })
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) {
		for _, item := range items {
			b.AddBytes(item)
		}
	})
	out, err := b.Bytes()
	if err != nil {
		return s.attrRaw
	}
	return out
}

// signingTime is the signed attribute signingTime, zero when there is none.
func (s *signerInfo) signingTime() time.Time {
	raw, ok := s.attr(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 5})
	if !ok {
		return time.Time{}
	}
	r := whole(raw)
	t := r.moment("signingTime", true)
	if r.end("signingTime") != nil {
		return time.Time{}
	}
	return t
}
