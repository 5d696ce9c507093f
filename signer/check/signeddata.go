package check

import (
	"bytes"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"math/big"
	"slices"
	"sort"
	"strings"
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
	odd         bool  // some certificate breaks the standard's form
	unread      error // why some certificate in it cannot be read
	signer      signerInfo
}

type signerInfo struct {
	issuer     []byte // DER of the issuer's name
	serial     *big.Int
	keyID      []byte // instead of issuer and serial
	digest     asn1.ObjectIdentifier
	attributes []attribute // nil when the content is signed directly
	attrRaw    []byte      // attributes as they stand, under the SET tag
	algorithm  asn1.ObjectIdentifier
	signature  []byte
}

type attribute struct {
	raw   []byte
	oid   asn1.ObjectIdentifier
	value []byte // the one element of the value set; nil when there are more or none
}

// parseSignedData decodes a ContentInfo with SignedData, of the GB/T 35275 or
// the PKCS #7 object identifiers. Both may be BER (RFC 5652 §1).
func parseSignedData(ber []byte) (*signedData, error) {
	r := whole(definite(ber))
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
	if v := body.integer("version"); v != 1 && v != 3 && v != 4 && v != 5 {
		body.fail("version")
	}
	algorithms := body.digestAlgorithms()
	content, _ := body.sequence("encapContentInfo")
	d.contentType = content.oid("eContentType")
	if inner, ok := content.optional(0, "eContent"); ok {
		d.content = inner.octets("eContent")
		content.join(inner, "eContent")
	}
	body.join(content, "encapContentInfo")
	if certs, ok := body.optional(0, "certificates"); ok {
		for certs.err == nil && !certs.s.Empty() {
			d.addCertificate(certs)
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
	if !slices.ContainsFunc(algorithms, d.signer.digest.Equal) {
		signers.fail("digestAlgorithms: not the signer's")
	}
	body.join(signers, "signerInfos: one signer")
}

// digestAlgorithms lists what a reader that streams must compute beforehand: the
// signer's is among them.
func (r *reader) digestAlgorithms() (algorithms []asn1.ObjectIdentifier) {
	var set cryptobyte.String
	if r.err != nil || !r.s.ReadASN1(&set, cbasn1.SET) {
		r.fail("digestAlgorithms")
		return nil
	}
	list := &reader{s: set}
	for list.err == nil && !list.s.Empty() {
		algorithms = append(algorithms, list.anyAlgorithm("digestAlgorithms"))
	}
	r.join(list, "digestAlgorithms")
	return algorithms
}

// addCertificate takes one certificate; attribute certificates and the like
// stand under tags of their own and are left out.
func (d *signedData) addCertificate(certs *reader) {
	var raw cryptobyte.String
	var tag cbasn1.Tag
	if !certs.s.ReadAnyASN1Element(&raw, &tag) {
		certs.fail("certificate")
		return
	}
	if tag != cbasn1.SEQUENCE {
		return
	}
	cert, odd, err := readCertificate(raw)
	if err != nil {
		d.unread = err
		return
	}
	d.odd = d.odd || odd
	d.certs = append(d.certs, cert)
}

func (s *signerInfo) read(r *reader) {
	body, _ := r.sequence("SignerInfo")
	if v := body.integer("signer version"); v != 1 && v != 3 {
		body.fail("signer version")
	}
	var keyID cryptobyte.String
	var named bool
	if body.err == nil && body.s.ReadOptionalASN1(&keyID, &named, cbasn1.Tag(0).ContextSpecific()) && named {
		s.keyID = keyID
	} else {
		sid, _ := body.sequence("issuerAndSerialNumber")
		_, s.issuer = sid.sequence("issuer")
		s.serial = sid.anyInteger("serial number")
		body.join(sid, "issuerAndSerialNumber")
	}
	s.digest = body.anyAlgorithm("digest algorithm")
	s.readAttributes(body)
	s.algorithm = body.anyAlgorithm("signature algorithm")
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
		if item.err != nil || !item.s.ReadASN1(&set, cbasn1.SET) {
			item.fail("attribute")
		}
		if set.ReadAnyASN1Element(&value, &tag) && set.Empty() {
			a.value = value
		}
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

// has tells whether a signed attribute stands there, once or more often.
func (s *signerInfo) has(oid asn1.ObjectIdentifier) bool {
	return slices.ContainsFunc(s.attributes, func(a attribute) bool { return a.oid.Equal(oid) })
}

var (
	errSignature     = errors.New("the signature does not fit")
	errDigest        = errors.New("the digest in the signature is not that of the content")
	errNoCertificate = errors.New("the signer's certificate is not in the signature")
	errCertificate   = errors.New("a certificate in the signature cannot be read")
)

// formError is a signature of a form or algorithm that is not known here: say
// is the sentence for it, what names it.
type formError struct{ say, what string }

func (e formError) Error() string { return "not supported: " + e.what }

// certificate finds the signer's certificate among those carried. A name that
// was written anew, because the certificate's own breaks the standard's form,
// still finds the only one with its serial number: the signature shows whether
// it is the one.
func (d *signedData) certificate() (*smx509.Certificate, error) {
	for _, cert := range d.certs {
		if d.signer.keyID != nil {
			if bytes.Equal(cert.SubjectKeyId, d.signer.keyID) {
				return cert, nil
			}
		} else if bytes.Equal(cert.RawIssuer, d.signer.issuer) && cert.SerialNumber.Cmp(d.signer.serial) == 0 {
			return cert, nil
		}
	}
	var key keyError
	switch {
	case len(d.certs) == 1 && d.odd && d.signer.serial != nil && d.certs[0].SerialNumber.Cmp(d.signer.serial) == 0:
		return d.certs[0], nil
	case errors.As(d.unread, &key):
		return nil, key
	case d.unread != nil:
		return nil, errCertificate
	}
	return nil, errNoCertificate
}

// contentsOf lists what signers in the field sign for Signature.xml: the file
// (GB/T 35275), its SM3, and either as base64.
func contentsOf(xml []byte) [][]byte {
	digest := sm.Sum(xml)
	text := func(data []byte) []byte { return []byte(base64.StdEncoding.EncodeToString(data)) }
	return [][]byte{xml, digest[:], text(digest[:]), text(xml)}
}

// otherContentsOf lists what else may have been signed for Signature.xml: its
// digest by another algorithm, and its SM3 as text. What fits was not altered.
func otherContentsOf(xml []byte) (all [][]byte) {
	for _, algorithm := range []asn1.ObjectIdentifier{OIDSM3, oidSHA1, oidSHA256, oidSHA384, oidSHA512} {
		digest, _ := certificateDigest(algorithm, xml)
		text := hex.EncodeToString(digest)
		all = append(all, digest, []byte(base64.StdEncoding.EncodeToString(digest)), []byte(text), []byte(strings.ToUpper(text)))
	}
	return all
}

// verify checks the signature by cert over one of the contents: the one that is
// carried, or any when none is. errDigest and errSignature mean that something
// was computed and does not fit; a formError that nothing was.
func (d *signedData) verify(cert *smx509.Certificate, contents [][]byte) error {
	s := &d.signer
	if !sm2Algorithm(s.algorithm) {
		return formError{"signature-algorithm", s.algorithm.String()}
	}
	if d.content != nil {
		carried := bytes.TrimSpace(d.content)
		if !slices.ContainsFunc(contents, func(c []byte) bool { return bytes.Equal(c, d.content) || bytes.Equal(c, carried) }) {
			return errDigest
		}
		contents = append([][]byte{d.content}, contents...)
	}
	if s.attributes != nil {
		return d.verifyAttributes(cert, contents)
	}
	if _, ok := digestOf(s.digest, nil); !ok {
		return formError{"signature-algorithm", s.digest.String()}
	}
	form := false
	for _, content := range contents {
		switch verifySM2(publicKey(cert), content, s.signature) {
		case valueHolds, valueHoldsOdd:
			return nil
		case valueForm:
			form = true
		}
	}
	if form {
		return formError{"signature-raw", ""}
	}
	return errSignature
}

func (d *signedData) verifyAttributes(cert *smx509.Certificate, contents [][]byte) error {
	if err := d.checkAttributes(contents); err != nil {
		return err
	}
	s := &d.signer
	for _, signed := range [][]byte{s.sortedAttributes(), s.attrRaw} {
		switch verifySM2(publicKey(cert), signed, s.signature) {
		case valueHolds, valueHoldsOdd:
			return nil
		case valueForm:
			return formError{"signature-raw", ""}
		}
	}
	return errSignature
}

func (d *signedData) checkAttributes(contents [][]byte) error {
	raw, ok := d.signer.attr(OIDMessageDigest)
	r := whole(raw)
	digest := r.octets("messageDigest")
	if !ok || r.end("messageDigest") != nil {
		return formError{"signature-value-form", "messageDigest"}
	}
	fits := false
	for _, content := range contents {
		want, known := digestOf(d.signer.digest, content)
		if !known {
			return formError{"signature-algorithm", d.signer.digest.String()}
		}
		fits = fits || bytes.Equal(digest, want)
	}
	if !fits {
		return errDigest
	}
	raw, ok = d.signer.attr(OIDContentType)
	r = whole(raw)
	kind := r.oid("contentType")
	if !ok || r.end("contentType") != nil {
		return formError{"signature-value-form", "contentType"}
	}
	// Signatures in the field mix the GB/T 35275 and the PKCS #7 name of data.
	plain := func(o asn1.ObjectIdentifier) bool { return o.Equal(oidData) || o.Equal(oidGMData) }
	if !kind.Equal(d.contentType) && !(plain(kind) && plain(d.contentType)) {
		return formError{"signature-value-form", "contentType " + kind.String()}
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
	t := r.anyTime("signingTime")
	if r.end("signingTime") != nil {
		return time.Time{}
	}
	return t
}
