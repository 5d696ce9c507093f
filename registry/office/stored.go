package office

import (
	"sync"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// matches tells whether the row says of the license what the ledger says.
func (r *Record) matches(l *registry.License) bool {
	return r.State == l.State && r.Version == l.Version && r.Sequence == l.Sequence && r.Head == l.Head
}

// kinds remembers the digests of catalog entries that the store shares: of the
// same entry, not merely of one with the same name.
var kinds kindDigests

type kindDigests struct {
	mu   sync.Mutex
	kept map[string]kindDigest // by registry.TypeName
}

type kindDigest struct {
	kind   *registry.LicenseType
	digest sm.Digest
}

func (k *kindDigests) digest(kind *registry.LicenseType) sm.Digest {
	name := registry.TypeName(kind.Code, kind.Version)
	k.mu.Lock()
	defer k.mu.Unlock()
	if known, ok := k.kept[name]; ok && known.kind == kind {
		return known.digest
	}
	if k.kept == nil {
		k.kept = map[string]kindDigest{}
	}
	made := kindDigest{kind, kind.Digest()}
	k.kept[name] = made
	return made.digest
}
