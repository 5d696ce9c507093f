package operator

import (
	"time"

	"tongzheng/chaincode/evidence"
	"tongzheng/registry"
	"tongzheng/signer/check"
)

// Anchors are trust anchors as a verifier uses them.
type Anchors struct {
	Roots    *check.Roots
	Networks map[string]check.Anchoring
}

// ParseAnchors reads a roots file.
func ParseAnchors(text []byte) (*Anchors, error) {
	roots, err := check.ParseRoots(text)
	if err != nil {
		return nil, err
	}
	trusts, err := evidence.ParseTrusts(text)
	if err != nil {
		return nil, err
	}
	a := &Anchors{Roots: roots, Networks: map[string]check.Anchoring{}}
	for _, t := range trusts {
		a.Networks[t.Ledger] = func(r *registry.Receipt, at time.Time) (*registry.Entry, error) {
			return evidence.VerifyEvidence(r, t, at)
		}
	}
	return a, nil
}
