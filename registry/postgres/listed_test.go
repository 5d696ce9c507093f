package postgres_test

import (
	"testing"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/postgres"
	"tongzheng/registry/postgres/pgtest"
)

// TestListsArePutRight: what lists find licenses by is held against the licenses, and
// made again where somebody took it away or added to it.
func TestListsArePutRight(t *testing.T) {
	w := newWorld(t)
	r := w.issue(1)
	w.must(w.Reserve(ctx(), r))
	w.anchor(r, nil)
	w.must(w.Reserve(ctx(), w.issue(2)))
	q := office.SearchQuery{Limit: 10, Reach: issuers(bureau)}
	found := len(w.search(q).Items)
	wrong := func(mend bool) int {
		t.Helper()
		n, err := w.Parties(ctx(), mend)
		w.must(err)
		return n
	}
	if n := wrong(false); n != 0 || found == 0 {
		t.Fatalf("%d wrong of what was never touched, %d found", n, found)
	}
	w.must(w.sql(`DELETE FROM license_party`))
	w.must(w.sql(`DELETE FROM license_waits`))
	w.must(w.sql(`INSERT INTO license_party (party, arrival, type) VALUES ('i/stranger', 1, 'x')`))
	if n := wrong(false); n < 3 || len(w.search(q).Items) != 0 {
		t.Errorf("%d wrong", n)
	}
	if n := wrong(true); n < 3 || wrong(false) != 0 || len(w.search(q).Items) != found {
		t.Errorf("%d put right, %d left, %d found, want %d", n, wrong(false), len(w.search(q).Items), found)
	}
}

// TestDamagedSealIsReplaced: a seal that stands apart and is damaged comes back with the
// next document that it is in.
func TestDamagedSealIsReplaced(t *testing.T) {
	w := newWorld(t)
	put := func(s *postgres.Store, n int) string {
		r := w.issue(n)
		act, _ := withParts(t, &r, []byte("SESeal of here, long enough to stand apart from its value"))
		w.must(s.Reserve(ctx(), r))
		w.approve(r)
		w.must(s.Sealed(ctx(), act))
		return r.Version.Identifier.Base()
	}
	one := put(w.Store, 1)
	w.must(w.sql(`UPDATE seal_file SET der = substr(der, 1, 10)`))
	restarted := pgtest.Open(t, w.db, w.now)
	if v, err := restarted.Version(ctx(), one, 1); err != nil || !v.Damaged {
		t.Fatalf("%+v %v", v, err)
	}
	two := put(restarted, 2)
	restarted = pgtest.Open(t, w.db, w.now)
	for _, base := range []string{one, two} {
		if v, err := restarted.Version(ctx(), base, 1); err != nil || v.Damaged || len(v.Sealed) == 0 {
			t.Errorf("%s: %+v %v", base, v, err)
		}
	}
}

// TestAnchoredBesideMending: commit 3 of a license's issue takes the row back to no
// earlier act than somebody else wrote meanwhile.
func TestAnchoredBesideMending(t *testing.T) {
	w := newWorld(t)
	r := w.issue(1)
	w.must(w.Reserve(ctx(), r))
	e := w.seal(r)
	first, err := registry.Apply(nil, e)
	w.must(err)
	tx, err := connect(t, w.db.OwnerURL).Begin(ctx())
	w.must(err)
	_, err = tx.Exec(ctx(), `UPDATE license SET sequence = 2, version = 1, state = 'suspended', head = $2 WHERE base = $1`, r.Version.Identifier.Base(), make([]byte, 32))
	w.must(err)
	done := make(chan error, 1) // full when it has ended
	go func() { done <- w.Anchored(ctx(), r.Proceeding.Digest, receiptFor(e), first) }()
	waiting := connect(t, w.db.OwnerURL)
	for n := 0; n == 0; time.Sleep(10 * time.Millisecond) {
		w.must(waiting.QueryRow(ctx(), `SELECT count(*) FROM pg_locks WHERE NOT granted AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())`).Scan(&n))
		if len(done) > 0 {
			t.Fatalf("commit 3 did not wait: %v", <-done)
		}
	}
	w.must(tx.Commit(ctx()))
	w.must(<-done)
	if row, err := w.Record(ctx(), r.Version.Identifier.Base()); err != nil || row.Sequence != 2 {
		t.Errorf("%+v %v", row, err)
	}
}

// TestRightsBesideOwner: a database URL of another role than the owner's gives that role
// its rights with every migration.
func TestRightsBesideOwner(t *testing.T) {
	w := newWorld(t)
	role, err := postgres.RoleBeside(w.db.URL, w.db.OwnerURL)
	if err != nil || role == "" {
		t.Fatalf("%q %v: owner and application are one role", role, err)
	}
	if same, err := postgres.RoleBeside(w.db.OwnerURL, w.db.OwnerURL); same != "" || err != nil {
		t.Errorf("%q %v", same, err)
	}
	w.must(postgres.MigrateDown(ctx(), w.db.OwnerURL, 20))
	w.must(postgres.Migrate(ctx(), w.db.OwnerURL, role))
	w.Store = pgtest.Open(t, w.db, w.now)
	r := w.issue(1)
	act, _ := withParts(t, &r, []byte("SESeal of here, long enough to stand apart"))
	w.must(w.Reserve(ctx(), r))
	w.approve(r)
	w.must(w.Sealed(ctx(), act))
}
