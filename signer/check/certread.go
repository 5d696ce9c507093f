package check

import (
	"bytes"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	"math/big"
	"time"
	"unicode/utf8"

	"github.com/emmansun/gmsm/smx509"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"tongzheng/registry/sm"
)

// keyError is a certificate that can be read and holds no SM2 key.
type keyError struct{ algorithm string }

func (e keyError) Error() string { return "certificate holds no SM2 key: " + e.algorithm }

// readAsItStands reads a certificate that breaks RFC 5280: strings of wrong
// alphabets, serial numbers that are negative, zero or too long, extensions
// that are doubled or malformed, as certificates of real authorities have them.
// What decides is read as strictly as ever: the key, the period, and what the
// key may be used for. A usage that cannot be read is an unhandled critical
// extension: nobody may sign by it. Names stay what they are, bytes.
func readAsItStands(der []byte) (*smx509.Certificate, error) {
	r := whole(der)
	outer, raw := r.sequence("Certificate")
	body, tbs := outer.sequence("TBSCertificate")
	cert := &smx509.Certificate{Raw: raw, RawTBSCertificate: tbs, Version: 3, MaxPathLen: -1}
	if version, ok := body.optional(0, "version"); ok {
		version.s = nil // extensions count whatever it says
	}
	cert.SerialNumber = body.anyInteger("serial number")
	body.anyAlgorithm("signature algorithm")
	_, cert.RawIssuer = body.sequence("issuer")
	period, _ := body.sequence("validity")
	cert.NotBefore, cert.NotAfter = period.anyTime("notBefore"), period.anyTime("notAfter")
	body.join(period, "validity")
	_, cert.RawSubject = body.sequence("subject")
	_, cert.RawSubjectPublicKeyInfo = body.sequence("subjectPublicKeyInfo")
	if outer.anyAlgorithm("signature algorithm").Equal(OIDSM2WithSM3) {
		cert.SignatureAlgorithm = smx509.SM2WithSM3
	}
	cert.Signature = outer.bits("signature")
	outer.join(&reader{err: body.err}, "TBSCertificate")
	r.join(outer, "Certificate")
	if err := r.end("Certificate"); err != nil {
		return nil, fmt.Errorf("certificate cannot be read: %w", err)
	}
	if err := readKey(cert); err != nil {
		return nil, err
	}
	cert.Issuer, cert.Subject = nameOf(cert.RawIssuer), nameOf(cert.RawSubject)
	readUsage(cert, body)
	return cert, nil
}

// extendedBeforeItsTime tells whether the library left out extensions because
// the certificate says that it is of a version that has none.
func extendedBeforeItsTime(cert *smx509.Certificate) bool {
	if cert.Version >= 3 {
		return false
	}
	stands, err := readAsItStands(cert.Raw)
	return err == nil && len(stands.Extensions)+len(stands.UnhandledCriticalExtensions) > 0
}

// breaksForm tells what the library does not mind: serial numbers that are not
// positive or longer than 20 octets (RFC 5280 §4.1.2.2), and keys whose curve is
// written out (RFC 5480 §2.1.1).
func breaksForm(cert *smx509.Certificate) bool {
	stands := smx509.Certificate{RawSubjectPublicKeyInfo: cert.RawSubjectPublicKeyInfo}
	return cert.SerialNumber.Sign() <= 0 || cert.SerialNumber.BitLen() > 159 || readKey(&stands) != nil
}

// readKey takes an SM2 key under the names of its algorithm that are in use.
func readKey(cert *smx509.Certificate) error {
	r := whole(cert.RawSubjectPublicKeyInfo)
	info, _ := r.sequence("subjectPublicKeyInfo")
	algorithm, _ := info.sequence("key algorithm")
	oid := algorithm.oid("key algorithm")
	curve := oid
	if algorithm.err == nil && oid.Equal(oidECKey) {
		if !algorithm.s.PeekASN1Tag(cbasn1.OBJECT_IDENTIFIER) {
			return keyError{oid.String()}
		}
		curve = algorithm.oid("curve")
	}
	point := info.bits("key")
	info.join(&reader{err: algorithm.err}, "key algorithm")
	r.join(info, "subjectPublicKeyInfo")
	if err := r.end("subjectPublicKeyInfo"); err != nil {
		return fmt.Errorf("certificate cannot be read: %w", err)
	}
	if !curve.Equal(oidSM2) && !curve.Equal(oidSM2Sign) {
		return keyError{curve.String()}
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oidECKey)
			b.AddASN1ObjectIdentifier(oidSM2)
		})
		b.AddASN1BitString(point)
	})
	spki, err := b.Bytes()
	if err != nil {
		return err
	}
	pub, err := sm.ParsePublicKey(spki)
	if err != nil {
		return fmt.Errorf("certificate cannot be read: %w", err)
	}
	cert.PublicKey, cert.PublicKeyAlgorithm = pub, smx509.ECDSA
	return nil
}

// Extensions that are understood, and the one that would narrow names.
var (
	oidKeyUsage         = asn1.ObjectIdentifier{2, 5, 29, 15}
	oidBasicConstraints = asn1.ObjectIdentifier{2, 5, 29, 19}
	oidNameConstraints  = asn1.ObjectIdentifier{2, 5, 29, 30}
	oidSubjectKeyID     = asn1.ObjectIdentifier{2, 5, 29, 14}
	oidTimeStamping     = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 8}
	oidOCSPSigning      = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 9}
	oidECKey            = asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}
	// harmless ones say who and where, and narrow nothing.
	harmless = []asn1.ObjectIdentifier{oidSubjectKeyID, {2, 5, 29, 17}, {2, 5, 29, 18}, {2, 5, 29, 31}, {2, 5, 29, 32}, {2, 5, 29, 35}, {1, 3, 6, 1, 5, 5, 7, 1, 1}}
)

// readUsage reads the extensions behind the key. What cannot be read of them is
// left unhandled, so that the certificate may be shown and not relied on.
func readUsage(cert *smx509.Certificate, body *reader) {
	for tag := range uint8(2) { // issuerUniqueID, subjectUniqueID
		var ignored cryptobyte.String
		body.s.ReadOptionalASN1(&ignored, nil, cbasn1.Tag(tag+1).ContextSpecific())
	}
	if body.s.Empty() {
		return
	}
	unhandled := func(oid asn1.ObjectIdentifier) {
		cert.UnhandledCriticalExtensions = append(cert.UnhandledCriticalExtensions, oid)
	}
	wrapped, ok := body.optional(3, "extensions")
	if !ok || !body.s.Empty() {
		unhandled(asn1.ObjectIdentifier{2, 5, 29})
		return
	}
	list, _ := wrapped.sequence("extensions")
	seen := map[string]bool{}
	for list.err == nil && !list.s.Empty() {
		ext, _ := list.sequence("extension")
		oid := ext.oid("extension")
		critical := ext.anyBoolean()
		value := ext.octets("extension value")
		if ext.err != nil {
			unhandled(asn1.ObjectIdentifier{2, 5, 29})
			continue
		}
		cert.Extensions = append(cert.Extensions, pkix.Extension{Id: oid, Critical: critical, Value: value})
		if again := seen[oid.String()]; !readExtension(cert, oid, critical, value) || again && (critical || narrows(oid)) && !isHarmless(oid) {
			unhandled(oid)
		}
		seen[oid.String()] = true
	}
	if list.err != nil || !wrapped.s.Empty() {
		unhandled(asn1.ObjectIdentifier{2, 5, 29})
	}
}

// narrows tells whether an extension that is understood limits the key: two of
// them could say two things.
func narrows(oid asn1.ObjectIdentifier) bool {
	return oid.Equal(oidKeyUsage) || oid.Equal(oidBasicConstraints) || oid.Equal(OIDExtKeyUsage)
}

func isHarmless(oid asn1.ObjectIdentifier) bool {
	for _, known := range harmless {
		if oid.Equal(known) {
			return true
		}
	}
	return false
}

// readExtension tells whether an extension is understood, or need not be.
func readExtension(cert *smx509.Certificate, oid asn1.ObjectIdentifier, critical bool, value []byte) bool {
	r := whole(value)
	switch {
	case oid.Equal(oidKeyUsage):
		var bits asn1.BitString
		if !r.s.ReadASN1BitString(&bits) || !r.s.Empty() {
			return false
		}
		for i := range 9 {
			cert.KeyUsage |= smx509.KeyUsage(bits.At(i) << i)
		}
		return cert.KeyUsage != 0
	case oid.Equal(oidBasicConstraints):
		body, _ := r.sequence("basicConstraints")
		cert.IsCA = body.anyBoolean()
		if body.err == nil && !body.s.Empty() {
			cert.MaxPathLen = body.integer("pathLen")
			cert.MaxPathLenZero = cert.MaxPathLen == 0
		}
		r.join(body, "basicConstraints")
		cert.BasicConstraintsValid = r.end("basicConstraints") == nil
		return cert.BasicConstraintsValid
	case oid.Equal(OIDExtKeyUsage):
		list, _ := r.sequence("extKeyUsage")
		for list.err == nil && !list.s.Empty() {
			if use := list.oid("extKeyUsage"); use.Equal(oidTimeStamping) {
				cert.ExtKeyUsage = append(cert.ExtKeyUsage, smx509.ExtKeyUsageTimeStamping)
			} else {
				cert.UnknownExtKeyUsage = append(cert.UnknownExtKeyUsage, use)
			}
		}
		r.join(list, "extKeyUsage")
		return r.end("extKeyUsage") == nil
	case oid.Equal(oidSubjectKeyID):
		if id := r.octets("subjectKeyIdentifier"); r.end("subjectKeyIdentifier") == nil {
			cert.SubjectKeyId = id
		}
		return true
	}
	return !oid.Equal(oidNameConstraints) && (!critical || isHarmless(oid))
}

// nameOf reads a name for people. Text that is not UTF-8 is shown in
// hexadecimal; a name that cannot be read is shown so as a whole.
func nameOf(raw []byte) pkix.Name {
	var name pkix.Name
	var rdns pkix.RDNSequence
	r := whole(raw)
	list, _ := r.sequence("name")
	for list.err == nil && !list.s.Empty() {
		var set cryptobyte.String
		if !list.s.ReadASN1(&set, cbasn1.SET) {
			list.fail("name")
			break
		}
		inner := &reader{s: set}
		var rdn pkix.RelativeDistinguishedNameSET
		for inner.err == nil && !inner.s.Empty() {
			pair, _ := inner.sequence("attribute")
			oid := pair.oid("attribute")
			rdn = append(rdn, pkix.AttributeTypeAndValue{Type: oid, Value: pair.anyText()})
			inner.join(pair, "attribute")
		}
		list.join(inner, "name")
		rdns = append(rdns, rdn)
	}
	if r.join(list, "name"); r.end("name") != nil {
		name.CommonName = hex.EncodeToString(raw)
		return name
	}
	name.FillFromRDNSequence(&rdns)
	return name
}

// anyText reads a string of whatever type by what it holds.
func (r *reader) anyText() string {
	var text cryptobyte.String
	var tag cbasn1.Tag
	if r.err != nil || !r.s.ReadAnyASN1(&text, &tag) {
		r.fail("text")
		return ""
	}
	const bmp = cbasn1.Tag(30)
	switch {
	case tag == bmp && len(text)%2 == 0:
		var b bytes.Buffer
		for i := 0; i < len(text); i += 2 {
			b.WriteRune(rune(text[i])<<8 | rune(text[i+1]))
		}
		return b.String()
	case utf8.Valid(text):
		return string(text)
	}
	return "#" + hex.EncodeToString(text)
}

// anyInteger reads an INTEGER whose encoding may be longer than need be.
func (r *reader) anyInteger(what string) *big.Int {
	var raw cryptobyte.String
	if r.err != nil || !r.s.ReadASN1(&raw, cbasn1.INTEGER) || len(raw) == 0 {
		r.fail(what)
		return new(big.Int)
	}
	n := new(big.Int).SetBytes(raw)
	if raw[0] >= 0x80 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(raw))))
	}
	return n
}

// anyBoolean reads a BOOLEAN if one is next; any byte but zero is true.
func (r *reader) anyBoolean() bool {
	if r.err != nil || !r.s.PeekASN1Tag(cbasn1.BOOLEAN) {
		return false
	}
	var raw cryptobyte.String
	if !r.s.ReadASN1(&raw, cbasn1.BOOLEAN) || len(raw) != 1 {
		r.fail("BOOLEAN")
		return true
	}
	return raw[0] != 0
}

// anyAlgorithm reads an AlgorithmIdentifier whatever its parameters.
func (r *reader) anyAlgorithm(what string) asn1.ObjectIdentifier {
	body, _ := r.sequence(what)
	oid := body.oid(what)
	if body.err == nil {
		body.s = nil
	}
	r.join(body, what)
	return oid
}

// anyTime reads a UTCTime or GeneralizedTime, with or without seconds and with
// any zone; without a zone it is Greenwich's.
func (r *reader) anyTime(what string) time.Time {
	var text cryptobyte.String
	var tag cbasn1.Tag
	if r.err != nil || !r.s.ReadAnyASN1(&text, &tag) {
		r.fail(what)
		return time.Time{}
	}
	year, layouts := "", []string{"20060102150405Z0700", "20060102150405", "200601021504Z0700", "20060102150405.999999999Z0700"}
	switch tag {
	case cbasn1.UTCTime: // RFC 5280 4.1.2.5.1: 50 is 1950
		year = "20"
		if len(text) > 0 && text[0] >= '5' {
			year = "19"
		}
	case cbasn1.GeneralizedTime:
	default:
		r.fail(what)
		return time.Time{}
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, year+string(text)); err == nil {
			return t.UTC()
		}
	}
	r.fail(what)
	return time.Time{}
}
