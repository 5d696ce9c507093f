package signer

import (
	"crypto"
	"crypto/rand"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"tongzheng/registry/sm"
	"tongzheng/signer/check"
)

// Labels of keys.
const (
	labelRoot        = "authority/root"
	labelSealMakerCA = "authority/seal-maker-ca"
	labelSignerCA    = "authority/signer-ca"
	LabelSealMaker   = "authority/seal-maker"
	LabelTimeStamp   = "time-stamp"
	LabelQR          = "qr"
	LabelStatus      = "status"
	LabelCheckpoint  = "checkpoint" // of a single-node ledger; no certificate
	sealPrefix       = "seal/"
	actPrefix        = "act/"
)

// SealLabel and ActLabel name the keys of a seal and of an organization.
func SealLabel(sealID string) string { return sealPrefix + sealID }

// ActLabel names an organization's act key.
func ActLabel(organization string) string { return actPrefix + organization }

// developmentMark stands in every subject, so that nobody takes these
// certificates for those of a licensed authority.
const developmentMark = "开发测试 DEVELOPMENT ONLY"

// Authority is the development certificate authority: root → seal-maker CA and
// signer CA → everything else. It is made on first start and never shipped;
// production keys are certified by a licensed authority and seals come from the
// national e-seal system.
type Authority struct {
	keys  KeyStore
	clock func() time.Time
}

// OpenAuthority opens the authority in a key store and makes what is missing:
// a first start that was cut short is continued. The clock gives the periods
// of certificates, so that scenarios in the past have valid ones.
func OpenAuthority(keys KeyStore, clock func() time.Time) (*Authority, error) {
	a := &Authority{keys: keys, clock: clock}
	const caUsage = smx509.KeyUsageCertSign | smx509.KeyUsageCRLSign
	steps := []struct {
		label, issuer, name string
		years, pathLen      int
	}{
		{labelRoot, labelRoot, "开发测试根 Development Root", 40, 1},
		{labelSealMakerCA, labelRoot, "开发测试制章机构CA Development Seal Maker CA", 30, 0},
		{labelSignerCA, labelRoot, "开发测试签章CA Development Signer CA", 30, 0},
	}
	for _, s := range steps {
		template := &smx509.Certificate{
			KeyUsage: caUsage, IsCA: true, BasicConstraintsValid: true,
			MaxPathLen: s.pathLen, MaxPathLenZero: s.pathLen == 0,
		}
		if _, err := a.ensure(s.label, s.issuer, s.name, "", s.years, template); err != nil {
			return nil, err
		}
	}
	leaves := []struct {
		label, issuer, name string
		extra               []pkix.Extension
	}{
		{LabelSealMaker, labelSealMakerCA, "开发测试制章者 Development Seal Maker", nil},
		{LabelTimeStamp, labelSignerCA, "开发测试时间戳 Development Time Stamp", timeStampUsage()},
		{LabelQR, labelSignerCA, "开发测试二维码签名 Development QR", nil},
		{LabelStatus, labelSignerCA, "开发测试状态列表签名 Development Status", nil},
	}
	for _, l := range leaves {
		if _, err := a.ensure(l.label, l.issuer, l.name, "", leafYears, leafTemplate(l.extra)); err != nil {
			return nil, err
		}
	}
	return a, nil
}

const leafYears = 10

func leafTemplate(extra []pkix.Extension) *smx509.Certificate {
	return &smx509.Certificate{
		KeyUsage:              smx509.KeyUsageDigitalSignature | smx509.KeyUsageContentCommitment,
		BasicConstraintsValid: true, ExtraExtensions: extra,
	}
}

// timeStampUsage is the critical extended key usage of RFC 3161 §2.3.
func timeStampUsage() []pkix.Extension {
	value, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}})
	if err != nil {
		panic(err) // constant input
	}
	return []pkix.Extension{{Id: check.OIDExtKeyUsage, Critical: true, Value: value}}
}

// SealSigner makes (or finds) the key and certificate that use a seal, in the
// name of its organization.
func (a *Authority) SealSigner(sealID, organizationName, organizationCode string) (sm.KeyID, error) {
	return a.ensure(SealLabel(sealID), labelSignerCA, organizationName, organizationCode, leafYears, leafTemplate(nil))
}

// ActKey makes (or finds) an organization's act key.
func (a *Authority) ActKey(organizationName, organizationCode string) (sm.KeyID, error) {
	return a.ensure(ActLabel(organizationCode), labelSignerCA, organizationName, organizationCode, leafYears, leafTemplate(nil))
}

// Anchor is the key of the self-issued certificate that verifiers pin.
func (a *Authority) Anchor() (sm.KeyID, error) {
	id, ok := a.keys.Current(labelRoot)
	if !ok {
		return "", fmt.Errorf("the development authority has no key %s", labelRoot)
	}
	return id, nil
}

// ServiceKey makes (or finds) a key of the deployment itself, such as the one
// that vouches for a single-node ledger.
func (a *Authority) ServiceKey(label, name string) (sm.KeyID, error) {
	return a.ensure(label, labelSignerCA, name, "", leafYears, leafTemplate(nil))
}

// Rotate makes a new key with the same purpose as the current one of the
// label. For a seal's key the seal must be made again with the new certificate.
func (a *Authority) Rotate(label string) (sm.KeyID, error) {
	old, ok := a.keys.Current(label)
	if !ok {
		return "", fmt.Errorf("rotating %s: there is no such key", label)
	}
	der, err := a.keys.Certificate(old)
	if err != nil {
		return "", err
	}
	cert, err := smx509.ParseCertificate(der)
	if err != nil || cert.IsCA {
		return "", fmt.Errorf("rotating %s: not a key of the authority's subjects", label)
	}
	issuer, extra, code := subjectOf(label, cert)
	id, err := a.keys.Generate(label, a.clock())
	if err != nil {
		return "", err
	}
	return id, a.certify(id, issuer, cert.Subject.CommonName, code, leafYears, leafTemplate(extra))
}

// Renew issues a new certificate for the current key of a label, for keys that
// sign on while their certificate ends. A seal's list names certificates byte
// for byte: its signer is renewed with the seal, by Rotate and a new seal.
func (a *Authority) Renew(label string) (sm.KeyID, error) {
	id, ok := a.keys.Current(label)
	if !ok {
		return "", fmt.Errorf("renewing %s: there is no such key", label)
	}
	if strings.HasPrefix(label, sealPrefix) {
		return "", fmt.Errorf("renewing %s: the seal names the old certificate; rotate the key and make the seal again", label)
	}
	der, err := a.keys.Certificate(id)
	if err != nil {
		return "", err
	}
	cert, err := smx509.ParseCertificate(der)
	if err != nil || cert.IsCA {
		return "", fmt.Errorf("renewing %s: not a key of the authority's subjects", label)
	}
	issuer, extra, code := subjectOf(label, cert)
	return id, a.certify(id, issuer, cert.Subject.CommonName, code, leafYears, leafTemplate(extra))
}

// subjectOf says who certifies a label's keys, with what, for which code.
func subjectOf(label string, cert *smx509.Certificate) (issuer string, extra []pkix.Extension, code string) {
	issuer = labelSignerCA
	switch label {
	case LabelSealMaker:
		issuer = labelSealMakerCA
	case LabelTimeStamp:
		extra = timeStampUsage()
	}
	if len(cert.Subject.OrganizationalUnit) > 1 {
		code = cert.Subject.OrganizationalUnit[1]
	}
	return issuer, extra, code
}

// ensure finds or makes the label's key and certificate.
func (a *Authority) ensure(label, issuer, name, code string, years int, template *smx509.Certificate) (sm.KeyID, error) {
	id, ok := a.keys.Current(label)
	if !ok {
		var err error
		if id, err = a.keys.Generate(label, a.clock()); err != nil {
			return "", err
		}
	}
	der, err := a.keys.Certificate(id)
	if err != nil || der != nil {
		return id, err
	}
	return id, a.certify(id, issuer, name, code, years, template)
}

// certify issues the certificate of a key in the GM/T 0015 profile.
func (a *Authority) certify(id sm.KeyID, issuerLabel, name, code string, years int, template *smx509.Certificate) error {
	pub, err := a.keys.PublicKey(id)
	if err != nil {
		return err
	}
	serial := make([]byte, 16)
	if _, err := rand.Read(serial); err != nil {
		return fmt.Errorf("certificate of %s: %w", name, err)
	}
	serial[0] = serial[0]&0x7f | 0x40 // positive and always 16 bytes
	spki, err := sm.MarshalPublicKey(pub)
	if err != nil {
		return fmt.Errorf("certificate of %s: %w", name, err)
	}
	keyDigest := sm.Sum(spki)
	units := []string{developmentMark}
	if code != "" {
		units = append(units, code)
	}
	now := a.clock().UTC().Truncate(time.Second)
	template.SerialNumber = new(big.Int).SetBytes(serial)
	template.Subject = pkix.Name{Country: []string{"CN"}, Organization: []string{"同证 Tongzheng"}, OrganizationalUnit: units, CommonName: name}
	template.SubjectKeyId = keyDigest[:20]
	template.NotBefore, template.NotAfter = now.Add(-time.Hour), now.AddDate(years, 0, 0)
	template.SignatureAlgorithm = smx509.SM2WithSM3
	issuerKey, parent, err := a.issuer(issuerLabel, id, template)
	if err != nil {
		return err
	}
	der, err := smx509.CreateCertificate(rand.Reader, template, parent, pub, keySigner{a.keys, issuerKey})
	if err != nil {
		return fmt.Errorf("certificate of %s: %w", name, err)
	}
	return a.keys.SetCertificate(id, der)
}

// issuer returns the key and certificate that sign; the root signs itself.
func (a *Authority) issuer(label string, id sm.KeyID, template *smx509.Certificate) (sm.KeyID, *smx509.Certificate, error) {
	issuerKey, ok := a.keys.Current(label)
	if !ok {
		return "", nil, fmt.Errorf("the development authority has no key %s", label)
	}
	if issuerKey == id {
		return id, template, nil
	}
	der, err := a.keys.Certificate(issuerKey)
	if err != nil {
		return "", nil, err
	}
	parent, err := smx509.ParseCertificate(der)
	if err != nil {
		return "", nil, fmt.Errorf("certificate of %s: %w", label, err)
	}
	return issuerKey, parent, nil
}

// Roots returns what verifiers pin: the root, and the two authorities below it
// with the uses they are trusted for.
func (a *Authority) Roots() (*check.Roots, error) {
	roots := &check.Roots{}
	for _, r := range []struct {
		label string
		uses  []check.Use
	}{
		{labelRoot, nil},
		{labelSealMakerCA, []check.Use{check.UseSealMaker}},
		{labelSignerCA, []check.Use{check.UseSigner, check.UseTimeStamp, check.UseQR, check.UseStatus, check.UseCheckpoint}},
	} {
		id, ok := a.keys.Current(r.label)
		if !ok {
			return nil, fmt.Errorf("the development authority has no key %s", r.label)
		}
		der, err := a.keys.Certificate(id)
		if err != nil {
			return nil, err
		}
		if err := roots.Add(der, r.uses...); err != nil {
			return nil, err
		}
	}
	return roots, nil
}

// Revoked is one line of a revocation list.
type Revoked struct {
	Serial *big.Int
	At     time.Time
}

// RevocationList signs the list of revoked signer certificates (RFC 5280 §5,
// DER), to be replaced by next.
func (a *Authority) RevocationList(revoked []Revoked, number int64, next time.Time) ([]byte, error) {
	id, parent, err := a.issuer(labelSignerCA, "", nil)
	if err != nil {
		return nil, err
	}
	list := &smx509.RevocationList{
		Number: big.NewInt(number), ThisUpdate: a.clock().UTC(), NextUpdate: next.UTC(), SignatureAlgorithm: smx509.SM2WithSM3,
	}
	for _, r := range revoked {
		list.RevokedCertificateEntries = append(list.RevokedCertificateEntries,
			smx509.RevocationListEntry{SerialNumber: r.Serial, RevocationTime: r.At.UTC()})
	}
	der, err := smx509.CreateRevocationList(rand.Reader, list, parent, keySigner{a.keys, id})
	if err != nil {
		return nil, fmt.Errorf("revocation list: %w", err)
	}
	return der, nil
}

// keySigner lets the certificate library sign with a key in a store: it hands
// over whole messages, never digests.
type keySigner struct {
	keys KeyStore
	id   sm.KeyID
}

var _ crypto.MessageSigner = keySigner{}

func (s keySigner) Public() crypto.PublicKey {
	pub, err := s.keys.PublicKey(s.id)
	if err != nil {
		return nil
	}
	return pub
}

func (s keySigner) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, errors.New("a key store signs messages, not digests")
}

func (s keySigner) SignMessage(_ io.Reader, message []byte, _ crypto.SignerOpts) ([]byte, error) {
	return s.keys.Sign(s.id, message)
}
