package main

import (
	"context"
	"fmt"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"tongzheng/registry/postgres/cluster"
)

// meter measures requests.
type meter struct {
	world      *world
	only       string
	statements int
	names      []string
	curves     map[string]*curve
}

// request is something that somebody asks for, or that happens. i counts from 0, so
// that each can ask for another license.
type request struct {
	name string
	do   func(ctx context.Context, i int) error
	once bool // dear enough to be done once
}

// How often a request is asked: to warm caches and plans up, then as long as it
// takes for the processor time to say something.
const (
	warmUp  = 8
	atLeast = 12
	atMost  = 400
	forLong = 400 * time.Millisecond
)

func (m *meter) measure(ctx context.Context, size int) error {
	requests, err := m.world.requests(ctx)
	if err != nil {
		return err
	}
	for _, r := range requests {
		if !strings.Contains(r.name, m.only) {
			continue
		}
		p, err := m.point(ctx, r)
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		p.Licenses = size
		c := m.curves[r.name]
		if c == nil {
			c = &curve{Name: r.name}
			m.curves[r.name], m.names = c, append(m.names, r.name)
		}
		c.Points = append(c.Points, p)
	}
	return nil
}

func (m *meter) point(ctx context.Context, r request) (p point, err error) {
	warm, least := warmUp, atLeast
	if r.once {
		warm, least = 0, 3
	}
	i := 0
	for ; i < warm; i++ {
		if err := r.do(ctx, i); err != nil {
			return p, err
		}
	}
	if err := m.world.sql(ctx, "SELECT pg_stat_statements_reset()"); err != nil {
		return p, err
	}
	times, before := 0, processor()
	for times < least || times < atMost && processor()-before < forLong && !r.once {
		if err := r.do(ctx, i); err != nil {
			return p, err
		}
		i, times = i+1, times+1
	}
	p.CPU = float64((processor() - before).Microseconds()) / float64(times)
	return p, m.database(ctx, r.name, &p, float64(times))
}

// processor is the processor time of this process so far.
func processor() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// database reads what PostgreSQL counted since the last reset.
func (m *meter) database(ctx context.Context, name string, p *point, times float64) error {
	conn, err := pgx.Connect(ctx, m.world.pg.URL("postgres", cluster.Database))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, `SELECT query, calls, shared_blks_hit + shared_blks_read, rows, total_exec_time * 1000, toplevel FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
		WHERE d.datname = $1 AND query NOT LIKE '%pg_stat%' ORDER BY 3 DESC`, cluster.Database)
	if err != nil {
		return err
	}
	defer rows.Close()
	for n := 0; rows.Next(); n++ {
		var query string
		var calls, pages, answered int64
		var took float64
		var whole bool // not part of another statement, which counts it already
		if err := rows.Scan(&query, &calls, &pages, &answered, &took, &whole); err != nil {
			return err
		}
		in := ""
		if whole {
			p.Buffers, p.Rows, p.Database = p.Buffers+float64(pages)/times, p.Rows+float64(answered)/times, p.Database+took/times
		} else {
			in = "of another: "
		}
		if n < m.statements {
			fmt.Printf("  %s: "+in+"%.1f calls, %.1f pages, %.0f µs: %.300s\n", name, float64(calls)/times, float64(pages)/times, took/times, strings.Join(strings.Fields(query), " "))
		}
	}
	return rows.Err()
}
