package postgres_test

import (
	"testing"

	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/postgres"
)

func issuers(code string) *registry.Reach {
	return &registry.Reach{Content: registry.Among{Issuers: []string{code}}}
}

func result(grant string) *registry.Reach {
	return &registry.Reach{Result: registry.Among{Grants: []string{grant}}}
}

// TestSearchByCodedNumber: where only the result is seen, a number that is made of the
// holder's code finds nothing, as it is not shown; its holder's name does.
func TestSearchByCodedNumber(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.issue(1)
	code := r.Version.Facts.Holder.Code
	r.Version.Facts.Number = "JY" + code
	w.must(w.Reserve(ctx(), r))
	w.anchor(r, nil)
	for what, c := range map[string]struct {
		q    office.SearchQuery
		want int
	}{
		"issuer":            {office.SearchQuery{Text: "JY" + code, Reach: issuers(bureau)}, 1},
		"result, by number": {office.SearchQuery{Text: "JY" + code, Reach: result("g1")}, 0},
		"result, by holder": {office.SearchQuery{Text: r.Version.Facts.Holder.Name, Reach: result("g1")}, 1},
	} {
		page := w.search(c.q)
		if len(page.Items) != c.want || c.want == 1 && page.Items[0].HolderCode != code {
			t.Errorf("%s: %+v", what, page.Items)
		}
	}
}

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
			"issuer":                {office.SearchQuery{Reach: issuers(bureau)}, 2},
			"grant":                 {office.SearchQuery{Reach: &registry.Reach{Content: registry.Among{Grants: []string{"g1", "g9"}}}}, 1},
			"other grant":           {office.SearchQuery{Reach: &registry.Reach{Content: registry.Among{Grants: []string{"g2"}}}}, 0},
			"nothing":               {office.SearchQuery{Reach: &registry.Reach{}}, 0},
			"proposer":              {office.SearchQuery{Reach: &registry.Reach{Proposer: bureau}}, 1},
			"superior":              {office.SearchQuery{Reach: &registry.Reach{Status: registry.Among{Issuers: []string{bureau}}}}, 1},
			"told":                  {office.SearchQuery{Reach: &registry.Reach{Status: registry.Among{Grants: []string{"g1"}}}}, 1},
			"grant, by holder":      {office.SearchQuery{Text: "食客00001", Reach: &registry.Reach{Content: registry.Among{Grants: []string{"g1"}}}}, 1},
			"told, by holder":       {office.SearchQuery{Text: "食客00001", Reach: &registry.Reach{Status: registry.Among{Grants: []string{"g1"}}}}, 0},
			"told, by number":       {office.SearchQuery{Text: "JY1360", Reach: &registry.Reach{Status: registry.Among{Grants: []string{"g1"}, Issuers: []string{bureau}}}}, 0},
			"told, by identifier":   {office.SearchQuery{Text: anchored.Proceeding.Intent.Identifier.String(), Reach: &registry.Reach{Status: registry.Among{Grants: []string{"g1"}}}}, 1},
			"result":                {office.SearchQuery{Reach: result("g1")}, 1},
			"result, by holder":     {office.SearchQuery{Text: "食客00001", Reach: result("g1")}, 1},
			"result, by number":     {office.SearchQuery{Text: "JY1360", Reach: result("g1")}, 1},
			"result, another's":     {office.SearchQuery{Text: "食客00001", Reach: result("g2")}, 0},
			"paper that waits":      {office.SearchQuery{PaperDue: true, Reach: issuers(bureau)}, 1},
			"paper, another's":      {office.SearchQuery{PaperDue: true, Reach: issuers(city)}, 0},
			"told, step and type":   {office.SearchQuery{Type: typeCode, Step: office.StepAnchored, Reach: &registry.Reach{Status: registry.Among{Grants: []string{"g1"}}}}, 1},
			"wildcard is no way in": {office.SearchQuery{Text: "%", Reach: &registry.Reach{Status: registry.Among{Grants: []string{"g1"}}}}, 0},
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
	due := office.SearchQuery{PaperDue: true, Reach: issuers(bureau)}
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
