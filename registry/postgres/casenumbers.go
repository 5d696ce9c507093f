package postgres

import (
	"context"
	"database/sql"

	"github.com/pressly/goose/v3"

	"tongzheng/registry"
)

// caseNumbersMigration compares case numbers folded, as names and license numbers
// are, and finds the acts that decide a case. What is stored stays: of two old files
// of a grant whose numbers differ in form alone the later one is found by its very
// number.
func caseNumbersMigration() *goose.Migration {
	return goose.NewGoMigration(16, &goose.GoFunc{RunTx: caseNumbersUp}, &goose.GoFunc{RunTx: caseNumbersDown})
}

func caseNumbersUp(ctx context.Context, tx *sql.Tx) error {
	if err := execAll(ctx, tx,
		`ALTER TABLE case_step ADD COLUMN case_folded text COLLATE "C" NOT NULL DEFAULT ''`,
		`ALTER TABLE proceeding ADD COLUMN grant_id text NOT NULL DEFAULT ''`,
		`ALTER TABLE proceeding ADD COLUMN case_folded text COLLATE "C" NOT NULL DEFAULT ''`); err != nil {
		return err
	}
	if err := foldCases(ctx, tx); err != nil {
		return err
	}
	if err := eachIntent(ctx, tx, "true", func(digest []byte, in *registry.Intent) error {
		_, err := tx.ExecContext(ctx, `UPDATE proceeding SET grant_id = $2, case_folded = $3 WHERE intent = $1`, digest, in.Grant, registry.FoldNumber(in.Case))
		return err
	}); err != nil {
		return err
	}
	return execAll(ctx, tx,
		`ALTER TABLE case_step DROP CONSTRAINT case_step_pkey`,
		`ALTER TABLE case_step ADD CONSTRAINT case_step_pkey PRIMARY KEY (grant_id, case_folded, number)`,
		`CREATE INDEX case_step_written ON case_step (grant_id, case_number)`,
		`CREATE INDEX proceeding_case ON proceeding (case_folded, grant_id) WHERE case_folded <> ''`)
}

func foldCases(ctx context.Context, tx *sql.Tx) error {
	files, err := caseFiles(ctx, tx)
	if err != nil {
		return err
	}
	taken := map[[2]string]bool{}
	for _, file := range files {
		folded := registry.FoldNumber(file[1])
		if taken[[2]string{file[0], folded}] {
			folded = "before/" + file[1]
		}
		taken[[2]string{file[0], folded}] = true
		if _, err := tx.ExecContext(ctx, `UPDATE case_step SET case_folded = $3 WHERE grant_id = $1 AND case_number = $2`, file[0], file[1], folded); err != nil {
			return err
		}
	}
	return nil
}

// caseFiles lists grant and number of every file, the first begun first.
func caseFiles(ctx context.Context, tx *sql.Tx) (files [][2]string, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT grant_id, case_number FROM case_step GROUP BY 1, 2 ORDER BY min(at), 1, 2`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var file [2]string
		if err := rows.Scan(&file[0], &file[1]); err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	return files, rows.Err()
}

func caseNumbersDown(ctx context.Context, tx *sql.Tx) error {
	return execAll(ctx, tx,
		`DROP INDEX proceeding_case`,
		`DROP INDEX case_step_written`,
		`ALTER TABLE case_step DROP CONSTRAINT case_step_pkey`,
		`ALTER TABLE case_step ADD CONSTRAINT case_step_pkey PRIMARY KEY (grant_id, case_number, number)`,
		`ALTER TABLE case_step DROP COLUMN case_folded`,
		`ALTER TABLE proceeding DROP COLUMN grant_id, DROP COLUMN case_folded`)
}
