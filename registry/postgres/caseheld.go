package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
)

const heldSQL = `SELECT state, code, detail, statement, approval, content FROM case_held`

func scanHeld(row pgx.CollectableRow) (*office.HeldStep, error) {
	var h office.HeldStep
	var state, code string
	step, err := scanStep(row, &state, &code, &h.Detail)
	h.Step, h.State, h.Refusal = step, office.HeldState(state), registry.Code(code)
	return &h, err
}

// HoldStep keeps a step until the ledger has it, in place of one that is over, or, with
// over, of the one that has that digest. CodeStale when it is not the next of its file,
// CodeActState while another one waits for the ledger.
func (s *Cases) HoldStep(ctx context.Context, h office.HeldStep, over sm.Digest) error {
	raw, approval, digest, err := encodeStep(&h.Step)
	if err != nil {
		return err
	}
	t := &h.Step.Statement
	return s.inTx(ctx, "keeping a step for the ledger", func(tx *pipe) error {
		if err := s.lockCase(ctx, tx, t); err != nil {
			return err
		}
		named := []any{t.Grant, t.Case, registry.FoldNumber(t.Case)}
		var steps int
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM case_step WHERE grant_id = $1 AND case_folded = `+caseNamed, named...).Scan(&steps); err != nil {
			return err
		}
		if steps+1 != t.Number {
			return registry.Errorf(registry.CodeStale, "number", "the case has moved on: it is at step %d", steps)
		}
		tag, err := tx.Exec(ctx, `INSERT INTO case_held AS h (grant_id, case_folded, case_number, digest, organization, state, statement, approval, content, at)
			VALUES ($1, `+caseNamed+`, $2, $4, $5, $6, $7, $8, $9, $10)
			ON CONFLICT ON CONSTRAINT case_held_pkey DO UPDATE SET digest = excluded.digest, organization = excluded.organization, state = excluded.state, statement = excluded.statement,
				approval = excluded.approval, content = excluded.content, code = '', detail = '', at = excluded.at
			WHERE h.state IN ('withdrawn', 'refused') OR h.digest IN (excluded.digest, $11)`,
			append(named, digest[:], t.Organization, string(h.State), raw, approval, h.Step.Content, time.Unix(t.At, 0), over[:])...)
		if err == nil && tag.RowsAffected() == 0 {
			err = registry.Errorf(registry.CodeActState, "case", "another step waits for the ledger")
		}
		return err
	})
}

// HeldSteps lists the steps that are under way, the oldest first, after one of them.
func (s *Cases) HeldSteps(ctx context.Context, after *office.HeldStep, limit int) ([]*office.HeldStep, error) {
	var at time.Time
	var digest sm.Digest
	if after != nil {
		var err error
		if digest, err = after.Step.Statement.Digest(); err != nil {
			return nil, err
		}
		at = time.Unix(after.Step.Statement.At, 0)
	}
	return s.held(ctx, ` WHERE state <> 'refused' AND (at, digest) > ($2, $3) ORDER BY at, digest LIMIT $1`, limit, at, digest[:])
}

// RefusedSteps lists an organization's steps that the ledger refused, the newest first.
func (s *Cases) RefusedSteps(ctx context.Context, organization string, limit int) ([]*office.HeldStep, error) {
	return s.held(ctx, ` WHERE state = 'refused' AND organization = $1 ORDER BY at DESC, digest LIMIT $2`, organization, limit)
}

func (s *Cases) held(ctx context.Context, where string, args ...any) ([]*office.HeldStep, error) {
	rows, err := s.pool.Query(ctx, heldSQL+where, args...)
	if err != nil {
		return nil, coded("reading steps for the ledger", err)
	}
	list, err := pgx.CollectRows(rows, scanHeld)
	return list, coded("reading steps for the ledger", err)
}

// MoveHeld moves a held step to another state. One that is not held any more stays away.
func (s *Cases) MoveHeld(ctx context.Context, step sm.Digest, to office.HeldState, code registry.Code, detail string) error {
	_, err := s.pool.Exec(ctx, `UPDATE case_held SET state = $2, code = $3, detail = $4 WHERE digest = $1`, step[:], string(to), string(code), storable(detail))
	return coded("moving a step for the ledger", err)
}

// DropHeld forgets a held step.
func (s *Cases) DropHeld(ctx context.Context, step sm.Digest) error {
	_, err := s.pool.Exec(ctx, `DELETE FROM case_held WHERE digest = $1`, step[:])
	return coded("forgetting a step for the ledger", err)
}

// WaitingCases lists the files that may wait for the decider under one of the grants, or
// for an organization that was invited, the newest first: what a long list leaves out is
// what waits longest, and a new task is always seen.
func (s *Cases) WaitingCases(ctx context.Context, grants []string, organization string, limit int) ([]office.CaseRef, error) {
	rows, err := s.pool.Query(ctx, `SELECT f.grant_id, f.case_number FROM unnest($1::text[]) AS k (party) CROSS JOIN LATERAL (SELECT w.grant_id, w.case_number, w.at FROM case_wait w
			WHERE w.party = k.party ORDER BY w.at DESC, w.case_number DESC, w.grant_id DESC LIMIT $2) f
		GROUP BY f.grant_id, f.case_number ORDER BY max(f.at) DESC, f.case_number, f.grant_id LIMIT $2`, append(parties("g/", grants), "o/"+organization), limit)
	if err != nil {
		return nil, coded("listing cases that wait", err)
	}
	refs, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (ref office.CaseRef, err error) {
		return ref, row.Scan(&ref.Grant, &ref.Case)
	})
	return refs, coded("listing cases that wait", err)
}

// DoneWaiting forgets that a file waits: it is decided, or went on without.
func (s *Cases) DoneWaiting(ctx context.Context, ref office.CaseRef) error {
	_, err := s.pool.Exec(ctx, `DELETE FROM case_wait WHERE grant_id = $1 AND case_number = $2`, ref.Grant, ref.Case)
	return coded("noting that a case does not wait", err)
}
