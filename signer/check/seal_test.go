package check_test

import (
	"bytes"
	"crypto/rand"
	"encoding/asn1"
	"strings"
	"testing"
	"time"

	"github.com/emmansun/gmsm/sm2"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"tongzheng/registry/sm"
	"tongzheng/signer/check"
)

// goldenSignature is the SES_Signature of the golden package.
func goldenSignature(t testing.TB) (der []byte, sig *check.SealSignature) {
	t.Helper()
	pkg, _ := goldenPackage(t)
	p, err := check.ReadPackage(pkg, check.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	der, _ = p.Get("Doc_0/Signs/Sign_0/SignedValue.dat")
	if sig, err = check.ParseSealSignature(der); err != nil {
		t.Fatal(err)
	}
	return der, sig
}

var sealTime = time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)

// oldSeal writes an SESeal of another form with the golden maker's
// certificate: GM/T 0031-2014 has UTCTime, no certListType and a nested
// signature; GM/T 0031-2025 may end with a time stamp.
func oldSeal(t testing.TB, form check.Form, cert []byte, sign func([]byte) []byte) []byte {
	t.Helper()
	text := func(b *cryptobyte.Builder, tag cbasn1.Tag, s string) {
		b.AddASN1(tag, func(b *cryptobyte.Builder) { b.AddBytes([]byte(s)) })
	}
	var info cryptobyte.Builder
	info.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			text(b, cbasn1.IA5String, "ES")
			b.AddASN1Int64(int64(form))
			text(b, cbasn1.IA5String, "VENDOR")
		})
		text(b, cbasn1.IA5String, "OLD1")
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1Int64(1)
			text(b, cbasn1.UTF8String, "旧印章")
			if form != check.Form1 {
				b.AddASN1Int64(check.CertListDigests)
			}
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				if form == check.Form1 {
					b.AddASN1OctetString(cert)
					return
				}
				digest := sm.Sum(cert)
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
					text(b, cbasn1.PrintableString, check.OIDSM3.String())
					b.AddASN1OctetString(digest[:])
				})
			})
			for range 3 {
				if form == check.Form1 {
					b.AddASN1UTCTime(sealTime)
				} else {
					b.AddASN1GeneralizedTime(sealTime)
				}
			}
		})
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			text(b, cbasn1.IA5String, "PNG")
			b.AddASN1OctetString([]byte{1})
			b.AddASN1Int64(40)
			b.AddASN1Int64(30)
		})
	})
	infoDER := info.BytesOrPanic()
	signed := infoDER
	if form == check.Form1 {
		signed = sequence(infoDER, octets(cert), oid(check.OIDSM2WithSM3))
		return sequence(infoDER, sequence(octets(cert), oid(check.OIDSM2WithSM3), bits(sign(signed))))
	}
	stamp := append([]byte{0xa0, 4}, bits([]byte{9})...)
	return sequence(infoDER, octets(cert), oid(check.OIDSM2WithSM3), bits(sign(signed)), stamp)
}

func sequence(parts ...[]byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddBytes(bytes.Join(parts, nil)) })
	return b.BytesOrPanic()
}

func octets(v []byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1OctetString(v)
	return b.BytesOrPanic()
}

func bits(v []byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1BitString(v)
	return b.BytesOrPanic()
}

func oid(o asn1.ObjectIdentifier) []byte {
	var b cryptobyte.Builder
	b.AddASN1ObjectIdentifier(o)
	return b.BytesOrPanic()
}

func TestOtherForms(t *testing.T) {
	_, golden := goldenSignature(t)
	key, err := sm2.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sign := func(message []byte) []byte {
		s, err := key.SignWithSM2(rand.Reader, nil, message)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	for _, form := range []check.Form{check.Form1, check.Form5} {
		der := oldSeal(t, form, golden.SignerCert, sign)
		seal, err := check.ParseSeal(der)
		if err != nil {
			t.Fatal(err)
		}
		if seal.Form != form || seal.Name != "旧印章" || !seal.Until.Equal(sealTime) || seal.Picture.Height != 30 || !seal.Lists(golden.SignerCert) || seal.Lists(golden.Seal.MakerCert) {
			t.Errorf("form %d: %+v", form, seal)
		}
		if !sm.Verify(&key.PublicKey, seal.Signed, seal.Signature) {
			t.Errorf("form %d: the signed bytes are not those that the maker signed", form)
		}
		if seal.VerifyMaker() == nil {
			t.Errorf("form %d: another key's signature passed for the certificate's", form)
		}
	}
	v1 := oldSeal(t, check.Form1, golden.SignerCert, sign)
	moment := append([]byte{byte(cbasn1.UTCTime), 13}, "240506070809Z"...)
	tbs := sequence([]byte{2, 1, 1}, v1, bits(moment), bits(golden.DataHash), append([]byte{byte(cbasn1.IA5String), 2}, "/x"...), octets(golden.SignerCert), oid(check.OIDSM2WithSM3))
	sig, err := check.ParseSealSignature(sequence(tbs, bits(sign(tbs))))
	if err != nil || sig.Form != check.Form1 || !sig.Time.Equal(sealTime) || !bytes.Equal(sig.SignerCert, golden.SignerCert) || sig.PropertyInfo != "/x" ||
		!sm.Verify(&key.PublicKey, sig.Signed, sig.Signature) {
		t.Errorf("%+v %v", sig, err)
	}
}

func TestSignatureDecodingIsStrict(t *testing.T) {
	der, _ := goldenSignature(t)
	for name, bad := range map[string][]byte{
		"empty": nil, "cut short": der[:len(der)-1], "followed": append(append([]byte(nil), der...), 0),
		"not a sequence": []byte(strings.Repeat("A", 100)), "more elements": sequence(der[4:], bits([]byte{1}), bits([]byte{1})),
	} {
		if _, err := check.ParseSealSignature(bad); err == nil {
			t.Errorf("%s was read", name)
		}
	}
}

func FuzzSealSignature(f *testing.F) {
	der, sig := goldenSignature(f)
	f.Add(der)
	f.Add(sig.Seal.Raw)
	f.Add(oldSeal(f, check.Form1, sig.SignerCert, func([]byte) []byte { return []byte{1} }))
	f.Add(oldSeal(f, check.Form5, sig.SignerCert, func([]byte) []byte { return []byte{1} }))
	f.Fuzz(func(t *testing.T, data []byte) {
		if seal, err := check.ParseSeal(data); err == nil {
			if !bytes.Equal(seal.Raw, data) {
				t.Error("a seal was read from a part of the input")
			}
			_ = seal.VerifyMaker()
		}
		if s, err := check.ParseSealSignature(data); err == nil && s.Seal == nil {
			t.Error("a signature without a seal")
		}
		_, _ = check.VerifyTimeStamp(data, nil)
	})
}
