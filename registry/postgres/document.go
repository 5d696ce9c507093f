package postgres

import (
	"context"
	"sync"

	"github.com/jackc/pgx/v5"

	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/pack"
	"tongzheng/registry/sm"
)

// sealFiles are the seals that parts refer to: a handful, read once.
type sealFiles struct{ known sync.Map } // sm.Digest → []byte

// keep stores a seal before the parts that refer to it, in their transaction, in place
// of a row that somebody damaged. One that is known was read or committed before.
func (f *sealFiles) keep(tx *pipe, seal pack.Seal) {
	if _, ok := f.known.Load(seal.Digest); !ok && len(seal.DER) > 0 {
		tx.later(`INSERT INTO seal_file (digest, der) VALUES ($1, $2)
			ON CONFLICT (digest) DO UPDATE SET der = excluded.der WHERE seal_file.der <> excluded.der`, seal.Digest[:], seal.DER)
	}
}

// read returns a seal; empty when it is not here.
func (f *sealFiles) read(ctx context.Context, q querier, digest sm.Digest) ([]byte, error) {
	if der, ok := f.known.Load(digest); ok {
		return der.([]byte), nil
	}
	var der []byte
	err := q.QueryRow(ctx, `SELECT der FROM seal_file WHERE digest = $1`, digest[:]).Scan(&der)
	if err == pgx.ErrNoRows || err == nil && sm.Sum(der) != digest {
		return nil, nil
	}
	if err != nil {
		return nil, coded("reading a seal", err)
	}
	f.known.Store(digest, der)
	return der, nil
}

// compose fills in the sealed document of a version that has parts. What does not
// compose comes back empty and damaged: by it nothing can be told.
func (f *sealFiles) compose(ctx context.Context, q querier, v *office.Version, raw []byte) error {
	if len(raw) == 0 {
		return nil
	}
	var unread error
	parts, err := pack.Kept(raw, func(digest sm.Digest) (der []byte, err error) {
		der, unread = f.read(ctx, q, digest)
		return der, unread
	})
	if unread != nil {
		return unread
	}
	if err == nil {
		v.SealedDigest = parts.Sealed
		v.Sealed, err = pack.Compose(v.Unsealed, parts)
	}
	v.Damaged = err != nil
	return nil
}

// keepDocument writes what sealing made of a version, and returns the seal that
// stands in it.
func (f *sealFiles) keepDocument(tx *pipe, sealed office.SealedAct) (seal pack.Seal, err error) {
	if sealed.Parts == nil {
		tx.later(`UPDATE version SET sealed = $2 WHERE intent = $1`, sealed.Intent[:], sealed.Sealed)
		return seal, nil
	}
	raw, seal, err := pack.Keep(sealed.Parts)
	if err != nil {
		return seal, registry.Errorf(registry.CodeInternal, "", "keeping what was sealed").WithCause(err)
	}
	f.keep(tx, seal)
	tx.later(`UPDATE version SET parts = $2 WHERE intent = $1`, sealed.Intent[:], raw)
	return seal, nil
}

// keepInOneTurn is Sealed where all is as it mostly is; false when nothing was done.
func (f *sealFiles) keepInOneTurn(ctx context.Context, s *Store, sealed office.SealedAct) (bool, error) {
	in := sealed.Entry.Intent
	if sealed.Parts == nil || in == nil || in.Digest() != sealed.Intent || !in.Seals() {
		return false, nil
	}
	raw, seal, err := pack.Keep(sealed.Parts)
	if err != nil {
		return false, nil //nolint:nilerr // the long way tells
	}
	if _, known := f.known.Load(seal.Digest); !known && len(seal.DER) > 0 {
		return false, nil
	}
	return sealInOneTurn(ctx, s, sealed, raw)
}

// committed remembers a seal that keepDocument stored.
func (f *sealFiles) committed(seal pack.Seal) {
	if len(seal.DER) > 0 {
		f.known.LoadOrStore(seal.Digest, seal.DER)
	}
}
