package postgres_test

import (
	"testing"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/postgres"
	"tongzheng/registry/postgres/cluster"
	"tongzheng/registry/postgres/pgtest"
)

// caseStep is a step of a file as the store keeps it.
func (w *world) caseStep(number string, nth int) registry.CaseStep {
	return registry.CaseStep{Statement: registry.CaseStatement{Grant: "g1", Case: number, Number: nth, Kind: registry.CaseAccept, Organization: bureau, At: w.now().Unix(), Days: 5}}
}

// TestCaseNumbersFolded: a case is the same in whatever form its number is written,
// kept as it was written first; the act that decides it is found by it.
func TestCaseNumbersFolded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(w.Cases.AddCaseStep(ctx(), w.caseStep("受〔2026〕1号", 1)))
	w.wantCode(w.Cases.AddCaseStep(ctx(), w.caseStep("受（2026） 1号", 1)), registry.CodeStale)
	w.must(w.Cases.AddCaseStep(ctx(), w.caseStep("受〔2026〕2号", 1)))
	steps, err := w.Cases.CaseSteps(ctx(), "g1", " 受[2026]1号")
	w.must(err)
	if len(steps) != 1 || steps[0].Statement.Case != "受〔2026〕1号" {
		t.Fatalf("%+v", steps)
	}
	r := w.issue(1)
	in, facts := r.Proceeding.Intent, r.Version.Facts
	in.Case = "受[2026]1号"
	r = w.reservation(in, &facts)
	decided := func(grant, number string, want bool) {
		t.Helper()
		d, err := w.Cases.CaseDecision(ctx(), []string{"g0", grant}, []string{in.Organization}, number)
		w.must(err)
		if (d != nil) != want || want && (d.Act != registry.Issue || d.Document != in.Decision || d.At != in.Decided) {
			t.Errorf("%s under %s: %+v", number, grant, d)
		}
	}
	w.must(w.Reserve(ctx(), r))
	decided("g1", "受〔2026〕1号", false)
	w.anchor(r, nil)
	if d, err := w.Cases.CaseDecision(ctx(), []string{"g1"}, []string{"11360732MB0000000X"}, "受〔2026〕1号"); d != nil || err != nil {
		t.Errorf("another organization's act decides it: %+v %v", d, err)
	}
	decided("g1", "受〔2026〕1号", true)
	decided("g1", "受〔2026〕2号", false)
	decided("g2", "受〔2026〕1号", false)
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
	w.must(w.Cases.AddCaseStep(ctx(), w.caseStep("受(2026)1号", 2)))
	for asked, want := range map[string]struct {
		number string
		steps  int
	}{"受〔2026〕1号": {"受〔2026〕1号", 1}, "受(2026)1号": {"受(2026)1号", 2}, "受［2026］1号": {"受〔2026〕1号", 1}} {
		steps, err := w.Cases.CaseSteps(ctx(), "g1", asked)
		w.must(err)
		if len(steps) != want.steps || steps[0].Statement.Case != want.number {
			t.Errorf("%s: %+v", asked, steps)
		}
	}
}
