package signer

import (
	"fmt"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"tongzheng/registry"
	"tongzheng/registry/sm"
	"tongzheng/signer/check"
)

// sesVersion is the version written: GB/T 38540-2020.
const sesVersion = 4

// SealSpec is what a seal maker needs to know. Times are cut to seconds.
type SealSpec struct {
	ID      string   // esID, ASCII
	Vendor  string   // Vid, ASCII
	Name    string   // 印章名称
	Type    int      // 1 unit seal, 2 personal seal
	Signers [][]byte // certificates in DER that may use the seal
	Created time.Time
	From    time.Time
	Until   time.Time
	Picture check.Picture
}

func (s SealSpec) check() error {
	bad := func(field, what string) error { return registry.Errorf(registry.CodeMalformed, field, "%s", what) }
	switch {
	case s.ID == "" || len(s.ID) > 64 || !printable(s.ID):
		return bad("id", "want 1 to 64 printable ASCII characters")
	case s.Vendor == "" || len(s.Vendor) > 32 || !printable(s.Vendor):
		return bad("vendor", "want 1 to 32 printable ASCII characters")
	case s.Name == "":
		return bad("name", "a seal has a name")
	case s.Type != 1 && s.Type != 2:
		return bad("type", "want 1 (unit) or 2 (person)")
	case len(s.Signers) == 0:
		return bad("signers", "a seal lists at least one signer certificate")
	case !s.From.Before(s.Until):
		return bad("until", "the seal would end before it begins")
	case s.Picture.Type == "" || !printable(s.Picture.Type) || len(s.Picture.Data) == 0 || s.Picture.Width <= 0 || s.Picture.Height <= 0:
		return bad("picture", "type, data, width and height in millimeters are required")
	}
	return nil
}

func printable(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// marshalSealInfo writes SES_SealInfo (GB/T 38540-2020 §6.2).
func marshalSealInfo(s SealSpec) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { // header
			addText(b, cbasn1.IA5String, "ES")
			b.AddASN1Int64(sesVersion)
			addText(b, cbasn1.IA5String, s.Vendor)
		})
		addText(b, cbasn1.IA5String, s.ID)
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { // property
			b.AddASN1Int64(int64(s.Type))
			addText(b, cbasn1.UTF8String, s.Name)
			b.AddASN1Int64(check.CertListCertificates)
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				for _, cert := range s.Signers {
					b.AddASN1OctetString(cert)
				}
			})
			addTime(b, s.Created)
			addTime(b, s.From)
			addTime(b, s.Until)
		})
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { // picture
			addText(b, cbasn1.IA5String, s.Picture.Type)
			b.AddASN1OctetString(s.Picture.Data)
			b.AddASN1Int64(int64(s.Picture.Width))
			b.AddASN1Int64(int64(s.Picture.Height))
		})
	})
	return b.Bytes()
}

func addText(b *cryptobyte.Builder, tag cbasn1.Tag, s string) {
	b.AddASN1(tag, func(b *cryptobyte.Builder) { b.AddBytes([]byte(s)) })
}

func addTime(b *cryptobyte.Builder, t time.Time) {
	b.AddASN1GeneralizedTime(t.UTC().Truncate(time.Second))
}

// MakeSeal makes an SESeal: the seal maker signs DER(SES_SealInfo). It is for
// development; production seals are made by the national e-seal system.
func MakeSeal(keys KeyStore, maker sm.KeyID, spec SealSpec) ([]byte, error) {
	if err := spec.check(); err != nil {
		return nil, err
	}
	info, err := marshalSealInfo(spec)
	if err != nil {
		return nil, fmt.Errorf("making seal %s: %w", spec.ID, err)
	}
	cert, err := certificateOf(keys, maker)
	if err != nil {
		return nil, err
	}
	signature, err := keys.Sign(maker, info)
	if err != nil {
		return nil, fmt.Errorf("making seal %s: %w", spec.ID, err)
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(info)
		addSignature(b, cert, signature)
	})
	return b.Bytes()
}

func addSignature(b *cryptobyte.Builder, cert, signature []byte) {
	b.AddASN1OctetString(cert)
	b.AddASN1ObjectIdentifier(check.OIDSM2WithSM3)
	b.AddASN1BitString(signature)
}

func certificateOf(keys KeyStore, id sm.KeyID) ([]byte, error) {
	der, err := keys.Certificate(id)
	if err == nil && der == nil {
		err = registry.Errorf(registry.CodeNotFound, "certificate", "key %s has no certificate", id)
	}
	return der, err
}

// ImportSeal reads a seal made elsewhere and makes sure that this store can
// use it at the given time: maker's signature, chain and period, and one of the
// store's keys certified on its list. It returns the seal and that key.
func ImportSeal(keys KeyStore, der []byte, roots *check.Roots, at time.Time, opts check.Options) (*check.Seal, sm.KeyID, error) {
	seal, err := check.ParseSeal(der)
	if err != nil {
		return nil, "", registry.Errorf(registry.CodeMalformed, "seal", "not an SESeal of GB/T 38540").WithCause(err)
	}
	if err := check.SealProblem(seal, roots, at, opts); err != nil {
		return nil, "", err
	}
	all := keys.Keys()
	for i := len(all) - 1; i >= 0; i-- { // the newest key first
		cert, err := keys.Certificate(all[i].ID)
		if err != nil {
			return nil, "", err
		}
		if cert != nil && seal.Lists(cert) {
			return seal, all[i].ID, check.CertificateProblem(cert, roots, check.UseSigner, at, opts)
		}
	}
	return nil, "", registry.Errorf(registry.CodeSealState, "seal", "signer-not-listed: no certificate of ours is on the seal's list")
}

// tbsSign is TBS_Sign (GB/T 38540-2020 §7.2).
type tbsSign struct {
	seal     []byte
	at       time.Time
	dataHash sm.Digest
	path     string
}

func (t tbsSign) marshal() ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(sesVersion)
		b.AddBytes(t.seal)
		addTime(b, t.at)
		b.AddASN1BitString(t.dataHash[:])
		addText(b, cbasn1.IA5String, t.path)
	})
	return b.Bytes()
}

// marshalSealSignature writes SES_Signature; token may be nil.
func marshalSealSignature(tbs, cert, signature, token []byte) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(tbs)
		addSignature(b, cert, signature)
		if token != nil {
			b.AddASN1(cbasn1.Tag(0).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) {
				b.AddASN1BitString(token)
			})
		}
	})
	return b.Bytes()
}
