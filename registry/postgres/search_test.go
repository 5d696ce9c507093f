package postgres_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/plan"
	"tongzheng/registry/postgres"
)

func (w *world) search(q office.SearchQuery) *office.SearchPage {
	w.t.Helper()
	page, err := w.Search(ctx(), q)
	w.must(err)
	return page
}

func TestSearch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(w.SetTypes(ctx(), []*registry.LicenseType{{Code: typeCode, Version: 1, Name: "食品经营许可证"}}))
	var first office.Reservation
	for i := range 5 {
		r := w.issue(i + 1)
		w.must(w.Reserve(ctx(), r))
		if i == 0 {
			first = r
		}
	}
	e, l := w.anchor(first, nil)
	change := w.next(registry.Change, e)
	w.must(w.Reserve(ctx(), change))
	w.anchor(change, l)

	id := e.Intent.Identifier
	for name, c := range map[string]struct {
		q    office.SearchQuery
		want int
	}{
		"all": {office.SearchQuery{}, 5}, "issuer": {office.SearchQuery{Organization: bureau}, 5}, "stranger": {office.SearchQuery{Organization: city}, 0},
		"step": {office.SearchQuery{Step: office.StepReserved}, 4}, "type": {office.SearchQuery{Type: typeCode}, 5}, "other type": {office.SearchQuery{Type: "x"}, 0},
		"holder": {office.SearchQuery{Text: "食客0000"}, 4}, "new name": {office.SearchQuery{Text: "改名"}, 1}, "old name": {office.SearchQuery{Text: "食客00001"}, 0},
		"number": {office.SearchQuery{Text: "JY13607320000003"}, 1}, "base": {office.SearchQuery{Text: id.Base()}, 1},
		"identifier": {office.SearchQuery{Text: id.String()}, 1}, "lower case": {office.SearchQuery{Text: strings.ToLower(id.Base()[:40])}, 5},
		"wildcard is no wildcard": {office.SearchQuery{Text: "%"}, 0}, "quote": {office.SearchQuery{Text: "'; DROP TABLE license; --"}, 0},
		"both": {office.SearchQuery{Text: "食客", Organization: bureau, Step: office.StepReserved, Type: typeCode}, 4},
	} {
		if page := w.search(c.q); len(page.Items) != c.want || page.Next != "" {
			t.Errorf("%s: %d items, want %d (next %q)", name, len(page.Items), c.want, page.Next)
		}
	}
	item := w.search(office.SearchQuery{Text: id.Base()}).Items[0]
	if item.Identifier != id.WithVersion(2) || item.HolderName != "改名后的店" || item.TypeName != "食品经营许可证" || item.LastAct != registry.Change ||
		item.Step != office.StepAnchored || item.Expires != 22000 || item.IssuerName != "兴国县行政审批局" {
		t.Fatalf("%+v", item)
	}
	for _, bad := range []office.SearchQuery{{Cursor: "x"}, {Cursor: "AAAAAAAAAAAA"}, {Limit: 101}, {Limit: -1}, {Text: "\x00"}, {Text: "\xff"}} {
		_, err := w.Search(ctx(), bad)
		w.wantCode(err, registry.CodeMalformed)
	}
}

// TestSearchFollowsTheVersionInForce: a proposal changes nothing of how a license is
// found and shown; a version does once it is in force.
func TestSearchFollowsTheVersionInForce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.issue(1)
	w.must(w.Reserve(ctx(), r))
	old, base := r.Version.Facts.Holder.Name, r.Proceeding.Intent.Identifier.Base()
	want := func(when, name string, version int) {
		t.Helper()
		for text, n := range map[string]int{old: 0, "改名后的店": 0, name: 1} {
			page := w.search(office.SearchQuery{Text: text})
			if len(page.Items) != n || n == 1 && (page.Items[0].HolderName != name || page.Items[0].Identifier.Version != version) {
				t.Errorf("%s, looking for %s: %+v", when, text, page.Items)
			}
		}
		if held, err := w.Holders(ctx(), office.HolderQuery{Base: base}); err != nil || len(held) != 1 || held[0].Newest.Version != version {
			t.Errorf("%s: %+v %v", when, held, err)
		}
	}
	want("applied for", old, 1)
	e, l := w.anchor(r, nil)
	change := w.next(registry.Change, e)
	w.must(w.Reserve(ctx(), change))
	want("a change proposed", old, 1)
	w.must(w.Drop(ctx(), change.Proceeding.Digest, clerk))
	want("given up", old, 1)
	w.wait(time.Minute)
	change = w.next(registry.Change, e)
	w.must(w.Reserve(ctx(), change))
	w.seal(change)
	want("sealed", old, 1)
	w.must(w.Refused(ctx(), change.Proceeding.Digest, office.StepSealed, registry.CodeSealState, "seal suspended"))
	want("refused", old, 1)
	w.wait(time.Minute)
	change = w.next(registry.Change, e)
	w.must(w.Reserve(ctx(), change))
	w.anchor(change, l)
	want("in force", "改名后的店", 2)
}

// TestSearchPages: pages neither repeat nor skip, also when licenses come and
// change between them.
func TestSearchPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var want []string
	for i := range 11 {
		r := w.issue(i + 1)
		w.must(w.Reserve(ctx(), r))
		want = append(want, r.Proceeding.Intent.Identifier.Serial)
		if i == 5 {
			w.must(w.Drop(ctx(), r.Proceeding.Digest, clerk))
		}
	}
	slices.Reverse(want)
	var got []string
	q := office.SearchQuery{Limit: 4}
	for n := 0; ; n++ {
		page := w.search(q)
		for _, item := range page.Items {
			got = append(got, item.Identifier.Serial)
		}
		if page.Next == "" {
			break
		}
		q.Cursor = page.Next
		w.must(w.Reserve(ctx(), w.issue(100+n)))
		list, err := w.History(ctx(), page.Items[0].Identifier.Base())
		w.must(err)
		if !list[0].Step.Done() {
			w.approve(office.Reservation{Proceeding: list[0]})
		}
	}
	if !slices.Equal(got, want) {
		t.Fatalf("got %v\nwant %v", got, want)
	}
}

// TestSearchUsesIndexes: with many licenses, a prefix is answered from the
// indexes and not by reading the table.
func TestSearchUsesIndexes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(w.sql(`INSERT INTO license (base, type, issuer, serial, number_folded, holder_folded, created, updated)
		SELECT 't.i.' || n, 't', 'i', n::text, 'n' || n, 'h' || md5(n::text), now(), now() FROM generate_series(1, 20000) n`))
	w.must(w.sql(`ANALYZE license`))
	rows, err := connect(t, w.db.OwnerURL).Query(ctx(), `EXPLAIN SELECT * FROM license l WHERE l.arrival < 999999
		AND (l.holder_folded >= 'habc1' AND l.holder_folded < 'habc1z' OR l.number_folded >= 'habc1' AND l.number_folded < 'habc1z' OR l.base >= 'Habc1' AND l.base < 'Habc1z')
		ORDER BY l.arrival DESC LIMIT 21`)
	w.must(err)
	var out strings.Builder
	for rows.Next() {
		var line string
		w.must(rows.Scan(&line))
		fmt.Fprintln(&out, line)
	}
	for _, index := range []string{"license_holder", "license_number", "license_pkey"} {
		if !strings.Contains(out.String(), index) {
			t.Errorf("%s is not used:\n%s", index, out.String())
		}
	}
	if page := w.search(office.SearchQuery{Text: "N1999"}); len(page.Items) != 11 {
		t.Errorf("%d items", len(page.Items))
	}
}

// TestFoldedSearch: numbers and names are found as people write them, also those
// stored before they were folded, and come back as they are sealed.
func TestFoldedSearch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const number, name = "兴审批〔2026〕15号", "阿依古丽·Café（兴国）"
	r := w.issue(1)
	r.Version.Facts.Number, r.Version.Facts.Holder.Name = number, name
	w.must(w.Reserve(ctx(), r))
	w.must(w.Reserve(ctx(), w.issue(2))) // its holder has a 𠮷
	id := r.Version.Identifier
	look := func(when string) {
		t.Helper()
		for _, typed := range []string{number, "兴审批[2026]15号", "兴审批（２０２６）15号", "兴审批(2026", " 兴审批【2026】15号　", name, "阿依古丽•CAFE\u0301(兴国)", "阿依古丽・ｃａｆé（兴国）"} {
			page := w.search(office.SearchQuery{Text: typed})
			if len(page.Items) != 1 || page.Items[0].Number != number || page.Items[0].HolderName != name {
				t.Errorf("%s, %q: %+v", when, typed, page.Items)
			}
		}
		for _, typed := range []string{"兴审批[2026]15号", " 兴审批（２０２６）15号"} {
			held, err := w.Holders(ctx(), office.HolderQuery{Number: typed})
			if err != nil || len(held) != 1 || held[0].Newest.Base() != id.Base() || held[0].Holders[1].Name != name {
				t.Errorf("%s, %q: %+v %v", when, typed, held, err)
			}
		}
		for _, q := range []office.HolderQuery{{}, {Number: "兴审批2026 15号"}, {Number: "\u00ad"}, {Number: "\x00"}, {Base: "t.i.s"}} {
			if held, err := w.Holders(ctx(), q); err != nil || len(held) != 0 {
				t.Errorf("%s, %+v: %+v %v", when, q, held, err)
			}
		}
		if held, err := w.Holders(ctx(), office.HolderQuery{Base: id.Base()}); err != nil || len(held) != 1 || held[0].Holders[1].Name != name {
			t.Errorf("%s, by base: %+v %v", when, held, err)
		}
		if page := w.search(office.SearchQuery{Text: "食客00002吉店"}); len(page.Items) != 0 {
			t.Errorf("𠮷 is taken for 吉: %+v", page.Items)
		}
	}
	look("as stored")
	w.must(postgres.MigrateDown(ctx(), w.db.OwnerURL, 6))
	w.must(postgres.Migrate(ctx(), w.db.OwnerURL, ""))
	look("after the migration")
}

// TestCatalog: entries come back with the digest that the ledger holds;
// versions in use do not change.
func TestCatalog(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	city, err := plan.Load("ganzhou")
	w.must(err)
	var types []*registry.LicenseType
	for i := range city.Types {
		types = append(types, &city.Types[i].Type)
	}
	w.must(w.SetTypes(ctx(), types))
	w.must(w.SetTypes(ctx(), types))
	listed, err := w.Types(ctx())
	w.must(err)
	if len(listed) != len(types) || len(types) < 8 {
		t.Fatalf("%d of %d types", len(listed), len(types))
	}
	for _, want := range types {
		got, err := w.Type(ctx(), want.Code, want.Version)
		w.must(err)
		if got.Digest() != want.Digest() {
			t.Errorf("%s comes back with another digest", want.Name)
		}
	}
	changed := *types[0]
	changed.LeadDays++
	w.wantCode(w.SetTypes(ctx(), []*registry.LicenseType{types[1], &changed}), registry.CodeStale)
	changed.Version++
	w.must(w.SetTypes(ctx(), []*registry.LicenseType{&changed}))
	newest, err := w.Type(ctx(), changed.Code, 0)
	w.must(err)
	if newest.Version != changed.Version || newest.LeadDays != changed.LeadDays {
		t.Fatalf("newest is %d", newest.Version)
	}
	for _, code := range []string{"none", "x\x00"} {
		if _, err := w.Type(ctx(), code, 0); err == nil {
			t.Errorf("type %q was found", code)
		}
	}
	_, err = w.Type(ctx(), changed.Code, 99)
	w.wantCode(err, registry.CodeTypeUnknown)
}
