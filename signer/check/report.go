package check

import (
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Options are what a verifier may know beside the package.
type Options struct {
	Limits Limits
	// CRLs are revocation lists; only those signed by the certificate's own
	// issuer count. Without one, revocation is noted as not checked.
	CRLs []*smx509.RevocationList
	// Seen is an instant at which somebody other than the signer saw the
	// package, as a ledger did; zero when nobody did. A stolen key's seals
	// count only when they were seen before the theft.
	Seen time.Time
}

// Report is everything found out about a sealed package.
type Report struct {
	DocumentID string     // DocID of the first document
	Metadata   []sm.Field // DocInfo/CustomDatas in their order
	Seals      []SealFacts
	Checks     []registry.Check
	// Canonical tells whether the package has the structure of those sealed
	// here: one seal, files in the order of its references, nothing in the
	// headers that is not needed. Those of others need not have it.
	Canonical bool
}

// SealFacts are what one signature says of itself; the checks tell whether to
// believe it. Times are UTC, zero when absent.
type SealFacts struct {
	Path          string // of Signature.xml in the package
	Kind          string // KindSeal or KindSign
	Form          Form   // 0 for a signature without a seal
	SealID        string // esID
	SealName      string
	SealFrom      time.Time
	SealUntil     time.Time
	MakerSubject  string
	MakerKey      sm.KeyID
	SignerSubject string
	SignerSerial  string // upper-case hexadecimal
	SignerKey     sm.KeyID
	SignedAt      time.Time
	StampedAt     time.Time // of a time stamp that holds
	StampedBy     string    // subject of its authority
	Digest        sm.Digest // the seal digest: SM3 of Signature.xml
}

var integrityChecks = map[registry.CheckName]bool{
	registry.CheckPackage: true, registry.CheckCoverage: true, registry.CheckReferences: true,
	registry.CheckSignature: true, registry.CheckDataHash: true, registry.CheckSealMaker: true,
}

// Integrity tells whether the bytes are those that were signed, by whomever:
// there is a signature, every check of the bytes could be made, and none failed.
func (r Report) Integrity() bool {
	return len(r.Seals) > 0 && !slices.ContainsFunc(r.Checks, registry.Check.Unverifiable) &&
		!r.failed(func(n registry.CheckName) bool { return integrityChecks[n] })
}

// Trusted tells whether signer and seal maker are among the pinned roots and
// were entitled when they signed. It says nothing about integrity.
func (r Report) Trusted() bool {
	known := false
	for _, c := range r.Checks {
		known = known || c.Name == registry.CheckTrust && c.Result == registry.Passed
	}
	return known && !r.failed(registry.CheckName.Trust)
}

func (r Report) failed(among func(registry.CheckName) bool) bool {
	for _, c := range r.Checks {
		if among(c.Name) && c.Result == registry.Failed {
			return true
		}
	}
	return false
}

// First returns the first check of a name with the result, for sentences that
// name the cause.
func (r Report) First(name registry.CheckName, result registry.Result) (registry.Check, bool) {
	for _, c := range r.Checks {
		if c.Name == name && c.Result == result {
			return c, true
		}
	}
	return registry.Check{}, false
}

// recorder collects the checks of one signature.
type recorder struct {
	checks *[]registry.Check
	label  sentence // which signature, when there are several
}

func (r recorder) words(code, detail string) (zh, en string) {
	s := sentences[code]
	zh, en = r.label.zh+s.zh, r.label.en+s.en
	if detail != "" {
		zh, en = zh+"："+detail, en+": "+detail
	}
	return zh, en
}

func (r recorder) fail(name registry.CheckName, code, detail string) {
	zh, en := r.words(code, detail)
	*r.checks = append(*r.checks, registry.Fail(name, code, zh, en))
}

func (r recorder) note(name registry.CheckName, code, detail string) {
	zh, en := r.words(code, detail)
	*r.checks = append(*r.checks, registry.Note(name, code, zh, en))
}

// cannot records a check that could not be made with what is at hand; code is
// one of registry.Reasons, why the sentence that says what exactly.
func (r recorder) cannot(name registry.CheckName, code, why, detail string) {
	zh, en := r.words(why, detail)
	*r.checks = append(*r.checks, registry.CannotTell(name, code, zh, en))
}

func (r recorder) pass(name registry.CheckName, zh, en string) {
	*r.checks = append(*r.checks, registry.Pass(name, r.label.zh+zh, r.label.en+en))
}

func serialText(n *big.Int) string { return fmt.Sprintf("%X", n) }
