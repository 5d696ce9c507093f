package citytest

import (
	"bufio"
	"bytes"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tongzheng/registry/postgres/pgtest"
)

// Patience is how long a state may take that a test waits for. A busy machine
// takes its time; only what never comes fails a test.
const Patience = 5 * time.Minute

// made is what the tests of one process share; Main takes it away.
var made struct {
	mu      sync.Mutex
	folder  string // everything below
	program map[string]error
	once    sync.Once
	city    master
	err     error

	pairOnce sync.Once
	pair     pair
	pairErr  error
}

// master is a seeded city that nobody runs: the others are copies of it.
type master struct {
	config  Config
	db      pgtest.Database
	address string // where its codes lead
}

// Main runs the tests of a package, then ends what they shared and removes
// what was made for all of them. To be called by TestMain. Four tests that say
// that they are apart run at a time, on however few cores: much of the time
// they wait. A -parallel of the command line is obeyed.
func Main(m *testing.M, end func()) {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if !given {
		_ = flag.Set("test.parallel", "4") // The flag is there, and 4 a number.
	}
	code := m.Run()
	end()
	if made.folder != "" {
		_ = os.RemoveAll(made.folder) // A temporary folder; what stays is no failure.
	}
	os.Exit(code)
}

// folder makes the folder of a name in what the process shares.
func folder(name string) (string, error) {
	if made.folder == "" {
		var err error
		if made.folder, err = os.MkdirTemp("", "tzc"); err != nil { // short: sockets may stand below
			return "", err
		}
		made.program = map[string]error{}
	}
	path := filepath.Join(made.folder, name)
	return path, os.MkdirAll(path, 0o700)
}

// Program is the path of a program of cmd, built once for the tests of this
// process and without the race detector: as it is installed.
func Program(t testing.TB, name string) string {
	t.Helper()
	path, err := program(name)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func program(name string) (string, error) {
	made.mu.Lock()
	defer made.mu.Unlock()
	bin, err := folder("bin")
	if err != nil {
		return "", err
	}
	built, known := made.program[name]
	if !known {
		if out, err := exec.Command("go", "build", "-o", bin+"/", "tongzheng/cmd/"+name).CombinedOutput(); err != nil {
			built = fmt.Errorf("building %s: %w\n%s", name, err, out)
		}
		made.program[name] = built
	}
	return filepath.Join(bin, name), built
}

// Seed makes the demonstration city in an empty data folder, as the program
// tongzheng does it: without the race detector, under which seeding takes
// longer than most tests. Of the configuration it takes Data, DatabaseURL,
// OwnerURL, Ledger, Signer and PublicURL.
func Seed(config Config) error {
	tongzheng, err := program("tongzheng")
	if err != nil {
		return err
	}
	args := []string{"serve", "--demo-city", "--data", config.Data, "--listen", "127.0.0.1:0", "--sign-listen="}
	for flag, value := range map[string]string{"--database-url": config.DatabaseURL, "--owner-url": config.OwnerURL, "--ledger": config.Ledger, "--signer": config.Signer,
		"--public-url": config.PublicURL} {
		if value != "" {
			args = append(args, flag, value)
		}
	}
	return untilReady(tongzheng, args, "ready in")
}

// untilReady runs a program until it says a word, and has it stop then as it does for
// an operator.
func untilReady(program string, args []string, word string) error {
	// The kernel ends it when this thread ends, which must not be before us.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var errs bytes.Buffer
	server := exec.Command(program, args...)
	server.Stderr = &errs
	server.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	said, err := server.StdoutPipe()
	if err != nil {
		return err
	}
	if err := server.Start(); err != nil {
		return err
	}
	lines := bufio.NewScanner(said)
	for ready := false; lines.Scan(); {
		if !ready && strings.Contains(lines.Text(), word) {
			ready = true
			if err := server.Process.Signal(os.Interrupt); err != nil {
				return err
			}
		}
	}
	if err := errors.Join(lines.Err(), server.Wait()); err != nil {
		return fmt.Errorf("seeding the demonstration city: %w\n%s", err, errs.String())
	}
	return nil
}

// Lend completes a configuration with a seeded city: a data folder below which
// nobody else works and a database of its own, which ends with the test. The
// city is a copy of one that is seeded once for the process, unless its codes
// are to lead to a public URL of the test's own, or ledger or keys are elsewhere.
func Lend(t testing.TB, config Config) Config {
	t.Helper()
	if config.Data == "" {
		config.Data = filepath.Join(t.TempDir(), "data")
	}
	if config.PublicURL != "" || config.Ledger != "" || config.Signer != "" {
		db := pgtest.New(t)
		config.DatabaseURL, config.OwnerURL = db.URL, db.OwnerURL
		if err := Seed(config); err != nil {
			t.Fatal(err)
		}
		return config
	}
	city, err := theMaster()
	if err != nil {
		t.Fatal(err)
	}
	db := pgtest.Copy(t, city.db)
	config.DatabaseURL, config.OwnerURL, config.PublicURL = db.URL, db.OwnerURL, city.config.PublicURL
	if err := copyFolder(city.config.Data, config.Data); err != nil {
		t.Fatal(err)
	}
	return config
}

// Shared completes a configuration with a seeded city for all tests of the
// process, where its codes lead to: it can be called once.
func Shared(config Config) (_ Config, err error) {
	city, err := theMaster()
	if err != nil {
		return config, err
	}
	if config.Data, err = sharedFolder("shared"); err != nil {
		return config, err
	}
	db, err := city.db.Kept()
	if err != nil {
		return config, err
	}
	config.DatabaseURL, config.OwnerURL = db.URL, db.OwnerURL
	config.Listen, config.PublicURL = city.address, city.config.PublicURL
	return config, copyFolder(city.config.Data, config.Data)
}

// theMaster seeds the city that is copied.
func theMaster() (*master, error) {
	made.once.Do(func() {
		if made.city.config.Data, made.err = sharedFolder("master"); made.err != nil {
			return
		}
		if made.city.db, made.err = pgtest.Kept(); made.err != nil {
			return
		}
		made.city.config.DatabaseURL, made.city.config.OwnerURL = made.city.db.URL, made.city.db.OwnerURL
		if made.city.address, made.err = FreeAddress(); made.err != nil {
			return
		}
		made.city.config.PublicURL = urlOf(made.city.address)
		made.err = Seed(made.city.config)
	})
	return &made.city, made.err
}

// verifier builds the verifier for browsers as make does.
var verifier = sync.OnceValues(func() (string, error) {
	dir, err := sharedFolder("offline")
	if err != nil {
		return "", err
	}
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", filepath.Join(dir, "verifier.wasm"), "tongzheng/cmd/tongzheng-offline")
	build.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the verifier for browsers: %w: %s", err, out)
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return "", err
	}
	raw, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(root)), "lib/wasm/wasm_exec.js"))
	if err != nil {
		return "", err
	}
	return dir, os.WriteFile(filepath.Join(dir, "wasm_exec.js"), raw, 0o600)
})

// Verifier is the folder of the offline page's verifier, built once for the
// tests of this process.
func Verifier(t testing.TB) string {
	t.Helper()
	dir, err := verifier()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func sharedFolder(name string) (string, error) {
	made.mu.Lock()
	defer made.mu.Unlock()
	return folder(name)
}

// copyFolder copies files with their owners and modes: keys are for one reader.
func copyFolder(from, to string) error {
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	if out, err := exec.Command("cp", "-a", from+"/.", to).CombinedOutput(); err != nil {
		return fmt.Errorf("copying a city: %w: %s", err, out)
	}
	return nil
}

// FreeAddress is a loopback address that nobody listens on just now.
func FreeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}

func urlOf(address string) string {
	_, port, _ := net.SplitHostPort(address) // An address of ours has a port.
	return "http://localhost:" + port
}
