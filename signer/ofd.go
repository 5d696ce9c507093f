package signer

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"hash/crc32"
	"slices"
	"strconv"
	"strings"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/pack"
	"tongzheng/registry/sm"
	"tongzheng/signer/check"
)

// Box is a rectangle on a page in millimeters, from the upper left corner.
type Box struct{ X, Y, Width, Height float64 }

func (b Box) String() string {
	n := func(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
	return n(b.X) + " " + n(b.Y) + " " + n(b.Width) + " " + n(b.Height)
}

// Provider names the program that signs (GB/T 33190 §18.2.1).
type Provider struct{ Name, Version, Company string }

// DefaultProvider is written when a job names none.
var DefaultProvider = Provider{"tongzheng-signer", "1", "Tongzheng"}

// OFDJob says how to seal one package.
type OFDJob struct {
	Seal     []byte    // SESeal in DER
	Signer   sm.KeyID  // key in the store, with its certificate
	Time     time.Time // of sealing, cut to seconds
	Page     string    // page ID; empty: the first page
	Boundary Box       // where the impression shows
	Provider Provider
	Roots    *check.Roots   // pinned: signer and seal are checked against them first
	Options  check.Options  // revocation lists and limits
	Stamper  MessageStamper // nil: no time stamp
	// Value has the SES_Signature made elsewhere, over the digest of
	// Signature.xml and its path; Signer and Stamper are not used then. The
	// result is read back all the same.
	Value func(digest sm.Digest, path string) ([]byte, error)
}

// MessageStamper makes an RFC 3161 token over a message.
type MessageStamper interface {
	StampMessage(message []byte) ([]byte, error)
}

// SealOFD adds a GB/T 38540 v4 signature to an unsealed package and returns
// the sealed package and the seal digest (SM3 of Signature.xml). It follows the
// signing order of the standard: certificate, seal, certificate on the seal's
// list, hash, sign; and reads its own result back before it returns. The same
// job gives the same bytes as long as the store's signatures do.
func SealOFD(keys KeyStore, unsealed []byte, job OFDJob) ([]byte, sm.Digest, error) {
	opened, err := openUnsealed(unsealed, job.Options.Limits)
	if err != nil {
		return nil, sm.Digest{}, err
	}
	job.Time = job.Time.UTC().Truncate(time.Second)
	cert, err := checkSigner(keys, job)
	if err != nil {
		return nil, sm.Digest{}, err
	}
	made, err := sealOFD(keys, opened, cert, job)
	if err != nil {
		return nil, sm.Digest{}, err
	}
	return made.bytes, made.digest, readBack(made.bytes, made.digest, job, job.Time)
}

// unsealedPackage is a package to be sealed, opened once for all who look into it.
type unsealedPackage struct {
	bytes   []byte
	files   *check.Package
	outline check.Outline
}

func openUnsealed(unsealed []byte, limits check.Limits) (*unsealedPackage, error) {
	p, err := check.ReadPackage(unsealed, limits)
	if err != nil {
		return nil, err
	}
	outline, err := check.ReadOutline(p, limits)
	if err != nil {
		return nil, err
	}
	return &unsealedPackage{unsealed, p, outline}, nil
}

// page is the page that a job seals: its own, or the first.
func (u *unsealedPackage) page(job *OFDJob) error {
	if u.outline.Sealed {
		return registry.Errorf(registry.CodeMalformed, "file", "the package is sealed already")
	}
	if job.Page == "" {
		job.Page = u.outline.Pages[0]
	}
	if !slices.Contains(u.outline.Pages, job.Page) {
		return registry.Errorf(registry.CodeMalformed, "page", "the document has no page %q", job.Page)
	}
	return nil
}

// sealedOFD is a sealed package and what it is composed of beside the unsealed one.
type sealedOFD struct {
	bytes  []byte
	digest sm.Digest // of Signature.xml
	parts  *registry.SealParts
}

// sealOFD takes steps four and five, of a job whose seal and certificate were
// checked at its time, which is a whole second. The caller reads the result back.
func sealOFD(keys KeyStore, unsealed *unsealedPackage, cert []byte, job OFDJob) (sealedOFD, error) {
	if err := unsealed.page(&job); err != nil {
		return sealedOFD{}, err
	}
	return compose(keys, unsealed, cert, job)
}

// compose adds the signature to the package. Entries are
// copied as they stand in the unsealed package; nothing is compressed here.
func compose(keys KeyStore, unsealed *unsealedPackage, cert []byte, job OFDJob) (made sealedOFD, err error) {
	root := unsealed.outline.Root
	frame, err := pack.Frame(unsealed.bytes, root)
	if err != nil {
		return made, err
	}
	at := pack.PathsIn(root)
	made.parts = &registry.SealParts{Form: pack.FormOne, Root: root}
	if made.parts.Signature, err = signatureXML(unsealed.files, frame, at, job); err != nil {
		return made, err
	}
	made.digest = sm.Sum(made.parts.Signature)
	if made.parts.Value, err = signValue(keys, cert, job, made.digest, "/"+at.Signature); err != nil {
		return made, err
	}
	if from := bytes.Index(made.parts.Value, job.Seal); from > 0 {
		made.parts.SealFrom, made.parts.SealTo = from, from+len(job.Seal)
	}
	made.bytes = pack.Complete(frame, made.parts)
	made.parts.Sealed = sm.Sum(made.bytes)
	return made, nil
}

// checkSigner takes steps one to three of the signing order.
func checkSigner(keys KeyStore, job OFDJob) (cert []byte, err error) {
	if job.Value == nil {
		if cert, err = certificateOf(keys, job.Signer); err != nil {
			return nil, err
		}
		if err := check.CertificateProblem(cert, job.Roots, check.UseSigner, job.Time, job.Options); err != nil {
			return nil, err
		}
	}
	seal, err := check.ParseSeal(job.Seal)
	if err != nil {
		return nil, registry.Errorf(registry.CodeMalformed, "seal", "not an SESeal of GB/T 38540").WithCause(err)
	}
	if err := check.SealProblem(seal, job.Roots, job.Time, job.Options); err != nil {
		return nil, err
	}
	if job.Value == nil && !seal.Lists(cert) {
		return nil, registry.Errorf(registry.CodeSealState, "seal", "signer-not-listed: the signer's certificate is not on the seal's list")
	}
	return cert, nil
}

const ofdNamespace = "http://www.ofdspec.org/2016"

// signatureXML writes Signature.xml (GB/T 33190 §18.2). CheckMethod is always
// written: left out it would mean MD5.
func signatureXML(files *check.Package, frame []pack.Entry, at pack.Paths, job OFDJob) ([]byte, error) {
	provider := job.Provider
	if provider == (Provider{}) {
		provider = DefaultProvider
	}
	var b bytes.Buffer
	b.Grow(4 << 10)
	b.WriteString(xml.Header)
	fmt.Fprintf(&b, `<ofd:Signature xmlns:ofd="%s"><ofd:SignedInfo>`, ofdNamespace)
	fmt.Fprintf(&b, `<ofd:Provider ProviderName="%s" Version="%s" Company="%s"/>`, escape(provider.Name), escape(provider.Version), escape(provider.Company))
	fmt.Fprintf(&b, `<ofd:SignatureMethod>%s</ofd:SignatureMethod>`, check.OIDSM2WithSM3)
	fmt.Fprintf(&b, `<ofd:SignatureDateTime>%s</ofd:SignatureDateTime>`, job.Time.Format("20060102150405Z"))
	fmt.Fprintf(&b, `<ofd:References CheckMethod="%s">`, check.OIDSM3)
	for _, entry := range frame {
		digest, err := digestOf(files, entry)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, `<ofd:Reference FileRef="/%s"><ofd:CheckValue>%s</ofd:CheckValue></ofd:Reference>`,
			escape(entry.Name), base64.StdEncoding.EncodeToString(digest[:]))
	}
	b.WriteString(`</ofd:References>`)
	fmt.Fprintf(&b, `<ofd:StampAnnot ID="%s" PageRef="%s" Boundary="%s"/></ofd:SignedInfo>`, pack.StampID, escape(job.Page), job.Boundary)
	fmt.Fprintf(&b, `<ofd:SignedValue>/%s</ofd:SignedValue></ofd:Signature>`, at.Value)
	return b.Bytes(), nil
}

// digestOf is SM3 of a file as it stands in the frame. What is stored there is the
// entry's own; what is compressed, the strict reader has unpacked.
func digestOf(files *check.Package, entry pack.Entry) (sm.Digest, error) {
	if entry.Method == pack.Stored {
		return sm.Sum(entry.Packed), nil
	}
	data, ok := files.Get(entry.Name)
	if !ok || len(data) != entry.Size || crc32.ChecksumIEEE(data) != entry.CRC {
		return sm.Digest{}, registry.Errorf(registry.CodeMalformed, "file", "%s is read in two ways", entry.Name)
	}
	digest, _ := files.Digest(entry.Name)
	return digest, nil
}

func escape(s string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(s)); err != nil {
		panic(err) // a Builder cannot fail
	}
	return b.String()
}

// signValue makes SignedValue.dat.
func signValue(keys KeyStore, cert []byte, job OFDJob, digest sm.Digest, path string) ([]byte, error) {
	if job.Value != nil {
		return job.Value(digest, path)
	}
	tbs, err := tbsSign{seal: job.Seal, at: job.Time, dataHash: digest, path: path}.marshal()
	if err != nil {
		return nil, fmt.Errorf("sealing: TBS_Sign: %w", err)
	}
	signature, err := keys.Sign(job.Signer, tbs)
	if err != nil {
		return nil, fmt.Errorf("sealing: %w", err)
	}
	var token []byte
	if job.Stamper != nil {
		if token, err = job.Stamper.StampMessage(signature); err != nil {
			return nil, fmt.Errorf("sealing: time stamp: %w", err)
		}
	}
	return marshalSealSignature(tbs, cert, signature, token)
}

// readBack verifies the result as anyone else would: nothing leaves the signer
// that would not be believed.
func readBack(sealed []byte, digest sm.Digest, job OFDJob, at time.Time) error {
	report, err := check.OFD(sealed, job.Roots, at, job.Options)
	if err != nil {
		return fmt.Errorf("reading the sealed package back: %w", err)
	}
	if !report.Integrity() || !report.Trusted() || !report.Canonical || len(report.Seals) != 1 || report.Seals[0].Digest != digest {
		for _, c := range report.Checks {
			if c.Result == registry.Failed || c.Unverifiable() {
				return fmt.Errorf("reading the sealed package back: %s: %s", c.Name, c.Code)
			}
		}
		return fmt.Errorf("reading the sealed package back: it does not hold")
	}
	return nil
}
