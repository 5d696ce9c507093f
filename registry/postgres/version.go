package postgres

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
)

// storedFacts is how registry.Facts stand in the column version.facts. Its
// names are the schema's: renaming a Go field must not change stored rows.
type storedFacts struct {
	Identifier registry.Identifier `json:"identifier"`
	Number     string              `json:"number"`
	IssuerName string              `json:"issuer_name"`
	Holder     registry.Holder     `json:"holder"`
	Issued     registry.Date       `json:"issued"`
	Effective  registry.Date       `json:"effective"`
	Expires    registry.Date       `json:"expires"`
	Fields     map[string]string   `json:"fields"`
}

func encodeFacts(f registry.Facts) ([]byte, error) {
	raw, err := json.Marshal(storedFacts(f))
	if err != nil {
		return nil, fmt.Errorf("facts: %w", err)
	}
	return raw, nil
}

// Version returns one stored version of a license with its document: the one
// in being, or the last attempt at it that was refused or dropped. CodeNotFound.
func (s *Store) Version(ctx context.Context, base string, version int) (*office.Version, error) {
	stored, err := s.Stored(ctx, base, version, true)
	if err != nil {
		return nil, err
	}
	v := &stored.Version
	if !v.SealedDigest.IsZero() && sm.Sum(v.Sealed) != v.SealedDigest {
		v.Sealed, v.Damaged = nil, true // whoever is handed a document is handed the one that was sealed
	}
	return v, nil
}

// Record returns the license's row with the act in flight. CodeNotFound.
func (s *Store) Record(ctx context.Context, base string) (*office.Record, error) {
	if err := checkText("identifier", base); err != nil {
		return nil, err
	}
	var r *office.Record
	// One snapshot: a scan compares row and act in flight with each other.
	err := pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) (err error) {
		r, err = record(ctx, tx, base)
		return err
	})
	if err != nil {
		return nil, coded("reading a license's row", err)
	}
	return r, nil
}

func record(ctx context.Context, tx querier, base string) (*office.Record, error) {
	r := &office.Record{Base: base}
	var state string
	var sequence int64
	var head []byte
	err := tx.QueryRow(ctx, `SELECT type, version, state, sequence, head, overseen FROM license WHERE base = $1`, base).
		Scan(&r.Type, &r.Version, &state, &sequence, &head, &r.Overseen)
	if err == pgx.ErrNoRows {
		return nil, registry.Errorf(registry.CodeNotFound, "identifier", "no such license")
	}
	if err != nil {
		return nil, err
	}
	if err := fillRecord(r, state, sequence, head); err != nil {
		return nil, err
	}
	flying, err := collectProceedings(tx.Query(ctx, `SELECT `+proceedingColumns+` FROM proceeding p
		WHERE p.base = $1 AND `+inQueue+` AND NOT p.governed`, base)) // an act through governance leaves the row alone
	if err == nil && len(flying) > 0 {
		r.InFlight = flying[0]
	}
	return r, err
}

func fillRecord(r *office.Record, state string, sequence int64, head []byte) error {
	r.Sequence = uint64(sequence)
	if err := r.Head.UnmarshalBinary(head); err != nil {
		return err
	}
	if err := r.State.UnmarshalText([]byte(state)); err != nil {
		return fmt.Errorf("stored state: %v", err)
	}
	return nil
}
