// Package cluster runs a private PostgreSQL server for one process: `make run`,
// the demo and the tests need no database set up by hand. It creates, starts
// and stops; it knows nothing of tables. A production database is somebody
// else's server, named by TONGZHENG_DATABASE_URL.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// Roles and database of a cluster. The owner migrates; the application role
// reads and writes rows and can neither create nor change tables.
const (
	Database = "tongzheng"
	Owner    = "tongzheng"
	AppRole  = "tongzheng_app"
	admin    = "postgres" // superuser, for setting up only
)

// Config says where and how a cluster runs.
type Config struct {
	Dir       string                           // data folder; created when absent. Throwaway: a fresh temporary folder when empty
	Throwaway bool                             // tests and demos: no fsync, small memory, the folder is removed by Stop
	Loopback  bool                             // also listen on 127.0.0.1 (SCRAM password), for tools that cannot use a socket
	Logf      func(format string, args ...any) // says where things are when they are not where they were asked for; may be nil
}

// Cluster is a running server. It ends with Stop, or with this process.
type Cluster struct {
	config   Config
	bin      string // folder of the server's programs
	dir      string // data folder
	socket   string // folder of the socket
	port     int    // part of the socket's name; loopback port when listening
	password string // of loopback connections
	account  *account
	lock     *os.File
	server   *process
	stopOnce sync.Once
	stopErr  error
}

// startTimeout covers crash recovery of a small database on a busy machine.
const startTimeout = 60 * time.Second

// Start runs the cluster in config.Dir, creating it the first time. A second
// start finds the data again, also after a crash; a cluster that another
// process is running is refused.
func Start(ctx context.Context, config Config) (*Cluster, error) {
	c := &Cluster{config: config}
	if config.Logf == nil {
		c.config.Logf = func(string, ...any) {}
	}
	if err := c.start(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("private PostgreSQL: %w", err), c.Stop())
	}
	return c, nil
}

func (c *Cluster) start(ctx context.Context) (err error) {
	// 1. Who runs it: PostgreSQL refuses root.
	if c.account, err = serverAccount(); err != nil {
		return err
	}
	// 2. A data folder that this account can reach, held by us alone.
	if err = c.place(); err != nil {
		return err
	}
	if c.bin, err = findServer(c.dir); err != nil {
		return err
	}
	// 3. What a crash left behind.
	if err = c.clearStale(ctx); err != nil {
		return err
	}
	if err = c.placeSocket(); err != nil {
		return err
	}
	// 4. The first time: initdb into a neighbor folder, renamed when complete.
	if !exists(filepath.Join(c.dir, "PG_VERSION")) {
		if err = c.initialize(ctx); err != nil {
			return err
		}
	}
	if err = c.configure(); err != nil {
		return err
	}
	// 5. Run, and set up roles and database, which may be there already.
	if c.server, err = c.launch(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	return c.setUp(ctx)
}

// DSN is the connection URL of the application role.
func (c *Cluster) DSN() string { return c.URL(AppRole, Database) }

// OwnerDSN is the connection URL of the role that migrates.
func (c *Cluster) OwnerDSN() string { return c.URL(Owner, Database) }

// URL names a role and a database over the socket.
func (c *Cluster) URL(role, database string) string {
	q := url.Values{"host": {c.socket}, "port": {strconv.Itoa(c.port)}, "user": {role}, "sslmode": {"disable"}}
	return "postgres:///" + url.PathEscape(database) + "?" + q.Encode()
}

// LoopbackURL is the application role's URL over TCP; empty unless asked for.
func (c *Cluster) LoopbackURL() string {
	if !c.config.Loopback {
		return ""
	}
	u := url.URL{Scheme: "postgres", User: url.UserPassword(AppRole, c.password), Host: "127.0.0.1:" + strconv.Itoa(c.port), Path: Database,
		RawQuery: "sslmode=disable"}
	return u.String()
}

// Dir is where the data is: Config.Dir, unless the server's account cannot
// reach that.
func (c *Cluster) Dir() string { return c.dir }

// PID is the server's process id.
func (c *Cluster) PID() int { return c.server.pid() }

// Program is the path of a PostgreSQL program of this cluster's version, such
// as pg_dump.
func (c *Cluster) Program(name string) string { return filepath.Join(c.bin, name) }

// Stop ends the server, waiting for its last write, and removes the data of a
// throw-away cluster. It may be called more than once.
func (c *Cluster) Stop() error {
	c.stopOnce.Do(func() {
		if c.server != nil {
			c.stopErr = c.server.stop()
		}
		if c.config.Throwaway && c.dir != "" {
			c.stopErr = errors.Join(c.stopErr, os.RemoveAll(c.dir))
			if c.lock != nil {
				c.stopErr = errors.Join(c.stopErr, os.Remove(c.lock.Name()))
			}
		}
		if c.socket != "" && c.socket != c.dir {
			c.stopErr = errors.Join(c.stopErr, os.RemoveAll(c.socket))
		}
		if c.lock != nil {
			c.stopErr = errors.Join(c.stopErr, c.lock.Close())
		}
	})
	return c.stopErr
}

// initialize creates the cluster. A crash in the middle leaves no half of one.
func (c *Cluster) initialize(ctx context.Context) error {
	making := c.dir + ".making"
	if err := os.RemoveAll(making); err != nil {
		return err
	}
	args := []string{"--pgdata", making, "--username", admin, "--encoding=UTF8", "--locale=C", "--auth-local=trust", "--auth-host=scram-sha-256"}
	if c.config.Throwaway {
		args = append(args, "--no-sync")
	}
	if err := c.account.makeDir(making); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, c.Program("initdb"), args...)
	c.account.apply(cmd, filepath.Dir(making))
	// It ends with us: see launch for why the thread is kept.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // initdb and what it started
	if out, err := cmd.CombinedOutput(); err != nil {
		return errors.Join(fmt.Errorf("creating the database cluster: %w: %s", err, out), os.RemoveAll(making))
	}
	// A folder that exists already is empty (place made it): put the new one there.
	if err := os.Remove(c.dir); err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("data folder %s is neither empty nor a database cluster: %w", c.dir, err)
	}
	return os.Rename(making, c.dir)
}
