package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"tongzheng/registry"
	"tongzheng/registry/office"
)

// OthersSeen is the height up to which the ledger was read for acts of others.
func (s *OtherActs) OthersSeen(ctx context.Context) (uint64, error) {
	var height int64
	err := s.pool.QueryRow(ctx, `SELECT height FROM other_act_seen`).Scan(&height)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, nil
	}
	return uint64(height), coded("reading how far the ledger was read", err)
}

// KeepOthers keeps the acts that concern licenses here, and how far the ledger was read.
// The same again is harmless.
func (s *OtherActs) KeepOthers(ctx context.Context, acts []office.OtherAct, height uint64) error {
	return s.inTx(ctx, "keeping what others did", func(tx *pipe) error {
		for i := range acts {
			in := &acts[i].Intent
			canonical, err := registry.Encode(in)
			if err != nil {
				return err
			}
			digest := in.Digest()
			tx.later(`INSERT INTO other_act (intent, base, organization, canonical, recorded, height)
				SELECT $1, l.base, l.issuer, $3, $4, $5 FROM license l WHERE l.base = $2 AND NOT EXISTS (SELECT FROM proceeding p WHERE p.intent = $1)
				ON CONFLICT DO NOTHING`, digest[:], in.Identifier.Base(), canonical, acts[i].Recorded, int64(acts[i].Height))
			if in.Governed() { // its paper may have to come back
				tx.later(`UPDATE license SET overseen = true WHERE base = $1 AND NOT overseen`, in.Identifier.Base())
			}
		}
		tx.later(`INSERT INTO other_act_seen (height) VALUES ($1) ON CONFLICT (one) DO UPDATE SET height = greatest(other_act_seen.height, excluded.height)`, int64(height))
		return nil
	})
}
