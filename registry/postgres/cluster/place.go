package cluster

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// maxSocketPath is what fits sockaddr_un.sun_path with its final zero.
const maxSocketPath = 107

// fallbackRoot keeps data that the server's account cannot reach where it was
// asked for, such as below /root.
const fallbackRoot = "/var/lib/tongzheng"

// account is who runs the server: nil credential for ourselves.
type account struct {
	credential *syscall.Credential
}

// serverAccount is ourselves, or the user postgres when we are root, because
// the server refuses root.
func serverAccount() (*account, error) {
	if os.Geteuid() != 0 {
		return &account{}, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("root may not run a database server and there is no user postgres: install the package postgresql (%w)", err)
	}
	uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
	gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
	if err := errors.Join(err1, err2); err != nil {
		return nil, fmt.Errorf("user postgres: %w", err)
	}
	return &account{&syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, nil
}

// apply makes cmd run as the account, in dir, in a process group of its own:
// Ctrl-C in a terminal reaches us first, so that the server stops last.
func (a *account) apply(cmd *exec.Cmd, dir string) {
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: a.credential}
}

// makeDir creates a folder that only the account can enter.
func (a *account) makeDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return err
	}
	if a.credential == nil {
		return nil
	}
	return os.Chown(dir, int(a.credential.Uid), int(a.credential.Gid))
}

// reaches tells whether the account can enter dir, parents included: it tries.
func (a *account) reaches(dir string) bool {
	cmd := exec.Command("/bin/true")
	a.apply(cmd, dir)
	return cmd.Run() == nil
}

// place settles the data folder, makes it and takes its lock.
func (c *Cluster) place() error {
	if c.config.Dir == "" && !c.config.Throwaway {
		return errors.New("name a data folder")
	}
	if c.config.Dir == "" {
		return c.placeTemporary()
	}
	dir, err := filepath.Abs(c.config.Dir)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	if !c.account.reaches(filepath.Dir(dir)) {
		if c.config.Throwaway {
			return c.placeTemporary() // nothing that a later start would look for
		}
		sum := sha256.Sum256([]byte(dir))
		moved := filepath.Join(fallbackRoot, hex.EncodeToString(sum[:6]))
		c.config.Logf("user postgres cannot enter %s: the database is kept in %s", filepath.Dir(dir), moved)
		if err := os.MkdirAll(fallbackRoot, 0o755); err != nil {
			return fmt.Errorf("user postgres cannot enter %s, and: %w", filepath.Dir(dir), err)
		}
		if err := os.WriteFile(dir+".location", []byte(moved+"\n"), 0o644); err != nil {
			return err
		}
		dir = moved
	}
	if err := c.takeLock(dir + ".lock"); err != nil {
		return err
	}
	c.dir = dir
	if exists(filepath.Join(dir, "PG_VERSION")) {
		return nil
	}
	return c.account.makeDir(dir)
}

// placeTemporary makes a folder of a throw-away cluster.
func (c *Cluster) placeTemporary() error {
	for _, root := range []string{os.TempDir(), "/tmp"} {
		dir, err := os.MkdirTemp(root, "tongzheng-pg-")
		if err != nil {
			continue
		}
		c.dir = dir
		if err := c.account.makeDir(dir); err == nil && c.account.reaches(dir) {
			return nil
		}
		os.RemoveAll(dir)
		c.dir = ""
	}
	return fmt.Errorf("no temporary folder that the server's account can enter: %s", os.TempDir())
}

// takeLock makes us the only process that runs this cluster.
func (c *Cluster) takeLock(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return fmt.Errorf("another process is running the database in %s", strings.TrimSuffix(path, ".lock"))
	}
	c.lock = f
	return nil
}

// placeSocket puts the socket into the data folder, or into a short temporary
// one when the path would be too long.
func (c *Cluster) placeSocket() error {
	c.port = 5432
	if c.config.Loopback {
		port, err := freePort()
		if err != nil {
			return err
		}
		c.port = port
	}
	name := ".s.PGSQL." + strconv.Itoa(c.port) + ".lock"
	if len(filepath.Join(c.dir, name)) <= maxSocketPath {
		c.socket = c.dir
		return nil
	}
	dir, err := os.MkdirTemp("/tmp", "tongzheng-")
	if err != nil {
		return fmt.Errorf("short folder for the socket: %w", err)
	}
	c.socket = dir
	return c.account.makeDir(dir)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
