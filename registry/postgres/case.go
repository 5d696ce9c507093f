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
	"tongzheng/registry/office"
)

// caseNamed finds the file of a grant that a number names: the very number, else one
// that differs in form alone ($1 grant, $2 number, $3 folded).
const caseNamed = `(SELECT c.case_folded FROM case_step c WHERE c.grant_id = $1 AND (c.case_number = $2 OR c.case_folded = $3)
	ORDER BY c.case_number <> $2, c.at LIMIT 1)`

// CaseSteps lists a case file, first step first; empty for a case not known.
func (s *Cases) CaseSteps(ctx context.Context, grant, caseNumber string) ([]registry.CaseStep, error) {
	for name, text := range map[string]string{"grant": grant, "case": caseNumber} {
		if err := checkText(name, text); err != nil {
			return nil, err
		}
	}
	rows, err := s.pool.Query(ctx, `SELECT statement, approval, content FROM case_step WHERE grant_id = $1 AND case_folded = `+caseNamed+` ORDER BY number`,
		grant, caseNumber, registry.FoldNumber(caseNumber))
	if err != nil {
		return nil, coded("reading a case file", err)
	}
	steps, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (step registry.CaseStep, err error) {
		var statement, approval []byte
		if err = row.Scan(&statement, &approval, &step.Content); err != nil {
			return step, err
		}
		if err = registry.Decode(statement, &step.Statement); err != nil {
			return step, err
		}
		return step, json.Unmarshal(approval, &step.Approval)
	})
	return steps, coded("reading a case file", err)
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

// AddCaseStep appends to a case file; CodeStale when another step took the
// number.
func (s *Cases) AddCaseStep(ctx context.Context, step registry.CaseStep) error {
	t := &step.Statement
	for name, text := range map[string]string{"grant": t.Grant, "case": t.Case, "content": step.Content} {
		if err := checkText(name, text); err != nil {
			return err
		}
	}
	raw, err := registry.Encode(t)
	if err != nil {
		return err
	}
	approval, err := json.Marshal(step.Approval)
	if err != nil {
		return fmt.Errorf("case step: %w", err)
	}
	digest, err := t.Digest()
	if err != nil {
		return err
	}
	whose := []string{"g/" + t.Grant, "o/" + t.Organization}
	if t.Invited != "" && t.Invited != t.Organization {
		whose = append(whose, "o/"+t.Invited)
	}
	_, err = s.pool.Exec(ctx, `WITH step AS (INSERT INTO case_step (grant_id, case_number, number, kind, organization, statement, digest, approval, content, at, invited, case_folded)
			VALUES ($1, $2, $4, $5, $6, $7, $8, $9, $10, $11, $12, coalesce(`+caseNamed+`, $3)) RETURNING at),
		others AS (UPDATE case_party p SET at = greatest(p.at, step.at) FROM step WHERE p.grant_id = $1 AND p.case_number = $2 AND p.party <> ALL ($13))
		INSERT INTO case_party AS p (party, grant_id, case_number, at) SELECT k.party, $1, $2, step.at FROM step CROSS JOIN unnest($13::text[]) AS k (party)
		ON CONFLICT (grant_id, case_number, party) DO UPDATE SET at = greatest(p.at, excluded.at)`,
		t.Grant, t.Case, registry.FoldNumber(t.Case), t.Number, string(t.Kind), t.Organization,
		raw, digest[:], approval, step.Content, time.Unix(t.At, 0), t.Invited, whose)
	var taken *pgconn.PgError
	if errors.As(err, &taken) && taken.ConstraintName == "case_step_pkey" {
		return registry.Errorf(registry.CodeStale, "number", "another step came first")
	}
	return coded("adding to a case file", err)
}
