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
	return eachIntent(ctx, tx, "step = 'anchored'", func(_ []byte, in *registry.Intent) error {
		_, err := tx.ExecContext(ctx, `UPDATE license SET overseen = overseen OR $3,
			grants = CASE WHEN $2 = '' OR $2 = ANY (grants) THEN grants ELSE grants || $2 END WHERE base = $1`, in.Identifier.Base(), in.Grant, in.Governed())
		return err
	})
}

// eachIntent walks the stored intents of the proceedings that a condition of ours
// names, some at a time.
func eachIntent(ctx context.Context, tx *sql.Tx, where string, fn func(digest []byte, in *registry.Intent) error) error {
	for last := []byte{}; last != nil; {
		some, err := someIntents(ctx, tx, where, last)
		if err != nil {
			return err
		}
		last = nil
		for i := range some {
			last = some[i].digest
			if err := fn(last, &some[i].in); err != nil {
				return err
			}
		}
	}
	return nil
}

// storedIntent is what people signed, under its digest.
type storedIntent struct {
	digest []byte
	in     registry.Intent
}

// someIntents reads the intents that follow one; none at the end.
func someIntents(ctx context.Context, tx *sql.Tx, where string, after []byte) (some []storedIntent, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT intent, canonical FROM proceeding WHERE `+where+` AND intent > $1 ORDER BY intent LIMIT $2`, after, foldedAtOnce)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var s storedIntent
		var canonical []byte
		if err := rows.Scan(&s.digest, &canonical); err != nil {
			return nil, err
		}
		if err := registry.Decode(canonical, &s.in); err != nil {
			return nil, fmt.Errorf("stored intent: %w", err)
		}
		some = append(some, s)
	}
	return some, rows.Err()
}
