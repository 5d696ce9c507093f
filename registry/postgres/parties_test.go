package postgres_test

import (
	"testing"

	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/postgres"
)

// TestSearchByReach: licenses are found by issuer and by the grants of anchored
// acts, never by those of a proposal; where only the status is seen, holder and
// number find nothing.
func TestSearchByReach(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	anchored := w.issue(1)
	w.must(w.Reserve(ctx(), anchored))
	w.anchor(anchored, nil)
	proposed := w.issue(2)
	w.must(w.Reserve(ctx(), proposed))
	look := func(when string) {
		t.Helper()
		for what, c := range map[string]struct {
			q    office.SearchQuery
			want int
		}{
			"issuer":                {office.SearchQuery{Reach: &registry.Reach{Issuers: []string{bureau}}}, 2},
			"grant":                 {office.SearchQuery{Reach: &registry.Reach{Grants: []string{"g1", "g9"}}}, 1},
			"other grant":           {office.SearchQuery{Reach: &registry.Reach{Grants: []string{"g2"}}}, 0},
			"nothing":               {office.SearchQuery{Reach: &registry.Reach{}}, 0},
			"proposer":              {office.SearchQuery{Reach: &registry.Reach{Proposer: bureau}}, 1},
			"superior":              {office.SearchQuery{Reach: &registry.Reach{Below: []string{bureau}}}, 1},
			"told":                  {office.SearchQuery{Reach: &registry.Reach{Told: []string{"g1"}}}, 1},
			"grant, by holder":      {office.SearchQuery{Text: "食客00001", Reach: &registry.Reach{Grants: []string{"g1"}}}, 1},
			"told, by holder":       {office.SearchQuery{Text: "食客00001", Reach: &registry.Reach{Told: []string{"g1"}}}, 0},
			"told, by number":       {office.SearchQuery{Text: "JY1360", Reach: &registry.Reach{Told: []string{"g1"}, Below: []string{bureau}}}, 0},
			"told, by identifier":   {office.SearchQuery{Text: anchored.Proceeding.Intent.Identifier.String(), Reach: &registry.Reach{Told: []string{"g1"}}}, 1},
			"paper that waits":      {office.SearchQuery{PaperDue: true, Reach: &registry.Reach{Issuers: []string{bureau}}}, 1},
			"paper, another's":      {office.SearchQuery{PaperDue: true, Reach: &registry.Reach{Issuers: []string{city}}}, 0},
			"told, step and type":   {office.SearchQuery{Type: typeCode, Step: office.StepAnchored, Reach: &registry.Reach{Told: []string{"g1"}}}, 1},
			"wildcard is no way in": {office.SearchQuery{Text: "%", Reach: &registry.Reach{Told: []string{"g1"}}}, 0},
		} {
			if page := w.search(c.q); len(page.Items) != c.want {
				t.Errorf("%s, %s: %d licenses, want %d", when, what, len(page.Items), c.want)
			}
		}
	}
	look("as stored")
	w.must(postgres.MigrateDown(ctx(), w.db.OwnerURL, 13))
	w.must(postgres.Migrate(ctx(), w.db.OwnerURL, ""))
	look("after the migration")
}

// TestPaperDueFollowsTheLedger: what waits on paper is kept at commit 3, and by a
// mending; what governance says of a license is looked at again.
func TestPaperDueFollowsTheLedger(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	due := office.SearchQuery{PaperDue: true, Reach: &registry.Reach{Issuers: []string{bureau}}}
	r := w.issue(1)
	w.must(w.Reserve(ctx(), r))
	e, l := w.anchor(r, nil)
	if n := len(w.search(due).Items); n != 1 {
		t.Fatalf("a printed sheet waits: %d", n)
	}
	deliver := w.reservation(registry.Intent{Act: registry.Deliver, Identifier: e.Intent.Identifier, Sequence: 2, Previous: e.Digest(), TypeVersion: 1, Grant: "g1",
		Organization: bureau, Ground: "collected", Decided: w.now().Unix(), Refers: 2}, nil)
	w.must(w.Reserve(ctx(), deliver))
	e, l = w.anchor(deliver, l)
	if n := len(w.search(due).Items); n != 0 {
		t.Fatalf("delivered, nothing waits: %d", n)
	}
	base := e.Intent.Identifier.Base()
	overseen := &registry.Standing{License: l, Oversight: &registry.Oversight{State: registry.Revoked}, Entries: []registry.Anchored{{Entry: e}}}
	w.must(w.Mend(ctx(), base, overseen, nil))
	if n := len(w.search(due).Items); n != 1 {
		t.Errorf("what a superior did may want the sheet back: %d", n)
	}
}
