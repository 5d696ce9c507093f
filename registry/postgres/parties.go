package postgres

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/pressly/goose/v3"

	"tongzheng/registry"
)

// partiesSQL adds what licenses are found by beside their issuer. None of it is
// trusted: the office asks the ledger what an organization is to each license,
// and what each paper waits for. Rows of before this migration wait for anything
// until their next act.
const partiesSQL = `
ALTER TABLE license ADD COLUMN grants text[] NOT NULL DEFAULT '{}'; -- that its anchored acts name
ALTER TABLE license ADD COLUMN overseen boolean NOT NULL DEFAULT false; -- governance says something of it
ALTER TABLE license ADD COLUMN paper_due text[] NOT NULL DEFAULT '{}'; -- acts that its paper waits for, as its own namespace says
UPDATE license SET paper_due = '{print,reprint,deliver,recover}' WHERE sequence > 0;
CREATE INDEX license_grants ON license USING gin (grants);
CREATE INDEX license_paper_due ON license (arrival DESC) WHERE paper_due <> '{}' OR overseen;`

const partiesDownSQL = `
DROP INDEX license_paper_due;
DROP INDEX license_grants;
ALTER TABLE license DROP COLUMN grants, DROP COLUMN overseen, DROP COLUMN paper_due;`

// partiesMigration adds the columns and reads the grants of acts that were
// anchored before from what people signed, which SQL cannot.
func partiesMigration() *goose.Migration {
	return goose.NewGoMigration(14, &goose.GoFunc{RunTx: addParties}, &goose.GoFunc{RunTx: func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, partiesDownSQL)
		return err
	}})
}

func addParties(ctx context.Context, tx *sql.Tx) error {
	if _, err := tx.ExecContext(ctx, partiesSQL); err != nil {
		return err
	}
	for last := []byte{}; ; {
		next, err := addSomeParties(ctx, tx, last)
		if err != nil || next == nil {
			return err
		}
		last = next
	}
}

// addSomeParties reads the anchored acts that follow one, and returns the last of
// them; nil at the end.
func addSomeParties(ctx context.Context, tx *sql.Tx, after []byte) ([]byte, error) {
	rows, err := tx.QueryContext(ctx, `SELECT intent, base, canonical FROM proceeding WHERE step = 'anchored' AND intent > $1 ORDER BY intent LIMIT $2`, after, foldedAtOnce)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	type act struct {
		base string
		in   registry.Intent
	}
	var some []act
	var last []byte
	for rows.Next() {
		var a act
		var canonical []byte
		if err := rows.Scan(&last, &a.base, &canonical); err != nil {
			return nil, err
		}
		if err := registry.Decode(canonical, &a.in); err != nil {
			return nil, fmt.Errorf("stored intent: %w", err)
		}
		some = append(some, a)
	}
	if err := rows.Err(); err != nil || len(some) == 0 {
		return nil, err
	}
	for _, a := range some {
		if _, err := tx.ExecContext(ctx, `UPDATE license SET overseen = overseen OR $3,
			grants = CASE WHEN $2 = '' OR $2 = ANY (grants) THEN grants ELSE grants || $2 END WHERE base = $1`, a.base, a.in.Grant, a.in.Governed()); err != nil {
			return nil, err
		}
	}
	return last, nil
}
