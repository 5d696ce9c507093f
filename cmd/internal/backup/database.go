package backup

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/jackc/pgx/v5"

	"tongzheng/cmd/internal/app"
	"tongzheng/registry/postgres/cluster"
)

// database runs do with the URL of the instance's database, as the role that
// owns it, and the finder of PostgreSQL's programs of its version.
func database(ctx context.Context, config app.Config, do func(owner string, program func(string) string) error) error {
	if config.DatabaseURL != "" {
		owner := config.OwnerURL
		if owner == "" {
			owner = config.DatabaseURL
		}
		return do(owner, func(name string) string { return name })
	}
	private, err := cluster.Start(ctx, cluster.Config{Dir: filepath.Join(config.Data, "postgres")})
	if err != nil {
		return err
	}
	defer private.Stop()
	return do(private.OwnerDSN(), private.Program)
}

// dumpDatabase writes the database into a temporary file of the data folder.
func dumpDatabase(ctx context.Context, config app.Config) (string, error) {
	file, err := os.CreateTemp(config.Data, ".dump-")
	if err != nil {
		return "", err
	}
	defer file.Close()
	err = database(ctx, config, func(owner string, program func(string) string) error {
		cmd := exec.CommandContext(ctx, program("pg_dump"), "--format=custom", "--no-owner")
		cmd.Stdout = file
		return connected(cmd, owner)
	})
	if err != nil {
		os.Remove(file.Name())
	}
	return file.Name(), err
}

// restoreDatabase fills an empty database from a dump, all or nothing.
func restoreDatabase(ctx context.Context, config app.Config, dump string) error {
	return database(ctx, config, func(owner string, program func(string) string) error {
		if err := emptyDatabase(ctx, owner); err != nil {
			return err
		}
		name, err := pgx.ParseConfig(owner)
		if err != nil {
			return err
		}
		return connected(exec.CommandContext(ctx, program("pg_restore"), "--dbname="+name.Database, "--no-owner", "--single-transaction", "--exit-on-error", dump), owner)
	})
}

func emptyDatabase(ctx context.Context, owner string) error {
	conn, err := pgx.Connect(ctx, owner)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	var tables int
	if err := conn.QueryRow(ctx, `SELECT count(*) FROM pg_tables WHERE schemaname = 'public'`).Scan(&tables); err != nil {
		return err
	}
	if tables > 0 {
		return fmt.Errorf("the database has %d tables already: nothing was restored; give an empty one, or move the folder postgres away", tables)
	}
	return nil
}

// connected runs a PostgreSQL program. Where to connect goes through the
// environment: a password has no place on a command line.
func connected(cmd *exec.Cmd, dsn string) error {
	c, err := pgx.ParseConfig(dsn)
	if err != nil {
		return err
	}
	cmd.Env = append(os.Environ(), "PGHOST="+c.Host, fmt.Sprintf("PGPORT=%d", c.Port), "PGUSER="+c.User, "PGPASSWORD="+c.Password, "PGDATABASE="+c.Database)
	if u, err := url.Parse(dsn); err == nil && u.Query().Get("sslmode") != "" {
		cmd.Env = append(cmd.Env, "PGSSLMODE="+u.Query().Get("sslmode"), "PGSSLROOTCERT="+u.Query().Get("sslrootcert"))
	}
	said := &tail{}
	cmd.Stderr = said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w: %s", filepath.Base(cmd.Path), err, said)
	}
	return nil
}

// tail keeps the end of what a program says.
type tail struct{ text []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p...)
	t.text = t.text[max(0, len(t.text)-2000):]
	return len(p), nil
}

func (t *tail) String() string { return string(t.text) }
