package postgres_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/postgres"
	"tongzheng/registry/postgres/cluster"
	"tongzheng/registry/postgres/pgtest"
)

// wordsOf lists the quoted words of a CHECK constraint, in order of the table.
func wordsOf(t *testing.T, conn *pgx.Conn, constraint string) []string {
	t.Helper()
	var definition string
	if err := conn.QueryRow(ctx(), `SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = $1`, constraint).Scan(&definition); err != nil {
		t.Fatalf("constraint %s: %v", constraint, err)
	}
	var list []string
	for _, m := range regexp.MustCompile(`'([^']*)'`).FindAllStringSubmatch(definition, -1) {
		list = append(list, m[1])
	}
	return list
}

// TestWordsAreTheTables: the words that SQL allows are those of the Go tables.
func TestWordsAreTheTables(t *testing.T) {
	t.Parallel()
	conn := connect(t, pgtest.New(t).OwnerURL)
	var acts, classes, states, steps []string
	for _, r := range registry.Acts() {
		acts = append(acts, r.Name)
		if !slices.Contains(classes, string(r.Class)) {
			classes = append(classes, string(r.Class))
		}
	}
	states = append(states, registry.StateNone.String())
	for _, s := range registry.States() {
		states = append(states, s.String())
	}
	for _, s := range office.Steps() {
		steps = append(steps, string(s))
	}
	copies := []string{registry.Electronic.String(), registry.Original.String(), registry.Duplicate.String(), registry.Annex.String()}
	var roles []string
	for _, r := range registry.Roles() {
		roles = append(roles, string(r))
	}
	var sheets, cases, held, reviews, copying []string
	for _, s := range office.HeldStates() {
		held = append(held, string(s))
	}
	for _, s := range registry.CopyStates() {
		copying = append(copying, string(s))
	}
	for _, k := range registry.ReviewKinds() {
		reviews = append(reviews, string(k))
	}
	for _, s := range office.SheetSteps() {
		sheets = append(sheets, string(s))
	}
	for _, k := range registry.CaseKinds() {
		cases = append(cases, string(k))
	}
	for constraint, want := range map[string][]string{
		"review_file_kind_word": reviews, "copy_state_word": copying,
		"order_sheet_step_word": sheets, "case_step_word": cases, "case_held_state_word": held,
		"proceeding_act_word": acts, "proceeding_class_word": classes, "proceeding_step_word": steps, "license_state_word": states,
		"printing_copy_word": copies, "account_role_word": roles, "api_key_role_word": roles,
	} {
		got := wordsOf(t, conn, constraint)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: SQL has %v, Go has %v", constraint, got, want)
		}
	}
	var definition string
	forms := fmt.Sprintf("ARRAY[%d, %d]", registry.CopyForms()[0], registry.CopyForms()[1])
	if err := conn.QueryRow(ctx(), `SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'copy_form'`).Scan(&definition); err != nil || !strings.Contains(definition, forms) {
		t.Errorf("forms of copies: SQL has %s, Go %s (%v)", definition, forms, err)
	}
	if err := conn.QueryRow(ctx(), `SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'printing_index_range'`).Scan(&definition); err != nil ||
		!strings.Contains(definition, "<= 131071") || registry.StatusListSize != 131072 {
		t.Errorf("status list size: SQL has %s, Go %d (%v)", definition, registry.StatusListSize, err)
	}
}

// TestOpenStepsAreTheTable: partial indexes name the steps that are not done.
func TestOpenStepsAreTheTable(t *testing.T) {
	t.Parallel()
	conn := connect(t, pgtest.New(t).OwnerURL)
	want := map[string]bool{}
	for _, s := range office.Steps() {
		if !s.Done() {
			want[string(s)] = true
		}
	}
	for _, index := range []string{"proceeding_one_unanchored", "proceeding_queue"} {
		var definition string
		if err := conn.QueryRow(ctx(), `SELECT indexdef FROM pg_indexes WHERE indexname = $1`, index).Scan(&definition); err != nil {
			t.Fatal(err)
		}
		got := map[string]bool{}
		for _, m := range regexp.MustCompile(`'([^']*)'`).FindAllStringSubmatch(definition, -1) {
			got[m[1]] = true
		}
		delete(got, "") // of the expression
		if !maps.Equal(got, want) {
			t.Errorf("%s: SQL has %v, Go has %v", index, got, want)
		}
	}
}

func TestAuditIsAppendOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(w.Audit(ctx(), office.AuditEvent{By: clerk, Operation: "propose", Subject: "bad\x00\xff", Code: registry.CodeMalformed}))
	for _, statement := range []string{"UPDATE audit SET operation = 'nothing'", "DELETE FROM audit", "TRUNCATE audit"} {
		if err := w.sql(statement); err == nil || !strings.Contains(err.Error(), "append-only") {
			t.Errorf("owner: %s: %v", statement, err)
		}
		conn := connect(t, w.db.URL)
		if _, err := conn.Exec(ctx(), statement); err == nil {
			t.Errorf("application role: %s was allowed", statement)
		}
	}
	events, _, err := w.AuditTrail(ctx(), "", 0, 10)
	w.must(err)
	if len(events) != 1 || events[0].Subject != "bad\uFFFD\uFFFD" || events[0].Code != registry.CodeMalformed || !events[0].At.Equal(w.now()) {
		t.Fatalf("%+v", events)
	}
}

// TestApplicationRoleHasNoDDL: who takes over the registry process cannot
// change tables or take triggers away.
func TestApplicationRoleHasNoDDL(t *testing.T) {
	t.Parallel()
	conn := connect(t, pgtest.New(t).URL)
	for _, statement := range []string{"CREATE TABLE x (a int)", "ALTER TABLE audit DISABLE TRIGGER ALL", "DROP TABLE audit", "DELETE FROM license",
		"DELETE FROM proceeding", "UPDATE goose_db_version SET is_applied = false", "SET session_replication_role = replica"} {
		if _, err := conn.Exec(ctx(), statement); err == nil {
			t.Errorf("%s was allowed", statement)
		}
	}
}

func TestMigrationsDownAndUp(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	for range 2 {
		if err := postgres.MigrateDown(ctx(), db.OwnerURL, 0); err != nil {
			t.Fatal(err)
		}
		var left []string
		rows, err := connect(t, db.OwnerURL).Query(ctx(), `SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
			AND relname NOT LIKE 'goose%' UNION SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace`)
		if err == nil {
			left, err = pgx.CollectRows(rows, pgx.RowTo[string])
		}
		if err != nil || len(left) > 0 {
			t.Fatalf("left behind: %v %v", left, err)
		}
		// Two processes that start together.
		done := make(chan error, 2)
		for range 2 {
			go func() { done <- postgres.Migrate(ctx(), db.OwnerURL, cluster.AppRole) }()
		}
		for range 2 {
			if err := <-done; err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := pgtest.Open(t, db, nil).Types(ctx()); err != nil {
		t.Fatal(err)
	}
}

// TestStepsAllOrNothing: the audit line is the last thing every step writes;
// when it cannot be written, nothing of the step remains.
func TestStepsAllOrNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(w.sql(`CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'disk of the trail is full'; END $$`))
	broken := func(doing string, fn func() error) {
		t.Helper()
		w.must(w.sql(`CREATE TRIGGER broken BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION broken()`))
		before := w.everything()
		if err := fn(); registry.CodeOf(err) != registry.CodeInternal {
			t.Errorf("%s: %v", doing, err)
		}
		if after := w.everything(); after != before {
			t.Errorf("%s left something:\n%s\n%s", doing, before, after)
		}
		w.must(w.sql(`DROP TRIGGER broken ON audit`))
		w.must(fn())
	}
	r := w.issue(1)
	digest, s := r.Proceeding.Digest, sealedAct(r)
	broken("reserve", func() error { return w.Reserve(ctx(), r) })
	broken("approve", func() error { _, err := w.AddApproval(ctx(), digest, 0, approvalBy("k1"), true, clerk); return err })
	broken("seal", func() error { return w.Sealed(ctx(), s) })
	broken("release pending", func() error { return w.ReleasePending(ctx(), digest, clerk) })
	after, err := registry.Apply(nil, s.Entry)
	w.must(err)
	broken("anchor", func() error { return w.Anchored(ctx(), digest, receiptFor(s.Entry), after) })
	refused := w.next(registry.Change, s.Entry)
	w.must(w.Reserve(ctx(), refused))
	broken("refuse", func() error {
		return w.Refused(ctx(), refused.Proceeding.Digest, office.StepReserved, registry.CodeSealState, "x")
	})
	w.wait(1e9)
	dropped := w.next(registry.Change, s.Entry)
	w.must(w.Reserve(ctx(), dropped))
	broken("drop", func() error { return w.Drop(ctx(), dropped.Proceeding.Digest, clerk) })
	w.wait(1e9)
	w.must(w.Reserve(ctx(), w.next(registry.Cancel, s.Entry)))
	broken("expire", func() error {
		_, err := w.Overdue.Expire(ctx(), w.now(), 10, office.TaskExpired, registry.CodeProposalExpired)
		return err
	})
}

// everything digests the contents of all tables.
func (w *world) everything() string {
	conn := connect(w.t, w.db.OwnerURL)
	var out strings.Builder
	for _, table := range []string{"license", "proceeding", "version", "printing", "idempotency", "task", "audit"} {
		var sum string
		w.must(conn.QueryRow(ctx(), `SELECT coalesce(md5(string_agg(x::text, '|' ORDER BY x::text)), '-') FROM `+table+` x`).Scan(&sum))
		out.WriteString(table + " " + sum + "\n")
	}
	return out.String()
}

func connect(t testing.TB, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(ctx(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(ctx()) })
	return conn
}

// TestErrors: what the caller can act on is coded.
func TestErrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := postgres.Open(ctx(), postgres.Config{URL: "postgres:///x?host=/nowhere&user=y"})
	w.wantCode(err, registry.CodeUnavailable)
	w.Close()
	_, err = w.Types(ctx())
	w.wantCode(err, registry.CodeUnavailable)
}

// TestDamagedFacts: rows that somebody spoiled still come back, so that the
// scan can name the damage.
func TestDamagedFacts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.issue(1)
	w.must(w.Reserve(ctx(), r))
	id := r.Proceeding.Intent.Identifier
	for _, facts := range []string{`{}`, `{"fields": 3}`, `[]`, `{"identifier": "x"}`} {
		w.must(w.sql(`UPDATE version SET facts = $1`, facts))
		v, err := w.Version(ctx(), id.Base(), 1)
		w.must(err)
		if v.Identifier != id || v.Facts.Holder.Name != "" {
			t.Errorf("%s: %+v", facts, v)
		}
	}
}
