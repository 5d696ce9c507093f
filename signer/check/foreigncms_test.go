package check_test

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"slices"
	"testing"

	"tongzheng/registry/sm"
)

// message is a SignedData as others write it.
type message struct {
	contentType, digest, algorithm string
	content                        []byte   // carried; nil: detached
	signed                         []byte   // what is signed
	certs                          [][]byte // nil: the signer's
	issuer, serial, keyID          []byte   // who signed, as it is written
	attributes                     [][]byte // beside type and digest; nil: the content is signed directly
	messageDigest                  []byte   // instead of the right one
	change                         func(signature []byte) []byte
	twice                          bool // two signers
	gm                             bool // the names of GB/T 35275
}

func digestBy(t testing.TB, algorithm string, data []byte) []byte {
	t.Helper()
	switch algorithm {
	case sm3OID:
		d := sm.Sum(data)
		return d[:]
	case sha1OID:
		d := sha1.Sum(data)
		return d[:]
	case sha256OID:
		d := sha256.Sum256(data)
		return d[:]
	case sha384OID:
		d := sha512.Sum384(data)
		return d[:]
	case sha512OID:
		d := sha512.Sum512(data)
		return d[:]
	}
	return []byte("of an algorithm that nobody knows")
}

const (
	pkcs7Data, pkcs7Signed, gmData, gmSigned = "1.2.840.113549.1.7.1", "1.2.840.113549.1.7.2", "1.2.156.10197.6.1.4.2.1", "1.2.156.10197.6.1.4.2.2"
	attrType, attrDigest, tstInfo            = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4", "1.2.840.113549.1.9.16.1.4"
	attrCert, attrCertV2                     = "1.2.840.113549.1.9.16.2.12", "1.2.840.113549.1.9.16.2.47"
)

// write makes the message with the signer's key.
func (m message) write(t testing.TB, signer *person) []byte {
	t.Helper()
	kind, outer := orText(m.contentType, pkcs7Data), pkcs7Signed
	if m.gm {
		kind, outer = gmData, gmSigned
	}
	digest := orText(m.digest, sm3OID)
	encapsulated := sequence(oids(kind))
	if m.content != nil {
		encapsulated = sequence(oids(kind), tlv(0xa0, octets(m.content)))
	}
	certs := m.certs
	if certs == nil {
		certs = [][]byte{signer.cert}
	}
	version, sid := number(1), sequence(orForm(m.issuer, authorityName), orForm(m.serial, number(3)))
	if m.keyID != nil {
		version, sid = number(3), tlv(0x80, m.keyID)
	}
	info := [][]byte{version, sid, sequence(oids(digest))}
	signed := m.signed
	if m.attributes != nil {
		attributes := append([][]byte{sequence(oids(attrType), tlv(tagSet, oids(kind))),
			sequence(oids(attrDigest), tlv(tagSet, octets(orForm(m.messageDigest, digestBy(t, digest, m.signed)))))}, m.attributes...)
		slices.SortFunc(attributes, bytes.Compare)
		signed = tlv(tagSet, attributes...)
		info = append(info, tlv(0xa0, attributes...))
	}
	signature := signer.sign(t, signed)
	if m.change != nil {
		signature = m.change(signature)
	}
	info = append(info, sequence(oids(orText(m.algorithm, sm2WithSM3))), octets(signature))
	signers := [][]byte{sequence(info...)}
	if m.twice {
		signers = append(signers, signers[0])
	}
	body := [][]byte{number(1), tlv(tagSet, sequence(oids(digest))), encapsulated}
	if len(certs) > 0 {
		body = append(body, tlv(0xa0, certs...))
	}
	return sequence(oids(outer), tlv(0xa0, sequence(append(body, tlv(tagSet, signers...))...)))
}

// stamping says how a time stamp is written.
type stamping struct {
	imprint, names string // algorithms: of the imprint, and of the certificate's digest
	first          bool   // ESSCertID, not ESSCertIDv2
	spelled        bool   // SHA-256 is written although it is the default
	nameless       bool   // no certificate is named
	other          []byte // stamped instead of the signature
	named          []byte // the certificate that is named
	message        message
	whole          bool // a TimeStampResp
}

// stamp makes a time stamp over a signature.
func (w *world) stamp(s stamping) func(t testing.TB, signature []byte) []byte {
	return func(t testing.TB, signature []byte) []byte {
		t.Helper()
		imprint, names := orText(s.imprint, sm3OID), orText(s.names, sha256OID)
		info := sequence(number(1), oids("1.2.3"), sequence(sequence(oids(imprint)), octets(digestBy(t, imprint, orForm(s.other, signature)))),
			number(7), text(tagTime, "20260601000001Z"))
		hash := octets(digestBy(t, names, orForm(s.named, w.tsa.cert)))
		id, attribute := sequence(hash), attrCert
		if !s.first {
			attribute = attrCertV2
			if names != sha256OID || s.spelled {
				id = sequence(sequence(oids(names)), hash)
			}
		}
		m := s.message
		m.contentType, m.content, m.signed, m.serial = tstInfo, info, info, number(4)
		m.attributes = [][]byte{sequence(oids(attribute), tlv(tagSet, sequence(sequence(id))))}
		if s.nameless {
			m.attributes = [][]byte{}
		}
		token := m.write(t, w.tsa)
		if s.whole {
			return sequence(sequence(number(0)), token)
		}
		return token
	}
}
