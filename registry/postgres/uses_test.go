package postgres_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/postgres"
)

// numbered gives an issue the number of another, as its tag and in its facts;
// change may do more.
func (w *world) numbered(r office.Reservation, number string, change func(in *registry.Intent)) office.Reservation {
	in, facts := r.Proceeding.Intent, r.Version.Facts
	facts.Number = number
	in.Number = registry.NumberTag(in.Identifier.Type, number)
	in.Origin = &registry.Origin{Place: "360732"}
	if in.Act != registry.Issue {
		in.Origin.Matter = matter
	}
	change(&in)
	return w.reservation(in, &facts)
}

func asItIs(*registry.Intent) {}

// TestNumberOnce: a license number is one license's, also while that is on its
// way; what was given up frees it, what was on paper before makes a task.
func TestNumberOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const number = "JY13607320000001"
	first := w.numbered(w.issue(1), number, asItIs)
	w.must(w.Reserve(ctx(), first))
	before := w.rows()
	w.wantCode(w.Reserve(ctx(), w.numbered(w.issue(2), number, asItIs)), registry.CodeNumberUsed)
	if after := w.rows(); after != before {
		t.Fatalf("a used number left something behind:\n%s\n%s", before, after)
	}
	base := first.Proceeding.Intent.Identifier.Base()
	for except, want := range map[string]string{"another": base, base: ""} {
		if got, err := w.NumberUsed(ctx(), first.Proceeding.Intent.Number, except, []string{bureau}); err != nil || got != want {
			t.Errorf("but for %s the number is %q's, want %q: %v", except, got, want, err)
		}
	}
	// Another member's licenses are not met, as on the ledger: a successor's goes on
	// with the number.
	if got, err := w.NumberUsed(ctx(), first.Proceeding.Intent.Number, "another", []string{city}); err != nil || got != "" {
		t.Errorf("among another member's licenses the number is %q's: %v", got, err)
	}
	successor := w.numbered(w.issue(9), number, func(in *registry.Intent) { in.Identifier.Issuer = city })
	successor.Issuers = []string{city}
	w.must(w.Reserve(ctx(), successor))
	// Dropped, it is free; anchored, its license keeps it through versions.
	w.must(w.Drop(ctx(), first.Proceeding.Digest, clerk))
	second := w.numbered(w.issue(3), number, asItIs)
	w.must(w.Reserve(ctx(), second))
	e, license := w.anchor(second, nil)
	change := w.numbered(w.next(registry.Change, e), number, asItIs)
	w.must(w.Reserve(ctx(), change))
	_, _ = w.anchor(change, license)
	w.wantCode(w.Reserve(ctx(), w.numbered(w.issue(4), number, asItIs)), registry.CodeNumberUsed)
	w.wantCode(w.Reserve(ctx(), w.numbered(w.next(registry.Change, w.anchored(w.issue(5))), number, asItIs)), registry.CodeNumberUsed)

	// On paper before: nothing is refused, and somebody looks into it.
	old := w.numbered(w.issue(6), number, func(in *registry.Intent) { in.Recording = registry.Register })
	w.must(w.Reserve(ctx(), old))
	w.must(w.Double(ctx(), old.Proceeding.Digest, registry.UseOf("the ledger's"))) // the same fault, once
	w.wantTask(old, second.Proceeding.Intent.Identifier.Base())
	w.must(w.Drop(ctx(), old.Proceeding.Digest, clerk))
	w.wantTask(old, "")
	// The ledger alone has the other license, before or after.
	lost := w.numbered(w.issue(7), "JY13607320000077", func(in *registry.Intent) { in.Recording = registry.Register })
	here := registry.UseOf("lost here")
	lost.Double = &here
	w.must(w.Reserve(ctx(), lost))
	w.wantTask(lost, unnamed)
	later := w.numbered(w.issue(8), "JY13607320000088", func(in *registry.Intent) { in.Recording = registry.Register })
	w.must(w.Reserve(ctx(), later))
	w.wantTask(later, "")
	w.wait(1)
	w.must(w.Double(ctx(), later.Proceeding.Digest, registry.UseOf("anchored first")))
	w.must(w.Double(ctx(), later.Proceeding.Digest, registry.UseOf("anchored first")))
	w.wantTask(later, unnamed)
	// The ledger says whose it is first, and the store knows its name.
	third := w.numbered(w.issue(20), "JY13607320000088", func(in *registry.Intent) { in.Recording = registry.Register })
	third.Issuers = []string{city}
	w.must(w.Reserve(ctx(), third))
	w.wantTask(third, "")
	w.must(w.Double(ctx(), third.Proceeding.Digest, registry.UseOf(later.Proceeding.Intent.Identifier.Base())))
	w.wantTask(third, later.Proceeding.Intent.Identifier.Base())
}

// anchored brings an issue to the ledger and returns its entry.
func (w *world) anchored(r office.Reservation) *registry.Entry {
	w.t.Helper()
	w.must(w.Reserve(ctx(), r))
	e, _ := w.anchor(r, nil)
	return e
}

// unnamed is the other license of a double number that this registry does not keep.
const unnamed = "?"

// wantTask wants one open task on a double number that names the other license, or
// none.
func (w *world) wantTask(r office.Reservation, other string) {
	w.t.Helper()
	tasks, err := w.Tasks(ctx(), bureau)
	w.must(err)
	var found []string
	for _, task := range tasks {
		if task.Kind == "double" && task.Intent == r.Proceeding.Digest {
			name := task.Other
			if name == "" {
				name = unnamed
			}
			found = append(found, name)
			if task.Code != registry.CodeNumberUsed || task.Identifier != r.Proceeding.Intent.Identifier || task.Detail == "" {
				w.t.Errorf("task %+v", task)
			}
		}
	}
	if got := fmt.Sprint(found); other == "" && len(found) > 0 || other != "" && got != "["+other+"]" {
		w.t.Errorf("tasks on %v, want %q", found, other)
	}
}

// TestNumberAtOnce: of many that ask for one number at once one gets it; the others
// are refused and leave nothing, and whoever asks for another number is not held up.
func TestNumberAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const many = 12
	var asked []office.Reservation
	for i := range many {
		asked = append(asked, w.numbered(w.issue(i+1), fmt.Sprintf("JY1360732000%04d", i/(many/2)), asItIs))
	}
	errs := make([]error, many)
	var all sync.WaitGroup
	for i, r := range asked {
		all.Go(func() { errs[i] = w.Reserve(ctx(), r) })
	}
	all.Wait()
	for half := range 2 {
		taken := 0
		for _, err := range errs[half*many/2 : (half+1)*many/2] {
			switch registry.CodeOf(err) {
			case "":
				taken++
			case registry.CodeNumberUsed:
			default:
				t.Errorf("refused with %v", err)
			}
		}
		if taken != 1 {
			t.Errorf("%d licenses have one number", taken)
		}
	}
	var stored int
	w.must(connect(t, w.db.OwnerURL).QueryRow(ctx(), `SELECT count(*) FROM proceeding`).Scan(&stored))
	if stored != 2 {
		t.Errorf("%d proceedings are stored", stored)
	}
}

// TestDecisionOnce: a decision makes one act in its case, else on its license; what
// was given up frees it.
func TestDecisionOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	with := func(serial int, change func(in *registry.Intent)) office.Reservation {
		return w.numbered(w.issue(serial), fmt.Sprintf("JY136073200%05d", serial), func(in *registry.Intent) {
			in.Decision = "决1号"
			change(in)
		})
	}
	inCase := func(number string) func(in *registry.Intent) {
		return func(in *registry.Intent) { in.Case = number }
	}
	late := func(in *registry.Intent) { in.Recording = registry.Register }
	first := with(1, asItIs)
	w.must(w.Reserve(ctx(), first))
	for i, test := range []struct {
		name   string
		change func(in *registry.Intent)
		want   registry.Code
	}{
		{"another issue", asItIs, registry.CodeDecisionUsed},
		{"in a case", inCase("受1"), ""},
		{"in that case", inCase("受1"), registry.CodeDecisionUsed},
		{"in another case", inCase("受2"), ""},
		{"registered later", late, ""},
		{"another registered later", late, ""},
		{"of another organization", func(in *registry.Intent) { in.Organization = city }, ""},
	} {
		if err := w.Reserve(ctx(), with(i+2, test.change)); registry.CodeOf(err) != test.want {
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
		}
	}
	w.must(w.Drop(ctx(), first.Proceeding.Digest, clerk))
	w.must(w.Reserve(ctx(), with(20, asItIs)))

	e := w.anchored(w.issue(30))
	suspend := w.next(registry.Suspend, e)
	w.must(w.Reserve(ctx(), suspend))
	se, _ := w.anchorOn(suspend, e)
	again := w.next(registry.Suspend, se)
	again.Proceeding.Intent.Decision = suspend.Proceeding.Intent.Decision
	w.wantCode(w.Reserve(ctx(), w.reservation(again.Proceeding.Intent, nil)), registry.CodeDecisionUsed)
	revoke := again.Proceeding.Intent
	revoke.Act = registry.Revoke
	w.must(w.Reserve(ctx(), w.reservation(revoke, nil)))
}

// anchorOn anchors an act on a license whose only entry is issue.
func (w *world) anchorOn(r office.Reservation, issue *registry.Entry) (*registry.Entry, *registry.License) {
	w.t.Helper()
	before, err := registry.Apply(nil, issue)
	w.must(err)
	return w.anchor(r, before)
}

// TestUsesOfStoredRows: what was stored before the rule keeps its rows, counts by
// the rule as far as it can, and an override is gone.
func TestUsesOfStoredRows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one, two, three := w.issue(1), w.issue(2), w.issue(3)
	for _, r := range []office.Reservation{one, two, three} {
		w.must(w.Reserve(ctx(), r))
	}
	w.must(postgres.MigrateDown(ctx(), w.db.OwnerURL, 9))
	// As an operator once let it be: two licenses under one decision. The number
	// rule, which names no year, counted anew in each.
	w.must(w.sql(`UPDATE proceeding SET decision = '决1号', decision_override = CASE base WHEN $1 THEN '' ELSE '市局同意' END WHERE base IN ($1, $2)`,
		one.Proceeding.Intent.Identifier.Base(), two.Proceeding.Intent.Identifier.Base()))
	w.must(w.sql(`INSERT INTO license_type (code, version, name, authority, entry, created) VALUES ($1, 1, 'x', 'y', '{"number": {"template": "JY{region6}{seq:6}"}}', now()),
		('other', 1, 'x', 'y', '{"number": {"template": "JY{year4}{seq:6}"}}', now())`, typeCode))
	w.must(w.sql(`INSERT INTO number_counter (type, scope, used) VALUES ($1, '360732.2025', 70), ($1, '360732.2026', 9), ('other', '360732.2026', 5)`, typeCode))
	w.must(postgres.Migrate(ctx(), w.db.OwnerURL, "")) // the rights of the role stand

	conn := connect(t, w.db.OwnerURL)
	rows, err := conn.Query(ctx(), `SELECT decision_scope LIKE 'before/%' FROM proceeding ORDER BY arrival`)
	w.must(err)
	scopes, err := pgx.CollectRows(rows, pgx.RowTo[bool])
	w.must(err)
	if fmt.Sprint(scopes) != "[false true false]" {
		t.Errorf("scopes of their own: %v", scopes)
	}
	if used, err := w.NumberUsed(ctx(), registry.NumberTag(typeCode, one.Version.Facts.Number), "", []string{city, bureau}); err != nil || used != one.Proceeding.Intent.Identifier.Base() {
		t.Errorf("a stored number is %q's: %v", used, err)
	}
	w.wantCode(w.Reserve(ctx(), w.numbered(w.issue(4), one.Version.Facts.Number, asItIs)), registry.CodeNumberUsed)
	w.wantCode(w.Reserve(ctx(), w.numbered(w.issue(5), "JY13607320000005", func(in *registry.Intent) { in.Decision = "决1号" })), registry.CodeDecisionUsed)
	a, err := w.Allot(ctx(), office.AllotRequest{Instance: registry.Instance{Issuer: bureau, Prefix: "X1"}, Type: typeCode, Scope: "360732"})
	if err != nil || a.Sequence != 71 {
		t.Errorf("the rule counts on at %d: %v", a.Sequence, err)
	}
	var others int
	w.must(conn.QueryRow(ctx(), `SELECT count(*) FROM number_counter WHERE type = 'other'`).Scan(&others))
	if others != 1 {
		t.Errorf("a rule with the year has %d counters", others)
	}
}

// TestNumbersFromBlocks: sequences are drawn from the blocks in their order, each
// once, until they are used up.
func TestNumbersFromBlocks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ask := office.AllotRequest{Instance: registry.Instance{Issuer: bureau, Prefix: "X1"}, Type: typeCode, Scope: "360732",
		Blocks: []registry.NumberBlock{{Type: typeCode, From: 5, To: 6}, {Type: typeCode, From: 100, To: 103}}}
	drawn := func(skip int) string {
		ask.Skip = skip
		a, err := w.Allot(ctx(), ask)
		if err != nil {
			return string(registry.CodeOf(err))
		}
		return fmt.Sprint(a.Sequence)
	}
	for i, step := range []struct {
		skip int
		want string
	}{{0, "5"}, {0, "6"}, {0, "100"}, {1, "102"}, {7, "number-range"}, {0, "103"}, {0, "number-range"}} {
		if got := drawn(step.skip); got != step.want {
			t.Errorf("draw %d: %s, want %s", i+1, got, step.want)
		}
	}
	ask.Scope = "360732.2027" // another year counts anew
	if got := drawn(0); got != "5" {
		t.Errorf("in another scope: %s", got)
	}
	ask.Blocks, ask.Skip = nil, 0
	if a, b := drawn(0), drawn(9); a != "1" || b != "11" {
		t.Errorf("without blocks: %s and %s", a, b)
	}
}
