package postgres

import (
	"context"
	"database/sql"

	"github.com/pressly/goose/v3"

	"tongzheng/registry"
)

// governedMigration tells acts through governance apart (registry.Intent.Governed),
// which SQL cannot read from what people signed: they stand in a chain of their
// own. In the member's chain a license has one unanchored act; in governance each
// organization has one, so that nobody's mere proposal stands in the way of a
// superior, a successor or a regulator. Of two that are sealed at once the ledger
// takes the first, and the other is a task.
func governedMigration() *goose.Migration {
	return goose.NewGoMigration(15, &goose.GoFunc{RunTx: governedUp}, &goose.GoFunc{RunTx: governedDown})
}

func governedUp(ctx context.Context, tx *sql.Tx) error {
	if err := execAll(ctx, tx,
		`ALTER TABLE proceeding ADD COLUMN governed boolean NOT NULL DEFAULT false`,
		`ALTER TABLE proceeding ADD COLUMN turn text NOT NULL GENERATED ALWAYS AS (CASE WHEN governed THEN organization ELSE '' END) STORED`,
		`DROP INDEX proceeding_one_unanchored`); err != nil {
		return err
	}
	if err := eachIntent(ctx, tx, "true", func(digest []byte, in *registry.Intent) error {
		if !in.Governed() {
			return nil
		}
		_, err := tx.ExecContext(ctx, `UPDATE proceeding SET governed = true WHERE intent = $1`, digest)
		return err
	}); err != nil {
		return err
	}
	return execAll(ctx, tx, `CREATE UNIQUE INDEX proceeding_one_unanchored ON proceeding (base, turn, (held IS NULL)) WHERE step IN ('reserved', 'approved', 'sealed')`)
}

// governedDown fails while a license has unanchored acts in both chains.
func governedDown(ctx context.Context, tx *sql.Tx) error {
	return execAll(ctx, tx,
		`DROP INDEX proceeding_one_unanchored`,
		`ALTER TABLE proceeding DROP COLUMN turn, DROP COLUMN governed`,
		`CREATE UNIQUE INDEX proceeding_one_unanchored ON proceeding (base, (length(matter) = 0), (held IS NULL)) WHERE step IN ('reserved', 'approved', 'sealed')`)
}
