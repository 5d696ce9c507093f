package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"tongzheng/registry"
	"tongzheng/registry/exchange"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
)

// caseNamed finds the file of a grant that a number names: the very number, else one
// that differs in form alone ($1 grant, $2 number, $3 folded).
const caseNamed = `(SELECT c.case_folded FROM case_step c WHERE c.grant_id = $1 AND (c.case_number = $2 OR c.case_folded = $3)
	ORDER BY c.case_number <> $2, c.at LIMIT 1)`

// Case returns a case file as it is kept; without steps for a case not known.
func (s *Cases) Case(ctx context.Context, grant, caseNumber string) (*office.KeptCase, error) {
	for name, text := range map[string]string{"grant": grant, "case": caseNumber} {
		if err := checkText(name, text); err != nil {
			return nil, err
		}
	}
	named := []any{grant, caseNumber, registry.FoldNumber(caseNumber)}
	kept := &office.KeptCase{}
	rows, err := s.pool.Query(ctx, `SELECT coalesce((SELECT member FROM case_home h WHERE (h.grant_id, h.case_folded) = (s.grant_id, s.case_folded)), ''), statement, approval, content
		FROM case_step s WHERE grant_id = $1 AND case_folded = `+caseNamed+` ORDER BY number`, named...)
	if err == nil {
		kept.Steps, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (registry.CaseStep, error) { return scanStep(row, &kept.Home) })
	}
	if err != nil || len(kept.Steps) == 0 {
		return kept, coded("reading a case file", err)
	}
	if rows, err = s.pool.Query(ctx, heldSQL+` WHERE grant_id = $1 AND case_folded = `+caseNamed, named...); err != nil {
		return nil, coded("reading a case file", err)
	}
	held, err := pgx.CollectRows(rows, scanHeld)
	if len(held) > 0 {
		kept.Held = held[0]
	}
	return kept, coded("reading a case file", err)
}

// scanStep reads the columns of a step, and more before them.
func scanStep(row pgx.Row, before ...any) (step registry.CaseStep, err error) {
	var statement, approval []byte
	if err = row.Scan(append(before, &statement, &approval, &step.Content)...); err != nil {
		return step, err
	}
	if err = registry.Decode(statement, &step.Statement); err != nil {
		return step, err
	}
	return step, json.Unmarshal(approval, &step.Approval)
}

// CaseRefs lists cases under the grants, and those that the organization was
// invited into or signed a step of, the last worked on first.
func (s *Cases) CaseRefs(ctx context.Context, grants []string, organization string, limit int) ([]office.CaseRef, error) {
	of := parties("g/", grants)
	if organization != "" {
		of = append(of, "o/"+organization)
	}
	rows, err := s.pool.Query(ctx, `SELECT f.grant_id, f.case_number FROM unnest($1::text[]) AS k (party) CROSS JOIN LATERAL (SELECT p.grant_id, p.case_number, p.at FROM case_party p
			WHERE p.party = k.party ORDER BY p.at DESC, p.case_number, p.grant_id LIMIT $2) f
		GROUP BY f.grant_id, f.case_number ORDER BY max(f.at) DESC, f.case_number, f.grant_id LIMIT $2`, of, limit)
	if err != nil {
		return nil, coded("listing cases", err)
	}
	refs, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (ref office.CaseRef, err error) {
		return ref, row.Scan(&ref.Grant, &ref.Case)
	})
	return refs, coded("listing cases", err)
}

// AddCaseSteps appends to a case file; CodeStale when another step took a number,
// CodeActState while one waits for the ledger.
func (s *Cases) AddCaseSteps(ctx context.Context, add office.CaseAddition) error {
	if len(add.Steps) == 0 {
		return nil
	}
	err := s.inTx(ctx, "adding to a case file", func(tx *pipe) error {
		first := &add.Steps[0].Statement
		if err := s.lockCase(ctx, tx, first); err != nil {
			return err
		}
		for i := range add.Steps {
			if err := s.addStep(ctx, tx, &add.Steps[i]); err != nil {
				return err
			}
		}
		if add.Home != "" {
			_, err := tx.Exec(ctx, `INSERT INTO case_home (grant_id, case_folded, member) VALUES ($1, `+caseNamed+`, $4) ON CONFLICT ON CONSTRAINT case_home_pkey DO NOTHING`,
				first.Grant, first.Case, registry.FoldNumber(first.Case), add.Home)
			return err
		}
		if err := tellOf(ctx, tx, first, add.Members); err != nil {
			return err
		}
		var waits bool // for the ledger, with another step
		err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM case_held WHERE grant_id = $1 AND case_folded = `+caseNamed+` AND state IN ('asked', 'awaited'))`,
			first.Grant, first.Case, registry.FoldNumber(first.Case)).Scan(&waits)
		if err == nil && waits {
			err = registry.Errorf(registry.CodeActState, "case", "a step waits for the ledger")
		}
		return err
	})
	var taken *pgconn.PgError
	if errors.As(err, &taken) && taken.ConstraintName == "case_step_pkey" {
		return registry.Errorf(registry.CodeStale, "number", "another step came first")
	}
	return err
}

// tellOf adds a file to the feeds of members.
func tellOf(ctx context.Context, tx *pipe, t *registry.CaseStatement, members []string) error {
	named := []any{t.Grant, t.Case, registry.FoldNumber(t.Case)}
	var key string
	err := tx.QueryRow(ctx, `INSERT INTO case_key (grant_id, case_folded) VALUES ($1, `+caseNamed+`)
		ON CONFLICT ON CONSTRAINT case_key_pkey DO UPDATE SET key = case_key.key RETURNING key`, named...).Scan(&key)
	if err != nil {
		return err
	}
	return changed(ctx, tx, members, exchange.KindCase, key)
}

// CaseOf returns the case that a feed names by a key. CodeNotFound.
func (s *Cases) CaseOf(ctx context.Context, key string) (ref office.CaseRef, err error) {
	err = s.pool.QueryRow(ctx, `SELECT c.grant_id, c.case_number FROM case_key k JOIN case_step c USING (grant_id, case_folded) WHERE k.key = $1 ORDER BY c.number LIMIT 1`,
		storable(key)).Scan(&ref.Grant, &ref.Case)
	if errors.Is(err, pgx.ErrNoRows) {
		return ref, registry.Errorf(registry.CodeNotFound, "key", "no such case")
	}
	return ref, coded("reading a case's key", err)
}

// OfferCases adds own files under the grants to a member's feed that are not in it, at most
// limit, and says how many.
func (s *Cases) OfferCases(ctx context.Context, member string, grants []string, limit int) (n int, err error) {
	err = s.inTx(ctx, "offering case files", func(tx *pipe) error {
		rows, err := tx.Query(ctx, `SELECT k.key FROM case_key k WHERE k.grant_id = ANY ($2)
				AND NOT EXISTS (SELECT FROM case_home h WHERE (h.grant_id, h.case_folded) = (k.grant_id, k.case_folded))
				AND NOT EXISTS (SELECT FROM feed_change f WHERE f.member = $1 AND f.kind = $3 AND f.key = k.key)
			ORDER BY k.grant_id, k.case_folded LIMIT $4`, member, grants, string(exchange.KindCase), limit)
		if err != nil {
			return err
		}
		keys, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return err
		}
		for n = range keys {
			if err := changed(ctx, tx, []string{member}, exchange.KindCase, keys[n]); err != nil {
				return err
			}
		}
		n = len(keys)
		return nil
	})
	return n, err
}

// lockCase keeps others from changing the file until the transaction ends.
func (s *Cases) lockCase(ctx context.Context, tx *pipe, t *registry.CaseStatement) error {
	_, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('case/' || $1 || '/' || $2, 0))`, t.Grant, registry.FoldNumber(t.Case))
	return err
}

func (s *Cases) addStep(ctx context.Context, tx *pipe, step *registry.CaseStep) error {
	t := &step.Statement
	raw, approval, digest, err := encodeStep(step)
	if err != nil {
		return err
	}
	whose := []string{"g/" + t.Grant, "o/" + t.Organization}
	if t.Invited != "" && t.Invited != t.Organization {
		whose = append(whose, "o/"+t.Invited)
	}
	if _, err = tx.Exec(ctx, `WITH step AS (INSERT INTO case_step (grant_id, case_number, number, kind, organization, statement, digest, approval, content, at, invited, case_folded)
			VALUES ($1, $2, $4, $5, $6, $7, $8, $9, $10, $11, $12, coalesce(`+caseNamed+`, $3)) RETURNING at),
		others AS (UPDATE case_party p SET at = greatest(p.at, step.at) FROM step WHERE p.grant_id = $1 AND p.case_number = $2 AND p.party <> ALL ($13))
		INSERT INTO case_party AS p (party, grant_id, case_number, at) SELECT k.party, $1, $2, step.at FROM step CROSS JOIN unnest($13::text[]) AS k (party)
		ON CONFLICT (grant_id, case_number, party) DO UPDATE SET at = greatest(p.at, excluded.at)`,
		t.Grant, t.Case, registry.FoldNumber(t.Case), t.Number, string(t.Kind), t.Organization,
		raw, digest[:], approval, step.Content, time.Unix(t.At, 0), t.Invited, whose); err != nil {
		return err
	}
	if err := s.changeWaits(ctx, tx, t); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `DELETE FROM case_held WHERE grant_id = $1 AND case_folded = `+caseNamed+` AND (digest = $4 OR state = 'refused')`,
		t.Grant, t.Case, registry.FoldNumber(t.Case), digest[:])
	return err
}

// changeWaits keeps whom a file may wait for.
func (s *Cases) changeWaits(ctx context.Context, tx *pipe, t *registry.CaseStatement) (err error) {
	begins := func(party string, kind registry.CaseKind) {
		_, err = tx.Exec(ctx, `INSERT INTO case_wait (party, kind, grant_id, case_number, at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT ON CONSTRAINT case_wait_pkey DO UPDATE SET at = excluded.at`, party, string(kind), t.Grant, t.Case, time.Unix(t.At, 0))
	}
	switch t.Kind {
	case registry.CaseSealRequest:
		begins("g/"+t.Grant, registry.CaseSealConfirm)
	case registry.CaseInvite:
		begins("o/"+t.Invited, registry.CaseOpinion)
	case registry.CaseSealConfirm:
		_, err = tx.Exec(ctx, doneWaiting, "g/"+t.Grant, string(t.Kind), t.Grant, t.Case)
	case registry.CaseOpinion:
		_, err = tx.Exec(ctx, doneWaiting, "o/"+t.Organization, string(t.Kind), t.Grant, t.Case)
	case registry.CaseDecline, registry.CaseExamine:
		if t.Result != registry.SendBack { // nobody's opinion is waited for any more
			_, err = tx.Exec(ctx, `DELETE FROM case_wait WHERE grant_id = $1 AND case_number = $2 AND kind = $3`, t.Grant, t.Case, string(registry.CaseOpinion))
		}
	}
	return err
}

const doneWaiting = `DELETE FROM case_wait WHERE party = $1 AND kind = $2 AND grant_id = $3 AND case_number = $4`

// encodeStep is a step as its columns have it.
func encodeStep(step *registry.CaseStep) (raw, approval []byte, digest sm.Digest, err error) {
	t := &step.Statement
	for name, text := range map[string]string{"grant": t.Grant, "case": t.Case, "content": step.Content} {
		if err := checkText(name, text); err != nil {
			return nil, nil, digest, err
		}
	}
	if raw, err = registry.Encode(t); err != nil {
		return nil, nil, digest, err
	}
	if approval, err = json.Marshal(step.Approval); err != nil {
		return nil, nil, digest, fmt.Errorf("case step: %w", err)
	}
	digest, err = t.Digest()
	return raw, approval, digest, err
}
