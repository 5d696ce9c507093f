package postgres

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
)

// inQueue is the condition under which a statement may use the indexes of what waits, of
// a proceeding p: their very words, which no other statement has.
const inQueue = `p.step || '' IN ('reserved', 'approved', 'sealed')`

// Lease hands out proceedings that wait in one of the steps, those first that have been
// due longest. Each of a license's chains has one unfinished proceeding of an
// organization at most. Rows that another worker is just leasing are skipped.
func (s *Store) Lease(ctx context.Context, steps []office.Step, limit int, until time.Time) ([]*office.Proceeding, error) {
	words := make([]string, len(steps))
	for i, step := range steps {
		if step.Done() {
			return nil, registry.Errorf(registry.CodeInternal, "", "nothing waits in step %s", step)
		}
		words[i] = string(step)
	}
	now := s.now()
	look := s.looking.begin(words, now)
	// One statement is a transaction of its own.
	rows, err := s.pool.Query(ctx, `WITH due AS (
				SELECT p.intent FROM proceeding p
				WHERE p.step || '' = ANY($1) AND `+inQueue+`
					AND (p.lease_until IS NULL OR p.lease_until <= $2) AND p.next_try >= $5 AND p.next_try <= $2
				ORDER BY p.next_try, p.arrival LIMIT $3 FOR UPDATE SKIP LOCKED),
			p AS (UPDATE proceeding SET lease_until = $4, attempts = attempts + 1
				WHERE intent = ANY (ARRAY(SELECT intent FROM due)) RETURNING proceeding.*)
			SELECT `+proceedingColumns+` FROM p ORDER BY p.next_try, p.arrival`, words, now, limit, until, look.from)
	leased, err := s.collectReadable(rows, err)
	if err == nil { // rows that cannot be read count: behind them there may be more
		s.looking.end(words, look, rows.CommandTag().RowsAffected() < int64(limit), until)
	}
	return leased, coded("leasing work", err)
}

// Submitting persists the transaction before it is submitted: for all of them
// or for none.
func (s *Store) Submitting(ctx context.Context, intents []sm.Digest, transaction string) error {
	return s.inTx(ctx, "keeping a transaction id", func(tx *pipe) error {
		keys := distinct(intents)
		tag, err := tx.Exec(ctx, `WITH due AS (SELECT intent FROM proceeding WHERE intent = ANY($1) AND step = 'sealed' ORDER BY intent FOR UPDATE)
			UPDATE proceeding p SET transaction = $2, updated = $3 WHERE p.intent = ANY (ARRAY(SELECT intent FROM due))`, keys, transaction, s.now())
		if err != nil {
			return err
		}
		if tag.RowsAffected() != int64(len(keys)) {
			return registry.Errorf(registry.CodeActState, "intent", "%d of %d proceedings are sealed and may be submitted", tag.RowsAffected(), len(keys))
		}
		return nil
	})
}

// Release ends leases early; the step is tried again after wait. Proceedings
// that are done are left alone.
func (s *Store) Release(ctx context.Context, intents []sm.Digest, wait time.Duration) error {
	_, err := s.pool.Exec(ctx, `WITH due AS (SELECT intent FROM proceeding
				WHERE intent = ANY($1) AND step IN ('reserved', 'approved', 'sealed') ORDER BY intent FOR UPDATE)
			UPDATE proceeding p SET lease_until = NULL, next_try = $2::timestamptz + $3::interval * least(60, power(2, least(p.attempts, 10) - 1))
			WHERE p.intent = ANY (ARRAY(SELECT intent FROM due))`,
		distinct(intents), s.now(), wait)
	return coded("ending a lease", err)
}

// distinct lists the digests once each, in one order for all callers: rows are
// locked in that order, so that two callers cannot wait for each other.
func distinct(digests []sm.Digest) [][]byte {
	keys := make([][]byte, 0, len(digests))
	for _, d := range digests {
		keys = append(keys, slices.Clone(d[:]))
	}
	slices.SortFunc(keys, slices.Compare[[]byte])
	return slices.CompactFunc(keys, slices.Equal[[]byte])
}

// collectReadable passes over rows that cannot be read, so that one damaged row
// does not hold up all work; their lease runs out and they are met again.
func (s *Store) collectReadable(rows pgx.Rows, err error) ([]*office.Proceeding, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var readable []*office.Proceeding
	for rows.Next() {
		p, err := scanProceeding(rows)
		if err != nil {
			slog.Default().Error("a proceeding cannot be read and waits", "error", err)
			continue
		}
		readable = append(readable, p)
	}
	return readable, rows.Err()
}
