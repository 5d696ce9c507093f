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
	err = s.inTx(ctx, "ending overdue proposals", func(tx *pipe) error {
		rows, err := tx.Query(ctx, `SELECT p.intent, p.base, p.organization, p.unit FROM proceeding p
			WHERE p.step || '' = 'reserved' AND `+inQueue+` AND p.updated <= $1 ORDER BY p.updated LIMIT $2 FOR UPDATE SKIP LOCKED`, since, limit)
		if err != nil {
			return err
		}
		list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[overdue])
		if err != nil {
			return err
		}
		n = len(list)
		for _, p := range list {
			expire(tx, p, s.now(), kind, code)
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

func expire(tx *pipe, p overdue, at time.Time, kind string, code registry.Code) {
	intent := sm.Digest(p.Intent)
	tx.later(`UPDATE proceeding SET step = 'dropped', refusal = $2, lease_until = NULL, updated = $3 WHERE intent = $1`, p.Intent, string(code), at)
	bury(tx, intent, at)
	tx.later(`INSERT INTO task (organization, unit, kind, intent, code, detail, created) VALUES ($1, $2, $3, $4, $5, '', $6)`,
		p.Organization, p.Unit, kind, p.Intent, string(code), at)
	finish(tx, p.Base, true, office.AuditEvent{At: at, Operation: "expire", Subject: intent.String(), Code: code})
}
