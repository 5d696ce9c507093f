package postgres_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/postgres"
	"tongzheng/registry/postgres/cluster"
	"tongzheng/registry/postgres/pgtest"
)

// caseStep is a step of a file as the store keeps it.
func (w *world) caseStep(number string, nth int) registry.CaseStep {
	return registry.CaseStep{Statement: registry.CaseStatement{Grant: "g1", Case: number, Number: nth, Kind: registry.CaseAccept, Organization: bureau, At: w.now().Unix(), Days: 5}}
}

func (w *world) addStep(step registry.CaseStep) error {
	return w.Cases.AddCaseSteps(ctx(), office.CaseAddition{Steps: []registry.CaseStep{step}})
}

// caseSteps are the steps of a file.
func (w *world) caseSteps(number string) []registry.CaseStep {
	w.t.Helper()
	kept, err := w.Cases.Case(ctx(), "g1", number)
	w.must(err)
	return kept.Steps
}

// TestCaseNumbersFolded: a case is the same in whatever form its number is written,
// kept as it was written first.
func TestCaseNumbersFolded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(w.addStep(w.caseStep("受〔2026〕1号", 1)))
	w.wantCode(w.addStep(w.caseStep("受（2026） 1号", 1)), registry.CodeStale)
	w.must(w.addStep(w.caseStep("受〔2026〕2号", 1)))
	steps := w.caseSteps(" 受[2026]1号")
	if len(steps) != 1 || steps[0].Statement.Case != "受〔2026〕1号" {
		t.Fatalf("%+v", steps)
	}
}

// TestCaseNumbersOfBefore: of two old files whose numbers differ in form alone both
// stay, each under its own number; a third form is the first of them.
func TestCaseNumbersOfBefore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(postgres.MigrateDown(ctx(), w.db.OwnerURL, 15))
	for _, number := range []string{"受〔2026〕1号", "受(2026)1号"} {
		step := w.caseStep(number, 1)
		raw, err := registry.Encode(&step.Statement)
		w.must(err)
		w.must(w.sql(`INSERT INTO case_step (grant_id, case_number, number, kind, organization, statement, digest, approval, at)
			VALUES ('g1', $1, 1, 'accept', $2, $3, sha256($3), '{}', $4)`, number, bureau, raw, w.now()))
		w.wait(time.Hour)
	}
	w.must(postgres.Migrate(ctx(), w.db.OwnerURL, cluster.AppRole))
	w.Store = pgtest.Open(t, w.db, w.now)
	w.must(w.addStep(w.caseStep("受(2026)1号", 2)))
	for asked, want := range map[string]struct {
		number string
		steps  int
	}{"受〔2026〕1号": {"受〔2026〕1号", 1}, "受(2026)1号": {"受(2026)1号", 2}, "受［2026］1号": {"受〔2026〕1号", 1}} {
		steps := w.caseSteps(asked)
		if len(steps) != want.steps || steps[0].Statement.Case != want.number {
			t.Errorf("%s: %+v", asked, steps)
		}
	}
}

// TestCaseRefsWalkParties: the list of cases that each step keeps is the one that all
// steps together give, the last worked on first, also for files of before.
func TestCaseRefsWalkParties(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	organizations, grants := []string{bureau, city, "o3", "o4"}, []string{"g1", "g2", "g3"}
	random := rand.New(rand.NewPCG(3, 4))
	last := map[string]int{}
	for range 120 {
		step := w.caseStep(fmt.Sprintf("件%d", random.IntN(15)), 0)
		s := &step.Statement
		s.Grant, s.Organization = grants[random.IntN(3)], organizations[random.IntN(4)]
		last[s.Grant+s.Case]++
		if s.Number = last[s.Grant+s.Case]; random.IntN(3) == 0 {
			s.Kind, s.Invited = registry.CaseInvite, organizations[random.IntN(4)]
		}
		w.must(w.addStep(step))
		w.wait(time.Duration(random.IntN(3)) * time.Second)
	}
	conn := connect(t, w.db.OwnerURL)
	look := func(s *postgres.Store) {
		t.Helper()
		for _, of := range [][]string{nil, {"g2"}, grants} {
			for _, organization := range append(organizations, "", "nobody") {
				for _, limit := range []int{1, 7, 100} {
					rows, err := conn.Query(ctx(), `SELECT grant_id, case_number FROM case_step WHERE grant_id = ANY ($1)
						OR (grant_id, case_number) IN (SELECT grant_id, case_number FROM case_step WHERE $2 <> '' AND (organization = $2 OR invited = $2))
						GROUP BY grant_id, case_number ORDER BY max(at) DESC, case_number COLLATE "C", grant_id LIMIT $3`, of, organization, limit)
					w.must(err)
					want, err := pgx.CollectRows(rows, pgx.RowToStructByPos[office.CaseRef])
					w.must(err)
					got, err := s.Cases.CaseRefs(ctx(), of, organization, limit)
					w.must(err)
					if !slices.Equal(got, want) {
						t.Errorf("%v, %q, %d: %v, want %v", of, organization, limit, got, want)
					}
				}
			}
		}
	}
	look(w.Store)
	w.must(postgres.MigrateDown(ctx(), w.db.OwnerURL, 29))
	w.must(postgres.Migrate(ctx(), w.db.OwnerURL, "")) // the rights of the role stand
	look(pgtest.Open(t, w.db, w.now))
}
