package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"tongzheng/registry"
	"tongzheng/registry/exchange"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
)

const sheetColumns = `digest, orders, approvals, step, refusal, detail, drafter, created, updated, home, travels`

// AddSheet keeps an order sheet; the same one again is harmless, and open again
// when it was given up.
func (s *OrderSheets) AddSheet(ctx context.Context, sheet *office.OrderSheet) error {
	orders, err := registry.Encode(sheet.Orders)
	if err != nil {
		return err
	}
	approvals, err := encodeApprovals(sheet.Approvals)
	if err != nil {
		return err
	}
	return s.inTx(ctx, "keeping an order sheet", func(tx *pipe) error {
		_, err := tx.Exec(ctx, `INSERT INTO order_sheet (digest, orders, approvals, drafter, created, updated, home, travels) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
			ON CONFLICT (digest) DO UPDATE SET step = 'open', drafter = excluded.drafter, updated = excluded.updated WHERE order_sheet.step = 'dropped'`,
			sheet.Digest[:], orders, approvals, sheet.Drafter, sheet.Created, s.now(), sheet.Home, sheet.Travels)
		if err != nil {
			return err
		}
		return tellSheet(ctx, tx, sheet.Digest, sheet.Home, sheet.Tell)
	})
}

// tellSheet tells the members who take part in a sheet that it changed.
func tellSheet(ctx context.Context, tx *pipe, digest sm.Digest, home string, members []string) error {
	kind := office.ItemSheet
	if home != "" {
		kind = office.ItemSheetSigned
	}
	return changed(ctx, tx, members, exchange.ItemKind(kind), digest.String())
}

// Sheet returns an order sheet by its digest. CodeNotFound.
func (s *OrderSheets) Sheet(ctx context.Context, digest sm.Digest) (*office.OrderSheet, error) {
	rows, err := s.pool.Query(ctx, `SELECT `+sheetColumns+` FROM order_sheet WHERE digest = $1`, digest[:])
	list, err := collectSheets(rows, err)
	if err == nil && len(list) == 0 {
		return nil, registry.Errorf(registry.CodeNotFound, "sheet", "no such order sheet")
	}
	if err != nil {
		return nil, coded("reading an order sheet", err)
	}
	return list[0], nil
}

// sheetsPage is how many order sheets are read at a time.
const sheetsPage = 100

// Sheets lists the order sheets that are wanted, open ones first, then the
// newest, at most limit. It reads on from the last one read until it has them.
func (s *OrderSheets) Sheets(ctx context.Context, limit int, wanted func(*office.OrderSheet) bool) (list []*office.OrderSheet, err error) {
	oneState := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly} // pages fit together
	err = pgx.BeginTxFunc(ctx, s.pool, oneState, func(tx pgx.Tx) (err error) {
		for _, condition := range []string{`step = 'open'`, `step <> 'open'`} {
			if list, err = moreSheets(ctx, tx, condition, list, limit, wanted); err != nil {
				return err
			}
		}
		return nil
	})
	return list, coded("listing order sheets", err)
}

// moreSheets adds those of one condition.
func moreSheets(ctx context.Context, on querier, condition string, list []*office.OrderSheet, limit int, wanted func(*office.OrderSheet) bool) ([]*office.OrderSheet, error) {
	at := any(pgtype.Timestamptz{InfinityModifier: pgtype.Infinity, Valid: true})
	for last := (sm.Digest{}); len(list) < limit; {
		rows, err := on.Query(ctx, `SELECT `+sheetColumns+` FROM order_sheet WHERE `+condition+` AND (created, digest) < ($1, $2) ORDER BY created DESC, digest DESC LIMIT $3`, at, last[:], sheetsPage)
		page, err := collectSheets(rows, err)
		if err != nil {
			return nil, err
		}
		for _, sheet := range page {
			if at, last = sheet.Created, sheet.Digest; len(list) < limit && wanted(sheet) {
				list = append(list, sheet)
			}
		}
		if len(page) < sheetsPage {
			return list, nil
		}
	}
	return list, nil
}

func collectSheets(rows pgx.Rows, err error) ([]*office.OrderSheet, error) {
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanSheet)
}

func scanSheet(row pgx.CollectableRow) (*office.OrderSheet, error) {
	var sheet office.OrderSheet
	var digest, orders, approvals []byte
	if err := row.Scan(&digest, &orders, &approvals, &sheet.Step, &sheet.Refusal, &sheet.Detail, &sheet.Drafter, &sheet.Created, &sheet.Updated, &sheet.Home, &sheet.Travels); err != nil {
		return nil, err
	}
	if err := registry.Decode(orders, &sheet.Orders); err != nil {
		return nil, fmt.Errorf("stored orders: %w", err)
	}
	sheet.Digest = sm.Digest(digest)
	return &sheet, json.Unmarshal(approvals, &sheet.Approvals)
}

// ApproveSheet adds signatures to an open sheet. CodeStale when another came
// in between.
func (s *OrderSheets) ApproveSheet(ctx context.Context, sheet *office.OrderSheet, have int, more ...registry.Approval) error {
	raw, err := json.Marshal(more)
	if err != nil {
		return fmt.Errorf("approval: %w", err)
	}
	return s.inTx(ctx, "signing an order sheet", func(tx *pipe) error {
		tag, err := tx.Exec(ctx, `UPDATE order_sheet SET approvals = approvals || $3::jsonb, updated = $4
			WHERE digest = $1 AND step = 'open' AND jsonb_array_length(approvals) = $2`, sheet.Digest[:], have, raw, s.now())
		if err == nil && tag.RowsAffected() == 0 {
			return registry.Errorf(registry.CodeStale, "approvals", "another signature came in meanwhile, or the sheet is not open any more")
		}
		if err != nil {
			return err
		}
		return tellSheet(ctx, tx, sheet.Digest, sheet.Home, sheet.Tell)
	})
}

// EndSheet moves an open sheet to another step, and to set one of any. CodeActState
// when it is not open.
func (s *OrderSheets) EndSheet(ctx context.Context, sheet *office.OrderSheet, step office.SheetStep, code registry.Code, detail string) error {
	return s.inTx(ctx, "ending an order sheet", func(tx *pipe) error {
		tag, err := tx.Exec(ctx, `UPDATE order_sheet SET step = $2, refusal = $3, detail = $4, updated = $5 WHERE digest = $1 AND (step = 'open' OR $6)`,
			sheet.Digest[:], string(step), string(code), storable(detail), s.now(), step == office.SheetSet)
		if err == nil && tag.RowsAffected() == 0 {
			return registry.Errorf(registry.CodeActState, "sheet", "the sheet is not open any more")
		}
		if err != nil {
			return err
		}
		return tellSheet(ctx, tx, sheet.Digest, sheet.Home, sheet.Tell)
	})
}

// Traveling lists the open sheets that are several members', the oldest first.
func (s *OrderSheets) Traveling(ctx context.Context) ([]*office.OrderSheet, error) {
	rows, err := s.pool.Query(ctx, `SELECT `+sheetColumns+` FROM order_sheet WHERE travels AND step = 'open' ORDER BY created, digest`)
	list, err := collectSheets(rows, err)
	return list, coded("listing order sheets", err)
}

// Parts are what signers signed of a sheet, by member.
func (s *OrderSheets) Parts(ctx context.Context, digest sm.Digest) (map[string][]byte, error) {
	rows, err := s.pool.Query(ctx, `SELECT member, body FROM order_sheet_part WHERE digest = $1`, digest[:])
	if err != nil {
		return nil, coded("reading what was signed of a sheet", err)
	}
	parts := map[string][]byte{}
	var member string
	var body []byte
	_, err = pgx.ForEachRow(rows, []any{&member, &body}, func() error {
		parts[member] = slices.Clone(body)
		return nil
	})
	return parts, coded("reading what was signed of a sheet", err)
}

// KeepPart keeps what a member's signer signed of a sheet; the last word counts.
func (s *OrderSheets) KeepPart(ctx context.Context, sheet *office.OrderSheet, member string, body []byte) error {
	return s.inTx(ctx, "keeping what was signed of a sheet", func(tx *pipe) error {
		if _, err := tx.Exec(ctx, `INSERT INTO order_sheet_part (digest, member, body, at) VALUES ($1, $2, $3, $4)
			ON CONFLICT (digest, member) DO UPDATE SET body = excluded.body, at = excluded.at`, sheet.Digest[:], member, body, s.now()); err != nil {
			return err
		}
		return tellSheet(ctx, tx, sheet.Digest, sheet.Home, sheet.Tell)
	})
}

// DropPart removes what a member's signer signed of a sheet.
func (s *OrderSheets) DropPart(ctx context.Context, sheet *office.OrderSheet, member string) error {
	return s.inTx(ctx, "removing what was signed of a sheet", func(tx *pipe) error {
		if _, err := tx.Exec(ctx, `DELETE FROM order_sheet_part WHERE digest = $1 AND member = $2`, sheet.Digest[:], member); err != nil {
			return err
		}
		return tellSheet(ctx, tx, sheet.Digest, sheet.Home, sheet.Tell)
	})
}
