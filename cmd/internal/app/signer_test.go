package app_test

import (
	"context"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"tongzheng/cmd/citytest"
	"tongzheng/cmd/internal/app"
	"tongzheng/cmd/internal/demo"
	"tongzheng/cmd/internal/keyring"
	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/signer/check"
)

const (
	signerVariable       = "TONGZHENG_TEST_SIGNER"
	signerLedgerVariable = "TONGZHENG_TEST_SIGNER_LEDGER"
	signerAtVariable     = "TONGZHENG_TEST_SIGNER_AT"
	signerTLSVariable    = "TONGZHENG_TEST_SIGNER_TLS"
	signerPageVariable   = "TONGZHENG_TEST_SIGNER_PAGE"   // host:port of its signing page
	signerClosedVariable = "TONGZHENG_TEST_SIGNER_CLOSED" // no open orders, no keys and seals on request
)

// TestSignerChild is the signer process of the tests below.
func TestSignerChild(t *testing.T) {
	dir := os.Getenv(signerVariable)
	if dir == "" {
		return
	}
	address := os.Getenv(signerAtVariable)
	if address == "" {
		address = "unix://" + filepath.Join(dir, "s.sock")
	}
	err := app.ServeSigner(context.Background(), app.SignerConfig{Data: dir, Address: address, OpenOrders: os.Getenv(signerClosedVariable) == "", Ledger: os.Getenv(signerLedgerVariable),
		SignListen: os.Getenv(signerPageVariable), TLS: tlsFiles(os.Getenv(signerTLSVariable), "signer"), Log: slog.New(slog.NewTextHandler(os.Stderr, nil))})
	t.Log(err)
}

func startSigner(t *testing.T, dir string, environment ...string) *exec.Cmd {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^TestSignerChild$")
	child.Env = append(append(os.Environ(), signerVariable+"="+dir), environment...)
	child.Stderr = os.Stderr
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = child.Process.Kill(); _ = child.Wait() })
	return child
}

// movedKeys takes the keys out of a registry's folder into a signer's.
func movedKeys(t *testing.T, data, signer string) {
	t.Helper()
	for _, name := range []string{keyring.Folder, app.SignerFile} {
		if out, err := exec.Command("mv", filepath.Join(data, name), filepath.Join(signer, name)).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
}

// TestSignerProcess: the demonstration city over a signer process. The
// registry's folder holds no key; the signer is killed and comes back while
// licenses are on their way, and each is sealed once.
func TestSignerProcess(t *testing.T) {
	t.Parallel()
	// Socket paths are short; a test's own folder may not be.
	dir, err := os.MkdirTemp("", "tzs")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	page := signerPageVariable + "=" + free.Addr().String() // the ledger names it: it stays
	free.Close()
	child := startSigner(t, dir, page)
	ctx := context.Background()
	// Seeded over the signer process too: it makes the keys and the seals.
	config := citytest.Lend(t, app.Config{Listen: "127.0.0.1:0", PublicURL: "http://localhost:1", Signer: "unix://" + filepath.Join(dir, "s.sock")})
	config.Wrap = func(_ *office.Ports, told *office.Config) { told.RetryWait = 100 * time.Millisecond }
	data := config.Data
	a, err := demo.Open(ctx, config)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if _, err := os.Stat(filepath.Join(data, keyring.Folder)); !os.IsNotExist(err) {
		t.Errorf("the registry's folder has keys: %v", err)
	}
	if info, err := os.Stat(filepath.Join(dir, "s.sock")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("socket: %v %v", info.Mode(), err)
	}
	first, err := issueOne(ctx, a, 0)
	if err != nil {
		t.Fatal(err)
	}
	once(t, a, 0)
	// Killed between two licenses: the next waits and goes through.
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait()
	done := make(chan error, 1)
	go func() {
		for { // the holder's tag is the signer's to make: without it the request is handed in again
			_, err := issueOne(ctx, a, 1)
			if registry.CodeOf(err) != registry.CodeUnavailable {
				done <- err
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
	}()
	time.Sleep(300 * time.Millisecond)
	child = startSigner(t, dir, page)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	once(t, a, 1)
	// The published list verifies against the roots and knows the keys.
	said, err := a.Keys.Describe(ctx)
	if err != nil {
		t.Fatal(err)
	}
	list, err := check.ParseKeyList(said.KeyList, a.Keys.Roots(), time.Now(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if len(list.Keys) < 10 {
		t.Errorf("%d keys on the list: those of seals and organizations are missing", len(list.Keys))
	}
	// In an attacker's hands: a signer as in production, asked for everything.
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait()
	startSigner(t, dir, page, signerClosedVariable+"=1")
	if first, err = a.Store.Proceeding(ctx, first.Digest); err != nil || first.Receipt == nil {
		t.Fatal(first, err)
	}
	hostile(t, a, config.Signer, first)
}
