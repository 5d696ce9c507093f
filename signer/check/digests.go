package check

import (
	"crypto/sha1" // names a certificate in ESSCertID (RFC 2634), and nothing else
	"crypto/sha256"
	"crypto/sha512"
	"encoding/asn1"
	"strings"

	"tongzheng/registry/sm"
)

var (
	oidSM3Plain = asn1.ObjectIdentifier{1, 2, 156, 10197, 1, 401, 1} // SM3 without a key
	oidSHA1     = asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}
	oidSHA256   = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidSHA384   = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}
	oidSHA512   = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}
)

// digestOf computes a digest that is good enough to bind bytes; false for any
// other algorithm, which the caller names.
func digestOf(algorithm asn1.ObjectIdentifier, data []byte) ([]byte, bool) {
	switch {
	case algorithm.Equal(OIDSM3), algorithm.Equal(oidSM3Plain):
		d := sm.Sum(data)
		return d[:], true
	case algorithm.Equal(oidSHA256):
		d := sha256.Sum256(data)
		return d[:], true
	case algorithm.Equal(oidSHA384):
		d := sha512.Sum384(data)
		return d[:], true
	case algorithm.Equal(oidSHA512):
		d := sha512.Sum512(data)
		return d[:], true
	}
	return nil, false
}

// certificateDigest also computes SHA-1, which ESSCertID asks for: what it
// names was issued by an authority, so that collisions do not help.
func certificateDigest(algorithm asn1.ObjectIdentifier, der []byte) ([]byte, bool) {
	if algorithm.Equal(oidSHA1) {
		d := sha1.Sum(der)
		return d[:], true
	}
	return digestOf(algorithm, der)
}

// digestNamed computes a digest by the name that a seal's list has for it: an
// object identifier in dots, or a word.
func digestNamed(name string, data []byte) ([]byte, bool) {
	if isSM3(name) {
		return digestOf(OIDSM3, data)
	}
	for word, oid := range map[string]asn1.ObjectIdentifier{"SHA256": oidSHA256, "SHA384": oidSHA384, "SHA512": oidSHA512} {
		if name == oid.String() || strings.ReplaceAll(strings.ToUpper(name), "-", "") == word {
			return digestOf(oid, data)
		}
	}
	return nil, false
}

// isSM3 tells whether a digest method of Signature.xml or certList is SM3.
func isSM3(name string) bool {
	return name == OIDSM3.String() || name == oidSM3Plain.String() || strings.EqualFold(name, "SM3")
}
