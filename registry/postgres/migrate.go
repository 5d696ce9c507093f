package postgres

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib" // driver for goose
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// Migrate brings the database to the newest schema and gives appRole (empty:
// none) the rights that the store needs, no more: it cannot change tables, and
// can only add to the audit trail. Two processes may migrate at once.
func Migrate(ctx context.Context, ownerURL, appRole string) error {
	return withMigrations(ownerURL, func(db *sql.DB, p *goose.Provider) error {
		if _, err := p.Up(ctx); err != nil {
			return err
		}
		if appRole == "" {
			return nil
		}
		return grant(ctx, db, appRole)
	})
}

// MigrateDown takes back every migration after one, and with 0 all data: for
// tests.
func MigrateDown(ctx context.Context, ownerURL string, to int64) error {
	return withMigrations(ownerURL, func(_ *sql.DB, p *goose.Provider) error {
		_, err := p.DownTo(ctx, to)
		return err
	})
}

func withMigrations(url string, fn func(*sql.DB, *goose.Provider) error) (err error) {
	db, err := sql.Open("pgx", url)
	if err != nil {
		return fmt.Errorf("migrating the database: %w", err)
	}
	defer func() {
		if err = errors.Join(err, db.Close()); err != nil {
			err = coded("migrating the database", err)
		}
	}()
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		return err
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300)) // ask every second, for five minutes
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithSessionLocker(locker), goose.WithGoMigrations(foldMigration(), usesMigration(), partiesMigration(), governedMigration(), caseNumbersMigration()))
	if err != nil {
		return err
	}
	return fn(db, p)
}

// grant gives the application role its rights, again after every migration.
// RoleBeside is the role of a database URL, where it is another than the owner's: what
// Migrate gives rights to.
func RoleBeside(url, owner string) (string, error) {
	is, err := pgx.ParseConfig(url)
	if err != nil {
		return "", fmt.Errorf("database URL: %w", err)
	}
	other, err := pgx.ParseConfig(owner)
	if err != nil {
		return "", fmt.Errorf("owner's database URL: %w", err)
	}
	if is.User == other.User {
		return "", nil
	}
	return is.User, nil
}

func grant(ctx context.Context, db *sql.DB, role string) error {
	name := pgx.Identifier{role}.Sanitize()
	for _, statement := range []string{
		"GRANT USAGE ON SCHEMA public TO " + name,
		"GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO " + name,
		"GRANT DELETE ON version, printing, session, credential, license_party, license_waits, copy_aside, feed_item, feed_aside, case_held, case_wait, order_sheet_part TO " + name,
		"REVOKE UPDATE ON audit, case_step FROM " + name,
		"REVOKE INSERT, UPDATE ON goose_db_version FROM " + name,
	} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("rights of role %s: %w", role, err)
		}
	}
	return nil
}
