package check

import (
	"time"

	"tongzheng/registry"
)

// Checker is the verifier as the office's use cases see it.
type Checker struct {
	Roots   *Roots
	Keys    func() (QRKeys, error) // QR keys in force: they rotate
	Options Options
	// Members tells whose an issuer's licenses are, nil for this registry's own and
	// those of nobody known; nil: there are no other members.
	Members func(issuer string) *Member
	Clock   func() time.Time // time.Now when nil
}

func (c *Checker) now() time.Time {
	if c.Clock == nil {
		return time.Now()
	}
	return c.Clock()
}

// elsewhere is the other member whose license an identifier names; nil for none.
func (c *Checker) elsewhere(id registry.Identifier) *Member {
	switch {
	case id.IsZero():
		return nil
	case c.Members == nil:
		return c.Roots.ofIssuer(id.Issuer)
	}
	return c.Members(id.Issuer)
}

// Document implements the office's Checker over the first seal of a package.
func (c *Checker) Document(sealed []byte, at time.Time) (*registry.DocumentReport, error) {
	report, err := OFD(sealed, c.Roots, at, c.Options)
	if err != nil {
		return nil, err
	}
	d := &registry.DocumentReport{Checks: report.Checks, Fields: report.Metadata}
	for _, f := range report.Metadata {
		if f.Name != "ZZBS" {
			continue
		}
		id, err := registry.ParseIdentifier(f.Value)
		if err != nil {
			d.Checks = append(d.Checks, registry.Fail(registry.CheckIdentifier, string(registry.CodeOf(err)),
				"文件所载的电子证照标识有误", "the identifier in the file is wrong"))
			continue
		}
		d.Identifier = id
	}
	if m := c.elsewhere(d.Identifier); m != nil { // its seals lead to its own anchors
		return m.CheckDocument(sealed, at, c.Options)
	}
	if !d.Identifier.IsZero() {
		d.Checks = append(d.Checks, ofLicense(&report)...)
	}
	if len(report.Seals) > 0 {
		s := report.Seals[0]
		d.SealDigest, d.SealName, d.SealedAt, d.Signer = s.Digest, s.SealName, s.SignedAt, s.SignerSubject
	}
	return d, nil
}

// ofLicense judges a file that says of itself that it is a license: ours are
// sealed as a whole, so that one whose seal cannot be verified has lost it. One
// that was packed anew is neither the file that was issued nor altered.
func ofLicense(report *Report) []registry.Check {
	var said []registry.Check
	rec := recorder{checks: &said}
	for _, c := range report.Checks {
		if c.Unverifiable() {
			rec.fail(c.Name, "identifier-without-seal", "")
			return said
		}
	}
	if !report.Canonical {
		rec.cannot(registry.CheckPackage, registry.WhyPackage, "package-repacked", "")
	}
	return said
}

// QR implements the office's Checker.
func (c *Checker) QR(text string) (*registry.QRReport, error) {
	code, err := ParseQR(text)
	if err != nil {
		return nil, err
	}
	report := &registry.QRReport{Token: code.Token, Address: code.Prefix}
	if code.Payload == nil {
		return report, nil
	}
	p := code.Payload
	report.Payload, report.Identifier, report.Printing, report.Blank = true, p.Identifier, p.Printing, p.Blank
	report.List, report.Index = p.List, p.Index
	report.Holder, report.Effective, report.Expires = p.Holder, p.Effective, p.Expires
	if m := c.elsewhere(p.Identifier); m != nil {
		held, err := m.CheckQR(code, c.now())
		report.Checks = []registry.Check{held}
		return report, err
	}
	keys, err := c.Keys()
	if err != nil {
		return nil, err
	}
	report.Checks = []registry.Check{VerifyQR(code, keys)}
	return report, nil
}

// QRKeys are the QR keys among the roots: certificates pinned for that use
// alone, with a chain to an anchor at the given time; and those of the key
// list. A certificate out of its period, or without a chain, leaves out its own
// key only. Stolen ones are left out: see KeyList.QRKeys.
func (r *Roots) QRKeys(at time.Time) (QRKeys, error) {
	keys := QRKeys{}
	if r == nil {
		return keys, nil
	}
	for _, e := range r.entries {
		if len(e.uses) != 1 || e.uses[0] != UseQR {
			continue
		}
		if _, err := r.Chain(e.cert, UseQR, at); err != nil {
			continue
		}
		if err := keys.Add(publicKey(e.cert)); err != nil {
			return nil, err
		}
	}
	return keys, r.qrListed(keys)
}
