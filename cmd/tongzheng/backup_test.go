package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tongzheng/cmd/tongzheng/app"
	"tongzheng/registry"
)

// TestLostDatabase: a backup, then acts, then the database is lost and only the
// ledger survives. Restore names each license whose rows are gone or behind; a
// cancellation since holds; paper printed since is unknown, never not-found.
func TestLostDatabase(t *testing.T) {
	data, fresh, archives := t.TempDir(), t.TempDir(), t.TempDir()
	records, secrets := filepath.Join(archives, "records.tar.gz"), filepath.Join(archives, "secrets.tar.gz")
	began := opened(t, data, true)
	began.close()
	command(t, 0, "backup", "--data", data, records, "--secrets", secrets)

	s := opened(t, data, false)
	for _, step := range []func() error{s.issue, s.print} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	cancelled := s.cancelSeeded(t)
	lost := s.sheets["original"].qr
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
	for _, want := range []string{"kept what was there: " + app.LedgerFile, s.base.Base() + "  库中无此证照", "versions [1]", baseOf(t, cancelled) + "  库落后于账本"} {
		if !strings.Contains(said, want) {
			t.Errorf("restore does not say %q:\n%s", want, said)
		}
	}
	command(t, 1, "restore", "--data", fresh, records)   // the database is not empty any more
	command(t, 1, "audit", "--data", fresh, "--records") // the gap is still named
	command(t, 2, "backup", "--data", fresh, records)    // never over an archive

	s = opened(t, fresh, false)
	defer s.close()
	if err := s.verify("a sheet printed after the backup", ask(lost), registry.UnknownNow, ""); err != nil {
		t.Error(err)
	}
	if err := s.verify("a license cancelled after the backup", ask(cancelled.QR), registry.IsCancelled, registry.CheckStatus); err != nil {
		t.Error(err)
	}
	if err := s.verify("a license of before", ask(s.demo.Licenses[1].QR), registry.Valid, ""); err != nil {
		t.Error(err)
	}
}

type openedStory struct {
	*story
	close func()
}

// opened starts an instance on a data folder, seeding it the first time.
func opened(t *testing.T, data string, seed bool) openedStory {
	t.Helper()
	w := &world{ctx: context.Background(), stdout: &bytes.Buffer{}, stderr: &bytes.Buffer{}}
	a, err := app.Open(w.ctx, app.Config{Data: data, Listen: "127.0.0.1:0", DemoCity: seed || exists(filepath.Join(data, "demo.json"))})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(w.ctx)
	go a.Serve(ctx)
	demo, err := app.ReadDemo(data)
	if err != nil {
		t.Fatal(err)
	}
	return openedStory{&story{w: w, app: a, demo: demo, sheets: map[string]sheet{}}, func() { stop(); a.Close() }}
}

func baseOf(t *testing.T, l app.DemoLicense) string {
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
func (s openedStory) cancelSeeded(t *testing.T) app.DemoLicense {
	t.Helper()
	for _, l := range s.demo.Licenses {
		standing, err := s.app.View.Standing(baseOf(t, l))
		if err != nil {
			t.Fatal(err)
		}
		if standing.Entries[0].Entry.Intent.Grant != demoGrant || standing.License.State != registry.Effective {
			continue
		}
		id := standing.Entries[0].Entry.Intent.Identifier
		application := registry.Application{Act: registry.Cancel, Identifier: id, Grant: demoGrant, Organization: s.organization(), Ground: "applied",
			Decision: "兴审食注〔2026〕999号", Case: "XG2026-0999"}
		if _, err := s.act("/licenses/"+id.String()+"/acts", application, "xg-acceptor", "xg-approver"); err != nil {
			t.Fatal(err)
		}
		return l
	}
	t.Fatal("no seeded license under the story's grant")
	return app.DemoLicense{}
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
