package check_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rand"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"

	"github.com/emmansun/gmsm/sm2"

	"tongzheng/registry/sm"
	"tongzheng/signer/check"
)

// This file makes seals as others make them, byte by byte: certificates,
// seals, signatures and time stamps in every form that is in use, and in forms
// that are broken as real ones are.

func tlv(tag byte, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	n := len(body)
	switch {
	case n < 128:
		return append([]byte{tag, byte(n)}, body...)
	case n < 1<<8:
		return append([]byte{tag, 0x81, byte(n)}, body...)
	}
	return append([]byte{tag, 0x82, byte(n >> 8), byte(n)}, body...)
}

const (
	tagBoolean, tagInteger, tagNull, tagUTF8, tagPrintable, tagT61, tagIA5 = 0x01, 0x02, 0x05, 0x0c, 0x13, 0x14, 0x16
	tagUTCTime, tagTime, tagBMP, tagSet                                    = 0x17, 0x18, 0x1e, 0x31
)

func number(raw ...byte) []byte { return tlv(tagInteger, raw) }

func text(tag byte, s string) []byte { return tlv(tag, []byte(s)) }

func oids(dotted string) []byte {
	var o asn1.ObjectIdentifier
	for _, part := range strings.Split(dotted, ".") {
		var n int
		fmt.Sscan(part, &n)
		o = append(o, n)
	}
	return oid(o)
}

const (
	sm2Curve, sm3OID, sm2WithSM3    = "1.2.156.10197.1.301", "1.2.156.10197.1.401", "1.2.156.10197.1.501"
	sha1OID, sha256OID              = "1.3.14.3.2.26", "2.16.840.1.101.3.4.2.1"
	sha384OID, sha512OID            = "2.16.840.1.101.3.4.2.2", "2.16.840.1.101.3.4.2.3"
	rsaOID, sha256WithRSA, ecKeyOID = "1.2.840.113549.1.1.1", "1.2.840.113549.1.1.11", "1.2.840.10045.2.1"
)

// person is somebody with a key.
type person struct {
	key  *sm2.PrivateKey
	cert []byte
}

func (p *person) sign(t testing.TB, message []byte) []byte {
	t.Helper()
	signature, err := p.key.SignWithSM2(rand.Reader, nil, message)
	if err != nil {
		t.Fatal(err)
	}
	return signature
}

func newKey(t testing.TB) *sm2.PrivateKey {
	t.Helper()
	key, err := sm2.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func spki(t testing.TB, pub *ecdsa.PublicKey) []byte {
	t.Helper()
	der, err := sm.MarshalPublicKey(pub)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func extension(dotted string, critical []byte, value ...[]byte) []byte {
	return sequence(oids(dotted), critical, octets(bytes.Join(value, nil)))
}

var critical = []byte{tagBoolean, 1, 0xff}

// certParts are the parts of a certificate; those left empty are as they should
// be.
type certParts struct {
	version, serial, algorithm, subject, from, until, spki []byte
	extensions                                             [][]byte
	tail                                                   []byte // instead of the extensions
}

var (
	keyUsageSigning = extension("2.5.29.15", critical, []byte{3, 2, 6, 0xc0})
	authorityName   = sequence(tlv(tagSet, sequence(oids("2.5.4.3"), text(tagUTF8, "某地认证中心"))))
)

func nameOf(pairs ...[]byte) []byte {
	var sets []byte
	for _, p := range pairs {
		sets = append(sets, tlv(tagSet, p)...)
	}
	return sequence(sets)
}

// certificate writes what issuer signs for key.
func (c certParts) certificate(t testing.TB, issuer, holder *person) []byte {
	t.Helper()
	or := func(value, usual []byte) []byte {
		if value == nil {
			return usual
		}
		return value
	}
	list := c.extensions
	if list == nil {
		list = [][]byte{keyUsageSigning}
	}
	tail := or(c.tail, tlv(0xa3, sequence(list...)))
	algorithm := or(c.algorithm, sequence(oids(sm2WithSM3)))
	tbs := sequence(or(c.version, tlv(0xa0, number(2))), or(c.serial, number(0x51)), algorithm, authorityName,
		sequence(or(c.from, text(tagUTCTime, "250101000000Z")), or(c.until, text(tagUTCTime, "300101000000Z"))),
		or(c.subject, nameOf(sequence(oids("2.5.4.3"), text(tagUTF8, "某县行政审批局")))), or(c.spki, spki(t, &holder.key.PublicKey)), tail)
	return sequence(tbs, algorithm, bits(issuer.sign(t, tbs)))
}

// world is an authority that everybody trusts, a maker of seals and a stamper.
type world struct {
	ca, maker, stamper, tsa *person
	roots                   *check.Roots
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{ca: &person{key: newKey(t)}, maker: &person{key: newKey(t)}, stamper: &person{key: newKey(t)}, tsa: &person{key: newKey(t)}}
	w.ca.cert = certParts{serial: number(1), subject: authorityName, extensions: [][]byte{
		extension("2.5.29.19", critical, sequence([]byte{tagBoolean, 1, 0xff})), extension("2.5.29.15", critical, []byte{3, 2, 1, 6})}}.certificate(t, w.ca, w.ca)
	w.maker.cert = certParts{serial: number(2)}.certificate(t, w.ca, w.maker)
	w.stamper.cert = certParts{serial: number(3)}.certificate(t, w.ca, w.stamper)
	w.tsa.cert = certParts{serial: number(4), extensions: [][]byte{extension("2.5.29.37", critical, sequence(oids("1.3.6.1.5.5.7.3.8")))}}.certificate(t, w.ca, w.tsa)
	var err error
	if w.roots, err = check.ParseRoots(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: w.ca.cert})); err != nil {
		t.Fatal(err)
	}
	return w
}

// sealing says how a seal and its signature are written.
type sealing struct {
	form                      check.Form
	cert                      []byte // instead of the stamper's
	timeInfo                  []byte // instead of the form's usual
	dataHash                  []byte // instead of the right one
	path                      string // instead of the right one
	algorithm, makerAlgorithm string
	method                    string                        // CheckMethod
	listed                    string                        // the list has digests by this name instead of the certificate
	value, makerValue         func(signature []byte) []byte // what becomes of a signature
	stamp                     func(t testing.TB, signature []byte) []byte
	wrap                      func(value []byte) []byte // what becomes of the whole
}

const signaturePath = "D/Signs/S/Signature.xml"

func orForm(value []byte, usual []byte) []byte {
	if value == nil {
		return usual
	}
	return value
}

func orText(value, usual string) string {
	if value == "" {
		return usual
	}
	return value
}

func (w *world) seal(t testing.TB, s sealing, cert []byte) []byte {
	t.Helper()
	change := s.makerValue
	if change == nil {
		change = func(signature []byte) []byte { return signature }
	}
	moment := func(day string) []byte {
		if s.form == check.Form1 {
			return text(tagUTCTime, day[2:])
		}
		return text(tagTime, day)
	}
	property, list := [][]byte{number(1), text(tagUTF8, "某县行政审批局电子印章")}, octets(cert)
	kind := byte(check.CertListCertificates)
	if s.listed != "" {
		kind, list = check.CertListDigests, sequence(text(tagPrintable, s.listed), octets(digestBy(t, s.listed, cert)))
	}
	if s.form != check.Form1 {
		property = append(property, number(kind))
	}
	property = append(property, sequence(list), moment("20260101000000Z"), moment("20260101000000Z"), moment("20290101000000Z"))
	info := sequence(sequence(text(tagIA5, "ES"), number(byte(s.form)), text(tagIA5, "VENDOR")), text(tagIA5, "SEAL1"), sequence(property...),
		sequence(text(tagIA5, "PNG"), octets([]byte{1}), number(40), number(40)))
	algorithm := oids(orText(s.makerAlgorithm, sm2WithSM3))
	if s.form == check.Form1 {
		signed := sequence(info, octets(w.maker.cert), algorithm)
		return sequence(info, sequence(octets(w.maker.cert), algorithm, bits(change(w.maker.sign(t, signed)))))
	}
	return sequence(info, octets(w.maker.cert), algorithm, bits(change(w.maker.sign(t, info))))
}

// signedValue is SignedValue.dat with the seal.
func (w *world) signedValue(t testing.TB, s sealing, seal, xml []byte) (value []byte) {
	t.Helper()
	cert := orForm(s.cert, w.stamper.cert)
	digest := sm.Sum(xml)
	change := s.value
	if change == nil {
		change = func(signature []byte) []byte { return signature }
	}
	path, hash, algorithm := text(tagIA5, "/"+orText(s.path, signaturePath)), bits(orForm(s.dataHash, digest[:])), oids(orText(s.algorithm, sm2WithSM3))
	if s.form == check.Form1 {
		tbs := sequence(number(1), seal, orForm(s.timeInfo, bits(text(tagUTCTime, "260601000000Z"))), hash, path, octets(cert), algorithm)
		value = sequence(tbs, bits(change(w.stamper.sign(t, tbs))))
	} else {
		tbs := sequence(number(byte(s.form)), seal, orForm(s.timeInfo, text(tagTime, "20260601000000Z")), hash, path)
		signature := change(w.stamper.sign(t, tbs))
		parts := [][]byte{tbs, octets(cert), algorithm, bits(signature)}
		if s.stamp != nil {
			parts = append(parts, tlv(0xa0, bits(s.stamp(t, signature))))
		}
		value = sequence(parts...)
	}
	if s.wrap != nil {
		value = s.wrap(value)
	}
	return value
}

// document writes an OFD whose signature is of the kind; value makes
// SignedValue.dat and, for a seal, Seal.esl, once Signature.xml is known.
func document(t testing.TB, kind, method string, seal []byte, value func(xml []byte) []byte) []byte {
	t.Helper()
	const namespace = `xmlns:ofd="http://www.ofdspec.org/2016"`
	list := fmt.Sprintf(`<ofd:Signatures %s><ofd:Signature ID="1" Type="%s" BaseLoc="/%s"/></ofd:Signatures>`, namespace, kind, signaturePath)
	files := []entry{{"OFD.xml", strings.Replace(ofdXML, "</ofd:DocBody>", "<ofd:Signatures>/D/Signs/Signatures.xml</ofd:Signatures></ofd:DocBody>", 1)},
		{"D/D.xml", "<ofd:Document " + namespace + "/>"}, {"D/Signs/Signatures.xml", list}}
	if seal != nil {
		files = append(files, entry{"D/Signs/S/Seal.esl", string(seal)})
	}
	var references strings.Builder
	for _, f := range files {
		digest := sm.Sum([]byte(f.data))
		fmt.Fprintf(&references, `<ofd:Reference FileRef="/%s"><ofd:CheckValue>%s</ofd:CheckValue></ofd:Reference>`, f.name, base64.StdEncoding.EncodeToString(digest[:]))
	}
	shown := ""
	if seal != nil {
		shown = "<ofd:Seal><ofd:BaseLoc>/D/Signs/S/Seal.esl</ofd:BaseLoc></ofd:Seal>"
	}
	xml := fmt.Sprintf(`<ofd:Signature %s><ofd:SignedInfo><ofd:SignatureDateTime>20260601000000Z</ofd:SignatureDateTime><ofd:References CheckMethod="%s">%s</ofd:References>%s</ofd:SignedInfo><ofd:SignedValue>/D/Signs/S/SignedValue.dat</ofd:SignedValue></ofd:Signature>`,
		namespace, method, references.String(), shown)
	files = append(files, entry{signaturePath, xml}, entry{"D/Signs/S/SignedValue.dat", string(value([]byte(xml)))})
	return zipOf(t, files...)
}

// sealed is a whole document with a seal.
func (w *world) sealed(t testing.TB, s sealing) []byte {
	t.Helper()
	seal := w.seal(t, s, orForm(s.cert, w.stamper.cert))
	return document(t, check.KindSeal, orText(s.method, sm3OID), seal, func(xml []byte) []byte { return w.signedValue(t, s, seal, xml) })
}
