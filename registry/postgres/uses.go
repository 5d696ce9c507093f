package postgres

import (
	"context"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/pressly/goose/v3"

	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
)

// NumberUsed returns the base of another license than except, of one of the
// issuers, that a number's tag belongs to, empty when there is none. Versions on
// their way count.
func (s *Store) NumberUsed(ctx context.Context, tag sm.Digest, except string, issuers []string) (string, error) {
	other, err := numberUsed(ctx, s.pool, tag, except, issuers)
	return other, coded("looking up a license number", err)
}

func numberUsed(ctx context.Context, q querier, tag sm.Digest, except string, issuers []string) (other string, err error) {
	err = q.QueryRow(ctx, `SELECT v.base FROM version v JOIN license l ON l.base = v.base
		WHERE v.number_tag = $1 AND v.base <> $2 AND v.live AND l.issuer = ANY ($3) ORDER BY v.base LIMIT 1`, tag[:], except, issuers).Scan(&other)
	if err == pgx.ErrNoRows {
		return "", nil
	}
	return other, err
}

// takeNumber refuses a license number that another license has, of which also on
// its way, and tells of a double where the number was on paper before: whose it is
// too, empty for a license that this registry does not keep. Two that ask for one
// number take turns until the first has committed.
func takeNumber(ctx context.Context, tx *pipe, r office.Reservation) (double bool, other string, err error) {
	in := &r.Proceeding.Intent
	if r.Version == nil || in.Number.IsZero() {
		return false, "", nil
	}
	tx.later(`SELECT pg_advisory_xact_lock($1)`, int64(binary.BigEndian.Uint64(in.Number[:8])))
	other, err = numberUsed(ctx, tx, in.Number, in.Identifier.Base(), r.Issuers)
	switch {
	case err != nil:
		return false, "", err
	case other == "" && r.Double == nil:
		return false, "", nil
	case other == "":
		other, err = userOf(ctx, tx, in.Number, *r.Double)
		return true, other, err
	case !in.Existed():
		return false, "", registry.Errorf(registry.CodeNumberUsed, "number", "the license number is another license's: leave it out to have one made, or work on that license")
	}
	return true, other, nil
}

// userOf finds the license whose use of the number it is; empty when this registry
// does not keep it.
func userOf(ctx context.Context, tx *pipe, number sm.Digest, use registry.Use) (string, error) {
	rows, err := tx.Query(ctx, `SELECT DISTINCT base FROM version WHERE number_tag = $1 AND live`, number[:])
	if err != nil {
		return "", err
	}
	bases, err := pgx.CollectRows(rows, pgx.RowTo[string])
	for _, base := range bases {
		if registry.UseOf(base) == use {
			return base, nil
		}
	}
	return "", err
}

// addDouble gives the unit the task to look into a number of two licenses.
func addDouble(ctx context.Context, tx *pipe, at time.Time, in *registry.Intent, intent sm.Digest, unit, other string) error {
	_, err := tx.Exec(ctx, `INSERT INTO task (organization, unit, kind, intent, code, detail, other, created) VALUES ($1, $2, 'double', $3, $4, $5, $6, $7)`,
		in.Organization, unit, intent[:], string(registry.CodeNumberUsed), alsoOf(other), other, at)
	return err
}

func alsoOf(other string) string {
	if other == "" {
		return "the number is also that of a license on the ledger that this registry does not keep"
	}
	return "the number is also that of license " + other
}

// Double makes the task of an act whose license number the ledger has for another
// license. Harmless a second time, and after Reserve made it.
func (s *Store) Double(ctx context.Context, intent sm.Digest, first registry.Use) error {
	return s.inTx(ctx, "noting a double number", func(tx *pipe) error {
		p, err := proceeding(ctx, tx, intent, "FOR UPDATE")
		if err != nil {
			return err
		}
		var unit string
		var known bool
		if err := tx.QueryRow(ctx, `SELECT p.unit, EXISTS (SELECT FROM task t WHERE t.intent = p.intent AND t.kind = 'double' AND t.created >= p.created)
			FROM proceeding p WHERE p.intent = $1`, intent[:]).Scan(&unit, &known); err != nil || known {
			return err
		}
		other, err := userOf(ctx, tx, p.Intent.Number, first)
		if err != nil {
			return err
		}
		return addDouble(ctx, tx, s.now(), &p.Intent, intent, unit, other)
	})
}

// usesMigration makes the uniqueness of decision numbers the ledger's: once per
// organization, matter, decision, act, and case, else license (Intent.DecisionScope),
// without exceptions. Versions get the tag of their number, tasks the other license
// of a double number. What is stored stays: of two old rows that used one decision
// the later one keeps a scope of its own.
func usesMigration() *goose.Migration {
	return goose.NewGoMigration(10, &goose.GoFunc{RunTx: usesUp}, &goose.GoFunc{RunTx: usesDown})
}

func usesUp(ctx context.Context, tx *sql.Tx) error {
	if err := execAll(ctx, tx,
		`DROP INDEX proceeding_decision`,
		`ALTER TABLE proceeding DROP COLUMN decision_override`,
		`ALTER TABLE proceeding ADD COLUMN decision_scope text NOT NULL DEFAULT ''`, // within which the decision counts once
		`ALTER TABLE version ADD COLUMN number_tag bytea NOT NULL DEFAULT ''`,
		`ALTER TABLE task ADD COLUMN other text NOT NULL DEFAULT ''`, // base of the other license of a double number
		`ALTER TABLE task DROP CONSTRAINT task_kind_word`,
		`ALTER TABLE task ADD CONSTRAINT task_kind_word CHECK (kind IN ('refused', 'double'))`); err != nil {
		return err
	}
	for _, fill := range []func(context.Context, *sql.Tx, []byte) ([]byte, error){scopeSome, tagSome} {
		for last := []byte{}; last != nil; {
			var err error
			if last, err = fill(ctx, tx, last); err != nil {
				return err
			}
		}
	}
	return execAll(ctx, tx,
		`UPDATE proceeding p SET decision_scope = 'before/' || encode(p.intent, 'hex') FROM (
			SELECT intent, row_number() OVER (PARTITION BY organization, matter, decision, act, decision_scope ORDER BY arrival) AS nth
			FROM proceeding WHERE `+usesDecision+`) d WHERE d.intent = p.intent AND d.nth > 1`,
		`CREATE UNIQUE INDEX proceeding_decision ON proceeding (organization, matter, decision, act, decision_scope) WHERE `+usesDecision,
		`CREATE INDEX version_number ON version (number_tag) WHERE live`,
		// A number rule without the year counts on: until now it began anew each year.
		`INSERT INTO number_counter (type, scope, used)
			SELECT c.type, split_part(c.scope, '.', 1), max(c.used) FROM number_counter c
			JOIN (SELECT DISTINCT ON (code) code, entry FROM license_type ORDER BY code, version DESC) t ON t.code = c.type
			WHERE position('{year4}' IN coalesce(t.entry->'number'->>'template', '')) = 0
			GROUP BY 1, 2 ON CONFLICT DO NOTHING`)
}

// usesDecision are the acts that a decision makes (registry.UsesOf), as long
// as they are not given up.
const usesDecision = `decision <> '' AND class IN ('version', 'state') AND act NOT IN ('reinstate', 'stay') AND step NOT IN ('refused', 'dropped')`

// usesDown fails where a decision was used again since.
func usesDown(ctx context.Context, tx *sql.Tx) error {
	return execAll(ctx, tx,
		`DROP INDEX version_number`,
		`DROP INDEX proceeding_decision`,
		`DELETE FROM task WHERE kind = 'double'`,
		`ALTER TABLE task DROP CONSTRAINT task_kind_word`,
		`ALTER TABLE task ADD CONSTRAINT task_kind_word CHECK (kind IN ('refused'))`,
		`ALTER TABLE task DROP COLUMN other`,
		`ALTER TABLE version DROP COLUMN number_tag`,
		`ALTER TABLE proceeding DROP COLUMN decision_scope`,
		`ALTER TABLE proceeding ADD COLUMN decision_override text NOT NULL DEFAULT ''`,
		`CREATE UNIQUE INDEX proceeding_decision ON proceeding (issuer, matter, decision)
			WHERE decision <> '' AND decision_override = '' AND class <> 'paper' AND step NOT IN ('refused', 'dropped')`)
}

func execAll(ctx context.Context, tx *sql.Tx, statements ...string) error {
	for _, statement := range statements {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// scopeSome writes the decision scopes of the proceedings that follow one, and
// returns the last of them; nil at the end.
func scopeSome(ctx context.Context, tx *sql.Tx, after []byte) ([]byte, error) {
	return fillSome(ctx, tx, after, `SELECT intent, canonical, '' FROM proceeding WHERE intent > $1 ORDER BY intent LIMIT $2`,
		`UPDATE proceeding SET decision_scope = $2 WHERE intent = $1`, func(canonical []byte, _ string) (any, error) {
			var in registry.Intent
			if err := registry.Decode(canonical, &in); err != nil {
				return nil, err
			}
			return in.DecisionScope(), nil
		})
}

// tagSome does the same for the number tags of versions.
func tagSome(ctx context.Context, tx *sql.Tx, after []byte) ([]byte, error) {
	return fillSome(ctx, tx, after, `SELECT v.intent, convert_to(coalesce(v.facts->>'number', ''), 'UTF8'), l.type
			FROM version v JOIN license l ON l.base = v.base WHERE v.intent > $1 ORDER BY v.intent LIMIT $2`,
		`UPDATE version SET number_tag = $2 WHERE intent = $1`, func(number []byte, typeCode string) (any, error) {
			if len(number) == 0 {
				return []byte{}, nil
			}
			tag := registry.NumberTag(typeCode, string(number))
			return tag[:], nil
		})
}

// fillSome reads rows of intent and what the value is made of, and updates each.
func fillSome(ctx context.Context, tx *sql.Tx, after []byte, read, update string, value func(raw []byte, text string) (any, error)) ([]byte, error) {
	rows, err := tx.QueryContext(ctx, read, after, foldedAtOnce)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	type row struct {
		intent, raw []byte
		text        string
	}
	var some []row
	for rows.Next() {
		var r row
		if err := rows.Scan(&r.intent, &r.raw, &r.text); err != nil {
			return nil, err
		}
		some = append(some, r)
	}
	if err := rows.Err(); err != nil || len(some) == 0 {
		return nil, err
	}
	for _, r := range some {
		made, err := value(r.raw, r.text)
		if err != nil {
			return nil, registry.Errorf(registry.CodeInternal, "", "stored row %s cannot be read", hex.EncodeToString(r.intent)).WithCause(err)
		}
		if _, err := tx.ExecContext(ctx, update, r.intent, made); err != nil {
			return nil, err
		}
	}
	return some[len(some)-1].intent, nil
}
