package statusview_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"
	"pgregory.net/rapid"

	"tongzheng/chaincode/ledgertest"
	"tongzheng/registry"
	"tongzheng/registry/statusview"
)

// judged counts a view's licenses on a day one by one, as statistics once did.
func judged(t fataler, v *statusview.View, issuers []string, day registry.Date) (list []registry.Tally) {
	t.Helper()
	counted := map[registry.Tally]int{}
	for base, s := range standings(t, v) {
		part := strings.Split(base, ".")
		if !slices.Contains(issuers, part[1]) {
			continue
		}
		q := registry.Question{Now: day.Start(), Standing: &registry.Standing{License: s.License, Oversight: s.Oversight}}
		q.Identifier.Version = s.License.Version
		counted[registry.Tally{Issuer: part[1], Type: part[0], Word: registry.Judge(q).Word}]++
	}
	for tally, n := range counted {
		tally.Licenses = n
		list = append(list, tally)
	}
	return inOrder(list)
}

func standings(t fataler, v *statusview.View) map[string]*registry.Standing {
	t.Helper()
	all := map[string]*registry.Standing{}
	if err := v.Licenses(context.Background(), func(base string, _ *registry.License) error {
		all[base] = nil
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for base := range all {
		s, err := v.Standing(base)
		if err != nil {
			t.Fatal(err)
		}
		all[base] = s
	}
	return all
}

func inOrder(list []registry.Tally) []registry.Tally {
	slices.SortFunc(list, func(a, b registry.Tally) int {
		return cmp.Or(cmp.Compare(a.Issuer, b.Issuer), cmp.Compare(a.Type, b.Type), cmp.Compare(a.Word, b.Word))
	})
	return list
}

// counted holds what is kept by change against what is counted anew, on days on which
// something turns, beside them, and on the ends of months and years.
func (w *world) counted(t fataler, v *statusview.View) {
	t.Helper()
	days := map[registry.Date]bool{registry.LongTerm: true}
	serials := map[string]int64{}
	for base, s := range standings(t, v) {
		for _, turn := range []registry.Date{s.License.Effective, s.License.Expires, registry.DateOf(w.Time())} {
			for _, near := range []registry.Date{-1, 0, 1, 31, 366} {
				days[turn+near] = true
			}
		}
		serial := strings.Split(base, ".")[2]
		name := strings.Split(base, ".")[1] + "." + serial[:registry.PrefixLength]
		serials[name] = max(serials[name], number(serial[registry.PrefixLength:]))
	}
	w.uses(t, v)
	issuers := []string{w.Xingguo.Code, w.Yudu.Code}
	for day := range days {
		if day < 1 || day > registry.LongTerm {
			continue
		}
		for _, of := range [][]string{issuers, issuers[:1], {w.County.Code}, nil} {
			got, err := v.Counts(of, day)
			if err != nil {
				t.Fatal(err)
			}
			if want := judged(t, v, of, day); !slices.Equal(inOrder(got), want) {
				t.Fatal(day.String(), "kept by change", got, "counted anew", want)
			}
		}
	}
	for name, want := range serials {
		if last, err := v.LastSerial(name); err != nil || last != want {
			t.Fatal(name, "counts on from", last, err, "the highest is", want)
		}
	}
}

// uses holds the blanks that are counted by change against a look at every sheet, in
// ranges between any two used numbers, beside them and far around.
func (w *world) uses(t fataler, v *statusview.View) {
	t.Helper()
	used := map[string]map[string]registry.PrintingState{}
	for _, s := range standings(t, v) {
		for _, made := range s.Entries {
			in := made.Entry.Intent
			for _, p := range in.Printings {
				sheet, ok := s.License.Sheet(p.Number)
				if p.Blank.Number == "" || !ok {
					continue
				}
				name := registry.StockName(in.Identifier.Type, p.Blank.Form, p.Blank.Run, in.Organization)
				if used[name] == nil {
					used[name] = map[string]registry.PrintingState{}
				}
				used[name][p.Blank.Number] = sheet.State
			}
		}
	}
	for stock, states := range used {
		numbers := slices.Sorted(maps.Keys(states))
		ends := []string{"000000", "0", "999999", "00000000", "049", "050000"}
		for i := 0; i < len(numbers); i += 1 + len(numbers)/7 {
			ends = append(ends, numbers[i], fmt.Sprintf("%06d", number(numbers[i])+1), fmt.Sprintf("%06d", number(numbers[i])+99))
		}
		var ranges []registry.BlankRange
		for _, from := range ends {
			for _, to := range ends {
				if len(from) == len(to) && from <= to {
					ranges = append(ranges, registry.BlankRange{From: from, To: to})
				}
			}
		}
		got, all, err := v.BlankUses(stock, ranges)
		if err != nil || all.All() != len(numbers) {
			t.Fatal(stock, all, len(numbers), err)
		}
		for i, r := range ranges {
			var want registry.Uses
			var list []string
			for _, n := range numbers {
				if len(n) == len(r.From) && r.From <= n && n <= r.To {
					want[states[n]]++
					list = append(list, n)
				}
			}
			if got[i] != want {
				t.Fatal(stock, r, "counted by change", got[i], "one by one", want)
			}
			if listed, err := v.UsedBlanks(stock, r, 0); err != nil || !slices.Equal(listed, list) {
				t.Fatal(stock, r, listed, list, err)
			}
		}
	}
}

func number(digits string) (n int64) {
	for _, d := range digits {
		n = 10*n + int64(d-'0')
	}
	return n
}

// TestCountsByChange: whatever happens on the ledger, the counts that are kept by
// change are those that all licenses together give, on every day, over a restart, and
// for a file of before.
func TestCountsByChange(t *testing.T) {
	dir := t.TempDir()
	w := begin(t, dir)
	w.submit(t, w.Genesis())
	path := filepath.Join(dir, "counts")
	v := w.withLists(t, path)
	rapid.Check(t, func(t *rapid.T) {
		licenses := []*ledgertest.License{w.NewLicense(), w.NewLicense(), w.NewYuduLicense()}
		for range rapid.IntRange(1, 5).Draw(t, "batches") {
			w.Now += int64(rapid.IntRange(0, 100_000).Draw(t, "later"))
			c := w.submit(t, w.draw(t, licenses))
			w.accepted(c, licenses)
			if err := v.Take(c); err != nil {
				t.Fatal(err)
			}
		}
		if rapid.IntRange(0, 9).Draw(t, "look") == 0 {
			w.counted(t, v)
		}
	})
	w.counted(t, v)
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	// A program of before took commits on, and left the counts behind.
	behind, err := bolt.Open(path, 0o600, nil)
	if err == nil {
		err = behind.Update(func(tx *bolt.Tx) error {
			height, err := registry.Encode(uint64(1))
			return errors.Join(err, tx.DeleteBucket([]byte("counts")), func() error { _, err := tx.CreateBucket([]byte("counts")); return err }(), tx.Bucket([]byte("meta")).Put([]byte("counted"), height))
		})
	}
	if err := errors.Join(err, behind.Close()); err != nil {
		t.Fatal(err)
	}
	for range 2 { // as it was, and without what is kept by change
		v = w.withLists(t, path)
		w.counted(t, v)
		if err := v.Close(); err != nil {
			t.Fatal(err)
		}
		db, err := bolt.Open(path, 0o600, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, bucket := range []string{"counts", "serials", "uses", "sheets"} {
			if err := db.Update(func(tx *bolt.Tx) error { return tx.DeleteBucket([]byte(bucket)) }); err != nil {
				t.Fatal(err)
			}
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	v, err = statusview.OpenReadOnly(statusview.Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	if _, _, err := v.BlankUses("", nil); registry.CodeOf(err) != registry.CodeUnavailable {
		t.Errorf("a file without counts tells some blanks: %v", err)
	}
	if _, err := v.Counts([]string{w.Xingguo.Code}, registry.DateOf(w.Time())); registry.CodeOf(err) != registry.CodeUnavailable {
		t.Errorf("a file without counts tells some: %v", err)
	}
}
