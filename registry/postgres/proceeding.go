package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
)

// proceedingColumns are what scanProceeding reads, of a table named p.
const proceedingColumns = `p.intent, p.canonical, p.recording, p.step, p.approvals, p.remark, p.entry, p.transaction,
	p.receipt, p.refusal, p.detail, p.created, p.updated`

// scanProceeding reads one row. The intent comes from its canonical bytes, the
// columns beside it are for search and constraints.
func scanProceeding(row pgx.Row) (*office.Proceeding, error) {
	var (
		p                  office.Proceeding
		digest, canonical  []byte
		entry              []byte
		approvals, receipt []byte
		recording          int16
		step, refusal      string
		created, updated   time.Time
	)
	if err := row.Scan(&digest, &canonical, &recording, &step, &approvals, &p.Remark, &entry, &p.Transaction,
		&receipt, &refusal, &p.Detail, &created, &updated); err != nil {
		return nil, err
	}
	p.Recording, p.Step, p.Refusal = registry.Recording(recording), office.Step(step), registry.Code(refusal)
	p.Created, p.Updated = created.In(registry.China), updated.In(registry.China)
	if err := p.Digest.UnmarshalBinary(digest); err != nil {
		return nil, fmt.Errorf("intent digest: %w", err)
	}
	if err := registry.Decode(canonical, &p.Intent); err != nil {
		return nil, damaged("intent", p.Digest, err)
	}
	if err := json.Unmarshal(approvals, &p.Approvals); err != nil {
		return nil, damaged("approvals", p.Digest, err)
	}
	if len(entry) > 0 {
		p.Entry = new(registry.Entry)
		if err := registry.Decode(entry, p.Entry); err != nil {
			return nil, damaged("entry", p.Digest, err)
		}
	}
	if len(receipt) > 0 {
		p.Receipt = new(registry.Receipt)
		if err := json.Unmarshal(receipt, p.Receipt); err != nil {
			return nil, damaged("receipt", p.Digest, err)
		}
	}
	return &p, nil
}

// damaged: a row that does not decode is our fault or an intruder's, never the
// caller's, whatever code the decoder gave it.
func damaged(what string, of sm.Digest, err error) error {
	return registry.Errorf(registry.CodeInternal, "", "stored %s of proceeding %s cannot be read", what, of).WithCause(err)
}

func collectProceedings(rows pgx.Rows, err error) ([]*office.Proceeding, error) {
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (*office.Proceeding, error) { return scanProceeding(row) })
}

// Proceeding returns one by its intent digest. CodeNotFound.
func (s *Store) Proceeding(ctx context.Context, intent sm.Digest) (*office.Proceeding, error) {
	return proceeding(ctx, s.pool, intent, "")
}

// proceeding reads one row; with suffix FOR UPDATE it stays ours until the
// transaction ends.
func proceeding(ctx context.Context, q querier, intent sm.Digest, suffix string) (*office.Proceeding, error) {
	p, err := scanProceeding(q.QueryRow(ctx, `SELECT `+proceedingColumns+` FROM proceeding p WHERE p.intent = $1 `+suffix, intent[:]))
	if err == pgx.ErrNoRows {
		return nil, registry.Errorf(registry.CodeNotFound, "intent", "no proceeding %s", intent)
	}
	if err != nil {
		return nil, coded("reading a proceeding", err)
	}
	return p, nil
}

// History lists a license's proceedings, oldest first, refused and dropped
// ones included.
func (s *Store) History(ctx context.Context, base string) ([]*office.Proceeding, error) {
	if err := checkText("identifier", base); err != nil {
		return nil, err
	}
	list, err := collectProceedings(s.pool.Query(ctx, `SELECT `+proceedingColumns+` FROM proceeding p WHERE p.base = $1 ORDER BY p.arrival`, base))
	return list, coded("reading a license's history", err)
}

// Replay returns the proceeding that an idempotency key made before. Without a
// body's digest it is asked of the key alone.
func (s *Store) Replay(ctx context.Context, key office.Idempotency) (*office.Proceeding, error) {
	if key.Key == "" {
		return nil, nil
	}
	for _, text := range []string{key.Client, key.Operation, key.Key} {
		if err := checkText("Idempotency-Key", text); err != nil {
			return nil, err
		}
	}
	var body, intent []byte
	err := s.pool.QueryRow(ctx, `SELECT body, intent FROM idempotency WHERE client = $1 AND operation = $2 AND key = $3`,
		key.Client, key.Operation, key.Key).Scan(&body, &intent)
	switch {
	case err == pgx.ErrNoRows:
		return nil, nil
	case err != nil:
		return nil, coded("looking up an idempotency key", err)
	case !key.Body.IsZero() && string(body) != string(key.Body[:]):
		return nil, registry.Errorf(registry.CodeIdempotencyMismatch, "", "the key was used for another request")
	}
	return s.Proceeding(ctx, sm.Digest(intent))
}
