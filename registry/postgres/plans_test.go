package postgres_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/postgres"
	"tongzheng/registry/postgres/pgtest"
	"tongzheng/registry/sm"
)

// copies of one license that a table is filled with: enough for the planner to mind.
const manyRows = 20_000

// fillCopies copies an anchored license with all its rows, for six other issuers.
func (w *world) fillCopies(of office.Reservation) {
	w.t.Helper()
	base := of.Proceeding.Intent.Identifier.Base()
	for _, statement := range []string{
		`INSERT INTO license (base, type, issuer, serial, state, version, sequence, head, newest, type_version, number, holder_name, issuer_name, expires, last_act, step,
				created, updated, number_folded, holder_folded, grants, paper_due)
			SELECT t.type || '.' || 'i' || n % 6 || '.X1' || n, t.type, 'i' || n % 6, 'X1' || n, t.state, t.version, t.sequence, t.head, t.newest, t.type_version, 'N' || n, '人' || n,
				t.issuer_name, t.expires, t.last_act, t.step, t.created, t.updated, 'n' || n, '人' || n, ARRAY['g' || n % 40], CASE WHEN n % 50 = 0 THEN '{deliver}'::text[] ELSE '{}' END
			FROM license t CROSS JOIN generate_series(1000, 999 + $2::int) n WHERE t.base = $1`,
		`INSERT INTO proceeding (intent, base, held, act, class, version, sequence, issuer, organization, unit, matter, decision, canonical, recording, remark, step, approvals, entry,
				transaction, receipt, next_try, created, updated, decision_scope, grant_id, case_folded)
			SELECT sha256(convert_to('p' || n, 'UTF8')), t.type || '.' || 'i' || n % 6 || '.X1' || n, t.type || '.' || 'i' || n % 6 || '.X1' || n, p.act, p.class, p.version, p.sequence, 'i' || n % 6, 'i' || n % 6, 'i' || n % 6, p.matter, 'd' || n,
				p.canonical, p.recording, p.remark, p.step, p.approvals, p.entry, p.transaction, p.receipt, p.next_try, p.created, p.updated, '', 'g' || n % 40, 'c' || n
			FROM license t JOIN proceeding p ON p.base = t.base CROSS JOIN generate_series(1000, 999 + $2::int) n WHERE t.base = $1`,
		`INSERT INTO version (intent, base, version, organization, type_version, facts, secret, unsealed, sealed, number_folded, holder_folded, number_tag)
			SELECT sha256(convert_to('p' || n, 'UTF8')), v.base_of || n, v.version, v.organization, v.type_version, v.facts, v.secret, v.unsealed, v.sealed, 'n' || n, '人' || n, sha256(convert_to('t' || n, 'UTF8'))
			FROM (SELECT v.*, n, l.type || '.i' || n % 6 || '.X1' AS base_of FROM version v JOIN license l USING (base) CROSS JOIN generate_series(1000, 999 + $2::int) n WHERE l.base = $1) v`,
		`INSERT INTO printing (intent, number, token, base, version, organization, copy, type, list, index)
			SELECT sha256(convert_to('p' || n, 'UTF8')), 1, substr(sha256(convert_to('k' || n, 'UTF8')), 1, 16), l.type || '.i' || n % 6 || '.X1' || n, 1, l.issuer, 'electronic', l.type, 9, n
			FROM license l CROSS JOIN generate_series(1000, 999 + $2::int) n WHERE l.base = $1`,
		`INSERT INTO audit (at, account, organization, operation, subject, code, detail) SELECT now(), 'a', 'i' || n % 6, 'seal', CASE WHEN n % 3 = 0 THEN 'names' ELSE $1 || n END, '', ''
			FROM generate_series(1, 3 * $2::int) n`,
	} {
		w.must(w.sql(statement, base, manyRows))
	}
	w.must(w.sql(`ANALYZE`))
}

// filled is a world of one license, anchored, with its copies.
func filled(t *testing.T) (*world, office.Reservation) {
	t.Helper()
	w := newWorld(t)
	first := w.issue(1)
	w.must(w.Reserve(ctx(), first))
	w.anchor(first, nil)
	w.fillCopies(first)
	return w, first
}

// look is one question to the store, and how many rows it may meet: those of one issuer
// (3,333, of them 133 due) at most, where it may sort what is one's own.
type look struct {
	name string
	most int64
	do   func(s *postgres.Store) error
}

// TestNothingReadsEverything: over tables of twenty thousand rows and more no question
// falls back to reading a table from end to end, nor to walking an index and throwing
// away; also not once PostgreSQL plans without knowing the arguments.
func TestNothingReadsEverything(t *testing.T) {
	t.Parallel()
	w, first := filled(t)
	waiting := w.issue(2)
	w.must(w.Reserve(ctx(), waiting))
	w.Close() // its connections would be waited for
	conn := connect(t, w.db.OwnerURL)
	for _, l := range slices.Concat(w.lists(), w.lookups(first), w.steps()) {
		const times = 8
		before := met(t, conn)
		s := pgtest.Open(t, w.db, w.now)
		for range times {
			if err := l.do(s); err != nil {
				t.Fatalf("%s: %v", l.name, err)
			}
		}
		s.Close() // what its connections met is counted when they end
		after := settled(t, conn)
		for table, now := range after {
			if whole := now.seq - before[table].seq; whole > 0 {
				t.Errorf("%s reads %s from end to end: %d rows", l.name, table, whole)
			}
			if rows := (now.index - before[table].index) / times; rows > l.most {
				t.Errorf("%s meets %d rows of %s, at most %d", l.name, rows, table, l.most)
			}
		}
	}
}

func (w *world) lists() []look {
	search := func(name string, most int64, q office.SearchQuery) look {
		return look{name, most, func(s *postgres.Store) error { _, err := s.Search(ctx(), q); return err }}
	}
	grants := &registry.Reach{Content: registry.Among{Grants: []string{"g1", "g7"}}, Status: registry.Among{Issuers: []string{"i1", "i2"}}}
	return []look{
		search("list of many", 100, office.SearchQuery{Reach: issuers("i3")}),
		search("list of few, long ago", 100, office.SearchQuery{Reach: issuers(bureau)}),
		search("list of nobody", 100, office.SearchQuery{Reach: issuers(city)}),
		search("list by grants and superiors", 200, office.SearchQuery{Reach: grants}),
		search("list of another type", 100, office.SearchQuery{Reach: issuers("i3"), Type: "x"}),
		search("list of what waits", 100, office.SearchQuery{Reach: issuers(bureau), Step: office.StepReserved}),
		search("list of what was refused", 100, office.SearchQuery{Reach: issuers("i3"), Step: office.StepRefused}),
		search("paper that waits", 200, office.SearchQuery{Reach: issuers("i2"), PaperDue: true}),
		search("paper that waits for few", 100, office.SearchQuery{Reach: issuers(bureau), PaperDue: true}),
		search("paper that waits for nobody", 100, office.SearchQuery{Reach: issuers("i1"), PaperDue: true}),
		search("search of a holder", 200, office.SearchQuery{Reach: issuers("i3"), Text: "人12345"}),
		search("search of a common beginning", 3500, office.SearchQuery{Reach: issuers("i3"), Text: "人1"}),
		search("search of others' common beginning", 2000, office.SearchQuery{Reach: issuers(bureau), Text: "人1"}),
		search("search of nobody", 100, office.SearchQuery{Reach: issuers("i3"), Text: "无此人"}),
		search("search of a number", 200, office.SearchQuery{Reach: grants, Text: "N12345"}),
		search("look-up of an identifier", 100, office.SearchQuery{Text: typeCode + ".i3.X112345", Limit: 1}),
		search("cases in flight", 100, office.SearchQuery{Organization: bureau, Type: typeCode, Step: office.StepReserved}),
	}
}

func (w *world) lookups(first office.Reservation) []look {
	base, intent := first.Proceeding.Intent.Identifier.Base(), first.Proceeding.Digest
	ask := func(name string, do func(s *postgres.Store) error) look { return look{name, 200, do} }
	return []look{
		ask("tasks", func(s *postgres.Store) error { _, err := s.Tasks(ctx(), bureau); return err }),
		ask("acts that wait", func(s *postgres.Store) error { _, err := s.Waiting(ctx(), []string{bureau, "i3"}); return err }),
		ask("trail of one thing", func(s *postgres.Store) error { _, _, err := s.AuditTrail(ctx(), intent.String(), 0, 50); return err }),
		ask("trail of a common thing", func(s *postgres.Store) error { _, _, err := s.AuditTrail(ctx(), "names", 0, 50); return err }),
		ask("newest of the trail", func(s *postgres.Store) error { _, _, err := s.AuditTrail(ctx(), "", 0, 50); return err }),
		ask("old lines of a common thing", func(s *postgres.Store) error { _, _, err := s.AuditTrail(ctx(), "names", 900, 50); return err }),
		ask("row", func(s *postgres.Store) error { _, err := s.Record(ctx(), base); return err }),
		ask("history", func(s *postgres.Store) error { _, err := s.History(ctx(), base); return err }),
		ask("version", func(s *postgres.Store) error { _, err := s.Version(ctx(), base, 1); return err }),
		ask("printings", func(s *postgres.Store) error { _, err := s.Printings(ctx(), base); return err }),
		ask("token", func(s *postgres.Store) error { _, err := s.ByToken(ctx(), first.Printings[0].Token); return err }),
		ask("holders of a number", func(s *postgres.Store) error {
			_, err := s.Holders(ctx(), office.HolderQuery{Number: first.Version.Facts.Number})
			return err
		}),
		ask("whose a number is", func(s *postgres.Store) error {
			_, err := s.NumberUsed(ctx(), sm.Sum([]byte("no number")), "", []string{bureau})
			return err
		}),
		ask("work to lease", func(s *postgres.Store) error {
			_, err := s.Lease(ctx(), []office.Step{office.StepApproved, office.StepSealed}, 50, w.now())
			return err
		}),
		ask("overdue proposals", func(s *postgres.Store) error {
			_, err := s.Overdue.Expire(ctx(), w.now().Add(-time.Hour), 10, "expired", registry.CodeTimeout)
			return err
		}),
	}
}

// steps are an act from the first commit to the last.
func (w *world) steps() []look {
	n := 100
	return []look{{"an act", 200, func(s *postgres.Store) error {
		n++
		on := &world{Store: s, t: w.t, db: w.db, instant: w.now()}
		on.index.Store(uint32(100 + 10*n))
		r := on.issue(n)
		if err := s.Reserve(ctx(), r); err != nil {
			return err
		}
		on.anchor(r, nil)
		return nil
	}}}
}

// TestAmidLongSnapshot: while somebody holds a snapshot (a backup, the statistics of a
// large table), entries of what was done since stay in the indexes of what waits. Neither
// an act nor a look for work meets them again and again, also where PostgreSQL believes
// that nothing ever waits.
func TestAmidLongSnapshot(t *testing.T) {
	t.Parallel()
	w, _ := filled(t)
	held, conn := connect(t, w.db.OwnerURL), connect(t, w.db.OwnerURL)
	for _, statement := range []string{`BEGIN ISOLATION LEVEL REPEATABLE READ`, `SELECT count(*) FROM license_type`} {
		if _, err := held.Exec(ctx(), statement); err != nil {
			t.Fatal(err)
		}
	}
	act := w.steps()[0].do
	const done, times = 300, 20
	for range done {
		w.must(act(w.Store))
	}
	w.wait(time.Minute)
	w.Close()
	measure := func(do func(s *postgres.Store) error) int64 {
		before := met(t, conn)
		s := pgtest.Open(t, w.db, w.now)
		for range times {
			w.must(do(s))
		}
		s.Close()
		return (settled(t, conn)["proceeding"].index - before["proceeding"].index) / times
	}
	if rows := measure(act); rows > 60 {
		t.Errorf("an act meets %d rows, %d acts after the snapshot", rows, done)
	}
	rows := measure(func(s *postgres.Store) error {
		_, err := s.Lease(ctx(), []office.Step{office.StepApproved, office.StepSealed}, 50, w.now().Add(time.Minute))
		return err
	})
	if rows > 100 { // the first of the looks meets them all
		t.Errorf("a look for work meets %d rows", rows)
	}
}

// scans are the rows of a table that were met by reading it whole, and by its indexes.
type scans struct{ seq, index int64 }

// met counts by table; those with few rows do not matter.
func met(t *testing.T, conn *pgx.Conn) map[string]scans {
	t.Helper()
	if _, err := conn.Exec(ctx(), `SELECT pg_stat_clear_snapshot()`); err != nil {
		t.Fatal(err)
	}
	rows, err := conn.Query(ctx(), `SELECT s.relname, s.seq_tup_read, coalesce((SELECT sum(i.idx_tup_read) FROM pg_stat_user_indexes i WHERE i.relid = s.relid), 0)
		FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid WHERE c.reltuples >= 1000`)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]scans{}
	var table string
	var n scans
	if _, err := pgx.ForEachRow(rows, []any{&table, &n.seq, &n.index}, func() error { all[table] = n; return nil }); err != nil {
		t.Fatal(err)
	}
	if len(all) < 6 {
		t.Fatalf("filled tables: %v", all)
	}
	return all
}

// settled waits until the ended connections have told what they met.
func settled(t *testing.T, conn *pgx.Conn) map[string]scans {
	t.Helper()
	for n, until := 1, time.Now().Add(10*time.Second); n > 0; {
		if err := conn.QueryRow(ctx(), `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'tongzheng'`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if time.Now().After(until) {
			t.Fatalf("%d connections do not end", n)
		}
		if n > 0 {
			time.Sleep(5 * time.Millisecond)
		}
	}
	return met(t, conn)
}

// TestPartiesFollowLicenses: whatever becomes of licenses, what lists walk is what
// follows from the licenses' own rows, and finds what a look at every row finds.
func TestPartiesFollowLicenses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.walkOfActs()
	conn := connect(t, w.db.OwnerURL)
	if wrong, err := w.Parties(ctx(), false); err != nil || wrong != 0 {
		t.Errorf("%d rows are not what the licenses say: %v", wrong, err)
	}
	for _, step := range append(office.Steps(), "") {
		for name, r := range map[string]*registry.Reach{"issuer": issuers(bureau), "grant": {Content: registry.Among{Grants: []string{"g1"}}},
			"superior": {Status: registry.Among{Issuers: []string{bureau}}}, "result": result("g1"), "proposer": {Proposer: bureau}} {
			var want []string
			rows, err := conn.Query(ctx(), `SELECT serial FROM license WHERE ($1 = '' OR step = $1) AND ($2 AND sequence > 0 OR $3 AND sequence = 0) ORDER BY arrival DESC`,
				string(step), name != "proposer", name == "issuer" || name == "proposer")
			w.must(err)
			want, err = pgx.CollectRows(rows, pgx.RowTo[string])
			w.must(err)
			if got := w.allPages(office.SearchQuery{Reach: r, Step: step, Limit: 3}); !slices.Equal(got, want) {
				t.Errorf("%s, step %q: %v, want %v", name, step, got, want)
			}
		}
	}
}

// walkOfActs has acts of many kinds end in many ways.
func (w *world) walkOfActs() {
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 40 {
		r := w.issue(i + 1)
		w.must(w.Reserve(ctx(), r))
		switch random.IntN(6) {
		case 0: // waits
		case 1:
			w.must(w.Drop(ctx(), r.Proceeding.Digest, clerk))
		case 2:
			w.seal(r)
			w.must(w.Refused(ctx(), r.Proceeding.Digest, office.StepSealed, registry.CodeSealState, "seal suspended"))
		default:
			e, l := w.anchor(r, nil)
			if random.IntN(2) == 0 {
				change := w.next(registry.Change, e)
				w.must(w.Reserve(ctx(), change))
				if random.IntN(2) == 0 {
					w.anchor(change, l)
				}
			}
		}
	}
}

func (w *world) allPages(q office.SearchQuery) (serials []string) {
	for {
		page := w.search(q)
		for _, item := range page.Items {
			serials = append(serials, item.Identifier.Serial)
		}
		if q.Cursor = page.Next; q.Cursor == "" {
			return serials
		}
	}
}
