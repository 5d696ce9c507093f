package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
)

// Expire drops proposals that nobody approved or signed since an instant. One that
// is just being signed is left for the next time.
func (s *Overdue) Expire(ctx context.Context, since time.Time, limit int, kind string, code registry.Code) (n int, err error) {
	err = s.inTx(ctx, "ending overdue proposals", func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `SELECT p.intent, p.base, p.organization, p.unit FROM proceeding p
			WHERE p.step = 'reserved' AND p.updated <= $1 ORDER BY p.updated LIMIT $2 FOR UPDATE SKIP LOCKED`, since, limit)
		if err != nil {
			return err
		}
		list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[overdue])
		if err != nil {
			return err
		}
		n = len(list)
		for _, p := range list {
			if err := expire(ctx, tx, p, s.now(), kind, code); err != nil {
				return err
			}
		}
		return nil
	})
	return n, err
}

// overdue is a proposal that ends.
type overdue struct {
	Intent                   []byte
	Base, Organization, Unit string
}

func expire(ctx context.Context, tx pgx.Tx, p overdue, at time.Time, kind string, code registry.Code) error {
	intent := sm.Digest(p.Intent)
	if _, err := tx.Exec(ctx, `UPDATE proceeding SET step = 'dropped', refusal = $2, lease_until = NULL, updated = $3 WHERE intent = $1`, p.Intent, string(code), at); err != nil {
		return err
	}
	if err := bury(ctx, tx, intent, at); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO task (organization, unit, kind, intent, code, detail, created) VALUES ($1, $2, $3, $4, $5, '', $6)`,
		p.Organization, p.Unit, kind, p.Intent, string(code), at); err != nil {
		return err
	}
	return finish(ctx, tx, p.Base, true, office.AuditEvent{At: at, Operation: "expire", Subject: intent.String(), Code: code})
}
