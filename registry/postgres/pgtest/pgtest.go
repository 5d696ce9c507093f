// Package pgtest gives every test a migrated PostgreSQL database of its own.
// The tests of one process share a throw-away server, which ends with the
// process, however it ends. SQL is never mocked.
package pgtest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"tongzheng/registry/postgres"
	"tongzheng/registry/postgres/cluster"
)

const template = "migrated"

// FastPasswords is too cheap for anything but tests.
var FastPasswords = postgres.PasswordCost{Memory: 8, Passes: 1, Threads: 1}

var shared struct {
	once    sync.Once
	cluster *cluster.Cluster
	err     error
	create  sync.Mutex // one copy of the template at a time
	alive   io.Closer  // the janitor's sign of life: never closed, never collected
}

// Database is one test's database.
type Database struct {
	URL      string // of the application role: what a Store opens
	OwnerURL string // may change tables: constraints, insider attacks
	name     string
}

// New makes a migrated, empty database that is dropped when the test ends. It
// skips nothing: without PostgreSQL the test fails and names the package.
func New(t testing.TB) Database {
	t.Helper()
	return lent(t, template)
}

// Copy makes a database with everything that another one has, to which nobody
// may be connected meanwhile. It is dropped when the test ends.
func Copy(t testing.TB, of Database) Database {
	t.Helper()
	return lent(t, of.name)
}

// Kept makes a migrated, empty database that lives as long as the process: for
// what several tests share or copy.
func Kept() (Database, error) {
	shared.once.Do(start)
	if shared.err != nil {
		return Database{}, shared.err
	}
	return create(template)
}

// Kept makes a database with everything that this one has, to which nobody may
// be connected meanwhile. It lives as long as the process.
func (d Database) Kept() (Database, error) { return create(d.name) }

func lent(t testing.TB, from string) Database {
	t.Helper()
	shared.once.Do(start)
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	db, err := create(from)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := admin("DROP DATABASE " + db.name + " WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	return db
}

func create(from string) (Database, error) {
	name := "t" + random()
	if err := admin("CREATE DATABASE " + name + " OWNER " + cluster.Owner + " TEMPLATE " + from); err != nil {
		return Database{}, err
	}
	return Database{URL: shared.cluster.URL(cluster.AppRole, name), OwnerURL: shared.cluster.URL(cluster.Owner, name), name: name}, nil
}

// Store opens a store on a new database; clock may be nil.
func Store(t testing.TB, clock func() time.Time) *postgres.Store {
	t.Helper()
	return Open(t, New(t), clock)
}

// Open opens a store on a database; it is closed when the test ends.
func Open(t testing.TB, db Database, clock func() time.Time) *postgres.Store {
	t.Helper()
	s, err := postgres.Open(context.Background(), postgres.Config{URL: db.URL, Clock: clock, MaxConns: 10, Password: FastPasswords})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// start runs the server and makes the database that the others are copies of.
func start() {
	ctx := context.Background()
	c, err := cluster.Start(ctx, cluster.Config{Throwaway: true})
	if err != nil {
		shared.err = err
		return
	}
	shared.cluster = c
	if shared.err = janitor(c); shared.err != nil {
		return
	}
	if shared.err = admin("CREATE DATABASE " + template + " OWNER " + cluster.Owner); shared.err != nil {
		return
	}
	shared.err = postgres.Migrate(ctx, c.URL(cluster.Owner, template), cluster.AppRole)
}

// janitor removes the data once this process is gone: no test hook runs when a
// test panics or is killed. It waits on a pipe that the kernel closes for us,
// then for the server, whose end the kernel sees to as well.
func janitor(c *cluster.Cluster) error {
	cmd := exec.Command("/bin/sh", "-c",
		`cat >/dev/null; n=0; while [ -e "$1/postmaster.pid" ] && [ $n -lt 100 ]; do sleep 0.1; n=$((n+1)); done; rm -rf -- "$1"`,
		"janitor", c.Dir())
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var err error
	if shared.alive, err = cmd.StdinPipe(); err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("test database janitor: %w", err)
	}
	return nil
}

// admin runs one statement as superuser. Copies of the template are made one
// at a time: PostgreSQL refuses a template that is in use.
func admin(statement string) error {
	shared.create.Lock()
	defer shared.create.Unlock()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, shared.cluster.URL("postgres", "postgres"))
	if err != nil {
		return fmt.Errorf("test database: %w", err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, statement); err != nil {
		return fmt.Errorf("test database: %s: %w", statement, err)
	}
	return nil
}

func random() string {
	raw := make([]byte, 8)
	if _, err := rand.Read(raw); err != nil {
		panic(err)
	}
	return hex.EncodeToString(raw)
}
