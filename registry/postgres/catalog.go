package postgres

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	"tongzheng/registry"
)

// SetTypes adds catalog entries. A version that is there already must be the
// same, because licenses and the ledger refer to it: CodeStale otherwise, and
// nothing is added. Setting the same catalog again is harmless.
func (s *Store) SetTypes(ctx context.Context, catalog []*registry.LicenseType) error {
	return s.inTx(ctx, "setting the type catalog", func(tx *pipe) error {
		for _, t := range catalog {
			if err := s.setType(ctx, tx, t); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Store) setType(ctx context.Context, tx *pipe, t *registry.LicenseType) error {
	entry, err := json.Marshal(t)
	if err != nil {
		return fmt.Errorf("catalog entry %s: %w", t.Code, err)
	}
	if _, err := tx.Exec(ctx, `INSERT INTO license_type (code, version, name, authority, entry, created) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (code, version) DO NOTHING`, t.Code, t.Version, t.Name, t.Authority, entry, s.now()); err != nil {
		return err
	}
	var raw []byte
	if err := tx.QueryRow(ctx, `SELECT entry FROM license_type WHERE code = $1 AND version = $2`, t.Code, t.Version).Scan(&raw); err != nil {
		return err
	}
	stored, err := decodeType(raw)
	if err != nil {
		return err
	}
	if again, err := json.Marshal(stored); err != nil || !bytes.Equal(again, entry) {
		return registry.Errorf(registry.CodeStale, "type", "version %d of %s is in use with other content: make version %d", t.Version, t.Name, t.Version+1)
	}
	return nil
}

// Type returns a catalog entry, shared, not to be changed; version 0 is the newest.
// CodeTypeUnknown.
func (s *Store) Type(ctx context.Context, code string, version int) (*registry.LicenseType, error) {
	if err := checkText("type", code); err != nil {
		return nil, err
	}
	name, row, which := kindName{code, version}, "", ` AND version = $2`
	if version == 0 {
		which = ` AND $2 = 0 ORDER BY version DESC LIMIT 1`
	}
	err := s.pool.QueryRow(ctx, `SELECT version, xmin::text FROM license_type WHERE code = $1`+which, code, version).Scan(&name.version, &row)
	if err == pgx.ErrNoRows {
		return nil, registry.Errorf(registry.CodeTypeUnknown, "type", "no license type %s in the catalog", code)
	}
	if err != nil {
		return nil, coded("reading a license type", err)
	}
	kind, err := s.kindAt(ctx, name, row)
	if err == nil && kind == nil {
		err = registry.Errorf(registry.CodeTypeUnknown, "type", "no license type %s in the catalog", code)
	}
	return kind, err
}

// Types lists the newest version of every catalog entry, by code.
func (s *Store) Types(ctx context.Context) ([]*registry.LicenseType, error) {
	rows, err := s.pool.Query(ctx, `SELECT DISTINCT ON (code) entry FROM license_type ORDER BY code, version DESC`)
	if err != nil {
		return nil, coded("listing license types", err)
	}
	types, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (*registry.LicenseType, error) {
		var raw []byte
		if err := row.Scan(&raw); err != nil {
			return nil, err
		}
		return decodeType(raw)
	})
	return types, coded("listing license types", err)
}

func decodeType(raw []byte) (*registry.LicenseType, error) {
	t := new(registry.LicenseType)
	if err := json.Unmarshal(raw, t); err != nil {
		return nil, registry.Errorf(registry.CodeInternal, "", "stored catalog entry cannot be read").WithCause(err)
	}
	return t, nil
}
