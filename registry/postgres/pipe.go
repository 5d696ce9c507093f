package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// pipe is a transaction whose statements wait for the next one that has something
// to tell: a turn to the database costs more than most statements, on both sides.
// Statements run in the order in which they were given, and one that fails keeps
// all later ones, the commit among them, from running.
type pipe struct {
	conn    *pgxpool.Conn
	waiting *pgx.Batch
	done    bool // it has ended
}

func newPipe(conn *pgxpool.Conn) *pipe {
	p := &pipe{conn: conn, waiting: &pgx.Batch{}}
	p.later("begin")
	return p
}

// later gives a statement that nobody waits for: its error comes with the next one
// that is waited for, at the latest with the commit.
func (p *pipe) later(sql string, args ...any) { p.waiting.Queue(sql, args...) }

// send sends what waits, sql the last of it, and reads all results but the last.
func (p *pipe) send(ctx context.Context, sql string, args []any) (pgx.BatchResults, error) {
	p.later(sql, args...)
	before, batch := p.waiting.Len()-1, p.waiting
	p.waiting = &pgx.Batch{}
	results := p.conn.SendBatch(ctx, batch)
	for range before {
		if _, err := results.Exec(); err != nil {
			return nil, errors.Join(err, closing(results, err))
		}
	}
	return results, nil
}

// closing ends reading; the error that was read already is not told twice.
func closing(results pgx.BatchResults, known error) error {
	err := results.Close()
	if known != nil {
		return nil
	}
	return err
}

// Exec runs a statement and tells what became of it.
func (p *pipe) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	results, err := p.send(ctx, sql, args)
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	tag, err := results.Exec()
	return tag, errors.Join(err, closing(results, err))
}

// QueryRow runs a statement that gives one row.
func (p *pipe) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	results, err := p.send(ctx, sql, args)
	return pipeRow{results, err}
}

type pipeRow struct {
	results pgx.BatchResults
	err     error
}

// Scan implements pgx.Row.
func (r pipeRow) Scan(into ...any) error {
	if r.err != nil {
		return r.err
	}
	err := r.results.QueryRow().Scan(into...)
	return only(err, closing(r.results, err))
}

// only keeps an error as it is: callers compare it with pgx.ErrNoRows.
func only(err, second error) error {
	if err != nil {
		return err
	}
	return second
}

// Query runs a statement that gives rows; what waits is sent before.
func (p *pipe) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	if p.waiting.Len() > 0 {
		if _, err := p.Exec(ctx, "SELECT"); err != nil {
			return nil, err
		}
	}
	return p.conn.Query(ctx, sql, args...)
}

// last runs a statement that gives one row and ends the transaction behind it, in
// the same turn.
func (p *pipe) last(ctx context.Context, sql string, args []any, into ...any) error {
	waiting := p.waiting.Len()
	p.later(sql, args...)
	p.later("commit")
	batch := p.waiting
	p.waiting = &pgx.Batch{}
	results := p.conn.SendBatch(ctx, batch)
	for range waiting {
		if _, err := results.Exec(); err != nil {
			return errors.Join(err, closing(results, err))
		}
	}
	err := results.QueryRow().Scan(into...)
	p.done = err == nil
	return only(err, closing(results, err))
}

// commit sends what waits and ends the transaction. An error of the commit itself
// means that the outcome is unknown.
func (p *pipe) commit(ctx context.Context) error {
	if p.done {
		return nil
	}
	tag, err := p.Exec(ctx, "commit")
	if err == nil && tag.String() == "ROLLBACK" {
		err = pgx.ErrTxCommitRollback
	}
	return err
}

// rollback gives up what was sent.
func (p *pipe) rollback(ctx context.Context) error {
	conn := p.conn.Conn()
	if conn.IsClosed() || conn.PgConn().TxStatus() == 'I' {
		return nil
	}
	if _, err := conn.Exec(ctx, "rollback"); err != nil {
		return fmt.Errorf("rolling back: %w", err)
	}
	return nil
}
