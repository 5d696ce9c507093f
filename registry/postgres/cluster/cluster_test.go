package cluster_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"tongzheng/registry/postgres/cluster"
)

// TestMain is also the program that the tests kill: it runs a cluster in the
// folder given and says that it is ready.
func TestMain(m *testing.M) {
	if dir := os.Getenv("CLUSTER_TEST_CHILD"); dir != "" {
		c, err := cluster.Start(context.Background(), cluster.Config{Dir: dir})
		if err != nil {
			fmt.Println("failed", err)
			os.Exit(1)
		}
		fmt.Println("ready", c.PID())
		select {}
	}
	os.Exit(m.Run())
}

// folder is a data folder below /tmp that every account can reach.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "tongzheng-test-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "pg")
}

func start(t *testing.T, config cluster.Config) *cluster.Cluster {
	t.Helper()
	if config.Logf == nil {
		config.Logf = t.Logf
	}
	c, err := cluster.Start(context.Background(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func query(t *testing.T, url, sql string) string {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	var out string
	if err := conn.QueryRow(context.Background(), sql).Scan(&out); err != nil && !errors.Is(err, pgx.ErrNoRows) {
		t.Fatal(err)
	}
	return out
}

// TestSecondStartFindsTheData: stop and start keep everything, durably, and a
// running cluster is nobody else's.
func TestSecondStartFindsTheData(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	c := start(t, cluster.Config{Dir: dir, Loopback: true})
	query(t, c.OwnerDSN(), "CREATE TABLE kept (a text)")
	query(t, c.OwnerDSN(), "INSERT INTO kept VALUES ('here')")
	for setting, want := range map[string]string{"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"} {
		if got := query(t, c.DSN(), "SELECT current_setting('"+setting+"')"); got != want {
			t.Errorf("%s is %s", setting, got)
		}
	}
	if who := query(t, c.LoopbackURL(), "SELECT current_user::text"); who != cluster.AppRole {
		t.Errorf("loopback user %s", who)
	}
	if _, err := pgx.Connect(context.Background(), strings.Replace(c.LoopbackURL(), ":", ":x", 2)); err == nil {
		t.Error("loopback without the password")
	}
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("data folder: %v %v", info, err)
	}
	if _, err := cluster.Start(context.Background(), cluster.Config{Dir: dir}); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("second start beside the first: %v", err)
	}
	if err := c.Stop(); err != nil {
		t.Fatal(err)
	}
	if alive(c.PID()) {
		t.Error("server still running")
	}
	again := start(t, cluster.Config{Dir: dir})
	if got := query(t, again.OwnerDSN(), "SELECT a FROM kept"); got != "here" {
		t.Errorf("kept: %q", got)
	}
}

// TestKilled: the process that runs the cluster dies by SIGKILL; its server
// ends too and the next start has what was committed.
func TestKilled(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	cmd, pid := child(t, dir)
	if !alive(pid) {
		t.Fatal("no server")
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	c := start(t, cluster.Config{Dir: dir}) // at once, while the old server may still be ending
	if alive(pid) {
		t.Error("the old server still runs")
	}
	query(t, c.OwnerDSN(), "CREATE TABLE kept (a text)")
	query(t, c.OwnerDSN(), "INSERT INTO kept VALUES ('committed')")
	// The server itself is killed, with all its processes, as by a power cut.
	for _, p := range append(children(t, c.PID()), c.PID()) {
		syscall.Kill(p, syscall.SIGKILL)
	}
	if err := c.Stop(); err != nil {
		t.Fatal(err)
	}
	pidFile := filepath.Join(dir, "postmaster.pid")
	if _, err := os.Stat(pidFile); err != nil {
		t.Fatal("no stale postmaster.pid to recover from")
	}
	// Its number belongs to another program now.
	raw, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(raw), "\n")
	if err := os.WriteFile(pidFile, []byte(strconv.Itoa(os.Getppid())+"\n"+rest), 0o600); err != nil {
		t.Fatal(err)
	}
	again := start(t, cluster.Config{Dir: dir})
	if got := query(t, again.OwnerDSN(), "SELECT a FROM kept"); got != "committed" {
		t.Errorf("after the crash: %q", got)
	}
}

// child runs this program as the owner of a cluster.
func child(t *testing.T, dir string) (*exec.Cmd, int) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "CLUSTER_TEST_CHILD="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() })
	line, err := bufio.NewReader(out).ReadString('\n')
	var pid int
	if _, scan := fmt.Sscanf(line, "ready %d", &pid); scan != nil {
		t.Fatalf("child: %q %v", line, err)
	}
	return cmd, pid
}

// alive tells whether a process runs; one that ended and waits for its parent
// to notice does not.
func alive(pid int) bool {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, state, ok := strings.Cut(string(raw), ") ")
	return err == nil && ok && !strings.HasPrefix(state, "Z")
}

func children(t *testing.T, pid int) (list []int) {
	t.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range strings.Fields(string(raw)) {
		n, _ := strconv.Atoi(word)
		list = append(list, n)
	}
	return list
}

// TestLongPath: a path that no socket address holds.
func TestLongPath(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(filepath.Dir(folder(t)), strings.Repeat("long-", 20), "pg")
	c := start(t, cluster.Config{Dir: dir, Throwaway: true})
	if got := query(t, c.DSN(), "SELECT 'answer'"); got != "answer" {
		t.Error(got)
	}
	if err := c.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("throw-away data is left: %v", err)
	}
	u, err := url.Parse(c.DSN())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(u.Query().Get("host")); !os.IsNotExist(err) {
		t.Errorf("the socket's folder is left: %v", err)
	}
}

// TestUnreachableFolder: as root, below a folder that user postgres may not
// enter, the data goes elsewhere, openly, and is found again.
func TestUnreachableFolder(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root runs the server as somebody else")
	}
	dir := folder(t)
	if err := os.Chmod(filepath.Dir(dir), 0o700); err != nil {
		t.Fatal(err)
	}
	brief := start(t, cluster.Config{Dir: dir, Throwaway: true})
	if err := brief.Stop(); err != nil || !strings.HasPrefix(brief.Dir(), os.TempDir()) {
		t.Errorf("throw-away data in %s: %v", brief.Dir(), err)
	}
	said := ""
	logf := func(format string, args ...any) { said += fmt.Sprintf(format, args...) }
	c := start(t, cluster.Config{Dir: dir, Logf: logf})
	moved := c.Dir()
	t.Cleanup(func() { c.Stop(); os.RemoveAll(moved); os.Remove(moved + ".lock") })
	if moved == dir || !strings.Contains(said, moved) {
		t.Fatalf("in %s, said %q", moved, said)
	}
	if raw, err := os.ReadFile(dir + ".location"); err != nil || strings.TrimSpace(string(raw)) != moved {
		t.Errorf("pointer: %q %v", raw, err)
	}
	query(t, c.OwnerDSN(), "CREATE TABLE kept (a text)")
	if err := c.Stop(); err != nil {
		t.Fatal(err)
	}
	again := start(t, cluster.Config{Dir: dir, Logf: logf})
	if got := query(t, again.OwnerDSN(), "SELECT count(*)::text FROM kept"); got != "0" || again.Dir() != moved {
		t.Errorf("not found again: %q in %s", got, again.Dir())
	}
}

// TestRefusesAForeignFolder: a folder with other files is not touched.
func TestRefusesAForeignFolder(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "letter.txt"), []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := cluster.Start(context.Background(), cluster.Config{Dir: dir}); err == nil || !strings.Contains(err.Error(), "neither empty") {
		t.Fatalf("%v", err)
	}
	if raw, err := os.ReadFile(filepath.Join(dir, "letter.txt")); err != nil || string(raw) != "mine" {
		t.Errorf("%q %v", raw, err)
	}
}

// TestStopTwice and a cancelled start leave nothing running.
func TestStopTwice(t *testing.T) {
	t.Parallel()
	c := start(t, cluster.Config{Throwaway: true})
	for range 2 {
		if err := c.Stop(); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := cluster.Start(ctx, cluster.Config{Throwaway: true}); err == nil {
		t.Error("started in no time")
	}
}
