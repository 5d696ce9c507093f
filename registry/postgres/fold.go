package postgres

import (
	"context"
	"database/sql"

	"github.com/pressly/goose/v3"

	"tongzheng/registry"
)

// foldedAtOnce bounds the rows that the migration holds in memory.
const foldedAtOnce = 1000

// foldMigration writes the folded names and numbers of the versions that were
// stored before migration 7, by the function that writes all later ones.
func foldMigration() *goose.Migration {
	return goose.NewGoMigration(8, &goose.GoFunc{RunTx: foldStored}, &goose.GoFunc{RunTx: func(context.Context, *sql.Tx) error { return nil }})
}

func foldStored(ctx context.Context, tx *sql.Tx) error {
	for last := []byte{}; ; {
		next, err := foldSome(ctx, tx, last)
		if err != nil {
			return err
		}
		if next == nil {
			break
		}
		last = next
	}
	_, err := tx.ExecContext(ctx, `UPDATE license l SET number_folded = v.number_folded, holder_folded = v.holder_folded
		FROM (SELECT DISTINCT ON (v.base) v.base, v.number_folded, v.holder_folded FROM version v JOIN license l ON l.base = v.base
			ORDER BY v.base, v.live AND v.version = l.version DESC, v.live DESC, v.version DESC) v WHERE l.base = v.base`)
	return err
}

// foldSome folds the versions that follow one, and returns the last of them;
// nil at the end.
func foldSome(ctx context.Context, tx *sql.Tx, after []byte) ([]byte, error) {
	rows, err := tx.QueryContext(ctx, `SELECT intent, coalesce(facts->>'number', ''), coalesce(facts->'holder'->>'name', '')
		FROM version WHERE intent > $1 ORDER BY intent LIMIT $2`, after, foldedAtOnce)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	type version struct {
		intent         []byte
		number, holder string
	}
	var some []version
	for rows.Next() {
		var v version
		if err := rows.Scan(&v.intent, &v.number, &v.holder); err != nil {
			return nil, err
		}
		some = append(some, v)
	}
	if err := rows.Err(); err != nil || len(some) == 0 {
		return nil, err
	}
	for _, v := range some {
		if _, err := tx.ExecContext(ctx, `UPDATE version SET number_folded = $2, holder_folded = $3 WHERE intent = $1`,
			v.intent, registry.Fold(v.number), registry.Fold(v.holder)); err != nil {
			return nil, err
		}
	}
	return some[len(some)-1].intent, nil
}
