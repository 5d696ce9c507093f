package postgres

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/jackc/pgx/v5"

	"tongzheng/registry"
	"tongzheng/registry/office"
)

// serialWidth is how many digits of a serial follow the instance's prefix at
// least: with two characters of prefix the seven that GB/T 36904 asks for.
const serialWidth = 5

// Allot assigns serial, number sequence and status list indexes in a short
// transaction of its own: what is not used afterwards stays a gap. The indexes
// of one act follow each other within one list; a list without room for them
// is left for the next of the instance, CodeListRange when none has room.
func (s *Store) Allot(ctx context.Context, ask office.AllotRequest) (registry.Allotment, error) {
	var a registry.Allotment
	if ask.Printings < 0 || ask.Printings > registry.StatusListSize {
		return a, registry.Errorf(registry.CodeListRange, "printings", "%d printings in one act", ask.Printings)
	}
	const doing = "allotting serial and indexes"
	err := s.inTx(ctx, doing, func(tx *pipe) error { return allotAtOnce(ctx, tx, ask, &a) })
	if !errors.Is(err, errUsedUp) {
		return a, err
	}
	err = s.inTx(ctx, doing, func(tx *pipe) error {
		a = registry.Allotment{}
		// Counters are taken in one order by everybody: no deadlock.
		if err := allotIndexes(ctx, tx, ask, &a); err != nil {
			return err
		}
		if ask.Type != "" {
			if err := allotNumber(ctx, tx, ask, &a); err != nil {
				return err
			}
		}
		if !ask.Serial {
			return nil
		}
		var used int64
		err := tx.QueryRow(ctx, `INSERT INTO serial_counter AS c (issuer, prefix, used) VALUES ($1, $2, 1)
			ON CONFLICT (issuer, prefix) DO UPDATE SET used = c.used + 1 RETURNING used`,
			ask.Instance.Issuer, ask.Instance.Prefix).Scan(&used)
		a.Serial = serialText(ask.Instance.Prefix, used)
		return err
	})
	return a, err
}

func serialText(prefix string, used int64) string {
	return fmt.Sprintf("%s%0*d", prefix, serialWidth, used)
}

// errUsedUp: the first block or the first list has no room.
var errUsedUp = errors.New("the first block or list is used up")

// allotAtOnce takes all that is asked for in one turn, from the first block and the
// first list, in the order of all others: each counter after the one before it had
// room. What it got besides errUsedUp stays a gap, never a serial.
// The commit does not wait for the disk: what uses the numbers commits after it,
// and is durable only with it.
func allotAtOnce(ctx context.Context, tx *pipe, ask office.AllotRequest, a *registry.Allotment) error {
	scope, first, most := ask.Scope, int64(1+ask.Skip), int64(math.MaxInt64)
	if len(ask.Blocks) > 0 {
		b := ask.Blocks[0]
		scope, first, most = blockScope(ask, b), int64(b.From)+int64(ask.Skip), int64(b.To)
	}
	list := int64(-1)
	if len(ask.Instance.Lists) > 0 {
		list = int64(ask.Instance.Lists[0])
	}
	tx.later("SET LOCAL synchronous_commit = off")
	var serial, number, next *int64
	err := tx.last(ctx, `WITH
		l AS (INSERT INTO list_counter AS c (list, next) SELECT $9::bigint, $10::integer WHERE $9::bigint >= 0 AND $10::integer > 0
			ON CONFLICT (list) DO UPDATE SET next = c.next + $10 WHERE c.next + $10 <= $11 RETURNING next),
		n AS (INSERT INTO number_counter AS c (type, scope, used) SELECT $4, $5, $6::bigint
			WHERE $4 <> '' AND $6::bigint <= $8::bigint AND ($10::integer = 0 OR EXISTS (SELECT FROM l))
			ON CONFLICT (type, scope) DO UPDATE SET used = c.used + $7 WHERE c.used <= $8::bigint - $7 RETURNING used),
		s AS (INSERT INTO serial_counter AS c (issuer, prefix, used) SELECT $1, $2, 1
			WHERE $3 AND ($10::integer = 0 OR EXISTS (SELECT FROM l)) AND ($4 = '' OR EXISTS (SELECT FROM n))
			ON CONFLICT (issuer, prefix) DO UPDATE SET used = c.used + 1 RETURNING used)
		SELECT (SELECT used FROM s), (SELECT used FROM n), (SELECT next FROM l)`,
		[]any{ask.Instance.Issuer, ask.Instance.Prefix, ask.Serial, ask.Type, scope, first, int64(1 + ask.Skip), most,
			list, ask.Printings, registry.StatusListSize}, &serial, &number, &next)
	if err != nil {
		return err
	}
	if serial != nil {
		a.Serial = serialText(ask.Instance.Prefix, *serial)
	}
	if number != nil {
		a.Sequence = int(*number)
	}
	if next != nil {
		a.List, a.Index = uint32(list), uint32(*next)-uint32(ask.Printings)
	}
	if (ask.Type != "") != (number != nil) || (ask.Printings > 0) != (next != nil) {
		return errUsedUp
	}
	return nil
}

func blockScope(ask office.AllotRequest, b registry.NumberBlock) string {
	return fmt.Sprintf("%s.%s.%d.%s", ask.Instance.Issuer, ask.Instance.Prefix, b.From, ask.Scope)
}

// allotNumber draws the next sequence of a type: from the instance's blocks, the
// lower first, where it has any.
func allotNumber(ctx context.Context, tx *pipe, ask office.AllotRequest, a *registry.Allotment) error {
	if len(ask.Blocks) == 0 {
		return tx.QueryRow(ctx, `INSERT INTO number_counter AS c (type, scope, used) VALUES ($1, $2, $3)
			ON CONFLICT (type, scope) DO UPDATE SET used = c.used + $3 RETURNING used`, ask.Type, ask.Scope, 1+ask.Skip).Scan(&a.Sequence)
	}
	for _, b := range ask.Blocks {
		scope := blockScope(ask, b)
		err := tx.QueryRow(ctx, `INSERT INTO number_counter AS c (type, scope, used) SELECT $1, $2, $3::bigint WHERE $3::bigint <= $5
			ON CONFLICT (type, scope) DO UPDATE SET used = c.used + $4 WHERE c.used + $4 <= $5 RETURNING used`,
			ask.Type, scope, int64(b.From)+int64(ask.Skip), int64(1+ask.Skip), int64(b.To)).Scan(&a.Sequence)
		if err != pgx.ErrNoRows {
			return err
		}
	}
	return registry.Errorf(registry.CodeNumberRange, "number", "the number blocks of %s.%s are used up: the city gives it another", ask.Instance.Issuer, ask.Instance.Prefix)
}

func allotIndexes(ctx context.Context, tx *pipe, ask office.AllotRequest, a *registry.Allotment) error {
	if ask.Printings == 0 {
		return nil
	}
	for _, list := range ask.Instance.Lists {
		var next int
		err := tx.QueryRow(ctx, `INSERT INTO list_counter AS c (list, next) VALUES ($1, $2)
			ON CONFLICT (list) DO UPDATE SET next = c.next + $2 WHERE c.next + $2 <= $3 RETURNING next`,
			int64(list), ask.Printings, registry.StatusListSize).Scan(&next)
		if err == pgx.ErrNoRows {
			continue // no room in this one
		}
		if err != nil {
			return err
		}
		a.List, a.Index = list, uint32(next-ask.Printings)
		return nil
	}
	return registry.Errorf(registry.CodeListRange, "printings", "the status lists of %s.%s are full: the ledger must assign another",
		ask.Instance.Issuer, ask.Instance.Prefix)
}

// RaiseCounters moves counters beyond what the ledger has seen, after a
// restore from a backup: nothing assigned once is assigned again. Counters
// never go back.
func (s *Store) RaiseCounters(ctx context.Context, issuer, prefix string, serial int64, indexes map[uint32]uint32) error {
	return s.inTx(ctx, "raising counters", func(tx *pipe) error {
		if _, err := tx.Exec(ctx, `INSERT INTO serial_counter AS c (issuer, prefix, used) VALUES ($1, $2, $3)
			ON CONFLICT (issuer, prefix) DO UPDATE SET used = greatest(c.used, excluded.used)`, issuer, prefix, serial); err != nil {
			return err
		}
		for list, last := range indexes {
			tx.later(`INSERT INTO list_counter AS c (list, next) VALUES ($1, $2)
				ON CONFLICT (list) DO UPDATE SET next = greatest(c.next, excluded.next)`, int64(list), int64(last)+1)
		}
		return nil
	})
}
