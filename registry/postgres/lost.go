package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"tongzheng/registry"
	"tongzheng/registry/office"
)

// Mend brings a license's row, when there is one, to what the ledger says, and
// remembers sheets whose rows are lost. Harmless a second time.
func (s *Store) Mend(ctx context.Context, base string, said *registry.Standing, lost []office.PrintingRef) error {
	return s.inTx(ctx, "mending a license's rows", func(tx *pipe) error {
		followLedger(tx, base, said.License, said.Grants(), said.Oversight != nil)
		for _, ref := range lost {
			id := ref.Identifier
			tx.later(`INSERT INTO lost_printing (token, type, issuer, serial, version, number, found)
				VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
				ref.Token[:], id.Type, id.Issuer, id.Serial, id.Version, int64(ref.Printing.Number), s.now())
		}
		return audit(ctx, tx, office.AuditEvent{At: s.now(), Operation: "mend", Subject: base,
			Detail: fmt.Sprintf("sequence %d, %d sheets without rows", said.License.Sequence, len(lost))})
	})
}

// lostByToken finds a sheet whose row is lost. CodeNotFound.
func (s *Store) lostByToken(ctx context.Context, token registry.Token) (*office.PrintingRef, error) {
	ref := &office.PrintingRef{Token: token, Lost: true}
	id, number := &ref.Identifier, int64(0)
	err := s.pool.QueryRow(ctx, `SELECT type, issuer, serial, version, number FROM lost_printing WHERE token = $1`, token[:]).
		Scan(&id.Type, &id.Issuer, &id.Serial, &id.Version, &number)
	if err == pgx.ErrNoRows {
		return nil, registry.Errorf(registry.CodeNotFound, "token", "no printing with this token")
	}
	if err != nil {
		return nil, coded("looking up a token", err)
	}
	ref.Printing.Number = uint32(number)
	return ref, nil
}
