package check

import (
	"bytes"
	"encoding/asn1"
	"errors"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"tongzheng/registry/sm"
)

// Form is the family of a seal's encoding.
type Form int

// Forms of SESeal and SES_Signature.
const (
	Form1 Form = 1 // GM/T 0031-2014
	Form4 Form = 4 // GB/T 38540-2020
	Form5 Form = 5 // GM/T 0031-2025
)

// Kinds of certList (GB/T 38540 certListType).
const (
	CertListCertificates = 1
	CertListDigests      = 2
)

// CertDigest names a signer certificate by its digest.
type CertDigest struct {
	Algorithm string // as written: an OID in dots or a name
	Value     []byte
}

// Picture is the impression of a seal. Width and height are millimeters.
type Picture struct {
	Type          string
	Data          []byte
	Width, Height int
}

// Seal is a decoded SESeal (电子印章). Times are UTC.
type Seal struct {
	Raw         []byte // DER of the SESeal
	Form        Form   //
	Version     int    // header version as written
	VendorID    string // header Vid
	ID          string // esID
	Type        int    // property type: 1 unit, 2 person
	Name        string
	ListType    int // CertListCertificates or CertListDigests
	Certs       [][]byte
	CertDigests []CertDigest
	Created     time.Time
	From, Until time.Time
	Picture     Picture
	MakerCert   []byte // DER of the seal maker's certificate
	Algorithm   asn1.ObjectIdentifier
	Signature   []byte // ASN.1 SM2 signature
	Signed      []byte // the bytes the maker signed
	TimeStamp   []byte // v5 only
}

// ParseSeal decodes an SESeal of GB/T 38540-2020 §6 (v4), GM/T 0031-2014 (v1)
// or GM/T 0031-2025 (v5), strictly: unknown or trailing elements are errors.
func ParseSeal(der []byte) (*Seal, error) {
	r := whole(der)
	seal := r.seal()
	return seal, r.end("SESeal")
}

// seal reads the SESeal at the reader.
func (r *reader) seal() *Seal {
	body, raw := r.sequence("SESeal")
	s := &Seal{Raw: raw}
	info, infoRaw := body.sequence("SES_SealInfo")
	s.readHeader(info)
	if body.err == nil && body.s.PeekASN1Tag(cbasn1.SEQUENCE) {
		s.Form = Form1
		s.readSignInfo(body, infoRaw)
	} else {
		s.Form = Form4
		if s.Version >= 5 {
			s.Form = Form5
		}
		s.Signed = infoRaw
		s.MakerCert = body.octets("maker certificate")
		s.Algorithm = body.oid("maker algorithm")
		s.Signature = body.bits("maker signature")
		if s.Form == Form5 {
			if token, ok := body.optional(0, "seal time stamp"); ok {
				s.TimeStamp = token.bits("seal time stamp")
				body.join(token, "seal time stamp")
			}
		}
	}
	s.readInfo(info)
	body.join(info, "SES_SealInfo")
	r.join(body, "SESeal")
	return s
}

func (s *Seal) readHeader(info *reader) {
	header, _ := info.sequence("header")
	if header.text("header ID", cbasn1.IA5String) != "ES" {
		header.fail("header ID")
	}
	s.Version = header.integer("header version")
	s.VendorID = header.text("Vid", cbasn1.IA5String, cbasn1.UTF8String)
	info.join(header, "header")
	s.ID = info.text("esID", cbasn1.IA5String, cbasn1.UTF8String)
}

// readSignInfo reads the v1 tail: the maker signs DER{SealInfo, cert, sigAlg}.
func (s *Seal) readSignInfo(body *reader, infoRaw []byte) {
	sign, _ := body.sequence("SES_SignInfo")
	s.MakerCert = sign.octets("maker certificate")
	s.Algorithm = sign.oid("maker algorithm")
	s.Signature = sign.bits("maker signature")
	body.join(sign, "SES_SignInfo")
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(infoRaw)
		b.AddASN1OctetString(s.MakerCert)
		b.AddASN1ObjectIdentifier(s.Algorithm)
	})
	if signed, err := b.Bytes(); err == nil {
		s.Signed = signed
	}
}

// readInfo reads property, picture and extensions behind esID.
func (s *Seal) readInfo(info *reader) {
	property, _ := info.sequence("property")
	s.Type = property.integer("seal type")
	s.Name = property.text("seal name", cbasn1.UTF8String)
	s.ListType = CertListCertificates
	if s.Form != Form1 {
		s.ListType = property.integer("certListType")
	}
	s.readCertList(property)
	s.Created = property.moment("createDate", true)
	s.From = property.moment("validStart", true)
	s.Until = property.moment("validEnd", true)
	info.join(property, "property")

	picture, _ := info.sequence("picture")
	s.Picture.Type = picture.text("picture type", cbasn1.IA5String)
	s.Picture.Data = picture.octets("picture data")
	s.Picture.Width = picture.integer("picture width")
	s.Picture.Height = picture.integer("picture height")
	info.join(picture, "picture")
	info.extensions()
}

func (s *Seal) readCertList(property *reader) {
	list, _ := property.sequence("certList")
	for list.err == nil && !list.s.Empty() {
		switch s.ListType {
		case CertListCertificates:
			s.Certs = append(s.Certs, list.octets("certList certificate"))
		case CertListDigests:
			object, _ := list.sequence("certList digest")
			d := CertDigest{Algorithm: object.text("digest type", cbasn1.PrintableString, cbasn1.IA5String)}
			d.Value = object.octets("digest value")
			list.join(object, "certList digest")
			s.CertDigests = append(s.CertDigests, d)
		default:
			list.fail("certListType")
		}
	}
	property.join(list, "certList")
}

// extensions skips extDatas: under [0] as GB/T 38540 writes it, or bare, as
// seals in the field have it. What it means is the vendor's; that it is well
// formed is checked.
func (r *reader) extensions() {
	list, ok := r.optional(0, "extDatas")
	if ok {
		inner, _ := list.sequence("extDatas")
		inner.skipExtensions()
		list.join(inner, "extDatas")
		r.join(list, "extDatas")
		return
	}
	if r.err == nil && r.s.PeekASN1Tag(cbasn1.SEQUENCE) {
		inner, _ := r.sequence("extDatas")
		inner.skipExtensions()
		r.join(inner, "extDatas")
	}
}

func (r *reader) skipExtensions() {
	for r.err == nil && !r.s.Empty() {
		ext, _ := r.sequence("ExtData")
		ext.oid("extnID")
		var critical bool
		if ext.err == nil && ext.s.PeekASN1Tag(cbasn1.BOOLEAN) && !ext.s.ReadASN1Boolean(&critical) {
			ext.fail("ExtData critical")
		}
		if critical {
			ext.fail("ExtData: a critical extension that is not known here")
		}
		ext.octets("extnValue")
		r.join(ext, "ExtData")
	}
}

// Lists tells whether the signer certificate stands in the seal's certList,
// byte for byte or by its digest.
func (s *Seal) Lists(cert []byte) bool {
	listed, _ := s.lists(cert)
	return listed
}

// lists also names a digest algorithm that is not known here: the certificate
// may be listed by it.
func (s *Seal) lists(cert []byte) (listed bool, unknown string) {
	for _, c := range s.Certs {
		if bytes.Equal(c, cert) {
			return true, ""
		}
	}
	for _, d := range s.CertDigests {
		digest, known := digestNamed(d.Algorithm, cert)
		if !known {
			unknown = d.Algorithm
		} else if bytes.Equal(d.Value, digest) {
			return true, ""
		}
	}
	return false, unknown
}

// VerifyMaker checks the seal maker's signature over the seal.
func (s *Seal) VerifyMaker() error {
	cert, err := parseCertificate(s.MakerCert)
	if err != nil {
		return err
	}
	if !sm2Algorithm(s.Algorithm) {
		return errors.New("the maker's algorithm is not SM2 with SM3")
	}
	if !sm.Verify(publicKey(cert), s.Signed, s.Signature) {
		return errors.New("the maker's signature does not fit the seal")
	}
	return nil
}
