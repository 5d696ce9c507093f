package check

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// clockSlack is how far clocks of signer and verifier may differ.
const clockSlack = registry.ClockSlack

// OFD verifies a sealed OFD package in the order of GB/T 38540 §7 and beyond
// it. The error is only for input that cannot be read at all (registry codes
// malformed and too-large); everything else is a check in the report. The
// instant at is the verifier's now.
func OFD(pkg []byte, roots *Roots, at time.Time, opts Options) (Report, error) {
	var report Report
	limits := opts.Limits.filled()
	// The report holds texts of its own and nothing of the package.
	space := rooms.Get().(*room)
	defer func(whole []byte) { space.free = whole; rooms.Put(space) }(space.free)
	p, err := readPackage(pkg, limits, space)
	if err != nil {
		return report, err
	}
	doc, flaws, err := readDocument(p, limits)
	if err != nil {
		return report, err
	}
	report.DocumentID, report.Metadata = doc.id, doc.metadata
	all := recorder{checks: &report.Checks}
	checkPackage(all, append(p.Flaws, flaws...))
	if len(doc.signatures) == 0 {
		all.cannot(registry.CheckSignature, registry.WhyNotSealed, "not-sealed", "")
		return report, nil
	}
	v := verifier{pkg: p, roots: roots, at: at, opts: opts, bound: map[string]bool{}, digests: map[string]sm.Digest{}}
	for i := range doc.signatures {
		rec := all
		if len(doc.signatures) > 1 {
			rec.label = sentence{fmt.Sprintf("第%d个签名：", i+1), fmt.Sprintf("signature %d: ", i+1)}
		}
		report.Seals = append(report.Seals, v.signature(rec, &doc.signatures[i]))
	}
	v.checkCoverage(all, &doc)
	report.Canonical = canonical(p, &doc)
	return report, nil
}

// canonical tells whether the package has one seal, and the files in the order
// in which sealing writes them: as the references have them, then the signature
// and its value.
func canonical(p *Package, doc *document) bool {
	if !p.canonical || len(doc.signatures) != 1 {
		return false
	}
	s := &doc.signatures[0]
	names := make([]string, 0, len(s.files)+2)
	for _, ref := range s.files {
		names = append(names, ref.path)
	}
	names = append(names, s.path, s.value)
	return slices.EqualFunc(p.Files, names, func(f File, name string) bool { return f.Name == name })
}

func checkPackage(rec recorder, flaws []Flaw) {
	for _, flaw := range flaws {
		rec.cannot(registry.CheckPackage, registry.WhyPackage, flaw.Code, flaw.Name)
	}
	if len(flaws) == 0 {
		rec.pass(registry.CheckPackage, "文件结构完整", "the package is whole")
	}
}

// verifier carries what the checks of one package share.
type verifier struct {
	pkg   *Package
	roots *Roots
	at    time.Time
	opts  Options
	bound map[string]bool // files that some signature binds
	// unread: what a signature covers cannot be told, so coverage says nothing.
	unread bool
	// digests are kept, so that a thousand references to one large file cost
	// one digest.
	digests map[string]sm.Digest
}

// digest returns the SM3 of a file; false when there is no such file.
func (v *verifier) digest(name string) (sm.Digest, bool) {
	if d, ok := v.digests[name]; ok {
		return d, true
	}
	d, ok := v.pkg.Digest(name)
	if ok {
		v.digests[name] = d
	}
	return d, ok
}

func (v *verifier) signature(rec recorder, s *signature) SealFacts {
	facts := SealFacts{Path: s.path, Kind: s.kind, Digest: sm.Sum(s.xml)}
	v.bound[s.path] = true
	if s.malformed != nil {
		v.unread = true
		rec.cannot(registry.CheckSignature, registry.WhyForm, "signature-malformed", s.path)
		return facts
	}
	v.bound[s.value] = true
	v.checkReferences(rec, s)
	value, ok := v.pkg.Get(s.value)
	if !ok {
		rec.cannot(registry.CheckSignature, registry.WhyPackage, "signature-value-missing", s.value)
		return facts
	}
	value = unarmored(value)
	if bareValue(value) {
		rec.cannot(registry.CheckSignature, registry.WhySignerUnknown, "signature-bare", s.value)
		return facts
	}
	if s.kind == KindSign || s.seal == "" {
		if d, err := parseSignedData(value); err == nil {
			v.signedData(rec, s, d, &facts)
			return facts
		}
	}
	sig, err := ParseSealSignature(value)
	if err != nil {
		rec.cannot(registry.CheckSignature, registry.WhyForm, "signature-value-form", s.value)
		return facts
	}
	v.seal(rec, s, sig, &facts)
	return facts
}

// checkReferences recomputes every digest that Signature.xml lists.
func (v *verifier) checkReferences(rec recorder, s *signature) {
	for _, ref := range s.files {
		v.bound[ref.path] = true
	}
	if !isSM3(s.method) {
		method := s.method
		if method == "" {
			method = "MD5" // what it means when it is left out (GB/T 33190 §18.2.2)
		}
		rec.cannot(registry.CheckReferences, registry.WhyForm, "reference-method", method)
		return
	}
	if len(s.files) == 0 {
		rec.cannot(registry.CheckReferences, registry.WhyNotCovered, "reference-none", "")
		return
	}
	good := true
	seen := map[string]bool{}
	for _, ref := range s.files {
		digest, ok := v.digest(ref.path)
		twice := seen[ref.path]
		seen[ref.path] = true
		switch {
		case ok && len(ref.value) == len(digest) && !bytes.Equal(digest[:], ref.value):
			rec.fail(registry.CheckReferences, "reference-digest", ref.path)
		case !ok:
			rec.cannot(registry.CheckReferences, registry.WhyPackage, "reference-missing", ref.path)
		case len(ref.value) != len(digest):
			rec.cannot(registry.CheckReferences, registry.WhyForm, "reference-form", ref.path)
		case twice:
			rec.cannot(registry.CheckReferences, registry.WhyForm, "reference-doubled", ref.path)
		default:
			continue
		}
		good = false
	}
	if good {
		rec.pass(registry.CheckReferences, "受保护的文件未被改动", "no covered file was altered")
	}
}

// checkCoverage names files that no signature binds. The list of signatures
// itself may be left out so that others can sign later (GB/T 33190 §18.1): a
// remark.
func (v *verifier) checkCoverage(rec recorder, doc *document) {
	if v.unread {
		return
	}
	lists := map[string]bool{}
	for _, name := range doc.lists {
		lists[name] = true
	}
	good := true
	for _, file := range v.pkg.Files {
		switch {
		case v.bound[file.Name]:
		case lists[file.Name]:
			rec.note(registry.CheckCoverage, "signature-list-not-covered", file.Name)
		default:
			rec.cannot(registry.CheckCoverage, registry.WhyNotCovered, "file-not-covered", file.Name)
			good = false
		}
	}
	if good {
		rec.pass(registry.CheckCoverage, "所有内容均受签名保护", "every file is covered")
	}
}
