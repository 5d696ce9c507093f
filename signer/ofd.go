package signer

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"hash/crc32"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"tongzheng/registry"
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
	return sealOFD(keys, unsealed, job, func() time.Time { return job.Time })
}

// sealOFD reads its result back at the time that now gives afterwards: a seal
// system may sign later than it was asked.
func sealOFD(keys KeyStore, unsealed []byte, job OFDJob, now func() time.Time) ([]byte, sm.Digest, error) {
	job.Time = job.Time.UTC().Truncate(time.Second)
	cert, err := checkSigner(keys, job)
	if err != nil {
		return nil, sm.Digest{}, err
	}
	p, outline, err := readUnsealed(unsealed, &job)
	if err != nil {
		return nil, sm.Digest{}, err
	}
	sealed, digest, err := compose(keys, p, outline.Root, cert, job)
	if err != nil {
		return nil, sm.Digest{}, err
	}
	return sealed, digest, readBack(sealed, digest, job, now().UTC())
}

// compose adds the signature to the package: steps four and five.
func compose(keys KeyStore, p *check.Package, root string, cert []byte, job OFDJob) ([]byte, sm.Digest, error) {
	at := paths(root)
	if err := addSignatures(p, at, job.Seal); err != nil {
		return nil, sm.Digest{}, err
	}
	signatureXML := signatureXML(p, at, job)
	digest := sm.Sum(signatureXML)
	value, err := signValue(keys, cert, job, digest, "/"+at.signature)
	if err != nil {
		return nil, sm.Digest{}, err
	}
	p.Files = append(p.Files, check.File{Name: at.signature, Data: signatureXML}, check.File{Name: at.value, Data: value})
	sealed, err := writePackage(p)
	return sealed, digest, err
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

func readUnsealed(unsealed []byte, job *OFDJob) (*check.Package, check.Outline, error) {
	p, err := check.ReadPackage(unsealed, job.Options.Limits)
	if err != nil {
		return nil, check.Outline{}, err
	}
	outline, err := check.ReadOutline(p, job.Options.Limits)
	if err != nil {
		return nil, outline, err
	}
	if outline.Sealed {
		return nil, outline, registry.Errorf(registry.CodeMalformed, "file", "the package is sealed already")
	}
	if job.Page == "" {
		job.Page = outline.Pages[0]
	}
	for _, id := range outline.Pages {
		if id == job.Page {
			return p, outline, nil
		}
	}
	return nil, outline, registry.Errorf(registry.CodeMalformed, "page", "the document has no page %q", job.Page)
}

// signPaths are the files that sealing adds.
type signPaths struct{ list, signature, seal, value string }

func paths(root string) signPaths {
	signs := path.Join(path.Dir(root), "Signs")
	one := path.Join(signs, "Sign_0")
	return signPaths{path.Join(signs, "Signatures.xml"), path.Join(one, "Signature.xml"), path.Join(one, "Seal.esl"), path.Join(one, "SignedValue.dat")}
}

const (
	ofdNamespace = "http://www.ofdspec.org/2016"
	signatureID  = "s001" // of the signature: an xs:ID, which begins with a letter
	stampID      = "s002" // of its StampAnnot; the highest id given
)

var closingBody = regexp.MustCompile(`</((?:[A-Za-z_][\w.-]*:)?)DocBody\s*>`)

// addSignatures names the list in OFD.xml and adds the list and the seal: all
// that the references then cover.
func addSignatures(p *check.Package, at signPaths, seal []byte) error {
	for _, name := range []string{at.list, at.signature, at.seal, at.value} {
		if _, taken := p.Get(name); taken {
			return registry.Errorf(registry.CodeMalformed, "file", "the unsealed package has %s already", name)
		}
	}
	for i := range p.Files {
		if p.Files[i].Name != "OFD.xml" {
			continue
		}
		found := closingBody.FindAllSubmatchIndex(p.Files[i].Data, -1)
		if len(found) != 1 {
			return registry.Errorf(registry.CodeMalformed, "file", "OFD.xml: want one document")
		}
		prefix := string(p.Files[i].Data[found[0][2]:found[0][3]])
		entry := "<" + prefix + "Signatures>/" + at.list + "</" + prefix + "Signatures>"
		where := found[0][0]
		p.Files[i].Data = bytes.Join([][]byte{p.Files[i].Data[:where], []byte(entry), p.Files[i].Data[where:]}, nil)
	}
	list := xml.Header + `<ofd:Signatures xmlns:ofd="` + ofdNamespace + `"><ofd:MaxSignId>` + stampID + `</ofd:MaxSignId>` +
		`<ofd:Signature ID="` + signatureID + `" Type="Seal" BaseLoc="/` + at.signature + `"/></ofd:Signatures>`
	p.Files = append(p.Files, check.File{Name: at.list, Data: []byte(list)}, check.File{Name: at.seal, Data: seal})
	return nil
}

// signatureXML writes Signature.xml (GB/T 33190 §18.2). CheckMethod is always
// written: left out it would mean MD5.
func signatureXML(p *check.Package, at signPaths, job OFDJob) []byte {
	provider := job.Provider
	if provider == (Provider{}) {
		provider = DefaultProvider
	}
	var b bytes.Buffer
	b.WriteString(xml.Header)
	fmt.Fprintf(&b, `<ofd:Signature xmlns:ofd="%s"><ofd:SignedInfo>`, ofdNamespace)
	fmt.Fprintf(&b, `<ofd:Provider ProviderName="%s" Version="%s" Company="%s"/>`, escape(provider.Name), escape(provider.Version), escape(provider.Company))
	fmt.Fprintf(&b, `<ofd:SignatureMethod>%s</ofd:SignatureMethod>`, check.OIDSM2WithSM3)
	fmt.Fprintf(&b, `<ofd:SignatureDateTime>%s</ofd:SignatureDateTime>`, job.Time.Format("20060102150405Z"))
	fmt.Fprintf(&b, `<ofd:References CheckMethod="%s">`, check.OIDSM3)
	for _, file := range p.Files {
		digest := sm.Sum(file.Data)
		fmt.Fprintf(&b, `<ofd:Reference FileRef="/%s"><ofd:CheckValue>%s</ofd:CheckValue></ofd:Reference>`,
			escape(file.Name), base64.StdEncoding.EncodeToString(digest[:]))
	}
	b.WriteString(`</ofd:References>`)
	fmt.Fprintf(&b, `<ofd:StampAnnot ID="%s" PageRef="%s" Boundary="%s"/>`, stampID, escape(job.Page), job.Boundary)
	fmt.Fprintf(&b, `<ofd:Seal><ofd:BaseLoc>/%s</ofd:BaseLoc></ofd:Seal></ofd:SignedInfo>`, at.seal)
	fmt.Fprintf(&b, `<ofd:SignedValue>/%s</ofd:SignedValue></ofd:Signature>`, at.value)
	return b.Bytes()
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

// writePackage writes files so that the same files give the same package: one
// day for all, the first that a ZIP can write, and no extra fields. What
// compression does not halve (fonts, pictures, seals) is stored: it is packed
// once, and unpacked by everyone who ever checks the document.
func writePackage(p *check.Package) ([]byte, error) {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, file := range p.Files {
		if err := writeEntry(w, file); err != nil {
			return nil, fmt.Errorf("writing the sealed package: %w", err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("writing the sealed package: %w", err)
	}
	return out.Bytes(), nil
}

const (
	zip20    = 20    // version 2.0 of the format: DEFLATE
	nameUTF8 = 0x800 // flag: the name is UTF-8
)

func writeEntry(w *zip.Writer, file check.File) error {
	var packed bytes.Buffer
	deflate, err := flate.NewWriter(&packed, flate.DefaultCompression)
	if err == nil {
		_, err = deflate.Write(file.Data)
	}
	if err == nil {
		err = deflate.Close()
	}
	if err != nil {
		return err
	}
	h := &zip.FileHeader{Name: file.Name, CreatorVersion: zip20, ReaderVersion: zip20, Method: zip.Deflate,
		CRC32: crc32.ChecksumIEEE(file.Data), UncompressedSize64: uint64(len(file.Data))}
	if strings.ContainsFunc(file.Name, func(r rune) bool { return r >= utf8.RuneSelf }) {
		h.Flags |= nameUTF8
	}
	//lint:ignore SA1019 Modified would add an extra field
	h.ModifiedDate = 1<<5 | 1 // 1 January 1980
	content := packed.Bytes()
	if 2*len(content) > len(file.Data) {
		h.Method, content = zip.Store, file.Data
	}
	h.CompressedSize64 = uint64(len(content))
	entry, err := w.CreateRaw(h)
	if err == nil {
		_, err = entry.Write(content)
	}
	return err
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
