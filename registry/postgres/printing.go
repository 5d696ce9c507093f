package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"tongzheng/registry"
	"tongzheng/registry/office"
)

const printingColumns = `p.token, l.type, l.issuer, l.serial, p.version, p.number, p.copy, p.form, p.run, coalesce(p.blank, ''), p.list, p.index, p.qr, p.mark`

func scanPrinting(row pgx.Row) (ref office.PrintingRef, err error) {
	var token, mark []byte
	var number, list int64
	var index int32
	var kind string
	id, p := &ref.Identifier, &ref.Printing
	if err = row.Scan(&token, &id.Type, &id.Issuer, &id.Serial, &id.Version, &number, &kind, &p.Blank.Form, &p.Blank.Run, &p.Blank.Number,
		&list, &index, &ref.QR, &mark); err != nil {
		return ref, err
	}
	ref.Token = registry.Token(token)
	copy(ref.Mark[:], mark)
	p.Number, p.List, p.Index = uint32(number), uint32(list), uint32(index)
	if err = p.Copy.UnmarshalText([]byte(kind)); err != nil {
		err = registry.Errorf(registry.CodeInternal, "", "stored kind of copy cannot be read").WithCause(err)
	}
	return ref, err
}

// ByToken finds the printing that a scanned token names; one whose act was
// refused only when no other took its place, and one whose row was lost only
// as Lost. CodeNotFound.
func (s *Store) ByToken(ctx context.Context, token registry.Token) (*office.PrintingRef, error) {
	ref, err := scanPrinting(s.pool.QueryRow(ctx, `SELECT `+printingColumns+`
		FROM printing p JOIN license l ON l.base = p.base JOIN proceeding d ON d.intent = p.intent
		WHERE p.token = $1 ORDER BY p.live DESC, d.arrival DESC LIMIT 1`, token[:]))
	if err == pgx.ErrNoRows {
		return s.lostByToken(ctx, token)
	}
	if err != nil {
		return nil, coded("looking up a token", err)
	}
	return &ref, nil
}

// Printings lists a license's printings over all versions, by number, without
// those of acts that were refused or dropped.
func (s *Store) Printings(ctx context.Context, base string) ([]office.PrintingRef, error) {
	if err := checkText("identifier", base); err != nil {
		return nil, err
	}
	rows, err := s.pool.Query(ctx, `SELECT `+printingColumns+` FROM printing p JOIN license l ON l.base = p.base
		WHERE p.base = $1 AND p.live ORDER BY p.number`, base)
	if err != nil {
		return nil, coded("listing printings", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (office.PrintingRef, error) { return scanPrinting(row) })
	return list, coded("listing printings", err)
}

// KeepQR stores the QR text of a printing the first time and returns the
// stored one ever after.
func (s *Store) KeepQR(ctx context.Context, token registry.Token, text string) (string, error) {
	if text == "" {
		return "", registry.Errorf(registry.CodeInternal, "", "no QR text to keep")
	}
	if err := checkText("qr", text); err != nil {
		return "", err
	}
	var kept string
	// The row that ByToken finds; its lock decides between two first times.
	err := s.inTx(ctx, "keeping a QR text", func(tx *pipe) error {
		err := tx.QueryRow(ctx, `WITH found AS (SELECT p.intent, p.number FROM printing p JOIN proceeding d ON d.intent = p.intent
				WHERE p.token = $1 ORDER BY p.live DESC, d.arrival DESC LIMIT 1)
			UPDATE printing p SET qr = CASE WHEN p.qr = '' THEN $2 ELSE p.qr END FROM found
			WHERE p.intent = found.intent AND p.number = found.number RETURNING p.qr`, token[:], text).Scan(&kept)
		if err == pgx.ErrNoRows {
			return registry.Errorf(registry.CodeNotFound, "token", "no printing with this token")
		}
		return err
	})
	return kept, err
}
