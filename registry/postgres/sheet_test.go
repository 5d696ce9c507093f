package postgres_test

import (
	"fmt"
	"testing"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
)

// TestSheetsWanted: who is shown few sheets among many gets those, open ones
// first and the newest before older ones, and not more than asked for.
func TestSheetsWanted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const city, county = "113607000000000000", "113607320000000000"
	var last *office.OrderSheet
	for i := range 250 {
		organization := city
		if i%50 == 0 {
			organization = county
		}
		order, err := registry.NewOrder(organization, &registry.Matter{Code: fmt.Sprintf("m%03d", i), FullName: "x"}, "文号", 1, 1, sm.Digest{})
		w.must(err)
		s := &office.OrderSheet{Digest: order.Digest(), Orders: []*registry.Order{order}, Drafter: fmt.Sprintf("a%d", i), Created: w.now().Add(time.Duration(i) * time.Second)}
		w.must(w.Store.Sheets.AddSheet(ctx(), s))
		if organization == county {
			last = s
		}
	}
	w.must(w.Store.Sheets.EndSheet(ctx(), last, office.SheetDropped, "", ""))
	theirs := func(s *office.OrderSheet) bool { return s.Organizations()[0] == county }
	for limit, want := range map[int][]string{2: {"a150", "a100"}, 5: {"a150", "a100", "a50", "a0", "a200"}, 100: {"a150", "a100", "a50", "a0", "a200"}} {
		list, err := w.Store.Sheets.Sheets(ctx(), limit, theirs)
		w.must(err)
		var got []string
		for _, s := range list {
			got = append(got, s.Drafter)
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%d asked for: %v, want %v", limit, got, want)
		}
	}
	// Drafted again it is the second drafter's.
	last.Drafter = "b"
	w.must(w.Store.Sheets.AddSheet(ctx(), last))
	again, err := w.Store.Sheets.Sheet(ctx(), last.Digest)
	w.must(err)
	if again.Step != office.SheetOpen || again.Drafter != "b" {
		t.Errorf("%+v", again)
	}
	// Given up, and on the ledger all the same: the ledger's word counts. Nothing else does.
	w.must(w.Store.Sheets.EndSheet(ctx(), last, office.SheetDropped, "", ""))
	w.wantCode(w.Store.Sheets.EndSheet(ctx(), last, office.SheetRefused, "", ""), registry.CodeActState)
	w.must(w.Store.Sheets.EndSheet(ctx(), last, office.SheetSet, "", ""))
	w.must(w.Store.Sheets.KeepPart(ctx(), last, "gz", []byte("part")))
	if parts, err := w.Store.Sheets.Parts(ctx(), last.Digest); err != nil || len(parts) != 1 {
		t.Errorf("parts %v, %v", parts, err)
	}
	w.must(w.Store.Sheets.DropPart(ctx(), last, "gz"))
	if parts, err := w.Store.Sheets.Parts(ctx(), last.Digest); err != nil || len(parts) != 0 {
		t.Errorf("parts %v, %v", parts, err)
	}
}
