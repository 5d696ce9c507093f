package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tongzheng/cmd/citytest"
	"tongzheng/cmd/internal/app"
	"tongzheng/cmd/internal/demo"
	"tongzheng/registry"
)

// TestLostDatabase: a backup, then acts, then the database is lost and only the
// ledger survives. Restore names each license whose rows are gone or behind; a
// cancellation since holds; paper printed since is unknown, never not-found.
func TestLostDatabase(t *testing.T) {
	t.Parallel()
	data, fresh, archives := t.TempDir(), t.TempDir(), t.TempDir()
	records, secrets := filepath.Join(archives, "records.tar.gz"), filepath.Join(archives, "secrets.tar.gz")
	if err := citytest.Seed(app.Config{Data: data}); err != nil {
		t.Fatal(err)
	}
	command(t, 0, "backup", "--data", data, records, "--secrets", secrets)

	s := opened(t, data)
	for _, step := range []func() error{s.Issue, s.Print} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	cancelled := s.cancelSeeded(t)
	lost := s.Code("original")
	s.close()

	raw, err := os.ReadFile(filepath.Join(data, app.LedgerFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(fresh, app.LedgerFile), raw, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, broken := range []int64{40, 5000, -100} {
		if said := command(t, 1, "restore", "--data", fresh, flipped(t, records, broken), "--secrets", secrets); !strings.Contains(said, "nothing was restored") {
			t.Errorf("a broken archive: %s", said)
		}
	}
	said := command(t, 1, "restore", "--data", fresh, records, "--secrets", secrets)
	for _, want := range []string{"kept what was there: " + app.LedgerFile, s.License().Base() + "  库中无此证照", "versions [1]", baseOf(t, cancelled) + "  库落后于账本"} {
		if !strings.Contains(said, want) {
			t.Errorf("restore does not say %q:\n%s", want, said)
		}
	}
	command(t, 1, "restore", "--data", fresh, records)   // the database is not empty any more
	command(t, 1, "audit", "--data", fresh, "--records") // the gap is still named
	command(t, 2, "backup", "--data", fresh, records)    // never over an archive

	s = opened(t, fresh)
	defer s.close()
	if err := s.Verify("a sheet printed after the backup", demo.Ask(lost), registry.UnknownNow, ""); err != nil {
		t.Error(err)
	}
	if err := s.Verify("a license cancelled after the backup", demo.Ask(cancelled.QR), registry.IsCancelled, registry.CheckStatus); err != nil {
		t.Error(err)
	}
	if err := s.Verify("a license of before", demo.Ask(s.city.Licenses[1].QR), registry.Valid, ""); err != nil {
		t.Error(err)
	}
}

type openedStory struct {
	*demo.Story
	app   *app.App
	city  *demo.City
	close func()
}

// opened starts an instance on a data folder.
func opened(t *testing.T, data string) openedStory {
	t.Helper()
	w := &world{ctx: context.Background(), stdout: &bytes.Buffer{}, stderr: &bytes.Buffer{}}
	open := app.Open
	if exists(filepath.Join(data, app.DemoFile)) {
		open = demo.Open
	}
	a, err := open(w.ctx, app.Config{Data: data, Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(w.ctx)
	go a.Serve(ctx)
	city, err := demo.Read(data)
	if err != nil {
		t.Fatal(err)
	}
	told, err := demo.Begin(w.ctx, a, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	return openedStory{told, a, city, func() { stop(); a.Close() }}
}

func baseOf(t *testing.T, l demo.License) string {
	t.Helper()
	id, err := registry.ParseIdentifier(l.Identifier)
	if err != nil {
		t.Fatal(err)
	}
	return id.Base()
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// cancelSeeded cancels the first seeded license that was decided under the
// story's grant.
func (s openedStory) cancelSeeded(t *testing.T) demo.License {
	t.Helper()
	for _, l := range s.city.Licenses {
		standing, err := s.app.View.Standing(baseOf(t, l))
		if err != nil {
			t.Fatal(err)
		}
		if standing.Entries[0].Entry.Intent.Grant != demo.Grant || standing.License.State != registry.Effective {
			continue
		}
		id := standing.Entries[0].Entry.Intent.Identifier
		application := registry.Application{Act: registry.Cancel, Identifier: id, Grant: demo.Grant, Organization: s.Organization(), Ground: "applied",
			Decision: "兴审食注〔2026〕999号", Case: "XG2026-0999"}
		if _, err := s.Act(application, "xg-acceptor", "xg-approver"); err != nil {
			t.Fatal(err)
		}
		return l
	}
	t.Fatal("no seeded license under the story's grant")
	return demo.License{}
}

// command runs one command of the program and expects an exit code; 1 stands
// for any failure.
func command(t *testing.T, code int, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	got := run(&world{ctx: context.Background(), stdout: &out, stderr: &out}, args)
	if (got == 0) != (code == 0) {
		t.Fatalf("%v: exit %d, want %d\n%s", args, got, code, out.String())
	}
	return out.String()
}

// flipped is a copy of a file with one bit changed; a negative place counts
// from the end.
func flipped(t *testing.T, path string, at int64) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if at < 0 {
		at += int64(len(raw))
	}
	raw[at] ^= 1
	bad := filepath.Join(t.TempDir(), "broken")
	if err := os.WriteFile(bad, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	return bad
}
