package signer

import (
	"context"
	"slices"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// BundleStatus says where the chains of a license stand in this signer's copy of the
// ledger. CodeNotFound for one that was never anchored.
func (a *Attester) BundleStatus(_ context.Context, id registry.Identifier) (*registry.BundleStatus, error) {
	c, err := a.copied()
	if err != nil {
		return nil, err
	}
	status, _, err := a.bundleStatus(c, id)
	return status, err
}

// bundleStatus also returns the height of the last entry.
func (a *Attester) bundleStatus(c Copy, id registry.Identifier) (*registry.BundleStatus, uint64, error) {
	block := c.Newest() // before the standing: what is newer is no lie
	standing, err := c.Standing(id.Base())
	if err != nil {
		return nil, 0, err
	}
	if standing.License == nil {
		return nil, 0, registry.Errorf(registry.CodeNotFound, "identifier", "no such license on the ledger")
	}
	var last uint64
	for _, a := range standing.Entries {
		last = max(last, a.Height)
	}
	status := &registry.BundleStatus{Ledger: a.cfg.Ledger, Block: registry.Block{Height: max(block.Height, last), Time: block.Time},
		Sequence: standing.License.Sequence, Head: standing.License.Head}
	if over := standing.Oversight; over != nil {
		status.OversightSequence, status.OversightHead = over.Sequence, over.Head
	}
	return status, last, nil
}

// SealBundle stamps and seals a bundle whose head says of the license no more than
// this signer's copy of the ledger: its chains end there, at that height, known up
// to that time. CodeStale when another act came in between: ask for the status
// again. The files are the caller's; each proves itself.
func (a *Attester) SealBundle(_ context.Context, ask registry.BundleRequest) (*registry.BundleSeal, error) {
	c, err := a.copied()
	if err != nil {
		return nil, err
	}
	m := &ask.Manifest
	now, last, err := a.bundleStatus(c, m.Identifier)
	if err != nil {
		return nil, err
	}
	said := registry.BundleStatus{Ledger: m.Ledger, Block: registry.Block{Height: m.Height, Time: m.AsOf}, Sequence: m.Sequence, Head: m.Head,
		OversightSequence: m.OversightSequence, OversightHead: m.OversightHead}
	fits := said
	fits.Block = now.Block
	switch {
	case fits != *now:
		return nil, registry.Errorf(registry.CodeStale, "manifest", "the license's chains do not end there: ask for their status again")
	case m.Height < last || m.Height > now.Block.Height || m.AsOf > now.Block.Time || m.AsOf <= 0:
		return nil, registry.Errorf(registry.CodeStale, "height", "this signer did not say so: ask for the status again")
	case m.Made > a.service.now().Unix()+bundleSlack || m.Made < m.AsOf:
		return nil, registry.Errorf(registry.CodeFuture, "made", "the bundle is not of now")
	case len(ask.Stamps) > stampsMost:
		return nil, registry.Errorf(registry.CodeTooLarge, "stamps", "over %d time stamps", stampsMost)
	case a.cfg.Stamps == nil:
		return nil, registry.Errorf(registry.CodeUnavailable, "", "no time-stamp authority is configured")
	}
	digest := m.StampDigest(ask.Stamps)
	if err := a.service.log(LogLine{Use: UseTimeStamp, Subject: digest}); err != nil {
		return nil, err
	}
	return sealBundle(m, ask.Stamps, a.cfg.Stamps, a.signStatus)
}

const (
	bundleSlack = 60 // seconds that the registry's clock may be ahead
	stampsMost  = 64
)

// RenewBundle adds a time stamp to those that a bundle has, and seals it anew, with
// the keys of a folder: for an archive. What the manifest says stays as it was said.
func RenewBundle(keys KeyStore, stamps TimeStamps, m *registry.Manifest, before [][]byte) (*registry.BundleSeal, error) {
	return sealBundle(m, before, stamps, func(message []byte) (sm.KeyID, []byte, error) { return signStatusWith(keys, nil, message) })
}

func sealBundle(m *registry.Manifest, before [][]byte, stamps TimeStamps, sign func([]byte) (sm.KeyID, []byte, error)) (*registry.BundleSeal, error) {
	stamp, err := stamps.StampDigest(m.StampDigest(before))
	if err != nil {
		return nil, err
	}
	seal := &registry.BundleSeal{Stamps: append(slices.Clone(before), stamp)}
	seal.Key, seal.Signature, err = sign(m.SealMessage(seal.Stamps))
	return seal, err
}
