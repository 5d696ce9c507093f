package statusview

import (
	bolt "go.etcd.io/bbolt"

	"tongzheng/registry"
)

// Token tells which sheet an entry named with the digest of its token; nil where none
// did.
func (v *View) Token(digest registry.TokenDigest) (found *registry.Placed, err error) {
	err = v.db.View(func(tx *bolt.Tx) error {
		if tx.Bucket(bucketTokens) == nil { // a file of before, opened for reading only
			return nil
		}
		found, err = get[registry.Placed](tx, bucketTokens, digest[:])
		return err
	})
	if err != nil {
		return nil, registry.Errorf(registry.CodeUnavailable, "", "reading the status view").WithCause(err)
	}
	return found, nil
}

// takeTokens keeps whose sheets an entry's tokens are. A digest stays with the first
// who named it: another member's entry does not speak for that sheet.
func (t *taking) takeTokens(e *registry.Entry) error {
	bucket := t.tx.Bucket(bucketTokens)
	for i, p := range e.Intent.Printings {
		digest, ok := e.TokenDigestOf(i)
		if !ok || bucket.Get(digest[:]) != nil {
			continue
		}
		if err := put(t.tx, bucketTokens, digest[:], registry.Placed{Identifier: e.Intent.Identifier, Printing: p.Number}); err != nil {
			return err
		}
	}
	return nil
}
