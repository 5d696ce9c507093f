package cluster

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// setUp waits until the server answers and makes sure of roles and database.
func (c *Cluster) setUp(ctx context.Context) error {
	conn, err := c.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	for _, role := range []string{Owner, AppRole} {
		var known bool
		if err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)`, role).Scan(&known); err != nil {
			return fmt.Errorf("looking for role %s: %w", role, err)
		}
		if !known {
			if _, err := conn.Exec(ctx, "CREATE ROLE "+pgx.Identifier{role}.Sanitize()+" LOGIN"); err != nil {
				return fmt.Errorf("creating role %s: %w", role, err)
			}
		}
	}
	var known bool
	if err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`, Database).Scan(&known); err != nil {
		return fmt.Errorf("looking for the database: %w", err)
	}
	if !known {
		if _, err := conn.Exec(ctx, "CREATE DATABASE "+Database+" OWNER "+Owner); err != nil {
			return fmt.Errorf("creating the database: %w", err)
		}
	}
	if c.config.Loopback {
		return c.setPassword(ctx, conn)
	}
	return nil
}

// connect tries until the server accepts connections or has ended.
func (c *Cluster) connect(ctx context.Context) (*pgx.Conn, error) {
	for {
		conn, err := pgx.Connect(ctx, c.URL(admin, "postgres"))
		if err == nil {
			return conn, nil
		}
		select {
		case <-c.server.done:
			return nil, c.server.failure()
		case <-ctx.Done():
			return nil, errors.Join(errors.New("the database server does not answer"), err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// setPassword gives the application role its password for loopback, kept
// beside the data, readable by the owner only.
func (c *Cluster) setPassword(ctx context.Context, conn *pgx.Conn) error {
	path := filepath.Join(c.dir, "loopback.password")
	raw, err := os.ReadFile(path)
	if err != nil {
		random := make([]byte, 24)
		if _, err := rand.Read(random); err != nil {
			return err
		}
		raw = []byte(hex.EncodeToString(random))
		if err := c.write("loopback.password", string(raw)); err != nil {
			return err
		}
	}
	c.password = strings.TrimSpace(string(raw))
	// The value is hexadecimal: ALTER ROLE takes no parameters.
	if _, err := conn.Exec(ctx, "ALTER ROLE "+AppRole+" PASSWORD '"+c.password+"'"); err != nil {
		return fmt.Errorf("setting the loopback password: %w", err)
	}
	return nil
}
