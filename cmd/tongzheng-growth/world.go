package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/jackc/pgx/v5"

	"tongzheng/cmd/internal/app"
	"tongzheng/cmd/internal/demo"
	"tongzheng/cmd/internal/keyring"
	"tongzheng/registry"
	"tongzheng/registry/plan"
	"tongzheng/registry/postgres/cluster"
	"tongzheng/registry/sm"
)

// world is a demonstration city that is filled. No worker runs in it: what is
// filled is brought forward here, and nothing else happens while it is measured.
type world struct {
	dir    string
	pg     *cluster.Cluster
	config app.Config
	app    *app.App
	plan   *plan.Plan
	city   *demo.City

	templates []*template
	lists     map[string][]uint32 // status lists by issuer
	places    map[string]uint32   // next place by issuer, over its lists
	filled    []filled            // a sample to pick from
	stride    int                 // every so many-th license is in it
	count     int

	sheets     atomic.Int64 // order sheets
	acts       atomic.Int64
	committing sync.Mutex
}

// filled is a license that a request may ask for.
type filled struct {
	id     registry.Identifier
	intent sm.Digest
	number string
	holder registry.Holder
}

func newWorld(ctx context.Context) (w *world, err error) {
	w = &world{stride: 1, lists: map[string][]uint32{}, places: map[string]uint32{}}
	defer func() {
		if err != nil {
			w.close()
		}
	}()
	if w.dir, err = os.MkdirTemp("", "tongzheng-growth-"); err != nil {
		return nil, err
	}
	if err = os.Chmod(w.dir, 0o755); err != nil { // the server's account enters
		return nil, err
	}
	if err = w.startDatabase(ctx); err != nil {
		return nil, err
	}
	w.config = app.Config{Data: filepath.Join(w.dir, "data"), Listen: "127.0.0.1:0", DatabaseURL: w.pg.OwnerDSN(),
		PublicURL: "http://localhost:18999", DemoCity: true, PublicPerMinute: 1e9}
	if w.app, err = app.Compose(ctx, w.config); err != nil {
		return nil, err
	}
	if err = demo.Seed(ctx, w.app); err != nil {
		return nil, err
	}
	if w.city, err = demo.Read(w.config.Data); err != nil {
		return nil, err
	}
	if w.plan, err = plan.Load(demo.Plan); err != nil {
		return nil, err
	}
	return w, w.makeTemplates(ctx)
}

// startDatabase starts a PostgreSQL that counts what each statement costs.
func (w *world) startDatabase(ctx context.Context) (err error) {
	config := cluster.Config{Dir: filepath.Join(w.dir, "postgres")}
	if w.pg, err = cluster.Start(ctx, config); err != nil {
		return err
	}
	if err = w.pg.Stop(); err != nil {
		return err
	}
	file, err := os.OpenFile(filepath.Join(w.pg.Dir(), "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = file.WriteString("\nshared_preload_libraries = 'pg_stat_statements'\npg_stat_statements.track = 'all'\npg_stat_statements.save = off\n" +
		"fsync = off\nsynchronous_commit = off\nfull_page_writes = off\nshared_buffers = '512MB'\nmax_wal_size = '256MB'\nautovacuum = off\njit = off\n")
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	if w.pg, err = cluster.Start(ctx, config); err != nil {
		return err
	}
	return w.sql(ctx, "CREATE EXTENSION pg_stat_statements")
}

// sql runs statements as the superuser.
func (w *world) sql(ctx context.Context, statements ...string) error {
	conn, err := pgx.Connect(ctx, w.pg.URL("postgres", cluster.Database))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for _, statement := range statements {
		if _, err = conn.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) close() {
	if w.app != nil {
		if err := w.app.Close(); err != nil {
			fmt.Fprintln(os.Stderr, "closing:", err)
		}
	}
	if w.pg != nil {
		if err := w.pg.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, "stopping PostgreSQL:", err)
		}
		os.RemoveAll(w.pg.Dir())
	}
	if w.dir != "" {
		os.RemoveAll(w.dir)
	}
}

// keys are those of the signer in this process.
func (w *world) keys() *keyring.Keys { return w.app.Keys.(*keyring.Keys) }

// code is the credit code of one of the plan's organizations.
func (w *world) code(id string) string {
	o, ok := w.plan.Organization(id)
	if !ok {
		panic("no organization " + id)
	}
	return o.Code
}
