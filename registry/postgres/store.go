// Package postgres is the registry's store: documents, proceedings, counters,
// accounts and the audit trail, on PostgreSQL 15 or later. It implements
// the office's store ports, and keeps accounts for the surfaces.
//
// It is trusted for availability and search and for nothing that a verdict
// rests on: a scan recomputes everything from the ledger. So it looks for no
// forgery in its own rows, and keeps whatever that computation needs.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"tongzheng/registry/office"
)

// Config says which database and how.
type Config struct {
	URL      string           // of a role that may read and write rows
	Clock    func() time.Time // the same as the office's; time.Now when nil
	MaxConns int              // 20 when 0
	Password PasswordCost     // of argon2id; DefaultPasswordCost when zero
}

// Store implements the office's ports for acts, licenses, catalog and trail.
// What is kept for others stands in rooms of its own, on the same connections.
type Store struct {
	*db
	kinds    kinds
	seals    sealFiles
	looking  looking      // where work is looked for
	Cases    *Cases       // case files
	Sheets   *OrderSheets // order sheets
	Reviews  *Reviews     // review files
	Overdue  *Overdue     // proposals that nobody approves
	Exchange *Exchange    // copies of other members' licenses, and what was given to them
	Feeds    *Feeds       // what other members may ask for, and what they have for us
	Accounts *Accounts    // accounts, sessions, passkeys, API keys
}

var (
	_ office.ActStore        = (*Store)(nil)
	_ office.AnchorQueue     = (*Store)(nil)
	_ office.LicenseStore    = (*Store)(nil)
	_ office.Catalog         = (*Store)(nil)
	_ office.Trail           = (*Store)(nil)
	_ office.CaseStore       = (*Cases)(nil)
	_ office.OrderSheetStore = (*OrderSheets)(nil)
	_ office.ReviewStore     = (*Reviews)(nil)
	_ office.OverdueStore    = (*Overdue)(nil)
)

// Cases implements office.CaseStore.
type Cases struct{ *db }

// OrderSheets implements office.OrderSheetStore.
type OrderSheets struct{ *db }

// Reviews implements office.ReviewStore.
type Reviews struct{ *db }

// Overdue implements office.OverdueStore.
type Overdue struct{ *db }

// Accounts keeps who may sign in and how, for the surfaces.
type Accounts struct {
	*db
	passwords *passwords
}

// db is what all rooms of the store share: connections and clock.
type db struct {
	pool  *pgxpool.Pool
	clock func() time.Time
}

// Open connects to a migrated database. An unreachable one is an error
// (CodeUnavailable).
func Open(ctx context.Context, config Config) (*Store, error) {
	pc, err := pgxpool.ParseConfig(config.URL)
	if err != nil {
		return nil, fmt.Errorf("database URL: %w", err)
	}
	pc.MaxConns = 20
	if config.MaxConns > 0 {
		pc.MaxConns = int32(config.MaxConns)
	}
	pc.ConnConfig.RuntimeParams["application_name"] = "tongzheng"
	pool, err := pgxpool.NewWithConfig(ctx, pc)
	if err != nil {
		return nil, coded("opening the database", err)
	}
	d := &db{pool: pool, clock: config.Clock}
	if d.clock == nil {
		d.clock = time.Now
	}
	s := &Store{db: d, Cases: &Cases{d}, Sheets: &OrderSheets{d}, Reviews: &Reviews{d}, Overdue: &Overdue{d}, Accounts: &Accounts{d, newPasswords(config.Password)}}
	s.Exchange = &Exchange{d, s}
	s.Feeds = &Feeds{d}
	if err := s.Ping(ctx); err != nil {
		pool.Close()
		return nil, err
	}
	return s, nil
}

// Close ends all connections, waiting for what is running.
func (s *Store) Close() { s.pool.Close() }

// Ping tells whether the database answers: for readiness checks.
func (s *Store) Ping(ctx context.Context) error {
	return coded("asking the database", s.pool.Ping(ctx))
}

// now is the store's instant, as precise as PostgreSQL keeps it.
func (s *db) now() time.Time { return s.clock().UTC().Truncate(time.Microsecond) }

// inTx runs fn in one transaction: all of it or nothing. Errors come back
// coded, described by doing. An error of the commit itself means that the
// outcome is unknown: the same idempotency key or intent tells.
func (s *db) inTx(ctx context.Context, doing string, fn func(tx *pipe) error) error {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return coded(doing, err)
	}
	defer conn.Release()
	tx := newPipe(conn)
	if err = fn(tx); err == nil {
		if err = tx.commit(ctx); err == nil {
			return nil
		}
	}
	// The rollback must not be cut short by the caller's deadline.
	return coded(doing, errors.Join(err, tx.rollback(context.WithoutCancel(ctx))))
}

// querier is a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}
