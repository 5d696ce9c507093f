package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"tongzheng/cmd/citytest"
	"tongzheng/cmd/internal/app"
	"tongzheng/cmd/internal/keyring"
	"tongzheng/signer"
)

// TestTagKeyCommands: the city's signer hands the deployment's key to a member's,
// which believes the ledger and nobody else; and it is in the backup of secrets.
func TestTagKeyCommands(t *testing.T) {
	t.Parallel()
	city, county, dir := t.TempDir(), t.TempDir(), t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := citytest.Seed(app.Config{Data: city}); err != nil {
		t.Fatal(err)
	}
	fingerprint := regexp.MustCompile(`[0-9a-f]{64}`).FindString(command(t, 0, "keys", "tag", "request", "--data", county, at("request.pem")))
	if again := command(t, 0, "keys", "tag", "request", "--data", county, at("request.pem")); !strings.Contains(again, fingerprint) {
		t.Error("the exchange key was not kept")
	}
	if said := command(t, 1, "keys", "tag", "hand", "--data", city, at("request.pem"), at("handed.pem"), "--fingerprint", strings.Repeat("0", 64)); !strings.Contains(said, fingerprint) {
		t.Errorf("another fingerprint: %s", said)
	}
	command(t, 0, "keys", "tag", "hand", "--data", city, at("request.pem"), at("handed.pem"), "--fingerprint", fingerprint)

	if said := command(t, 1, "keys", "tag", "take", "--data", county, at("handed.pem")); !strings.Contains(said, "--ledger") {
		t.Errorf("without a ledger: %s", said)
	}
	raw, err := os.ReadFile(filepath.Join(city, app.LedgerFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(county, app.LedgerFile), raw, 0o600); err != nil {
		t.Fatal(err)
	}
	command(t, 1, "keys", "tag", "take", "--data", county, at("request.pem"))
	command(t, 0, "keys", "tag", "take", "--data", county, at("handed.pem"))
	made, taken := filepath.Join(city, keyring.Folder, signer.TagKeyFile), filepath.Join(county, keyring.Folder, signer.TagKeyFile)
	if want, got := read(t, made), read(t, taken); want != got {
		t.Error("another key arrived")
	}
	if info, err := os.Stat(taken); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}

	// A key that the ledger does not name is not taken, whoever hands it.
	stranger := t.TempDir()
	command(t, 0, "keys", "tag", "make", "--data", stranger)
	command(t, 0, "keys", "tag", "hand", "--data", stranger, at("request.pem"), at("false.pem"), "--fingerprint", fingerprint)
	command(t, 1, "keys", "tag", "take", "--data", county, at("false.pem"))
	if read(t, made) != read(t, taken) {
		t.Error("a stranger's key was kept")
	}

	fresh := t.TempDir()
	command(t, 0, "backup", "--data", city, at("records.tar.gz"), "--secrets", at("secrets.tar.gz"))
	command(t, 0, "restore", "--data", fresh, at("records.tar.gz"), "--secrets", at("secrets.tar.gz"))
	if read(t, filepath.Join(fresh, keyring.Folder, signer.TagKeyFile)) != read(t, made) {
		t.Error("the tag key was not restored")
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
