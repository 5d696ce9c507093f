package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"tongzheng/cmd/citytest"
)

// TestSignerFolderBackup: a signer's folder has no database. It is read while no
// signer writes it, into archives that are named by the time, and put back with
// the same keys.
func TestSignerFolderBackup(t *testing.T) {
	t.Parallel()
	data, fresh, archives := t.TempDir(), t.TempDir(), t.TempDir()
	command(t, 0, "keys", "create", "--data", data, "11360700DEM2000168", "赣州市人民政府")
	socket := filepath.Join(data, "signer.sock")
	signer := exec.Command(citytest.Program(t, "tongzheng-signer"), "serve", "--data", data, "--sign-listen", "")
	if err := signer.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- signer.Wait() }()
	t.Cleanup(func() { _ = signer.Process.Kill() })
	for began := time.Now(); !exists(socket); time.Sleep(20 * time.Millisecond) {
		if time.Since(began) > citytest.Patience {
			t.Fatal("the signer does not start")
		}
	}
	back := []string{"backup", "--signer-folder", "--data", data, archives, "--secrets", archives}
	if said := command(t, 1, back...); !strings.Contains(said, "stop the signer") {
		t.Errorf("a backup beside a running signer: %s", said)
	}
	if err := signer.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	command(t, 0, back...)
	one := func(pattern string) string {
		found, err := filepath.Glob(filepath.Join(archives, pattern))
		if err != nil || len(found) != 1 {
			t.Fatalf("%s: %v %v", pattern, found, err)
		}
		return found[0]
	}
	records, secrets := one("records-*Z.tar.gz"), one("secrets-*Z.tar.gz")
	if said := command(t, 0, "restore", "--data", fresh, records, "--secrets", secrets); !strings.Contains(said, "files of a signer") {
		t.Errorf("restored: %s", said)
	}
	if before, after := command(t, 0, "keys", "list", "--data", data), command(t, 0, "keys", "list", "--data", fresh); before != after {
		t.Errorf("keys before\n%s\nand after\n%s", before, after)
	}
	if _, err := os.Stat(filepath.Join(fresh, "signer.db")); err != nil {
		t.Errorf("the signer's memory: %v", err)
	}
}
