package app

import (
	"time"

	"tongzheng/chaincode/evidence"
	"tongzheng/registry"
	"tongzheng/signer/check"
)

// RootsPEM are the trust anchors of this instance: certificates, and the
// members of the network that it anchors in.
func (a *App) RootsPEM() []byte { return append(a.Keys.RootsPEM(), a.network...) }

// publicKeys are the keyring's public keys with the anchors of the network.
type publicKeys struct {
	Keyring
	app *App
}

// RootsPEM implements public.Keys.
func (p publicKeys) RootsPEM() []byte { return p.app.RootsPEM() }

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
